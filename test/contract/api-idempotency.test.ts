import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMemoryIdempotencyStore } from '../../src/api/idempotency.ts'
import type { IdempotencyKey, IdempotencyStore } from '../../src/store/ports.ts'
import { startPostgres, type TestPostgres } from './control-store-engine.ts'

/** One contract, on the memory store and on PostgreSQL. */
function contract(name: string, open: () => IdempotencyStore): void {
  describe(name, () => {
    let keys = 0
    const fresh = (): IdempotencyKey => ({ orgId: 'acme', principal: 'ada', route: 'createKey', key: `key ${name} ${keys++}` })

    it('claims once, is pending, then repeats the answer', async () => {
      const store = open()
      const key = fresh()
      expect(await store.claim(key, 'f1', 1_000)).toEqual({ state: 'claimed', fingerprint: 'f1', answer: null })
      expect(await store.claim(key, 'f2', 1_001)).toEqual({ state: 'pending', fingerprint: 'f1', answer: null })
      await store.answer(key, 201, '{"a":1}')
      expect(await store.claim(key, 'f1', 2_000)).toEqual({ state: 'answered', fingerprint: 'f1', answer: { status: 201, body: '{"a":1}' } })
      expect((await store.claim({ ...key, principal: 'bo' }, 'f1', 2_000)).state).toBe('claimed')
      expect((await store.claim({ ...key, orgId: 'other' }, 'f1', 2_000)).state).toBe('claimed')
    })

    it('forgets what was released, a claim after a minute, an answer after a day', async () => {
      const store = open()
      const released = fresh()
      await store.claim(released, 'f', 0)
      await store.release(released)
      expect((await store.claim(released, 'g', 1)).state).toBe('claimed')
      const abandoned = fresh()
      await store.claim(abandoned, 'f', 0)
      expect((await store.claim(abandoned, 'f', 59_999)).state).toBe('pending')
      expect((await store.claim(abandoned, 'f', 60_000)).state).toBe('claimed')
      const answered = fresh()
      await store.claim(answered, 'f', 0)
      await store.answer(answered, 200, '')
      expect((await store.claim(answered, 'f', 86_399_999)).state).toBe('answered')
      expect((await store.claim(answered, 'f', 86_400_000)).state).toBe('claimed')
    })

    it('gives one claim to many at once', async () => {
      const store = open()
      const key = fresh()
      const claims = await Promise.all(Array.from({ length: 20 }, () => store.claim(key, 'f', 1_000)))
      expect(claims.map((claim) => claim.state).filter((state) => state === 'claimed')).toHaveLength(1)
    })
  })
}

contract('memory', createMemoryIdempotencyStore)

let postgres: TestPostgres
let database: Awaited<ReturnType<TestPostgres['openStore']>>
beforeAll(async () => {
  postgres = await startPostgres()
  database = await postgres.openStore()
})
afterAll(async () => {
  await database.close()
  await postgres.stop()
})
contract('postgres', () => database.store.idempotency)
