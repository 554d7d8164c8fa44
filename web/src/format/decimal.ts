/**
 * Money arrives as decimal strings and is compared, added and rounded as whole 1e-15 units. A `number` appears only
 * where pixels are drawn (`plotValue`) or a share is shown.
 */
export const decimalPlaces = 15
const unit = 10n ** BigInt(decimalPlaces)
const pattern = /^([+-]?)(\d+)(?:\.(\d{1,15}))?$/

/** Whole 1e-15 units, or null for anything that is not a plain decimal. */
export function parseDecimal(text: string): bigint | null {
  const match = pattern.exec(text)
  if (match === null) return null
  const magnitude = BigInt(match[2]!) * unit + BigInt((match[3] ?? '').padEnd(decimalPlaces, '0'))
  return match[1] === '-' ? -magnitude : magnitude
}

/** `parseDecimal` where a missing or malformed figure counts as nothing, e.g. in sums of what is known. */
export const decimalOrZero = (text: string | null | undefined): bigint => (text === null || text === undefined ? 0n : (parseDecimal(text) ?? 0n))

/** The shortest exact decimal of whole 1e-15 units. */
export function writeDecimal(amount: bigint): string {
  const magnitude = amount < 0n ? -amount : amount
  const fraction = (magnitude % unit).toString().padStart(decimalPlaces, '0').replace(/0+$/, '')
  return `${amount < 0n ? '-' : ''}${magnitude / unit}${fraction === '' ? '' : `.${fraction}`}`
}

export const addDecimals = (...texts: readonly (string | null | undefined)[]): string => writeDecimal(texts.reduce((sum, text) => sum + decimalOrZero(text), 0n))
export const subtractDecimals = (a: string | null | undefined, b: string | null | undefined): string => writeDecimal(decimalOrZero(a) - decimalOrZero(b))

/** For sorting: negative when a < b. */
export function compareDecimals(a: string | null | undefined, b: string | null | undefined): number {
  const difference = decimalOrZero(a) - decimalOrZero(b)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** part ÷ whole to seven places as a number, for shares, bar widths and percentages; null when the whole is zero. */
export function ratioOf(part: string | null | undefined, whole: string | null | undefined): number | null {
  const divisor = decimalOrZero(whole)
  if (divisor === 0n) return null
  return Number((decimalOrZero(part) * 10_000_000n) / divisor) / 10_000_000
}

/** A floating value for drawing only. */
export const plotValue = (text: string | null | undefined): number => Number(text ?? 0)

/** Rounds a magnitude of 1e-15 units to `places` decimals, ties to even, still in 1e-15 units. */
export function roundHalfEven(magnitude: bigint, places: number): bigint {
  const step = 10n ** BigInt(decimalPlaces - places)
  const quotient = magnitude / step
  const twice = (magnitude % step) * 2n
  const up = twice > step || (twice === step && quotient % 2n === 1n)
  return (up ? quotient + 1n : quotient) * step
}

/** part ÷ whole of 1e-15 units, to `places` decimals, ties to even; null when the whole is zero. */
export function divideHalfEven(part: bigint, whole: bigint, places = decimalPlaces): bigint | null {
  if (whole === 0n) return null
  const negative = part < 0n !== whole < 0n
  const [dividend, divisor] = [part < 0n ? -part : part, whole < 0n ? -whole : whole]
  const step = 10n ** BigInt(decimalPlaces - places)
  const scaled = dividend * 10n ** BigInt(places)
  const quotient = scaled / divisor
  const twice = (scaled % divisor) * 2n
  const rounded = twice > divisor || (twice === divisor && quotient % 2n === 1n) ? quotient + 1n : quotient
  return (negative ? -rounded : rounded) * step
}
