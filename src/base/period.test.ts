import { expect, test } from 'vitest'
import { cachedPeriod, periodAt } from './period.ts'

const at = (text: string): number => Date.parse(text)
const shown = (unit: Parameters<typeof periodAt>[0], zone: string, instant: string): string[] => {
  const { startMs, endMs } = periodAt(unit, zone, at(instant))
  return [new Date(startMs).toISOString(), new Date(endMs).toISOString()]
}

test('a day in a zone is 23 hours when clocks go forward and 25 when they go back', () => {
  expect(shown('day', 'Europe/Berlin', '2026-03-29T12:00:00Z')).toEqual(['2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'])
  expect(shown('day', 'Europe/Berlin', '2026-10-25T12:00:00Z')).toEqual(['2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'])
})

test('months, quarters and weeks start where people say they do', () => {
  expect(shown('month', 'America/New_York', '2026-12-01T03:00:00Z')).toEqual(['2026-11-01T04:00:00.000Z', '2026-12-01T05:00:00.000Z'])
  expect(shown('quarter', 'UTC', '2026-11-23T00:00:00Z')).toEqual(['2026-10-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'])
  expect(shown('week', 'UTC', '2026-11-22T23:59:59Z')).toEqual(['2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'])
})

test('hours follow each other without gap or overlap, whatever the clock does', () => {
  for (const zone of ['Australia/Lord_Howe', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Africa/Cairo', 'UTC']) {
    for (const from of [at('2026-03-27T00:00:00Z'), at('2026-04-04T00:00:00Z'), at('2026-10-03T00:00:00Z'), at('2026-10-24T00:00:00Z'), at('2026-10-31T00:00:00Z')]) {
      let instant = from
      while (instant < from + 3 * 86_400_000) {
        const hour = periodAt('hour', zone, instant)
        expect(hour.endMs, `${zone} ${new Date(instant).toISOString()}`).toBeGreaterThan(instant)
        expect(hour.startMs).toBeLessThanOrEqual(instant)
        expect(periodAt('hour', zone, hour.endMs - 1)).toEqual(hour)
        expect(periodAt('hour', zone, hour.endMs).startMs).toBe(hour.endMs)
        instant = hour.endMs
      }
    }
  }
})

test('the remembered window ends where it ends', () => {
  const hour = cachedPeriod('hour', 'UTC')
  const first = hour(at('2026-01-01T00:59:59.999Z'))
  expect(hour(first.endMs).startMs).toBe(first.endMs)
  expect(hour(first.startMs - 1).endMs).toBe(first.startMs)
})
