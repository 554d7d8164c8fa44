import { DateTime } from 'luxon'

export interface Range { readonly fromMs: number; readonly toMs: number }

/**
 * The range just before, of the same length. A range that begins on the first of a month and lies within it is compared
 * with the same days of the month before, cut at that month's end: that is what people mean by "vs last month".
 */
export function previousPeriod(range: Range, zone: string): Range {
  const from = DateTime.fromMillis(range.fromMs, { zone })
  const monthEnd = from.endOf('month').toMillis() + 1
  if (from.toMillis() === from.startOf('month').toMillis() && range.toMs <= monthEnd) {
    const start = from.minus({ months: 1 })
    const elapsed = DateTime.fromMillis(range.toMs, { zone }).diff(from, ['days', 'milliseconds'])
    const whole = range.toMs === monthEnd
    const end = whole ? range.fromMs : Math.min(range.fromMs, start.plus({ days: elapsed.days, milliseconds: elapsed.milliseconds }).toMillis())
    return { fromMs: start.toMillis(), toMs: end }
  }
  return { fromMs: range.fromMs - (range.toMs - range.fromMs), toMs: range.fromMs }
}

/** The same dates a year earlier. */
export function previousYear(range: Range, zone: string): Range {
  const earlier = (ms: number): number => DateTime.fromMillis(ms, { zone }).minus({ years: 1 }).toMillis()
  return { fromMs: earlier(range.fromMs), toMs: earlier(range.toMs) }
}
