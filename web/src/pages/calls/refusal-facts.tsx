import type { ReactNode } from 'react'
import { exactMoney, formatMoney } from '../../format/money.ts'
import { formatMoment } from '../../format/time.ts'

/** What the gateway noted when it refused, in the order a reader asks. */
const factNames: readonly (readonly [name: string, label: string])[] = [
  ['budget', 'Budget'], ['reason', 'Reason'], ['needed', 'This call needed up to'], ['limit', 'Limit'], ['used', 'Used then'], ['held', 'Held then'], ['resets_at', 'Resets'],
]

/** The decision's own figures: the windows below have moved on since. */
export function RefusalFacts({ notices }: { readonly notices: readonly string[] }): ReactNode {
  const noted = new Map(notices.map((notice) => [notice.slice(0, notice.indexOf('=')), notice.slice(notice.indexOf('=') + 1)]))
  const shown = factNames.filter(([name]) => (noted.get(name) ?? '') !== '')
  if (shown.length === 0) return null
  return (
    <dl className="mt-3 grid grid-cols-[auto_1fr] gap-x-5 gap-y-1 text-sm">
      {shown.map(([name, label]) => <div key={name} className="contents"><dt className="text-ink-3">{label}</dt><dd><FactValue text={noted.get(name) ?? ''} /></dd></div>)}
    </dl>
  )
}

/** "0.0029635 USD" reads as money, an ISO instant as a moment, anything else as it is. */
function FactValue({ text }: { readonly text: string }): ReactNode {
  const money = /^(-?\d+(?:\.\d+)?) ([A-Z]{3})$/.exec(text)
  if (money !== null) return <span title={exactMoney(money[1]!, money[2]!)}>{formatMoney(money[1]!, money[2]!)}</span>
  const moment = /^\d{4}-\d{2}-\d{2}T/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(moment) ? text : <time dateTime={text} title={text}>{formatMoment(moment)}</time>
}
