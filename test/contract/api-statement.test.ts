import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { amountOf, formatAmount } from '../../src/base/money.ts'
import { uuidv7 } from '../../src/base/ids.ts'
import type { Statement } from '../../src/api/contract/contract.ts'
import { pricingStates, qualities, recordKinds, type UsageRecord } from '../../src/core/usage/usage-record.ts'
import { createEventStore } from '../../src/store/events/event-store.ts'
import type { EventStore } from '../../src/store/ports.ts'
import { seedOfRun } from '../support/dice.ts'
import { startTestEngines, type TestEngines } from '../support/engines.ts'
import { call, costing, dayMs, noon, openApi, opsCaller, type Api } from './api-harness.ts'

/*
 * A statement's totals are the sum of its lines in every table, of its days, of the rows of its file, and what the same
 * question gets from /api/v1/query: on random records, for random nodes, months and zones, on the memory oracle and on the
 * real engine.
 */
const seed = seedOfRun('statements')
const nodes = ['acme', 'retail', 'checkout', 'shop', 'bot', 'ops', 'cron'] as const
const dimensionOf = { retail: 'unit', checkout: 'team', ops: 'team', shop: 'app', bot: 'app', cron: 'app' } as const
const places = [
  { unitId: 'retail', teamId: 'checkout', appId: 'shop', nodePath: ['acme', 'retail', 'checkout', 'shop'] },
  { unitId: 'retail', teamId: 'checkout', appId: 'bot', nodePath: ['acme', 'retail', 'checkout', 'bot'] },
  { unitId: '', teamId: 'ops', appId: 'cron', nodePath: ['acme', 'ops', 'cron'] },
] as const
const amount = fc.oneof(fc.constant(null), fc.bigInt({ min: 0n, max: 10n ** 17n }), fc.bigInt({ min: -9n, max: 9n }))
const record: fc.Arbitrary<UsageRecord> = fc.record({
  at: fc.oneof(fc.integer({ min: Date.UTC(2026, 7, 20), max: noon - 1 }), fc.integer({ min: -3, max: 3 }).map((hours) => Date.UTC(2026, 9, 1) + hours * 3_600_000 + 1)),
  kind: fc.constantFrom(...recordKinds), isCall: fc.boolean(), quality: fc.constantFrom(...qualities), pricing: fc.constantFrom(...pricingStates), cost: amount, listCost: amount,
  currency: fc.constantFrom('USD', 'USD', 'EUR'), provider: fc.constantFrom('openai', 'anthropic'), servedModel: fc.constantFrom('gpt-x', 'claude-x', ''),
  tokens: fc.integer({ min: 0, max: 9_000 }), place: fc.constantFrom(...places), workflow: fc.constantFrom('', 'triage', '=cmd()'), costCentre: fc.constantFrom('CC-1', ''),
}).map(({ tokens, place, workflow, costCentre, ...rest }) => call(
  { ...rest, eventId: uuidv7(rest.at), usage: { input_text: tokens }, attribution: { user: '', agent: '', workflow, run: '', parentRun: '', step: '', session: '', tags: {}, rule: '' } },
  { ...place, nodePath: [...place.nodePath], costCentre }))

let engines: TestEngines
let engine: EventStore
beforeAll(async () => {
  engines = await startTestEngines()
  engine = createEventStore(engines.events)
  await engine.migrate()
})
afterAll(async () => {
  await engine?.close()
  await engines?.stop()
})

const sum = (texts: readonly (string | null)[]): string => formatAmount(texts.reduce((total, text) => total + (text === null ? 0n : amountOf(text)), 0n))

for (const name of ['memory', 'embedded engine'] as const) {
  describe(`statements of random records, ${name}`, () => {
    let api: Api
    beforeAll(async () => {
      api = await openApi(name === 'memory' ? {} : { events: engine })
      await api.events.insertBatch('00000000-0000-7000-8000-0000000000aa:1:0', fc.sample(record, { seed, numRuns: 400 }), noon)
    })
    afterAll(() => api.close())

    it('add up in every table, by day, in the file, and to what /query says', async () => {
      const random = fc.record({ node: fc.constantFrom(...nodes), month: fc.constantFrom('2026-08', '2026-09', '2026-10', '2026-11'), zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata') })
      await fc.assert(fc.asyncProperty(random, async (words) => {
        const search = new URLSearchParams(words).toString()
        const answer = await api.call('admin', 'GET', `/api/v1/statements?${search}`)
        expect(answer.status, answer.text).toBe(200)
        const statement = answer.json as Statement
        addsUp(statement)
        await equalsQuery(api, statement, words)
        fileAddsUp(statement, (await api.call('admin', 'GET', `/api/v1/statements/export?${search}&format=json`)).json)
        expect(api.errors).toEqual([])
      }), { seed, numRuns: name === 'memory' ? 60 : 25, endOnFailure: true })
    })
  })
}

const tables = ['units', 'teams', 'apps', 'workflows', 'models', 'costCentres'] as const

function addsUp(statement: Statement): void {
  const { totals } = statement
  for (const table of tables) {
    const { lines, rest } = statement[table]
    const all = rest === null ? lines : [...lines, rest]
    for (const money of ['cost', 'listCost', 'uncertainCost'] as const) expect(sum(all.map((line) => line[money])), `${table} ${money}`).toBe(totals[money] ?? '0')
    for (const count of ['calls', 'refusals', 'tokens', 'inputTokens', 'outputTokens', 'unpricedCalls', 'withoutListPrice'] as const) {
      expect(all.reduce((total, line) => total + line[count], 0), `${table} ${count}`).toBe(totals[count])
    }
  }
  expect(sum(statement.days.map((day) => day.cost))).toBe(totals.cost ?? '0')
  expect(statement.days.reduce((total, day) => total + day.calls, 0)).toBe(totals.calls)
  if (totals.saving !== null) expect(sum([totals.saving, totals.cost])).toBe(totals.listCost)
}

async function equalsQuery(api: Api, { totals, range, currency, zone }: Statement, { node }: { node: (typeof nodes)[number] }): Promise<void> {
  const filters = node === 'acme' ? [] : [{ dimension: dimensionOf[node], op: 'in', values: [node] }]
  const question = { measures: ['cost', 'list_cost', 'calls', 'tokens', 'uncertain_cost', 'unpriced_calls', 'refusals'], filters, zone, ...range, ...(currency === '' ? {} : { currency }) }
  const asked = (await api.call('admin', 'POST', '/api/v1/query', question)).json
  expect(asked.totals).toEqual({
    cost: totals.cost, list_cost: totals.listCost, calls: totals.calls, tokens: totals.tokens, uncertain_cost: totals.uncertainCost,
    unpriced_calls: totals.unpricedCalls, refusals: totals.refusals,
  })
}

function fileAddsUp({ totals }: Statement, file: { rows: readonly Record<string, string | number | null>[]; totals: Record<string, unknown> }): void {
  expect(file.totals).toMatchObject({ EffectiveCost: totals.cost, ListCost: totals.listCost, x_RequestCount: totals.calls, ConsumedQuantity: totals.tokens, x_RowType: 'total', BilledCost: '0' })
  for (const column of ['EffectiveCost', 'ListCost', 'x_UncertainCost'] as const) expect(sum(file.rows.map((row) => row[column] as string | null))).toBe(file.totals[column] ?? '0')
  for (const column of ['x_RequestCount', 'x_RefusalCount', 'ConsumedQuantity', 'x_UnpricedCalls'] as const) expect(file.rows.reduce((total, row) => total + Number(row[column]), 0)).toBe(file.totals[column])
}

describe('a statement', () => {
  let api: Api
  beforeAll(async () => {
    api = await openApi()
    await api.events.insertBatch('b', [
      costing('2.5', { at: noon - dayMs, listCost: amountOf('3'), attribution: { ...call().attribution, workflow: '=HYPERLINK("x")' } }), costing('0.000000000000001', { at: noon - 2 * dayMs, quality: 'uncertain' }),
      call({ at: noon - dayMs, cost: null, listCost: null, pricing: 'unpriced', requestedModel: 'private', servedModel: 'private' }),
      call({ at: noon - dayMs, kind: 'refusal', cost: 0n, listCost: 0n, pricing: 'none', usage: {} }),
      costing('1', { at: Date.UTC(2026, 9, 3) }), costing('8', { at: Date.UTC(2026, 9, 30) }), costing('7', { at: noon - dayMs }, opsCaller),
    ], noon)
  })
  afterAll(() => api.close())
  const read = async (search: string, person = 'admin'): Promise<Statement> => (await api.call(person, 'GET', `/api/v1/statements?${search}`)).json as Statement

  it('of a running month says so, and compares with the same days of the month before', async () => {
    const statement = await read('node=checkout')
    expect(statement).toMatchObject({
      month: '2026-11', state: 'running', asOfMs: noon, range: { fromMs: Date.UTC(2026, 10, 1), toMs: noon }, currency: 'USD',
      node: { id: 'checkout', kind: 'team', costCentre: 'CC-1', path: [{ id: 'acme' }, { id: 'retail' }, { id: 'checkout' }] },
      totals: { cost: '2.500000000000001', listCost: '3.000000000000001', saving: '0.5', calls: 4, refusals: 1, unpricedCalls: 1, uncertainCost: '0.000000000000001' },
      previous: { range: { toMs: Date.UTC(2026, 9, 18, 12) }, totals: { cost: '1' } },
      unpriced: [{ model: 'private', provider: 'openai', pricing: 'unpriced', calls: 1 }],
    })
    expect(statement.days).toHaveLength(18)
    expect(statement.days.at(-1)).toEqual({ dayMs: Date.UTC(2026, 10, 18), cost: '0', calls: 0, complete: false })
  })

  it('of a month that is over holds all of it', async () => {
    expect(await read('node=acme&month=2026-10')).toMatchObject({ state: 'ended', totals: { cost: '9', calls: 2 }, range: { toMs: Date.UTC(2026, 10, 1) }, previous: { totals: { cost: null, calls: 0 } } })
  })

  it('refuses months to come, and nodes that are not there', async () => {
    const future = await api.call('admin', 'GET', '/api/v1/statements?node=acme&month=2026-12')
    expect([future.status, future.json.errors[0].field]).toEqual([400, 'month'])
    expect((await api.call('admin', 'GET', '/api/v1/statements?node=nowhere')).status).toBe(404)
    expect((await api.call('admin', 'GET', '/api/v1/statements?node=acme&month=2026-13')).status).toBe(400)
  })

  it('is given at and below the nodes of a grant only', async () => {
    const status = async (person: string, node: string): Promise<number> => (await api.call(person, 'GET', `/api/v1/statements?node=${node}`)).status
    expect([await status('owner', 'checkout'), await status('owner', 'shop'), await status('owner', 'retail'), await status('owner', 'acme'), await status('owner', 'ops')]).toEqual([200, 200, 404, 404, 404])
    expect([await status('guest', 'ops'), await status('guest', 'checkout'), await status('viewer', 'acme'), await status('stranger', 'acme')]).toEqual([200, 404, 200, 404])
    expect((await api.call('guest', 'GET', '/api/v1/statements/export?node=checkout')).status).toBe(404)
    expect((await read('node=ops', 'guest')).totals.cost).toBe('7')
  })

  it('as a file has the columns of FOCUS, escapes formulas, leaves unknown cells empty and bills nobody', async () => {
    const file = await api.call('admin', 'GET', '/api/v1/statements/export?node=checkout')
    expect(file.headers['content-type']).toContain('text/csv')
    expect(String(file.headers['content-disposition'])).toContain('tollgate-statement-2026-11-checkout-name-')
    const [head = '', ...rows] = file.text.trimEnd().split('\r\n')
    for (const column of ['BillingPeriodStart', 'ServiceName', 'BilledCost', 'EffectiveCost', 'ListCost', 'ContractedCost', 'ConsumedQuantity', 'ConsumedUnit']) expect(head.split(',')).toContain(column)
    expect(file.text).toContain(`"'=HYPERLINK(""x"")"`)
    expect(rows.find((row) => row.includes('private'))).toContain('USD,0,,,,1200,Tokens,usage')
    expect(rows.at(-1)).toContain('2026-11-01T00:00:00Z,2026-12-01T00:00:00Z,2026-11-01T00:00:00Z,2026-11-18T12:00:00Z,Usage,Usage-Based,Total')
    expect(rows.at(-1)).toContain('2.500000000000001,2.500000000000001,3.000000000000001')
  })
})
