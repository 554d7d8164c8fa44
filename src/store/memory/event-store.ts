import { limits } from '../../config/limits.ts'
import { TollgateError } from '../../base/errors.ts'
import { quantityOf } from '../../core/entitlement/measure.ts'
import { covers, factsOfRecord, tupleKey, type BudgetRule } from '../../core/entitlement/rule.ts'
import type { CostAnswer, CostQuery } from '../../core/analytics/cost-query.ts'
import type { CostSplit, SplitQuery } from '../../core/analytics/cost-split.ts'
import type { UsageRecord } from '../../core/usage/usage-record.ts'
import { inputTokens, outputTokens } from '../../core/usage/usage.ts'
import { clampInstant, storableRows, wellFormed } from '../events/storable-record.ts'
import type { BatchKey, BatchTotals, EventStore, ReadScope, RecordFilter, RecordPage, RollupTotals, StoredRecord, TimeRange } from '../ports.ts'
import { answerByLoops, dimensionOf, splitByLoops } from './cost-oracle.ts'

/** The event store as plain loops over an array: what the real one must agree with. */
export function createMemoryEventStore(): EventStore {
  return new MemoryEventStore()
}

const cleanRows = (rows: readonly UsageRecord[]): readonly UsageRecord[] => storableRows(rows).map((row) => wellFormed(row) as UsageRecord)

class MemoryEventStore implements EventStore {
  readonly #batches = new Set<string>()
  #records: StoredRecord[] = []

  async migrate(): Promise<void> {}

  async insertBatch(batchId: string, rows: readonly UsageRecord[], recordedAt: number): Promise<void> {
    if (this.#batches.has(batchId)) return
    const fresh = cleanRows(rows).filter((row) => !this.#records.some((stored) => stored.eventId === row.eventId && sameHour(stored.at, row.at) && stored.batchId !== batchId))
    if (fresh.length === 0) return
    this.#batches.add(batchId)
    for (const row of fresh) this.#put({ ...row, batchId, recordedAt: clampInstant(recordedAt) })
  }

  async restoreRows(batchId: string, rows: readonly UsageRecord[], recordedAt: number): Promise<number> {
    const gone = cleanRows(rows).filter((row) => !this.#records.some((stored) => stored.eventId === row.eventId && stored.caller.orgId === row.caller.orgId && sameHour(stored.at, row.at)))
    if (gone.length > 0) this.#batches.add(batchId)
    for (const row of gone) this.#put({ ...row, batchId, recordedAt: clampInstant(recordedAt) })
    return gone.length
  }

  /** Loops have no rollups that could differ. */
  async rebuildRollups(): Promise<readonly string[]> {
    return []
  }

  #put(row: StoredRecord): void {
    this.#records = this.#records.filter((stored) => !samePlace(stored, row))
    this.#records.push(row)
  }

  async costQuery(scope: ReadScope, query: CostQuery): Promise<CostAnswer> {
    return answerByLoops(this.#records.filter((row) => row.caller.orgId === scope.orgId), scope, query)
  }

  async costSplit(scope: ReadScope, query: SplitQuery): Promise<CostSplit> {
    return splitByLoops(this.#records.filter((row) => row.caller.orgId === scope.orgId), scope, query)
  }

  async listRecords(scope: ReadScope, filter: RecordFilter, cursor: string | null, rowsMax: number): Promise<RecordPage> {
    const { order = 'at' } = filter
    const start = cursor === null ? 0 : Number((cursor.startsWith(`memory:${order}:`) ? /:(\d+)$/.exec(cursor)?.[1] : undefined) ?? Number.NaN)
    if (Number.isNaN(start)) throw new TollgateError('invalid', 'The cursor is not one of ours.')
    const wanted = Math.min(Math.max(rowsMax, 1), limits.pageRowsMax)
    const matching = this.#visible(scope)
      .filter((row) => row.at >= filter.range.fromMs && row.at < filter.range.toMs)
      .filter((row) => Object.entries(filter.match).every(([name, value]) => isMatch(row, name, value)))
      .sort((a, b) => (order === 'cost' ? dearerFirst(a.cost, b.cost) : 0) || b.at - a.at || (a.eventId < b.eventId ? 1 : -1))
    const rows = matching.slice(start, start + wanted)
    return { rows, next: start + wanted < matching.length ? `memory:${order}:${start + wanted}` : null }
  }

  async getRecords(scope: ReadScope, ids: { readonly eventId?: string; readonly callId?: string }): Promise<readonly StoredRecord[]> {
    if (ids.eventId === undefined && ids.callId === undefined) return []
    return this.#visible(scope)
      .filter((row) => (ids.eventId === undefined || row.eventId === ids.eventId) && (ids.callId === undefined || row.callId === ids.callId))
      .sort((a, b) => a.at - b.at || (a.eventId < b.eventId ? -1 : 1))
      .slice(0, limits.pageRowsMax)
  }

  async lastCalls(orgId: string): Promise<ReadonlyMap<string, number>> {
    const last = new Map<string, number>()
    for (const { at, caller } of this.#records) {
      if (caller.orgId === orgId && caller.keyId !== '') last.set(caller.keyId, Math.max(at, last.get(caller.keyId) ?? at))
    }
    return last
  }

  async sumByTuple(rule: BudgetRule, range: TimeRange, cut: readonly BatchKey[]): Promise<ReadonlyMap<string, bigint>> {
    const sums = new Map<string, bigint>()
    for (const row of this.#records) {
      const facts = factsOfRecord(row)
      if (!covers(rule, facts) || row.at < range.fromMs || row.at >= range.toMs || !isBefore(cut, row.batchId)) continue
      const tuple = tupleKey(rule, facts)
      sums.set(tuple, (sums.get(tuple) ?? 0n) + quantityOf(rule.measure, row))
    }
    return sums
  }

  async batchTotals(journalId: string): Promise<readonly BatchTotals[]> {
    const byBatch = new Map<string, BatchTotals>()
    for (const row of this.#records) {
      if (row.batchId.split(':')[0] !== journalId) continue
      const sum = byBatch.get(row.batchId) ?? { batchId: row.batchId, rows: 0, cost: 0n }
      byBatch.set(row.batchId, { batchId: row.batchId, rows: sum.rows + 1, cost: sum.cost + (row.cost ?? 0n) })
    }
    const place = (batchId: string, index: number): number => Number(batchId.split(':')[index] ?? 0)
    return [...byBatch.values()].sort((a, b) => place(a.batchId, 1) - place(b.batchId, 1) || place(a.batchId, 2) - place(b.batchId, 2))
  }

  async totals(): Promise<{ readonly raw: RollupTotals; readonly hourly: RollupTotals; readonly daily: RollupTotals; readonly duplicateEventIds: number }> {
    const sum: RollupTotals = {
      rows: this.#records.length,
      calls: this.#records.filter((row) => row.isCall).length,
      cost: this.#records.reduce((cost, row) => cost + (row.cost ?? 0n), 0n),
      tokens: this.#records.reduce((tokens, row) => tokens + BigInt(inputTokens(row.usage) + outputTokens(row.usage)), 0n),
    }
    const distinct = new Set(this.#records.map((row) => `${row.caller.orgId} ${row.eventId}`)).size
    return { raw: sum, hourly: sum, daily: sum, duplicateEventIds: this.#records.length - distinct }
  }

  async close(): Promise<void> {}

  #visible(scope: ReadScope): StoredRecord[] {
    return this.#records.filter((row) => row.caller.orgId === scope.orgId && (scope.nodeIds === null || row.caller.nodePath.some((node) => scope.nodeIds!.includes(node))))
  }
}

function isMatch(row: UsageRecord, name: string, value: string): boolean {
  if (name === 'call') return row.callId === value
  if (name === 'pricing' && value === 'incomplete') return row.pricing === 'unpriced' || row.pricing === 'partial'
  return dimensionOf(name as 'team', row) === value
}

const hourOf = (at: number): number => Math.floor(at / 3_600_000)
const sameHour = (a: number, b: number): boolean => hourOf(a) === hourOf(b)

function samePlace(a: StoredRecord, b: StoredRecord): boolean {
  return a.eventId === b.eventId && a.caller.orgId === b.caller.orgId && sameHour(a.at, b.at) && a.caller.teamId === b.caller.teamId && a.caller.appId === b.caller.appId
}

function isBefore(cut: readonly BatchKey[], batchId: string): boolean {
  const [journalId, segment, block] = batchId.split(':')
  const key = cut.find((candidate) => candidate.journalId === journalId)
  if (key === undefined) return false
  return Number(segment) < key.segment || (Number(segment) === key.segment && Number(block) <= key.block)
}

/** An unknown cost comes after every known one. */
function dearerFirst(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? 1 : -1
  return a < b ? 1 : -1
}
