import { divideHalfEven, type Amount } from '../base/money.ts'

export interface Landing {
  readonly landing: Amount | null
  readonly low: Amount | null
  readonly high: Amount | null
  readonly basisDays: number
}

/**
 * Where a month lands if it goes on at the mean of the last full days: what is spent, plus the mean for the time left.
 * The band is the mean deviation of those days, grown with the root of the days left; it is a spread, not a confidence.
 *
 * @param spent cost so far this month, the running day included
 * @param days costs of the last full days, any order
 * @param msLeft milliseconds to the month's end
 */
export function landMonth(spent: Amount, days: readonly Amount[], msLeft: number): Landing {
  const count = BigInt(days.length)
  if (count === 0n) return { landing: null, low: null, high: null, basisDays: 0 }
  const sum = days.reduce((total, day) => total + day, 0n)
  const mean = divideHalfEven(sum, count)
  const deviation = divideHalfEven(days.reduce((total, day) => total + distance(day, mean), 0n), count)
  const left = BigInt(Math.max(0, Math.round(msLeft)))
  const landing = spent + divideHalfEven(sum * left, count * dayMs)
  // √(left ÷ day) = √(left × day) ÷ day, whole until the last step.
  const band = divideHalfEven(deviation * wholeRoot(left * dayMs), dayMs)
  return { landing, low: landing - band < spent ? spent : landing - band, high: landing + band, basisDays: days.length }
}

const dayMs = 86_400_000n
const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a)

/** Largest whole number whose square is at most `value` (Newton). */
function wholeRoot(value: bigint): bigint {
  if (value < 2n) return value
  let guess = 1n << BigInt((value.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (guess + value / guess) >> 1n
    if (next >= guess) return guess
    guess = next
  }
}
