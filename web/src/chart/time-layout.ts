import { plotValue } from '../format/decimal.ts'
import type { Granularity } from '../format/buckets.ts'
import { axisTicks } from './axis.ts'
import type { ChartSeries } from './series.ts'

export interface ChartBox { readonly width: number; readonly height: number; readonly left: number; readonly top: number; readonly bottom: number }

export interface TimeBar {
  readonly x: number
  readonly width: number
  readonly parts: readonly { readonly series: number; readonly y: number; readonly height: number }[]
}
export interface LinePoint { readonly x: number; readonly y: number }
export interface TimeLayout {
  /** One per bucket; without parts where the chart shows lines. */
  readonly bars: readonly TimeBar[]
  /** Per series, its unbroken stretches. */
  readonly lines: readonly (readonly (readonly LinePoint[])[])[]
  /** Where the comparison stands in each bucket; null where there was nothing. */
  readonly before: readonly (number | null)[]
  readonly ticks: readonly { readonly value: number; readonly y: number }[]
  /** Slots that get a label under the axis. */
  readonly labelled: readonly number[]
  readonly zeroY: number
  readonly bandWidth: number
}

export interface TimePlot {
  readonly shape: 'stack' | 'line'
  readonly series: readonly ChartSeries[]
  readonly bucketCount: number
  /** At least `bucketCount`: buckets to come keep their place. */
  readonly slots: number
  readonly before?: readonly (string | null)[] | undefined
  readonly granularity: Granularity
  /** Hour of the day of the first slot, so that labels stand on round hours. */
  readonly firstHour?: number
}

const barWidthMax = 30
const labelWidth = 54
const labelSteps: Readonly<Record<Granularity, readonly number[]>> = { hour: [1, 2, 3, 6, 12, 24, 48], day: [1, 2, 3, 5, 7, 10, 15, 30], week: [1, 2, 4, 8, 13], month: [1, 2, 3, 6, 12] }

/**
 * Places buckets along the time axis. A stack stands on zero with what adds to it, and hangs below with what corrects
 * it; lines run through the middle of their buckets and break where nothing is known.
 */
export function layOutTime(plot: TimePlot, box: ChartBox): TimeLayout {
  const { shape, series, bucketCount, slots } = plot
  const indices = Array.from({ length: bucketCount }, (_, index) => index)
  const stacks = shape === 'stack' ? indices.map((index) => stackOf(series, index)) : []
  const before = indices.map((index) => { const value = plot.before?.[index]; return value === null || value === undefined || plotValue(value) === 0 ? null : plotValue(value) })
  const values = shape === 'line' ? series.flatMap((entry) => entry.values.map((value) => plotValue(value))) : stacks.flatMap((stack) => [stack.low, stack.high])
  const all = [...values, ...before.filter((value) => value !== null), 0]
  const ticks = axisTicks(all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b)))
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 0]
  const plotHeight = box.height - box.top - box.bottom
  const yOf = (value: number): number => box.top + (high === low ? plotHeight : ((high - value) / (high - low)) * plotHeight)
  const bandWidth = (box.width - box.left) / Math.max(1, slots)
  const width = Math.max(1, Math.min(barWidthMax, bandWidth * 0.72))
  const xOf = (index: number): number => box.left + (index + 0.5) * bandWidth
  return {
    bars: indices.map((index) => ({
      x: xOf(index) - width / 2, width,
      parts: (stacks[index]?.parts ?? []).map((part) => ({ series: part.series, y: yOf(part.to), height: Math.max(0.5, yOf(part.from) - yOf(part.to)) })),
    })),
    lines: shape === 'line' ? series.map((entry) => stretchesOf(entry.values.slice(0, bucketCount), xOf, yOf)) : [],
    before: before.map((value) => (value === null ? null : yOf(value))),
    ticks: ticks.map((value) => ({ value, y: yOf(value) })),
    labelled: labelledSlots(plot, bandWidth),
    zeroY: yOf(0), bandWidth,
  }
}

function labelledSlots({ granularity, slots, firstHour = 0 }: TimePlot, bandWidth: number): readonly number[] {
  const every = labelSteps[granularity].find((step) => step * bandWidth >= labelWidth) ?? slots
  const phase = granularity === 'hour' ? firstHour : 0
  return Array.from({ length: slots }, (_, slot) => slot).filter((slot) => (slot + phase) % every === 0)
}

interface Stack { readonly low: number; readonly high: number; readonly parts: readonly { readonly series: number; readonly from: number; readonly to: number }[] }

function stackOf(series: readonly ChartSeries[], bucket: number): Stack {
  let [low, high] = [0, 0]
  const parts: { series: number; from: number; to: number }[] = []
  for (const [index, entry] of series.entries()) {
    const value = plotValue(entry.values[bucket])
    if (value === 0) continue
    if (value > 0) { parts.push({ series: index, from: high, to: high + value }); high += value }
    else { parts.push({ series: index, from: low + value, to: low }); low += value }
  }
  return { low, high, parts }
}

function stretchesOf(values: readonly (string | null)[], xOf: (index: number) => number, yOf: (value: number) => number): readonly (readonly LinePoint[])[] {
  const stretches: LinePoint[][] = []
  let open: LinePoint[] | null = null
  for (const [index, value] of values.entries()) {
    if (value === null) { open = null; continue }
    const point = { x: xOf(index), y: yOf(plotValue(value)) }
    if (open === null) { open = []; stretches.push(open) }
    open.push(point)
  }
  return stretches
}
