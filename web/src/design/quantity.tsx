import type { ReactNode } from 'react'
import { exactMoney, formatMoney } from '../format/money.ts'
import { formatCount } from '../format/quantity.ts'

/** A budget's figure in its own unit: money, tokens or requests. */
export function Quantity({ text, of }: { readonly text: string; readonly of: { readonly measure: string; readonly currency: string } }): ReactNode {
  if (of.measure === 'cost') return <span title={exactMoney(text, of.currency)} className="whitespace-nowrap">{formatMoney(text, of.currency)}</span>
  return <span title={`${text} ${of.measure}`} className="whitespace-nowrap">{formatCount(Number(text))} {of.measure.replace('_', ' ')}</span>
}
