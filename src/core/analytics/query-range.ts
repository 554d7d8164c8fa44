import { DateTime } from 'luxon'
import { periodAt, type Period } from '../../base/period.ts'
import type { Granularity } from './cost-query.ts'

export const hourMs = 3_600_000
export const dayMs = 86_400_000

export type Source = 'raw' | 'hourly' | 'daily'
/** A half-open piece of the asked range, and the table that answers it to the last digit. */
export interface Segment { readonly source: Source; readonly fromMs: number; readonly toMs: number }

/** Starts of the buckets that meet [fromMs, toMs), cut in the zone; null past `bucketsMax`, so that nobody asks for a list without end. */
export function bucketStarts(granularity: Exclude<Granularity, 'none'>, zone: string, fromMs: number, toMs: number, bucketsMax: number): readonly number[] | null {
  const starts: number[] = []
  for (let at = fromMs; at < toMs; ) {
    if (starts.length === bucketsMax) return null
    const bucket = periodAt(granularity, zone, at)
    starts.push(bucket.startMs)
    at = bucket.endMs
  }
  return starts
}

/** The coarsest rollup whose rows never straddle one of the bucket starts. */
export function coarsestSource(starts: readonly number[]): Source {
  if (starts.every((start) => start % dayMs === 0)) return 'daily'
  return starts.every((start) => start % hourMs === 0) ? 'hourly' : 'raw'
}

/** Cuts the range so that each piece is read from the coarsest allowed table: raw edges, hours, then whole UTC days. */
export function segmentsOf(fromMs: number, toMs: number, coarsest: Source): readonly Segment[] {
  if (fromMs >= toMs) return []
  const step = coarsest === 'daily' ? dayMs : hourMs
  const innerFrom = Math.ceil(fromMs / step) * step
  const innerTo = Math.floor(toMs / step) * step
  if (coarsest === 'raw') return [{ source: 'raw', fromMs, toMs }]
  const finer: Source = coarsest === 'daily' ? 'hourly' : 'raw'
  if (innerFrom >= innerTo) return segmentsOf(fromMs, toMs, finer)
  return [
    ...segmentsOf(fromMs, innerFrom, finer),
    { source: coarsest, fromMs: innerFrom, toMs: innerTo },
    ...segmentsOf(innerTo, toMs, finer),
  ]
}

export type Comparison = 'previous' | 'previous_week' | 'previous_month' | 'previous_quarter' | 'previous_year'

/**
 * The period to compare [fromMs, toMs) with. `previous` is the stretch of the same length just before; the others move both
 * ends back by one calendar unit of the zone, clamped to the last day of a shorter month.
 */
export function comparablePeriod(fromMs: number, toMs: number, kind: Comparison, zone = 'UTC'): Period {
  if (kind === 'previous') return { startMs: fromMs - (toMs - fromMs), endMs: fromMs }
  const unit = kind.slice('previous_'.length)
  const back = (ms: number): number => DateTime.fromMillis(ms, { zone }).minus({ [unit]: 1 }).toMillis()
  return { startMs: back(fromMs), endMs: back(toMs) }
}
