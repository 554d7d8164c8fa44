import { describe, expect, it } from 'vitest'
import { amountOf, formatAmount } from '../base/money.ts'
import { landMonth } from './landing.ts'

const dayMs = 86_400_000
const days = (...costs: readonly string[]): readonly bigint[] => costs.map(amountOf)

describe('landMonth', () => {
  it('adds the mean of the full days for the time left', () => {
    const landing = landMonth(amountOf('9'), days('2', '6'), 12.5 * dayMs)
    expect(landing.landing && formatAmount(landing.landing)).toBe('59')
  })
  it('grows the band with the root of the days left, and never below what is spent', () => {
    const even = landMonth(amountOf('10'), days('2', '6'), 4 * dayMs)
    expect([even.low, even.high].map((edge) => edge && formatAmount(edge))).toEqual(['22', '30'])
    const wild = landMonth(amountOf('10'), days('0', '0', '0', '8'), dayMs)
    expect(wild.low && formatAmount(wild.low)).toBe('10')
  })
  it('is exact where a double is not', () => {
    const landing = landMonth(amountOf('90071992547409930.000000000000001'), days('0'), dayMs)
    expect(landing.landing && formatAmount(landing.landing)).toBe('90071992547409930.000000000000001')
  })
  it('says nothing without a full day', () => {
    expect(landMonth(5n, [], dayMs)).toEqual({ landing: null, low: null, high: null, basisDays: 0 })
  })
})
