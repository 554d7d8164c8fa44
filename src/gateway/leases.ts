import type { AuthorityClock } from '../base/clock.ts'
import { uuidv7 } from '../base/ids.ts'
import { formatAmount } from '../base/money.ts'
import { limits } from '../config/limits.ts'
import type { CompiledRule, HoldPlan, Scope } from '../core/entitlement/decide.ts'
import { Holdings } from '../core/entitlement/holdings.ts'
import type { SliceAnswer, SliceRequest } from '../control/sync-protocol.ts'

/**
 * Leases: slices of hard budgets, fetched from the authority and spent from memory.
 *
 * A call *asks* with all its scopes. If every window has enough, it *holds* all at once (no await between check
 * and hold). Otherwise it *waits* holding nothing, first come first served per window, and after an answer decides
 * anew over all scopes. It leaves as *held*, *denied* (the authority said the budget has no room) or *unavailable*
 * (no answer in time): without proof nothing is admitted.
 *
 * A slice request keeps its id until it is answered, so repeating it after a lost answer grants nothing twice.
 *
 * While the authority is *away* nobody can be served in turn: calls that wait decide once more from what is here,
 * those that come overtake those that still wait, and idle slices are kept, because nobody could have them.
 */
export interface LeaseGate {
  readonly at: number
  readonly holds: HoldPlan['holds']
}
export interface LeaseDenial {
  readonly code: 'budget_exceeded' | 'lease_unavailable'
  readonly scope: Scope
  readonly need: bigint
  readonly answer: SliceAnswer | null
}
export type AskSlices = (slices: readonly SliceRequest[]) => Promise<readonly SliceAnswer[]>

/** Pause before an unanswered request is repeated, milliseconds. */
const askAgainMs = 200

interface Waiter {
  readonly need: bigint
  readonly wake: (answer: SliceAnswer | null) => void
}
interface Wait {
  readonly answer: Promise<SliceAnswer | null>
  /** Out of the line: a call that has left must not hold up those behind it. */
  leave(): void
}
interface Window {
  readonly scope: Scope
  /** In the order they came. */
  readonly waiters: Set<Waiter>
  request: SliceRequest | null
  lastGrant: bigint
  /** Units held in the current and the last second: what a slice should last for. */
  burn: bigint
  burnLast: bigint
  usedAt: number
  facts: SliceAnswer | null
  /** The figures of `facts`, read once: the limit for shares, what is left of it beside the committed amount, and beside all leases too. */
  limit: number
  uncommitted: bigint
  unleased: bigint
}

/** What a call asks for at an instant, or why it cannot ask. */
type Planner<Refusal> = (atMs: number) => { readonly plan: HoldPlan } | { readonly refusal: Refusal }
type Reserved<Refusal> = { readonly gate: LeaseGate; readonly plan: HoldPlan } | { readonly refusal: Refusal } | { readonly denial: LeaseDenial }

/** A request under way; it stands as long as its window has no other. */
interface Asked {
  readonly window: Window
  readonly request: SliceRequest
}

export class Leases {
  readonly holdings = new Holdings()
  readonly #windows = new Map<string, Window>()
  readonly #clock: AuthorityClock
  readonly #ask: AskSlices
  readonly #giveBack: (windowId: string, amount: bigint) => void
  readonly #due = new Set<Window>()
  readonly #timer: NodeJS.Timeout
  #waiting = 0
  #asking = false
  #away = false
  #closed = false
  readonly #unanswered = new Set<Asked>()
  #askTimer: NodeJS.Timeout | null = null

  constructor(clock: AuthorityClock, ask: AskSlices, giveBack: (windowId: string, amount: bigint) => void) {
    this.#clock = clock
    this.#ask = ask
    this.#giveBack = giveBack
    this.#timer = setInterval(() => this.#everySecond(), 1_000)
  }

  /**
   * Decides and holds in one step: at once where every slice is here, else when the slices have come. `plan` is asked
   * again at each instant tried.
   */
  reserve<Refusal>(plan: Planner<Refusal>): Reserved<Refusal> | Promise<Reserved<Refusal>> {
    const at = this.#clock.now()
    const planned = plan(at)
    if ('refusal' in planned) return planned
    const { holds } = planned.plan
    const lacking = this.#tryHold(holds, false)
    return lacking.length === 0 ? { gate: { at, holds }, plan: planned.plan } : this.#reserveLater(plan, lacking)
  }

  async #reserveLater<Refusal>(plan: Planner<Refusal>, lackingFirst: HoldPlan['holds']): Promise<Reserved<Refusal>> {
    const deadline = performance.now() + limits.leaseWaitMs
    for (let lacking = lackingFirst; ;) {
      const first = lacking[0]!
      const waitMs = deadline - performance.now()
      if (waitMs <= 0 || this.#waiting >= limits.leaseWaitersMax) {
        return { denial: { code: 'lease_unavailable', scope: first.scope, need: first.amount, answer: this.#window(first.scope).facts } }
      }
      const denied = await this.#waitFor(lacking, waitMs)
      if (denied !== null) return { denial: denied }
      const at = this.#clock.now()
      const planned = plan(at)
      if ('refusal' in planned) return planned
      const { holds } = planned.plan
      lacking = this.#tryHold(holds, true)
      if (lacking.length === 0) return { gate: { at, holds }, plan: planned.plan }
    }
  }

  /** Ends a hold with what was used. */
  settle(windowId: string, held: bigint, used: bigint): void {
    this.holdings.settle(windowId, held, used)
  }

  /** What is left of the window nearest to its end, for the caller: "1.25 USD", "800 tokens"; null without hard budgets. */
  tightest(scopes: readonly Scope[]): string | null {
    let tightest: Scope | null = null
    let least = 0n
    let leastShare = 2
    for (const scope of scopes) {
      const window = this.#windows.get(scope.windowId)
      if (window === undefined || window.facts === null) continue
      // What is leased elsewhere counts as used, and what calls hold here; whichever of the two views leaves less.
      const unheld = window.uncommitted - this.holdings.held(scope.windowId)
      const here = window.unleased + this.holdings.available(scope.windowId)
      const left = unheld < here ? unheld : here
      const remaining = left > 0n ? left : 0n
      // Which window is nearest to its end may be told from rounded figures; what is left in it may not.
      const share = window.limit === 0 ? 0 : Number(remaining) / window.limit
      if (share >= leastShare) continue
      tightest = scope
      least = remaining
      leastShare = share
    }
    if (tightest === null) return null
    const { measure, currency } = tightest.compiled.rule
    return measure === 'cost' ? `${formatAmount(least)} ${currency}` : `${least} ${measure === 'requests' ? 'requests' : 'tokens'}`
  }

  /** Gives back what is idle in these windows. */
  recall(windowIds: readonly string[]): void {
    for (const id of windowIds) if ((this.#windows.get(id)?.waiters.size ?? 0) === 0) this.#returnIdle(id)
  }

  /** Gives back what is idle under limits that have been lowered since the authority last spoke of them. */
  heedLimits(rules: ReadonlyMap<string, readonly CompiledRule[]>): void {
    const limitOf = new Map([...rules.values()].flat().map(({ rule }) => [rule.id, rule.limit]))
    for (const [id, { scope, facts, waiters }] of this.#windows) {
      const limit = limitOf.get(scope.compiled.rule.id)
      if (limit !== undefined && facts !== null && limit < BigInt(facts.limit) && waiters.size === 0) this.#returnIdle(id)
    }
  }

  /** Whether the authority answers, as far as anyone here knows. */
  setAway(away: boolean): void {
    if (away === this.#away) return
    this.#away = away
    if (away) for (const window of this.#windows.values()) wakeAll(window, null)
  }

  /** Gives back everything idle; true once no call holds anything, so that these leases may end. */
  vacate(): boolean {
    let held = false
    for (const id of this.#windows.keys()) {
      this.#returnIdle(id)
      if (this.holdings.held(id) > 0n) held = true
    }
    return !held
  }

  /** Leases under a new epoch: what was asked for under the old one is asked for anew, under new ids. */
  startAnew(): void {
    for (const window of this.#windows.values()) {
      window.request = null
      if (window.waiters.size > 0) this.#askSoon(window)
    }
  }

  /** Gives back everything idle; calls in flight keep what they hold. */
  close(): void {
    clearInterval(this.#timer)
    this.#closed = true
    for (const id of this.#windows.keys()) this.#returnIdle(id)
  }

  #tryHold(holds: HoldPlan['holds'], waited: boolean): HoldPlan['holds'] {
    // Newcomers do not overtake calls that wait for the same window.
    if (!waited && !this.#away && this.#waiting > 0) {
      const blocked = holds.filter((hold) => (this.#windows.get(hold.windowId)?.waiters.size ?? 0) > 0)
      if (blocked.length > 0) return blocked
    }
    if (this.holdings.tryHold(holds) !== null) return holds.filter((hold) => this.holdings.available(hold.windowId) < hold.amount)
    const now = performance.now()
    for (const hold of holds) {
      const window = this.#window(hold.scope)
      window.burn += hold.amount
      window.usedAt = now
      if (window.request === null && this.holdings.available(hold.windowId) < window.lastGrant / 4n) this.#askSoon(window)
    }
    return []
  }

  /** Waits for an answer on every lacking window; null = decide again. */
  async #waitFor(lacking: HoldPlan['holds'], waitMs: number): Promise<LeaseDenial | null> {
    this.#waiting += 1
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<'late'>((resolve) => { timer = setTimeout(() => resolve('late'), waitMs) })
    const waits = lacking.map((hold) => this.#standInLine(hold))
    try {
      for (const [index, hold] of lacking.entries()) {
        const answer = await Promise.race([waits[index]!.answer, timeout])
        if (answer === 'late') return { code: 'lease_unavailable', scope: hold.scope, need: hold.amount, answer: this.#window(hold.scope).facts }
        if (answer !== null && this.#isHopeless(hold, answer)) return { code: 'budget_exceeded', scope: hold.scope, need: hold.amount, answer }
      }
      return null
    } finally {
      clearTimeout(timer)
      this.#waiting -= 1
      for (const wait of waits) wait.leave()
    }
  }

  #standInLine(hold: HoldPlan['holds'][number]): Wait {
    const window = this.#window(hold.scope)
    let wake: Waiter['wake'] = () => {}
    const answer = new Promise<SliceAnswer | null>((resolve) => { wake = resolve })
    const waiter: Waiter = { need: hold.amount, wake }
    window.waiters.add(waiter)
    this.#askSoon(window)
    return { answer, leave: () => { window.waiters.delete(waiter) } }
  }

  /** True when neither what is here nor what the authority has left can cover the hold. */
  #isHopeless(hold: HoldPlan['holds'][number], answer: SliceAnswer): boolean {
    if (answer.gone) return false
    const room = BigInt(answer.limit) - BigInt(answer.committed) - BigInt(answer.leased)
    const available = this.holdings.available(hold.windowId)
    return hold.amount > (available > 0n ? available : 0n) + (room > 0n ? room : 0n) && BigInt(answer.granted) === 0n
  }

  #window(scope: Scope): Window {
    let window = this.#windows.get(scope.windowId)
    if (window === undefined) {
      window = { scope, waiters: new Set(), request: null, lastGrant: 0n, burn: 0n, burnLast: 0n, usedAt: performance.now(), facts: null, limit: 0, uncommitted: 0n, unleased: 0n }
      this.#windows.set(scope.windowId, window)
    }
    return window
  }

  // ── asking ───────────────────────────────────────────────────────────────────────────────────────────────

  #askSoon(window: Window): void {
    if (window.request !== null) return
    this.#due.add(window)
    if (this.#asking) return
    this.#asking = true
    queueMicrotask(() => {
      this.#asking = false
      const due = [...this.#due]
      this.#due.clear()
      void this.#askFor(due)
    })
  }

  async #askFor(windows: readonly Window[]): Promise<void> {
    const asked = windows.map((window) => {
      window.request = this.#sliceRequest(window)
      return { window, request: window.request }
    })
    if (this.#away || !(await this.#askAndTake(asked))) this.#askLater(asked)
  }

  /** False without an answer. Then the grant may have happened, so the same ids are asked again until someone answers. */
  async #askAndTake(asked: readonly Asked[]): Promise<boolean> {
    try {
      this.#take(asked, await this.#ask(asked.map(({ request }) => request)))
      return true
    } catch {
      this.setAway(true)
      return false
    }
  }

  /** However many windows are without an answer, one request at a time asks for them. */
  #askLater(asked: readonly Asked[]): void {
    for (const each of asked) this.#unanswered.add(each)
    if (this.#askTimer === null) this.#askTimer = setTimeout(() => void this.#askUnanswered(), askAgainMs).unref()
  }

  async #askUnanswered(): Promise<void> {
    while (this.#unanswered.size > 0 && !this.#closed) {
      const some = [...this.#unanswered].slice(0, limits.leaseSlicesPerAskMax)
      const standing = some.filter(({ window, request }) => window.request === request)
      if (standing.length > 0 && !(await this.#askAndTake(standing))) break
      for (const each of some) this.#unanswered.delete(each)
    }
    this.#askTimer = null
    if (this.#unanswered.size > 0 && !this.#closed) this.#askLater([])
  }

  #sliceRequest(window: Window): SliceRequest {
    const { scope, waiters } = window
    const available = this.holdings.available(scope.windowId)
    const [first] = waiters
    const head = first?.need ?? 1n
    const need = head > available ? head - available : 1n
    let queued = 0n
    for (const waiter of waiters) queued += waiter.need
    const want = [need, queued - available, (window.burn + window.burnLast) * 2n].reduce((a, b) => (a > b ? a : b))
    return {
      leaseId: uuidv7(Date.now()), ruleId: scope.compiled.rule.id, orgId: scope.compiled.rule.orgId, tuple: scope.tuple,
      windowStart: scope.startMs, windowEnd: scope.endMs, need: String(need), want: String(want),
    }
  }

  #take(asked: readonly Asked[], answers: readonly SliceAnswer[]): void {
    this.#away = false
    for (const [index, { window, request }] of asked.entries()) {
      const answer = answers[index]
      // An answer to an epoch that has ended meanwhile: what it granted goes back with that epoch.
      if (window.request !== request) continue
      window.request = null
      if (answer === undefined) continue
      const granted = BigInt(answer.granted)
      window.facts = answer
      window.limit = Number(answer.limit)
      window.uncommitted = BigInt(answer.limit) - BigInt(answer.committed)
      window.unleased = window.uncommitted - BigInt(answer.leased)
      if (granted > 0n) {
        this.holdings.grant(window.scope.windowId, granted)
        window.lastGrant = granted
      } else window.lastGrant = 0n
      wakeAll(window, answer)
    }
  }

  // ── giving back ──────────────────────────────────────────────────────────────────────────────────────────

  #everySecond(): void {
    const now = performance.now()
    const authorityNow = this.#clock.now()
    for (const [id, window] of this.#windows) {
      window.burnLast = window.burn
      window.burn = 0n
      const over = authorityNow >= window.scope.endMs
      if (window.waiters.size > 0 || window.request !== null) continue
      if (over || (!this.#away && now - window.usedAt > limits.leaseIdleReturnMs)) this.#returnIdle(id)
      if (over && this.holdings.forget(id)) this.#windows.delete(id)
    }
  }

  #returnIdle(windowId: string): void {
    const idle = this.holdings.takeIdle(windowId)
    if (idle > 0n) this.#giveBack(windowId, idle)
  }
}

function wakeAll(window: Window, answer: SliceAnswer | null): void {
  const woken = [...window.waiters]
  window.waiters.clear()
  for (const waiter of woken) waiter.wake(answer)
}
