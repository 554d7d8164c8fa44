import { expect, test } from 'vitest'
import { secret, shortId, uuidv7 } from './ids.ts'

test('a UUIDv7 carries its millisecond, version and variant, and sorts by time', () => {
  const instant = Date.UTC(2026, 10, 23, 12)
  const id = uuidv7(instant)
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(instant)
  expect(uuidv7(instant + 1) > id).toBe(true)
})

test('ids do not repeat across refills of the random pool', () => {
  const ids = new Set(Array.from({ length: 5_000 }, () => uuidv7(1)))
  expect(ids.size).toBe(5_000)
})

test('a secret holds at least 128 random bits', () => {
  expect(secret('tg_')).toMatch(/^tg_[0-9a-z]{32}$/)
  expect(new Set(Array.from({ length: 1_000 }, () => shortId('team'))).size).toBe(1_000)
})
