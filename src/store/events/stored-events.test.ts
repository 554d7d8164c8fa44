import { expect, it } from 'vitest'
import { uuidv7 } from '../../base/ids.ts'
import { StoredEvents } from './stored-events.ts'

const row = (at: number, more: Partial<Parameters<StoredEvents['mayHold']>[0]> = {}): Parameters<StoredEvents['mayHold']>[0] =>
  ({ eventId: uuidv7(at), at, kind: 'attempt', quality: 'final', ...more })
const rows = (at: number, count: number): ReturnType<typeof row>[] => Array.from({ length: count }, (_, index) => row(at + index))

it('asks for what may have been stored before, and for nothing newer', () => {
  const stored = new StoredEvents(1_000)
  expect([999, 1_000, 1_001].map((at) => stored.mayHold(row(at)))).toEqual([true, true, false])
})

it('never says no to what it was given, also after it has forgotten the ids', () => {
  const stored = new StoredEvents(0, 100)
  const given = rows(1_000, 1_050)
  for (const [index, each] of given.entries()) {
    expect(stored.mayHold(each), `row ${index}`).toBe(false)
    stored.add([each])
    expect(stored.mayHold(each)).toBe(true)
  }
  expect(given.every((each) => stored.mayHold(each))).toBe(true)
  // Behind the forgotten ids lies the horizon: a row that is older than the latest of them is asked for, one after it is not.
  expect(stored.mayHold(row(1_500))).toBe(true)
  expect(stored.mayHold(row(5_000))).toBe(false)
})

it('rarely takes a new id for a stored one', () => {
  const stored = new StoredEvents(0)
  stored.add(rows(1, 200_000))
  expect(rows(1_000_000, 20_000).filter((each) => stored.mayHold(each)).length).toBeLessThan(20)
})

it('always asks for what another life of a gateway or another source may have stored', () => {
  const stored = new StoredEvents(0)
  expect([{ quality: 'uncertain' }, { kind: 'ingested' }, { kind: 'adjustment' }, { kind: 'cache_hit' }].map((more) => stored.mayHold(row(5, more as never)))).toEqual([true, true, true, true])
  expect(new StoredEvents(Number.POSITIVE_INFINITY).mayHold(row(5))).toBe(true)
})
