import { z } from 'zod'
import { usageComponents } from '../../core/usage/usage.ts'
import { anyRole, route } from './route.ts'
import { cursorQuery, idText, instantIn, instantInQuery, instantOut, moneyIn, nothing, pageOf, queryFlag, rangeInQuery } from './fields.ts'

const serviceModes = ['standard', 'batch', 'flex', 'priority', 'fast', 'provisioned'] as const
const tokens = z.int().min(0).max(1_000_000_000)
const priceConditions = z.strictObject({
  mode: z.enum(serviceModes).exactOptional().describe('Service as served. Absent = standard.'),
  geo: z.string().max(60).exactOptional().describe('Requested geography. Absent = any.'),
  context: z.strictObject({
    from: z.strictObject({ tokens: tokens.describe('Input tokens.'), comparator: z.enum(['gt', 'gte']).describe('Comparator.') }).exactOptional().describe('Lower edge.'),
    to: z.strictObject({ tokens: tokens.describe('Input tokens.'), comparator: z.enum(['lt', 'lte']).describe('Comparator.') }).exactOptional().describe('Upper edge.'),
    scope: z.enum(['cliff', 'marginal']).describe('cliff: the rate covers the whole request · marginal: only the part above.'),
  }).exactOptional().describe('Context tier by the sum of input tokens. Absent = any size.'),
  clock: z.array(z.strictObject({
    zone: z.string().max(64).describe('IANA zone.'),
    days: z.array(z.int().min(1).max(7)).max(7).describe('1 = Monday … 7 = Sunday.'),
    fromMinute: z.int().min(0).max(1_440).describe('Minutes after local midnight, inclusive.'),
    toMinute: z.int().min(0).max(1_440).describe('Minutes after local midnight, exclusive.'),
  })).max(20).exactOptional().describe('Times of day it applies. Absent = always; at most 20.'),
  variant: z.string().max(60).exactOptional().describe('Size, quality or resolution class. Absent = any.'),
})
export const priceEntry = z.object({
  id: z.string().describe('Entry id, as cost lines name it.'),
  book: z.enum(['list', 'contract', 'markup']).describe('list: the public price · contract: what you pay · markup: what you charge on.'),
  rank: z.number().describe('Higher beats lower: 0 bundled feed, 10 curated, 100 override.'),
  provider: z.string().describe('Provider in the price book.'),
  model: z.string().describe('Canonical model.'),
  component: z.enum(usageComponents).describe('What is counted.'),
  unit: z.string().describe('Unit of the component.'),
  per: z.number().describe('`amount` buys this many units.'),
  amount: z.string().describe('Exact decimal in `currency`.'),
  currency: z.string().describe('ISO 4217.'),
  validFrom: instantOut.nullable().describe('Applies to calls from this instant, Unix milliseconds UTC; null = always.'),
  validTo: instantOut.nullable().describe('Applies to calls before this instant; null = open.'),
  recordedAt: instantOut.describe('When we learned it, Unix milliseconds UTC.'),
  supersededAt: instantOut.nullable().describe('When a later entry replaced it; null = current.'),
  status: z.enum(['active', 'announced', 'cancelled', 'corrected']).describe('Life of the entry.'),
  source: z.string().describe('Where the figure comes from.'),
  conditions: z.object(priceConditions.shape).describe('When the entry applies; {} = standard service, any size.'),
  override: z.boolean().describe('True for an override of your organisation.'),
})
export const standardRates = z.array(z.object({
  component: z.enum(usageComponents).describe('What is counted.'),
  unit: z.string().describe('Unit of the component.'),
  per: z.number().describe('`amount` buys this many units.'),
  amount: z.string().describe('Exact decimal in `currency`.'),
  currency: z.string().describe('ISO 4217.'),
  entryId: z.string().describe('The entry.'),
  source: z.string().describe('Where the figure comes from.'),
})).describe('Standard rates now, without context tiers or other conditions.')
const modelPrices = z.object({
  provider: z.string().describe('Provider in the price book.'),
  model: z.string().describe('Canonical model.'),
  contextTokens: z.number().nullable().describe('Context size, tokens; null = unknown.'),
  outputTokensMax: z.number().nullable().describe('Largest output, tokens; null = unknown.'),
  overridden: z.boolean().describe('True when an override of your organisation applies.'),
  rates: standardRates,
  conditional: z.number().describe('How many further entries apply under conditions.'),
})
const unpricedModel = z.object({
  provider: z.string().describe('Provider.'),
  model: z.string().describe('Model as requested.'),
  pricedAs: z.string().describe('Name a price is looked up by: the served model, or the requested one where none was served. An override under it would apply.'),
  calls: z.number().describe('Calls in the range with some part unpriced.'),
  tokens: z.number().describe('Tokens of those calls.'),
  pricing: z.enum(['partial', 'unpriced']).describe('partial: some components have a price · unpriced: none has.'),
  firstSeenMs: instantOut.describe('Start of the UTC day of the first such call in the range.'),
  lastSeenMs: instantOut.describe('Start of the UTC day of the last such call in the range.'),
})
const createOverride = z.strictObject({
  provider: z.string().min(1).max(60).describe('Provider in the price book.'),
  model: z.string().min(1).max(200).describe('Canonical model.'),
  component: z.enum(usageComponents).describe('What is counted.'),
  per: z.int().min(1).max(1_000_000_000).default(1_000_000).describe('`amount` buys this many units. Default 1,000,000.'),
  amount: moneyIn.describe('Decimal ≥ 0, at most 15 places. "0" says it is free; leave the entry out to say it is unknown.'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'Send an ISO 4217 code such as "USD".').default('USD').describe('Default USD.'),
  validFrom: instantIn.exactOptional().describe('Unix milliseconds UTC. Default: now. History is not re-priced.'),
  validTo: instantIn.nullable().default(null).describe('Unix milliseconds UTC. Default null = open.'),
  conditions: priceConditions.prefault({}).describe('Default {} = standard service, any size.'),
  reason: z.string().trim().min(1, 'Say where the figure comes from.').max(300).describe('Where the figure comes from: contract, quote …; at most 300 characters.'),
})

const holders = ['admin', 'finance'] as const
const where = {
  provider: z.string().max(60).exactOptional().describe('Only this provider.'),
  model: z.string().max(200).exactOptional().describe('Only this canonical model.'),
}
export const priceRoutes = {
  listPrices: route({
    id: 'listPrices', method: 'GET', path: '/api/v1/prices', tag: 'prices', role: anyRole, summary: 'Price entries that apply now, or with a model its whole history.',
    query: z.strictObject({
      ...cursorQuery, ...where, atMs: instantInQuery.exactOptional().describe('Entries not ended before this instant. Default now, or startedFromMs.'),
      startedFromMs: instantInQuery.exactOptional().describe('Only entries that began to apply at or after this instant: prices that changed.'), startedToMs: instantInQuery.exactOptional().describe('Only entries that began to apply before this instant.'),
      history: queryFlag.default(false).describe('true (with provider and model) includes ended and superseded entries. Default false.'),
    }),
    response: pageOf(priceEntry),
  }),
  listModels: route({
    id: 'listModels', method: 'GET', path: '/api/v1/prices/models', tag: 'prices', role: anyRole, summary: 'Models with their standard rates now and their limits.',
    query: z.strictObject({ ...cursorQuery, ...where, search: z.string().max(100).exactOptional().describe('Part of the provider or model name.') }), response: pageOf(modelPrices),
  }),
  resolveModel: route({
    id: 'resolveModel', method: 'GET', path: '/api/v1/prices/resolve', tag: 'prices', role: anyRole, summary: 'Which model a name stands for, and its price entries.',
    query: z.strictObject({ provider: z.string().min(1).max(60).describe('Provider.'), model: z.string().min(1).max(200).describe('Name as a caller sends it.'), atMs: instantInQuery.exactOptional().describe('Instant of the call. Default now.') }),
    response: z.object({ provider: z.string().describe('Provider.'), name: z.string().describe('Name asked for.'), model: z.string().nullable().describe('Canonical model; null = unknown, calls would be unpriced.'), entries: z.array(priceEntry).describe('Entries of that model at the instant.') }),
  }),
  listUnpriced: route({
    id: 'listUnpriced', method: 'GET', path: '/api/v1/prices/unpriced', tag: 'prices', role: anyRole, summary: 'Models that were called and have no price, most called first.',
    query: z.strictObject({ fromMs: rangeInQuery.fromMs.exactOptional().describe('Start of the range. Default 30 days ago.'), toMs: rangeInQuery.toMs.exactOptional().describe('End of the range. Default now.') }),
    response: z.object({ rows: z.array(unpricedModel).describe('At most 500 models.') }),
  }),
  createOverride: route({ id: 'createOverride', method: 'POST', path: '/api/v1/prices/overrides', tag: 'prices', role: holders, at: 'org', summary: 'Sets your contract price of one component. It applies to calls from validFrom on.', status: 201, body: createOverride, response: priceEntry }),
  endOverride: route({ id: 'endOverride', method: 'DELETE', path: '/api/v1/prices/overrides/{id}', tag: 'prices', role: holders, at: 'org', summary: 'Ends an override; the list price applies from then on.', params: z.object({ id: idText.describe('Entry id.') }), query: z.strictObject({ atMs: instantInQuery.exactOptional().describe('When it ends. Default now.') }), status: 204, produces: 'none', response: nothing }),
}
