/*
 * TimeChart: figures over hours, days, weeks or months, stacked or as lines.
 *
 *   <TimeChart label="Spend" shape="stack" buckets={buckets} granularity="day" zone={zone} series={series} wholes={totals} figure={{ kind: 'money', currency }} />
 *
 * label      spoken name; keys and the data table are mentioned for you
 * buckets    Bucket[] (format/buckets.ts); incomplete ones are pale and marked · granularity, zone: how they are named
 * series     ChartSeries[], each with one exact decimal or null per bucket · wholes: what a whole bucket comes to
 * before     {name, values}: a comparison, drawn as ticks over a stack and as a dashed line otherwise
 * slots      places along the axis when there are more to come than buckets · notes: ChartNote[] marked on the axis
 * height     CSS height; without it the chart fills its flex column
 *
 * Drawn here rather than by a chart library, which would weigh more than the rest of the page. ChartTable shows the same
 * figures as a table: give every chart one.
 */
import { useId, useMemo, useRef, useState, type CSSProperties, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react'
import { bucketLabel, type Bucket, type Granularity } from '../format/buckets.ts'
import { formatFigureShort, type FigureKind } from '../format/figure.ts'
import { ChartTip, type TipBefore } from './chart-tip.tsx'
import { lineDash, SeriesFill } from './decals.tsx'
import { seriesToken } from './palette.ts'
import type { ChartNote, ChartSeries } from './series.ts'
import { layOutTime, type TimeLayout, type TimePlot } from './time-layout.ts'
import { useSize } from './use-size.ts'

export interface TimeChartProps {
  readonly label: string
  readonly shape: 'stack' | 'line'
  readonly buckets: readonly Bucket[]
  readonly granularity: Granularity
  readonly zone: string
  readonly series: readonly ChartSeries[]
  readonly wholes: readonly (string | null)[]
  readonly figure: FigureKind
  readonly before?: TipBefore | undefined
  readonly slots?: number
  readonly notes?: readonly ChartNote[]
  readonly height?: string
}

const labelPx = 6.3
const [top, bottom] = [10, 24]

export function TimeChart(props: TimeChartProps): ReactNode {
  const { label, shape, buckets, series, granularity, zone, figure, before, slots = buckets.length, notes = [] } = props
  const holder = useRef<HTMLDivElement>(null)
  const { width, height } = useSize(holder)
  const [active, setActive] = useState<number | null>(null)
  const plot: TimePlot = useMemo(() => ({ shape, series, bucketCount: buckets.length, slots, before: before?.values, granularity, firstHour: new Date(buckets[0]?.startMs ?? 0).getHours() }), [shape, series, buckets, slots, before, granularity])
  const left = useMemo(() => gutterOf(plot, figure), [plot, figure])
  const layout = useMemo(() => layOutTime(plot, { width, height, left, top, bottom }), [plot, width, height, left])
  const slotAt = (event: PointerEvent): number | null => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - left
    const slot = Math.floor(x / layout.bandWidth)
    return x >= 0 && slot < buckets.length ? slot : null
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = { ArrowLeft: (active ?? buckets.length) - 1, ArrowRight: (active ?? -1) + 1, Home: 0, End: buckets.length - 1 }
    const to = steps[event.key]
    if (event.key === 'Escape') setActive(null)
    if (to === undefined) return
    event.preventDefault()
    setActive(Math.max(0, Math.min(buckets.length - 1, to)))
  }
  const bucket = active === null ? undefined : buckets[active]
  return (
    <div
      ref={holder} role="group" tabIndex={0} aria-label={`${label}, chart. Arrow keys read it; the data table has all figures.`} style={props.height === undefined ? {} : { height: props.height }}
      className={`relative w-full rounded focus-visible:outline-offset-4 ${props.height === undefined ? 'min-h-64 flex-1' : ''}`}
      onPointerMove={(event) => setActive(slotAt(event))} onPointerDown={(event) => setActive(slotAt(event))} onPointerLeave={(event) => { if (event.pointerType !== 'touch') setActive(null) }}
      onKeyDown={onKeyDown} onBlur={() => setActive(null)}
    >
      {width > 0 && <Drawing {...props} notes={notes} layout={layout} active={active} width={width} height={height} left={left} slotLabel={(slot) => bucketLabel(startOfSlot(buckets, slot), granularity, zone)} />}
      <div role="status">
        {bucket !== undefined && active !== null && (
          <div style={tipPlace(layout, active, width)} className="pointer-events-none absolute top-2 z-10 w-60 rounded-lg border border-line bg-raised px-3 py-2.5 text-xs shadow-float">
            <ChartTip index={active} bucket={bucket} granularity={granularity} zone={zone} series={series} whole={props.wholes[active] ?? null} figure={figure} before={before} notes={notes} />
          </div>
        )}
      </div>
    </div>
  )
}

/** Buckets to come are as long as the one before them. */
function startOfSlot(buckets: readonly Bucket[], slot: number): number {
  const known = buckets[slot]
  if (known !== undefined) return known.startMs
  const last = buckets.at(-1)
  return last === undefined ? 0 : last.startMs + (slot - buckets.length + 1) * (last.endMs - last.startMs)
}

const axisText = (value: number, figure: FigureKind): string => formatFigureShort(value.toFixed(9).replace(/\.?0+$/, ''), figure)

/** Room for the longest figure on the axis. */
function gutterOf(plot: TimePlot, figure: FigureKind): number {
  const { ticks } = layOutTime(plot, { width: 1, height: 1, left: 0, top: 0, bottom: 0 })
  return Math.max(...ticks.map((tick) => axisText(tick.value, figure).length)) * labelPx + 12
}

/** Beside the bucket, on the side with more room. */
function tipPlace(layout: TimeLayout, active: number, width: number): CSSProperties {
  const bar = layout.bars[active]
  if (bar === undefined) return {}
  const middle = bar.x + bar.width / 2
  if (width < 520) return { left: Math.max(0, Math.min(width - 240, middle - 120)) }
  return middle > width / 2 ? { right: width - bar.x + 10 } : { left: bar.x + bar.width + 10 }
}

interface DrawingProps extends Omit<TimeChartProps, 'height'> {
  readonly notes: readonly ChartNote[]
  readonly layout: TimeLayout
  readonly active: number | null
  readonly width: number
  readonly height: number
  readonly left: number
  readonly slotLabel: (slot: number) => string
}

function Drawing(props: DrawingProps): ReactNode {
  const { layout, series, active, width, height, left, slotLabel, figure, shape } = props
  const id = useId()
  return (
    <svg aria-hidden width={width} height={height} className="absolute inset-0 overflow-visible text-2xs">
      <defs>{series.map((entry, index) => <SeriesFill key={entry.id} id={`${id}${index}`} index={index} rest={entry.rest} />)}</defs>
      {layout.ticks.map((tick) => (
        <g key={tick.value}>
          <line x1={left} x2={width} y1={tick.y} y2={tick.y} stroke={tick.value === 0 ? 'var(--line-strong)' : 'var(--line)'} shapeRendering="crispEdges" />
          <text x={left - 10} y={tick.y} dy="0.34em" textAnchor="end" fill="var(--ink-3)">{axisText(tick.value, figure)}</text>
        </g>
      ))}
      {layout.labelled.map((slot) => {
        const text = slotLabel(slot)
        const half = (text.length * labelPx) / 2
        const x = Math.max(left - 8 + half, Math.min(width - half, left + (slot + 0.5) * layout.bandWidth))
        return <text key={slot} x={x} y={height - 6} textAnchor="middle" fill="var(--ink-3)">{text}</text>
      })}
      {active !== null && <rect x={left + active * layout.bandWidth} y={top} width={layout.bandWidth} height={height - top - bottom} rx={4} fill="var(--ink)" opacity={0.05} />}
      <Notes {...props} />
      {shape === 'stack' ? <Bars {...props} fillId={id} /> : <Lines {...props} />}
    </svg>
  )
}

/** What is not whole yet is pale; the comparison is a tick across its bar. */
function Bars({ layout, buckets, fillId }: DrawingProps & { readonly fillId: string }): ReactNode {
  return layout.bars.map((bar, index) => {
    const before = layout.before[index] ?? null
    return (
      <g key={buckets[index]?.startMs ?? index}>
        <g opacity={buckets[index]?.complete === false ? 0.5 : 1}>
          {bar.parts.map((part) => <rect key={part.series} x={bar.x} y={part.y} width={bar.width} height={part.height} rx={bar.width > 4 ? 1 : 0} fill={`url(#${fillId}${part.series})`} stroke="var(--surface)" strokeWidth={part.height > 3 && bar.width > 4 ? 1 : 0} />)}
        </g>
        {before !== null && <rect x={bar.x - Math.min(2, bar.width / 8)} y={before - 1} width={bar.width + Math.min(4, bar.width / 4)} height={bar.width > 4 ? 2 : 1.5} fill="var(--ink)" stroke="var(--surface)" strokeWidth={bar.width > 4 ? 0.75 : 0} />}
      </g>
    )
  })
}

const pathOf = (points: readonly { readonly x: number; readonly y: number }[]): string => points.map((point, index) => `${index === 0 ? 'M' : 'L'}${point.x.toFixed(1)} ${point.y.toFixed(1)}`).join('')

/** Lines differ in dash as well as in colour; buckets that are not whole stand on a pale band. */
function Lines({ layout, series, buckets, left, height, active }: DrawingProps): ReactNode {
  const before = layout.before.flatMap((y, index) => (y === null ? [] : [{ x: left + (index + 0.5) * layout.bandWidth, y }]))
  return (
    <>
      {buckets.map((bucket, index) => !bucket.complete && <rect key={bucket.startMs} x={left + index * layout.bandWidth} y={top} width={layout.bandWidth} height={height - top - bottom} fill="var(--ink)" opacity={0.04} />)}
      {before.length > 1 && <path d={pathOf(before)} fill="none" stroke="var(--ink-3)" strokeWidth={1.5} strokeDasharray="2 4" />}
      {series.map((entry, place) => (
        <g key={entry.id} stroke={`var(${seriesToken(place, entry.rest)})`} fill={`var(${seriesToken(place, entry.rest)})`}>
          {(layout.lines[place] ?? []).map((stretch) => stretch.length === 1
            ? <circle key={stretch[0]!.x} cx={stretch[0]!.x} cy={stretch[0]!.y} r={2} stroke="none" />
            : <path key={stretch[0]!.x} d={pathOf(stretch)} fill="none" strokeWidth={2} strokeLinejoin="round" strokeLinecap="round" strokeDasharray={lineDash(place, entry.rest)} />)}
          {active !== null && (layout.lines[place] ?? []).flat().filter((point) => Math.abs(point.x - (left + (active + 0.5) * layout.bandWidth)) < 0.5).map((point) => <circle key={point.x} cx={point.x} cy={point.y} r={3.5} stroke="var(--surface)" strokeWidth={1.5} />)}
        </g>
      ))}
    </>
  )
}

/** A dotted line where something happened; what it was is in the tip of its bucket. */
function Notes({ notes, buckets, layout, left, height }: DrawingProps): ReactNode {
  const slots = new Set(notes.map((note) => buckets.findIndex((bucket) => note.atMs >= bucket.startMs && note.atMs < bucket.endMs)))
  slots.delete(-1)
  return [...slots].map((slot) => {
    const x = left + (slot + 0.5) * layout.bandWidth
    return (
      <g key={slot}>
        <line x1={x} x2={x} y1={top} y2={height - bottom} stroke="var(--ink-3)" strokeDasharray="1 3" />
        <path d={`M${x - 4} ${top - 8}h8l-4 7z`} fill="var(--ink-3)" />
      </g>
    )
  })
}
