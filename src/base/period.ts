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
  if (unit === 'hour') return hourAt(zone, atMs)
  const start = DateTime.fromMillis(atMs, { zone }).startOf(unit)
  assert(start.isValid, `zone ${zone} must be an IANA zone`)
  const end = start.plus({ [`${unit}s`]: 1 }).startOf(unit)
  return { startMs: start.toMillis(), endMs: end.toMillis() }
}

const hourMs = 3_600_000

/**
 * A clock hour of the zone. Where the clock moves by half an hour (Lord Howe), the hour around the change is cut at it,
 * so that hours never overlap: the wall clock alone would name two stretches alike.
 */
function hourAt(zone: string, atMs: number): Period {
  const offset = offsetMs(zone, atMs)
  const startMs = atMs - ((((atMs + offset) % hourMs) + hourMs) % hourMs)
  const endMs = startMs + hourMs
  return {
    startMs: offsetMs(zone, startMs) === offset ? startMs : changeWithin(zone, startMs, atMs),
    endMs: offsetMs(zone, endMs - 1) === offset ? endMs : changeWithin(zone, atMs, endMs - 1),
  }
}

function offsetMs(zone: string, atMs: number): number {
  const offset = DateTime.fromMillis(atMs, { zone }).offset * 60_000
  assert(Number.isFinite(offset), `zone ${zone} must be an IANA zone`)
  return offset
}

/** First instant in (fromMs, toMs] with the offset of `toMs`, given that `fromMs` has another. */
function changeWithin(zone: string, fromMs: number, toMs: number): number {
  const after = offsetMs(zone, toMs)
  let low = fromMs
  let high = toMs
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetMs(zone, middle) === after) high = middle
    else low = middle
  }
  return high
}

/** `periodAt` that remembers the last window, because a zone computation costs more than an admission. */
export function cachedPeriod(unit: CalendarUnit, zone: string): (atMs: number) => Period {
  let last: Period = { startMs: 0, endMs: 0 }
  return (atMs) => {
    if (atMs < last.startMs || atMs >= last.endMs) last = periodAt(unit, zone, atMs)
    return last
  }
}
