import { sql } from 'kysely'
import type { IdempotencyClaim, IdempotencyKey, IdempotencyStore } from '../ports.ts'
import { openDatabase, type Log, type Queries } from './database.ts'

const keepMs = 24 * 3_600_000
/** A claim this old belongs to a process that died at its work. */
const abandonedMs = 60_000

interface Row { fingerprint: string; status: number | null; body: string | null }

/**
 * Answers by Idempotency-Key over PostgreSQL, so that any replica repeats what another has answered. A claim is one
 * statement: it inserts, takes over what is outdated, or changes nothing and reads what is there.
 */
export function createIdempotencyStore(lane: Queries): IdempotencyStore {
  const where = (key: IdempotencyKey) => sql`org_id = ${key.orgId} AND principal = ${key.principal} AND route = ${key.route} AND key = ${key.key}`
  return {
    async claim(key, fingerprint, nowMs): Promise<IdempotencyClaim> {
      const { rows: claimed } = await sql<Row>`
        INSERT INTO idempotent_answer AS held (org_id, principal, route, key, fingerprint, claimed_at)
        VALUES (${key.orgId}, ${key.principal}, ${key.route}, ${key.key}, ${fingerprint}, ${nowMs})
        ON CONFLICT (org_id, principal, route, key) DO UPDATE
          SET fingerprint = excluded.fingerprint, claimed_at = excluded.claimed_at, status = NULL, body = NULL
          WHERE held.claimed_at <= excluded.claimed_at - CASE WHEN held.status IS NULL THEN ${abandonedMs}::bigint ELSE ${keepMs}::bigint END
        RETURNING fingerprint, status, body`.execute(lane)
      if (claimed.length > 0) {
        await dropOutdated(lane, key, nowMs)
        return { state: 'claimed', fingerprint, answer: null }
      }
      const { rows } = await sql<Row>`SELECT fingerprint, status, body FROM idempotent_answer WHERE ${where(key)}`.execute(lane)
      const held = rows[0]
      // Released between the two statements: its request failed this moment, and the client may try again.
      if (!held) return { state: 'pending', fingerprint, answer: null }
      const { status, body } = held
      return { state: status === null ? 'pending' : 'answered', fingerprint: held.fingerprint, answer: status === null || body === null ? null : { status, body } }
    },
    async answer(key, status, body) {
      await sql`UPDATE idempotent_answer SET status = ${status}, body = ${body} WHERE ${where(key)}`.execute(lane)
    },
    async release(key) {
      await sql`DELETE FROM idempotent_answer WHERE ${where(key)} AND status IS NULL`.execute(lane)
    },
  }
}

/** Each new claim clears the same principal's outdated ones, so the table needs no job. */
async function dropOutdated(lane: Queries, key: IdempotencyKey, nowMs: number): Promise<void> {
  await sql`DELETE FROM idempotent_answer WHERE org_id = ${key.orgId} AND principal = ${key.principal} AND claimed_at <= ${nowMs - keepMs}`.execute(lane)
}

/** The same over connections of its own; close it with the process. */
export function openIdempotencyStore(options: { readonly url: string; readonly log?: Log }): IdempotencyStore & { close(): Promise<void> } {
  const database = openDatabase({ url: options.url, connectionsMax: 4, log: options.log ?? (() => undefined) })
  return { ...createIdempotencyStore(database.config), close: () => database.close() }
}
