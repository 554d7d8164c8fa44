import { exactMoney, formatMoney, formatMoneyShort } from './money.ts'
import { exactCount, formatCount, formatDuration } from './quantity.ts'

/** What a figure counts; figures themselves are exact decimals, null where nobody knows. */
export type FigureKind = { readonly kind: 'money'; readonly currency: string } | { readonly kind: 'count' } | { readonly kind: 'duration' }

/** To read: "$12.30", "1.24 M", "842 ms". */
export function formatFigure(decimal: string, of: FigureKind): string {
  switch (of.kind) {
    case 'money': return formatMoney(decimal, of.currency)
    case 'count': return formatCount(Number(decimal))
    case 'duration': return formatDuration(Number(decimal))
  }
}

/** For axes: "$1.24M", "12.3 k". */
export function formatFigureShort(decimal: string, of: FigureKind): string {
  return of.kind === 'money' ? formatMoneyShort(decimal, of.currency).replace(/\.00$/, '') : formatFigure(decimal, of)
}

/** Every digit, for titles and copies. */
export function exactFigure(decimal: string, of: FigureKind): string {
  switch (of.kind) {
    case 'money': return exactMoney(decimal, of.currency)
    case 'count': return exactCount(Number(decimal))
    case 'duration': return `${decimal} ms`
  }
}
