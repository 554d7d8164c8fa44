import { periodAt } from '../base/period.ts'
import { comparablePeriod, type Comparison } from '../core/analytics/query-range.ts'

export interface Range { readonly fromMs: number; readonly toMs: number }

/**
 * The range just before, of the same length. A range that begins with a month and lies within it is compared with the
 * same days of the month before: that is what people mean by "vs last month".
 */
export function previousPeriod(range: Range, zone: string): Range {
  const month = periodAt('month', zone, range.fromMs)
  return comparable(range, range.fromMs === month.startMs && range.toMs <= month.endMs ? 'previous_month' : 'previous', zone)
}

/** The same dates a year earlier. */
export const previousYear = (range: Range, zone: string): Range => comparable(range, 'previous_year', zone)

function comparable(range: Range, kind: Comparison, zone: string): Range {
  const period = comparablePeriod(range.fromMs, range.toMs, kind, zone)
  return { fromMs: period.startMs, toMs: period.endMs }
}
