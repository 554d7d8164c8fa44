import type { BudgetRule } from '../core/entitlement/rule.ts'
import type { BatchKey, ControlStore, EventStore } from '../store/ports.ts'

const dayMs = 86_400_000
const keptMs = 60_000
const keptRulesMax = 1_000
const askedAtOnceMax = 4

type Sums = ReadonlyMap<string, bigint>

/**
 * What each rule counted in the last 24 hours, by window tuple. It is read from the records themselves, so that the rule's own
 * selection decides; an answer is kept for a minute, because the console asks again every few seconds.
 */
export class LastDayUse {
  readonly #events: EventStore
  readonly #control: ControlStore
  readonly #kept = new Map<string, { readonly atMs: number; readonly sums: Sums }>()

  constructor(events: EventStore, control: ControlStore) {
    this.#events = events
    this.#control = control
  }

  async of(rules: readonly BudgetRule[], nowMs: number): Promise<ReadonlyMap<string, Sums>> {
    const stale = rules.filter((rule) => !this.#isFresh(rule.id, nowMs))
    if (stale.length > 0) {
      const cut = await storedCut(this.#control)
      for (let from = 0; from < stale.length; from += askedAtOnceMax) {
        await Promise.all(stale.slice(from, from + askedAtOnceMax).map((rule) => this.#read(rule, nowMs, cut)))
      }
    }
    return new Map(rules.map((rule) => [rule.id, this.#kept.get(rule.id)?.sums ?? new Map<string, bigint>()]))
  }

  #isFresh(ruleId: string, nowMs: number): boolean {
    const kept = this.#kept.get(ruleId)
    return kept !== undefined && nowMs - kept.atMs < keptMs
  }

  async #read(rule: BudgetRule, nowMs: number, cut: readonly BatchKey[]): Promise<void> {
    const sums = await this.#events.sumByTuple(rule, { fromMs: nowMs - dayMs, toMs: nowMs + 1 }, cut)
    this.#kept.delete(rule.id)
    const oldest = this.#kept.keys().next().value
    if (this.#kept.size >= keptRulesMax && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(rule.id, { atMs: nowMs, sums })
  }
}

/** The last block of every journal that both stores hold: what budgets have counted. */
export async function storedCut(control: ControlStore): Promise<readonly BatchKey[]> {
  const journals = await control.listJournals()
  return journals.flatMap((journal) => (journal.last === null ? [] : [journal.last]))
}
