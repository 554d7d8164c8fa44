import { amountOf, formatAmount } from '../base/money.ts'
import { valuesOf, type Sums } from '../core/analytics/cost-sums.ts'

/** What a statement says of every line; the first orders them. */
export const statementMeasures = ['cost', 'list_cost', 'calls', 'refusals', 'tokens', 'input_tokens', 'output_tokens', 'unpriced_calls', 'uncertain_cost'] as const

/** Counts as numbers and money as exact decimals, from the sums of one line. */
export function figuresOf(sums: Sums) {
  const values = valuesOf(statementMeasures, sums)
  const listCost = typeof values.list_cost === 'string' ? values.list_cost : null
  const cost = typeof values.cost === 'string' ? values.cost : null
  return {
    calls: Number(values.calls), refusals: Number(values.refusals),
    tokens: Number(values.tokens), inputTokens: Number(values.input_tokens), outputTokens: Number(values.output_tokens),
    listCost, cost, saving: listCost === null || cost === null ? null : formatAmount(amountOf(listCost) - amountOf(cost)),
    withoutListPrice: Number((sums.cost_rows ?? 0n) - (sums.list_cost_rows ?? 0n)),
    unpricedCalls: Number(values.unpriced_calls), uncertainCost: String(values.uncertain_cost),
  }
}
