import type { CostQueryInput } from '../../../../src/api/contract/contract.ts'
import { divideHalfEven, writeDecimal } from '../../format/decimal.ts'
import type { FigureKind } from '../../format/figure.ts'

export type Measure = NonNullable<CostQueryInput['measures']>[number]
export type Dimension = NonNullable<CostQueryInput['groupBy']>[number]

/** Exact figures of one group in one bucket, in whole 1e-15 units; null where nobody knows. Only what adds up is kept. */
export type Cell = ReadonlyMap<Measure, bigint | null>

/** One level of a row's place: which dimension, which value, and its name for people. */
export interface Step { readonly dimension: Dimension; readonly id: string; readonly name: string }

interface MeasureFacts {
  readonly name: string
  readonly kind: FigureKind['kind']
  /** What it is computed from: itself where groups of it add up, two sums where it is a ratio. */
  readonly parts: readonly [Measure] | readonly [Measure, Measure]
  /** Decimals that a ratio is rounded to, half-even, as the API does. */
  readonly places?: number
}

const adds = (measure: Measure, name: string, kind: FigureKind['kind'] = 'count'): MeasureFacts => ({ name, kind, parts: [measure] })

/** What Explore can show, in the order it offers. */
export const measures = {
  cost: adds('cost', 'Cost', 'money'),
  list_cost: adds('list_cost', 'List cost', 'money'),
  calls: adds('calls', 'Calls'),
  cost_per_call: { name: 'Cost per call', kind: 'money', parts: ['cost', 'calls'] },
  tokens: adds('tokens', 'Tokens'),
  input_tokens: adds('input_tokens', 'Input tokens'),
  output_tokens: adds('output_tokens', 'Output tokens'),
  cache_read_tokens: adds('cache_read_tokens', 'Cache reads'),
  cache_write_tokens: adds('cache_write_tokens', 'Cache writes'),
  reasoning_tokens: adds('reasoning_tokens', 'Reasoning tokens'),
  latency_avg_ms: { name: 'Latency', kind: 'duration', parts: ['latency_ms', 'latency_rows'], places: 3 },
  first_byte_avg_ms: { name: 'Time to first byte', kind: 'duration', parts: ['first_byte_ms', 'first_byte_rows'], places: 3 },
  attempts: adds('attempts', 'Attempts'),
  errors: adds('errors', 'Errors'),
  refusals: adds('refusals', 'Refusals'),
  unpriced_calls: adds('unpriced_calls', 'Unpriced calls'),
  uncertain_cost: adds('uncertain_cost', 'Uncertain cost', 'money'),
} as const satisfies Partial<Record<Measure, MeasureFacts>>

export type ExploreMeasure = keyof typeof measures
export const measureIds = Object.keys(measures) as readonly ExploreMeasure[]
const factsOf = (measure: ExploreMeasure): MeasureFacts => measures[measure]

export const partsOf = (measure: ExploreMeasure): readonly Measure[] => factsOf(measure).parts
/** True where the groups of a bucket add up to the bucket, so that a stack is honest. */
export const addsUp = (measure: ExploreMeasure): boolean => factsOf(measure).parts.length === 1

export function figureOf(measure: ExploreMeasure, currency: string): FigureKind {
  const { kind } = factsOf(measure)
  return kind === 'money' ? { kind, currency } : { kind }
}

/** A measure's figure for a cell, in whole 1e-15 units: the one place where ratios are made. */
export function amountIn(cell: Cell, measure: ExploreMeasure): bigint | null {
  const { parts: [part, whole], places } = factsOf(measure)
  const amount = cell.get(part) ?? null
  if (whole === undefined || amount === null) return amount
  const divisor = cell.get(whole) ?? 0n
  return divisor <= 0n ? null : divideHalfEven(amount, divisor, places)
}

/** The same as an exact decimal. */
export function valueIn(cell: Cell | null, measure: ExploreMeasure): string | null {
  const amount = cell === null ? null : amountIn(cell, measure)
  return amount === null ? null : writeDecimal(amount)
}

/** How much stands behind a figure: itself, or what a ratio divides by. Ratios of next to nothing should not lead a chart. */
export const weightIn = (cell: Cell, measure: ExploreMeasure): bigint => cell.get(factsOf(measure).parts.at(-1)!) ?? 0n

/** What the table shows beside the chosen measure. */
const beside = ['cost', 'calls', 'cost_per_call', 'tokens'] as const satisfies readonly ExploreMeasure[]
export const tableMeasures = (measure: ExploreMeasure): readonly ExploreMeasure[] => [measure, ...beside.filter((other) => other !== measure)]

/** What the API is asked: the chosen measure first, for it decides the order; then what the table and the sums need. */
export function askedMeasures(measure: ExploreMeasure): readonly Measure[] {
  const shown = tableMeasures(measure)
  return [...new Set<Measure>([...shown, ...shown.flatMap((each) => partsOf(each)), 'unpriced_calls'])]
}
/** What is kept of an answer: everything that adds up. */
export const keptParts = (measure: ExploreMeasure): readonly Measure[] => [...new Set<Measure>([...tableMeasures(measure).flatMap((each) => partsOf(each)), 'unpriced_calls'])]

export const dimensionNames: Readonly<Record<Dimension, string>> = {
  unit: 'Business unit', team: 'Team', app: 'App', workflow: 'Workflow', agent: 'Agent', model: 'Model', requested_model: 'Requested model', provider: 'Provider', endpoint: 'Endpoint',
  key: 'Key', cost_centre: 'Cost centre', tier: 'Tier', user: 'User', run: 'Run', session: 'Session', kind: 'Kind', quality: 'Quality', pricing: 'Pricing', error_class: 'Error',
}
export const dimensionIds = Object.keys(dimensionNames) as readonly Dimension[]

/** Many values, each on few calls: read from the records themselves, which takes longer. */
export const fineDimensions: ReadonlySet<Dimension> = new Set<Dimension>(['user', 'run', 'session'])

const missingNames: Partial<Record<Dimension, string>> = { cost_centre: 'Unallocated', error_class: 'No error', tier: 'Default tier' }
export const nameOf = (dimension: Dimension, id: string, name: string): string => {
  if (id === '') return missingNames[dimension] ?? `No ${dimensionNames[dimension].toLowerCase()}`
  return name === '' ? id : name
}
