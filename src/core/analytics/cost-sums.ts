import { amountOf, divideHalfEven, formatAmount } from '../../base/money.ts'
import type { CostMeasure } from './cost-query.ts'

/** What rollups store: additive figures. Every measure is one of them or a ratio of two. */
export const sumNames = [
  'calls', 'attempts', 'errors', 'refusals', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens',
  'reasoning_tokens', 'cost', 'cost_rows', 'list_cost', 'list_cost_rows', 'uncertain_cost', 'unpriced_calls',
  'latency_ms', 'latency_rows', 'first_byte_ms', 'first_byte_rows',
] as const
export type SumName = (typeof sumNames)[number]

/** Sums that belong to one currency and are counted only in the currency asked for. */
export const moneySums: ReadonlySet<SumName> = new Set(['cost', 'cost_rows', 'list_cost', 'list_cost_rows', 'uncertain_cost'])

/** The sums a measure is computed from. */
export const sumsOf: Readonly<Record<CostMeasure, readonly SumName[]>> = {
  cost: ['cost', 'cost_rows'],
  list_cost: ['list_cost', 'list_cost_rows'],
  calls: ['calls'],
  attempts: ['attempts'],
  errors: ['errors'],
  refusals: ['refusals'],
  tokens: ['input_tokens', 'output_tokens'],
  input_tokens: ['input_tokens'],
  output_tokens: ['output_tokens'],
  cache_read_tokens: ['cache_read_tokens'],
  cache_write_tokens: ['cache_write_tokens'],
  reasoning_tokens: ['reasoning_tokens'],
  unpriced_calls: ['unpriced_calls'],
  uncertain_cost: ['uncertain_cost'],
  cost_per_call: ['cost', 'cost_rows', 'calls'],
  latency_avg_ms: ['latency_ms', 'latency_rows'],
  first_byte_avg_ms: ['first_byte_ms', 'first_byte_rows'],
  latency_ms: ['latency_ms'],
  latency_rows: ['latency_rows'],
  first_byte_ms: ['first_byte_ms'],
  first_byte_rows: ['first_byte_rows'],
}

/** Answers are ordered by this sum of the first measure; averages by the number of rows behind them. */
export const orderSumsOf = (measure: CostMeasure): readonly SumName[] => {
  switch (measure) {
    case 'tokens': return ['input_tokens', 'output_tokens']
    case 'cost_per_call': return ['cost']
    case 'latency_avg_ms': return ['latency_rows']
    case 'first_byte_avg_ms': return ['first_byte_rows']
    default: return [measure]
  }
}

/** Exact sums: money in whole 1e-15, counts and milliseconds in whole units. Missing members count as 0. */
export type Sums = Readonly<Partial<Record<SumName, bigint>>>

const moneyColumns: ReadonlySet<SumName> = new Set(['cost', 'list_cost', 'uncertain_cost'])
/** Reads a sum as the engine writes it: a decimal for money, an integer for the rest. */
export const readSum = (name: SumName, text: string): bigint => (moneyColumns.has(name) ? amountOf(text) : BigInt(text))

/** The measures' values in the answer's form: money as decimal strings, counts as numbers, null where nothing is known. */
export function valuesOf(measures: readonly CostMeasure[], sums: Sums): Partial<Record<CostMeasure, string | number | null>> {
  const values: Partial<Record<CostMeasure, string | number | null>> = {}
  for (const measure of measures) values[measure] = valueOf(measure, sums)
  return values
}

function valueOf(measure: CostMeasure, sums: Sums): string | number | null {
  const sum = (name: SumName): bigint => sums[name] ?? 0n
  switch (measure) {
    case 'cost': return sum('cost_rows') === 0n ? null : formatAmount(sum('cost'))
    case 'list_cost': return sum('list_cost_rows') === 0n ? null : formatAmount(sum('list_cost'))
    case 'uncertain_cost': return formatAmount(sum('uncertain_cost'))
    case 'cost_per_call':
      return sum('cost_rows') === 0n || sum('calls') <= 0n ? null : formatAmount(divideHalfEven(sum('cost'), sum('calls')))
    case 'latency_avg_ms': return average(sum('latency_ms'), sum('latency_rows'))
    case 'first_byte_avg_ms': return average(sum('first_byte_ms'), sum('first_byte_rows'))
    case 'tokens': return Number(sum('input_tokens') + sum('output_tokens'))
    default: return Number(sum(measure))
  }
}

/** Milliseconds to three places; for display. */
function average(total: bigint, count: bigint): number | null {
  return count <= 0n ? null : Math.round((Number(total) * 1_000) / Number(count)) / 1_000
}
