import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Holdings, type Hold } from './holdings.ts'

test('every window or none', () => {
  const holdings = new Holdings()
  holdings.grant('a', 10n)
  holdings.grant('b', 3n)
  expect(holdings.tryHold([{ windowId: 'a', amount: 5n }, { windowId: 'b', amount: 4n }])).toEqual({ windowId: 'b', amount: 4n })
  expect(holdings.available('a')).toBe(10n)
  expect(holdings.tryHold([{ windowId: 'a', amount: 5n }, { windowId: 'b', amount: 3n }])).toBeNull()
  expect([holdings.available('a'), holdings.held('a'), holdings.available('b')]).toEqual([5n, 5n, 0n])
})

test('a call that cost more than its bound stops admissions until there is room again', () => {
  const holdings = new Holdings()
  holdings.grant('a', 10n)
  holdings.tryHold([{ windowId: 'a', amount: 10n }])
  holdings.settle('a', 10n, 14n)
  expect(holdings.available('a')).toBe(-4n)
  expect(holdings.tryHold([{ windowId: 'a', amount: 1n }])).not.toBeNull()
  expect(holdings.takeIdle('a')).toBe(0n)
  holdings.grant('a', 5n)
  expect(holdings.tryHold([{ windowId: 'a', amount: 1n }])).toBeNull()
})

test('settling what was never held stops', () => {
  const holdings = new Holdings()
  holdings.grant('a', 10n)
  expect(() => holdings.settle('a', 1n, 1n)).toThrow('must hold')
})

test('granted = available + held + used + returned, through any life', () => {
  const step = fc.oneof(
    fc.record({ act: fc.constant('grant' as const), amount: fc.bigInt({ min: 0n, max: 100n }) }),
    fc.record({ act: fc.constant('hold' as const), amount: fc.bigInt({ min: 0n, max: 60n }) }),
    fc.record({ act: fc.constant('settle' as const), amount: fc.bigInt({ min: 0n, max: 80n }) }),
    fc.record({ act: fc.constant('return' as const), amount: fc.constant(0n) }),
  )
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const holdings = new Holdings()
    let granted = 0n
    let used = 0n
    let returned = 0n
    const holds: Hold[] = []
    for (const { act, amount } of steps) {
      if (act === 'grant') { holdings.grant('w', amount); granted += amount }
      if (act === 'hold' && holdings.tryHold([{ windowId: 'w', amount }]) === null) holds.push({ windowId: 'w', amount })
      if (act === 'settle' && holds.length > 0) { const hold = holds.shift()!; holdings.settle('w', hold.amount, amount); used += amount }
      if (act === 'return') returned += holdings.takeIdle('w')
      const held = holds.reduce((sum, hold) => sum + hold.amount, 0n)
      expect(holdings.held('w')).toBe(held)
      expect(granted).toBe(holdings.available('w') + held + used + returned)
    }
  }))
})
