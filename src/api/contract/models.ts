import { z } from 'zod'
import { moneyOrNull, rangeInQuery, rangeOut, instantOut } from './fields.ts'
import { standardRates } from './prices.ts'
import { anyRole, route } from './route.ts'

const usedModel = z.object({
  provider: z.string().describe('Provider in the price book.'),
  model: z.string().describe('Model in the price book that the names stand for; the name itself where they stand for none.'),
  known: z.boolean().describe('True when the price book knows the model.'),
  names: z.array(z.string()).describe('Names it was served under, most called first, at most 10.'),
  calls: z.number().describe('Calls.'),
  tokens: z.number().describe('Input and output tokens.'),
  cost: moneyOrNull.describe('Cost at contract price.'),
  listCost: moneyOrNull.describe('Cost at list price.'),
  costPerCall: moneyOrNull.describe('cost ÷ calls without an unpriced part; null where there are none.'),
  unpricedCalls: z.number().describe('Calls with a part that has no price.'),
  firstSeenMs: instantOut.describe('Start of the day of its first call in the range.'),
  lastSeenMs: instantOut.describe('Start of the day of its last call in the range.'),
  rates: standardRates,
  overridden: z.boolean().describe('True when an override of your organisation applies now.'),
  days: z.array(z.object({ dayMs: instantOut.describe('Start of the day.'), calls: z.number().describe('Calls of the day.') })).describe('Days with calls, oldest first.'),
})

export const modelRoutes = {
  listUsedModels: route({
    id: 'listUsedModels', method: 'GET', path: '/api/v1/models', tag: 'prices', role: anyRole, summary: 'Models that were called within your grants, with use, cost and whether they are priced; dearest first.',
    query: z.strictObject({ fromMs: rangeInQuery.fromMs.exactOptional().describe('Start of the range. Default 30 days ago.'), toMs: rangeInQuery.toMs.exactOptional().describe('End of the range. Default now.') }),
    response: z.object({
      range: rangeOut,
      currency: z.string().describe("Of the costs, ISO 4217; '' when nothing is priced."),
      otherCurrencies: z.array(z.string()).describe('Other currencies with cost in the range; their money is in no figure here.'),
      rows: z.array(usedModel).describe('At most 500 models.'),
      truncated: z.boolean().describe('True when there was more than could be read.'),
    }),
  }),
}
