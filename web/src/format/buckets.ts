import type { Span } from './range.ts'

export type Granularity = 'hour' | 'day' | 'week' | 'month'
export interface Bucket {
  readonly startMs: number
  readonly endMs: number
  /** False where the range or the present cuts it: it holds less than its name says. */
  readonly complete: boolean
}

/** Start of the bucket an instant lies in; weeks begin on Monday, as the API cuts them. */
function startOf(granularity: Granularity, ms: number): number {
  const at = new Date(ms)
  switch (granularity) {
    case 'hour': return hourAt(ms)
    case 'day': return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime()
    case 'week': return new Date(at.getFullYear(), at.getMonth(), at.getDate() - ((at.getDay() + 6) % 7)).getTime()
    case 'month': return new Date(at.getFullYear(), at.getMonth(), 1).getTime()
  }
}

const hourMs = 3_600_000
/** By the offset rather than by the wall clock, which shows one hour twice when it is set back. */
function hourAt(ms: number): number {
  const offset = -new Date(ms).getTimezoneOffset() * 60_000
  return ms - ((((ms + offset) % hourMs) + hourMs) % hourMs)
}

/** Hours follow each other; days and longer are counted on the calendar, whatever the clock does in between. */
function nextStart(granularity: Granularity, startMs: number): number {
  const at = new Date(startMs)
  switch (granularity) {
    case 'hour': return startMs + hourMs
    case 'day': return new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1).getTime()
    case 'week': return new Date(at.getFullYear(), at.getMonth(), at.getDate() + 7).getTime()
    case 'month': return new Date(at.getFullYear(), at.getMonth() + 1, 1).getTime()
  }
}

const bucketsMax = 3_000

/**
 * Every bucket of a range on the reader's clock, those without calls too. `seen` are starts that an answer has: where the
 * engine cuts otherwise, its buckets are kept, so that nothing it said goes missing.
 */
export function bucketsOf(granularity: Granularity, span: Span, nowMs: number, seen: readonly number[] = []): readonly Bucket[] {
  const starts = new Set(seen)
  for (let at = startOf(granularity, span.fromMs); at < span.toMs && starts.size < bucketsMax; at = nextStart(granularity, at)) starts.add(at)
  const sorted = [...starts].sort((a, b) => a - b)
  return sorted.map((startMs, index) => {
    const endMs = sorted[index + 1] ?? nextStart(granularity, startMs)
    return { startMs, endMs, complete: startMs >= span.fromMs && endMs <= span.toMs && endMs <= nowMs }
  })
}

const formatIn = (zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone })

/** Under an axis: "14:00", "23 Nov", "Nov". A day's first hour carries the day, a year's first month the year. */
export function bucketLabel(startMs: number, granularity: Granularity, zone: string): string {
  if (granularity === 'month') {
    const month = formatIn(zone, { month: 'short' }).format(startMs)
    return month === 'Jan' ? formatIn(zone, { year: 'numeric' }).format(startMs) : month
  }
  if (granularity !== 'hour') return formatIn(zone, { day: 'numeric', month: 'short' }).format(startMs)
  const hour = formatIn(zone, { hour: '2-digit', minute: '2-digit' }).format(startMs)
  return hour === '00:00' ? formatIn(zone, { day: 'numeric', month: 'short' }).format(startMs) : hour
}

/** In a sentence: "Mon 23 Nov, 14:00", "Mon 23 Nov", "16 – 22 Nov", "November 2026". */
export function bucketName(bucket: { readonly startMs: number; readonly endMs: number }, granularity: Granularity, zone: string): string {
  switch (granularity) {
    case 'hour': return formatIn(zone, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(bucket.startMs)
    case 'day': return formatIn(zone, { weekday: 'short', day: 'numeric', month: 'short' }).format(bucket.startMs)
    case 'week': return formatIn(zone, { day: 'numeric', month: 'short' }).formatRange(bucket.startMs, bucket.endMs - 1)
    case 'month': return formatIn(zone, { month: 'long', year: 'numeric' }).format(bucket.startMs)
  }
}
