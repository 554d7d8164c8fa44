/*
 * ChartTable: a TimeChart's figures as a table, newest first; what is drawn can be read, copied and heard.
 * Takes the chart's own props, so that the two cannot differ.
 */
import type { ReactNode } from 'react'
import { Figure } from '../design/figures.tsx'
import { bucketName } from '../format/buckets.ts'
import type { TimeChartProps } from './time-chart.tsx'

const granularityHeads = { hour: 'Hour', day: 'Day', week: 'Week', month: 'Month' } as const

export function ChartTable({ label, buckets, granularity, zone, series, wholes, figure, before }: Omit<TimeChartProps, 'shape' | 'slots' | 'height'>): ReactNode {
  return (
    <div tabIndex={0} role="region" aria-label={label} className="focus-inset max-h-80 overflow-auto rounded-lg border border-line">
      <table className="w-full border-separate border-spacing-0 text-xs">
        <thead>
          <tr className="[&>th]:sticky [&>th]:top-0 [&>th]:border-b [&>th]:border-line [&>th]:bg-sunken [&>th]:px-3 [&>th]:py-2 [&>th]:font-medium [&>th]:whitespace-nowrap [&>th]:text-ink-2">
            <th scope="col" className="text-left">{granularityHeads[granularity]}</th>
            {series.map((entry) => <th key={entry.id} scope="col" className="text-right">{entry.name}</th>)}
            <th scope="col" className="text-right">Total</th>
            {before !== undefined && <th scope="col" className="text-right">{before.name}</th>}
          </tr>
        </thead>
        <tbody>
          {[...buckets.entries()].toReversed().map(([index, bucket]) => (
            <tr key={bucket.startMs} className="[&>*]:border-b [&>*]:border-line [&>*]:px-3 [&>*]:py-1.5 [&>*]:whitespace-nowrap">
              <th scope="row" className="text-left font-normal">{bucketName(bucket, granularity, zone)}{bucket.complete ? '' : <span className="text-ink-3"> in part</span>}</th>
              {series.map((entry) => <td key={entry.id} className="text-right text-ink-2"><Figure decimal={entry.values[index] ?? null} of={figure} /></td>)}
              <td className="text-right font-medium"><Figure decimal={wholes[index] ?? null} of={figure} /></td>
              {before !== undefined && <td className="text-right text-ink-3"><Figure decimal={before.values[index] ?? null} of={figure} /></td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
