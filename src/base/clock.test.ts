import { expect, test } from 'vitest'
import { AuthorityClock, type Clock } from './clock.ts'

test('a wall clock that is set back moves nothing', () => {
  const hands = { wall: 1_000_000, mono: 50 }
  const clock = new AuthorityClock({ now: () => hands.wall, monotonicMs: () => hands.mono } satisfies Clock)
  expect(clock.now()).toBe(1_000_000)
  hands.wall -= 3_600_000
  hands.mono += 10
  expect(clock.now()).toBe(1_000_010)
})

test('the authority’s answer sets the clock, taking half the round trip off; backwards it stands still', () => {
  const hands = { wall: 0, mono: 0 }
  const clock = new AuthorityClock({ now: () => hands.wall, monotonicMs: () => hands.mono })
  hands.mono = 200
  clock.correct(5_000, 100, 200)
  expect(clock.now()).toBe(5_050)
  clock.correct(4_000, 200, 200)
  expect(clock.now()).toBe(5_050)
  hands.mono = 1_300
  expect(clock.now()).toBe(5_100)
})

test('an instant known from before is a floor', () => {
  const clock = new AuthorityClock({ now: () => 1_000, monotonicMs: () => 0 }, 9_000)
  expect(clock.now()).toBe(9_000)
})

test('a wall clock that is ahead at start gives way to the first answer, though not to a time known from before', () => {
  const hands = { wall: 9_000_000, mono: 0 }
  const clock = new AuthorityClock({ now: () => hands.wall, monotonicMs: () => hands.mono }, 5_000)
  expect(clock.now()).toBe(9_000_000)
  clock.correct(6_000, 0, 0)
  expect(clock.now()).toBe(6_000)
  clock.correct(5_500, 0, 0)
  expect(clock.now()).toBe(6_000)
  const behind = new AuthorityClock({ now: () => 0, monotonicMs: () => hands.mono }, 5_000)
  behind.correct(4_000, 0, 0)
  expect(behind.now()).toBe(5_000)
})
