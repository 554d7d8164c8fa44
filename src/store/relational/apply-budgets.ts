import { sql, type Transaction } from 'kysely'
import { assert } from '../../base/assert.ts'
import type { BatchEffect } from '../ports.ts'
import type { Schema } from './schema.ts'
import { parseWindowId, tupleKeyOf } from './window-key.ts'

/**
 * What a block does to windows and lease accounts, in a fixed number of statements however many records it holds: the effect
 * is summed per window and per account first. Every window it will touch is locked up front in key order, so that blocks of
 * several journals never wait for each other in a circle; after that no other transaction moves these accounts.
 */
export async function applyBudgets(tx: Transaction<Schema>, effect: BatchEffect): Promise<void> {
  const commits = sumCommits(effect)
  const moves = sumMoves(effect)
  await createMissingWindows(tx, commits)
  await lockWindows(tx, effect, commits, moves)
  await commit(tx, commits)
  await settleAndReturn(tx, effect.key.journalId, moves)
  await closeEpochs(tx, effect)
}

interface Commit {
  readonly orgId: string; readonly ruleId: string; readonly startMs: number; readonly tupleKey: string
  readonly tuple: string; readonly endMs: number; amount: bigint
}
/** Settled and returned of one account of this journal. The organisation is found by the rule. */
interface Move {
  readonly ruleId: string; readonly startMs: number; readonly tupleKey: string; readonly epoch: number
  settled: bigint; returned: bigint
}

function sumCommits(effect: BatchEffect): readonly Commit[] {
  const sums = new Map<string, Commit>()
  for (const item of effect.commits) {
    const tupleKey = tupleKeyOf(item.tuple)
    const name = JSON.stringify([item.orgId, item.ruleId, item.startMs, tupleKey])
    const sum = sums.get(name)
    if (sum === undefined) sums.set(name, { ...item, tupleKey })
    else sum.amount += item.amount
  }
  return [...sums.values()]
}

function sumMoves(effect: BatchEffect): readonly Move[] {
  const sums = new Map<string, Move>()
  const add = (item: BatchEffect['returns'][number], member: 'settled' | 'returned'): void => {
    const window = parseWindowId(item.windowId)
    // Nothing leased can stand behind a damaged name or an amount below zero.
    if (window === null || item.amount <= 0n) return
    const tupleKey = tupleKeyOf(window.tuple)
    const name = JSON.stringify([window.ruleId, window.startMs, tupleKey, item.epoch])
    const sum = sums.get(name) ?? { ruleId: window.ruleId, startMs: window.startMs, tupleKey, epoch: item.epoch, settled: 0n, returned: 0n }
    sum[member] += item.amount
    sums.set(name, sum)
  }
  for (const item of effect.settlements) add(item, 'settled')
  for (const item of effect.returns) add(item, 'returned')
  return [...sums.values()]
}

const commitKeys = (commits: readonly Commit[]) => sql`unnest(
  ${commits.map((item) => item.orgId)}::text[], ${commits.map((item) => item.ruleId)}::text[],
  ${commits.map((item) => item.startMs)}::bigint[], ${commits.map((item) => item.tupleKey)}::text[])`

/** Rules first and held, so that the limit copied is the limit that stands; then their windows in key order. */
async function createMissingWindows(tx: Transaction<Schema>, commits: readonly Commit[]): Promise<void> {
  if (commits.length === 0) return
  const { rows: missing } = await sql<{ org_id: string; rule_id: string; start_ms: number; tuple_key: string }>`
    SELECT c.org_id, c.rule_id, c.start_ms, c.tuple_key FROM ${commitKeys(commits)} AS c (org_id, rule_id, start_ms, tuple_key)
    LEFT JOIN budget_window w USING (org_id, rule_id, start_ms, tuple_key) WHERE w.org_id IS NULL`.execute(tx)
  if (missing.length === 0) return
  const names = new Set(missing.map((row) => JSON.stringify([row.org_id, row.rule_id, row.start_ms, row.tuple_key])))
  const fresh = commits.filter((item) => names.has(JSON.stringify([item.orgId, item.ruleId, item.startMs, item.tupleKey])))
  await sql`
    SELECT 1 FROM budget_rule WHERE (org_id, id) IN (
      SELECT DISTINCT c.org_id, c.rule_id FROM ${commitKeys(fresh)} AS c (org_id, rule_id, start_ms, tuple_key))
    ORDER BY org_id, id FOR SHARE`.execute(tx)
  await sql`
    INSERT INTO budget_window (org_id, rule_id, start_ms, tuple_key, tuple, end_ms, limit_quantity, committed, leased)
    SELECT c.org_id, c.rule_id, c.start_ms, c.tuple_key, c.tuple, c.end_ms, r.limit_quantity, 0, 0
    FROM unnest(${fresh.map((item) => item.orgId)}::text[], ${fresh.map((item) => item.ruleId)}::text[],
      ${fresh.map((item) => item.startMs)}::bigint[], ${fresh.map((item) => item.tupleKey)}::text[],
      ${fresh.map((item) => item.tuple)}::text[], ${fresh.map((item) => item.endMs)}::bigint[])
      AS c (org_id, rule_id, start_ms, tuple_key, tuple, end_ms)
    JOIN budget_rule r ON r.org_id = c.org_id AND r.id = c.rule_id
    ORDER BY c.org_id, c.rule_id, c.start_ms, c.tuple_key
    ON CONFLICT DO NOTHING`.execute(tx)
}

async function lockWindows(tx: Transaction<Schema>, effect: BatchEffect, commits: readonly Commit[], moves: readonly Move[]): Promise<void> {
  await sql`
    WITH touched AS (
      SELECT org_id, rule_id, start_ms, tuple_key FROM ${commitKeys(commits)} AS c (org_id, rule_id, start_ms, tuple_key)
      UNION
      SELECT r.org_id, r.id, m.start_ms, m.tuple_key
      FROM unnest(${moves.map((item) => item.ruleId)}::text[], ${moves.map((item) => item.startMs)}::bigint[],
        ${moves.map((item) => item.tupleKey)}::text[]) AS m (rule_id, start_ms, tuple_key)
      JOIN budget_rule r ON r.id = m.rule_id
      UNION
      SELECT org_id, rule_id, start_ms, tuple_key FROM lease_account
      WHERE journal_id = ${effect.key.journalId} AND epoch < ${closingBelow(effect)} AND settled + returned < granted
    )
    SELECT 1 FROM budget_window w JOIN touched t USING (org_id, rule_id, start_ms, tuple_key)
    ORDER BY w.org_id, w.rule_id, w.start_ms, w.tuple_key FOR NO KEY UPDATE OF w`.execute(tx)
}

/** Accounts of epochs below this one are closed by the block; 0 closes none. */
const closingBelow = (effect: BatchEffect): number => effect.epochs.reduce((highest, epoch) => Math.max(highest, epoch), 0)

async function commit(tx: Transaction<Schema>, commits: readonly Commit[]): Promise<void> {
  if (commits.length === 0) return
  const { numAffectedRows } = await sql`
    UPDATE budget_window w SET committed = w.committed + c.amount
    FROM unnest(${commits.map((item) => item.orgId)}::text[], ${commits.map((item) => item.ruleId)}::text[],
      ${commits.map((item) => item.startMs)}::bigint[], ${commits.map((item) => item.tupleKey)}::text[],
      ${commits.map((item) => item.amount.toString())}::numeric[]) AS c (org_id, rule_id, start_ms, tuple_key, amount)
    WHERE w.org_id = c.org_id AND w.rule_id = c.rule_id AND w.start_ms = c.start_ms AND w.tuple_key = c.tuple_key`.execute(tx)
  assert(numAffectedRows === BigInt(commits.length), 'every commit of a block must find its window')
}

/** What settles or returns more than an account still leases takes the rest and no more. */
async function settleAndReturn(tx: Transaction<Schema>, journalId: string, moves: readonly Move[]): Promise<void> {
  if (moves.length === 0) return
  await sql`
    WITH move AS (
      SELECT * FROM unnest(${moves.map((item) => item.ruleId)}::text[], ${moves.map((item) => item.startMs)}::bigint[],
        ${moves.map((item) => item.tupleKey)}::text[], ${moves.map((item) => item.epoch)}::bigint[],
        ${moves.map((item) => item.settled.toString())}::numeric[], ${moves.map((item) => item.returned.toString())}::numeric[])
        AS m (rule_id, start_ms, tuple_key, epoch, settled, returned)
    ), part AS (
      SELECT a.org_id, a.rule_id, a.start_ms, a.tuple_key, a.epoch,
        least(m.settled, a.granted - a.settled - a.returned) AS settled,
        least(m.returned, a.granted - a.settled - a.returned - least(m.settled, a.granted - a.settled - a.returned)) AS returned
      FROM move m
      JOIN budget_rule r ON r.id = m.rule_id
      JOIN lease_account a ON a.org_id = r.org_id AND a.rule_id = r.id AND a.start_ms = m.start_ms
        AND a.tuple_key = m.tuple_key AND a.journal_id = ${journalId} AND a.epoch = m.epoch
    ), booked AS (
      UPDATE lease_account a SET settled = a.settled + p.settled, returned = a.returned + p.returned FROM part p
      WHERE a.org_id = p.org_id AND a.rule_id = p.rule_id AND a.start_ms = p.start_ms AND a.tuple_key = p.tuple_key
        AND a.journal_id = ${journalId} AND a.epoch = p.epoch
    )
    UPDATE budget_window w SET leased = w.leased - freed.amount
    FROM (SELECT org_id, rule_id, start_ms, tuple_key, sum(settled + returned) AS amount FROM part GROUP BY 1, 2, 3, 4) freed
    WHERE w.org_id = freed.org_id AND w.rule_id = freed.rule_id AND w.start_ms = freed.start_ms AND w.tuple_key = freed.tuple_key`.execute(tx)
}

/** The rest of every account of an epoch that has ended goes back; its process can settle nothing any more. */
async function closeEpochs(tx: Transaction<Schema>, effect: BatchEffect): Promise<void> {
  const below = closingBelow(effect)
  if (below === 0) return
  await sql`
    WITH rest AS (
      SELECT org_id, rule_id, start_ms, tuple_key, epoch, granted - settled - returned AS amount FROM lease_account
      WHERE journal_id = ${effect.key.journalId} AND epoch < ${below} AND settled + returned < granted
    ), closed AS (
      UPDATE lease_account a SET returned = a.returned + r.amount FROM rest r
      WHERE a.org_id = r.org_id AND a.rule_id = r.rule_id AND a.start_ms = r.start_ms AND a.tuple_key = r.tuple_key
        AND a.journal_id = ${effect.key.journalId} AND a.epoch = r.epoch
    )
    UPDATE budget_window w SET leased = w.leased - freed.amount
    FROM (SELECT org_id, rule_id, start_ms, tuple_key, sum(amount) AS amount FROM rest GROUP BY 1, 2, 3, 4) freed
    WHERE w.org_id = freed.org_id AND w.rule_id = freed.rule_id AND w.start_ms = freed.start_ms AND w.tuple_key = freed.tuple_key`.execute(tx)
}
