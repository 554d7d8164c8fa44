import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../base/log.ts'
import { TollgateError } from '../base/errors.ts'
import { limits } from '../config/limits.ts'
import type { Journal } from '../journal/journal.ts'
import type { ControlClient } from './control-client.ts'

/** How long a stopping gateway tries to reach an authority that does not answer, milliseconds. */
const drainAwayMs = 2_000

/**
 * Ships sealed blocks in order, one at a time, until each is confirmed. Idle → shipping → (confirmed → next) or
 * (no answer → wait, longer each time → same block again). Repeating a block changes nothing on the other side.
 */
export class Shipper {
  readonly #journal: Journal
  readonly #client: ControlClient
  readonly #onRecall: (windowIds: readonly string[]) => void
  readonly #log: Log
  #running: Promise<void> | null = null
  #stopped = false
  #ready = false
  /** Why the last try failed, '' when it did not. */
  lastFault = ''

  constructor(journal: Journal, client: ControlClient, onRecall: (windowIds: readonly string[]) => void, log: Log) {
    this.#journal = journal
    this.#client = client
    this.#onRecall = onRecall
    this.#log = log
    journal.onSealed(() => this.wake())
  }

  /** Starts once the authority has accepted this journal. */
  start(): void {
    this.#ready = true
    this.wake()
  }

  wake(): void {
    if (!this.#ready || this.#stopped || this.#running !== null) return
    this.#running = this.#run().finally(() => {
      this.#running = null
      if (!this.#stopped && this.#journal.nextToShip() !== null) this.wake()
    })
  }

  /** Ships what is left, for at most `withinMs`; with the authority away only for a moment, because the journal keeps it. */
  async drain(withinMs: number): Promise<void> {
    const startedAt = performance.now()
    const deadline = startedAt + withinMs
    while (!(this.lastFault !== '' && performance.now() - startedAt > drainAwayMs) && this.#ready && this.#journal.nextToShip() !== null && performance.now() < deadline) {
      this.wake()
      await sleep(10)
    }
    this.#stopped = true
  }

  async #run(): Promise<void> {
    let backoffMs = 50
    for (let block = this.#journal.nextToShip(); block !== null && !this.#stopped; block = this.#journal.nextToShip()) {
      try {
        const answer = await this.#client.block(this.#journal.id, block, this.#journal.readBlock(block))
        this.#journal.ack(block)
        if (answer.recall.length > 0) this.#onRecall(answer.recall)
        if (this.lastFault !== '') this.#log('info', 'shipping again', { backlogBytes: this.#journal.backlogBytes })
        this.lastFault = ''
        backoffMs = 50
      } catch (error) {
        const fault = error instanceof Error ? error.message : String(error)
        if (this.lastFault === '') this.#log('warn', 'cannot ship; the journal keeps everything', { reason: fault, code: error instanceof TollgateError ? error.code : '' })
        this.lastFault = fault
        await sleep(backoffMs)
        backoffMs = Math.min(backoffMs * 2, limits.shipBackoffMaxMs)
      }
    }
  }
}
