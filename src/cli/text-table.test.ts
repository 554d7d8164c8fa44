import { expect, test } from 'vitest'
import { readableAmount, textTable } from './text-table.ts'

test('amounts are read without losing one that is small', () => {
  expect(['0', '12.345', '1234567.895', '0.0547123', '0.000000000000001', '-0.5', '0.9999', null].map(readableAmount))
    .toEqual(['0.00', '12.34', '1,234,567.90', '0.0547', '0.000000000000001', '-0.50', '1.00', 'unpriced'])
})

test('a table keeps amounts under one point and the total under a line', () => {
  expect(textTable([{ name: 'App' }, { name: 'Cost', amount: true }, { name: 'Calls', right: true }], [['shop', '12.30', '1,200'], ['bot', '0.0547', '7'], ['new', 'unpriced', '1']], ['Total', '12.35', '1,208'])).toBe([
    'App        Cost  Calls',
    '─────  ────────  ─────',
    'shop    12.30    1,200',
    'bot      0.0547      7',
    'new    unpriced      1',
    '─────  ────────  ─────',
    'Total   12.35    1,208',
  ].join('\n'))
})
