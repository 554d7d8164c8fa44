import { randomUUID } from 'node:crypto'
import { amountOf } from '../../base/money.ts'
import { limits } from '../../config/limits.ts'
import type { CostAnswer, CostQuery } from '../../core/analytics/cost-query.ts'
import { planSplit, splitOf, type CostSplit, type SplitQuery } from '../../core/analytics/cost-split.ts'
import type { Sums } from '../../core/analytics/cost-sums.ts'
import { answerOf, chooseCurrency, planCost, sumsOfCells } from '../../core/analytics/query-plan.ts'
import type { BudgetRule } from '../../core/entitlement/rule.ts'
import type { UsageRecord } from '../../core/usage/usage-record.ts'
import type { BatchKey, BatchTotals, EventStore, ReadScope, RecordFilter, RecordPage, RollupTotals, StoredRecord, TimeRange } from '../ports.ts'
import { EventConnection, type EventEngine } from './connection.ts'
import { lastCallsByKey } from './last-calls.ts'
import { migrate, type EngineLayout } from './migrate.ts'
import { duplicateStatements, pageStatement, readCursor, readMeasure, recordsStatement, searchPieces, tupleStatement, writeCursor } from './record-queries.ts'
import { rebuildRollups } from './rebuild-rollups.ts'
import { insertText, recordOf } from './record-row.ts'
import { clampInstant, storableRows } from './storable-record.ts'
import { StoredEvents } from './stored-events.ts'

const costBounds = { rowsMax: limits.queryRowsMax, groupsMax: limits.queryGroupsMax, rangeDaysMax: limits.queryRangeDaysMax, valuesMax: limits.queryRowsMax }

export interface EventStoreOptions extends EventEngine {
  /** 'single' unless the database is a replicated cluster. */
  readonly engine?: EngineLayout
}

/**
 * Usage records in ClickHouse, or in the embedded engine that speaks its HTTP interface. Rows are not synced to disk when an
 * insert is acknowledged; what a power cut may take, the journal still holds.
 */
export function createEventStore(options: EventStoreOptions): EventStore {
  return new ClickHouseEventStore(new EventConnection(options), options.engine ?? 'single')
}

class ClickHouseEventStore implements EventStore {
  readonly #connection: EventConnection
  readonly #layout: EngineLayout
  #stored: Promise<StoredEvents> | null = null

  constructor(connection: EventConnection, layout: EngineLayout) {
    this.#connection = connection
    this.#layout = layout
  }

  migrate(): Promise<void> {
    return migrate(this.#connection, this.#layout)
  }

  async insertBatch(batchId: string, rows: readonly UsageRecord[], recordedAt: number): Promise<void> {
    const storable = storableRows(rows)
    if (storable.length === 0) return
    // A rollup cannot take a row back, so a fact that came before under another batch id is kept out of this one.
    const stored = await this.#storedEvents()
    const elsewhere = await this.#storedUnlessIn(batchId, storable.filter((row) => stored.mayHold(row)))
    stored.add(storable)
    await this.#insertRows(batchId, storable.filter((row) => !elsewhere.has(row.eventId)), recordedAt, batchId)
  }

  async restoreRows(batchId: string, rows: readonly UsageRecord[], recordedAt: number): Promise<number> {
    const storable = storableRows(rows)
    if (storable.length === 0) return 0
    const stored = await this.#storedUnlessIn('', storable)
    const gone = storable.filter((row) => !stored.has(row.eventId))
    if (this.#stored !== null) (await this.#stored).add(gone)
    // A token that no insert ever had: the engine remembers the batch's own, though its rows are gone.
    await this.#insertRows(batchId, gone, recordedAt, `repair:${batchId}:${randomUUID()}`)
    return gone.length
  }

  rebuildRollups(): Promise<readonly string[]> {
    return rebuildRollups(this.#connection, this.#layout)
  }

  async #insertRows(batchId: string, rows: readonly UsageRecord[], recordedAt: number, token: string): Promise<void> {
    if (rows.length === 0) return
    const { columns, lines } = insertText(rows, batchId, clampInstant(recordedAt))
    await this.#connection.insert('usage_record', columns, lines, token)
  }

  /** Read when first needed, before this process has stored anything; a read that failed is made again. */
  #storedEvents(): Promise<StoredEvents> {
    this.#stored ??= this.#latestInstant().then((horizon) => new StoredEvents(horizon), (error: unknown) => {
      this.#stored = null
      throw error
    })
    return this.#stored
  }

  /** The latest `at` in the table: it lies in the latest hour, which the engine knows without reading rows. */
  async #latestInstant(): Promise<number> {
    // Behind one cluster several control planes may store at once, and none knows what the others have.
    if (this.#layout !== 'single') return Number.POSITIVE_INFINITY
    const [row] = await this.#connection.rows({ sql: 'SELECT toUnixTimestamp64Milli(max(at)) FROM usage_record WHERE hour = (SELECT max(hour) FROM usage_record)' }, 'receive')
    return Number(row?.[0] ?? 0)
  }

  /** Event ids among these rows that are stored by any batch but this one; '' is no batch's id. */
  async #storedUnlessIn(batchId: string, rows: readonly UsageRecord[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    const wanted = rows.map((row) => ({ orgId: row.caller.orgId.toWellFormed(), at: row.at, eventId: row.eventId }))
    for (const statement of duplicateStatements(batchId, wanted)) {
      for (const [eventId] of await this.#connection.rows(statement, 'receive')) found.add(String(eventId))
    }
    return found
  }

  async costQuery(scope: ReadScope, query: CostQuery): Promise<CostAnswer> {
    const plan = planCost(scope, query, costBounds)
    const perCurrency = new Map<string, Sums>()
    for (const cells of await this.#connection.rows(plan.totals)) perCurrency.set(String(cells[0]), sumsOfCells(plan.totals.columns, cells))
    const chosen = chooseCurrency(query.currency, [...perCurrency].filter(([, sums]) => (sums.cost_rows ?? 0n) > 0n).map(([currency]) => currency))
    const rows = plan.rows(chosen.currency)
    if (rows === null) return answerOf(query, perCurrency, chosen, null)
    return answerOf(query, perCurrency, chosen, { columns: rows.columns, cells: await this.#connection.rows(rows) })
  }

  async costSplit(scope: ReadScope, query: SplitQuery): Promise<CostSplit> {
    const plan = planSplit(scope, query, costBounds)
    const currencies = async (): Promise<readonly string[]> => (await this.#connection.rows(plan.currencies)).map(([currency]) => String(currency))
    const priced = await currencies()
    const chosen = chooseCurrency(query.currency, priced)
    const lines = plan.lines(chosen.currency)
    const cells = await this.#connection.rows(lines)
    // The first priced record of all may have come between the two reads: its lines would be counted, and its cost would not.
    if (priced.length === 0 && (await currencies()).length > 0) return this.costSplit(scope, query)
    return splitOf(query, { columns: lines.columns, cells }, chosen)
  }

  async listRecords(scope: ReadScope, filter: RecordFilter, cursor: string | null, rowsMax: number): Promise<RecordPage> {
    const { order = 'at' } = filter
    const after = cursor === null ? null : readCursor(cursor, order)
    const wanted = Math.min(Math.max(rowsMax, 1), limits.pageRowsMax)
    const toMs = after === null || order !== 'at' ? filter.range.toMs : Math.min(filter.range.toMs, after.at + 1)
    const found: StoredRecord[] = []
    for (const piece of searchPieces(filter, { fromMs: filter.range.fromMs, toMs })) {
      const rows = await this.#connection.rows(pageStatement(scope, filter, piece, after, wanted + 1 - found.length))
      found.push(...rows.map(recordOf))
      if (found.length > wanted) break
    }
    const rows = found.slice(0, wanted)
    const last = rows.at(-1)
    return { rows, next: found.length > wanted && last !== undefined ? writeCursor(last, order) : null }
  }

  async getRecords(scope: ReadScope, ids: { readonly eventId?: string; readonly callId?: string }): Promise<readonly StoredRecord[]> {
    const statement = recordsStatement(scope, ids)
    return statement === null ? [] : (await this.#connection.rows(statement)).map(recordOf)
  }

  lastCalls(orgId: string): Promise<ReadonlyMap<string, number>> {
    return lastCallsByKey(this.#connection, orgId)
  }

  async sumByTuple(rule: BudgetRule, range: TimeRange, cut: readonly BatchKey[]): Promise<ReadonlyMap<string, bigint>> {
    const statement = tupleStatement(rule, range, cut)
    if (statement === null) return new Map()
    const rows = await this.#connection.rows(statement, 'jobs')
    const width = rule.per.length
    const tuple = (cells: readonly unknown[]): string => (width === 0 ? '' : JSON.stringify(cells.slice(0, width)))
    return new Map(rows.map((cells) => [tuple(cells), readMeasure(rule.measure, String(cells[width]))]))
  }

  async batchTotals(journalId: string): Promise<readonly BatchTotals[]> {
    const rows = await this.#connection.rows({
      sql: `SELECT toString(batch_id), count(), sum(ifNull(cost, toDecimal128(0, 15))) FROM usage_record FINAL WHERE journal_id = {journal:String}
            GROUP BY batch_id, segment, block ORDER BY segment, block, batch_id`,
      params: { journal: journalId },
    }, 'jobs')
    return rows.map(([batchId, count, cost]) => ({ batchId: String(batchId), rows: Number(count), cost: amountOf(String(cost)) }))
  }

  async totals(): Promise<{ readonly raw: RollupTotals; readonly hourly: RollupTotals; readonly daily: RollupTotals; readonly duplicateEventIds: number }> {
    const raw = await this.#connection.rows({
      sql: `SELECT count(), sum(toInt64(is_call)), sum(ifNull(cost, toDecimal128(0, 15))), sum(input_tokens + output_tokens), count() - uniqExact(org_id, event_id) FROM usage_record FINAL`,
    }, 'jobs')
    const rollup = (table: string): Promise<readonly (readonly unknown[])[]> =>
      this.#connection.rows({ sql: `SELECT sum(rows), sum(calls), sum(cost), sum(input_tokens + output_tokens) FROM ${table}` }, 'jobs')
    return {
      raw: totalsOf(raw[0]!), hourly: totalsOf((await rollup('usage_hourly'))[0]!), daily: totalsOf((await rollup('usage_daily'))[0]!),
      duplicateEventIds: Number(raw[0]![4]),
    }
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}

const totalsOf = ([rows, calls, cost, tokens]: readonly unknown[]): RollupTotals =>
  ({ rows: Number(rows), calls: Number(calls), cost: amountOf(String(cost)), tokens: BigInt(String(tokens)) })
