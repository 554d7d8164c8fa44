/** Where time comes from; tests pass their own. */
export interface Clock {
  /** Unix milliseconds, UTC. */
  now(): number
  /** Milliseconds from an arbitrary origin; never goes back. */
  monotonicMs(): number
}

export const systemClock: Clock = { now: () => Date.now(), monotonicMs: () => performance.now() }

/**
 * Authority time: this machine's monotonic clock plus an offset learned from the control plane, so that
 * setting the wall clock back on a gateway moves no budget window. Before the first answer it is the wall
 * clock read once at start. It never runs backwards: a correction downwards is absorbed by standing still. Only the
 * first answer may set it back, because until then it was a guess, and a wall clock days ahead would stand for days.
 */
export class AuthorityClock {
  readonly #clock: Clock
  #originMs: number
  #lastMs: number
  readonly #floorMs: number
  #heard = false

  /** `floorMs`: an authority instant known from before, never gone behind. */
  constructor(clock: Clock, floorMs = 0) {
    this.#clock = clock
    this.#floorMs = floorMs
    this.#lastMs = floorMs
    this.#originMs = clock.now() - clock.monotonicMs()
  }

  /** Authority milliseconds UTC, whole. */
  now(): number {
    const instant = Math.floor(this.#originMs + this.#clock.monotonicMs())
    if (instant > this.#lastMs) this.#lastMs = instant
    return this.#lastMs
  }

  /** Takes an answer that left the authority at `authorityMs`; half the round trip is assumed each way. */
  correct(authorityMs: number, sentMonotonicMs: number, receivedMonotonicMs: number): void {
    const middle = (sentMonotonicMs + receivedMonotonicMs) / 2
    this.#originMs = authorityMs - middle
    if (!this.#heard) this.#lastMs = this.#floorMs
    this.#heard = true
  }
}
