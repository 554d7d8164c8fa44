import { TollgateError } from '../base/errors.ts'
import { windowId } from '../core/entitlement/rule.ts'
import type { BudgetStore } from '../store/ports.ts'
import type { LeaseAnswer, LeaseRequest, SliceAnswer, SliceRequest } from './sync-protocol.ts'

/** How long a window counts as wanted after a request for it found no room. */
const recallMs = 5_000

/** A slice that makes no sense must not keep the others of its request from their answers. */
function refusedSlice({ leaseId }: SliceRequest, error: unknown): SliceAnswer {
  if (!(error instanceof TollgateError) || error.code !== 'invalid') throw error
  return { leaseId, granted: '0', limit: '0', committed: '0', leased: '0', gone: true }
}

/**
 * Grants slices of budgets. The store's guarded update is the proof that committed + leased never passes a limit;
 * this adds the answer's shape and asks other gateways for what they hold idle.
 */
export class Authority {
  readonly #budgets: Pick<BudgetStore, 'grantLease'>
  readonly #now: () => number
  readonly #wanted = new Map<string, { until: number; readonly by: Set<string> }>()

  constructor(budgets: Pick<BudgetStore, 'grantLease'>, now: () => number) {
    this.#budgets = budgets
    this.#now = now
  }

  async grant(request: LeaseRequest): Promise<LeaseAnswer> {
    return { slices: await Promise.all(request.slices.map((slice) => this.#grantOne(request, slice).catch((error: unknown) => refusedSlice(slice, error)))) }
  }

  /** Windows that gateways other than this one wait for. */
  recallFor(journalId: string): readonly string[] {
    const now = this.#now()
    const ids: string[] = []
    for (const [id, wanted] of this.#wanted) {
      if (wanted.until < now) this.#wanted.delete(id)
      else if (!wanted.by.has(journalId) || wanted.by.size > 1) ids.push(id)
    }
    return ids
  }

  async #grantOne({ journalId, epoch }: LeaseRequest, slice: SliceRequest): Promise<SliceAnswer> {
    const need = BigInt(slice.need)
    const want = BigInt(slice.want)
    if (need < 0n || want < need) throw new TollgateError('invalid', 'A slice must want at least what it needs.')
    const grant = await this.#budgets.grantLease({
      leaseId: slice.leaseId, journalId, epoch, orgId: slice.orgId, ruleId: slice.ruleId, tuple: slice.tuple, startMs: slice.windowStart,
      endMs: slice.windowEnd, need, want,
    })
    if (grant === null) return { leaseId: slice.leaseId, granted: '0', limit: '0', committed: '0', leased: '0', gone: true }
    const { window, granted } = grant
    if (granted === 0n && window.leased > 0n) this.#want(windowId(slice.ruleId, slice.tuple, slice.windowStart), journalId)
    return {
      leaseId: slice.leaseId, granted: String(granted), limit: String(window.limit), committed: String(window.committed), leased: String(window.leased), gone: false,
    }
  }

  #want(id: string, journalId: string): void {
    const wanted = this.#wanted.get(id) ?? { until: 0, by: new Set<string>() }
    wanted.until = this.#now() + recallMs
    wanted.by.add(journalId)
    this.#wanted.set(id, wanted)
  }
}
