import { setTimeout as delay } from 'node:timers/promises'
import { signal as send } from '../base/process-identity.ts'

/*
 * Keeps one engine process alive.
 *
 *   starting ──ready──► running ──dies──► backing off ──► starting …
 *       └────────────── stop() from any state ──────────► stopped
 */

export type EngineLog = (level: 'info' | 'warn' | 'error', message: string, detail?: object) => void

/** A process that is up and answers. */
export interface RunningEngine {
  readonly pid: number
  /** Settles when the process is gone, with what is known about why. Never rejects. */
  readonly exited: Promise<string>
  /** Ends the process cleanly if it can be, and in bounded time. */
  stop(): Promise<void>
}

export interface EngineProgram {
  readonly name: string
  /** Resolves when the engine answers. Rejects when it cannot start, or soon after `stopped` fires; no process is left then. */
  start(stopped: AbortSignal): Promise<RunningEngine>
}

export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
  /** An engine that ran this long starts the next back-off from the beginning. */
  readonly stableMs: number
}

export class SupervisedEngine {
  readonly #program: EngineProgram
  readonly #backoff: Backoff
  readonly #log: EngineLog
  readonly #stopped = new AbortController()
  #running: RunningEngine | null = null
  #life: Promise<void> = Promise.resolve()

  private constructor(program: EngineProgram, backoff: Backoff, log: EngineLog) {
    this.#program = program
    this.#backoff = backoff
    this.#log = log
  }

  /** Starts the engine; a first start that fails is the caller's to handle and is not repeated. */
  static async start(program: EngineProgram, backoff: Backoff, log: EngineLog, stopped?: AbortSignal): Promise<SupervisedEngine> {
    const engine = new SupervisedEngine(program, backoff, log)
    const startedAt = performance.now()
    const running = await program.start(stopped ?? engine.#stopped.signal)
    log('info', `${program.name} is ready`, { pid: running.pid, ms: Math.round(performance.now() - startedAt) })
    engine.#running = running
    engine.#life = engine.#keepAlive(running)
    return engine
  }

  /** The process now, undefined while it is away. */
  pid(): number | undefined {
    return this.#running?.pid
  }

  /** Asks the process to end without waiting for it; for when this process is about to be gone. */
  dismiss(): void {
    this.#stopped.abort()
    // SIGINT is PostgreSQL's fast shutdown; the event engine notices that its parent is gone.
    if (this.#running !== null) send(this.#running.pid, 'SIGINT')
  }

  /** Ends supervision and the process. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running?.stop()
    await this.#life
  }

  async #keepAlive(first: RunningEngine): Promise<void> {
    let running: RunningEngine | null = first
    let waitMs = this.#backoff.firstMs
    while (running !== null) {
      const since = performance.now()
      const reason = await running.exited
      this.#running = null
      if (this.#stopped.signal.aborted) return
      if (performance.now() - since >= this.#backoff.stableMs) waitMs = this.#backoff.firstMs
      this.#log('error', `${this.#program.name} has ended and is started again`, { pid: running.pid, reason, waitMs })
      running = await this.#startAgain(waitMs)
      waitMs = Math.min(waitMs * 2, this.#backoff.maxMs)
    }
  }

  /** Tries until the engine is up; null when supervision ended meanwhile. */
  async #startAgain(firstWaitMs: number): Promise<RunningEngine | null> {
    const signal = this.#stopped.signal
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, this.#backoff.maxMs)) {
      await delay(waitMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return null
      try {
        const running = await this.#program.start(signal)
        this.#running = running
        // stop() may have looked for a process before there was one.
        if (signal.aborted) await running.stop()
        else this.#log('info', `${this.#program.name} is ready again`, { pid: running.pid })
        return running
      } catch (error) {
        if (!signal.aborted) this.#log('error', `${this.#program.name} does not start`, { reason: (error as Error).message })
      }
    }
  }
}
