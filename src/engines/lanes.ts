/** In order of precedence: what gateways shipped, what people look at, what can wait. */
export const laneNames = ['receive', 'reads', 'jobs'] as const
export type Lane = (typeof laneNames)[number]

export interface LaneLimits {
  /** Operations that may run at once, all lanes together. */
  readonly runningMax: number
  /** Of those, how many one lane may hold; what is left over keeps the lanes before it from starving. */
  readonly laneRunningMax: Readonly<Record<Lane, number>>
  /** Operations that may wait, per lane. */
  readonly laneWaitingMax: number
}

/** The lane's queue is full. */
export class LaneFullError extends Error {
  override readonly name = 'LaneFullError'
}

interface Waiter {
  start(): void
}

/**
 * Bounds how many operations touch the engine at once. A free slot goes to the first lane in order of precedence that
 * has a waiter and is under its own bound; within a lane, first come first served.
 */
export class Lanes {
  readonly #limits: LaneLimits
  readonly #running: Record<Lane, number> = { receive: 0, reads: 0, jobs: 0 }
  readonly #waiting: Record<Lane, Waiter[]> = { receive: [], reads: [], jobs: [] }

  constructor(limits: LaneLimits) {
    this.#limits = limits
  }

  /** Runs `work` when its lane has a slot. Throws LaneFullError at once when the queue is full; leaves the queue when `left` fires. */
  async run<T>(lane: Lane, work: () => Promise<T>, left?: AbortSignal): Promise<T> {
    await this.#enter(lane, left)
    try {
      return await work()
    } finally {
      this.#running[lane]--
      this.#startNext()
    }
  }

  /** Operations that run or wait, per lane. */
  depth(): Readonly<Record<Lane, { readonly running: number; readonly waiting: number }>> {
    const of = (lane: Lane) => ({ running: this.#running[lane], waiting: this.#waiting[lane].length })
    return { receive: of('receive'), reads: of('reads'), jobs: of('jobs') }
  }

  #enter(lane: Lane, left?: AbortSignal): Promise<void> {
    left?.throwIfAborted()
    if (this.#hasSlot(lane)) {
      this.#running[lane]++
      return Promise.resolve()
    }
    const queue = this.#waiting[lane]
    if (queue.length >= this.#limits.laneWaitingMax) {
      return Promise.reject(new LaneFullError(`${queue.length} operations already wait in lane ${lane}`))
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        queue.splice(queue.indexOf(waiter), 1)
        reject(left?.reason as Error)
      }
      const waiter: Waiter = { start: () => { left?.removeEventListener('abort', leave); resolve() } }
      left?.addEventListener('abort', leave, { once: true })
      queue.push(waiter)
    })
  }

  #hasSlot(lane: Lane): boolean {
    const total = laneNames.reduce((sum, name) => sum + this.#running[name], 0)
    return total < this.#limits.runningMax && this.#running[lane] < this.#limits.laneRunningMax[lane]
  }

  #startNext(): void {
    for (const lane of laneNames) {
      while (this.#waiting[lane].length > 0 && this.#hasSlot(lane)) {
        this.#running[lane]++
        this.#waiting[lane].shift()?.start()
      }
    }
  }
}
