import type { ReactNode } from 'react'
import { Money } from '../design/figures.tsx'
import { addDecimals } from '../format/decimal.ts'
import { formatDayIn } from '../format/time.ts'
import { Swatch } from './decals.tsx'
import type { ChartDay } from './day-layout.ts'
import type { StackSeries } from './stacked-days.ts'

/** What one day cost, series by series, and the same day of the month before. */
export function DayTip({ index, day, series, currency, zone }: { readonly index: number; readonly day: ChartDay; readonly series: readonly StackSeries[]; readonly currency: string; readonly zone: string }): ReactNode {
  const rows = series.map((entry, place) => ({ entry, place, cost: entry.costs[index] ?? null })).filter((row) => row.cost !== null)
  return (
    <>
      <p className="mb-1.5 flex justify-between gap-6 font-semibold">
        <span>{formatDayIn(day.dayMs, zone)}{!day.complete && <span className="font-normal text-ink-3"> so far</span>}</span>
        {rows.length > 0 && <Money decimal={addDecimals(...rows.map((row) => row.cost))} currency={currency} />}
      </p>
      {rows.map(({ entry, place, cost }) => (
        <p key={entry.id} className="flex h-5 items-center gap-2">
          <Swatch index={place} rest={entry.rest} /><span className="min-w-0 flex-1 truncate text-ink-2">{entry.name}</span><Money decimal={cost} currency={currency} />
        </p>
      ))}
      {rows.length === 0 && <p className="text-ink-3">No spend</p>}
      {day.previousCost !== null && (
        <p className="mt-1.5 flex h-5 items-center justify-between gap-6 border-t border-line pt-1.5 text-ink-3"><span>Same day, month before</span><Money decimal={day.previousCost} currency={currency} /></p>
      )}
    </>
  )
}
