import { z } from 'zod'
import { limits } from '../../config/limits.ts'
import { costDimensions, costMeasures } from '../../core/analytics/cost-query.ts'
import { anyRole, route } from './route.ts'
import { instantOut, moneyOrNull, moneyOut, rangeIn, rangeOut, zoneText } from './fields.ts'
import { budgetWindow } from './budgets.ts'

const dimension = z.enum(costDimensions)
const measure = z.enum(costMeasures)

const costFilter = z.strictObject({
  dimension: dimension.describe('What is compared. unit, team, app and key by id.'),
  op: z.enum(['in', 'not_in']).default('in').describe('in | not_in. Default in.'),
  values: z.array(z.string().max(256)).min(1).max(200).describe("1–200 values; '' selects calls that lack the dimension (unallocated)."),
})
export const costQuery = z.strictObject({
  measures: z.array(measure).min(1).max(costMeasures.length).default(['cost', 'calls']).describe('What to compute. Default cost and calls.'),
  groupBy: z.array(dimension).max(limits.queryGroupsMax).default([]).describe(`At most ${limits.queryGroupsMax}. Default none.`),
  filters: z.array(costFilter).max(50).default([]).describe('Every one must hold. Default none, at most 50.'),
  granularity: z.enum(['none', 'hour', 'day', 'week', 'month']).default('none').describe('Buckets of time. Default none.'),
  zone: zoneText.default('UTC').describe('IANA zone buckets are cut in. Default UTC.'),
  ...rangeIn,
  rowsMax: z.int().min(1).max(limits.queryRowsMax).default(1_000).describe(`Rows at most. Default 1,000, at most ${limits.queryRowsMax}.`),
  currency: z.string().regex(/^[A-Z]{3}$/, 'Send an ISO 4217 code such as "USD".').exactOptional().describe('Currency of the money measures. Default: the only one in the range; of several USD if it is among them, else the first by name.'),
  compareTo: z.union([
    z.enum(['previous_period', 'previous_year']),
    z.strictObject({ ...rangeIn }),
  ], { error: 'Send "previous_period", "previous_year" or {"fromMs","toMs"}.' }).nullable().default(null).describe('Asks the same of another range. Default null = none.'),
})
const measured = z.union([z.string(), z.number(), z.null()])
/** Keys are members of `costMeasures`; money as decimal strings, counts as numbers. */
const measuredValues = z.partialRecord(measure, measured).describe('Money as exact decimal strings, counts as numbers, null where nothing could be computed.')
export const costRow = z.object({
  bucketMs: instantOut.nullable().describe('Start of the bucket, Unix milliseconds UTC; null when granularity is none.'),
  group: z.partialRecord(dimension, z.object({ id: z.string().describe("Value; '' = missing."), name: z.string().describe('Name for people.') })).describe('One entry per grouped dimension.'),
  values: measuredValues,
})
const costTable = z.object({
  range: rangeOut,
  rows: z.array(costRow).describe('At most rowsMax rows.'),
  totals: measuredValues.describe('Over the whole question, whatever rowsMax cut off.'),
  truncated: z.boolean().describe('True when rowsMax cut rows off.'),
})
export const costAnswer = costTable.extend({
  currency: z.string().describe("Of every money measure here, ISO 4217; '' when nothing is priced."),
  otherCurrencies: z.array(z.string()).describe('Other currencies with cost in the range; their money is in no figure here.'),
  compare: costTable.nullable().describe('The same question over the range of compareTo; null when not asked.'),
})

const ratio = z.number().nullable().describe('Share 0–1, for display; null when there is nothing to divide by.')
const mover = z.object({
  dimension: z.enum(['team', 'app', 'model']).describe('What moved.'),
  id: z.string().describe("Value; '' = missing."),
  name: z.string().describe('Name for people.'),
  current: moneyOut.describe('Cost in the period so far.'),
  previous: moneyOut.describe('Cost in the comparable part of the period before.'),
  delta: moneyOut.describe('current − previous.'),
})
const riskyBudget = budgetWindow.extend({
  ruleId: z.string().describe('Budget id.'),
  name: z.string().describe('Budget name.'),
  measure: z.string().describe('What is counted.'),
  currency: z.string().describe("Currency; '' for counts."),
  hard: z.boolean().describe('True: calls are refused at the limit.'),
  projectedRatio: z.number().nullable().describe('Used share at the end of the window if use goes on at its average so far, for display.'),
})
export const overview = z.object({
  asOfMs: instantOut.describe('When this was computed, Unix milliseconds UTC.'),
  currency: z.string().describe('ISO 4217.'),
  zone: z.string().describe('IANA zone that days and the month are cut in.'),
  period: rangeOut.describe('Month to date.'),
  previous: rangeOut.describe('The same length of the month before.'),
  monthEndMs: instantOut.describe('End of the month, Unix milliseconds UTC.'),
  spend: z.object({
    current: moneyOrNull.describe('Cost month to date, contract price.'),
    previous: moneyOrNull.describe('Cost of the comparable previous range.'),
    list: moneyOrNull.describe('Cost month to date at list price.'),
    changeRatio: ratio.describe('current ÷ previous − 1, for display; null without a previous cost.'),
  }),
  calls: z.object({ current: z.number().describe('Calls month to date.'), previous: z.number().describe('Calls of the comparable range.') }),
  tokens: z.object({ current: z.number().describe('Tokens month to date.'), previous: z.number().describe('Tokens of the comparable range.') }),
  series: z.array(z.object({
    dayMs: instantOut.describe('Start of the day, Unix milliseconds UTC.'),
    cost: moneyOrNull.describe('Cost of the day.'),
    calls: z.number().describe('Calls of the day.'),
    previousCost: moneyOrNull.describe('Cost of the same day of the month before.'),
    complete: z.boolean().describe('False for the day still running.'),
  })).describe('One row per day of the month so far.'),
  forecast: z.object({
    landing: moneyOrNull.describe('Cost at month end; null with less than one full day.'),
    low: moneyOrNull.describe('Lower edge of the band.'),
    high: moneyOrNull.describe('Upper edge of the band.'),
    method: z.string().describe('How it was computed, stable word.'),
    label: z.string().describe('How it was computed, in words.'),
    basisDays: z.number().describe('Full days it rests on.'),
  }),
  movers: z.array(mover).describe('Largest changes against the previous range, at most 5 per dimension.'),
  top: z.array(z.object({
    dimension: z.enum(['team', 'app', 'model']).describe('What is ranked.'),
    id: z.string().describe("Value; '' = missing."),
    name: z.string().describe('Name for people.'),
    cost: moneyOut.describe('Cost month to date.'),
    calls: z.number().describe('Calls month to date.'),
  })).describe('Largest costs month to date, at most 5 per dimension.'),
  otherCurrencies: z.array(z.string()).describe('Other currencies with cost month to date; their money is in no figure here.'),
  shares: z.object({
    unpriced: z.object({ calls: z.number().describe('Calls with some part unpriced.'), ratio: ratio.describe('Of all calls.') }),
    unallocated: z.object({ cost: moneyOut.describe("Cost without a cost centre."), ratio: ratio.describe('Of all cost.') }),
    uncertain: z.object({ cost: moneyOut.describe('Cost booked at its bound because the outcome is not known.'), ratio: ratio.describe('Of all cost.') }),
  }),
  budgetsAtRisk: z.array(riskyBudget).describe('Windows used beyond 80 %, or on the way past their limit, worst first, at most 10.'),
})

export const queryRoutes = {
  query: route({ id: 'query', method: 'POST', path: '/api/v1/query', tag: 'analytics', role: anyRole, summary: 'Answers a cost question within your grants; reads only.', body: costQuery, response: costAnswer }),
  exportQuery: route({
    id: 'exportQuery', method: 'POST', path: '/api/v1/query/export', tag: 'analytics', role: anyRole, summary: 'The same question as a file, with a totals row; formula prefixes in text are escaped.',
    query: z.strictObject({ format: z.enum(['csv', 'json']).default('csv').describe('csv | json. Default csv.') }), body: costQuery, produces: 'export', response: z.string(),
  }),
  getOverview: route({
    id: 'getOverview', method: 'GET', path: '/api/v1/overview', tag: 'analytics', role: anyRole, summary: 'Everything the Overview page shows, in one answer.',
    query: z.strictObject({ zone: zoneText.default('UTC').describe('IANA zone that days and the month are cut in. Default UTC.') }), response: overview,
  }),
}
