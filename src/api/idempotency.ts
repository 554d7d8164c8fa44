import type { IdempotencyClaim, IdempotencyKey, IdempotencyStore } from '../store/ports.ts'

/** How long an answer is kept for its Idempotency-Key. */
const idempotencyKeepMs = 24 * 3_600_000
/** A claim without answer this old belongs to a process that died; it may be taken over. */
const idempotencyClaimMs = 60_000
const entriesMax = 10_000

interface Entry { fingerprint: string; claimedAt: number; answer: { status: number; body: string } | null }

/** Keeps answers in this process; for a single replica and for tests. Oldest entries leave first when it is full. */
export function createMemoryIdempotencyStore(): IdempotencyStore {
  const entries = new Map<string, Entry>()
  const nameOf = (key: IdempotencyKey): string => JSON.stringify([key.orgId, key.principal, key.route, key.key])
  return {
    async claim(key, fingerprint, nowMs): Promise<IdempotencyClaim> {
      const name = nameOf(key)
      const held = entries.get(name)
      const lives = held && nowMs - held.claimedAt < (held.answer ? idempotencyKeepMs : idempotencyClaimMs)
      if (lives) return { state: held.answer ? 'answered' : 'pending', fingerprint: held.fingerprint, answer: held.answer }
      entries.delete(name)
      entries.set(name, { fingerprint, claimedAt: nowMs, answer: null })
      if (entries.size > entriesMax) for (const oldest of entries.keys()) { entries.delete(oldest); break }
      return { state: 'claimed', fingerprint, answer: null }
    },
    async answer(key, status, body) {
      const entry = entries.get(nameOf(key))
      if (entry) entry.answer = { status, body }
    },
    async release(key) {
      entries.delete(nameOf(key))
    },
  }
}
