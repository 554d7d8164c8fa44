import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { uuidv7 } from '../../src/base/ids.ts'
import { costDimensions, costMeasures, type CostQuery } from '../../src/core/analytics/cost-query.ts'
import type { SplitQuery } from '../../src/core/analytics/cost-split.ts'
import { valuesOf, type SumName } from '../../src/core/analytics/cost-sums.ts'
import { perDimensions, type BudgetRule } from '../../src/core/entitlement/rule.ts'
import { pricingStates, qualities, recordKinds, type UsageRecord } from '../../src/core/usage/usage-record.ts'
import { createEventStore } from '../../src/store/events/event-store.ts'
import { createMemoryEventStore } from '../../src/store/memory/event-store.ts'
import { batchIdOf, type EventStore, type ReadScope } from '../../src/store/ports.ts'
import { startTestEngines, type TestEngines } from '../support/engines.ts'
import { sampleRecord } from '../support/records.ts'

/**
 * The real engine against the memory oracle on random records and random questions: every row, order, name and digit must be
 * the same. TOLLGATE_SEED repeats a run.
 */
const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2_147_483_647)
const hour = 3_600_000
const from = Date.UTC(2026, 2, 1)
const to = Date.UTC(2026, 3, 20)
const orgId = 'org_random'

const word = (...values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values)
const amount = fc.oneof(fc.constant(null), fc.bigInt({ min: -(10n ** 15n), max: 10n ** 18n }), fc.bigInt({ min: -9n, max: 9n }), fc.bigInt({ min: 10n ** 30n, max: 10n ** 33n }))
const count = fc.oneof(fc.integer({ min: -10, max: 5_000 }), fc.constant(2 ** 50))
const usage = fc.dictionary(fc.constantFrom('input_text', 'cache_read', 'cache_read_audio', 'cache_write', 'cache_write_1h', 'output_text', 'output_reasoning', 'embedding', 'web_search'), count, { maxKeys: 5 })
/** Instants crowd around month, day and hour edges, daylight saving of Berlin (29 March) and half hours. */
const instant = fc.oneof(
  fc.integer({ min: from, max: to - 1 }),
  fc.tuple(fc.constantFrom(Date.UTC(2026, 2, 29), Date.UTC(2026, 3, 1), Date.UTC(2026, 2, 8, 5), Date.UTC(2026, 2, 10, 18, 30)), fc.integer({ min: -3, max: 3 }), fc.integer({ min: -1, max: 1 })).map(([base, hours, ms]) => base + hours * hour + ms),
)

const record: fc.Arbitrary<UsageRecord> = fc
  .record({
    at: instant, kind: fc.constantFrom(...recordKinds), isCall: fc.boolean(), usage, quality: fc.constantFrom(...qualities), pricing: fc.constantFrom(...pricingStates),
    cost: amount, listCost: amount, currency: word('USD', 'USD', 'USD', 'EUR'), provider: word('openai', 'anthropic'), requestedModel: word('gpt-4o', 'claude', 'ü"\\'),
    servedModel: word('', 'gpt-4o-x', 'claude-1'), endpoint: word('chat', 'embed'), tier: word('standard', ''), errorClass: word('', '', 'reset', 'refused'),
    firstByte: fc.integer({ min: -5, max: 500 }), end: fc.integer({ min: -5, max: 5_000 }),
    team: fc.integer({ min: 0, max: 3 }), app: fc.integer({ min: 0, max: 2 }), name: word('Alpha', 'Beta', '名前'), costCentre: word('', 'CC-1'),
    user: word('', 'u1', "u'2", 'U3'), agent: word('', 'a'), workflow: word('', 'w1', 'w\t2'), run: word('', 'r1', 'r2'), session: word('', 's1'),
  })
  .map(({ firstByte, end, team, app, name, costCentre, user, agent, workflow, run, session, ...rest }) => {
    const teamId = team === 0 ? '' : `team_${team}`
    const unitId = team === 3 ? 'unit_b' : 'unit_a'
    return sampleRecord({
      ...rest, eventId: uuidv7(rest.at), firstByteAt: firstByte === 0 ? 0 : rest.at + firstByte, endAt: rest.at + end,
      caller: {
        orgId, unitId, unitName: `${unitId} ${name}`, teamId, teamName: name, appId: `app_${app}`, appName: name, keyId: `key_${app}`, keyName: name, costCentre,
        nodePath: [orgId, unitId, teamId, `app_${app}`].filter((node) => node !== ''),
      },
      attribution: { user, agent, workflow, run, session },
    })
  })

const filter = fc.record({
  dimension: fc.constantFrom(...costDimensions), op: fc.constantFrom('in' as const, 'not_in' as const),
  values: fc.subarray(['', 'team_1', 'team_2', 'app_0', 'gpt-4o-x', 'claude', 'ü"\\', 'u1', "u'2", 'w\t2', 'r1', 'attempt', 'refusal', 'final', 'uncertain', 'priced', 'openai', 'unit_a']),
})
const question: fc.Arbitrary<CostQuery> = fc
  .record({
    measures: fc.subarray([...costMeasures], { minLength: 1 }).chain((chosen) => fc.shuffledSubarray(chosen, { minLength: chosen.length })),
    groupBy: fc.shuffledSubarray([...costDimensions], { maxLength: 3 }), filters: fc.array(filter, { maxLength: 2 }),
    granularity: fc.constantFrom('none' as const, 'hour' as const, 'day' as const, 'week' as const, 'month' as const),
    zone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'),
    start: instant, length: fc.oneof(fc.integer({ min: 0, max: 3 * hour }), fc.integer({ min: 0, max: 40 * 24 * hour })), align: fc.constantFrom(1, hour, 24 * hour),
    rowsMax: fc.constantFrom(1, 3, 2_000), currency: fc.constantFrom(undefined, 'EUR'),
  })
  .map(({ start, length, align, currency, ...rest }) => {
    const fromMs = Math.floor(start / align) * align
    return { ...rest, fromMs, toMs: fromMs + Math.floor(length / align) * align, ...(currency === undefined ? {} : { currency }) }
  })
const scope: fc.Arbitrary<ReadScope> = fc.constantFrom(null, null, ['unit_a'], ['team_1', 'app_2'], []).map((nodeIds) => ({ orgId, nodeIds }))

const rule: fc.Arbitrary<BudgetRule> = fc
  .record({
    measure: fc.constantFrom('cost', 'tokens', 'input_tokens', 'output_tokens', 'requests'), per: fc.shuffledSubarray([...perDimensions], { maxLength: 3 }),
    selector: fc.record({ nodeId: word('unit_a', 'team_1'), keyId: word('key_0'), provider: word('openai'), model: word('gpt-4o', 'ü"\\'), user: word('u1', ''), workflow: word('w\t2') }, { requiredKeys: [] }),
  })
  .map((parts) => ({ id: 'r', orgId, name: 'r', currency: 'USD', window: { unit: 'month', zone: 'UTC' }, limit: 1n, hard: true, outputBound: 'inject', outputCapDefault: 1, unpriced: 'refuse', unbounded: 'refuse', ...parts }) as BudgetRule)

const journalId = '0198a000-0000-7000-8000-0000000000aa'
const rowsPerBatch = 60
let engines: TestEngines
let engine: EventStore
let oracle: EventStore

beforeAll(async () => {
  console.log(`event store answers: TOLLGATE_SEED=${seed}`)
  engines = await startTestEngines()
  engine = createEventStore(engines.events)
  oracle = createMemoryEventStore()
  await engine.migrate()
  const records = fc.sample(record, { seed, numRuns: rowsPerBatch * 10 })
  for (let block = 0; block < 10; block += 1) {
    const batchId = batchIdOf({ journalId, segment: 1, block })
    const rows = records.slice(block * rowsPerBatch, (block + 1) * rowsPerBatch)
    for (const store of [engine, oracle]) await store.insertBatch(batchId, rows, to + block)
    if (block % 3 === 0) await engine.insertBatch(batchId, rows, to + block)
  }
})
afterAll(async () => {
  await engine?.close()
  await engines?.stop()
})

describe('answers of the engine and of the oracle', () => {
  it('agree on totals, and the rollups with raw rows', async () => {
    const totals = await engine.totals()
    expect(totals).toEqual(await oracle.totals())
    expect(totals.hourly).toEqual(totals.raw)
    expect(totals.daily).toEqual(totals.raw)
    expect(await engine.batchTotals(journalId)).toEqual(await oracle.batchTotals(journalId))
  })

  it('agree on any cost question, to the last digit', async () => {
    await fc.assert(fc.asyncProperty(scope, question, async (scope, query) => {
      expect(await engine.costQuery(scope, query)).toEqual(await oracle.costQuery(scope, query))
    }), { seed, numRuns: 80, endOnFailure: true })
  })

  it('agree between raw rows and rollups on the same question', async () => {
    await fc.assert(fc.asyncProperty(question, async (query) => {
      const everyone = { dimension: 'session' as const, op: 'not_in' as const, values: ['nobody'] }
      const throughRaw = await engine.costQuery({ orgId, nodeIds: null }, { ...query, filters: [...query.filters, everyone] })
      expect(await engine.costQuery({ orgId, nodeIds: null }, query)).toEqual(throughRaw)
    }), { seed: seed + 1, numRuns: 25, endOnFailure: true })
  })

  it('agree on any split, and its lines and days add up to its total', async () => {
    const cut = fc.shuffledSubarray([...costDimensions].filter((dimension) => !['user', 'run', 'session'].includes(dimension)), { minLength: 1, maxLength: 2 })
    await fc.assert(fc.asyncProperty(scope, question, fc.array(cut, { minLength: 1, maxLength: 3 }), async (scope, { measures, filters, zone, fromMs, toMs, currency, rowsMax }, parts) => {
      const query: SplitQuery = { measures, parts, filters: filters.filter(({ dimension }) => !['user', 'run', 'session'].includes(dimension)), zone, fromMs, toMs, linesMax: rowsMax, ...(currency === undefined ? {} : { currency }) }
      const answer = await engine.costSplit(scope, query)
      expect(answer).toEqual(await oracle.costSplit(scope, query))
      for (const lines of [...answer.parts.map(({ lines, rest }) => [...lines.map(({ sums }) => sums), ...(rest === null ? [] : [rest])]), answer.days.map(({ sums }) => sums)]) {
        for (const [name, total] of Object.entries(answer.totals)) expect(lines.reduce((sum, each) => sum + (each[name as SumName] ?? 0n), 0n)).toBe(total)
      }
      const asked = await engine.costQuery(scope, { ...query, groupBy: [], granularity: 'none', rowsMax: 1 })
      expect(valuesOf(measures, answer.totals)).toEqual(asked.totals)
      expect(answer.currency).toBe(asked.currency)
    }), { seed: seed + 4, numRuns: 40, endOnFailure: true })
  })

  it('agree on what a budget rule has used', async () => {
    await fc.assert(fc.asyncProperty(rule, instant, instant, fc.integer({ min: -1, max: 10 }), async (rule, a, b, block) => {
      const cut = block < 0 ? [] : [{ journalId, segment: 1, block }]
      const range = { fromMs: Math.min(a, b), toMs: Math.max(a, b) }
      expect(new Map(await engine.sumByTuple(rule, range, cut))).toEqual(new Map(await oracle.sumByTuple(rule, range, cut)))
    }), { seed, numRuns: 40, endOnFailure: true })
  })

  it('agree on pages of records', async () => {
    const match = fc.record({ team: word('', 'team_1'), run: word('r1'), kind: word('attempt'), user: word("u'2"), model: word('ü"\\') }, { requiredKeys: [] })
    await fc.assert(fc.asyncProperty(scope, match, instant, fc.integer({ min: 1, max: 40 }), async (scope, match, toMs, rowsMax) => {
      const filter = { range: { fromMs: from, toMs }, match }
      const read = async (store: EventStore): Promise<unknown> => {
        const first = await store.listRecords(scope, filter, null, rowsMax)
        const second = first.next === null ? null : await store.listRecords(scope, filter, first.next, rowsMax)
        return { first: first.rows, second: second?.rows }
      }
      expect(await read(engine)).toEqual(await read(oracle))
    }), { seed, numRuns: 30, endOnFailure: true })
  })
})
