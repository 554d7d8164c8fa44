import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { periodAt } from '../../src/base/period.ts'
import { bucketStarts, coarsestSource, dayMs, hourMs, segmentsOf, type Source } from '../../src/core/analytics/query-range.ts'

const instant = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) })
const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Africa/Cairo', 'Asia/Kathmandu', 'America/St_Johns')
const steps: Readonly<Record<Source, number>> = { raw: 1, hourly: hourMs, daily: dayMs }

describe('query segments', () => {
  it('cover the range once, without gaps, on the edges of their tables', () => {
    fc.assert(fc.property(instant, fc.integer({ min: 0, max: 90 * dayMs }), fc.constantFrom<Source>('raw', 'hourly', 'daily'), (fromMs, length, coarsest) => {
      let at = fromMs
      for (const segment of segmentsOf(fromMs, fromMs + length, coarsest)) {
        expect(segment.fromMs).toBe(at)
        expect(segment.toMs).toBeGreaterThan(segment.fromMs)
        expect(segment.fromMs % steps[segment.source]).toBe(0)
        expect(segment.toMs % steps[segment.source]).toBe(0)
        expect(steps[segment.source]).toBeLessThanOrEqual(steps[coarsest])
        at = segment.toMs
      }
      expect(at).toBe(fromMs + length)
    }))
  })

  it('never put a row of a rollup into two buckets', () => {
    fc.assert(fc.property(instant, fc.integer({ min: 1, max: 60 * dayMs }), zone, fc.constantFrom('hour', 'day', 'week', 'month'), (fromMs, length, zone, granularity) => {
      const starts = bucketStarts(granularity as 'day', zone, fromMs, fromMs + length, 10_000)!
      const source = coarsestSource(starts)
      for (const segment of segmentsOf(fromMs, fromMs + length, source)) {
        const step = steps[segment.source]
        if (step === 1) continue
        for (const start of starts) expect(start % step).toBe(0)
      }
      expect(starts[0]).toBe(periodAt(granularity as 'day', zone, fromMs).startMs)
      expect([...starts].sort((a, b) => a - b)).toEqual(starts)
    }))
  })
})
