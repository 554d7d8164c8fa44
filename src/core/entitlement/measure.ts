import type { UsageRecord } from '../usage/usage-record.ts'
import { inputTokens, outputTokens } from '../usage/usage.ts'
import type { Measure } from './rule.ts'

/**
 * What a record adds to a budget, in the measure's whole units; may be negative for adjustments.
 * Unpriced usage adds nothing to a cost measure; it is listed as unpriced instead.
 */
export function quantityOf(measure: Measure, usageRecord: UsageRecord): bigint {
  if (usageRecord.kind === 'refusal') return 0n
  switch (measure) {
    case 'cost': return usageRecord.cost ?? 0n
    case 'requests': return usageRecord.isCall ? 1n : 0n
    case 'tokens': return BigInt(inputTokens(usageRecord.usage) + outputTokens(usageRecord.usage))
    case 'input_tokens': return BigInt(inputTokens(usageRecord.usage))
    case 'output_tokens': return BigInt(outputTokens(usageRecord.usage))
  }
}
