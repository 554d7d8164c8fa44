import { sql, type Kysely, type Transaction } from 'kysely'
import type { Actor } from '../ports.ts'
import type { AuditLine } from './audit-lines.ts'
import { inTransaction, jsonb, nowMs } from './database.ts'
import type { Schema } from './schema.ts'

/** Channel on which every process hears that a snapshot would differ now. */
export const changeChannel = 'tollgate_change'

/** `rules` changes are snapshot changes too. */
export type Touches = 'nothing' | 'snapshot' | 'rules'

/** What a write did; `audit` is null when there was nothing to change, and then nothing is written. */
export interface Written<Value> {
  readonly value: Value
  readonly audit: AuditLine | null
}

/** One transaction that holds a person's change, its audit row and the new snapshot version; all of them or none. */
export async function inAudited<Value>(
  lane: Kysely<Schema>,
  who: { readonly orgId: string; readonly actor: Actor },
  touches: Touches,
  work: (tx: Transaction<Schema>) => Promise<Written<Value>>,
): Promise<Value> {
  return inTransaction(lane, async (tx) => {
    const { value, audit } = await work(tx)
    if (audit === null) return value
    await tx.insertInto('audit_entry').values({
      org_id: who.orgId, at: nowMs, actor_id: who.actor.id, actor_name: who.actor.name,
      action: audit.action, subject: audit.subject, detail: jsonb(audit.detail),
    }).execute()
    await announce(tx, touches)
    return value
  })
}

/** Raises the versions a change touches and tells listeners at commit. Last in a transaction: the rows are hot. */
export async function announce(tx: Transaction<Schema>, touches: Touches): Promise<void> {
  if (touches === 'nothing') return
  if (touches === 'rules') await raise(tx, 'rules')
  await raise(tx, 'snapshot')
  await sql`SELECT pg_notify(${changeChannel}, '')`.execute(tx)
}

async function raise(tx: Transaction<Schema>, name: 'rules' | 'snapshot'): Promise<void> {
  await tx.updateTable('version_counter').set({ value: sql<number>`value + 1` }).where('name', '=', name).execute()
}

/** A version as decimal text. */
export async function readVersion(queries: Kysely<Schema>, name: 'rules' | 'snapshot'): Promise<string> {
  const row = await queries.selectFrom('version_counter').select('value').where('name', '=', name).executeTakeFirstOrThrow()
  return String(row.value)
}
