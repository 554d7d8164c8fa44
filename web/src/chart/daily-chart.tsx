import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent, type CSSProperties, type RefObject, type ReactNode } from 'react'
import { formatMoneyShort } from '../format/money.ts'
import { formatDayIn } from '../format/time.ts'
import { layOutDays, type ChartDay, type DayLayout } from './day-layout.ts'
import { DayTip } from './day-tip.tsx'
import { SeriesFill } from './decals.tsx'
import type { StackSeries } from './stacked-days.ts'

export interface DailyChartProps {
  readonly days: readonly ChartDay[]
  readonly series: readonly StackSeries[]
  /** Start and end of the month, ms; days to come keep their place. */
  readonly fromMs: number
  readonly toMs: number
  readonly currency: string
  readonly zone: string
}

const dayMs = 86_400_000
const labelPx = 6.3

/**
 * Spend per day, stacked; the running day is pale, last month's same days are ticks. Drawn here rather than by a chart
 * library because one kind of bar does not pay for 180 KB of script before the first figure shows.
 */
export function DailyChart({ days, series, fromMs, toMs, currency, zone }: DailyChartProps): ReactNode {
  const holder = useRef<HTMLDivElement>(null)
  const { width, height } = useSize(holder)
  const [active, setActive] = useState<number | null>(null)
  const slots = Math.max(days.length, Math.round((toMs - fromMs) / dayMs))
  const left = useMemo(() => gutterOf(days, series, currency), [days, series, currency])
  const layout = useMemo(() => layOutDays(days, series, slots, { width, height, left, top: 8, bottom: 24 }), [days, series, slots, width, height, left])
  const slotAt = (event: PointerEvent): number | null => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - left
    const slot = Math.floor(x / layout.bandWidth)
    return x >= 0 && slot < days.length ? slot : null
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = { ArrowLeft: (active ?? days.length) - 1, ArrowRight: (active ?? -1) + 1, Home: 0, End: days.length - 1 }
    const to = steps[event.key]
    if (event.key === 'Escape') setActive(null)
    if (to === undefined) return
    event.preventDefault()
    setActive(Math.max(0, Math.min(days.length - 1, to)))
  }
  const day = active === null ? undefined : days[active]
  return (
    <div
      ref={holder} role="group" tabIndex={0} aria-label="Spend per day, chart. Arrow keys read the days; the data table has them all."
      className="relative min-h-64 w-full flex-1 rounded focus-visible:outline-offset-4"
      onPointerMove={(event) => setActive(slotAt(event))} onPointerDown={(event) => setActive(slotAt(event))} onPointerLeave={(event) => { if (event.pointerType !== 'touch') setActive(null) }}
      onKeyDown={onKeyDown} onBlur={() => setActive(null)}
    >
      {width > 0 && <Drawing layout={layout} series={series} active={active} width={width} height={height} left={left} slotLabel={(slot) => formatDayIn(days[slot]?.dayMs ?? fromMs + (slot + 0.5) * dayMs, zone)} currency={currency} />}
      <div role="status">
        {day !== undefined && active !== null && (
          <div style={tipPlace(layout, active, width)} className="pointer-events-none absolute top-2 z-10 w-60 rounded-lg border border-line bg-raised px-3 py-2.5 text-xs shadow-float">
            <DayTip index={active} day={day} series={series} currency={currency} zone={zone} />
          </div>
        )}
      </div>
    </div>
  )
}

interface Size { readonly width: number; readonly height: number }

function useSize(holder: RefObject<HTMLDivElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 })
  useEffect(() => {
    const element = holder.current
    if (element === null) return
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }))
    observer.observe(element)
    return () => observer.disconnect()
  }, [holder])
  return size
}

const axisMoney = (value: number, currency: string): string => formatMoneyShort(value.toFixed(9).replace(/\.?0+$/, ''), currency).replace(/\.00$/, '')

/** Room for the longest figure on the axis. */
function gutterOf(days: readonly ChartDay[], series: readonly StackSeries[], currency: string): number {
  const { ticks } = layOutDays(days, series, 1, { width: 1, height: 1, left: 0, top: 0, bottom: 0 })
  return Math.max(...ticks.map((tick) => axisMoney(tick.value, currency).length)) * labelPx + 12
}

/** Beside the day, on the side with more room. */
function tipPlace(layout: DayLayout, active: number, width: number): CSSProperties {
  const bar = layout.bars[active]
  if (bar === undefined) return {}
  const middle = bar.x + bar.width / 2
  if (width < 520) return { left: Math.max(0, Math.min(width - 240, middle - 120)) }
  return middle > width / 2 ? { right: width - bar.x + 10 } : { left: bar.x + bar.width + 10 }
}

function Drawing({ layout, series, active, width, height, left, slotLabel, currency }: {
  readonly layout: DayLayout; readonly series: readonly StackSeries[]; readonly active: number | null; readonly width: number; readonly height: number; readonly left: number
  readonly slotLabel: (slot: number) => string; readonly currency: string
}): ReactNode {
  const id = useId()
  const activeBar = active === null ? undefined : layout.bars[active]
  return (
    <svg aria-hidden width={width} height={height} className="absolute inset-0 overflow-visible text-2xs">
      <defs>{series.map((entry, index) => <SeriesFill key={entry.id} id={`${id}${index}`} index={index} rest={entry.rest} />)}</defs>
      {layout.ticks.map((tick) => (
        <g key={tick.value}>
          <line x1={left} x2={width} y1={tick.y} y2={tick.y} stroke={tick.value === 0 ? 'var(--line-strong)' : 'var(--line)'} shapeRendering="crispEdges" />
          <text x={left - 10} y={tick.y} dy="0.34em" textAnchor="end" fill="var(--ink-3)">{axisMoney(tick.value, currency)}</text>
        </g>
      ))}
      {layout.labelled.map((slot) => {
        const text = slotLabel(slot)
        const half = (text.length * labelPx) / 2
        const x = Math.max(left - 8 + half, Math.min(width - half, left + (slot + 0.5) * layout.bandWidth))
        return <text key={slot} x={x} y={height - 6} textAnchor="middle" fill="var(--ink-3)">{text}</text>
      })}
      {activeBar !== undefined && <rect x={left + (active ?? 0) * layout.bandWidth} y={8} width={layout.bandWidth} height={height - 32} rx={4} fill="var(--ink)" opacity={0.05} />}
      {layout.bars.map((bar, day) => (
        <g key={day}>
          <g opacity={bar.complete ? 1 : 0.5}>
            {bar.parts.map((part) => <rect key={part.series} x={bar.x} y={part.y} width={bar.width} height={part.height} rx={1} fill={`url(#${id}${part.series})`} stroke="var(--surface)" strokeWidth={part.height > 3 ? 1 : 0} />)}
          </g>
          {bar.before !== null && <rect x={bar.x - 2} y={bar.before - 1} width={bar.width + 4} height={2} fill="var(--ink)" stroke="var(--surface)" strokeWidth={0.75} />}
        </g>
      ))}
    </svg>
  )
}
