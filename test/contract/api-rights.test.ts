import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { routeList, type RouteId } from '../../src/api/contract/contract.ts'
import { call, dayMs, opsCaller, openApi, type Api } from './api-harness.ts'

let api: Api
beforeEach(async () => { api = await openApi() })
afterEach(async () => api.close())

const eventId = '0193a0b0-0000-7000-8000-000000000001'
/** A request of each route that is valid, so that only rights decide. Ids need not exist: rights come first. */
const samples: Readonly<Partial<Record<RouteId, { readonly url?: string; readonly body?: unknown }>>> = {
  createUser: { body: { email: 'new@example.com', name: 'New' } }, updateUser: { url: '/api/v1/users/viewer', body: { name: 'Renamed' } }, inviteUser: { url: '/api/v1/users/viewer/invitation' }, setPassword: { body: { password: 'correct horse battery' } },
  createToken: { body: { name: 'ci' } }, createNode: { body: { parentId: 'checkout', kind: 'app', name: 'Fresh' } }, updateNode: { url: '/api/v1/nodes/shop', body: { name: 'Shop 2' } },
  deleteNode: { url: '/api/v1/nodes/bot' }, createKey: { body: { appId: 'shop', name: 'k' } }, updateKey: { body: { name: 'k' } }, updateBudget: { body: { limit: '5' } }, putProvider: { url: '/api/v1/providers/openai', body: { dialect: 'openai', baseUrl: 'https://api.openai.com' } },
  createBudget: { body: { name: 'b', limit: '10', selector: { nodeId: 'checkout' } } }, previewBudget: { body: { name: 'b', limit: '10', selector: { nodeId: 'checkout' } } }, createOverride: { body: { provider: 'openai', model: 'm', component: 'input_text', amount: '1', reason: 'quote' } },
  query: { body: { fromMs: 0, toMs: 1000 } }, exportQuery: { body: { fromMs: 0, toMs: 1000 } }, resolveModel: { url: '/api/v1/prices/resolve?provider=openai&model=m' },
  getStatement: { url: '/api/v1/statements?node=checkout' }, exportStatement: { url: '/api/v1/statements/export?node=checkout' },
}
const done = [200, 201, 204]
/** What each person gets for each route that is not public. `404` stands for a sample id that does not exist. */
const matrix: Readonly<Partial<Record<RouteId, Readonly<Record<'admin' | 'finance' | 'owner' | 'viewer' | 'nobody', number | 'ok'>>>>> = {
  getSession: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 'ok' },
  deleteSession: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 'ok' },
  listUsers: { admin: 'ok', finance: 403, owner: 403, viewer: 403, nobody: 403 },
  createUser: { admin: 'ok', finance: 403, owner: 403, viewer: 403, nobody: 403 },
  updateUser: { admin: 'ok', finance: 403, owner: 403, viewer: 403, nobody: 403 },
  inviteUser: { admin: 'ok', finance: 403, owner: 403, viewer: 403, nobody: 403 },
  setPassword: { admin: 403, finance: 403, owner: 403, viewer: 403, nobody: 403 },
  listTokens: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 'ok' },
  createToken: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 'ok' },
  deleteToken: { admin: 404, finance: 404, owner: 404, viewer: 404, nobody: 404 },
  listNodes: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  createNode: { admin: 'ok', finance: 403, owner: 'ok', viewer: 403, nobody: 403 },
  updateNode: { admin: 'ok', finance: 403, owner: 'ok', viewer: 403, nobody: 403 },
  deleteNode: { admin: 'ok', finance: 403, owner: 'ok', viewer: 403, nobody: 403 },
  listKeys: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  listKeyActivity: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  createKey: { admin: 'ok', finance: 403, owner: 'ok', viewer: 403, nobody: 403 },
  updateKey: { admin: 404, finance: 403, owner: 404, viewer: 403, nobody: 403 },
  revokeKey: { admin: 404, finance: 403, owner: 404, viewer: 403, nobody: 403 },
  listProviders: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  putProvider: { admin: 'ok', finance: 403, owner: 403, viewer: 403, nobody: 403 },
  deleteProvider: { admin: 404, finance: 403, owner: 403, viewer: 403, nobody: 403 },
  listBudgets: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  getBudget: { admin: 404, finance: 404, owner: 404, viewer: 404, nobody: 403 },
  createBudget: { admin: 'ok', finance: 'ok', owner: 403, viewer: 403, nobody: 403 },
  updateBudget: { admin: 404, finance: 404, owner: 403, viewer: 403, nobody: 403 },
  deleteBudget: { admin: 404, finance: 404, owner: 403, viewer: 403, nobody: 403 },
  listBudgetWindows: { admin: 404, finance: 404, owner: 404, viewer: 404, nobody: 403 },
  previewBudget: { admin: 'ok', finance: 'ok', owner: 403, viewer: 403, nobody: 403 },
  getBudgetBurn: { admin: 404, finance: 404, owner: 404, viewer: 404, nobody: 403 },
  listBudgetChanges: { admin: 404, finance: 404, owner: 404, viewer: 404, nobody: 403 },
  listUsedModels: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  listPrices: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  listModels: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  resolveModel: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  listUnpriced: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  createOverride: { admin: 'ok', finance: 'ok', owner: 403, viewer: 403, nobody: 403 },
  endOverride: { admin: 404, finance: 404, owner: 403, viewer: 403, nobody: 403 },
  query: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  exportQuery: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  getOverview: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  getStatement: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  exportStatement: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  listRecords: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  exportRecords: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 403 },
  streamRecords: { admin: 404, finance: 404, owner: 404, viewer: 404, nobody: 403 },
  getRecord: { admin: 404, finance: 404, owner: 404, viewer: 404, nobody: 403 },
  explainRecord: { admin: 404, finance: 404, owner: 404, viewer: 404, nobody: 403 },
  listAudit: { admin: 'ok', finance: 'ok', owner: 403, viewer: 403, nobody: 403 },
  getSystem: { admin: 'ok', finance: 'ok', owner: 'ok', viewer: 'ok', nobody: 'ok' },
}

describe('role × route', () => {
  for (const contract of routeList.filter((route) => route.role !== 'public')) {
    it(`${contract.id} answers each role as the matrix says, and nobody without a credential`, async () => {
      const expected = matrix[contract.id as RouteId]
      expect(expected, `${contract.id} must stand in the matrix`).toBeDefined()
      const sample = samples[contract.id as RouteId] ?? {}
      const url = sample.url ?? contract.path.replace('{id}', 'missing').replace('{name}', 'missing').replace('{eventId}', eventId)
      expect((await api.call(null, contract.method, url, sample.body)).status).toBe(401)
      for (const [person, outcome] of Object.entries(expected ?? {})) {
        // A fresh installation for what is written: it must not stand in the way of the next person. Reads and refusals leave nothing.
        const place = outcome === 'ok' && contract.method !== 'GET' ? await openApi() : api
        const answer = await place.call(person, contract.method, url, sample.body)
        const context = `${person} ${contract.id}: ${answer.text.slice(0, 200)}`
        if (outcome === 'ok') expect(done, context).toContain(answer.status)
        else expect(answer.status, context).toBe(outcome)
        expect(place.errors, context).toEqual([])
        if (place !== api) await place.close()
      }
    })
  }
})

describe('node grants', () => {
  it('a team owner builds below the own node only', async () => {
    expect((await api.call('owner', 'POST', '/api/v1/keys', { appId: 'shop', name: 'k' })).status).toBe(201)
    const outside = await api.call('owner', 'POST', '/api/v1/keys', { appId: 'cron', name: 'k' })
    expect([outside.status, outside.json.code]).toEqual([404, 'not_found'])
    expect((await api.call('owner', 'POST', '/api/v1/nodes', { parentId: 'ops', kind: 'app', name: 'x' })).status).toBe(404)
    expect((await api.call('owner', 'POST', '/api/v1/nodes', { parentId: 'retail', kind: 'team', name: 'x' })).status).toBe(404)
    expect((await api.call('owner', 'PATCH', '/api/v1/nodes/checkout', { name: 'Mine' })).json.code).toBe('forbidden')
    expect((await api.call('owner', 'PATCH', '/api/v1/nodes/shop', { costCentre: 'CC-9' })).json.code).toBe('forbidden')
  })

  it('lists hold only what lies within the grant', async () => {
    await api.call('admin', 'POST', '/api/v1/keys', { appId: 'shop', name: 'shop key' })
    await api.call('admin', 'POST', '/api/v1/keys', { appId: 'cron', name: 'cron key' })
    await api.call('admin', 'POST', '/api/v1/budgets', { name: 'all', limit: '100' })
    await api.call('admin', 'POST', '/api/v1/budgets', { name: 'team', limit: '10', selector: { nodeId: 'checkout' } })
    const names = async (person: string, url: string): Promise<string[]> => (await api.call(person, 'GET', url)).json.rows.map((row: { name: string }) => row.name)
    expect(await names('owner', '/api/v1/keys')).toEqual(['shop key'])
    expect(await names('guest', '/api/v1/keys')).toEqual(['cron key'])
    expect(await names('owner', '/api/v1/budgets')).toEqual(['team'])
    expect(await names('viewer', '/api/v1/budgets')).toEqual(['all', 'team'])
    expect((await names('owner', '/api/v1/nodes')).sort()).toEqual(['bot name', 'checkout name', 'shop name'])
  })

  it('records, explanations and figures stay within the grant', async () => {
    const ours = call()
    const theirs = call({}, opsCaller)
    await api.events.insertBatch('b1', [ours, theirs], 1)
    const list = await api.call('guest', 'GET', '/api/v1/records')
    expect(list.json.rows.map((row: { eventId: string }) => row.eventId)).toEqual([theirs.eventId])
    expect((await api.call('guest', 'GET', `/api/v1/records/${ours.eventId}`)).status).toBe(404)
    expect((await api.call('guest', 'GET', `/api/v1/records/${ours.eventId}/explain`)).status).toBe(404)
    const question = { measures: ['calls'], fromMs: api.clock.ms - dayMs, toMs: api.clock.ms }
    expect((await api.call('guest', 'POST', '/api/v1/query', question)).json.totals.calls).toBe(1)
    expect((await api.call('viewer', 'POST', '/api/v1/query', question)).json.totals.calls).toBe(2)
  })
})

describe('organisations', () => {
  it('see, name and change nothing of each other', async () => {
    const key = (await api.call('admin', 'POST', '/api/v1/keys', { appId: 'shop', name: 'k' })).json
    const budget = (await api.call('admin', 'POST', '/api/v1/budgets', { name: 'b', limit: '1' })).json
    const row = call()
    await api.events.insertBatch('b1', [row], 1)
    for (const [method, url, body] of [
      ['PATCH', '/api/v1/nodes/shop', { name: 'x' }], ['DELETE', '/api/v1/nodes/bot', undefined], ['POST', `/api/v1/keys/${key.id}/revoke`, undefined],
      ['GET', `/api/v1/budgets/${budget.id}`, undefined], ['PATCH', `/api/v1/budgets/${budget.id}`, { limit: '2' }], ['DELETE', `/api/v1/budgets/${budget.id}`, undefined],
      ['PATCH', '/api/v1/users/viewer', { disabled: true }], ['GET', `/api/v1/records/${row.eventId}`, undefined], ['GET', `/api/v1/records/${row.eventId}/explain`, undefined],
    ] as const) {
      const answer = await api.call('stranger', method, url, body)
      expect([method, url, answer.status]).toEqual([method, url, 404])
    }
    expect((await api.call('stranger', 'POST', '/api/v1/keys', { appId: 'shop', name: 'k' })).json.errors[0].field).toBe('appId')
    expect((await api.call('stranger', 'POST', '/api/v1/budgets', { name: 'b', limit: '1', selector: { nodeId: 'shop' } })).json.errors[0].field).toBe('selector.nodeId')
    for (const url of ['/api/v1/keys', '/api/v1/budgets', '/api/v1/records', '/api/v1/providers']) expect((await api.call('stranger', 'GET', url)).json.rows).toEqual([])
    const audit = await api.call('stranger', 'GET', '/api/v1/audit?limit=500')
    expect(JSON.stringify(audit.json)).not.toContain(key.id)
  })
})
