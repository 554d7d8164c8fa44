import { z } from 'zod'
import { pricingStates, qualities, recordKinds } from '../../core/usage/usage-record.ts'
import { usageComponents } from '../../core/usage/usage.ts'
import { anyRole, route } from './route.ts'
import { cursorQuery, idText, instantInQuery, instantOut, moneyOrNull, moneyOut, pageOf } from './fields.ts'
import { budgetWindow } from './budgets.ts'
import { priceEntry } from './prices.ts'

const word = z.string()
const caller = z.object({
  unitId: word.describe('Top business unit.'), unitName: word.describe('Its name at the time.'),
  teamId: word.describe('Team.'), teamName: word.describe('Its name at the time.'),
  appId: word.describe('App.'), appName: word.describe('Its name at the time.'),
  keyId: word.describe('Key.'), keyName: word.describe('Its name at the time.'),
  costCentre: word.describe("Cost centre at the time; '' = none."),
})
const attribution = z.object({
  user: word.describe('End user.'), agent: word.describe('Agent.'), workflow: word.describe('Workflow.'), run: word.describe('Run.'),
  parentRun: word.describe('Run that started this one.'), step: word.describe('Step.'), session: word.describe('Session.'),
  tags: z.record(z.string(), z.string()).describe('Free tags.'),
  rule: word.describe('Which source won per field.'),
})
/** A row of the records list and of the live tail. */
export const recordSummary = z.object({
  eventId: word.describe('Record id (UUIDv7).'),
  callId: word.describe('The same for every attempt of one call.'),
  kind: z.enum(recordKinds).describe('What the record is.'),
  isCall: z.boolean().describe('True on exactly one record of a call.'),
  at: instantOut.describe('Reserve instant: selects price, window and period. Unix milliseconds UTC.'),
  caller, attribution,
  provider: word.describe('Provider.'),
  requestedModel: word.describe('Model asked for.'),
  servedModel: word.describe('Model that answered.'),
  endpoint: word.describe('Endpoint.'),
  stream: z.boolean().describe('Streamed answer.'),
  quality: z.enum(qualities).describe('How far the counters can be trusted.'),
  pricing: z.enum(pricingStates).describe('Whether every counter has a price.'),
  usage: z.partialRecord(z.enum(usageComponents), z.number()).describe('Disjoint counters; a missing one is absent, not zero.'),
  cost: moneyOrNull.describe('Contract cost; null where nothing could be priced.'),
  listCost: moneyOrNull.describe('List cost; null where nothing could be priced.'),
  currency: word.describe('ISO 4217.'),
  status: z.number().describe('HTTP status the client got.'),
  errorClass: word.describe("'' for success."),
  errorCode: word.describe('Public error code of a refusal.'),
  latencyMs: z.number().nullable().describe('From acceptance to the last byte, milliseconds; null when unknown.'),
  firstByteMs: z.number().nullable().describe('From acceptance to the first byte, milliseconds; null when none arrived.'),
})
const costLine = z.object({
  component: z.enum(usageComponents).describe('What was counted.'),
  quantity: z.number().describe('Units, signed.'),
  unit: word.describe('Unit of the component.'),
  rate: z.string().nullable().describe('Price of `per` units, decimal; null where unpriced.'),
  per: z.number().describe('Units that `rate` buys.'),
  amount: moneyOrNull.describe('quantity × rate ÷ per, rounded once to 15 places, half-even; null where unpriced.'),
  listAmount: moneyOrNull.describe('List amount of the same quantity; null where unpriced.'),
  entryId: z.string().nullable().describe('Price entry that was applied.'),
  listEntryId: z.string().nullable().describe('List price entry.'),
})
export const usageRecord = recordSummary.extend({
  corrects: word.describe("For adjustments: the record this corrects; '' otherwise."),
  occurredAt: instantOut.describe('When the gateway accepted the call.'),
  firstByteAt: instantOut.describe('0 when no byte arrived.'),
  endAt: instantOut.describe('When the call ended.'),
  recordedAt: instantOut.describe('When the control plane stored it.'),
  batchId: word.describe('Journal block that brought it.'),
  route: word.describe('Route of the gateway.'), host: word.describe('Upstream host.'), region: word.describe('Region.'), tier: word.describe('Service tier as the provider said.'),
  attempt: z.number().describe('Attempt number from 1.'),
  fallbackOf: word.describe("Attempt this one replaces; '' otherwise."),
  upstreamRequestId: word.describe("The provider's request id."),
  lines: z.array(costLine).describe('How the cost came about.'),
  statedCost: word.describe("Cost the provider itself stated, decimal; '' when it did not."),
  bound: moneyOrNull.describe('Proven upper bound that was held; null when no hard budget asked.'),
  priceVersion: word.describe('Price book version.'),
  upstreamStatus: z.number().describe('HTTP status of the provider; 0 = none.'),
  requestBytes: z.number().describe('Request body, bytes.'), responseBytes: z.number().describe('Answer body, bytes.'),
  rawUsage: word.describe("Usage object as the provider sent it, JSON; '' when none. Never prompt or completion text."),
  unknownUsageKeys: word.describe('Usage keys this version does not know, comma-separated.'),
  notices: z.array(word).describe('Facts worth a flag.'),
})
const explainedLine = costLine.extend({
  entry: priceEntry.nullable().describe('The price entry with its source and validity; null where unpriced.'),
  listEntry: priceEntry.nullable().describe('The list entry; null where unpriced.'),
  formula: word.describe('The arithmetic in words: "1200 × 3 ÷ 1000000 = 0.0036".'),
  agrees: z.boolean().nullable().describe('True when recomputing gives the stored amount to the last digit; null where unpriced.'),
})
export const explanation = z.object({
  record: usageRecord,
  lines: z.array(explainedLine).describe('Every cost line with its price.'),
  cost: moneyOrNull.describe('Stored cost.'),
  sum: moneyOut.describe('Sum of the priced lines.'),
  agrees: z.boolean().describe('True when stored cost and sum of lines are equal.'),
  unpriced: z.array(z.enum(usageComponents)).describe('Components without a price.'),
  discount: moneyOrNull.describe('List cost − cost; null where either is unknown.'),
  budgets: z.array(budgetWindow.extend({
    ruleId: word.describe('Budget id.'), name: word.describe('Budget name.'), measure: word.describe('What it counts.'), currency: word.describe("Currency; '' for counts."), hard: z.boolean().describe('Enforced.'),
    counted: word.describe('What this record added, in the unit of the budget.'),
  })).describe('Windows this record counted in; empty state fields are as of now.'),
  siblings: z.array(recordSummary).describe('Other records of the same call: attempts, adjustments.'),
  sentences: z.array(word).describe('The same for people, one sentence per fact.'),
})

const match = {
  kind: z.enum(recordKinds).exactOptional().describe('Only this kind.'),
  unit: idText.exactOptional().describe('Business unit id.'), team: idText.exactOptional().describe('Team id.'), app: idText.exactOptional().describe('App id.'), key: idText.exactOptional().describe('Key id.'),
  provider: idText.exactOptional().describe('Provider.'), model: idText.exactOptional().describe('Model.'), endpoint: idText.exactOptional().describe('Endpoint.'),
  quality: z.enum(qualities).exactOptional().describe('Quality.'), pricing: z.enum([...pricingStates, 'incomplete']).exactOptional().describe('Pricing state; incomplete = unpriced or partial.'),
  user: z.string().max(256).exactOptional().describe('End user.'), agent: z.string().max(256).exactOptional().describe('Agent.'), workflow: z.string().max(256).exactOptional().describe('Workflow.'),
  run: z.string().max(256).exactOptional().describe('Run.'), session: z.string().max(256).exactOptional().describe('Session.'),
  cost_centre: z.string().max(60).exactOptional().describe("Cost centre at the time; '' = calls without one."),
  error_class: z.string().max(60).exactOptional().describe("Error class; '' = success."), call: idText.exactOptional().describe('Call id.'),
}
const recordQuery = {
  ...match,
  fromMs: instantInQuery.exactOptional().describe('Start, inclusive, Unix milliseconds UTC. Default 24 hours before the end.'),
  toMs: instantInQuery.exactOptional().describe('End, exclusive, Unix milliseconds UTC. Default now.'),
}
const recordOrder = z.enum(['at', 'cost']).default('at').describe('at = newest first; cost = dearest first, records without a cost last. A cursor belongs to one order. Default at.')
const eventParams = z.object({ eventId: z.uuid('Send the event id (a UUID).').describe('Record id, as x-tollgate-event-id says.') })

export const recordRoutes = {
  listRecords: route({ id: 'listRecords', method: 'GET', path: '/api/v1/records', tag: 'records', role: anyRole, summary: 'Usage records within your grants, newest or dearest first.', query: z.strictObject({ ...cursorQuery, ...recordQuery, order: recordOrder }), response: pageOf(recordSummary) }),
  exportRecords: route({
    id: 'exportRecords', method: 'GET', path: '/api/v1/records/export', tag: 'records', role: anyRole, summary: 'Usage records as a file, at most 10,000 rows; formula prefixes in text are escaped.',
    query: z.strictObject({ ...recordQuery, format: z.enum(['csv', 'json']).default('csv').describe('csv | json. Default csv.') }), produces: 'export', response: z.string(),
  }),
  streamRecords: route({
    id: 'streamRecords', method: 'GET', path: '/api/v1/records/stream', tag: 'records', role: anyRole, summary: 'Server-sent events: `record` with a record summary as it arrives, `dropped` with a count when the reader is too slow.',
    query: z.strictObject({ kind: match.kind, team: match.team, app: match.app, key: match.key, model: match.model }), produces: 'event-stream', response: recordSummary,
  }),
  getRecord: route({ id: 'getRecord', method: 'GET', path: '/api/v1/records/{eventId}', tag: 'records', role: anyRole, summary: 'One usage record, whole.', params: eventParams, response: usageRecord }),
  explainRecord: route({ id: 'explainRecord', method: 'GET', path: '/api/v1/records/{eventId}/explain', tag: 'records', role: anyRole, summary: 'Why a call cost what it cost: lines, prices, budgets, siblings.', params: eventParams, response: explanation }),
}
