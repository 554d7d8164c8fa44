import { plotValue } from '../format/decimal.ts'
import { axisTicks } from './axis.ts'
import type { StackSeries } from './stacked-days.ts'

export interface ChartDay { readonly dayMs: number; readonly complete: boolean; readonly previousCost: string | null }
export interface ChartBox { readonly width: number; readonly height: number; readonly left: number; readonly top: number; readonly bottom: number }

export interface DayBar {
  readonly x: number
  readonly width: number
  readonly complete: boolean
  readonly parts: readonly { readonly series: number; readonly y: number; readonly height: number }[]
  /** Where the same day of the month before stands; null where nothing was spent. */
  readonly before: number | null
}
export interface DayLayout {
  readonly bars: readonly DayBar[]
  readonly ticks: readonly { readonly value: number; readonly y: number }[]
  /** Slots that get a label under the axis. */
  readonly labelled: readonly number[]
  readonly zeroY: number
  readonly bandWidth: number
}

const barWidthMax = 30
const labelWidth = 50
const labelEvery = [1, 2, 3, 5, 7, 10, 15] as const

/**
 * Places the days of a month: one slot per day of the whole month, so that the picture keeps its shape while the month
 * goes on. What adds to a day stands on zero, what corrects it hangs below.
 */
export function layOutDays(days: readonly ChartDay[], series: readonly StackSeries[], slots: number, box: ChartBox): DayLayout {
  const stacks = days.map((_, day) => stackOf(series, day))
  const before = days.map((day) => plotValue(day.previousCost))
  const ticks = axisTicks(Math.min(...stacks.map((stack) => stack.low), 0), Math.max(...stacks.map((stack) => stack.high), ...before, 0))
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 0]
  const plot = box.height - box.top - box.bottom
  const yOf = (value: number): number => box.top + (high === low ? plot : ((high - value) / (high - low)) * plot)
  const bandWidth = (box.width - box.left) / Math.max(1, slots)
  const width = Math.max(1, Math.min(barWidthMax, bandWidth * 0.72))
  const every = labelEvery.find((step) => step * bandWidth >= labelWidth) ?? slots
  return {
    bars: stacks.map((stack, day) => ({
      x: box.left + day * bandWidth + (bandWidth - width) / 2, width, complete: days[day]?.complete ?? true,
      parts: stack.parts.map((part) => ({ series: part.series, y: yOf(part.to), height: Math.max(0.5, yOf(part.from) - yOf(part.to)) })),
      before: before[day] ? yOf(before[day]) : null,
    })),
    ticks: ticks.map((value) => ({ value, y: yOf(value) })),
    labelled: Array.from({ length: slots }, (_, slot) => slot).filter((slot) => slot % every === 0),
    zeroY: yOf(0), bandWidth,
  }
}

interface Stack { readonly low: number; readonly high: number; readonly parts: readonly { readonly series: number; readonly from: number; readonly to: number }[] }

function stackOf(series: readonly StackSeries[], day: number): Stack {
  let [low, high] = [0, 0]
  const parts: { series: number; from: number; to: number }[] = []
  for (const [index, entry] of series.entries()) {
    const value = plotValue(entry.costs[day])
    if (value === 0) continue
    if (value > 0) { parts.push({ series: index, from: high, to: high + value }); high += value }
    else { parts.push({ series: index, from: low + value, to: low }); low += value }
  }
  return { low, high, parts }
}
