import { describe, expect, it } from 'vitest'
import { bucketStarts, comparablePeriod } from './query-range.ts'

const utc = (...parts: Parameters<typeof Date.UTC>): number => Date.UTC(...parts)

describe('bucket starts', () => {
  it('follow daylight saving: 23 hours in the short day, 25 in the long one', () => {
    const spring = bucketStarts('day', 'Europe/Berlin', utc(2026, 2, 28, 23), utc(2026, 2, 30, 22), 10)!
    expect(spring).toEqual([utc(2026, 2, 28, 23), utc(2026, 2, 29, 22)])
    const autumn = bucketStarts('day', 'America/New_York', utc(2026, 10, 1, 4), utc(2026, 10, 2, 5), 10)!
    expect(autumn).toEqual([utc(2026, 10, 1, 4)])
  })

  it('begin before the range when it begins inside a bucket', () => {
    expect(bucketStarts('month', 'UTC', utc(2026, 5, 15), utc(2026, 6, 2), 10)).toEqual([utc(2026, 5, 1), utc(2026, 6, 1)])
    expect(bucketStarts('week', 'UTC', utc(2026, 5, 17), utc(2026, 5, 18), 10)).toEqual([utc(2026, 5, 15)])
  })

  it('are null past the bound', () => {
    expect(bucketStarts('hour', 'UTC', 0, 11 * 3_600_000, 10)).toBeNull()
  })
})

describe('comparable period', () => {
  it('is the stretch of the same length before, or one calendar unit back', () => {
    expect(comparablePeriod(100, 130, 'previous')).toEqual({ startMs: 70, endMs: 100 })
    expect(comparablePeriod(utc(2026, 2, 1), utc(2026, 3, 1), 'previous_month')).toEqual({ startMs: utc(2026, 1, 1), endMs: utc(2026, 2, 1) })
    expect(comparablePeriod(utc(2026, 2, 1), utc(2026, 2, 31, 12), 'previous_month')).toEqual({ startMs: utc(2026, 1, 1), endMs: utc(2026, 1, 28, 12) })
    expect(comparablePeriod(utc(2024, 1, 29), utc(2024, 2, 1), 'previous_year')).toEqual({ startMs: utc(2023, 1, 28), endMs: utc(2023, 2, 1) })
    expect(comparablePeriod(utc(2026, 6, 1), utc(2026, 9, 1), 'previous_quarter')).toEqual({ startMs: utc(2026, 3, 1), endMs: utc(2026, 6, 1) })
  })

  it('keeps local midnights across daylight saving', () => {
    const aprilInBerlin = { from: utc(2026, 2, 31, 22), to: utc(2026, 3, 30, 22) }
    expect(comparablePeriod(aprilInBerlin.from, aprilInBerlin.to, 'previous_month', 'Europe/Berlin')).toEqual({ startMs: utc(2026, 1, 28, 23), endMs: utc(2026, 2, 31, 22) })
  })
})
