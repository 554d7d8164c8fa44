import { describe, expect, it } from 'vitest'
import { costDimensions, costMeasures, type CostQuery } from './cost-query.ts'
import type { Sums } from './cost-sums.ts'
import { answerOf, chooseCurrency, planCost, type PlannedQuery, type QueryScope } from './query-plan.ts'

const hour = 3_600_000
const day = 24 * hour
const june = Date.UTC(2026, 5, 1)
const bounds = { rowsMax: 10_000, groupsMax: 6, rangeDaysMax: 800, valuesMax: 100 }
const org: QueryScope = { orgId: 'org_a', nodeIds: null }
const question = (overrides: Partial<CostQuery> = {}): CostQuery =>
  ({ measures: ['cost'], groupBy: [], filters: [], granularity: 'none', zone: 'UTC', fromMs: june, toMs: june + 30 * day, rowsMax: 100, ...overrides })
const sources = (plan: PlannedQuery): readonly string[] => [...plan.sql.matchAll(/FROM (usage_\w+)( FINAL)?/g)].map((match) => match[0].slice(5))
const sourcesOf = (overrides: Partial<CostQuery>): readonly string[] => sources(planCost(org, question(overrides), bounds).totals)

describe('the table a question is read from', () => {
  it.each<[string, Partial<CostQuery>, readonly string[]]>([
    ['whole UTC days', {}, ['usage_daily']],
    ['days in UTC', { granularity: 'day' }, ['usage_daily']],
    ['months in UTC', { granularity: 'month' }, ['usage_daily']],
    ['hours', { granularity: 'hour' }, ['usage_hourly']],
    ['days in a whole-hour zone', { granularity: 'day', zone: 'Europe/Berlin' }, ['usage_hourly']],
    ['weeks in a whole-hour zone', { granularity: 'week', zone: 'America/New_York' }, ['usage_hourly']],
    ['days in a half-hour zone', { granularity: 'day', zone: 'Asia/Kolkata' }, ['usage_record FINAL']],
    ['no buckets, whatever the zone', { zone: 'Asia/Kolkata' }, ['usage_daily']],
    ['ragged edges', { fromMs: june + 1, toMs: june + 3 * day + hour + 1 }, ['usage_record FINAL', 'usage_hourly', 'usage_daily', 'usage_hourly', 'usage_record FINAL']],
    ['part of an hour', { fromMs: june + 1, toMs: june + 2 }, ['usage_record FINAL']],
    ['a group by user', { groupBy: ['user'] }, ['usage_record FINAL']],
    ['a filter on a run', { filters: [{ dimension: 'run', op: 'in', values: ['r'] }] }, ['usage_record FINAL']],
  ])('%s', (_name, overrides, expected) => {
    expect(sourcesOf(overrides)).toEqual(expected)
  })

  it('reads nothing for an empty range, yet stays a statement', () => {
    const plan = planCost(org, question({ toMs: june, granularity: 'day', groupBy: ['session'] }), bounds)
    expect(sources(plan.totals)).toEqual(['usage_record FINAL'])
    expect(plan.rows('USD')!.sql).toContain('roundDown(second, [toInt64(0)])')
  })
})

describe('organisation and scope', () => {
  const everything = question({ groupBy: ['team', 'user'], fromMs: june + 1, toMs: june + 5 * day + 1, granularity: 'day' })
  const everySelect = (sql: string): number => sql.match(/FROM (usage_\w+|caller_name)/g)?.length ?? 0

  it('stands in every read of every statement', () => {
    for (const groupBy of [[], ['team', 'app', 'key', 'unit'], ['user']] as const) {
      const plan = planCost({ orgId: 'org_a', nodeIds: ['n1'] }, { ...everything, groupBy }, bounds)
      for (const statement of [plan.totals, plan.rows('USD')!]) {
        expect(statement.sql.match(/org_id = \{org:String\}/g)).toHaveLength(everySelect(statement.sql))
        expect(statement.params['org']).toBe('org_a')
        expect(statement.params['nodes']).toEqual(['n1'])
        const usageReads = statement.sql.match(/FROM usage_\w+/g)!.length
        expect(statement.sql.match(/hasAny\(node_path, \{nodes:Array\(String\)\}\)/g)).toHaveLength(usageReads)
      }
    }
  })
})

describe('injection', () => {
  const hostile = ["'; DROP TABLE usage_record; --", '{org:String}', '\\', "') OR 1=1 --", '`', '\u0000', '*/']

  it('leaves no trace of a value in the statement', () => {
    const calm = planCost({ orgId: 'o', nodeIds: ['n'] }, question({ groupBy: ['team'], filters: [{ dimension: 'model', op: 'not_in', values: ['m'] }] }), bounds)
    for (const text of hostile) {
      const plan = planCost({ orgId: text, nodeIds: [text] }, question({ groupBy: ['team'], filters: [{ dimension: 'model', op: 'not_in', values: [text] }] }), bounds)
      expect(plan.totals.sql).toBe(calm.totals.sql)
      expect(plan.rows(text)!.sql).toBe(calm.rows('USD')!.sql)
      expect(plan.rows(text)!.params).toEqual({ org: text, nodes: [text], f0: [text], currency: text })
    }
  })

  it.each<readonly [string, object]>([
    ['measure', { measures: ['cost) FROM system.users --'] }],
    ['inherited measure', { measures: ['constructor'] }],
    ['no measure', { measures: [] }],
    ['dimension', { groupBy: ['org_id'] }],
    ['inherited dimension', { groupBy: ['toString'] }],
    ['twice the same dimension', { groupBy: ['team', 'team'] }],
    ['too many dimensions', { groupBy: costDimensions.slice(0, 7) }],
    ['filter dimension', { filters: [{ dimension: '1=1 OR org_id', op: 'in', values: [] }] }],
    ['filter operator', { filters: [{ dimension: 'team', op: 'like', values: [] }] }],
    ['too many values', { filters: [{ dimension: 'team', op: 'in', values: Array.from({ length: 101 }, String) }] }],
    ['granularity', { granularity: 'day; DROP' }],
    ['zone', { zone: "UTC', now()) --" }],
    ['range', { fromMs: Number.NaN }],
    ['range as text', { fromMs: '0); DROP TABLE x' }],
    ['backward range', { fromMs: june, toMs: june - 1 }],
    ['a range before 1970', { fromMs: -1 }],
    ['a range after 2105', { fromMs: Date.UTC(2200, 0, 1), toMs: Date.UTC(2200, 0, 2) }],
    ['too long a range', { toMs: june + 801 * day }],
    ['rowsMax', { rowsMax: 1.5 }],
    ['rowsMax as text', { rowsMax: '1 UNION ALL SELECT' }],
    ['rowsMax past the bound', { rowsMax: 10_001 }],
  ])('refuses a malformed %s', (_name, overrides) => {
    expect(() => planCost(org, { ...question(), ...overrides } as CostQuery, bounds)).toThrowError(expect.objectContaining({ code: 'invalid' }))
  })

  it('refuses more buckets than rows can be answered', () => {
    expect(() => planCost(org, question({ granularity: 'hour', toMs: june + 700 * day }), bounds)).toThrowError(expect.objectContaining({ code: 'query_too_large' }))
  })
})

describe('the answer', () => {
  it('plans every measure and every dimension', () => {
    const plan = planCost(org, question({ measures: costMeasures, groupBy: ['model'] }), bounds)
    for (const dimension of costDimensions) expect(planCost(org, question({ groupBy: [dimension] }), bounds).rows('USD')!.columns).toContain(dimension)
    expect(new Set(plan.totals.columns).size).toBe(plan.totals.columns.length)
  })

  it('divides exactly and leaves out what cannot be computed', () => {
    const q = question({ measures: ['cost', 'list_cost', 'cost_per_call', 'latency_avg_ms', 'first_byte_avg_ms', 'tokens', 'uncertain_cost'] })
    const sums: Sums = { cost: 10n, cost_rows: 2n, calls: 3n, latency_ms: 10n, latency_rows: 3n, input_tokens: 5n, output_tokens: 6n }
    const answer = answerOf(q, new Map<string, Sums>([['USD', sums], ['EUR', { cost: 99n, cost_rows: 1n, calls: 1n }]]), chooseCurrency(undefined, ['EUR', 'USD']), null)
    expect(answer).toEqual({
      rows: [{ bucketMs: null, group: {}, values: answer.totals }], truncated: false, currency: 'USD', otherCurrencies: ['EUR'],
      totals: { cost: '0.00000000000001', list_cost: null, cost_per_call: '0.000000000000002', latency_avg_ms: 3.333, first_byte_avg_ms: null, tokens: 11, uncertain_cost: '0' },
    })
  })

  it('chooses the currency: the one asked for, the only one, dollars among several, else the first by name', () => {
    expect(chooseCurrency('JPY', ['EUR'])).toEqual({ currency: 'JPY', others: ['EUR'] })
    expect(chooseCurrency(undefined, ['EUR'])).toEqual({ currency: 'EUR', others: [] })
    expect(chooseCurrency(undefined, ['USD', 'EUR'])).toEqual({ currency: 'USD', others: ['EUR'] })
    expect(chooseCurrency(undefined, ['GBP', 'EUR'])).toEqual({ currency: 'EUR', others: ['GBP'] })
    expect(chooseCurrency(undefined, [])).toEqual({ currency: '', others: [] })
  })
})
