import { Tag } from 'lucide-react'
import type { ReactNode } from 'react'
import { Badge } from '../../design/badge.tsx'
import { exactMoney, formatMoney } from '../../format/money.ts'
import { compareDecimals } from '../../format/decimal.ts'
import type { BookModel, Component } from './model-queries.ts'
import { perName, rateOf } from './price-table.ts'

export const rateIn = (model: Pick<BookModel, 'rates'>, component: Component): BookModel['rates'][number] | undefined => model.rates.find((rate) => rate.component === component)

/** A price is shown as it is: rounding one would show another. */
function exactRate(amount: string, currency: string): string {
  const rounded = formatMoney(amount, currency)
  const places = (amount.split('.')[1] ?? '').replace(/0+$/, '').length
  return places <= 2 ? rounded : `${/^\D*/.exec(rounded)![0]}${exactMoney(amount, '')}`
}

/** A rate for the quantity people compare by; unknown is not zero. */
export function Rate({ rate }: { readonly rate: { readonly amount: string; readonly per: number; readonly unit: string; readonly currency: string } | undefined }): ReactNode {
  if (rate === undefined) return <span className="text-ink-3" title="No price for this.">–</span>
  const amount = rateOf(rate)
  return <span className="whitespace-nowrap" title={`${exactMoney(amount, rate.currency)} per ${perName(rate.unit)}`}>{exactRate(amount, rate.currency)}</span>
}

export const compareRates = (component: Component) => (a: Pick<BookModel, 'rates'>, b: Pick<BookModel, 'rates'>): number => {
  const [left, right] = [rateIn(a, component), rateIn(b, component)]
  if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined)
  return compareDecimals(rateOf(left), rateOf(right))
}

export const ContractMark = (): ReactNode => <Badge tone="info" icon={Tag} title="A contract price of your organisation applies.">Contract</Badge>
