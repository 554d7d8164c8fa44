import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import type { Overview } from '../../api/queries.ts'
import { classNames } from '../../design/class-names.ts'
import { Money } from '../../design/figures.tsx'
import { Panel } from '../../design/panel.tsx'
import { Segmented } from '../../design/segmented.tsx'
import { compareDecimals, ratioOf, subtractDecimals } from '../../format/decimal.ts'
import { exactMoney, formatMoneyChange } from '../../format/money.ts'
import { formatChange } from '../../format/quantity.ts'
import { searchOfValue } from '../explore/drill.ts'

type Mover = Overview['movers'][number]
type Dimension = Mover['dimension']
const dimensions = [{ value: 'team', label: 'Teams' }, { value: 'app', label: 'Apps' }, { value: 'model', label: 'Models' }] as const
const magnitudeOf = (decimal: string): string => decimal.replace('-', '')

/** Who drove the change: the amount, the rate, and where it stands now. */
export function MoversPanel({ overview, className }: { readonly overview: Overview; readonly className?: string }): ReactNode {
  const [dimension, setDimension] = useState<Dimension>('team')
  const movers = overview.movers.filter((mover) => mover.dimension === dimension)
  const widest = movers.reduce((most, mover) => (compareDecimals(magnitudeOf(mover.delta), most) > 0 ? magnitudeOf(mover.delta) : most), '0')
  return (
    <Panel title="What drove the change" note="against the same days of the month before" className={className ?? ''} flush aside={<Segmented label="Movers by" value={dimension} options={dimensions} onChange={setDimension} />}>
      {movers.length === 0 ? <p className="px-5 pb-6 text-sm text-ink-2">Nothing moved.</p> : (
        <ul className="pb-3">{movers.map((mover) => <MoverRow key={mover.id} mover={mover} widest={widest} currency={overview.currency} />)}</ul>
      )}
    </Panel>
  )
}

function MoverRow({ mover, widest, currency }: { readonly mover: Mover; readonly widest: string; readonly currency: string }): ReactNode {
  const fell = mover.delta.startsWith('-')
  const width = Math.max(1, Math.abs(ratioOf(mover.delta, widest) ?? 0) * 50)
  const change = ratioOf(subtractDecimals(mover.current, mover.previous), mover.previous)
  const shape = 'grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 px-5 py-2 sm:grid-cols-[minmax(0,11rem)_minmax(0,1fr)_7rem_4.5rem_7rem]'
  const row = (
    <>
      <span className="truncate text-sm font-medium">{mover.name || 'None named'}</span>
      <span aria-hidden className="relative hidden h-4 sm:block">
        <span className="absolute inset-y-0 left-1/2 w-px bg-line-strong" />
        <span className={classNames('absolute inset-y-0.5 rounded-[2px]', fell ? 'right-1/2 bg-[var(--series-3)]' : 'left-1/2 bg-[var(--series-2)]')} style={{ width: `${width}%` }} />
      </span>
      <span className="text-right text-sm font-medium" title={exactMoney(mover.delta, currency)}>{formatMoneyChange(mover.delta, currency)}</span>
      <span className="text-right text-sm text-ink-2 max-sm:text-left">{formatChange(change)}</span>
      <span className="text-right text-sm text-ink-3">now <Money decimal={mover.current} currency={currency} /></span>
    </>
  )
  return <li><Link to="/explore" search={searchOfValue(mover.dimension, mover.id)} className={`${shape} focus-inset hover:bg-hover`}>{row}</Link></li>
}
