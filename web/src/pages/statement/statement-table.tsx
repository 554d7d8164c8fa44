import { useId, type ReactNode } from 'react'
import type { Statement } from '../../api/queries.ts'
import { ratioOf } from '../../format/decimal.ts'
import { exactMoney } from '../../format/money.ts'
import { exactCount, formatCount, formatShare } from '../../format/quantity.ts'
import { columnMoney, columnPlaces } from './statement-money.ts'

type Table = Statement['teams']
/** Tables up to this many lines are kept on one sheet. */
const wholeRowsMax = 16

type Figures = Statement['totals']

/** One way to cut the month: lines dearest first, and a total that is their sum. */
export function StatementTable({ title, note, missing, table, totals, currency }: {
  readonly title: string
  readonly note?: string
  /** What a line without a value is called. */
  readonly missing: string
  readonly table: Table
  readonly totals: Figures
  readonly currency: string
}): ReactNode {
  const id = useId()
  const rows = [...table.lines.map((line) => ({ ...line, name: line.name === '' ? missing : line.name, quiet: line.id === '' })), ...(table.rest === null ? [] : [{ ...table.rest, id: 'rest', name: 'All others', quiet: true }])]
  const places = columnPlaces([...rows, totals].flatMap((row) => [row.cost, row.listCost]))
  return (
    <section aria-labelledby={id} className={`mt-9 print:mt-7 ${rows.length <= wholeRowsMax ? 'break-inside-avoid' : ''}`}>
      <div className="flex break-after-avoid flex-wrap items-baseline justify-between gap-x-4">
        <h2 id={id} className="text-base font-semibold tracking-[-0.006em]">{title}</h2>
        {note !== undefined && <p className="label-quiet">{note}</p>}
      </div>
      <table className="mt-2 w-full table-fixed border-collapse text-sm">
        <thead>
          <tr className="border-b border-ink text-xs text-ink-2 [&>th]:py-1.5 [&>th]:pl-4 [&>th]:text-right [&>th]:font-medium [&>th]:first:pl-0 [&>th]:first:text-left">
            <th scope="col">{title.replace('By ', '').replace(/^./, (letter) => letter.toUpperCase())}</th>
            <th scope="col" className="w-18 max-sm:hidden print:table-cell">Calls</th>
            <th scope="col" className="w-20 max-sm:hidden print:table-cell">Tokens</th>
            <th scope="col" className="w-26 max-sm:hidden print:table-cell">List</th>
            <th scope="col" className="w-22 sm:w-26">Contract</th>
            <th scope="col" className="w-22 sm:w-24">Difference</th>
            <th scope="col" className="w-18 max-sm:hidden print:table-cell">Share</th>
          </tr>
        </thead>
        <tbody>{rows.map((row) => <Row key={row.id} name={row.name} quiet={row.quiet} of={row} total={totals.cost} places={places} currency={currency} />)}</tbody>
        <tfoot className="print:[display:table-row-group]"><Row name="Total" of={totals} total={totals.cost} places={places} currency={currency} foot /></tfoot>
      </table>
    </section>
  )
}

function Row({ name, of, total, places, currency, quiet = false, foot = false }: {
  readonly name: string; readonly of: Figures; readonly total: string | null; readonly places: number; readonly currency: string; readonly quiet?: boolean; readonly foot?: boolean
}): ReactNode {
  return (
    <tr className={`[&>*]:py-1.5 [&>td]:pl-4 [&>td]:text-right [&>td]:align-top [&>td]:whitespace-nowrap ${foot ? 'border-t border-ink font-semibold' : 'break-inside-avoid border-t border-line first:border-t-0'}`}>
      <th scope="row" className={`text-left [overflow-wrap:anywhere] ${foot ? '' : 'font-normal'} ${quiet ? 'text-ink-3' : ''}`}>
        {name}
        <span className="block text-xs font-normal text-ink-3 sm:hidden print:hidden">{formatCount(of.calls)} calls · {formatCount(of.tokens)} tokens</span>
      </th>
      <td className="max-sm:hidden print:table-cell">{exactCount(of.calls)}</td>
      <td className="max-sm:hidden print:table-cell" title={exactCount(of.tokens)}>{formatCount(of.tokens)}</td>
      <td className="text-ink-2 max-sm:hidden print:table-cell"><Amount decimal={of.listCost} places={places} currency={currency} unpricedCalls={of.unpricedCalls} /></td>
      <td><Amount decimal={of.cost} places={places} currency={currency} unpricedCalls={of.unpricedCalls} /></td>
      <td className="text-ink-2"><Amount decimal={of.saving} places={places} currency={currency} unpricedCalls={0} /></td>
      <td className="text-ink-3 max-sm:hidden print:table-cell">{of.cost === null || total === null ? '–' : formatShare(ratioOf(of.cost, total) ?? 0)}</td>
    </tr>
  )
}

/** Nothing priced is not nothing spent: it is said in words, and a sum that leaves calls out carries the note's mark. */
function Amount({ decimal, places, currency, unpricedCalls }: { readonly decimal: string | null; readonly places: number; readonly currency: string; readonly unpricedCalls: number }): ReactNode {
  if (unpricedCalls > 0 && (decimal === null || decimal === '0')) return <span className="text-warn" title="No price is known for this; it is not free.">unpriced</span>
  if (decimal === null) return <span className="text-ink-3">–</span>
  return (
    <span title={exactMoney(decimal, currency)}>
      {columnMoney(decimal, places)}
      {unpricedCalls > 0 && <span className="inline-block w-0 text-warn" title={`${exactCount(unpricedCalls)} calls without a price are not in it`}>*</span>}
    </span>
  )
}
