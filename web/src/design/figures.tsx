import type { ReactNode } from 'react'
import { exactFigure, formatFigure, type FigureKind } from '../format/figure.ts'
import { exactMoney, formatMoney, ledgerDigits } from '../format/money.ts'
import { exactCount, formatCount } from '../format/quantity.ts'
import { exactMoment, formatSince } from '../format/time.ts'
import { useNow } from './use-now.ts'

/** Money to read; the exact figure is in the title. Null means that nobody knows the price, which is not zero. */
export function Money({ decimal, currency = 'USD' }: { readonly decimal: string | null; readonly currency?: string | undefined }): ReactNode {
  if (decimal === null) return <span className="text-warn" title="No price is known for this; it is not free.">unpriced</span>
  return <span title={exactMoney(decimal, currency)}>{formatMoney(decimal, currency)}</span>
}

/** A figure of any kind; the exact one is in the title. Null: nobody knows, or there was nothing to know. */
export function Figure({ decimal, of }: { readonly decimal: string | null; readonly of: FigureKind }): ReactNode {
  if (decimal === null) return <span className="text-ink-3">–</span>
  return <span title={exactFigure(decimal, of)} className="whitespace-nowrap">{formatFigure(decimal, of)}</span>
}

/** Money in a column, aligned on the decimal point whatever its precision. */
export function MoneyAligned({ decimal, currency = 'USD', places = 6 }: { readonly decimal: string; readonly currency?: string; readonly places?: number }): ReactNode {
  const text = formatMoney(decimal, currency)
  const point = text.lastIndexOf('.')
  return (
    <span title={exactMoney(decimal, currency)} className="inline-flex justify-end">
      <span>{text.slice(0, point)}</span>
      <span className="text-left" style={{ minWidth: `${places + 0.6}ch` }}>{text.slice(point)}</span>
    </span>
  )
}

/** The fifteen places that are booked, trailing zeros faint. */
export function LedgerMoney({ decimal }: { readonly decimal: string }): ReactNode {
  const { digits, zeros } = ledgerDigits(decimal)
  return <span className="font-mono whitespace-nowrap">{digits}<span className="font-light text-ink-3">{zeros}</span></span>
}

export function Count({ count }: { readonly count: number }): ReactNode {
  return <span title={exactCount(count)} className="whitespace-nowrap">{formatCount(count)}</span>
}

/** A distance in time that keeps itself current; the exact moment is in the title. */
export function Since({ ms }: { readonly ms: number }): ReactNode {
  const now = useNow(5000)
  return <time dateTime={exactMoment(ms)} title={exactMoment(ms)} className="whitespace-nowrap">{formatSince(ms, now)}</time>
}
