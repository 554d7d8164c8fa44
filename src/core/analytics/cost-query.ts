/**
 * A cost question as API, console and CLI put it. The planner turns it into SQL and adds organisation and scope.
 *
 * cost, list_cost: sums of what is priced in one currency, null where no row is · calls: rows marked as their call's one
 * record · attempts: rows of kind attempt · errors: attempts, cache hits and ingested rows with an error class ·
 * refusals: rows of kind refusal · tokens: input and output side together; input_tokens includes cache reads and
 * writes and embeddings, output_tokens includes reasoning · unpriced_calls: calls with a component that has no price ·
 * uncertain_cost: cost booked at its bound because nobody knows · cost_per_call: cost ÷ calls, half-even to 1e-15 ·
 * latency_avg_ms, first_byte_avg_ms: from acceptance, over attempts, cache hits and ingested rows that have the instant;
 * latency_ms ÷ latency_rows and first_byte_ms ÷ first_byte_rows are what they divide, so that averages of groups add up.
 */
export const costMeasures = [
  'cost', 'list_cost', 'calls', 'attempts', 'errors', 'refusals',
  'tokens', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'reasoning_tokens',
  'unpriced_calls', 'uncertain_cost', 'cost_per_call', 'latency_avg_ms', 'first_byte_avg_ms',
  'latency_ms', 'latency_rows', 'first_byte_ms', 'first_byte_rows',
] as const
export type CostMeasure = (typeof costMeasures)[number]

/** `model` is the served model, or the requested one where none was served; the others are the record's own members. */
export const costDimensions = [
  'unit', 'team', 'app', 'key', 'cost_centre', 'provider', 'model', 'requested_model', 'endpoint', 'tier',
  'kind', 'quality', 'pricing', 'error_class', 'agent', 'workflow', 'user', 'run', 'session',
] as const
export type CostDimension = (typeof costDimensions)[number]

export type Granularity = 'none' | 'hour' | 'day' | 'week' | 'month'

export interface CostFilter {
  readonly dimension: CostDimension
  readonly op: 'in' | 'not_in'
  /** '' selects calls where the dimension is missing (unallocated). */
  readonly values: readonly string[]
}

export interface CostQuery {
  readonly measures: readonly CostMeasure[]
  /** At most `queryGroupsMax`. unit, team, app and key group by id; the answer carries the latest name. */
  readonly groupBy: readonly CostDimension[]
  readonly filters: readonly CostFilter[]
  readonly granularity: Granularity
  /** IANA zone that buckets are cut in. */
  readonly zone: string
  /** Half-open range of `at`, ms UTC. */
  readonly fromMs: number
  readonly toMs: number
  /** At most `queryRowsMax`. Buckets ascend; inside a bucket the first measure descends. */
  readonly rowsMax: number
  /** Currency of the money measures. Left out: the only one in the range, or of several USD if it is among them, else the first by name. */
  readonly currency?: string
}

export interface CostRow {
  /** Start of the bucket, ms UTC; null when granularity is none. */
  readonly bucketMs: number | null
  readonly group: Readonly<Partial<Record<CostDimension, { readonly id: string; readonly name: string }>>>
  /** Money as decimal strings, counts as numbers, null where nothing could be computed. */
  readonly values: Readonly<Partial<Record<CostMeasure, string | number | null>>>
}
export interface CostAnswer {
  readonly rows: readonly CostRow[]
  /** Over the whole question, whatever `rowsMax` cut off. */
  readonly totals: Readonly<Partial<Record<CostMeasure, string | number | null>>>
  readonly truncated: boolean
  /** Of every money measure here; '' when nothing in the question is priced. */
  readonly currency: string
  /** Other currencies with cost in the range; their money is in no figure of this answer. */
  readonly otherCurrencies?: readonly string[]
}
