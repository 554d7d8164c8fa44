import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryIdempotencyStore } from '../../src/api/idempotency.ts'
import { limits } from '../../src/config/limits.ts'
import type { IdempotencyKey, IdempotencyStore } from '../../src/store/ports.ts'
import { startPostgres, type TestPostgres } from './control-store-engine.ts'

const key = (given: Partial<IdempotencyKey> = {}): IdempotencyKey => ({ orgId: 'acme', principal: 'user_1', route: 'POST /keys', key: 'once', ...given })

function describeIdempotency(name: string, open: () => Promise<{ readonly store: IdempotencyStore; close(): Promise<void> }>): void {
  describe(`repeated writes on ${name}`, () => {
    let store: IdempotencyStore
    let close: () => Promise<void>
    beforeEach(async () => { ({ store, close } = await open()) })
    afterEach(() => close())

    it('are claimed by one of many, then wait, then get its answer', async () => {
      const claims = await Promise.all(Array.from({ length: 8 }, (_, index) => store.claim(key(), `print ${index}`, 1_000)))
      expect(claims.filter((claim) => claim.state === 'claimed')).toHaveLength(1)
      const [winner] = claims.filter((claim) => claim.state === 'claimed')
      expect(claims.filter((claim) => claim.state === 'pending')).toHaveLength(7)
      expect(new Set(claims.filter((claim) => claim.state === 'pending').map((claim) => claim.fingerprint))).toEqual(new Set([winner?.fingerprint]))
      await store.answer(key(), 201, '{"id":"ä"}')
      expect(await store.claim(key(), 'another', 2_000)).toEqual({ state: 'answered', fingerprint: winner?.fingerprint, answer: { status: 201, body: '{"id":"ä"}' } })
    })

    it('are told apart by every part of their name', async () => {
      await store.claim(key(), 'f', 1_000)
      for (const other of [{ orgId: 'o' }, { principal: 'p' }, { route: 'r' }, { key: 'k'.repeat(5_000) }]) {
        expect(await store.claim(key(other), 'f', 1_000)).toMatchObject({ state: 'claimed' })
      }
    })

    it('may be tried again after a release, and be taken over after a minute', async () => {
      await store.claim(key(), 'first', 1_000)
      await store.release(key())
      expect(await store.claim(key(), 'second', 1_000)).toMatchObject({ state: 'claimed', fingerprint: 'second' })
      expect(await store.claim(key(), 'third', 1_000 + limits.idempotencyClaimMs - 1)).toMatchObject({ state: 'pending', fingerprint: 'second' })
      expect(await store.claim(key(), 'third', 1_000 + limits.idempotencyClaimMs)).toMatchObject({ state: 'claimed', fingerprint: 'third' })
    })

    it('are forgotten after a day', async () => {
      await store.claim(key(), 'first', 1_000)
      await store.answer(key(), 200, 'old')
      expect(await store.claim(key(), 'next', 999 + limits.idempotencyKeepMs)).toMatchObject({ state: 'answered' })
      expect(await store.claim(key(), 'next', 1_000 + limits.idempotencyKeepMs)).toMatchObject({ state: 'claimed', answer: null })
    })
  })
}

let postgres: TestPostgres
beforeAll(async () => { postgres = await startPostgres() })
afterAll(() => postgres.stop())

describeIdempotency('memory', async () => ({ store: createMemoryIdempotencyStore(), close: async () => undefined }))
describeIdempotency('PostgreSQL', async () => {
  const { store, close } = await postgres.openStore()
  return { store: store.idempotency, close }
})

describe('answers in PostgreSQL', () => {
  it('are sealed, because they may hold a new secret, and leave the table when they are old', async () => {
    const { store, url, close } = await postgres.openStore()
    await store.idempotency.claim(key(), 'f', 1_000)
    await store.idempotency.answer(key(), 201, '{"secret":"tg_plain"}')
    const client = new Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query<{ sealed_body: Buffer }>('SELECT sealed_body FROM idempotent_write')
    expect(rows[0]?.sealed_body.includes('tg_plain')).toBe(false)
    await store.idempotency.claim(key({ key: 'later' }), 'f', 1_000 + limits.idempotencyKeepMs)
    expect((await client.query('SELECT 1 FROM idempotent_write')).rowCount).toBe(1)
    await client.end()
    await close()
  })
})
