import type { CallSearch } from '../calls/call-search.ts'
import type { Span } from '../../format/range.ts'
import { firstView, searchOf, withFilter, type ExploreSearch, type ExploreView } from './explore-search.ts'
import type { Dimension, Step } from './measures.ts'

/** Who pays, from the outside in: the way down that needs no choosing. */
const chain: readonly Dimension[] = ['unit', 'team', 'app', 'workflow']

const isPinned = (view: ExploreView, dimension: Dimension): boolean => view.filters.some((filter) => filter.dimension === dimension && filter.op === 'in' && filter.values.length === 1)

/** What to look at inside a value of `dimension`; null where only calls are left. */
function inside(view: ExploreView, dimension: Dimension): Dimension | null {
  const place = chain.indexOf(dimension)
  const candidates = place >= 0 ? chain.slice(place + 1) : chain.slice(1)
  return candidates.find((next) => !isPinned(view, next)) ?? null
}

/** One level down: narrowed to the row's values, shown by the levels that are left, or by what lies inside it; null = its calls. */
export function descend(view: ExploreView, steps: readonly Step[]): ExploreView | null {
  const last = steps.at(-1)
  if (last === undefined) return null
  const narrowed = steps.reduce((next, step) => withFilter(next, { dimension: step.dimension, op: 'in', values: [step.id] }), view)
  const left = view.by.slice(steps.length).filter((dimension) => !isPinned(narrowed, dimension))
  if (left.length > 0) return { ...narrowed, by: left }
  const next = inside(narrowed, last.dimension)
  return next === null ? null : { ...narrowed, by: [next] }
}

/** Where the view stands: the values it is pinned to, in the order they were chosen. */
export function trailOf(view: ExploreView): readonly { readonly dimension: Dimension; readonly id: string }[] {
  return view.filters.flatMap((filter) => (filter.op === 'in' && filter.values.length === 1 ? [{ dimension: filter.dimension, id: filter.values[0]! }] : []))
}

/** Back up to a step of the trail, or with null to the top: later steps go, and their dimensions come back as levels. */
export function ascend(view: ExploreView, to: Dimension | null): ExploreView {
  const trail = trailOf(view)
  const place = to === null ? -1 : trail.findIndex((step) => step.dimension === to)
  const dropped = trail.slice(place + 1).map((step) => step.dimension)
  if (dropped.length === 0) return view
  return { ...view, filters: view.filters.filter((filter) => !dropped.includes(filter.dimension)), by: [dropped[0]!] }
}

/** The address of this month inside one value, e.g. a team by its apps: where a figure of the Overview leads. */
export function searchOfValue(dimension: 'unit' | 'team' | 'app' | 'model', id: string): ExploreSearch {
  const pinned = withFilter({ ...firstView, range: 'month' }, { dimension, op: 'in', values: [id] })
  const first = inside(pinned, dimension)
  const second = first === null ? null : chain[chain.indexOf(first) + 1]
  return searchOf({ ...pinned, by: [first, second].filter((each) => each !== null && each !== undefined) })
}

const callNames = ['unit', 'team', 'app', 'key', 'model', 'provider', 'endpoint', 'workflow', 'agent', 'run', 'user', 'session', 'quality', 'pricing', 'cost_centre'] as const satisfies readonly (Dimension & keyof CallSearch)[]

/** The calls behind a view, with the names of filters that the list of calls cannot carry. */
export function callsOf(view: ExploreView, steps: readonly Step[], span: Span): { readonly search: CallSearch; readonly left: readonly Dimension[] } {
  const narrowed = steps.reduce((next, step) => withFilter(next, { dimension: step.dimension, op: 'in', values: [step.id] }), view)
  const search: Record<string, string | number> = { from: span.fromMs, to: span.toMs }
  const left: Dimension[] = []
  for (const filter of narrowed.filters) {
    const name = callNames.find((known) => known === filter.dimension)
    if (name === undefined || filter.op !== 'in' || filter.values.length !== 1) left.push(filter.dimension)
    else search[name] = filter.values[0] === '' ? '~' : filter.values[0]!
  }
  return { search: search as CallSearch, left }
}
