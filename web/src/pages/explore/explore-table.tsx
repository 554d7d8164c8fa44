import { Tag } from 'lucide-react'
import { useMemo, type KeyboardEvent, type ReactNode } from 'react'
import { Sparkline } from '../../chart/sparkline.tsx'
import { Swatch } from '../../chart/decals.tsx'
import { DataTable, type DataColumn } from '../../design/data-table.tsx'
import { Figure } from '../../design/figures.tsx'
import { compareDecimals, ratioOf, subtractDecimals } from '../../format/decimal.ts'
import { exactFigure } from '../../format/figure.ts'
import { formatChange, formatShare } from '../../format/quantity.ts'
import type { Span } from '../../format/range.ts'
import { ascend, descend, trailOf } from './drill.ts'
import type { SetView } from './explore-controls.tsx'
import type { ExploreFigures, Group } from './explore-figures.ts'
import { grainOf, type ExploreView } from './explore-search.ts'
import { addsUp, amountIn, dimensionNames, figureOf, measures, tableMeasures, valueIn, type Cell, type Dimension, type ExploreMeasure } from './measures.ts'

interface ExploreTableProps {
  readonly view: ExploreView
  readonly span: Span
  readonly figures: ExploreFigures
  readonly onOpen: (group: Group) => void
  readonly onView: SetView
  /** Filters that a list of calls cannot carry. */
  readonly notCarried: readonly Dimension[]
}

/** The chart's figures group by group; a row leads one level down, the last level to its calls. Backspace leads up. */
export function ExploreTable({ view, span, figures, onOpen, onView, notCarried }: ExploreTableProps): ReactNode {
  const columns = useMemo(() => columnsOf(view, figures, grainOf(view, span)), [view, span, figures])
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Backspace') return
    event.preventDefault()
    const trail = trailOf(view)
    if (trail.length > 0) onView(ascend(view, trail.at(-2)?.dimension ?? null))
  }
  if (view.by.length === 0) return null
  const leaf = figures.groups.find((group) => group.steps.length > 0)
  const toCalls = leaf !== undefined && descend(view, deepest(leaf).steps) === null
  return (
    <section aria-label="Groups" onKeyDown={onKeyDown} className="overflow-hidden rounded-xl border border-line bg-surface shadow-card">
      <DataTable
        label={`${measures[view.measure].name} by ${view.by.map((dimension) => dimensionNames[dimension].toLowerCase()).join(', then ')}`}
        columns={columns} rows={figures.groups} rowId={(group) => group.id} onOpen={onOpen} totals initialSort={{ column: 'measure', descending: true }}
        {...(view.by.length > 1 ? { childrenOf: (group: Group) => group.inside } : {})} narrow={(group) => <NarrowRow group={group} view={view} figures={figures} />} minWidth="58rem"
      />
      {toCalls && <p className="label-quiet border-t border-line px-5 py-2.5">A row opens its calls.{notCarried.length > 0 && ` The list of calls cannot be narrowed by ${notCarried.map((dimension) => dimensionNames[dimension].toLowerCase()).join(' or ')}: it shows more than the row.`}</p>}
    </section>
  )
}

const deepest = (group: Group): Group => (group.inside[0] === undefined ? group : deepest(group.inside[0]))

const byMeasure = (measure: ExploreMeasure) => (a: Group, b: Group): number => compareAmounts(amountIn(a.total, measure), amountIn(b.total, measure))
/** What nobody knows is less than anything known. */
function compareAmounts(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0
  if (a === null) return -1
  if (b === null) return 1
  return a < b ? -1 : 1
}

function columnsOf(view: ExploreView, figures: ExploreFigures, grain: ReturnType<typeof grainOf>): readonly DataColumn<Group>[] {
  const { measure } = view
  const total = valueIn(figures.total, measure)
  const figureColumn = (shown: ExploreMeasure, id: string): DataColumn<Group> => ({
    id, header: measures[shown].name, track: 'minmax(6.5rem,0.7fr)', align: 'right', compare: byMeasure(shown), total: <Figure decimal={valueIn(figures.total, shown)} of={figureOf(shown, figures.currency)} />,
    cell: (group) => <span className={id === 'measure' ? 'font-medium' : 'text-ink-2'}><Figure decimal={valueIn(group.total, shown)} of={figureOf(shown, figures.currency)} /></span>,
  })
  const compared = figures.totalBefore !== null
  return [
    { id: 'name', header: view.by.map((dimension) => dimensionNames[dimension]).join(' › '), track: 'minmax(13rem,2fr)', cell: (group) => <GroupName group={group} />, compare: (a, b) => a.name.localeCompare(b.name) },
    figureColumn(measure, 'measure'),
    ...(addsUp(measure) ? [{ id: 'share', header: 'Share', track: '6.5rem', align: 'right' as const, cell: (group: Group) => <Share value={valueIn(group.total, measure)} total={total} /> }] : []),
    ...(compared ? [{
      id: 'change', header: 'Change', track: 'minmax(5.5rem,0.5fr)', align: 'right' as const, compare: (a: Group, b: Group) => compareDecimals(deltaOf(a, measure), deltaOf(b, measure)),
      cell: (group: Group) => <Delta value={valueIn(group.total, measure)} before={valueIn(group.before, measure)} view={view} figures={figures} />,
      total: <Delta value={total} before={valueIn(figures.totalBefore, measure)} view={view} figures={figures} />,
    }] : []),
    ...(grain === 'none' || figures.buckets.length < 2 ? [] : [{ id: 'course', header: 'Course', track: '6rem', cell: (group: Group) => <Sparkline values={group.cells.map((cell) => valueIn(cell, measure))} faint={figures.buckets.at(-1)?.complete === false} /> }]),
    ...tableMeasures(measure).slice(1).map((shown) => figureColumn(shown, shown)),
  ]
}

const deltaOf = (group: Group, measure: ExploreMeasure): string => subtractDecimals(valueIn(group.total, measure), valueIn(group.before, measure))

function GroupName({ group }: { readonly group: Group }): ReactNode {
  const unpriced = unpricedIn(group.total)
  return (
    <span className="flex min-w-0 items-center gap-2">
      {group.steps.length <= 1 && <Swatch index={group.series ?? 0} rest={group.series === null} />}
      <span className={`truncate ${group.steps.at(-1)?.id === '' || group.steps.length === 0 ? 'text-ink-2 italic' : 'font-medium'}`}>{group.name}</span>
      {unpriced !== null && <span title={`${unpriced} calls have a part without a price; their cost is not in these figures.`} className="inline-flex shrink-0 items-center gap-1 text-2xs text-warn"><Tag aria-hidden className="size-3" />{unpriced}<span className="sr-only"> unpriced calls</span></span>}
    </span>
  )
}

function unpricedIn(cell: Cell): string | null {
  const value = valueIn(cell, 'unpriced_calls')
  return value === null || value === '0' ? null : value
}

function Share({ value, total }: { readonly value: string | null; readonly total: string | null }): ReactNode {
  const ratio = value === null ? null : ratioOf(value, total)
  if (ratio === null) return <span className="text-ink-3">–</span>
  return (
    <span className="flex items-center justify-end gap-2">
      <span aria-hidden className="h-1.5 w-10 overflow-hidden rounded-full bg-sunken"><span className="block h-full rounded-full bg-ink-3" style={{ width: `${Math.max(0, Math.min(100, ratio * 100))}%` }} /></span>
      <span className="w-11 text-ink-2">{formatShare(ratio)}</span>
    </span>
  )
}

function Delta({ value, before, view, figures }: { readonly value: string | null; readonly before: string | null; readonly view: ExploreView; readonly figures: ExploreFigures }): ReactNode {
  if (value === null && before === null) return <span className="text-ink-3">–</span>
  const delta = subtractDecimals(value, before)
  const text = before === null || before === '0' ? 'new' : value === null ? 'gone' : formatChange(ratioOf(delta, before))
  return <span title={`${delta.startsWith('-') ? '' : '+'}${exactFigure(delta, figureOf(view.measure, figures.currency))}`} className="font-normal text-ink-2">{text}</span>
}

/** A phone shows the measure, and what it comes from, in two lines. */
function NarrowRow({ group, view, figures }: { readonly group: Group; readonly view: ExploreView; readonly figures: ExploreFigures }): ReactNode {
  const { measure } = view
  const rest = tableMeasures(measure).slice(1, 2)
  const ratio = addsUp(measure) ? ratioOf(valueIn(group.total, measure), valueIn(figures.total, measure)) : null
  return (
    <div className="flex flex-col gap-0.5">
      <div className="flex items-baseline justify-between gap-3"><GroupName group={group} /><span className="shrink-0 font-medium"><Figure decimal={valueIn(group.total, measure)} of={figureOf(measure, figures.currency)} /></span></div>
      <div className="flex justify-between gap-3 text-xs text-ink-3">
        <span className="truncate">{rest.map((shown) => <span key={shown} className="mr-2">{measures[shown].name.toLowerCase()} <Figure decimal={valueIn(group.total, shown)} of={figureOf(shown, figures.currency)} /></span>)}</span>
        <span className="shrink-0">{ratio !== null && formatShare(ratio)}{figures.totalBefore !== null && <> · <Delta value={valueIn(group.total, measure)} before={valueIn(group.before, measure)} view={view} figures={figures} /></>}</span>
      </div>
    </div>
  )
}
