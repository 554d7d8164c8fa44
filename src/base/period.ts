import { DateTime, IANAZone } from 'luxon'
import { assert } from './assert.ts'

/** A calendar window, derived from the clock in an IANA zone; nothing resets it. */
export type CalendarUnit = 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year'

/** Half-open [startMs, endMs), Unix milliseconds UTC. */
export interface Period {
  readonly startMs: number
  readonly endMs: number
}

export const isZone = (zone: string): boolean => IANAZone.isValidZone(zone)

/** The calendar window that holds `atMs`. Weeks start on Monday (ISO 8601); daylight saving is the zone's own. */
export function periodAt(unit: CalendarUnit, zone: string, atMs: number): Period {
  const start = DateTime.fromMillis(atMs, { zone }).startOf(unit)
  assert(start.isValid, `zone ${zone} must be an IANA zone`)
  const end = start.plus({ [`${unit}s`]: 1 }).startOf(unit)
  return { startMs: start.toMillis(), endMs: end.toMillis() }
}

/** `periodAt` that remembers the last window, because a zone computation costs more than an admission. */
export function cachedPeriod(unit: CalendarUnit, zone: string): (atMs: number) => Period {
  let last: Period = { startMs: 0, endMs: 0 }
  return (atMs) => {
    if (atMs < last.startMs || atMs >= last.endMs) last = periodAt(unit, zone, atMs)
    return last
  }
}
