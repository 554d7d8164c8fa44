import { describe, expect, it } from 'vitest'
import { compileClock } from './clock-window.ts'

const every = [1, 2, 3, 4, 5, 6, 7]
const inside = (zone: string, days: readonly number[], fromMinute: number, toMinute: number) => {
  const test = compileClock([{ zone, days, fromMinute, toMinute }])
  return (iso: string) => test(Date.parse(iso))
}

describe('clock windows', () => {
  it('are half-open in local minutes', () => {
    const peak = inside('Asia/Shanghai', every, 540, 720)
    expect(['2026-08-20T00:59:59.999Z', '2026-08-20T01:00:00Z', '2026-08-20T03:59:59.999Z', '2026-08-20T04:00:00Z'].map(peak)).toEqual([false, true, true, false])
  })

  it('that cross midnight belong to the day on which they began', () => {
    const night = inside('UTC', [5], 990, 30)
    expect(night('2026-08-21T16:30:00Z')).toBe(true)
    expect(night('2026-08-22T00:29:59Z')).toBe(true)
    expect(night('2026-08-22T00:30:00Z')).toBe(false)
    expect(night('2026-08-22T16:30:00Z')).toBe(false)
    expect(night('2026-08-21T00:10:00Z')).toBe(false)
  })

  it('cross the end of the week', () => {
    const sundayNight = inside('UTC', [7], 1380, 60)
    expect(sundayNight('2026-08-24T00:30:00Z')).toBe(true)
    expect(sundayNight('2026-08-23T00:30:00Z')).toBe(false)
  })

  it('know the weekend of their own zone', () => {
    const weekdays = inside('Asia/Shanghai', [1, 2, 3, 4, 5], 0, 1440)
    expect(weekdays('2026-08-21T15:59:59Z')).toBe(true)
    expect(weekdays('2026-08-21T16:00:00Z')).toBe(false)
    expect(weekdays('2026-08-23T15:59:59Z')).toBe(false)
    expect(weekdays('2026-08-23T16:00:00Z')).toBe(true)
  })

  it('keep their wall-clock hours through daylight saving, asked back and forth', () => {
    const morning = inside('America/New_York', every, 540, 600)
    expect(morning('2026-03-07T14:00:00Z')).toBe(true)
    expect(morning('2026-03-08T14:00:00Z')).toBe(false)
    expect(morning('2026-03-08T13:00:00Z')).toBe(true)
    expect(morning('2026-03-07T13:00:00Z')).toBe(false)
  })

  it('last as long as the wall clock says on the day of the change', () => {
    const small = inside('Europe/Berlin', every, 60, 240)
    const hours = (day: string) => Array.from({ length: 96 }, (_, quarter) => new Date(Date.parse(`${day}T00:00:00Z`) - 4 * 3_600_000 + quarter * 900_000).toISOString()).filter(small).length / 4
    expect(hours('2026-03-28')).toBe(3)
    expect(hours('2026-03-29')).toBe(2)
    expect(hours('2026-10-25')).toBe(4)
  })

  it('equal ends are the whole day', () => {
    const allDay = inside('UTC', [1], 0, 0)
    expect(allDay('2026-08-24T23:59:59Z')).toBe(true)
    expect(allDay('2026-08-25T00:00:00Z')).toBe(false)
  })
})
