import { assert } from './assert.ts'
import { err, ok, type Result } from './result.ts'

/** Money, exact: whole 1e-15 of one currency unit. Signed. Written as a decimal string on every wire. */
export type Amount = bigint

/** Decimal places an amount carries: NUMERIC(38,15) and Decimal(38,15) in the engines. */
export const amountScale = 15
const unit = 10n ** BigInt(amountScale)

const decimalPattern = /^([+-]?)(\d{1,23})(?:\.(\d{1,15}))?$/

/** Reads a plain decimal ("12.5", "-0.000000003625"); exponents and more than 15 places are refused, never rounded. */
export function parseAmount(text: string): Result<Amount, string> {
  const match = decimalPattern.exec(text)
  if (!match) return err(`"${text.slice(0, 60)}" is not a decimal with at most ${amountScale} places`)
  const magnitude = BigInt(match[2]!) * unit + BigInt((match[3] ?? '').padEnd(amountScale, '0'))
  return ok(match[1] === '-' ? -magnitude : magnitude)
}

/** `parseAmount` for text we wrote ourselves: anything else is a broken invariant. */
export function amountOf(text: string): Amount {
  const parsed = parseAmount(text)
  assert(parsed.ok, `amount ${text.slice(0, 60)} must be a decimal`)
  return parsed.value
}

/** The shortest exact decimal: "0.0138", "-2", "0". */
export function formatAmount(amount: Amount): string {
  if (amount < 0n) return `-${formatAmount(-amount)}`
  // One conversion and cuts of text: dividing a bigint costs more than writing it.
  const digits = amount.toString()
  const wholeDigits = digits.length - amountScale
  let end = digits.length
  while (end > 0 && end > wholeDigits && digits.charCodeAt(end - 1) === zero) end -= 1
  if (wholeDigits > 0) return end === wholeDigits ? digits.slice(0, wholeDigits) : `${digits.slice(0, wholeDigits)}.${digits.slice(wholeDigits, end)}`
  return end === 0 ? '0' : `0.${leadingZeros[-wholeDigits]!}${digits.slice(0, end)}`
}
const zero = 0x30
const leadingZeros: readonly string[] = Array.from({ length: amountScale }, (_, count) => '0'.repeat(count))

/** numerator ÷ denominator to a whole number, ties to even; the one rounding mode of cost lines. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  assert(denominator > 0n, 'denominator must be positive')
  const quotient = numerator / denominator
  const remainder = numerator % denominator
  if (remainder === 0n) return quotient
  const twice = (remainder < 0n ? -remainder : remainder) * 2n
  const away = numerator < 0n ? quotient - 1n : quotient + 1n
  if (twice > denominator) return away
  if (twice < denominator) return quotient
  return quotient % 2n === 0n ? quotient : away
}
