import { describe, expect, it } from 'vitest'
import { dayText, readRange, spanOf } from './range.ts'

const now = new Date(2026, 10, 23, 14, 37, 12).getTime()
const at = (...parts: [number, number, number]): number => new Date(...parts).getTime()

describe('ranges', () => {
  it('keeps presets and pairs of days, and nothing else', () => {
    expect(readRange('30d')).toBe('30d')
    expect(readRange('2026-10-01..2026-10-31')).toBe('2026-10-01..2026-10-31')
    for (const wrong of ['', 7, null, '31d', '2026-10-02..2026-10-01', '2026-02-30..2026-03-01', '2026-10-01', '2026-10-01..2026-10-02..2026-10-03']) expect(readRange(wrong)).toBeNull()
  })
  it('cuts days and months on the reader\'s clock', () => {
    expect(spanOf('7d', now)).toEqual({ fromMs: at(2026, 10, 17), toMs: now })
    expect(spanOf('month', now)).toEqual({ fromMs: at(2026, 10, 1), toMs: now })
    expect(spanOf('last_month', now)).toEqual({ fromMs: at(2026, 9, 1), toMs: at(2026, 10, 1) })
    expect(new Date(spanOf('24h', now).fromMs).getMinutes()).toBe(0)
  })
  it('includes both days, and ends now when it still runs', () => {
    expect(spanOf('2026-10-01..2026-10-31', now)).toEqual({ fromMs: at(2026, 9, 1), toMs: at(2026, 10, 1) })
    expect(spanOf('2026-11-20..2026-11-30', now)).toEqual({ fromMs: at(2026, 10, 20), toMs: now })
    expect(spanOf('2026-12-01..2026-12-01', now)).toEqual({ fromMs: at(2026, 11, 1), toMs: at(2026, 11, 2) })
  })
  it('is never empty, not even in the first minute of a month', () => {
    const midnight = at(2026, 10, 1)
    for (const choice of ['24h', '7d', '30d', '90d', 'month', 'last_month'] as const) { const { fromMs, toMs } = spanOf(choice, midnight); expect(toMs).toBeGreaterThan(fromMs) }
  })
  it('writes a day as the address has it', () => expect(dayText(now)).toBe('2026-11-23'))
})
