import type { CostRow } from '../api/queries.ts'
import { addDecimals, compareDecimals } from '../format/decimal.ts'
import { seriesMax } from './palette.ts'
import type { ChartSeries } from './series.ts'

/**
 * Turns rows of (day, group, cost) into at most `seriesMax` series over the given days, dearest first, the rest
 * summed into one. Sums are exact: the series of a day add up to the day.
 */
export function stackDays(rows: readonly CostRow[], dimension: 'team' | 'model', days: readonly number[]): readonly ChartSeries[] {
  const dayIndex = new Map(days.map((day, index) => [day, index]))
  const groups = new Map<string, { name: string; values: (string | null)[]; total: string }>()
  for (const row of rows) {
    const index = row.bucketMs === null ? undefined : dayIndex.get(row.bucketMs)
    const group = row.group[dimension]
    const cost = row.values.cost
    if (index === undefined || group === undefined || typeof cost !== 'string') continue
    const entry = groups.get(group.id) ?? { name: group.name || 'None named', values: days.map(() => null), total: '0' }
    entry.values[index] = addDecimals(entry.values[index], cost)
    entry.total = addDecimals(entry.total, cost)
    groups.set(group.id, entry)
  }
  const ranked = [...groups].map(([id, entry]) => ({ id, rest: false, ...entry })).sort((a, b) => compareDecimals(b.total, a.total))
  if (ranked.length <= seriesMax - 1) return ranked
  return [...ranked.slice(0, seriesMax - 2), restOf(ranked.slice(seriesMax - 2), days.length)]
}

function restOf(series: readonly ChartSeries[], dayCount: number): ChartSeries {
  const values = Array.from({ length: dayCount }, (_, day) => {
    const present = series.map((entry) => entry.values[day]).filter((cost) => cost !== null && cost !== undefined)
    return present.length === 0 ? null : addDecimals(...present)
  })
  return { id: ' rest', name: `${series.length} others`, rest: true, values, total: addDecimals(...series.map((entry) => entry.total)) }
}
