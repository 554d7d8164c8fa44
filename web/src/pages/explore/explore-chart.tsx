import { ArrowDownRight, ArrowUpRight, ChartColumnStacked, ChartLine, Minus, Table2 } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { readerZone } from '../../api/queries.ts'
import { BarChart } from '../../chart/bar-chart.tsx'
import { ChartTable } from '../../chart/chart-table.tsx'
import { TimeChart, type TimeChartProps } from '../../chart/time-chart.tsx'
import { classNames } from '../../design/class-names.ts'
import { Figure } from '../../design/figures.tsx'
import { Segmented } from '../../design/segmented.tsx'
import { ratioOf, subtractDecimals } from '../../format/decimal.ts'
import { exactFigure, formatFigure, type FigureKind } from '../../format/figure.ts'
import { formatChange } from '../../format/quantity.ts'
import type { Span } from '../../format/range.ts'
import { comparisonNames, type SetView } from './explore-controls.tsx'
import type { ExploreFigures, Group } from './explore-figures.ts'
import { grainOf, shapeOf, type ExploreView, type Shape } from './explore-search.ts'
import { addsUp, dimensionNames, figureOf, measures, valueIn, type ExploreMeasure } from './measures.ts'
import { usePriceNotes } from './use-price-notes.ts'

interface ExploreChartProps {
  readonly view: ExploreView
  readonly span: Span
  readonly figures: ExploreFigures
  readonly onView: SetView
  readonly onOpen: (group: Group) => void
}

type Look = Shape | 'table'
const stackLook = { value: 'stack', label: <ChartColumnStacked aria-hidden className="size-3.5" />, name: 'Stack' } as const
const lineLook = { value: 'line', label: <ChartLine aria-hidden className="size-3.5" />, name: 'Lines' } as const
const tableLook = { value: 'table', label: <Table2 aria-hidden className="size-3.5" />, name: 'Data table' } as const

/** The whole in one figure, and its course; the table below is the chart's legend. */
export function ExploreChart({ view, span, figures, onView, onOpen }: ExploreChartProps): ReactNode {
  const [asTable, setAsTable] = useState(false)
  const grain = grainOf(view, span)
  const shape = shapeOf(view)
  const looks = addsUp(view.measure) ? [stackLook, lineLook, tableLook] : [lineLook, tableLook]
  const look = (next: Look): void => {
    setAsTable(next === 'table')
    if (next !== 'table' && next !== shape) onView({ ...view, shape: next }, { replace: true })
  }
  return (
    <section aria-label={titleOf(view)} className="rounded-xl border border-line bg-surface px-5 pt-4 pb-4 shadow-card">
      <header className="mb-4 flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <Headline view={view} figures={figures} />
        {grain !== 'none' && <Segmented<Look> label="Show as" value={asTable ? 'table' : shape} options={looks} onChange={look} />}
      </header>
      {grain === 'none' ? <Ranking view={view} figures={figures} onOpen={onOpen} /> : <Course view={view} span={span} figures={figures} grain={grain} shape={shape} asTable={asTable} />}
    </section>
  )
}

const titleOf = (view: ExploreView): string => `${measures[view.measure].name}${view.by.length === 0 ? '' : ` by ${dimensionNames[view.by[0]!].toLowerCase()}`}`

/** More of these is rarely good news. */
const costly: ReadonlySet<ExploreMeasure> = new Set<ExploreMeasure>(['cost', 'list_cost', 'cost_per_call', 'uncertain_cost', 'unpriced_calls', 'errors', 'refusals', 'latency_avg_ms', 'first_byte_avg_ms'])

function Headline({ view, figures }: { readonly view: ExploreView; readonly figures: ExploreFigures }): ReactNode {
  const figure = figureOf(view.measure, figures.currency)
  const total = valueIn(figures.total, view.measure)
  const before = valueIn(figures.totalBefore, view.measure)
  return (
    <div>
      <p className="label-quiet">{measures[view.measure].name}</p>
      <div className="mt-0.5 flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <p data-headline className="text-2xl font-semibold tracking-[-0.02em]"><Figure decimal={total} of={figure} /></p>
        {total !== null && before !== null && <Change total={total} before={before} figure={figure} costly={costly.has(view.measure)} name={comparisonNames[view.compare]} />}
      </div>
    </div>
  )
}

function Change({ total, before, figure, costly: isCostly, name }: { readonly total: string; readonly before: string; readonly figure: FigureKind; readonly costly: boolean; readonly name: string }): ReactNode {
  const delta = subtractDecimals(total, before)
  const fell = delta.startsWith('-')
  const ratio = ratioOf(delta, before)
  const still = ratio !== null && Math.abs(ratio) < 0.0005
  const Icon = still ? Minus : fell ? ArrowDownRight : ArrowUpRight
  const tone = !isCostly || still ? 'bg-sunken text-ink-2' : fell ? 'bg-good-soft text-good' : 'bg-warn-soft text-warn'
  return (
    <p className="flex flex-wrap items-center gap-2 text-sm">
      <span title={exactFigure(delta, figure)} className={classNames('inline-flex h-6 items-center gap-1 rounded-md px-1.5 font-medium', tone)}><Icon aria-hidden className="size-3.5" />{formatChange(ratio)}</span>
      <span className="text-ink-3">{name.toLowerCase()} {formatFigure(before, figure)}</span>
    </p>
  )
}

function Course({ view, span, figures, grain, shape, asTable }: Pick<ExploreChartProps, 'view' | 'span' | 'figures'> & { readonly grain: TimeChartProps['granularity']; readonly shape: Shape; readonly asTable: boolean }): ReactNode {
  const notes = usePriceNotes(view, span)
  const chart: Omit<TimeChartProps, 'shape'> = {
    label: `${titleOf(view)}, ${grain} by ${grain}`, buckets: figures.buckets, granularity: grain, zone: readerZone, series: figures.series, wholes: figures.wholes, figure: figureOf(view.measure, figures.currency), notes,
    before: figures.wholesBefore.length === 0 ? undefined : { name: comparisonNames[view.compare], values: figures.buckets.map((_, place) => figures.wholesBefore[place] ?? null) },
  }
  if (asTable) return <ChartTable {...chart} />
  return (
    <>
      <TimeChart {...chart} shape={shape} height="19rem" {...(shape === 'line' && figures.series.length > 1 ? { before: undefined } : {})} />
      {notes.length > 0 && <p className="label-quiet mt-2">▾ {notes.length === 1 ? notes[0]!.text : `${notes.length} price changes, marked above the days they began on`}</p>}
    </>
  )
}

function Ranking({ view, figures, onOpen }: Pick<ExploreChartProps, 'view' | 'figures' | 'onOpen'>): ReactNode {
  const bars = figures.series.map((series, place) => ({ id: series.id, name: series.name, value: series.total, before: figures.seriesBefore[place] ?? null, rest: series.rest }))
  return (
    <BarChart
      label={titleOf(view)} bars={bars} figure={figureOf(view.measure, figures.currency)} beforeName={comparisonNames[view.compare]}
      {...(view.by.length === 0 ? {} : { onOpen: (id: string) => { const group = figures.groups.find((each) => each.id === id); if (group !== undefined) onOpen(group) } })}
    />
  )
}
