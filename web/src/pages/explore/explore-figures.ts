import type { CostAnswer, CostRow } from '../../../../src/api/contract/contract.ts'
import { seriesMax } from '../../chart/palette.ts'
import type { ChartSeries } from '../../chart/series.ts'
import { bucketsOf, type Bucket } from '../../format/buckets.ts'
import { decimalOrZero } from '../../format/decimal.ts'
import type { Grain } from './explore-search.ts'
import { amountIn, keptParts, nameOf, valueIn, weightIn, type Cell, type Dimension, type ExploreMeasure, type Measure, type Step } from './measures.ts'

/*
 * From one answer to everything on the page. Groups are sums of the answer's rows, series are groups or sums of groups,
 * all of them exact: chart, legend and table cannot disagree because none of them is computed twice.
 */

/** A line of the table and, on the first level, a series of the chart. */
export interface Group {
  /** Unique in the whole table. */
  readonly id: string
  /** From the outermost level to this one; empty for what the answer does not list. */
  readonly steps: readonly Step[]
  readonly name: string
  readonly total: Cell
  /** One per bucket; null where the group has no row. */
  readonly cells: readonly (Cell | null)[]
  readonly before: Cell | null
  readonly inside: readonly Group[]
  /** Place of its series in the chart; null where it is among the others. */
  readonly series: number | null
}

export interface ExploreFigures {
  readonly buckets: readonly Bucket[]
  /** First level, most first. */
  readonly groups: readonly Group[]
  readonly series: readonly ChartSeries[]
  /** The comparison of each series, in the same order. */
  readonly seriesBefore: readonly (string | null)[]
  readonly total: Cell
  readonly totalBefore: Cell | null
  readonly wholes: readonly (string | null)[]
  /** The compared range, bucket by bucket from its own start; empty when nothing is compared. */
  readonly wholesBefore: readonly (string | null)[]
  readonly currency: string
  readonly truncated: boolean
}

export interface FiguresOf {
  readonly measure: ExploreMeasure
  readonly by: readonly Dimension[]
  readonly grain: Grain
  readonly nowMs: number
}

type Sums = Map<Measure, bigint | null>
/** Nothing known plus nothing known stays unknown; what is known adds up. */
function addTo(sums: Sums, cell: Cell): void {
  for (const [part, amount] of cell) {
    const before = sums.get(part) ?? null
    sums.set(part, before === null ? amount : before + (amount ?? 0n))
  }
}
function sumOf(cells: readonly (Cell | null)[]): Cell {
  const sums: Sums = new Map()
  for (const cell of cells) if (cell !== null) addTo(sums, cell)
  return sums
}

function cellOf(values: CostRow['values'], parts: readonly Measure[]): Cell {
  return new Map(parts.map((part) => {
    const value = values[part]
    return [part, value === null || value === undefined ? null : decimalOrZero(String(value))]
  }))
}

interface Draft { readonly steps: readonly Step[]; readonly cells: (Sums | null)[]; readonly inside: Map<string, Draft> }
const newDraft = (steps: readonly Step[], bucketCount: number): Draft => ({ steps, cells: Array.from({ length: bucketCount }, () => null), inside: new Map() })

/** Rows as a tree of groups, every level a sum of the rows below it. */
function draftOf(rows: readonly CostRow[], by: readonly Dimension[], parts: readonly Measure[], starts: readonly number[]): Draft {
  const placeOf = new Map(starts.map((start, place) => [start, place]))
  const root = newDraft([], Math.max(1, starts.length))
  for (const row of rows) {
    const place = row.bucketMs === null ? 0 : placeOf.get(row.bucketMs)
    if (place === undefined) continue
    const cell = cellOf(row.values, parts)
    let draft = root
    addAt(draft, place, cell)
    for (const dimension of by) {
      const { id, name } = row.group[dimension] ?? { id: '', name: '' }
      const step: Step = { dimension, id, name: nameOf(dimension, id, name) }
      const next = draft.inside.get(id) ?? newDraft([...draft.steps, step], root.cells.length)
      draft.inside.set(id, next)
      draft = next
      addAt(draft, place, cell)
    }
  }
  return root
}

function addAt(draft: Draft, place: number, cell: Cell): void {
  const sums = draft.cells[place] ?? new Map()
  draft.cells[place] = sums
  addTo(sums, cell)
}

const idOf = (steps: readonly Step[]): string => steps.map((step) => encodeURIComponent(step.id) || '~').join('/')
const descending = (a: bigint | null, b: bigint | null): number => (a === b ? 0 : a === null ? 1 : b === null ? -1 : a > b ? -1 : 1)

function groupsOf(draft: Draft, before: Draft | undefined, measure: ExploreMeasure): readonly Group[] {
  const groups = [...draft.inside].map(([id, child]): Group => {
    const earlier = before?.inside.get(id)
    return {
      id: idOf(child.steps), steps: child.steps, name: child.steps.at(-1)?.name ?? '', total: sumOf(child.cells), cells: child.cells,
      before: earlier === undefined ? null : sumOf(earlier.cells), inside: groupsOf(child, earlier, measure), series: null,
    }
  })
  // What is gone since the compared range has a line as well, or the change would not add up.
  const gone = [...(before?.inside ?? [])].filter(([id]) => !draft.inside.has(id)).map(([, earlier]) => goneGroup(earlier, draft.cells.length, measure))
  return [...groups, ...gone].sort((a, b) => descending(amountIn(a.total, measure), amountIn(b.total, measure)) || (a.name < b.name ? -1 : 1))
}

function goneGroup(earlier: Draft, bucketCount: number, measure: ExploreMeasure): Group {
  const none = newDraft(earlier.steps, bucketCount)
  return { id: idOf(earlier.steps), steps: earlier.steps, name: earlier.steps.at(-1)?.name ?? '', total: new Map(), cells: none.cells, before: sumOf(earlier.cells), inside: groupsOf(none, earlier, measure), series: null }
}

/** What the answer's totals hold beyond its rows: null unless rows were cut off. */
function unlistedOf(total: Cell, listed: Cell): Cell {
  return new Map([...total].map(([part, amount]) => [part, amount === null ? null : amount - (listed.get(part) ?? 0n)]))
}

/** The dearest groups as series, what is left as one more. Ratios are ranked by what stands behind them. */
function seriesOf(groups: readonly Group[], measure: ExploreMeasure, bucketCount: number): { readonly series: readonly ChartSeries[]; readonly seriesBefore: readonly (string | null)[]; readonly top: ReadonlyMap<string, number> } {
  const present = groups.filter((group) => group.total.size > 0)
  const ranked = present.toSorted((a, b) => descending(weightIn(a.total, measure), weightIn(b.total, measure)))
  const lead = ranked.length <= seriesMax - 1 ? ranked : ranked.slice(0, seriesMax - 2)
  const others = ranked.slice(lead.length)
  const series = lead.map((group): ChartSeries => ({ id: group.id, name: group.name, rest: false, values: group.cells.map((cell) => valueIn(cell, measure)), total: valueIn(group.total, measure) }))
  const seriesBefore = lead.map((group) => valueIn(group.before, measure))
  if (others.length > 0) {
    const cells = Array.from({ length: bucketCount }, (_, place) => { const there = others.map((group) => group.cells[place] ?? null); return there.every((cell) => cell === null) ? null : sumOf(there) })
    series.push({ id: ' others', name: `${others.length} others`, rest: true, values: cells.map((cell) => valueIn(cell, measure)), total: valueIn(sumOf(others.map((group) => group.total)), measure) })
    const earlier = others.flatMap((group) => (group.before === null ? [] : [group.before]))
    seriesBefore.push(earlier.length === 0 ? null : valueIn(sumOf(earlier), measure))
  }
  return { series, seriesBefore, top: new Map(lead.map((group, place) => [group.id, place])) }
}

export function figuresOf(answer: CostAnswer, { measure, by, grain, nowMs }: FiguresOf): ExploreFigures {
  const parts = keptParts(measure)
  const buckets = grain === 'none' ? [] : bucketsOf(grain, answer.range, nowMs, startsIn(answer.rows))
  const bucketsBefore = grain === 'none' || answer.compare === null ? [] : bucketsOf(grain, answer.compare.range, nowMs, startsIn(answer.compare.rows))
  const whole = draftOf(answer.rows, by, parts, buckets.map((bucket) => bucket.startMs))
  const earlier = answer.compare === null ? undefined : draftOf(answer.compare.rows, by, parts, bucketsBefore.map((bucket) => bucket.startMs))
  const total = cellOf(answer.totals, parts)
  const listed = groupsOf(whole, earlier, measure)
  const { series, seriesBefore, top } = seriesOf(by.length === 0 ? [wholeGroup(whole, total)] : listed, measure, whole.cells.length)
  const placed = listed.map((group) => ({ ...group, series: top.get(group.id) ?? null }))
  const unlisted = answer.truncated ? [unlistedGroup(unlistedOf(total, sumOf(whole.cells)), whole.cells.length)] : []
  return {
    buckets, groups: [...placed, ...unlisted], series, seriesBefore, total, totalBefore: answer.compare === null ? null : cellOf(answer.compare.totals, parts),
    wholes: whole.cells.map((cell) => valueIn(cell, measure)), wholesBefore: earlier === undefined || grain === 'none' ? [] : earlier.cells.map((cell) => valueIn(cell, measure)),
    currency: answer.currency, truncated: answer.truncated || answer.compare?.truncated === true,
  }
}

const startsIn = (rows: readonly CostRow[]): readonly number[] => rows.flatMap((row) => (row.bucketMs === null ? [] : [row.bucketMs]))
const wholeGroup = (whole: Draft, total: Cell): Group => ({ id: ' whole', steps: [], name: 'All', total, cells: whole.cells, before: null, inside: [], series: 0 })
const unlistedGroup = (total: Cell, bucketCount: number): Group => ({ id: ' unlisted', steps: [], name: 'Not listed', total, cells: newDraft([], bucketCount).cells, before: null, inside: [], series: null })
