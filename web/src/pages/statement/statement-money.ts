import { parseDecimal, roundHalfEven, writeDecimal } from '../../format/decimal.ts'
import { formatMoney } from '../../format/money.ts'

const placesMax = 6

/**
 * Decimals for a whole column: two, or as many more as its smallest amount needs for its first digit, so that a real cost
 * never reads 0.00 and every row stands under the same point.
 */
export function columnPlaces(decimals: readonly (string | null)[]): number {
  let places = 2
  for (const decimal of decimals) {
    const amount = decimal === null ? null : parseDecimal(decimal)
    if (amount === null || amount === 0n) continue
    const magnitude = amount < 0n ? -amount : amount
    while (places < placesMax && roundHalfEven(magnitude, places) === 0n) places += 1
  }
  return places
}

/** "1,234.50": no symbol, exactly `places` decimals; what rounds to nothing is "<0.000001". */
export function columnMoney(decimal: string, places: number): string {
  const amount = parseDecimal(decimal)
  if (amount === null) return decimal
  const magnitude = amount < 0n ? -amount : amount
  const rounded = roundHalfEven(magnitude, places)
  const sign = amount < 0n ? '−' : ''
  if (rounded === 0n && magnitude > 0n) return `${sign}<0.${'0'.repeat(places - 1)}1`
  const [whole = '0', fraction = ''] = writeDecimal(rounded).split('.')
  return `${sign}${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')}.${fraction.padEnd(places, '0')}`
}

/** The sign of a difference in words: "$4.11 below", "$2.00 above". */
export function againstWords(difference: string, currency: string, below = 'below', above = 'above'): string {
  return difference.startsWith('-') ? `${formatMoney(difference.slice(1), currency)} ${above}` : `${formatMoney(difference, currency)} ${below}`
}
