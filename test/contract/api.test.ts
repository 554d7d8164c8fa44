import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureAdminToken } from '../../src/api/credentials.ts'
import { routeList } from '../../src/api/contract/contract.ts'
import { amountOf } from '../../src/base/money.ts'
import { createMemoryControlStore } from '../../src/store/memory/control-store.ts'
import { call, costing, dayMs, hourMs, noon, openApi, opsCaller, TestClock, type Answer, type Api, type Parsed } from './api-harness.ts'
import { price } from './control-store-samples.ts'

let api: Api
beforeEach(async () => { api = await openApi() })
afterEach(async () => {
  expect(api.errors).toEqual([])
  await api.close()
})

const cookieOf = (answer: Answer): string => String(answer.headers['set-cookie']).split(';', 1)[0]!
async function signIn(): Promise<{ readonly cookie: string; readonly csrf: string; readonly answer: Answer }> {
  const answer = await api.call(null, 'POST', '/api/v1/session', { token: api.tokens['admin'] })
  return { cookie: cookieOf(answer), csrf: answer.json.csrf, answer }
}
const fieldsOf = (answer: Answer): Record<string, string> => Object.fromEntries(answer.json.errors.map((error: { field: string; message: string }) => [error.field, error.message]))

describe('sign-in', () => {
  it('the first start makes one admin, whose token works once', async () => {
    const control = createMemoryControlStore(new TestClock())
    const first = await ensureAdminToken(control, noon)
    expect(first.token).toMatch(/^tgo_[0-9a-z]{32}$/)
    expect((await ensureAdminToken(control, noon)).token).toBeNull()
    expect((await control.listUsers(first.orgId))[0]?.grants).toEqual([{ role: 'admin', nodeId: first.orgId }])
    const own = await openApi({ control })
    const signedIn = await own.call(null, 'POST', '/api/v1/session', { token: first.token })
    expect([signedIn.status, signedIn.json.organisation.id]).toEqual([201, first.orgId])
    expect((await own.call(null, 'POST', '/api/v1/session', { token: first.token })).status).toBe(401)
    await own.close()
  })

  it('a one-time token is no bearer credential', async () => {
    const control = createMemoryControlStore(new TestClock())
    const { token } = await ensureAdminToken(control, noon)
    const own = await openApi({ control })
    expect((await own.call(null, 'GET', '/api/v1/session', undefined, { authorization: `Bearer ${token}` })).status).toBe(401)
    expect((await own.call(null, 'POST', '/api/v1/session', { token })).status).toBe(201)
    await own.close()
  })

  it('the session cookie is HttpOnly and SameSite=Lax, and is no bearer credential', async () => {
    const { cookie, answer } = await signIn()
    expect(String(answer.headers['set-cookie'])).toMatch(/; HttpOnly/)
    expect(String(answer.headers['set-cookie'])).toMatch(/; SameSite=Lax/)
    expect((await api.call(null, 'GET', '/api/v1/session', undefined, { cookie })).json.user.id).toBe('admin')
    const secret = cookie.split('=')[1]!
    expect((await api.call(null, 'GET', '/api/v1/session', undefined, { authorization: `Bearer ${secret}` })).status).toBe(401)
  })

  it('writes of a session need its CSRF token, writes of an API token do not', async () => {
    const { cookie, csrf } = await signIn()
    const body = { parentId: 'acme', kind: 'team', name: 'New team' }
    const without = await api.call(null, 'POST', '/api/v1/nodes', body, { cookie })
    expect([without.status, without.json.code]).toEqual([403, 'csrf_failed'])
    expect((await api.call(null, 'POST', '/api/v1/nodes', body, { cookie, 'x-csrf-token': `${csrf}x` })).json.code).toBe('csrf_failed')
    expect((await api.call(null, 'POST', '/api/v1/nodes', body, { cookie, 'x-csrf-token': csrf })).status).toBe(201)
    expect((await api.call('admin', 'POST', '/api/v1/nodes', { ...body, name: 'Another' })).status).toBe(201)
  })

  it('ends with sign-out and with its age', async () => {
    const { cookie, csrf } = await signIn()
    expect((await api.call(null, 'DELETE', '/api/v1/session', undefined, { cookie, 'x-csrf-token': csrf })).status).toBe(204)
    expect((await api.call(null, 'GET', '/api/v1/session', undefined, { cookie })).status).toBe(401)
    const second = await signIn()
    api.clock.ms += 12 * hourMs
    expect((await api.call(null, 'GET', '/api/v1/session', undefined, { cookie: second.cookie })).status).toBe(401)
  })

  it('takes a password, refuses a wrong one, and refuses disabled users at once', async () => {
    const created = await api.call('admin', 'POST', '/api/v1/users', { email: 'Ada@Example.com', name: 'Ada', password: 'correct horse battery', grants: [{ role: 'viewer', nodeId: 'acme' }] })
    expect([created.status, created.json.email]).toEqual([201, 'ada@example.com'])
    const login = (password: string, email = 'ada@example.com') => api.call(null, 'POST', '/api/v1/session', { email, password })
    expect((await login('wrong')).json.code).toBe('unauthenticated')
    expect((await login('wrong', 'nobody-here@example.com')).json.code).toBe('unauthenticated')
    const signedIn = await login('correct horse battery')
    expect(signedIn.status).toBe(201)
    expect((await api.call('admin', 'PATCH', `/api/v1/users/${created.json.id}`, { disabled: true })).status).toBe(200)
    expect((await api.call(null, 'GET', '/api/v1/session', undefined, { cookie: cookieOf(signedIn) })).status).toBe(401)
    expect((await login('correct horse battery')).status).toBe(401)
  })

  it('refuses the eleventh attempt in a minute and takes the next after it', async () => {
    const statuses: number[] = []
    for (let attempt = 0; attempt < 11; attempt++) statuses.push((await api.call(null, 'POST', '/api/v1/session', { token: `tgt_wrong_${attempt}` })).status)
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429])
    api.clock.ms += 61_000
    expect((await api.call(null, 'POST', '/api/v1/session', { token: api.tokens['admin'] })).status).toBe(201)
  })

  it('API tokens are listed without secret and end when deleted', async () => {
    const created = (await api.call('viewer', 'POST', '/api/v1/tokens', { name: 'ci' })).json
    expect(created.secret).toMatch(/^tgt_/)
    const use = () => api.call(null, 'GET', '/api/v1/session', undefined, { authorization: `Bearer ${created.secret}` })
    expect((await use()).json.kind).toBe('token')
    const listed = await api.call('viewer', 'GET', '/api/v1/tokens')
    expect(listed.text).not.toContain(created.secret)
    expect((await api.call('admin', 'DELETE', `/api/v1/tokens/${created.id}`)).status).toBe(404)
    expect((await api.call('viewer', 'DELETE', `/api/v1/tokens/${created.id}`)).status).toBe(204)
    expect((await use()).status).toBe(401)
  })

  it('an admin cannot lock the own door', async () => {
    expect((await api.call('admin', 'PATCH', '/api/v1/users/admin', { disabled: true })).json.code).toBe('conflict')
    expect((await api.call('admin', 'PATCH', '/api/v1/users/admin', { grants: [] })).json.code).toBe('conflict')
  })
})

describe('requests', () => {
  it('refuses host names it does not serve, probes excepted', async () => {
    const under = (host: string, url: string) => api.call('admin', 'GET', url, undefined, { host })
    expect((await under('evil.example.net', '/api/v1/session')).json.code).toBe('host_invalid')
    expect((await under('localhost.evil.example.net:8401', '/api/v1/session')).json.code).toBe('host_invalid')
    for (const host of ['127.0.0.1:8401', '[::1]:8401', 'LOCALHOST', 'console.example.com']) expect((await under(host, '/api/v1/session')).status).toBe(200)
    expect((await under('10.1.2.3:8401', '/healthz')).json).toEqual({ status: 'ok' })
  })

  it('says which field is wrong and what to send', async () => {
    const answer = await api.call('admin', 'POST', '/api/v1/budgets', { name: '', limit: 5, limt: '5', measure: 'money', selector: { nodeID: 'x' }, window: { zone: 'Mars/Base' } })
    expect(answer.status).toBe(400)
    expect(String(answer.headers['content-type'])).toContain('application/problem+json')
    expect(answer.json.code).toBe('invalid')
    expect(fieldsOf(answer)).toEqual({
      name: 'Send a name of at least one character.', limit: 'Send a decimal string such as "250.00".', limt: 'There is no such field; check its spelling.',
      measure: 'Send one of "cost", "tokens", "input_tokens", "output_tokens", "requests".', 'selector.nodeID': 'There is no such field; check its spelling.',
      'window.zone': 'Send an IANA time zone such as "UTC" or "Europe/Berlin".',
    })
    expect(fieldsOf(await api.call('admin', 'POST', '/api/v1/keys', { name: 'k' }))).toEqual({ appId: 'Required: send a string.' })
    expect(fieldsOf(await api.call('admin', 'GET', '/api/v1/keys?limit=900'))).toEqual({ limit: 'Send 500 or less.' })
    expect(fieldsOf(await api.call('admin', 'POST', '/api/v1/session', { user: 'x' }))).toEqual({ body: 'Send either {"token"} or {"email","password"}.' })
  })

  it('answers malformed, foreign and unknown requests as problems', async () => {
    const raw = (payload: string, type: string) => api.app.inject({ method: 'POST', url: '/api/v1/session', payload, headers: { host: 'localhost', 'content-type': type } })
    expect(JSON.parse((await raw('{"token":', 'application/json')).body).code).toBe('body_malformed')
    expect(JSON.parse((await raw('{"__proto__":{"a":1}}', 'application/json')).body).code).toBe('body_malformed')
    expect(JSON.parse((await raw('token=x', 'text/plain')).body).code).toBe('invalid')
    expect(JSON.parse((await raw(`{"token":"${'x'.repeat(1_100_000)}"}`, 'application/json')).body).code).toBe('body_too_large')
    expect((await api.call('admin', 'GET', '/api/v1/nothing')).json.code).toBe('not_found')
  })

  it('an unexpected failure is logged and told only by its id', async () => {
    const broken = await openApi({ control: { ...createMemoryControlStore(new TestClock()), listProviders: async () => { throw new Error('connection string postgres://secret') } } })
    const answer = await broken.call('admin', 'GET', '/api/v1/providers')
    expect([answer.status, answer.json.code, broken.errors.length]).toEqual([500, 'internal', 1])
    expect(answer.text).not.toContain('secret')
    expect(answer.json.instance).toMatch(/^[0-9a-f-]{36}$/)
    await broken.close()
  }, 20_000)

  it('pages go on where they stopped, also when rows come between', async () => {
    for (const name of ['a', 'b', 'c']) {
      api.clock.ms += 1
      await api.call('admin', 'POST', '/api/v1/keys', { appId: 'shop', name })
    }
    const first = (await api.call('admin', 'GET', '/api/v1/keys?limit=2')).json
    expect(first.rows.map((key: { name: string }) => key.name)).toEqual(['c', 'b'])
    api.clock.ms += 1
    await api.call('admin', 'POST', '/api/v1/keys', { appId: 'shop', name: 'd' })
    const second = (await api.call('admin', 'GET', `/api/v1/keys?limit=2&cursor=${first.next}`)).json
    expect([second.rows.map((key: { name: string }) => key.name), second.next]).toEqual([['a'], null])
    expect(fieldsOf(await api.call('admin', 'GET', '/api/v1/keys?cursor=nonsense'))).toHaveProperty('cursor')
  })

  it('an Idempotency-Key makes a write happen once, and its secret is not kept', async () => {
    const create = (key: string, name = 'k', person = 'admin') => api.call(person, 'POST', '/api/v1/keys', { appId: 'shop', name }, { 'idempotency-key': key })
    const first = await create('one')
    const again = await create('one')
    expect(first.json.secret).toMatch(/^tg_/)
    expect([again.status, again.headers['idempotent-replayed'], again.json]).toEqual([201, 'true', { ...first.json, secret: null }])
    expect((await create('one', 'other')).json.code).toBe('conflict')
    expect((await create('one', 'k', 'owner')).json.id).not.toBe(first.json.id)
    expect((await api.call('admin', 'GET', '/api/v1/keys')).json.rows).toHaveLength(2)
    const failing = () => api.call('admin', 'POST', '/api/v1/nodes', { parentId: 'acme', kind: 'team', name: 'ops name' }, { 'idempotency-key': 'two' })
    expect((await failing()).status).toBe(409)
    await api.call('admin', 'PATCH', '/api/v1/nodes/ops', { name: 'renamed' })
    expect((await failing()).status).toBe(201)
  })

  it('twenty at once with one Idempotency-Key make one key', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.call('admin', 'POST', '/api/v1/keys', { appId: 'shop', name: 'k' }, { 'idempotency-key': 'race' })))
    expect(answers.filter((answer) => answer.status === 201 && answer.json.secret !== null)).toHaveLength(1)
    expect((await api.call('admin', 'GET', '/api/v1/keys')).json.rows).toHaveLength(1)
  })
})

describe('configuration', () => {
  it('a key is shown once, stored as its hash, and revoked for good', async () => {
    const created = (await api.call('owner', 'POST', '/api/v1/keys', { appId: 'shop', name: 'k', policy: { models: ['gpt-*'], pinned: { workflow: 'w', 'tag:env': 'prod' } } })).json
    expect(created.secret).toMatch(/^tg_[0-9a-hjkmnp-tv-z]{32}$/)
    expect([created.hint, created.state, created.teamName]).toEqual([created.secret.slice(-4), 'active', 'checkout name'])
    const stored = (await api.control.listKeys('acme'))[0]!
    expect(JSON.stringify(stored)).not.toContain(created.secret)
    expect((await api.call('owner', 'GET', '/api/v1/keys')).text).not.toContain(stored.sha256)
    expect((await api.call('owner', 'POST', `/api/v1/keys/${created.id}/revoke`)).json.state).toBe('revoked')
    expect((await api.call('owner', 'PATCH', `/api/v1/keys/${created.id}`, { name: 'x' })).json.code).toBe('conflict')
    const audit = (await api.call('admin', 'GET', '/api/v1/audit?limit=2')).json.rows
    expect(audit.map((row: { action: string; actor: { id: string }; subject: string }) => [row.action, row.actor.id, row.subject])).toEqual([['key.revoke', 'owner', created.id], ['key.create', 'owner', created.id]])
    expect(JSON.stringify(audit)).not.toContain(created.secret)
  })

  it('keeps the tree in order', async () => {
    const post = (body: object) => api.call('admin', 'POST', '/api/v1/nodes', body)
    expect(fieldsOf(await post({ parentId: 'retail', kind: 'app', name: 'x' }))).toEqual({ parentId: 'A node of kind app goes under team; "retail name" is of kind unit.' })
    expect((await post({ parentId: 'acme', kind: 'team', name: 'OPS NAME' })).json.code).toBe('conflict')
    const unit = (await post({ parentId: 'retail', kind: 'unit', name: 'Nested' })).json
    expect([unit.effectiveCostCentre, unit.path]).toEqual(['CC-1', ['acme', 'retail', unit.id]])
    expect(fieldsOf(await api.call('admin', 'PATCH', '/api/v1/nodes/retail', { parentId: unit.id }))).toEqual({ parentId: 'A node cannot stand below itself.' })
    expect((await api.call('admin', 'PATCH', '/api/v1/nodes/checkout', { parentId: unit.id })).json.path).toEqual(['acme', 'retail', unit.id, 'checkout'])
    expect((await api.call('admin', 'DELETE', '/api/v1/nodes/checkout')).json.detail).toContain('archive or move that first')
    expect((await api.call('admin', 'DELETE', '/api/v1/nodes/bot')).status).toBe(204)
    expect(fieldsOf(await api.call('admin', 'POST', '/api/v1/keys', { appId: 'bot', name: 'k' }))).toHaveProperty('appId')
    expect((await api.call('admin', 'GET', '/api/v1/nodes')).json.rows.some((node: { id: string }) => node.id === 'bot')).toBe(false)
    expect((await api.call('admin', 'PATCH', '/api/v1/nodes/bot', { archived: false })).json.archived).toBe(false)
  })

  it('never answers a provider secret, and keeps it for its own address only', async () => {
    const put = (body: object) => api.call('admin', 'PUT', '/api/v1/providers/acme-llm', { dialect: 'openai', ...body })
    const created = await put({ baseUrl: 'https://llm.example.com/base/', credential: { header: 'Authorization', value: 'Bearer sk-hush' } })
    expect([created.status, created.json.baseUrl, created.json.credentialHeader]).toEqual([200, 'https://llm.example.com/base', 'authorization'])
    expect((await put({ baseUrl: 'https://llm.example.com/v2' })).json.credentialHeader).toBe('authorization')
    expect((await api.control.listProviders('acme'))[0]?.credential?.value).toBe('Bearer sk-hush')
    expect(fieldsOf(await put({ baseUrl: 'https://elsewhere.example.net' }))).toHaveProperty('credential')
    expect((await api.call('viewer', 'GET', '/api/v1/providers')).text + (await api.call('admin', 'GET', '/api/v1/audit')).text).not.toContain('hush')
    expect((await put({ baseUrl: 'https://elsewhere.example.net', credential: null })).json.credentialHeader).toBeNull()
    expect((await api.call('admin', 'DELETE', '/api/v1/providers/acme-llm')).status).toBe(204)
  })

  it('refuses upstream addresses that lead inside', async () => {
    const resolved = await openApi({ resolveHost: async (host) => (host === 'sneaky.example.com' ? ['93.184.216.34', '169.254.169.254'] : ['93.184.216.34']) })
    const put = (baseUrl: string, allowPrivate = false) => resolved.call('admin', 'PUT', '/api/v1/providers/x', { dialect: 'http', baseUrl, allowPrivate, callPrice: '0.002' })
    for (const url of [
      'http://127.0.0.1:9000', 'http://localhost', 'http://10.0.0.8', 'http://192.168.1.1', 'http://169.254.169.254/latest', 'http://[::1]', 'http://[fd00:ec2::254]',
      'http://[::ffff:127.0.0.1]', 'http://2130706433', 'http://metadata.google.internal', 'http://vllm', 'https://sneaky.example.com', 'http://0.0.0.0',
    ]) expect([url, fieldsOf(await put(url)).baseUrl]).toEqual([url, expect.stringContaining('allowPrivate')])
    for (const url of ['ftp://x.example.com', 'https://user:pw@x.example.com', 'https://x.example.com/?a=1', 'nonsense']) expect([url, (await put(url)).status]).toEqual([url, 400])
    expect((await put('http://vllm:8000', true)).json.baseUrl).toBe('http://vllm:8000')
    expect((await put('https://api.example.com')).json.callPrice).toBe('0.002')
    expect(fieldsOf(await resolved.call('admin', 'PUT', '/api/v1/providers/sync', { dialect: 'http', baseUrl: 'https://x.example.com' }))).toHaveProperty('name')
    await resolved.close()
  })
})

describe('budgets', () => {
  it('count what was used before they existed, and show what remains', async () => {
    await api.control.putNode({ id: 'g', name: 'g', sha256: 'a'.repeat(64) })
    await api.control.openEpoch('g', 'j', 0, noon)
    const rows = [costing('4'), costing('2', {}, opsCaller), costing('9', { at: noon - 40 * dayMs })]
    await api.events.insertBatch('j:1:1', rows, noon)
    await api.control.applyBatch({ key: { journalId: 'j', segment: 1, block: 1 }, rows: 3, cost: amountOf('15'), checksum: '', receivedAt: noon, commits: [], settlements: [], returns: [], epochs: [], quarantined: [] }, await api.control.rulesVersion())
    const created = await api.call('finance', 'POST', '/api/v1/budgets', { name: 'Checkout', limit: '10.00', selector: { nodeId: 'checkout' } })
    expect(created.status).toBe(201)
    expect([created.json.scopeName, created.json.limit, created.json.hard]).toEqual(['retail name / checkout name', '10', true])
    expect(created.json.windows).toEqual([{ tuple: [], startMs: Date.UTC(2026, 10, 1), resetsAt: Date.UTC(2026, 11, 1), limit: '10', committed: '4', leased: '0', remaining: '6', usedRatio: 0.4 }])
    const perTeam = (await api.call('finance', 'POST', '/api/v1/budgets', { name: 'Per team', limit: '8', per: ['team'] })).json
    expect(perTeam.windows.map((window: { tuple: { name: string }[]; committed: string }) => [window.tuple[0]?.name, window.committed])).toEqual([['checkout name', '4'], ['ops name', '2']])
    const lowered = (await api.call('finance', 'PATCH', `/api/v1/budgets/${created.json.id}`, { limit: '3.5', hard: false })).json
    expect([lowered.limit, lowered.windows[0].remaining, lowered.hard]).toEqual(['3.5', '-0.5', false])
    const history = (await api.call('finance', 'GET', `/api/v1/budgets/${created.json.id}/windows`)).json.rows
    expect(history).toHaveLength(1)
    expect((await api.call('finance', 'DELETE', `/api/v1/budgets/${created.json.id}`)).status).toBe(204)
    expect((await api.call('finance', 'GET', `/api/v1/budgets/${created.json.id}`)).status).toBe(404)
  })

  it('are counted whole where the measure is, and refuse selectors that hold nothing', async () => {
    const post = (body: object) => api.call('admin', 'POST', '/api/v1/budgets', { name: 'b', ...body })
    expect((await post({ measure: 'requests', limit: '5', window: { unit: 'day', zone: 'Europe/Berlin' } })).json.windows[0]).toMatchObject({ limit: '5', startMs: Date.UTC(2026, 10, 17, 23) })
    expect(fieldsOf(await post({ measure: 'tokens', limit: '5.5' }))).toHaveProperty('limit')
    expect(fieldsOf(await post({ limit: '5', selector: { nodeId: 'nowhere' } }))).toHaveProperty(['selector.nodeId'])
    expect(fieldsOf(await post({ limit: '5', selector: { keyId: 'nokey' } }))).toHaveProperty(['selector.keyId'])
  })
})

describe('prices', () => {
  beforeEach(async () => {
    await api.control.seed('feed', [
      price({ id: 'in', amount: '3' }), price({ id: 'out', component: 'output_text', amount: '15' }), price({ id: 'old', amount: '9', validTo: noon - dayMs }),
      price({ id: 'big', amount: '6', conditions: { context: { from: { tokens: 200_000, comparator: 'gt' }, scope: 'cliff' } } }), price({ id: 'mini', model: 'gpt-mini', amount: '0.1' }),
    ], [], [{ provider: 'openai', model: 'gpt-x', contextTokens: 128_000, outputTokensMax: 16_000 }], noon - dayMs)
  })

  it('list what applies, and a model\'s history on demand', async () => {
    const ids = async (query: string): Promise<string[]> => (await api.call('viewer', 'GET', `/api/v1/prices${query}`)).json.rows.map((row: { id: string }) => row.id).sort()
    expect(await ids('')).toEqual(['big', 'in', 'mini', 'out'])
    expect(await ids('?provider=openai&model=gpt-x')).toEqual(['big', 'in', 'out'])
    expect(await ids('?provider=openai&model=gpt-x&history=true')).toEqual(['big', 'in', 'old', 'out'])
    expect(fieldsOf(await api.call('viewer', 'GET', '/api/v1/prices?history=true'))).toHaveProperty('history')
    const models = (await api.call('viewer', 'GET', '/api/v1/prices/models?search=GPT-X')).json.rows
    expect(models).toHaveLength(1)
    expect(models[0]).toMatchObject({ model: 'gpt-x', contextTokens: 128_000, conditional: 1, overridden: false })
    expect(models[0].rates.map((rate: { component: string; amount: string }) => [rate.component, rate.amount])).toEqual([['input_text', '3'], ['output_text', '15']])
  })

  it('an override applies from now on and ends', async () => {
    const created = await api.call('finance', 'POST', '/api/v1/prices/overrides', { provider: 'openai', model: 'gpt-x', component: 'input_text', amount: '2.40', reason: 'contract 7' })
    expect([created.status, created.json.amount, created.json.rank, created.json.book, created.json.validFrom]).toEqual([201, '2.4', 100, 'contract', noon])
    api.clock.ms += 1_000
    const rate = async () => (await api.call('viewer', 'GET', '/api/v1/prices/models?model=gpt-x')).json.rows[0].rates[0].amount
    expect(await rate()).toBe('2.4')
    const started = async (query: string): Promise<string[]> => (await api.call('viewer', 'GET', `/api/v1/prices?${query}`)).json.rows.map((row: { id: string }) => row.id)
    expect(await started(`startedFromMs=${noon}&startedToMs=${noon + 1}`)).toEqual([created.json.id])
    expect(await started(`startedFromMs=${noon + 1}`)).toEqual([])
    expect((await api.call('stranger', 'GET', '/api/v1/prices/models?model=gpt-x')).json.rows[0].rates[0].amount).toBe('3')
    expect((await api.call('stranger', 'DELETE', `/api/v1/prices/overrides/${created.json.id}`)).status).toBe(404)
    expect((await api.call('finance', 'DELETE', `/api/v1/prices/overrides/${created.json.id}`)).status).toBe(204)
    api.clock.ms += 1_000
    expect(await rate()).toBe('3')
  })

  it('resolve says what a name stands for, unpriced says what has none', async () => {
    const resolve = async (model: string) => (await api.call('viewer', 'GET', `/api/v1/prices/resolve?provider=openai&model=${model}`)).json
    expect(await resolve('gpt-mini')).toMatchObject({ model: 'gpt-mini', entries: [{ id: 'mini' }] })
    expect(await resolve('gpt-unknown')).toMatchObject({ model: null, entries: [] })
    await api.events.insertBatch('b', [call(), call({ requestedModel: 'new', servedModel: 'new', pricing: 'unpriced', cost: null, listCost: null, lines: [] })], noon)
    expect((await api.call('viewer', 'GET', '/api/v1/prices/unpriced')).json.rows).toEqual([{ provider: 'openai', model: 'new', pricedAs: 'new', calls: 1, tokens: 1_200, pricing: 'unpriced', firstSeenMs: Date.UTC(2026, 10, 18), lastSeenMs: Date.UTC(2026, 10, 18) }])
  })
})

describe('figures', () => {
  it('query compares with the month before, and the export holds the same with a totals row', async () => {
    await api.events.insertBatch('b', [
      costing('4'), costing('1.5', {}, { ...opsCaller, teamName: '=cmd|calc' }), costing('3', { at: Date.UTC(2026, 9, 5) }), costing('100', { at: Date.UTC(2026, 9, 25) }),
    ], noon)
    const question = { measures: ['cost', 'calls'], groupBy: ['team'], fromMs: Date.UTC(2026, 10, 1), toMs: noon, compareTo: 'previous_period' }
    const answer = (await api.call('viewer', 'POST', '/api/v1/query', question)).json
    expect([answer.totals, answer.compare.totals, answer.currency]).toEqual([{ cost: '5.5', calls: 2 }, { cost: '3', calls: 1 }, 'USD'])
    expect(answer.compare.range).toEqual({ fromMs: Date.UTC(2026, 9, 1), toMs: Date.UTC(2026, 9, 18, 12) })
    const csv = await api.call('viewer', 'POST', '/api/v1/query/export', question)
    expect(String(csv.headers['content-type'])).toContain('text/csv')
    expect(csv.text.split('\r\n')).toEqual(['team,team_name,cost,calls,currency', 'checkout,Checkout,4,1,USD', "ops,'=cmd|calc,1.5,1,USD", 'total,,5.5,2,USD', ''])
    const json = await api.call('viewer', 'POST', '/api/v1/query/export?format=json', question)
    expect(JSON.parse(json.text).rows[1].team_name).toBe("'=cmd|calc")
    expect(fieldsOf(await api.call('viewer', 'POST', '/api/v1/query', { ...question, toMs: 5 }))).toHaveProperty('toMs')
  })

  it('overview agrees with query, and names movers, shares and budgets at risk', async () => {
    await api.events.insertBatch('b', [
      costing('6', { at: noon - dayMs }), costing('2', { at: noon - 2 * dayMs }, opsCaller), costing('1', { at: noon - hourMs, quality: 'uncertain' }),
      costing('4', { at: Date.UTC(2026, 9, 10) }), costing('50', { at: Date.UTC(2026, 9, 30) }), call({ pricing: 'unpriced', cost: null, listCost: null, lines: [] }),
    ], noon)
    await api.call('admin', 'POST', '/api/v1/budgets', { name: 'Tight', limit: '0' })
    const answer = await api.call('viewer', 'GET', '/api/v1/overview')
    expect(answer.status).toBe(200)
    const page = answer.json
    expect([page.spend.current, page.spend.previous, page.spend.changeRatio, page.calls.current]).toEqual(['9', '4', 1.25, 4])
    expect(page.series).toHaveLength(18)
    expect(page.series.at(-2)).toEqual({ dayMs: Date.UTC(2026, 10, 17), cost: '6', calls: 1, previousCost: null, complete: true })
    expect(page.series[9].previousCost).toBe('4')
    expect(page.shares).toEqual({ unpriced: { calls: 1, ratio: 0.25 }, unallocated: { cost: '2', ratio: 0.222222 }, uncertain: { cost: '1', ratio: 0.111111 } })
    expect(page.movers.find((mover: { dimension: string }) => mover.dimension === 'team')).toEqual({ dimension: 'team', id: 'checkout', name: 'Checkout', current: '7', previous: '4', delta: '3' })
    // Two full days of 2 and 6, mean 4; 12.5 days are left of the month: 9 + 50.
    expect([page.forecast.landing, page.forecast.basisDays]).toEqual(['59', 2])
    const guest = (await api.call('guest', 'GET', '/api/v1/overview')).json
    expect([guest.spend.current, guest.budgetsAtRisk]).toEqual(['2', []])
  })

  it('an empty installation has an overview', async () => {
    const page = (await api.call('viewer', 'GET', '/api/v1/overview?zone=America/New_York')).json
    expect([page.spend.current, page.forecast.landing, page.series.length, page.shares.unpriced.ratio]).toEqual([null, null, 18, null])
  })

  it('explain opens a figure down to its arithmetic', async () => {
    await api.control.seed('feed', [price({ id: 'price_in', amount: '3', source: 'price page' })], [], [], noon - dayMs)
    const budget = (await api.call('admin', 'POST', '/api/v1/budgets', { name: 'Team', limit: '10', selector: { nodeId: 'checkout' } })).json
    await api.call('admin', 'POST', '/api/v1/budgets', { name: 'Ops', limit: '10', selector: { nodeId: 'ops' } })
    const first = call({ attempt: 1, isCall: false, errorClass: 'reset', cost: null, listCost: null, lines: [], pricing: 'none', usage: {}, quality: 'absent' })
    const second = call({ attempt: 2, callId: first.callId, fallbackOf: first.eventId })
    await api.events.insertBatch('j:1:1', [first, second], noon)
    const period = { startMs: Date.UTC(2026, 10, 1), endMs: Date.UTC(2026, 11, 1) }
    await api.control.putNode({ id: 'g', name: 'g', sha256: 'a'.repeat(64) })
    await api.control.openEpoch('g', 'j', 0, noon)
    await api.control.applyBatch({ key: { journalId: 'j', segment: 1, block: 1 }, rows: 2, cost: amountOf('0.0036'), checksum: '', receivedAt: noon, commits: [{ orgId: 'acme', ruleId: budget.id, tuple: '', ...period, amount: amountOf('0.0036') }], settlements: [], returns: [], epochs: [], quarantined: [] }, await api.control.rulesVersion())
    const answer = await api.call('owner', 'GET', `/api/v1/records/${second.eventId}/explain`)
    expect(answer.status).toBe(200)
    expect(answer.json.lines[0]).toMatchObject({ formula: '1200 × 3 ÷ 1000000 = 0.0036', agrees: true, entry: { id: 'price_in', source: 'price page', book: 'list' } })
    expect(answer.json).toMatchObject({ cost: '0.0036', sum: '0.0036', agrees: true, discount: '0', unpriced: [] })
    expect(answer.json.budgets).toMatchObject([{ name: 'Team', counted: '0.0036', committed: '0.0036', remaining: '9.9964' }])
    expect(answer.json.siblings.map((row: { eventId: string }) => row.eventId)).toEqual([first.eventId])
    expect(answer.json.record).toMatchObject({ batchId: 'j:1:1', caller: { teamName: 'Checkout' } })
    expect(answer.text).not.toContain('nodePath')
  })

  it('a cost that its lines do not give is said to disagree', async () => {
    const row = costing('1')
    await api.events.insertBatch('b', [row], noon)
    const answer = (await api.call('viewer', 'GET', `/api/v1/records/${row.eventId}/explain`)).json
    expect([answer.cost, answer.sum, answer.agrees, answer.lines[0].agrees]).toEqual(['1', '0.0036', false, true])
  })

  it('records are filtered, paged and exported', async () => {
    const rows = Array.from({ length: 5 }, (_, index) => call({ at: noon - (index + 1) * hourMs, requestedModel: '@SUM(1)', attribution: { ...call().attribution, user: index === 0 ? '+49 123' : 'u' } }))
    await api.events.insertBatch('b', [...rows, call({ provider: 'other' })], noon)
    const seen: string[] = []
    for (let cursor = ''; ;) {
      const page = (await api.call('viewer', 'GET', `/api/v1/records?provider=openai&limit=2${cursor}`)).json
      seen.push(...page.rows.map((row: { eventId: string }) => row.eventId))
      if (page.next === null) break
      cursor = `&cursor=${encodeURIComponent(page.next)}`
    }
    expect(seen).toEqual(rows.map((row) => row.eventId))
    const csv = (await api.call('viewer', 'GET', '/api/v1/records/export?provider=openai')).text
    expect(csv.split('\r\n')).toHaveLength(7)
    expect(csv).toContain("'+49 123")
    expect(csv).toContain("'@SUM(1)")
    expect(fieldsOf(await api.call('viewer', 'GET', '/api/v1/records?teams=x'))).toHaveProperty('teams')
  })

  it('records are listed dearest first where asked, a cursor in its own order', async () => {
    const costs = ['0.2', '1', '0.05', '0.9'].map((cost, index) => ({ ...costing(cost), at: noon - (index + 1) * hourMs }))
    const unknown = call({ cost: null, listCost: null, pricing: 'unpriced' })
    await api.events.insertBatch('b', [...costs, unknown], noon)
    const list = async (search: string): Promise<{ rows: { cost: string | null }[]; next: string }> => (await api.call('viewer', 'GET', `/api/v1/records?limit=3${search}`)).json
    const first = await list('&order=cost')
    const second = await list(`&order=cost&cursor=${encodeURIComponent(first.next)}`)
    expect([...first.rows, ...second.rows].map((row) => row.cost)).toEqual(['1', '0.9', '0.2', '0.05', null])
    expect((await api.call('viewer', 'GET', `/api/v1/records?limit=3&cursor=${encodeURIComponent(first.next)}`)).status).toBe(400)
    expect(fieldsOf(await api.call('viewer', 'GET', '/api/v1/records?order=price'))).toHaveProperty('order')
  })
})

describe('system', () => {
  it('tells mode and journals, journals only to overseers', async () => {
    await api.control.putNode({ id: 'g', name: 'gateway', sha256: 'a'.repeat(64) })
    await api.control.openEpoch('g', 'j', 0, noon)
    expect((await api.call('admin', 'GET', '/api/v1/system')).json).toMatchObject({ version: '1.2.3', demo: true, gatewayUrl: 'http://127.0.0.1:8400', journals: [{ journalId: 'j', nodeName: 'gateway', lastBlock: null }] })
    expect((await api.call('owner', 'GET', '/api/v1/system')).json.journals).toEqual([])
    const metrics = await api.call(null, 'GET', '/metrics')
    expect(metrics.text).toContain('tollgate_api_requests_total{route="/api/v1/system",status="200"} 2')
    expect(metrics.text).toContain('tollgate_journal_rows_total{journal="j"} 0')
  })

  it('is ready only while its engines answer', async () => {
    expect((await api.call(null, 'GET', '/readyz')).status).toBe(200)
    const waiting = await openApi({ ready: async () => { throw new Error('starting') } })
    expect((await waiting.call(null, 'GET', '/readyz')).json.code).toBe('engine_unavailable')
    await waiting.close()
  })

  it('publishes its contract as OpenAPI 3.1, every route and every field described', async () => {
    const document = (await api.call(null, 'GET', '/api/openapi.json')).json
    expect(document.openapi).toBe('3.1.0')
    const operations = Object.entries(document.paths as Record<string, Record<string, Parsed>>).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })))
    expect(operations.map(({ path, method }) => `${method} ${path}`).sort()).toEqual(routeList.map((route) => `${route.method} ${route.path}`).sort())
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(routeList.length)
    for (const { path, operation } of operations) {
      const inPath = operation.parameters.filter((parameter: { in: string }) => parameter.in === 'path').map((parameter: { name: string }) => parameter.name)
      expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))
      expect(Object.keys(operation.responses)).toContain('default')
      for (const parameter of operation.parameters) expect(`${path} ${parameter.name}: ${parameter.description}`).not.toContain('undefined')
      const properties = operation.requestBody?.content['application/json'].schema.properties ?? {}
      for (const [name, schema] of Object.entries(properties as Record<string, { description?: string }>)) expect(`${path} ${name}: ${schema.description}`).not.toContain('undefined')
    }
  })
})
