import fc from 'fast-check'
import { expect, test } from 'vitest'
import { divideHalfEven, formatAmount, parseAmount } from './money.ts'

test('amounts read and write without loss', () => {
  fc.assert(fc.property(fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }), (amount) => {
    expect(parseAmount(formatAmount(amount))).toEqual({ ok: true, value: amount })
  }))
})

test('amounts are written as the shortest exact decimal', () => {
  const unit = 10n ** 15n
  expect([0n, 1n, 10n, 100_000_000_000_000n, unit - 1n, unit, unit + 1n, 12_500_000_000_000_000n, 100n * unit, -1n, -2n * unit].map(formatAmount)).toEqual([
    '0', '0.000000000000001', '0.00000000000001', '0.1', '0.999999999999999', '1', '1.000000000000001', '12.5', '100', '-0.000000000000001', '-2',
  ])
  fc.assert(fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), (amount) => { expect(parseAmount(formatAmount(amount))).toEqual({ ok: true, value: amount }) }))
})

test('a decimal that cannot be kept exactly is refused, not rounded', () => {
  for (const text of ['0.0000000000000001', '1e-7', '', '.', '1.', 'NaN', '1,5', '0x1', ' 1']) expect(parseAmount(text).ok, text).toBe(false)
  expect(parseAmount('0.000000003625')).toEqual({ ok: true, value: 3_625_000n })
  expect(parseAmount('-600')).toEqual({ ok: true, value: -600n * 10n ** 15n })
})

test('ties go to the even neighbour, on both sides of zero', () => {
  expect([1n, 3n, 5n, -1n, -3n, -5n].map((n) => divideHalfEven(n, 2n))).toEqual([0n, 2n, 2n, 0n, -2n, -2n])
  expect([7n, 8n, -7n, -8n].map((n) => divideHalfEven(n, 3n))).toEqual([2n, 3n, -2n, -3n])
})
