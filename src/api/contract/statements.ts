import { z } from 'zod'
import { limits } from '../../config/limits.ts'
import { anyRole, route } from './route.ts'
import { idText, instantOut, moneyOrNull, moneyOut, rangeOut, zoneText } from './fields.ts'

const figures = z.object({
  calls: z.number().describe('Calls.'),
  refusals: z.number().describe('Calls refused before they left.'),
  tokens: z.number().describe('Tokens in and out.'),
  inputTokens: z.number().describe('Tokens in, cache reads and writes included.'),
  outputTokens: z.number().describe('Tokens out, reasoning included.'),
  listCost: moneyOrNull.describe('What it would have cost at list price; null where no list price is known.'),
  cost: moneyOrNull.describe('Cost at contract price; null where nothing could be priced (unknown, not zero).'),
  saving: moneyOrNull.describe('listCost − cost; null where either is.'),
  withoutListPrice: z.number().describe('Records with a contract price and no list price; they are in cost and not in listCost.'),
  unpricedCalls: z.number().describe('Calls with some part that has no price; what that part costs is in no figure.'),
  uncertainCost: moneyOut.describe('Part of cost that was booked at its bound because the outcome is not known.'),
})
const line = figures.extend({
  id: z.string().describe("Value; '' = missing."),
  name: z.string().describe("Name for people; '' = missing."),
})
const table = z.object({
  lines: z.array(line).describe(`Dearest first, at most ${limits.statementLinesMax}.`),
  rest: figures.nullable().describe('What lies beyond the lines; null when they are all there is. Lines and rest add up to totals.'),
})
export const statement = z.object({
  organisation: z.object({ id: z.string().describe('Organisation id.'), name: z.string().describe('Organisation name.') }),
  node: z.object({
    id: z.string().describe('Node id.'),
    kind: z.enum(['org', 'unit', 'team', 'app']).describe('org | unit | team | app.'),
    name: z.string().describe('Its name now.'),
    path: z.array(z.object({ id: z.string().describe('Node id.'), kind: z.enum(['org', 'unit', 'team', 'app']).describe('Kind.'), name: z.string().describe('Name.') })).describe('From the organisation down to the node.'),
    costCentre: z.string().describe("Cost centre of the node or of the nearest above; '' = none."),
  }),
  month: z.string().describe('YYYY-MM.'),
  zone: z.string().describe('IANA zone that the month and its days are cut in.'),
  period: rangeOut.describe('The whole month.'),
  range: rangeOut.describe('What is counted: the whole month, or the part of it until asOfMs.'),
  state: z.enum(['running', 'ended']).describe('running: the month goes on · ended: it is over; late facts and corrections may still arrive.'),
  asOfMs: instantOut.describe('When this was computed, Unix milliseconds UTC.'),
  currency: z.string().describe("Of every amount here, ISO 4217; '' when nothing is priced."),
  otherCurrencies: z.array(z.string()).describe('Other currencies with cost in the month; their money is in no figure here.'),
  totals: figures,
  previous: z.object({
    range: rangeOut.describe('The month before; while a month runs, its same days.'),
    totals: figures,
    changeRatio: z.number().nullable().describe('cost ÷ previous cost − 1, for display; null without a previous cost.'),
  }),
  units: table.describe('By business unit at the time of the call.'),
  teams: table.describe('By team at the time of the call.'),
  apps: table.describe('By app.'),
  workflows: table.describe('By workflow, as callers named it.'),
  models: table.describe('By model that answered.'),
  costCentres: table.describe('By cost centre at the time of the call.'),
  days: z.array(z.object({
    dayMs: instantOut.describe('Start of the day, Unix milliseconds UTC.'),
    cost: moneyOrNull.describe('Cost of the day; "0" without calls.'),
    calls: z.number().describe('Calls of the day.'),
    complete: z.boolean().describe('False for the day still running.'),
  })).describe('Every day of the range, first to last.'),
  unpriced: z.array(z.object({
    provider: z.string().describe('Provider.'),
    model: z.string().describe('Model as requested.'),
    pricing: z.enum(['partial', 'unpriced']).describe('partial: some components have a price · unpriced: none has.'),
    calls: z.number().describe('Calls.'),
    tokens: z.number().describe('Their tokens.'),
  })).describe('What has no price, most called first, at most 100.'),
})

const question = {
  node: idText.describe('Id of the organisation, a unit, a team or an app.'),
  month: z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'Send a month such as "2026-11".').exactOptional().describe('YYYY-MM. Default: the month that runs.'),
  zone: zoneText.default('UTC').describe('IANA zone that the month and its days are cut in. Default UTC.'),
}
export const statementRoutes = {
  getStatement: route({
    id: 'getStatement', method: 'GET', path: '/api/v1/statements', tag: 'analytics', role: anyRole,
    summary: "One node's month: what it used, by app, workflow and model, at list and at contract price. All figures come from one reading and add up.",
    query: z.strictObject(question), response: statement,
  }),
  exportStatement: route({
    id: 'exportStatement', method: 'GET', path: '/api/v1/statements/export', tag: 'analytics', role: anyRole,
    summary: 'The same month as a file with FOCUS column names: one row per team, app, cost centre, workflow, provider and model, and a row of totals.',
    query: z.strictObject({ ...question, format: z.enum(['csv', 'json']).default('csv').describe('csv | json. Default csv.') }), produces: 'export', response: z.string(),
  }),
}
