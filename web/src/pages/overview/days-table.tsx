import type { ReactNode } from 'react'
import type { Overview } from '../../api/queries.ts'
import type { StackSeries } from '../../chart/stacked-days.ts'
import { Money } from '../../design/figures.tsx'
import { formatDayIn } from '../../format/time.ts'

/** The chart's figures as a table; what is drawn can be read, copied and heard. */
export function DaysTable({ days, series, currency, zone }: { readonly days: Overview['series']; readonly series: readonly StackSeries[]; readonly currency: string; readonly zone: string }): ReactNode {
  return (
    <div tabIndex={0} role="region" aria-label="Spend per day" className="focus-inset max-h-80 overflow-auto rounded-lg border border-line">
      <table className="w-full border-separate border-spacing-0 text-xs">
        <thead>
          <tr className="[&>th]:sticky [&>th]:top-0 [&>th]:border-b [&>th]:border-line [&>th]:bg-sunken [&>th]:px-3 [&>th]:py-2 [&>th]:font-medium [&>th]:whitespace-nowrap [&>th]:text-ink-2">
            <th scope="col" className="text-left">Day</th>
            {series.map((entry) => <th key={entry.id} scope="col" className="text-right">{entry.name}</th>)}
            <th scope="col" className="text-right">Total</th>
            <th scope="col" className="text-right">Month before</th>
          </tr>
        </thead>
        <tbody>
          {[...days.entries()].toReversed().map(([index, day]) => (
            <tr key={day.dayMs} className="[&>*]:border-b [&>*]:border-line [&>*]:px-3 [&>*]:py-1.5 [&>*]:whitespace-nowrap">
              <th scope="row" className="text-left font-normal">{formatDayIn(day.dayMs, zone)}{day.complete ? '' : <span className="text-ink-3"> so far</span>}</th>
              {series.map((entry) => <td key={entry.id} className="text-right text-ink-2">{entry.costs[index] == null ? '–' : <Money decimal={entry.costs[index]} currency={currency} />}</td>)}
              <td className="text-right font-medium">{day.cost === null ? '–' : <Money decimal={day.cost} currency={currency} />}</td>
              <td className="text-right text-ink-3">{day.previousCost === null ? '–' : <Money decimal={day.previousCost} currency={currency} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
