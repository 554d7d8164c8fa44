import { sql, type Selectable, type Transaction } from 'kysely'
import { assert } from '../../base/assert.ts'
import { TollgateError } from '../../base/errors.ts'
import type { BudgetStore, LeaseAccount, LeaseGrant, WindowState } from '../ports.ts'
import { inTransaction, nowMs, type Database } from './database.ts'
import type { Schema } from './schema.ts'
import { tupleKeyOf } from './window-key.ts'

type WindowRow = Selectable<Schema['budget_window']>
type LeaseRequest = Parameters<BudgetStore['grantLease']>[0]

/**
 * Windows and leases. Locks are taken in one order everywhere: journal, rule, window, account. A grant holds its journal with
 * FOR KEY SHARE: opening an epoch (FOR UPDATE) waits for it, receiving a block (FOR NO KEY UPDATE) does not.
 */
export function createLeaseStore(db: Database): Pick<BudgetStore, 'windows' | 'leaseAccounts' | 'grantLease'> {
  return {
    async windows(orgId, filter) {
      let query = db.config.selectFrom('budget_window').selectAll().where('org_id', '=', orgId)
      if (filter.ruleId !== undefined) query = query.where('rule_id', '=', filter.ruleId)
      if (filter.atMs !== undefined) query = query.where('end_ms', '>', filter.atMs).where('start_ms', '<=', filter.atMs)
      const rows = await query.orderBy('rule_id').orderBy('start_ms').orderBy('tuple_key').execute()
      return rows.map(toWindow)
    },
    async leaseAccounts(orgId) {
      const rows = await db.config.selectFrom('lease_account as a')
        .innerJoin('budget_window as w', (join) => join
          .onRef('w.org_id', '=', 'a.org_id').onRef('w.rule_id', '=', 'a.rule_id')
          .onRef('w.start_ms', '=', 'a.start_ms').onRef('w.tuple_key', '=', 'a.tuple_key'))
        .selectAll('a').select('w.tuple').where('a.org_id', '=', orgId)
        .orderBy('a.rule_id').orderBy('a.start_ms').orderBy('a.tuple_key').orderBy('a.journal_id').orderBy('a.epoch').execute()
      return rows.map(toAccount)
    },
    async grantLease(request) {
      if (request.need < 0n || request.want < 0n) throw new TollgateError('invalid', 'A lease asks for an amount of at least 0.')
      try {
        return await inTransaction(db.leases, (tx) => grant(tx, request))
      } catch (error) {
        // The same request arrived twice at once and the other one made the lease: this time it is found.
        if (!(error instanceof TollgateError) || error.code !== 'conflict') throw error
        return await inTransaction(db.leases, (tx) => grant(tx, request))
      }
    },
  }
}

async function grant(tx: Transaction<Schema>, request: LeaseRequest): Promise<LeaseGrant | null> {
  const { epoch, earlier, ruleLives } = await readStanding(tx, request)
  if (epoch !== request.epoch) throw new TollgateError('epoch_stale')
  if (earlier !== null) return repeat(tx, request, earlier)
  if (!ruleLives) return null
  const window = await lockWindow(tx, request)
  const size = sizeOf(request, window)
  if (size === 0n) return { leaseId: request.leaseId, granted: 0n, window: toWindow(window) }
  return { leaseId: request.leaseId, granted: size, window: await book(tx, request, size) }
}

interface EarlierLease { readonly journalId: string; readonly ruleId: string; readonly startMs: number; readonly tupleKey: string; readonly granted: bigint }
interface Standing { readonly epoch: number | null; readonly earlier: EarlierLease | null; readonly ruleLives: boolean }

/** Journal epoch, an earlier lease of this id and whether the rule exists, in one round trip. */
async function readStanding(tx: Transaction<Schema>, request: LeaseRequest): Promise<Standing> {
  const { rows } = await sql<{ epoch: number; rule: string | null; journal_id: string | null; rule_id: string; start_ms: number; tuple_key: string; granted: string }>`
    SELECT j.epoch, r.id AS rule, l.journal_id, l.rule_id, l.start_ms, l.tuple_key, l.granted
    FROM journal j
    LEFT JOIN budget_rule r ON r.org_id = ${request.orgId} AND r.id = ${request.ruleId} AND r.deleted_at IS NULL
    LEFT JOIN lease l ON l.org_id = ${request.orgId} AND l.lease_id = ${request.leaseId}
    WHERE j.journal_id = ${request.journalId}
    FOR KEY SHARE OF j`.execute(tx)
  const row = rows[0]
  if (row === undefined) return { epoch: null, earlier: null, ruleLives: false }
  const earlier = row.journal_id === null ? null
    : { journalId: row.journal_id, ruleId: row.rule_id, startMs: row.start_ms, tupleKey: row.tuple_key, granted: BigInt(row.granted) }
  return { epoch: row.epoch, earlier, ruleLives: row.rule !== null }
}

async function repeat(tx: Transaction<Schema>, request: LeaseRequest, earlier: EarlierLease): Promise<LeaseGrant> {
  const same = earlier.journalId === request.journalId && earlier.ruleId === request.ruleId
    && earlier.startMs === request.startMs && earlier.tupleKey === tupleKeyOf(request.tuple)
  if (!same) throw new TollgateError('invalid', 'This lease id belongs to another window or journal.')
  const window = await atWindow(tx, request).executeTakeFirstOrThrow()
  return { leaseId: request.leaseId, granted: earlier.granted, window: toWindow(window) }
}

const atWindow = (tx: Transaction<Schema>, request: LeaseRequest) => tx.selectFrom('budget_window').selectAll()
  .where('org_id', '=', request.orgId).where('rule_id', '=', request.ruleId)
  .where('start_ms', '=', request.startMs).where('tuple_key', '=', tupleKeyOf(request.tuple))

/**
 * The window's row, locked when it has room and otherwise only read: a spent budget is asked for most of all, and refusals
 * then queue behind nobody. Creates the row when it is missing.
 */
async function lockWindow(tx: Transaction<Schema>, request: LeaseRequest): Promise<WindowRow> {
  for (;;) {
    const roomy = await atWindow(tx, request)
      .where(sql<boolean>`committed + leased + ${request.need.toString()}::numeric <= limit_quantity`).forNoKeyUpdate().executeTakeFirst()
    if (roomy !== undefined) return roomy
    const unlocked = await atWindow(tx, request).executeTakeFirst()
    if (unlocked === undefined) await createWindow(tx, request)
    // Room made between the two looks is room to lock.
    else if (leftOf(unlocked) < request.need) return unlocked
  }
}

/** Holds the rule while it copies its limit, so that a change of the limit either comes before or sees the new row. */
async function createWindow(tx: Transaction<Schema>, request: LeaseRequest): Promise<void> {
  await sql`
    INSERT INTO budget_window (org_id, rule_id, start_ms, tuple_key, tuple, end_ms, limit_quantity, committed, leased)
    SELECT r.org_id, r.id, ${request.startMs}::bigint, ${tupleKeyOf(request.tuple)}::text, ${request.tuple}::text, ${request.endMs}::bigint, r.limit_quantity, 0, 0
    FROM (SELECT org_id, id, limit_quantity FROM budget_rule WHERE org_id = ${request.orgId} AND id = ${request.ruleId} FOR SHARE) r
    ON CONFLICT DO NOTHING`.execute(tx)
}

const leftOf = (window: WindowRow): bigint => BigInt(window.limit_quantity) - BigInt(window.committed) - BigInt(window.leased)

/** What is asked for, but no more than half of what is left unless the waiting call needs more; 0 when it does not fit. */
function sizeOf(request: LeaseRequest, window: WindowRow): bigint {
  const left = leftOf(window)
  if (left <= 0n || request.need > left) return 0n
  const fair = left / 2n > request.need ? left / 2n : request.need
  const wanted = request.want > request.need ? request.want : request.need
  return wanted < fair ? wanted : fair
}

/** The guarded update: the row is locked and has room, and the guard says so once more. */
async function book(tx: Transaction<Schema>, request: LeaseRequest, size: bigint): Promise<WindowState> {
  const amount = size.toString()
  const tupleKey = tupleKeyOf(request.tuple)
  const { rows } = await sql<WindowRow>`
    WITH granted AS (
      UPDATE budget_window SET leased = leased + ${amount}::numeric
      WHERE org_id = ${request.orgId} AND rule_id = ${request.ruleId} AND start_ms = ${request.startMs}
        AND tuple_key = ${tupleKey} AND committed + leased + ${amount}::numeric <= limit_quantity
      RETURNING *
    ), fact AS (
      INSERT INTO lease (org_id, lease_id, journal_id, epoch, rule_id, start_ms, tuple_key, granted, granted_at)
      SELECT org_id, ${request.leaseId}::text, ${request.journalId}::text, ${request.epoch}::bigint, rule_id, start_ms, tuple_key, ${amount}::numeric, ${nowMs}
      FROM granted
    ), account AS (
      INSERT INTO lease_account (org_id, rule_id, start_ms, tuple_key, journal_id, epoch, granted, settled, returned)
      SELECT org_id, rule_id, start_ms, tuple_key, ${request.journalId}::text, ${request.epoch}::bigint, ${amount}::numeric, 0, 0 FROM granted
      ON CONFLICT (org_id, rule_id, start_ms, tuple_key, journal_id, epoch) DO UPDATE SET granted = lease_account.granted + excluded.granted
    )
    SELECT * FROM granted`.execute(tx)
  const row = rows[0]
  assert(row !== undefined, 'a locked window with room must take the grant')
  return toWindow(row)
}

function toWindow(row: WindowRow): WindowState {
  return {
    orgId: row.org_id, ruleId: row.rule_id, tuple: row.tuple, startMs: row.start_ms, endMs: row.end_ms,
    limit: BigInt(row.limit_quantity), committed: BigInt(row.committed), leased: BigInt(row.leased),
  }
}

function toAccount(row: Selectable<Schema['lease_account']> & { readonly tuple: string }): LeaseAccount {
  return {
    orgId: row.org_id, ruleId: row.rule_id, tuple: row.tuple, startMs: row.start_ms, journalId: row.journal_id, epoch: row.epoch,
    granted: BigInt(row.granted), settled: BigInt(row.settled), returned: BigInt(row.returned),
  }
}
