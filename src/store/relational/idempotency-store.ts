import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { limits } from '../../config/limits.ts'
import type { IdempotencyClaim, IdempotencyKey, IdempotencyStore } from '../ports.ts'
import type { Database } from './database.ts'
import type { SecretBox } from './secret-box.ts'

/**
 * One write that a client may repeat, by its name.
 *
 *   absent ──claim──► claimed ──answer──► answered
 *     ▲                 │ release, or taken over after `idempotencyClaimMs`
 *     └─────────────────┘        answered ends after `idempotencyKeepMs`
 */
export function createIdempotencyStore(db: Database, box: SecretBox): IdempotencyStore {
  const claim = async (key: IdempotencyKey, fingerprint: string, nowMs: number): Promise<IdempotencyClaim> => {
    const name = nameOf(key)
    for (;;) {
      const claimed = await sql`
        INSERT INTO idempotent_write (org_id, name, fingerprint, claimed_at) VALUES (${key.orgId}, ${name}, ${fingerprint}, ${nowMs})
        ON CONFLICT (org_id, name) DO UPDATE SET fingerprint = excluded.fingerprint, claimed_at = excluded.claimed_at, status = NULL, sealed_body = NULL
        WHERE idempotent_write.claimed_at <= ${nowMs}::bigint
          - CASE WHEN idempotent_write.status IS NULL THEN ${limits.idempotencyClaimMs}::bigint ELSE ${limits.idempotencyKeepMs}::bigint END
        RETURNING 1`.execute(db.config)
      if (claimed.rows.length === 1) {
        await forgetOld(key.orgId, nowMs)
        return { state: 'claimed', fingerprint, answer: null }
      }
      const held = await db.config.selectFrom('idempotent_write').selectAll().where('org_id', '=', key.orgId).where('name', '=', name).executeTakeFirst()
      // Released between the two statements: it is free again.
      if (held === undefined) continue
      if (held.status === null || held.sealed_body === null) return { state: 'pending', fingerprint: held.fingerprint, answer: null }
      return { state: 'answered', fingerprint: held.fingerprint, answer: { status: held.status, body: box.open(held.sealed_body, placeOf(key.orgId, name)) } }
    }
  }
  const forgetOld = async (orgId: string, nowMs: number): Promise<void> => {
    await db.config.deleteFrom('idempotent_write').where('org_id', '=', orgId).where('claimed_at', '<=', nowMs - limits.idempotencyKeepMs).execute()
  }
  return {
    claim,
    async answer(key, status, body) {
      const name = nameOf(key)
      await db.config.updateTable('idempotent_write').set({ status, sealed_body: box.seal(body, placeOf(key.orgId, name)) })
        .where('org_id', '=', key.orgId).where('name', '=', name).execute()
    },
    async release(key) {
      await db.config.deleteFrom('idempotent_write').where('org_id', '=', key.orgId).where('name', '=', nameOf(key)).where('status', 'is', null).execute()
    },
  }
}

const nameOf = (key: IdempotencyKey): string => createHash('sha256').update(JSON.stringify([key.principal, key.route, key.key])).digest('hex')
const placeOf = (orgId: string, name: string): readonly string[] => ['idempotent_write', orgId, name]
