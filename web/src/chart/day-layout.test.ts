import { describe, expect, it } from 'vitest'
import { axisTicks } from './axis.ts'
import { layOutDays } from './day-layout.ts'

const box = { width: 340, height: 120, left: 40, top: 10, bottom: 10 }
const entry = (id: string, costs: readonly (string | null)[]) => ({ id, name: id, rest: false, costs, total: '0' })
const day = (index: number, previousCost: string | null = null, complete = true) => ({ dayMs: index * 86_400_000, complete, previousCost })

describe('axisTicks', () => {
  it.each([
    [0, 30, [0, 10, 20, 30]], [0, 22, [0, 5, 10, 15, 20, 25]], [0, 0.00031, [0, 0.0001, 0.0002, 0.0003, 0.0004]], [0, 0.7, [0, 0.2, 0.4, 0.6, 0.8]],
    [-3, 9, [-5, -2.5, 0, 2.5, 5, 7.5, 10]], [0, 0, [0]], [-4, 0, [-4, -3, -2, -1, 0]],
  ])('from %d to %d', (low, high, ticks) => expect(axisTicks(low, high)).toEqual(ticks))
})

describe('layOutDays', () => {
  it('stacks without gaps, from zero up, and keeps room for the days to come', () => {
    const { bars, zeroY } = layOutDays([day(0), day(1)], [entry('a', ['1', '2']), entry('b', ['3', null])], 30, box)
    expect(zeroY).toBe(110)
    expect(bars[0]!.parts).toEqual([{ series: 0, y: 85, height: 25 }, { series: 1, y: 10, height: 75 }])
    expect(bars[1]!.parts).toEqual([{ series: 0, y: 60, height: 50 }])
    expect(bars[1]!.x - bars[0]!.x).toBeCloseTo(10)
  })
  it('hangs corrections below zero', () => {
    const { bars, zeroY } = layOutDays([day(0)], [entry('a', ['4']), entry('b', ['-4'])], 1, box)
    expect(bars[0]!.parts[1]!.y).toBe(zeroY)
    expect(bars[0]!.parts[1]!.height).toBe(50)
  })
  it('holds the month before within the picture, and leaves days without it unmarked', () => {
    const { bars, ticks } = layOutDays([day(0, '8'), day(1)], [entry('a', ['1', '1'])], 2, box)
    expect(bars[0]!.before).toBe(ticks.find((tick) => tick.value === 8)!.y)
    expect(bars[1]!.before).toBeNull()
  })
  it('labels as many days as fit', () => {
    expect(layOutDays([day(0)], [], 30, box).labelled).toEqual([0, 5, 10, 15, 20, 25])
    expect(layOutDays([day(0)], [], 31, { ...box, width: 2000 }).labelled).toHaveLength(31)
  })
  it('draws a month without spend as its zero line', () => {
    const { bars, ticks } = layOutDays([day(0)], [], 30, box)
    expect(ticks).toEqual([{ value: 0, y: 110 }])
    expect(bars[0]!.parts).toEqual([])
  })
})
