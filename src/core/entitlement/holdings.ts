import { assert } from '../../base/assert.ts'

/**
 * What one gateway holds of the budgets it leases from: per window instance an amount it may still admit against,
 * and the holds of calls in flight. Pure and synchronous; a decision over all windows of a call has no await in it
 * and is therefore atomic.
 *
 * For each window, always: granted = available + held + settled + returned, where only `available` may go below
 * zero (a call that cost more than its bound), and then nothing is admitted until it is above again.
 */
export interface Hold {
  readonly windowId: string
  /** Whole units of the rule's measure, ≥ 0. */
  readonly amount: bigint
}

export class Holdings {
  readonly #windows = new Map<string, { available: bigint; held: bigint }>()

  /** Takes every hold or none. Returns the first window that lacks, or null when all were taken. */
  tryHold(holds: readonly Hold[]): Hold | null {
    for (const hold of holds) {
      if (hold.amount > 0n && this.available(hold.windowId) < hold.amount) return hold
    }
    for (const { windowId, amount } of holds) {
      const window = this.#window(windowId)
      window.available -= amount
      window.held += amount
    }
    return null
  }

  /** Ends a hold with what was really used; the rest is available again. */
  settle(windowId: string, held: bigint, used: bigint): void {
    const window = this.#window(windowId)
    assert(window.held >= held, `window ${windowId} must hold what is settled`)
    window.held -= held
    window.available += held - used
  }

  /** A slice arrived. */
  grant(windowId: string, amount: bigint): void {
    assert(amount >= 0n, 'a grant must not be negative')
    this.#window(windowId).available += amount
  }

  /** Takes out everything idle, to be returned to the authority; 0 when there is none. */
  takeIdle(windowId: string): bigint {
    const window = this.#windows.get(windowId)
    if (window === undefined || window.available <= 0n) return 0n
    const idle = window.available
    window.available = 0n
    return idle
  }

  /** Forgets a window that holds nothing; false while calls in flight still do. */
  forget(windowId: string): boolean {
    const window = this.#windows.get(windowId)
    if (window === undefined) return true
    if (window.held > 0n) return false
    assert(window.available <= 0n, 'idle amounts are returned before a window is forgotten')
    this.#windows.delete(windowId)
    return true
  }

  available(windowId: string): bigint {
    return this.#windows.get(windowId)?.available ?? 0n
  }
  held(windowId: string): bigint {
    return this.#windows.get(windowId)?.held ?? 0n
  }
  windowIds(): IterableIterator<string> {
    return this.#windows.keys()
  }

  #window(windowId: string): { available: bigint; held: bigint } {
    let window = this.#windows.get(windowId)
    if (window === undefined) {
      window = { available: 0n, held: 0n }
      this.#windows.set(windowId, window)
    }
    return window
  }
}
