import { describe, expect, it } from 'vitest'
import { addDecimals, compareDecimals, parseDecimal, ratioOf, subtractDecimals } from './decimal.ts'
import { exactMoney, formatMoney, formatMoneyChange, formatMoneyShort, ledgerDigits } from './money.ts'
import { exactCount, formatChange, formatCount, formatDuration, formatShare } from './quantity.ts'
import { formatSince } from './time.ts'

describe('decimals', () => {
  it('adds and subtracts without floating error', () => {
    expect(addDecimals('0.1', '0.2')).toBe('0.3')
    expect(addDecimals('99999999999999999999999.000000000000001', '0.000000000000001')).toBe('99999999999999999999999.000000000000002')
    expect(subtractDecimals('1', '1.000000000000001')).toBe('-0.000000000000001')
    expect(addDecimals(null, '2')).toBe('2')
  })
  it('refuses exponents and more than 15 places', () => {
    expect(parseDecimal('1e-7')).toBeNull()
    expect(parseDecimal('0.0000000000000001')).toBeNull()
    expect(parseDecimal('')).toBeNull()
  })
  it('compares and divides', () => {
    expect(compareDecimals('10', '9.999999999999999')).toBe(1)
    expect(ratioOf('1', '3')).toBeCloseTo(0.3333333, 7)
    expect(ratioOf('1', '0')).toBeNull()
  })
})

describe('money', () => {
  it.each([
    ['0', '$0.00'], ['0.000138', '$0.000138'], ['0.0138', '$0.0138'], ['0.5', '$0.50'], ['0.123456', '$0.123'],
    ['12345.67', '$12,345.67'], ['1.005', '$1.00'], ['1.015', '$1.02'], ['0.9999', '$1.00'], ['0.00099995', '$0.001'],
    ['0.000000000000001', '$0.000000000000001'], ['-2.5', '−$2.50'], ['-0.00000362', '−$0.00000362'], ['1234567890.1', '$1,234,567,890.10'],
    ['99999999999999999999999', '$99,999,999,999,999,999,999,999.00'], ['not a figure', 'not a figure'],
  ])('%s reads %s', (decimal, text) => expect(formatMoney(decimal)).toBe(text))

  it('never shows a real cost as zero', () => {
    for (let place = 1; place <= 15; place += 1) {
      const decimal = `0.${'0'.repeat(place - 1)}1`
      expect(formatMoney(decimal)).toMatch(/[1-9]/)
    }
  })
  it('names other currencies', () => {
    expect(formatMoney('3', 'EUR')).toBe('€3.00')
    expect(formatMoney('-3', 'CHF')).toBe('−CHF 3.00')
  })
  it.each([['1240000', '$1.24M'], ['482300', '$482k'], ['12345.67', '$12,346'], ['999.5', '$999.50'], ['0.0138', '$0.0138'], ['3500000000', '$3.50B']])(
    'short: %s reads %s', (decimal, text) => expect(formatMoneyShort(decimal)).toBe(text))
  it('signs differences', () => {
    expect(formatMoneyChange('12')).toBe('+$12.00')
    expect(formatMoneyChange('-3.5')).toBe('−$3.50')
    expect(formatMoneyChange('0')).toBe('±$0.00')
  })
  it('keeps every digit where exactness is asked for', () => {
    expect(exactMoney('12345.000138000')).toBe('12,345.000138 USD')
    expect(exactMoney('0.000000000000001', 'EUR')).toBe('0.000000000000001 EUR')
    expect(exactMoney('7')).toBe('7 USD')
  })
  it('splits the fifteen places of the ledger', () => {
    expect(ledgerDigits('0.0138')).toEqual({ digits: '0.0138', zeros: '00000000000' })
    expect(ledgerDigits('2')).toEqual({ digits: '2', zeros: '.000000000000000' })
    expect(ledgerDigits('0.123456789012345')).toEqual({ digits: '0.123456789012345', zeros: '' })
  })
})

describe('quantities', () => {
  it.each([[0, '0'], [9870, '9,870'], [12_345, '12.3 k'], [999_950, '1.00 M'], [1_240_113, '1.24 M'], [-45_000, '−45.0 k'], [7.2e12, '7.20 T']])(
    'count %d reads %s', (count, text) => expect(formatCount(count)).toBe(text))
  it('keeps the exact count', () => expect(exactCount(-1_240_113)).toBe('−1,240,113'))
  it.each([[0, '0 ms'], [842, '842 ms'], [999.6, '1.00 s'], [1840, '1.84 s'], [59_996, '1 m 00 s'], [125_000, '2 m 05 s'], [12_000_000, '3 h 20 m'], [534_000_000, '6 d 4 h']])(
    'duration %d reads %s', (ms, text) => expect(formatDuration(ms)).toBe(text))
  it.each([[0, '0%'], [0.0001, '<0.1%'], [0.124, '12.4%'], [0.99999, '>99.9%'], [1, '100%'], [-0.05, '−5.0%']])(
    'share %d reads %s', (ratio, text) => expect(formatShare(ratio)).toBe(text))
  it('reads changes', () => {
    expect(formatChange(0.124)).toBe('+12.4%')
    expect(formatChange(-0.031)).toBe('−3.1%')
    expect(formatChange(null)).toBe('new')
    expect(formatChange(0)).toBe('±0.0%')
    expect(formatChange(14)).toBe('×15.0')
  })
  it('reads distances in time', () => {
    expect(formatSince(1000, 1500)).toBe('just now')
    expect(formatSince(0, 12_400)).toBe('12 s ago')
    expect(formatSince(185_000, 0)).toBe('in 3 m 05 s')
  })
})
