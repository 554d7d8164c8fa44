import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AuthorityClock, type Clock } from '../base/clock.ts'
import { acquireDirectoryLock, DirectoryInUseError, type DirectoryLock } from '../base/directory-lock.ts'
import { TollgateError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { limits, type Limits } from '../config/limits.ts'
import type { AttemptEntry, EpochEntry, OutcomeEntry, ReturnEntry, SliceAnswer, SliceRequest } from '../control/sync-protocol.ts'
import { Journal } from '../journal/journal.ts'
import { markRewound, setRewoundAside } from '../journal/segment.ts'
import type { GatewayContext } from './call.ts'
import { ControlClient } from './control-client.ts'
import { GatewayCounters } from './counters.ts'
import { compileSnapshot, type GatewayState } from './gateway-state.ts'
import { KeptNumber } from './kept-number.ts'
import { Leases } from './leases.ts'
import { createGatewayServer } from './server.ts'
import { Shipper } from './ship.ts'
import { SnapshotFile } from './snapshot-file.ts'
import { Upstreams } from './upstream.ts'

export interface GatewayOptions {
  readonly host: string
  readonly port: number
  /** Holds journal and snapshot; one gateway process per directory. */
  readonly directory: string
  readonly controlUrl: string
  readonly credential: string
  /** 32 bytes; encrypts the snapshot on disk. */
  readonly secretKey: Buffer
  readonly durability: 'process' | 'disk'
  readonly journalFreeBytesMin?: number
  readonly version: string
  readonly clock: Clock
  readonly log: Log
  /** Tighter bounds than the product's own, for tests. */
  readonly limits?: Partial<Limits>
}

export interface RunningGateway {
  readonly port: number
  /** True once calls can be served. */
  ready(): boolean
  /** Takes no new calls, lets those in flight end, ships, and closes. */
  stop(graceMs: number): Promise<void>
}

/** How long a gateway that must end waits for the signal it sent itself, milliseconds. */
const endWaitMs = 60_000
/** Longest an earlier process takes to end: its calls in flight, then its journal, milliseconds. */
const earlierEndMs = 40_000
const pulseMs = 1_000
const keepTimeEveryMs = 5_000
/** Between two looks whether calls still hold leases of an epoch that is over, milliseconds. */
const vacateMs = 50

/**
 * A gateway's life: recover the journal → serve from the stored snapshot, if there is one → say hello to the control
 * plane (its answer opens an epoch, and only then are there leases) → serve, ship, pulse → drain → closed.
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 })
  const lock = await takeDirectory(join(options.directory, 'gateway.lock'), options.log)
  const gateway = new Gateway(options, lock)
  const port = await gateway.listen()
  return { port, ready: () => gateway.ready(), stop: (graceMs) => gateway.stop(graceMs) }
}

/** A gateway whose supervisor died still ends its calls; the next one waits for that rather than for a person. */
async function takeDirectory(path: string, log: Log): Promise<DirectoryLock> {
  const deadline = performance.now() + earlierEndMs
  for (let told = false; ; told = true) {
    try {
      return await acquireDirectoryLock(path)
    } catch (error) {
      if (!(error instanceof DirectoryInUseError) || performance.now() > deadline) throw error
      if (!told) log('warn', 'an earlier gateway process has this directory; waiting for its end', { pid: error.holderPid })
      await sleep(100)
    }
  }
}

class Gateway {
  readonly #options: GatewayOptions
  readonly #lock: DirectoryLock
  readonly #journalDirectory: string
  /** Authority time as last heard: a start with the wall clock set back and the control plane away never goes behind it. */
  readonly #keptTime: KeptNumber
  /** Highest epoch this journal has seen: a control plane restored from an older copy must not open it twice. */
  readonly #keptEpoch: KeptNumber
  #timeKeptMs = 0
  readonly #clock: AuthorityClock
  readonly #journal: Journal
  readonly #client: ControlClient
  readonly #leases: Leases
  readonly #shipper: Shipper
  readonly #snapshotFile: SnapshotFile
  readonly #context: GatewayContext
  readonly #server: Server
  readonly #stopping = new AbortController()
  #loops: readonly Promise<void>[] = []
  #state: GatewayState | null = null
  /** 0 until the control plane has opened one. */
  #epoch = 0
  /** The authority has opened a later epoch for this journal, by a hello whose answer never came. */
  #epochOver = false
  #draining = false

  constructor(options: GatewayOptions, lock: DirectoryLock) {
    const { log, directory } = options
    const bounds: Limits = { ...limits, ...options.limits }
    this.#options = options
    this.#lock = lock
    this.#keptTime = new KeptNumber(join(directory, 'authority-time'))
    this.#clock = new AuthorityClock(options.clock, this.#keptTime.read())
    this.#journalDirectory = join(directory, 'journal')
    if (setRewoundAside(this.#journalDirectory)) log('warn', 'a journal that had fallen behind was set aside', { directory })
    this.#journal = new Journal({
      directory: this.#journalDirectory, durability: options.durability, log, blockAgeMs: bounds.journalBlockAgeMs,
      ...(options.journalFreeBytesMin === undefined ? {} : { freeBytesMin: options.journalFreeBytesMin }),
    })
    this.#keptEpoch = new KeptNumber(join(this.#journalDirectory, 'epoch'))
    closeOrphans(this.#journal, log)
    this.#client = new ControlClient(options.controlUrl, options.credential, this.#clock)
    this.#leases = new Leases(this.#clock, (slices) => this.#askSlices(slices), (windowId, amount) => this.#giveBack(windowId, amount))
    this.#shipper = new Shipper(this.#journal, this.#client, (windowIds) => this.#leases.recall(windowIds), log)
    this.#snapshotFile = new SnapshotFile(join(directory, 'snapshot.bin'), options.secretKey, log)
    this.#context = {
      clock: this.#clock, journal: this.#journal, leases: this.#leases, upstreams: new Upstreams(), counters: new GatewayCounters(), log, limits: bounds,
      state: () => this.#state, epoch: () => this.#epoch, draining: () => this.#draining,
    }
    this.#server = createGatewayServer(this.#context, { ready: () => this.ready(), metrics: () => this.#metrics() })
  }

  ready(): boolean {
    return this.#state !== null && !this.#draining
  }

  /** Serves, first from what is on disk; the loops to the control plane run from here on. Resolves to the port. */
  async listen(): Promise<number> {
    const stored = this.#snapshotFile.read()
    if (stored !== null) this.#state = compileSnapshot(stored)
    const { host, port, log } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, 2_048, resolve)
    })
    const { signal } = this.#stopping
    this.#loops = [
      untilStopped(signal, log, 'hello', 200, () => this.#hello()),
      untilStopped(signal, log, 'snapshot', 200, () => this.#followSnapshot()),
      untilStopped(signal, log, 'pulse', pulseMs, () => this.#pulse()),
    ]
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : port
  }

  /** Calls in flight may end, what is idle is given back, the journal is sealed and shipped; then everything closes. */
  async stop(graceMs: number): Promise<void> {
    this.#draining = true
    const deadline = performance.now() + graceMs
    this.#server.close()
    this.#server.closeIdleConnections()
    while (this.#context.counters.inFlight > 0 && performance.now() < deadline) await sleep(20)
    this.#leases.close()
    await this.#journal.shutdown()
    await this.#shipper.drain(Math.max(1_000, deadline - performance.now()))
    this.#stopping.abort()
    this.#server.closeAllConnections()
    await this.#context.upstreams.close()
    await this.#client.close()
    await Promise.all(this.#loops)
    this.#journal.dispose()
    this.#lock.release()
  }

  // ── towards the control plane ────────────────────────────────────────────────────────────────────────────

  async #hello(): Promise<void> {
    if (this.#epoch !== 0 && !this.#epochOver) return this.#rest(pulseMs)
    // The new epoch's first entry gives back all that the old one leases, so by then no call may hold any of it.
    if (this.#epochOver && !this.#leases.vacate()) return this.#rest(vacateMs)
    const { log, version } = this.#options
    const answer = await this.#client.hello({ journalId: this.#journal.id, lastEpoch: this.#keptEpoch.read(), version })
    if (answer.last !== null && this.#journal.isBehind(answer.last)) {
      // Writing on would reuse block numbers that are taken, and their contents would be dropped as repeats.
      log('error', 'the journal is older than what the control plane has; it is set aside and a new one begins', { journal: this.#journal.id })
      markRewound(this.#journalDirectory)
      process.kill(process.pid, 'SIGTERM')
      return this.#rest(endWaitMs)
    }
    if (answer.last !== null) this.#journal.ack(answer.last)
    this.#keptEpoch.keep(answer.epoch)
    const entry: EpochEntry = { t: 'epoch', epoch: answer.epoch, at: this.#clock.now() }
    this.#journal.note(JSON.stringify(entry))
    this.#epoch = answer.epoch
    this.#epochOver = false
    this.#leases.startAnew()
    this.#shipper.start()
    log('info', 'connected to the control plane', { epoch: this.#epoch, journal: this.#journal.id })
  }

  async #followSnapshot(): Promise<void> {
    const next = await this.#client.snapshot(this.#state?.version ?? '', this.#stopping.signal)
    if (next === null) return
    this.#state = compileSnapshot(next.snapshot)
    this.#leases.heedLimits(this.#state.rules)
    this.#snapshotFile.write(next.text)
    this.#options.log('info', 'snapshot adopted', { version: next.snapshot.version })
  }

  async #pulse(): Promise<void> {
    if (this.#epoch > 0) {
      const { recall } = await this.#client.pulse({
        journalId: this.#journal.id, epoch: this.#epoch, backlogBytes: this.#journal.backlogBytes, snapshotVersion: this.#state?.version ?? '',
      }).catch((error: unknown) => {
        this.#leases.setAway(true)
        throw error
      })
      this.#leases.setAway(false)
      this.#leases.recall(recall)
      this.#keepTime()
    }
    await this.#rest(pulseMs)
  }

  #keepTime(): void {
    const now = this.#clock.now()
    if (now - this.#timeKeptMs < keepTimeEveryMs) return
    this.#timeKeptMs = now
    this.#keptTime.keep(now)
  }

  async #askSlices(slices: readonly SliceRequest[]): Promise<readonly SliceAnswer[]> {
    if (this.#epoch === 0 || this.#epochOver) throw new Error('no epoch')
    try {
      return (await this.#client.lease({ journalId: this.#journal.id, epoch: this.#epoch, slices })).slices
    } catch (error) {
      if (error instanceof TollgateError && error.code === 'epoch_stale') this.#epochOver = true
      throw error
    }
  }

  #giveBack(windowId: string, amount: bigint): void {
    const entry: ReturnEntry = { t: 'return', epoch: this.#epoch, windowId, amount: String(amount) }
    this.#journal.note(JSON.stringify(entry))
  }

  #metrics(): string {
    const { counters } = this.#context
    return counters.text({ journal_backlog_bytes: this.#journal.backlogBytes, journal_full: this.#journal.full ? 1 : 0, epoch: this.#epoch })
  }

  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {})
  }
}

/** Attempts an earlier process left open: nobody knows what became of them, so their bound is booked as uncertain. */
function closeOrphans(journal: Journal, log: Log): void {
  for (const [id, payload] of journal.orphans) {
    const attempt = JSON.parse(payload) as AttemptEntry
    const entry: OutcomeEntry = { t: 'outcome', epoch: attempt.epoch, record: attempt.provisional, settlements: attempt.holds }
    journal.close(id, JSON.stringify(entry), null)
  }
  if (journal.orphans.size > 0) log('warn', 'attempts without an outcome were booked at their bound', { attempts: journal.orphans.size })
}

/** A control plane that is away for less than this is starting or restarting, and nobody's concern, milliseconds. */
const patienceMs = 5_000

/** Runs `step` again and again; after a failure waits, so that a control plane that is away costs nothing. */
async function untilStopped(signal: AbortSignal, log: Log, name: string, waitMs: number, step: () => Promise<void>): Promise<void> {
  let failingSince = 0
  let told = false
  while (!signal.aborted) {
    try {
      await step()
      if (told) log('info', `${name} works again`)
      failingSince = 0
      told = false
    } catch (error) {
      if (signal.aborted) return
      if (failingSince === 0) failingSince = performance.now()
      if (!told && performance.now() - failingSince > patienceMs) {
        log('warn', `${name} fails; trying again`, { reason: error instanceof Error ? error.message : String(error), code: error instanceof TollgateError ? error.code : '' })
        told = true
      }
      await sleep(waitMs, undefined, { signal }).catch(() => {})
    }
  }
}
