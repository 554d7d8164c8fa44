import { describe, expect, it } from 'vitest'
import { previousPeriod, previousYear } from './compare-range.ts'

const utc = (...parts: readonly [number, number, number?]): number => Date.UTC(parts[0], parts[1] - 1, parts[2] ?? 1)

describe('previousPeriod', () => {
  it('compares month to date with the same days before, cut at that month\'s end', () => {
    expect(previousPeriod({ fromMs: utc(2026, 11), toMs: utc(2026, 11, 18) }, 'UTC')).toEqual({ fromMs: utc(2026, 10), toMs: utc(2026, 10, 18) })
    expect(previousPeriod({ fromMs: utc(2026, 3), toMs: utc(2026, 3, 31) }, 'UTC')).toEqual({ fromMs: utc(2026, 2), toMs: utc(2026, 2, 28) })
    expect(previousPeriod({ fromMs: utc(2026, 3), toMs: utc(2026, 4) }, 'UTC')).toEqual({ fromMs: utc(2026, 2), toMs: utc(2026, 3) })
  })
  it('compares anything else with the stretch just before', () => {
    expect(previousPeriod({ fromMs: utc(2026, 11, 8), toMs: utc(2026, 11, 15) }, 'UTC')).toEqual({ fromMs: utc(2026, 11, 1), toMs: utc(2026, 11, 8) })
    expect(previousPeriod({ fromMs: utc(2026, 11), toMs: utc(2026, 12, 2) }, 'UTC').toMs).toBe(utc(2026, 11))
  })
  it('a year earlier keeps the local dates', () => {
    expect(previousYear({ fromMs: utc(2028, 2, 29), toMs: utc(2028, 3, 1) }, 'UTC')).toEqual({ fromMs: utc(2027, 2, 28), toMs: utc(2027, 3, 1) })
  })
})
