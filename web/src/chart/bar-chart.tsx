/*
 * BarChart: a ranking, each bar beside what it is compared with.
 *
 *   <BarChart label="Cost by team" bars={[{ id, name, value, before?, rest? }]} figure={…} beforeName="Month before" onOpen={(id) => …} />
 *
 * A list to screen readers, each bar with its figures in words; with `onOpen` the bars are buttons. Figures stand beside
 * the bars, so that the chart is its own table.
 */
import type { ReactNode } from 'react'
import { classNames } from '../design/class-names.ts'
import { Figure } from '../design/figures.tsx'
import { plotValue } from '../format/decimal.ts'
import type { FigureKind } from '../format/figure.ts'
import { Swatch } from './decals.tsx'
import { seriesToken } from './palette.ts'

export interface RankedBar {
  readonly id: string
  readonly name: string
  readonly value: string | null
  readonly before?: string | null
  /** The grey remainder; it leads nowhere. */
  readonly rest?: boolean
}

interface BarChartProps {
  readonly label: string
  readonly bars: readonly RankedBar[]
  readonly figure: FigureKind
  readonly beforeName?: string
  readonly onOpen?: (id: string) => void
}

export function BarChart({ label, bars, figure, beforeName, onOpen }: BarChartProps): ReactNode {
  const widest = bars.flatMap((bar) => [plotValue(bar.value), plotValue(bar.before)]).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const share = (value: string | null | undefined): string => `${widest === 0 ? 0 : Math.max(0.4, (Math.abs(plotValue(value)) / widest) * 100)}%`
  return (
    <ul aria-label={label} className="flex flex-col gap-0.5">
      {bars.map((bar, place) => {
        const inside = (
          <>
            <span className="flex min-w-0 items-center gap-2"><Swatch index={place} rest={bar.rest ?? false} /><span className="truncate">{bar.name}</span></span>
            <span aria-hidden className="flex min-w-0 flex-col gap-0.5">
              <span className="block h-3 rounded-[2px]" style={{ width: share(bar.value), background: `var(${seriesToken(place, bar.rest ?? false)})` }} />
              {bar.before != null && <span className="block h-1 rounded-[1px] bg-ink-faint" style={{ width: share(bar.before) }} />}
            </span>
            <span className="text-right font-medium"><Figure decimal={bar.value} of={figure} />{bar.before != null && <span className="block text-2xs font-normal text-ink-3"><span className="sr-only">{beforeName}: </span><Figure decimal={bar.before} of={figure} /></span>}</span>
          </>
        )
        const shape = 'grid min-h-9 w-full grid-cols-[minmax(0,9rem)_minmax(0,1fr)_5.5rem] items-center gap-x-3 rounded px-2 py-1 text-left text-sm md:grid-cols-[minmax(0,14rem)_minmax(0,1fr)_7rem]'
        return <li key={bar.id}>{onOpen === undefined || bar.rest === true ? <span className={shape}>{inside}</span> : <button type="button" onClick={() => onOpen(bar.id)} className={classNames(shape, 'focus-inset hover:bg-hover')}>{inside}</button>}</li>
      })}
    </ul>
  )
}
