import type { ReactNode } from 'react'
import { Figure } from '../design/figures.tsx'
import { bucketName, type Bucket, type Granularity } from '../format/buckets.ts'
import type { FigureKind } from '../format/figure.ts'
import { Swatch } from './decals.tsx'
import type { ChartNote, ChartSeries } from './series.ts'

/** What a bucket is compared with: its name in a tip and a figure per bucket. */
export interface TipBefore { readonly name: string; readonly values: readonly (string | null)[] }

interface ChartTipProps {
  readonly index: number
  readonly bucket: Bucket
  readonly granularity: Granularity
  readonly zone: string
  readonly series: readonly ChartSeries[]
  readonly whole: string | null
  readonly figure: FigureKind
  readonly before: TipBefore | undefined
  readonly notes: readonly ChartNote[]
}

/** What one bucket came to, series by series, what it is compared with, and what happened in it. */
export function ChartTip({ index, bucket, granularity, zone, series, whole, figure, before, notes }: ChartTipProps): ReactNode {
  const rows = series.map((entry, place) => ({ entry, place, value: entry.values[index] ?? null })).filter((row) => row.value !== null)
  const compared = before?.values[index] ?? null
  const inside = notes.filter((note) => note.atMs >= bucket.startMs && note.atMs < bucket.endMs)
  return (
    <>
      <p className="mb-1.5 flex justify-between gap-6 font-semibold">
        <span>{bucketName(bucket, granularity, zone)}{!bucket.complete && <span className="font-normal text-ink-3"> {Date.now() < bucket.endMs ? 'so far' : 'in part'}</span>}</span>
        {whole !== null && <Figure decimal={whole} of={figure} />}
      </p>
      {rows.map(({ entry, place, value }) => (
        <p key={entry.id} className="flex h-5 items-center gap-2">
          <Swatch index={place} rest={entry.rest} /><span className="min-w-0 flex-1 truncate text-ink-2">{entry.name}</span><Figure decimal={value} of={figure} />
        </p>
      ))}
      {rows.length === 0 && <p className="text-ink-3">Nothing</p>}
      {compared !== null && (
        <p className="mt-1.5 flex h-5 items-center justify-between gap-6 border-t border-line pt-1.5 text-ink-3"><span>{before?.name}</span><Figure decimal={compared} of={figure} /></p>
      )}
      {inside.map((note) => <p key={note.text} className="mt-1.5 border-t border-line pt-1.5 text-ink-2">{note.text}</p>)}
    </>
  )
}
