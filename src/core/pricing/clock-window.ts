import { IANAZone } from 'luxon'
import { assert } from '../../base/assert.ts'
import type { PriceConditions } from './price-entry.ts'

/** Minutes in a day, and the shortest span in which no zone in use changes its offset. */
const minutesOfDay = 1_440
const offsetSpanMs = 900_000

type Window = NonNullable<PriceConditions['clock']>[number]
/** Says whether an instant (ms UTC) lies in any of an entry's windows. */
export type ClockTest = (atMs: number) => boolean

/**
 * Compiles clock windows. A window is half-open in local minutes; `fromMinute` after `toMinute` crosses midnight and
 * belongs to the day on which it began; equal ends are the whole day. The zone's own daylight saving applies: a
 * window in local time keeps its wall-clock hours, so its length in UTC may change on the day of the change.
 */
export function compileClock(windows: readonly Window[]): ClockTest {
  const tests = windows.map(compileWindow)
  return (atMs) => tests.some((test) => test(atMs))
}

function compileWindow(window: Window): ClockTest {
  const offsetAt = zoneOffset(window.zone)
  const onDay = new Set(window.days)
  const { fromMinute, toMinute } = window
  return (atMs) => {
    const localMinutes = Math.floor(atMs / 60_000) + offsetAt(atMs)
    const minute = modulo(localMinutes, minutesOfDay)
    const day = weekday(Math.floor(localMinutes / minutesOfDay))
    if (fromMinute < toMinute) return minute >= fromMinute && minute < toMinute && onDay.has(day)
    if (minute >= fromMinute) return onDay.has(day)
    return minute < toMinute && onDay.has(day === 1 ? 7 : day - 1)
  }
}

/** Offset of a zone in minutes; remembered per quarter of an hour, because asking the zone costs more than a whole pricing. */
function zoneOffset(zone: string): (atMs: number) => number {
  if (zone === 'UTC' || zone === 'Etc/UTC') return () => 0
  assert(IANAZone.isValidZone(zone), `clock zone ${zone} must be an IANA zone`)
  const iana = IANAZone.create(zone)
  let span = Number.NaN
  let offset = 0
  return (atMs) => {
    const asked = Math.floor(atMs / offsetSpanMs)
    if (asked !== span) {
      offset = iana.offset(atMs)
      span = asked
    }
    return offset
  }
}

const modulo = (value: number, divisor: number): number => ((value % divisor) + divisor) % divisor
/** 1 = Monday … 7 = Sunday; day 0 of Unix time was a Thursday. */
const weekday = (dayNumber: number): number => modulo(dayNumber + 3, 7) + 1
