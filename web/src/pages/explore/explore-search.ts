import type { CostQueryInput } from '../../../../src/api/contract/contract.ts'
import { bucketsOf, type Granularity } from '../../format/buckets.ts'
import { readRange, spanOf, type RangeChoice, type Span } from '../../format/range.ts'
import { addsUp, askedMeasures, dimensionIds, measureIds, type Dimension, type ExploreMeasure } from './measures.ts'

/** One dimension narrowed to some values, or to all but them; '' is the value of calls that lack the dimension. */
export interface ExploreFilter {
  readonly dimension: Dimension
  readonly op: 'in' | 'not_in'
  readonly values: readonly string[]
}
export const grains = ['hour', 'day', 'week', 'month', 'none'] as const
export type Grain = Granularity | 'none'
export const comparisons = ['previous_period', 'previous_year', 'none'] as const
export type Comparison = (typeof comparisons)[number]
export const shapes = ['stack', 'line'] as const
export type Shape = (typeof shapes)[number]

/** Everything Explore shows follows from this and the clock. */
export interface ExploreView {
  readonly measure: ExploreMeasure
  /** Levels of the table, outermost first; the chart shows the first. Empty = the whole. */
  readonly by: readonly Dimension[]
  /** At most one per dimension, in the order they were made. */
  readonly filters: readonly ExploreFilter[]
  readonly range: RangeChoice
  /** Null: whatever suits the range. */
  readonly grain: Grain | null
  readonly compare: Comparison
  readonly shape: Shape
}
export const firstView: ExploreView = { measure: 'cost', by: ['unit', 'team'], filters: [], range: '30d', grain: null, compare: 'previous_period', shape: 'stack' }
export const levelsMax = 4

/**
 * The view as the address has it: `measure=calls&by=team,model&team=!search,~&range=7d`. A filter is a parameter named
 * like its dimension; "!" means all but these, "~" the calls that lack it. What is left out is as in `firstView`.
 */
export type ExploreSearch = { readonly [Name in Dimension | 'measure' | 'by' | 'range' | 'grain' | 'compare' | 'shape']?: string }

const missing = '~'
const writeValue = (value: string): string => (value === '' ? missing : encodeURIComponent(value).replaceAll('~', '%7E').replaceAll('!', '%21'))
function readValue(text: string): string {
  if (text === missing) return ''
  try { return decodeURIComponent(text) } catch { return text }
}

const oneOf = <Word extends string>(words: readonly Word[], text: unknown): Word | null => words.find((word) => word === text) ?? null
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : null)

/** Reads a view from whatever an address says; what makes no sense is as in `firstView`. */
export function viewOf(raw: Readonly<Record<string, unknown>>): ExploreView {
  const by = textOf(raw['by'])
  const levels = by === null ? firstView.by : [...new Set(by.split(',').map((name) => oneOf(dimensionIds, name)).filter((name) => name !== null))].slice(0, levelsMax)
  return {
    measure: oneOf(measureIds, raw['measure']) ?? firstView.measure,
    by: levels,
    filters: Object.entries(raw).flatMap(([name, value]) => readFilter(name, value)),
    range: readRange(raw['range']) ?? firstView.range,
    grain: oneOf(grains, raw['grain']),
    compare: oneOf(comparisons, raw['compare']) ?? firstView.compare,
    shape: oneOf(shapes, raw['shape']) ?? firstView.shape,
  }
}

function readFilter(name: string, raw: unknown): readonly ExploreFilter[] {
  const dimension = oneOf(dimensionIds, name)
  const text = textOf(raw)
  if (dimension === null || text === null) return []
  const listed = text.startsWith('!') ? text.slice(1) : text
  const values = [...new Set(listed.split(',').filter((part) => part !== '').map(readValue))]
  return values.length === 0 ? [] : [{ dimension, op: text.startsWith('!') ? 'not_in' : 'in', values }]
}

/** The address of a view. */
export function searchOf(view: ExploreView): ExploreSearch {
  const search: Record<string, string> = {}
  if (view.measure !== firstView.measure) search['measure'] = view.measure
  if (view.by.join() !== firstView.by.join()) search['by'] = view.by.join(',')
  if (view.range !== firstView.range) search['range'] = view.range
  if (view.grain !== null) search['grain'] = view.grain
  if (view.compare !== firstView.compare) search['compare'] = view.compare
  if (view.shape !== firstView.shape) search['shape'] = view.shape
  for (const { dimension, op, values } of view.filters) search[dimension] = `${op === 'not_in' ? '!' : ''}${values.map(writeValue).join(',')}`
  return search
}

/** What the router keeps of an address: its canonical form. */
export const readExploreSearch = (raw: Readonly<Record<string, unknown>>): ExploreSearch => searchOf(viewOf(raw))

/** Bars enough to see a course and few enough to tell apart. */
export function suitingGrain({ fromMs, toMs }: Span): Granularity {
  const days = (toMs - fromMs) / 86_400_000
  if (days <= 3) return 'hour'
  return days <= 100 ? 'day' : days <= 400 ? 'week' : 'month'
}
const barsMax = 800
/** The grain a view is shown in: the reader's, unless it would draw more bars than a screen has room for. */
export function grainOf(view: ExploreView, span: Span): Grain {
  if (view.grain === null || view.grain === 'none') return view.grain ?? suitingGrain(span)
  return bucketsOf(view.grain, span, span.toMs).length > barsMax ? suitingGrain(span) : view.grain
}
/** Averages do not stack. */
export const shapeOf = (view: ExploreView): Shape => (addsUp(view.measure) ? view.shape : 'line')

export const rowsMax = 10_000

/** The one question that chart, table, export and "copy as API call" share. */
export function questionOf(view: ExploreView, span: Span, zone: string): CostQueryInput {
  return {
    measures: [...askedMeasures(view.measure)],
    groupBy: [...view.by],
    filters: view.filters.map(({ dimension, op, values }) => ({ dimension, op, values: [...values] })),
    granularity: grainOf(view, span),
    zone, ...span, rowsMax,
    ...(view.compare === 'none' ? {} : { compareTo: view.compare }),
  }
}

/** Now, to the minute: a question that changes by the second could never be answered from memory. */
export const minuteOf = (ms: number): number => Math.ceil(ms / 60_000) * 60_000
export const spanOfView = (view: ExploreView, nowMs: number): Span => spanOf(view.range, minuteOf(nowMs))

export function withFilter(view: ExploreView, filter: ExploreFilter): ExploreView {
  const filters = view.filters.some((other) => other.dimension === filter.dimension) ? view.filters.map((other) => (other.dimension === filter.dimension ? filter : other)) : [...view.filters, filter]
  return { ...view, filters: filters.filter((each) => each.values.length > 0) }
}
export const withoutFilter = (view: ExploreView, dimension: Dimension): ExploreView => ({ ...view, filters: view.filters.filter((filter) => filter.dimension !== dimension) })
