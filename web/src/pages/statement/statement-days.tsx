import type { ReactNode } from 'react'
import type { Statement } from '../../api/queries.ts'
import { compareDecimals, plotValue } from '../../format/decimal.ts'
import { exactMoney, formatMoney } from '../../format/money.ts'
import { exactCount } from '../../format/quantity.ts'
import { formatDayIn } from '../../format/time.ts'

const dayMs = 86_400_000

/** The month at a glance: a bar per day over the whole month, the day that still runs hatched, and the figures as a table for whoever cannot see it. */
export function StatementDays({ statement }: { readonly statement: Statement }): ReactNode {
  const { days, currency, zone, period } = statement
  const dearest = days.reduce((best, day) => (compareDecimals(day.cost, best.cost) > 0 ? day : best), days[0]!)
  const top = plotValue(dearest.cost)
  if (top <= 0) return null
  const slots = Math.max(days.length, Math.round((period.toMs - period.fromMs) / dayMs))
  const marks = [0, 7, 14, 21, slots - 1].filter((slot, index, all) => all.indexOf(slot) === index)
  return (
    <section aria-label="Cost per day" className="mt-8 break-inside-avoid print:mt-6">
      <p className="flex flex-wrap justify-between gap-x-4 text-xs text-ink-3"><span>Cost per day</span><span>Highest {formatMoney(dearest.cost ?? '0', currency)} on {formatDayIn(dearest.dayMs, zone)}</span></p>
      <div aria-hidden className="mt-2 flex h-20 items-end gap-[3px] border-b border-ink print:h-16">
        {Array.from({ length: slots }, (_, slot) => {
          const day = days[slot]
          const share = day === undefined ? 0 : Math.max(0, plotValue(day.cost)) / top
          return (
            <span key={slot} title={day === undefined ? undefined : `${formatDayIn(day.dayMs, zone)}: ${day.cost === null ? 'unpriced' : exactMoney(day.cost, currency)}`} className="flex h-full min-w-0 flex-1 items-end">
              <span className={`w-full rounded-t-[2px] print:[print-color-adjust:exact] ${day?.complete === false ? 'hatch text-[var(--series-1)]' : 'bg-[var(--series-1)]'}`} style={{ height: share === 0 ? 0 : `max(1px, ${(share * 100).toFixed(2)}%)` }} />
            </span>
          )
        })}
      </div>
      <div aria-hidden className="relative mt-1 h-4 text-2xs text-ink-3">
        {marks.map((slot) => (
          <span key={slot} className={`absolute whitespace-nowrap ${slot === 0 ? '' : slot === slots - 1 ? '-translate-x-full' : '-translate-x-1/2'}`} style={{ left: slot === 0 ? 0 : slot === slots - 1 ? '100%' : `${((slot + 0.5) / slots) * 100}%` }}>
            {formatDayIn(period.fromMs + slot * dayMs + dayMs / 2, zone)}
          </span>
        ))}
      </div>
      <table className="sr-only">
        <caption>Cost per day</caption>
        <thead><tr><th scope="col">Day</th><th scope="col">Calls</th><th scope="col">Cost</th></tr></thead>
        <tbody>{days.map((day) => <tr key={day.dayMs}><th scope="row">{formatDayIn(day.dayMs, zone)}</th><td>{exactCount(day.calls)}</td><td>{day.cost === null ? 'unpriced' : exactMoney(day.cost, currency)}</td></tr>)}</tbody>
      </table>
    </section>
  )
}
