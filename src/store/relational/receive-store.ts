import { sql, type Selectable, type Transaction } from 'kysely'
import { TollgateError } from '../../base/errors.ts'
import { amountOf, formatAmount } from '../../base/money.ts'
import { batchIdOf, type BatchEffect, type BatchKey, type ReceiveStore } from '../ports.ts'
import { applyBudgets } from './apply-budgets.ts'
import { readVersion } from './change.ts'
import { advisory, inTransaction, lockShared, type Database } from './database.ts'
import type { Schema } from './schema.ts'

type JournalRow = Selectable<Schema['journal']>

/** Gateways, their journals and the blocks received from them. */
export function createReceiveStore(db: Database): ReceiveStore {
  return {
    async findNode(sha256) {
      return await db.leases.selectFrom('gateway_node').select(['id', 'name']).where('sha256', '=', sha256).executeTakeFirst() ?? null
    },
    async putNode(node) {
      await db.config.insertInto('gateway_node').values({ ...node })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ name: node.name, sha256: node.sha256 })).execute()
    },
    openEpoch: (nodeId, journalId, lastEpoch, nowMs) => inTransaction(db.leases, (tx) => openEpoch(tx, nodeId, journalId, lastEpoch, nowMs)),
    async lastBatch(journalId) {
      const row = await db.receive.selectFrom('journal').selectAll().where('journal_id', '=', journalId).executeTakeFirst()
      return row === undefined ? null : lastOf(row)
    },
    hasBatch: (key) => hasBatch(db.receive, key),
    rulesVersion: () => readVersion(db.receive, 'rules'),
    applyBatch: (effect, rulesVersion) => inTransaction(db.receive, (tx) => applyBatch(tx, effect, rulesVersion)),
    async listJournals() {
      const rows = await db.config.selectFrom('journal').innerJoin('gateway_node', 'gateway_node.id', 'journal.node_id')
        .selectAll('journal').select('gateway_node.name').orderBy('journal_id').execute()
      return rows.map((row) => ({
        journalId: row.journal_id, nodeId: row.node_id, nodeName: row.name, epoch: row.epoch, last: lastOf(row),
        seenAt: row.seen_at, batches: row.batches, rows: row.rows,
      }))
    },
    async listBatches(journalId) {
      const rows = await db.config.selectFrom('batch').selectAll().where('journal_id', '=', journalId)
        .orderBy('segment').orderBy('block').execute()
      return rows.map((row) => ({
        key: { journalId: row.journal_id, segment: row.segment, block: row.block }, rows: row.rows, cost: amountOf(row.cost), checksum: row.checksum, receivedAt: row.received_at,
      }))
    },
    async listQuarantine() {
      const rows = await db.config.selectFrom('quarantine').select(['journal_id', 'segment', 'block', 'position', 'reason'])
        .orderBy('journal_id').orderBy('segment').orderBy('block').orderBy('position').execute()
      return rows.map((row) => ({
        batchId: batchIdOf({ journalId: row.journal_id, segment: row.segment, block: row.block }), index: row.position, reason: row.reason,
      }))
    },
  }
}

async function openEpoch(
  tx: Transaction<Schema>, nodeId: string, journalId: string, lastEpoch: number, nowMs: number,
): Promise<{ readonly epoch: number; readonly last: BatchKey | null }> {
  const node = await tx.selectFrom('gateway_node').select('id').where('id', '=', nodeId).executeTakeFirst()
  if (node === undefined) throw new TollgateError('node_unknown')
  await tx.insertInto('journal').values({ journal_id: journalId, node_id: nodeId, epoch: 0, last_segment: null, last_block: null, seen_at: nowMs })
    .onConflict((conflict) => conflict.doNothing()).execute()
  // FOR UPDATE, not the weaker lock an UPDATE takes: a grant under way holds FOR KEY SHARE and must end in the old epoch.
  const journal = await tx.selectFrom('journal').selectAll().where('journal_id', '=', journalId).forUpdate().executeTakeFirstOrThrow()
  if (journal.node_id !== nodeId) throw new TollgateError('journal_mismatch')
  const epoch = Math.max(journal.epoch, lastEpoch) + 1
  await tx.updateTable('journal').set({ epoch, seen_at: nowMs }).where('journal_id', '=', journalId).execute()
  return { epoch, last: lastOf(journal) }
}

/** True when the block was applied now, false when it was there. */
async function applyBatch(tx: Transaction<Schema>, effect: BatchEffect, rulesVersion: string): Promise<boolean> {
  const { key } = effect
  await lockShared(tx, advisory.rules)
  const journal = await tx.selectFrom('journal').selectAll().where('journal_id', '=', key.journalId).forNoKeyUpdate().executeTakeFirst()
  if (journal === undefined) throw new TollgateError('journal_mismatch', 'No gateway has opened it.')
  if (await hasBatch(tx, key)) return false
  const next = follows(key, lastOf(journal))
  if (!next && effect.late !== true) throw new TollgateError('block_out_of_order')
  if (await readVersion(tx, 'rules') !== rulesVersion) throw new TollgateError('conflict', 'The budget rules have changed since this block was read.')
  await insertBatch(tx, effect)
  await applyBudgets(tx, effect)
  await insertQuarantine(tx, effect)
  await tx.updateTable('journal').set({
    ...(next ? { last_segment: key.segment, last_block: key.block } : {}), seen_at: effect.receivedAt,
    batches: journal.batches + 1, rows: journal.rows + effect.rows,
  }).where('journal_id', '=', key.journalId).execute()
  return true
}

/** Blocks are numbered within a segment, segments within a journal; a sealed journal may skip numbers but never goes back. */
const follows = (key: BatchKey, last: BatchKey | null): boolean =>
  last === null || key.segment > last.segment || (key.segment === last.segment && key.block > last.block)

async function hasBatch(queries: Database['receive'], key: BatchKey): Promise<boolean> {
  const row = await queries.selectFrom('batch').select('block').where('journal_id', '=', key.journalId)
    .where('segment', '=', key.segment).where('block', '=', key.block).executeTakeFirst()
  return row !== undefined
}

async function insertBatch(tx: Transaction<Schema>, effect: BatchEffect): Promise<void> {
  await tx.insertInto('batch').values({
    journal_id: effect.key.journalId, segment: effect.key.segment, block: effect.key.block, rows: effect.rows,
    cost: formatAmount(effect.cost), checksum: effect.checksum, received_at: effect.receivedAt,
  }).execute()
}

/** Frames are kept as bytes: one that could not be read may hold what a text column cannot. */
async function insertQuarantine(tx: Transaction<Schema>, effect: BatchEffect): Promise<void> {
  const { key, quarantined } = effect
  if (quarantined.length === 0) return
  await sql`
    INSERT INTO quarantine (journal_id, segment, block, position, reason, payload)
    SELECT ${key.journalId}, ${key.segment}::bigint, ${key.block}::bigint, q.position, q.reason, q.payload
    FROM unnest(${quarantined.map((frame) => frame.index)}::bigint[], ${quarantined.map((frame) => frame.reason.replaceAll('\0', ''))}::text[],
      ${quarantined.map((frame) => Buffer.from(frame.payload))}::bytea[]) AS q (position, reason, payload)
    ON CONFLICT DO NOTHING`.execute(tx)
}

const lastOf = (row: JournalRow): BatchKey | null =>
  row.last_segment === null || row.last_block === null ? null
    : { journalId: row.journal_id, segment: row.last_segment, block: row.last_block }
