import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Statement } from '../../api/queries.ts'
import { formatMoney } from '../../format/money.ts'
import { exactCount, formatCount } from '../../format/quantity.ts'

const listedMax = 6
const plural = (count: number, one: string, many = `${one}s`): string => `${exactCount(count)} ${count === 1 ? one : many}`

/** What the figures do not say by themselves, in words. */
export function StatementNotes({ statement }: { readonly statement: Statement }): ReactNode {
  const { totals, currency, otherCurrencies, state } = statement
  return (
    <section aria-label="Notes" className="mt-10 border-t border-line pt-5 text-sm text-ink-2 print:mt-7 print:text-xs">
      <h2 className="text-base font-semibold text-ink">Notes</h2>
      <ol className="mt-2 flex list-decimal flex-col gap-2 pl-5 marker:text-ink-3 [&>li]:break-inside-avoid [&>li]:pl-1">
        {totals.unpricedCalls > 0 && <li><Unpriced statement={statement} /></li>}
        {totals.uncertainCost !== '0' && <li>{formatMoney(totals.uncertainCost, currency)} of the cost was booked at its upper bound, because the outcome of those calls is not known. It is corrected if the outcome becomes known.</li>}
        {totals.refusals > 0 && <li>{plural(totals.refusals, 'call')} {totals.refusals === 1 ? 'was' : 'were'} refused by a budget or a policy before leaving. Refused calls cost nothing.</li>}
        {totals.withoutListPrice > 0 && <li>{plural(totals.withoutListPrice, 'record')} {totals.withoutListPrice === 1 ? 'has' : 'have'} a contract price and no list price; {totals.withoutListPrice === 1 ? 'it is' : 'they are'} in the contract column only, which makes the difference smaller.</li>}
        {otherCurrencies.length > 0 && <li>There is also cost in {otherCurrencies.join(', ')}. It is in no figure here; nothing is converted.</li>}
        <li>{state === 'running' ? 'The month still runs: this is what was recorded so far.' : 'The month is over and has not been closed: late usage and corrections can still change it.'} Teams and cost centres are those of the moment of each call.</li>
        <li>Amounts are rounded for reading, each by itself. The file has every digit, and its rows add up to its total exactly.</li>
      </ol>
    </section>
  )
}

function Unpriced({ statement: { totals, unpriced } }: { readonly statement: Statement }): ReactNode {
  const shown = unpriced.slice(0, listedMax)
  return (
    <>
      <span className="text-warn">*</span> {plural(totals.unpricedCalls, 'call')} {totals.unpricedCalls === 1 ? 'has' : 'have'} a part without a price. What that part costs is not zero, it is unknown, and it is in no figure here:{' '}
      {shown.map((row, index) => (
        <span key={`${row.provider}/${row.model}/${row.pricing}`}>
          {index > 0 && '; '}<span className="text-ink">{row.provider}/{row.model === '' ? 'no model' : row.model}</span> ({plural(row.calls, 'call')}, {formatCount(row.tokens)} tokens, {row.pricing === 'partial' ? 'partly priced' : 'nothing priced'})
        </span>
      ))}
      {unpriced.length > shown.length && `; and ${unpriced.length - shown.length} more`}.{' '}
      <Link to="/models" className="text-accent underline underline-offset-2 print:hidden">Give them a price</Link>
    </>
  )
}
