import { decimalOrZero, plotValue, writeDecimal } from '../../format/decimal.ts'
import type { BudgetBurn } from './budget-queries.ts'

const bucketMs = { hour: 3_600_000, day: 86_400_000, week: 604_800_000 } as const

export interface BurnPoint { readonly atMs: number; readonly used: string }
/** Shares of the drawing, 0–1 from the left and from the foot. */
export interface BurnPlace { readonly x: number; readonly y: number }
export interface BurnLayout {
  readonly line: readonly BurnPlace[]
  readonly limitY: number
  /** From now to where the mean so far leads; null when it says nothing or the window is over. */
  readonly course: { readonly from: BurnPlace; readonly to: BurnPlace } | null
  readonly nowX: number
}

/** Use summed up over the window: the end of each bucket with what was used by then. */
export function summedUp(burn: BudgetBurn, nowMs: number): readonly BurnPoint[] {
  let sum = 0n
  return burn.rows.map((row) => {
    sum += decimalOrZero(row.used)
    return { atMs: Math.min(row.bucketMs + bucketMs[burn.granularity], burn.endMs, Math.max(nowMs, row.bucketMs)), used: writeDecimal(sum) }
  })
}

/** Places of the line of use against the limit; a quiet stretch is level. */
export function layOutBurn(burn: BudgetBurn, given: { readonly limit: string; readonly landing: string | null; readonly nowMs: number }): BurnLayout {
  const { limit, landing, nowMs } = given
  const points = summedUp(burn, nowMs)
  const last = plotValue(points.at(-1)?.used)
  const lands = landing === null ? 0 : plotValue(landing)
  // A landing far above the limit would press everything else to the floor; past half as much again it leaves the drawing.
  const top = Math.max(plotValue(limit) * 1.08, last * 1.04, Math.min(lands, Math.max(plotValue(limit), last) * 1.5)) || 1
  const x = (ms: number): number => Math.min(1, Math.max(0, (ms - burn.startMs) / (burn.endMs - burn.startMs)))
  const y = (used: number): number => Math.min(1, Math.max(0, used / top))
  const line: BurnPlace[] = [{ x: 0, y: 0 }]
  points.forEach((point, index) => {
    const from = burn.rows[index]!.bucketMs
    const before = line.at(-1)!
    if (x(from) > before.x) line.push({ x: x(from), y: before.y })
    line.push({ x: x(point.atMs), y: y(plotValue(point.used)) })
  })
  const end = line.at(-1)!
  if (x(nowMs) > end.x) line.push({ x: x(nowMs), y: end.y })
  const from = line.at(-1)!
  return { line, limitY: y(plotValue(limit)), nowX: x(nowMs), course: landing === null || nowMs >= burn.endMs ? null : courseTo(from, lands / top) }
}

/** Cut where it leaves the drawing, so that its slope stays true. */
function courseTo(from: BurnPlace, landing: number): { readonly from: BurnPlace; readonly to: BurnPlace } {
  if (landing <= 1) return { from, to: { x: 1, y: Math.max(0, landing) } }
  const part = (1 - from.y) / (landing - from.y)
  return { from, to: { x: from.x + (1 - from.x) * part, y: 1 } }
}
