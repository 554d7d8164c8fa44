import { decimalPlaces, parseDecimal, roundHalfEven } from './decimal.ts'

const symbols: Readonly<Record<string, string>> = { USD: '$', EUR: '€', GBP: '£', JPY: '¥', INR: '₹' }
const unit = 10n ** BigInt(decimalPlaces)
const minus = '−'

const prefixOf = (currency: string): string => symbols[currency] ?? (currency === '' ? '' : `${currency} `)
const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',')

/** Digits written in full: sign, grouped whole part and a fraction of exactly `places`. */
function written(amount: bigint, places: number, currency: string): string {
  const magnitude = amount < 0n ? -amount : amount
  const fraction = (magnitude % unit).toString().padStart(decimalPlaces, '0').slice(0, places)
  const sign = amount < 0n ? minus : ''
  return `${sign}${prefixOf(currency)}${grouped((magnitude / unit).toString())}${places > 0 ? `.${fraction}` : ''}`
}

/** Decimals that keep three significant digits below one unit, two above; never fewer than two. */
function adaptivePlaces(magnitude: bigint): number {
  if (magnitude === 0n || magnitude >= unit) return 2
  const leadingZeros = decimalPlaces - magnitude.toString().length
  return Math.max(2, Math.min(decimalPlaces, leadingZeros + 3))
}

/**
 * A figure to read: "$12,345.67", "$0.0138", "$0.000138". A cost that is not zero never shows as 0.00.
 * Anything that is not a decimal is shown as it came.
 */
export function formatMoney(decimal: string, currency = 'USD'): string {
  const amount = parseDecimal(decimal)
  if (amount === null) return decimal
  const magnitude = amount < 0n ? -amount : amount
  const places = adaptivePlaces(magnitude)
  const rounded = roundHalfEven(magnitude, places)
  const trimmed = trimmedPlaces(rounded, rounded >= unit ? 2 : places)
  return written(amount < 0n ? -rounded : rounded, trimmed, currency)
}

/** Drops trailing zeros of the fraction, down to two places. */
function trimmedPlaces(magnitude: bigint, places: number): number {
  let kept = places
  while (kept > 2 && magnitude % 10n ** BigInt(decimalPlaces - kept + 1) === 0n) kept -= 1
  return kept
}

const steps = [
  { from: 10n ** 9n, name: 'B' },
  { from: 10n ** 6n, name: 'M' },
  { from: 10n ** 5n, name: 'k', per: 10n ** 3n },
] as const

/** For axes and narrow tiles: "$1.24M", "$482k", "$12,345", otherwise like `formatMoney`. */
export function formatMoneyShort(decimal: string, currency = 'USD'): string {
  const amount = parseDecimal(decimal)
  if (amount === null) return decimal
  const magnitude = amount < 0n ? -amount : amount
  for (const step of steps) {
    if (magnitude < step.from * unit) continue
    const scaled = magnitude / ('per' in step ? step.per : step.from)
    const places = scaled >= 100n * unit ? 0 : scaled >= 10n * unit ? 1 : 2
    const rounded = roundHalfEven(scaled, places)
    return `${written(amount < 0n ? -rounded : rounded, places, currency)}${step.name}`
  }
  if (magnitude >= 1000n * unit) {
    const rounded = roundHalfEven(magnitude, 0)
    return written(amount < 0n ? -rounded : rounded, 0, currency)
  }
  return formatMoney(decimal, currency)
}

/** With a sign, for differences: "+$12.00", "−$3.50", "±$0.00". */
export function formatMoneyChange(decimal: string, currency = 'USD'): string {
  const amount = parseDecimal(decimal)
  if (amount === null) return decimal
  const text = formatMoney(decimal, currency)
  return amount > 0n ? `+${text}` : amount === 0n ? `±${text}` : text
}

/** Every digit there is, grouped, with the currency code: "0.000138 USD". What titles and copies carry. */
export function exactMoney(decimal: string, currency = 'USD'): string {
  const amount = parseDecimal(decimal)
  if (amount === null) return decimal
  const fraction = decimal.includes('.') ? decimal.slice(decimal.indexOf('.') + 1).replace(/0+$/, '').length : 0
  return `${written(amount, fraction, '')} ${currency}`.trim()
}

/** The fifteen places of the ledger, split so that trailing zeros can be drawn faintly. */
export function ledgerDigits(decimal: string): { readonly digits: string; readonly zeros: string } {
  const amount = parseDecimal(decimal)
  if (amount === null) return { digits: decimal, zeros: '' }
  const text = written(amount, decimalPlaces, '')
  const digits = text.replace(/0+$/, '')
  const kept = digits.endsWith('.') ? digits.slice(0, -1) : digits
  return { digits: kept, zeros: text.slice(kept.length) }
}
