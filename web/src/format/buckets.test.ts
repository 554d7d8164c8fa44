import { describe, expect, it } from 'vitest'
import { bucketLabel, bucketName, bucketsOf } from './buckets.ts'

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
const at = (...parts: [number, number, number, number?]): number => new Date(parts[0], parts[1], parts[2], parts[3] ?? 0).getTime()

describe('buckets', () => {
  it('follow each other without gaps and say which are whole', () => {
    const buckets = bucketsOf('day', { fromMs: at(2026, 9, 30, 12), toMs: at(2026, 10, 3, 9) }, at(2026, 10, 3, 9))
    expect(buckets.map((bucket) => bucket.startMs)).toEqual([at(2026, 9, 30), at(2026, 9, 31), at(2026, 10, 1), at(2026, 10, 2), at(2026, 10, 3)])
    expect(buckets.map((bucket) => bucket.complete)).toEqual([false, true, true, true, false])
    for (const [index, bucket] of buckets.entries()) expect(bucket.endMs).toBe(buckets[index + 1]?.startMs ?? at(2026, 10, 4))
  })
  it('begin weeks on Monday and months on the first', () => {
    expect(bucketsOf('week', { fromMs: at(2026, 10, 18), toMs: at(2026, 10, 24) }, at(2026, 10, 24)).map((bucket) => bucket.startMs)).toEqual([at(2026, 10, 16), at(2026, 10, 23)])
    expect(bucketsOf('month', { fromMs: at(2026, 0, 31), toMs: at(2026, 2, 1) }, at(2026, 3, 1)).map((bucket) => bucket.startMs)).toEqual([at(2026, 0, 1), at(2026, 1, 1)])
  })
  it('keep what an answer has, even where it cuts otherwise', () => {
    const odd = at(2026, 10, 1) + 1_800_000
    expect(bucketsOf('day', { fromMs: at(2026, 10, 1), toMs: at(2026, 10, 2) }, at(2026, 10, 9), [odd]).map((bucket) => bucket.startMs)).toContain(odd)
  })
  it('have every hour once when the clock is set back or forth', () => {
    const hours = bucketsOf('hour', { fromMs: Date.UTC(2026, 9, 24, 12), toMs: Date.UTC(2026, 9, 26, 12) }, Date.UTC(2026, 10, 1))
    expect(hours.length).toBeGreaterThanOrEqual(48)
    for (const hour of hours) expect(hour.endMs).toBe(hour.startMs + 3_600_000)
  })
  it('are named by what they hold', () => {
    expect(bucketLabel(at(2026, 10, 23, 14), 'hour', zone)).toBe('14:00')
    expect(bucketLabel(at(2026, 10, 23), 'hour', zone)).toBe('23 Nov')
    expect(bucketLabel(at(2027, 0, 1), 'month', zone)).toBe('2027')
    expect(bucketName({ startMs: at(2026, 10, 16), endMs: at(2026, 10, 23) }, 'week', zone)).toMatch(/16.*22 Nov/)
    expect(bucketName({ startMs: at(2026, 10, 1), endMs: at(2026, 11, 1) }, 'month', zone)).toBe('November 2026')
  })
})
