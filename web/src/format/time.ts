import { formatDuration } from './quantity.ts'

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 })
const clockShort = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const dayName = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const dayLong = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })

export const formatClock = (ms: number): string => clock.format(ms)
/** "18 Nov" in the reader's zone. */
export const formatDay = (ms: number): string => dayName.format(ms)
export const formatDayLong = (ms: number): string => dayLong.format(ms)
/** "18 Nov, 14:03:22". */
export const formatMoment = (ms: number): string => `${dayName.format(ms)}, ${clockShort.format(ms)}`
/** The clock for today, the day before it for earlier: "14:03:22", "18 Nov 14:03". */
export const formatMomentShort = (ms: number): string => (new Date(ms).toDateString() === new Date().toDateString() ? clockShort.format(ms) : `${dayName.format(ms)} ${clockShort.format(ms).slice(0, 5)}`)
/** ISO 8601 UTC, what titles and copies carry. */
export const exactMoment = (ms: number): string => new Date(ms).toISOString()

const dayInZone = (zone: string): Intl.DateTimeFormat => new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: zone })
/** "18 Nov" where the bucket was cut, so that a day never shows as its neighbour. */
export function formatDayIn(ms: number, zone: string): string {
  return dayInZone(zone).format(ms)
}

/** "just now", "12 s ago", "3 m 05 s ago", "in 6 d 4 h". */
export function formatSince(ms: number, nowMs: number): string {
  const distance = Math.abs(nowMs - ms)
  if (distance < 2000) return 'just now'
  const text = distance < 60_000 ? `${Math.floor(distance / 1000)} s` : formatDuration(distance)
  return ms <= nowMs ? `${text} ago` : `in ${text}`
}
