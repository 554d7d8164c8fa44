import { describe, expect, it } from 'vitest'
import { columnMoney, columnPlaces } from './statement-money.ts'
import { monthAt, monthName, readStatementSearch, shiftMonth } from './statement-search.ts'

describe('columns of money', () => {
  it('have as many places as the smallest amount needs, at most six', () => {
    expect([columnPlaces([]), columnPlaces(['0', '12.5', null]), columnPlaces(['12.5', '0.0042']), columnPlaces(['0.000000001'])]).toEqual([2, 2, 3, 6])
  })
  it('never show a cost as nothing, and keep every row under the same point', () => {
    expect(columnMoney('1234567.005', 2)).toBe('1,234,567.00')
    expect(columnMoney('0.0042', 3)).toBe('0.004')
    expect(columnMoney('-0.5', 2)).toBe('−0.50')
    expect(columnMoney('0.000000001', 6)).toBe('<0.000001')
    expect(columnMoney('0', 2)).toBe('0.00')
  })
})

describe('the address', () => {
  it('names a month, a node and a zone, and leaves out what it cannot read', () => {
    expect(readStatementSearch({ node: 'team_1', month: '2026-11', zone: 'Europe/Berlin', more: 1 })).toEqual({ node: 'team_1', month: '2026-11', zone: 'Europe/Berlin' })
    expect(readStatementSearch({ node: 5, month: '2026-13', zone: 'Mars/Base' })).toEqual({})
  })
  it('steps over years', () => {
    expect([shiftMonth('2026-12', 1), shiftMonth('2026-01', -1), shiftMonth('2026-03', -12)]).toEqual(['2027-01', '2025-12', '2025-03'])
    expect(monthName('2026-11')).toBe('November 2026')
    expect(monthAt(Date.UTC(2026, 10, 30, 23, 30), 'Europe/Berlin')).toBe('2026-12')
  })
})
