import { TollgateError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { CompiledRule } from '../core/entitlement/decide.ts'
import type { BudgetRule } from '../core/entitlement/rule.ts'
import type { UsageRecord } from '../core/usage/usage-record.ts'
import type { BatchKey, ControlStore, EventStore } from '../store/ports.ts'
import { effectOf, readBlock, rulesByOrg } from './batch-effect.ts'

/**
 * How a block is received for repair: it may lie before its journal's last one. Its lease moves are booked only for a journal that
 * nobody writes to any more: a gateway that lives may hold what a restored backup knows nothing of, so its leases stay as they
 * are until its next epoch gives back the rest.
 */
export interface RepairReceive { readonly leases: boolean }

interface CurrentRules { readonly version: string; readonly byOrg: ReadonlyMap<string, readonly CompiledRule[]> }

/**
 * Receives journal blocks, one at a time per journal.
 *
 *   known to PostgreSQL → answered again, nothing done
 *   else → ClickHouse insert under the block's own id (a repeat changes nothing) → one PostgreSQL transaction with
 *   budgets and offset → answered
 *
 * So at most one block per journal is ever in doubt, and repeating it settles it.
 */
export class Receiver {
  readonly #control: ControlStore
  readonly #events: Pick<EventStore, 'insertBatch'>
  readonly #now: () => number
  readonly #log: Log
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #listeners = new Set<(rows: readonly UsageRecord[]) => void>()
  #rules: CurrentRules | null = null

  constructor(control: ControlStore, events: Pick<EventStore, 'insertBatch'>, now: () => number, log: Log) {
    this.#control = control
    this.#events = events
    this.#now = now
    this.#log = log
  }

  /** Told of records once they are stored; returns the end of the subscription. */
  onRecords(listener: (rows: readonly UsageRecord[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Stores a block; false when it was stored before.
   * Throws TollgateError('block_corrupt' | 'block_out_of_order' | 'engine_unavailable').
   */
  receive(key: BatchKey, bytes: Buffer, checksum: string, repair: RepairReceive | null = null): Promise<boolean> {
    const step = (): Promise<boolean> => this.#receiveOne(key, bytes, checksum, repair)
    const turn = (this.#turns.get(key.journalId) ?? Promise.resolve()).then(step, step)
    this.#turns.set(key.journalId, turn)
    return turn
  }

  async #receiveOne(key: BatchKey, bytes: Buffer, checksum: string, repair: RepairReceive | null): Promise<boolean> {
    if (await this.#control.hasBatch(key)) return false
    const read = readBlock(key, bytes, checksum)
    if (!read.ok) throw new TollgateError('block_corrupt', read.error)
    const block = read.value
    const receivedAt = this.#now()
    if (block.records.length > 0) await this.#events.insertBatch(block.batchId, block.records, receivedAt)
    const applied = await this.#apply(block, receivedAt, repair)
    if (block.quarantined.length > 0) this.#log('error', 'entries were quarantined', { batch: block.batchId, entries: block.quarantined.length, first: block.quarantined[0]!.reason })
    if (applied && block.records.length > 0) for (const listener of this.#listeners) listener(block.records)
    return applied
  }

  /** A rule made between reading the rules and the transaction makes the store refuse; then the effect is computed anew. */
  async #apply(block: Parameters<typeof effectOf>[0], receivedAt: number, repair: RepairReceive | null): Promise<boolean> {
    for (let tries = 0; ; tries += 1) {
      const { version, byOrg } = await this.#currentRules()
      try {
        const effect = effectOf(block, byOrg, receivedAt)
        const leases = repair === null || repair.leases ? {} : { settlements: [], returns: [], epochs: [] }
        return await this.#control.applyBatch(repair === null ? effect : { ...effect, ...leases, late: true }, version)
      } catch (error) {
        if (!(error instanceof TollgateError) || error.code !== 'conflict' || tries >= 5) throw error
      }
    }
  }

  async #currentRules(): Promise<CurrentRules> {
    const version = await this.#control.rulesVersion()
    if (this.#rules?.version !== version) {
      const rules: BudgetRule[] = []
      for (const org of await this.#control.listOrgs()) rules.push(...(await this.#control.listRules(org.orgId)))
      this.#rules = { version, byOrg: rulesByOrg(rules) }
    }
    return this.#rules
  }
}
