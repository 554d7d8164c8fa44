import { sql, type Insertable, type Selectable, type Transaction } from 'kysely'
import { TollgateError } from '../../base/errors.ts'
import type { CalendarUnit } from '../../base/period.ts'
import { limits } from '../../config/limits.ts'
import type { BudgetRule, Measure, PerDimension, RuleSelector } from '../../core/entitlement/rule.ts'
import type { BatchKey, BudgetStore } from '../ports.ts'
import { auditLines } from './audit-lines.ts'
import { inAudited } from './change.ts'
import { advisory, jsonb, lockExclusive, nowMs, type Database } from './database.ts'
import type { Schema } from './schema.ts'
import { isRuleId, tupleKeyOf } from './window-key.ts'

type RuleRow = Selectable<Schema['budget_rule']>
type Backfilled = Awaited<ReturnType<Parameters<BudgetStore['createRule']>[1]>>

/**
 * Budget rules. A rule's limit stands on the rule and on each of its windows that have not ended; both change in one
 * transaction, and every writer locks rule before window. So the guard of a grant reads one row.
 */
export function createRuleStore(db: Database): Pick<BudgetStore, 'listRules' | 'getRule' | 'createRule' | 'updateRule' | 'deleteRule' | 'betweenBatches' | 'correctCommitted'> {
  return {
    async listRules(orgId) {
      const rows = await db.config.selectFrom('budget_rule').selectAll().where('org_id', '=', orgId).where('deleted_at', 'is', null).orderBy('id').execute()
      return rows.map(toRule)
    },
    async getRule(orgId, id) {
      const row = await db.config.selectFrom('budget_rule').selectAll()
        .where('org_id', '=', orgId).where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst()
      return row === undefined ? null : toRule(row)
    },
    createRule: (rule, backfill, actor) => inAudited(db.config, { orgId: rule.orgId, actor }, 'rules', async (tx) => {
      if (!isRuleId(rule.id)) throw new TollgateError('invalid', 'A rule id cannot hold "|".')
      await tx.insertInto('budget_rule').values(toRow(rule)).execute()
      await keepBatchesOut(tx)
      await insertBackfilled(tx, rule, await backfill(await readCut(tx)))
      return { value: undefined, audit: auditLines.ruleCreated(rule) }
    }),
    updateRule: (orgId, id, change, actor) => inAudited(db.config, { orgId, actor }, 'rules', async (tx) => {
      const before = await lockRule(tx, orgId, id)
      if (before === null) return { value: null, audit: null }
      const after: BudgetRule = { ...before, ...withoutUndefined(change) }
      await tx.updateTable('budget_rule').set(toRow(after)).where('org_id', '=', orgId).where('id', '=', id).execute()
      if (after.limit !== before.limit) await moveLimits(tx, after)
      return { value: after, audit: auditLines.ruleUpdated(before, change) }
    }),
    deleteRule: (orgId, id, actor) => inAudited(db.config, { orgId, actor }, 'rules', async (tx) => {
      const before = await lockRule(tx, orgId, id)
      if (before === null) return { value: false, audit: null }
      await tx.updateTable('budget_rule').set({ deleted_at: nowMs }).where('org_id', '=', orgId).where('id', '=', id).execute()
      return { value: true, audit: auditLines.ruleDeleted(id) }
    }),
    betweenBatches: (work) => db.config.transaction().execute(async (tx) => {
      await keepBatchesOut(tx)
      return work(await readCut(tx))
    }),
    correctCommitted: (orgId, windows, actor) => inAudited(db.config, { orgId, actor }, 'nothing', async (tx) => {
      const { numAffectedRows } = await sql`
        UPDATE budget_window w SET committed = f.committed
        FROM unnest(${windows.map((item) => item.ruleId)}::text[], ${windows.map((item) => item.startMs)}::bigint[],
          ${windows.map((item) => tupleKeyOf(item.tuple))}::text[], ${windows.map((item) => item.committed.toString())}::numeric[])
          AS f (rule_id, start_ms, tuple_key, committed)
        WHERE w.org_id = ${orgId} AND w.rule_id = f.rule_id AND w.start_ms = f.start_ms AND w.tuple_key = f.tuple_key
          AND w.committed <> f.committed`.execute(tx)
      const changed = Number(numAffectedRows ?? 0n)
      return { value: changed, audit: changed === 0 ? null : auditLines.committedCorrected(windows) }
    }),
  }
}

/** Until the transaction ends. It waits for batches under way, and what runs under the lock reads another engine meanwhile. */
async function keepBatchesOut(tx: Transaction<Schema>): Promise<void> {
  await sql`SET LOCAL idle_in_transaction_session_timeout = ${sql.lit(limits.postgresBackfillMs)}`.execute(tx)
  await lockExclusive(tx, advisory.rules)
}

async function lockRule(tx: Transaction<Schema>, orgId: string, id: string): Promise<BudgetRule | null> {
  const row = await tx.selectFrom('budget_rule').selectAll()
    .where('org_id', '=', orgId).where('id', '=', id).where('deleted_at', 'is', null).forNoKeyUpdate().executeTakeFirst()
  return row === undefined ? null : toRule(row)
}

/** The last stored block of every journal that has one. */
async function readCut(tx: Transaction<Schema>): Promise<readonly BatchKey[]> {
  const rows = await tx.selectFrom('journal').select(['journal_id', 'last_segment', 'last_block'])
    .where('last_segment', 'is not', null).orderBy('journal_id').execute()
  return rows.flatMap((row) => (row.last_segment === null || row.last_block === null
    ? [] : [{ journalId: row.journal_id, segment: row.last_segment, block: row.last_block }]))
}

async function insertBackfilled(tx: Transaction<Schema>, rule: BudgetRule, found: Backfilled): Promise<void> {
  if (found.length === 0) return
  await sql`
    INSERT INTO budget_window (org_id, rule_id, start_ms, tuple_key, tuple, end_ms, limit_quantity, committed, leased)
    SELECT ${rule.orgId}, ${rule.id}, f.start_ms, f.tuple_key, f.tuple, f.end_ms, ${rule.limit.toString()}::numeric, f.committed, 0
    FROM unnest(${found.map((item) => item.startMs)}::bigint[], ${found.map((item) => tupleKeyOf(item.tuple))}::text[],
      ${found.map((item) => item.tuple)}::text[], ${found.map((item) => item.endMs)}::bigint[],
      ${found.map((item) => item.committed.toString())}::numeric[]) AS f (start_ms, tuple_key, tuple, end_ms, committed)`.execute(tx)
}

/** Windows that have ended keep the limit they ended with. */
async function moveLimits(tx: Transaction<Schema>, rule: BudgetRule): Promise<void> {
  await sql`
    WITH open AS (
      SELECT org_id, rule_id, start_ms, tuple_key FROM budget_window
      WHERE org_id = ${rule.orgId} AND rule_id = ${rule.id} AND end_ms > ${nowMs}
      ORDER BY org_id, rule_id, start_ms, tuple_key FOR NO KEY UPDATE
    )
    UPDATE budget_window w SET limit_quantity = ${rule.limit.toString()}::numeric FROM open
    WHERE w.org_id = open.org_id AND w.rule_id = open.rule_id AND w.start_ms = open.start_ms AND w.tuple_key = open.tuple_key`.execute(tx)
}

function withoutUndefined<Change extends object>(change: Change): Partial<Change> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Partial<Change>
}

function toRow(rule: BudgetRule): Insertable<Schema['budget_rule']> {
  return {
    org_id: rule.orgId, id: rule.id, name: rule.name, selector: jsonb(rule.selector), per: jsonb(rule.per), measure: rule.measure,
    currency: rule.currency, window_unit: rule.window.unit, window_zone: rule.window.zone, limit_quantity: rule.limit.toString(),
    hard: rule.hard, output_bound: rule.outputBound, output_cap_default: rule.outputCapDefault, unpriced: rule.unpriced,
    unbounded: rule.unbounded, deleted_at: null,
  }
}

function toRule(row: RuleRow): BudgetRule {
  return {
    id: row.id, orgId: row.org_id, name: row.name, selector: row.selector as RuleSelector, per: row.per as readonly PerDimension[],
    measure: row.measure as Measure, currency: row.currency,
    window: { unit: row.window_unit as CalendarUnit, zone: row.window_zone }, limit: BigInt(row.limit_quantity), hard: row.hard,
    outputBound: row.output_bound as BudgetRule['outputBound'], outputCapDefault: row.output_cap_default,
    unpriced: row.unpriced as BudgetRule['unpriced'], unbounded: row.unbounded as BudgetRule['unbounded'],
  }
}
