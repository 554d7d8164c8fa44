import { describe, expect, it } from 'vitest'
import { addDecimals } from '../format/decimal.ts'
import { stackDays } from './stacked-days.ts'

const days = [0, 86_400_000]
const row = (day: number, id: string, cost: string) => ({ bucketMs: days[day]!, group: { team: { id, name: id.toUpperCase() } }, values: { cost } })

describe('stackDays', () => {
  it('ranks by total and leaves days without spend empty', () => {
    const series = stackDays([row(0, 'a', '0.1'), row(1, 'b', '0.2'), row(1, 'a', '0.000000000000001')], 'team', days)
    expect(series.map((entry) => entry.id)).toEqual(['b', 'a'])
    expect(series[0]!.values).toEqual([null, '0.2'])
    expect(series[1]!.total).toBe('0.100000000000001')
  })
  it('sums what has no series of its own, and loses nothing', () => {
    const rows = Array.from({ length: 12 }, (_, index) => row(index % 2, `t${index}`, `${index + 1}.000000000000001`))
    const series = stackDays(rows, 'team', days)
    expect(series).toHaveLength(7)
    expect(series.at(-1)).toMatchObject({ rest: true, name: '6 others' })
    expect(addDecimals(...series.map((entry) => entry.total))).toBe('78.000000000000012')
  })
  it('ignores rows outside the days and rows without a cost', () => {
    expect(stackDays([{ bucketMs: 5, group: { team: { id: 'a', name: 'A' } }, values: { cost: '1' } }, { bucketMs: 0, group: { team: { id: 'a', name: 'A' } }, values: { cost: null } }], 'team', days)).toEqual([])
  })
})
