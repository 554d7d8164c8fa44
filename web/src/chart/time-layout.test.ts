import { describe, expect, it } from 'vitest'
import { axisTicks } from './axis.ts'
import type { ChartSeries } from './series.ts'
import { layOutTime, type TimePlot } from './time-layout.ts'

const box = { width: 340, height: 120, left: 40, top: 10, bottom: 10 }
const entry = (id: string, values: readonly (string | null)[]): ChartSeries => ({ id, name: id, rest: false, values, total: '0' })
const plot = (series: readonly ChartSeries[], more: Partial<TimePlot> = {}): TimePlot => ({ shape: 'stack', series, bucketCount: series[0]?.values.length ?? 0, slots: 30, granularity: 'day', ...more })

describe('axisTicks', () => {
  it.each([
    [0, 30, [0, 10, 20, 30]], [0, 22, [0, 5, 10, 15, 20, 25]], [0, 0.00031, [0, 0.0001, 0.0002, 0.0003, 0.0004]], [0, 0.7, [0, 0.2, 0.4, 0.6, 0.8]],
    [-3, 9, [-5, -2.5, 0, 2.5, 5, 7.5, 10]], [0, 0, [0]], [-4, 0, [-4, -3, -2, -1, 0]],
  ])('from %d to %d', (low, high, ticks) => expect(axisTicks(low, high)).toEqual(ticks))
})

describe('layOutTime', () => {
  it('stacks without gaps, from zero up, and keeps room for the days to come', () => {
    const { bars, zeroY } = layOutTime(plot([entry('a', ['1', '2']), entry('b', ['3', null])]), box)
    expect(zeroY).toBe(110)
    expect(bars[0]!.parts).toEqual([{ series: 0, y: 85, height: 25 }, { series: 1, y: 10, height: 75 }])
    expect(bars[1]!.parts).toEqual([{ series: 0, y: 60, height: 50 }])
    expect(bars[1]!.x - bars[0]!.x).toBeCloseTo(10)
  })
  it('hangs corrections below zero', () => {
    const { bars, zeroY } = layOutTime(plot([entry('a', ['4']), entry('b', ['-4'])]), box)
    expect(bars[0]!.parts[1]!.y).toBe(zeroY)
    expect(bars[0]!.parts[1]!.height).toBe(50)
  })
  it('holds the comparison within the picture, and leaves buckets without it unmarked', () => {
    const { before, ticks } = layOutTime(plot([entry('a', ['1', '1'])], { before: ['8', null] }), box)
    expect(before).toEqual([ticks.find((tick) => tick.value === 8)!.y, null])
  })
  it('breaks a line where nothing is known, and draws it through the middle of its buckets', () => {
    const { lines, bars, zeroY } = layOutTime(plot([entry('a', ['0', '4', null, '2'])], { shape: 'line', slots: 4 }), box)
    expect(lines[0]!.map((stretch) => stretch.length)).toEqual([2, 1])
    expect(lines[0]![0]![0]).toEqual({ x: bars[0]!.x + bars[0]!.width / 2, y: zeroY })
    expect(bars.every((bar) => bar.parts.length === 0)).toBe(true)
  })
  it('labels as many slots as fit, hours on round hours', () => {
    expect(layOutTime(plot([], { slots: 30 }), box).labelled).toEqual([0, 7, 14, 21, 28])
    expect(layOutTime(plot([], { slots: 31 }), { ...box, width: 2000 }).labelled).toHaveLength(31)
    expect(layOutTime(plot([], { slots: 24, granularity: 'hour', firstHour: 14 }), { ...box, width: 400 }).labelled).toEqual([4, 10, 16, 22])
  })
  it('draws nothing spent as its zero line', () => {
    const { bars, ticks } = layOutTime(plot([], { bucketCount: 1 }), box)
    expect(ticks).toEqual([{ value: 0, y: 110 }])
    expect(bars[0]!.parts).toEqual([])
  })
})
