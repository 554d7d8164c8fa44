import { divideHalfEven } from '../../base/money.ts'

/** Where a window stands, in the measure's whole units. */
export interface PacedWindow {
  readonly startMs: number
  readonly endMs: number
  readonly limit: bigint
  readonly committed: bigint
}

/** Where a window ends up if use goes on at one rate. */
export interface Course {
  /** Use at the end of the window. */
  readonly landing: bigint
  /** When the limit is reached; null when that is not before the window ends, or has happened already. */
  readonly exhaustedAtMs: number | null
}

export interface Pace {
  /** Mean per 24 hours since the window began; null in its first twentieth, where one call would look like a landslide. */
  readonly averagePerDay: bigint | null
  /** Used in the 24 hours before now, whatever window they fell in. */
  readonly lastDay: bigint
  /** At the mean so far; null with it. */
  readonly atAverage: Course | null
  /** At the rate of the last 24 hours. */
  readonly atLastDay: Course
}

const dayMs = 86_400_000
/** Part of a window that must have passed before its mean says anything. */
const tellingPart = 20

/**
 * How fast a budget window is used. Two rates, because they answer different questions: the mean so far says where the
 * window lands on an ordinary course, the last day says what a change of yesterday will do.
 */
export function paceOf(window: PacedWindow, lastDay: bigint, nowMs: number): Pace {
  const elapsedMs = Math.min(Math.max(0, nowMs - window.startMs), window.endMs - window.startMs)
  const telling = elapsedMs > 0 && elapsedMs * tellingPart >= window.endMs - window.startMs
  return {
    averagePerDay: telling ? divideHalfEven(window.committed * BigInt(dayMs), BigInt(elapsedMs)) : null,
    lastDay,
    atAverage: telling ? courseOf(window, { used: window.committed, inMs: elapsedMs }, nowMs) : null,
    atLastDay: courseOf(window, { used: lastDay, inMs: dayMs }, nowMs),
  }
}

function courseOf(window: PacedWindow, rate: { readonly used: bigint; readonly inMs: number }, nowMs: number): Course {
  const leftMs = Math.max(0, window.endMs - nowMs)
  const landing = window.committed + divideHalfEven(rate.used * BigInt(Math.round(leftMs)), BigInt(rate.inMs))
  const room = window.limit - window.committed
  if (room <= 0n || rate.used <= 0n || landing < window.limit) return { landing, exhaustedAtMs: null }
  const untilMs = Number((room * BigInt(rate.inMs)) / rate.used)
  return { landing, exhaustedAtMs: untilMs >= leftMs ? null : Math.round(nowMs + untilMs) }
}
