import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { amountOf } from '../../src/base/money.ts'
import type { UsageRecord } from '../../src/core/usage/usage-record.ts'
import { call, costing, dayMs, hourMs, noon, openApi, opsCaller, type Api, type Parsed } from './api-harness.ts'

let api: Api
beforeEach(async () => {
  api = await openApi()
  await api.control.putNode({ id: 'g', name: 'g', sha256: 'a'.repeat(64) })
  await api.control.openEpoch('g', 'j', 0, noon)
})
afterEach(async () => api.close())

/** Stores records as the receiver does: rows first, then the block that counts. */
async function store(rows: readonly UsageRecord[]): Promise<void> {
  await api.events.insertBatch('j:1:1', rows, noon)
  await api.control.applyBatch({ key: { journalId: 'j', segment: 1, block: 1 }, rows: rows.length, cost: amountOf('0'), checksum: '', receivedAt: noon, commits: [], settlements: [], returns: [], epochs: [], quarantined: [] }, await api.control.rulesVersion())
}
const refusal = (given: Partial<UsageRecord> = {}): UsageRecord => call({ kind: 'refusal', cost: null, listCost: null, lines: [], pricing: 'none', usage: {}, status: 402, errorClass: 'refused', errorCode: 'budget_exceeded', ...given })
const create = async (body: object): Promise<Parsed> => (await api.call('admin', 'POST', '/api/v1/budgets', { name: 'b', limit: '10', ...body })).json

describe('pace of a budget', () => {
  beforeEach(async () => store([costing('4', { at: noon - 10 * dayMs }), costing('2', { at: noon - hourMs }), costing('1', { at: noon - hourMs }, opsCaller)]))

  it('is there when asked for, by the mean of the window and by the last day', async () => {
    await create({ selector: { nodeId: 'checkout' } })
    const plain = (await api.call('viewer', 'GET', '/api/v1/budgets')).json.rows[0].windows[0]
    expect(plain).not.toHaveProperty('pace')
    const { pace } = (await api.call('viewer', 'GET', '/api/v1/budgets?pace=true')).json.rows[0].windows[0]
    // Six used in 17.5 of 30 days; two of them in the last day.
    expect(pace).toMatchObject({ averagePerDay: '0.342857142857143', lastDay: '2', atAverage: { exhaustedAtMs: Date.UTC(2026, 10, 1) + 29 * dayMs + 4 * hourMs }, atLastDay: { landing: '31', exhaustedAtMs: noon + 2 * dayMs } })
    expect(pace.atAverage.landing).toBe('10.285714285714286')
  })

  it('is each window\'s own where a budget has several', async () => {
    const budget = await create({ per: ['team'] })
    const { windows } = (await api.call('viewer', 'GET', `/api/v1/budgets/${budget.id}?pace=true`)).json
    expect(windows.map((window: Parsed) => [window.tuple[0].id, window.committed, window.pace.lastDay])).toEqual([['checkout', '6', '2'], ['ops', '1', '1']])
  })
})

describe('preview of a budget', () => {
  beforeEach(async () => store([costing('4'), costing('2', {}, opsCaller), costing('9', { at: noon - 40 * dayMs }), refusal()]))
  const preview = async (body: object, person = 'finance') => api.call(person, 'POST', '/api/v1/budgets/preview', { name: 'b', limit: '3', ...body })

  it('counts exactly what the budget counts once it exists, and adds nothing', async () => {
    const answer = (await preview({ per: ['team'] })).json
    expect([answer.used, answer.windowsCount, answer.overCount]).toEqual(['6', 2, 1])
    expect((await api.call('admin', 'GET', '/api/v1/budgets')).json.rows).toEqual([])
    expect(answer.windows).toEqual((await create({ per: ['team'], limit: '3' })).windows)
  })

  it('says what the windows before would have held', async () => {
    const { past } = (await preview({ selector: { nodeId: 'checkout' } })).json
    expect(past.map((window: Parsed) => [window.startMs, window.used, window.overCount])).toEqual([[Date.UTC(2026, 9, 1), '9', 1], [Date.UTC(2026, 8, 1), '0', 0], [Date.UTC(2026, 7, 1), '0', 0]])
    expect((await preview({ window: { unit: 'year' } })).json.past).toEqual([])
  })

  it('is refused like the budget itself would be', async () => {
    expect((await preview({ selector: { nodeId: 'nowhere' } })).json.errors[0].field).toBe('selector.nodeId')
    expect((await preview({ measure: 'tokens', limit: '0.5' })).json.errors[0].field).toBe('limit')
  })
})

describe('a budget over time', () => {
  it('burns as its records did, refusals counted beside', async () => {
    await store([costing('4', { at: noon - 2 * dayMs }), costing('2'), costing('1', {}, opsCaller), costing('9', { at: noon - 40 * dayMs }), refusal()])
    const budget = await create({ per: ['team'] })
    const burn = (await api.call('viewer', 'GET', `/api/v1/budgets/${budget.id}/burn`)).json
    expect(burn).toMatchObject({ startMs: Date.UTC(2026, 10, 1), endMs: Date.UTC(2026, 11, 1), granularity: 'day', refusals: 1 })
    expect(burn.rows).toEqual([{ bucketMs: Date.UTC(2026, 10, 16), used: '4' }, { bucketMs: Date.UTC(2026, 10, 18), used: '3' }])
    const ops = (await api.call('viewer', 'GET', `/api/v1/budgets/${budget.id}/burn?tuple=${encodeURIComponent('["ops"]')}`)).json
    expect([ops.rows, ops.refusals]).toEqual([[{ bucketMs: Date.UTC(2026, 10, 18), used: '1' }], 0])
    for (const tuple of ['x', '[]', '["a","b"]', '[1]']) expect((await api.call('viewer', 'GET', `/api/v1/budgets/${budget.id}/burn?tuple=${encodeURIComponent(tuple)}`)).json.errors[0].field).toBe('tuple')
  })

  it('counts requests without the refused ones', async () => {
    await store([call(), call(), refusal()])
    const budget = await create({ measure: 'requests', selector: { nodeId: 'checkout' } })
    expect((await api.call('viewer', 'GET', `/api/v1/budgets/${budget.id}/burn`)).json.rows).toEqual([{ bucketMs: Date.UTC(2026, 10, 18), used: '2' }])
    expect(budget.windows[0].committed).toBe('2')
  })

  it('remembers who changed what, in the budget\'s own units', async () => {
    const budget = await create({ selector: { nodeId: 'checkout' } })
    await create({ name: 'another' })
    await api.call('finance', 'PATCH', `/api/v1/budgets/${budget.id}`, { limit: '12.5', hard: false })
    const changes = (await api.call('owner', 'GET', `/api/v1/budgets/${budget.id}/changes`)).json.rows
    expect(changes.map((change: Parsed) => [change.actor, change.action])).toEqual([['finance', 'update'], ['admin', 'create']])
    expect(changes[0].changes).toEqual(expect.arrayContaining([{ field: 'limit', from: '10', to: '12.5' }, { field: 'hard', from: 'true', to: 'false' }]))
  })

  it('is nobody\'s who may not see the budget', async () => {
    const budget = await create({ selector: { nodeId: 'ops' } })
    for (const part of ['burn', 'changes', 'windows']) {
      expect((await api.call('owner', 'GET', `/api/v1/budgets/${budget.id}/${part}`)).status).toBe(404)
      expect((await api.call('guest', 'GET', `/api/v1/budgets/${budget.id}/${part}`)).status).toBe(200)
      expect((await api.call('stranger', 'GET', `/api/v1/budgets/${budget.id}/${part}`)).status).toBe(404)
    }
  })
})
