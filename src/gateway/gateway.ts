import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AuthorityClock, type Clock } from '../base/clock.ts'
import { TollgateError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { limits, type Limits } from '../config/limits.ts'
import type { AttemptEntry, EpochEntry, OutcomeEntry, ReturnEntry, SliceAnswer, SliceRequest, Snapshot } from '../control/sync-protocol.ts'
import { Journal } from '../journal/journal.ts'
import { markRewound, setRewoundAside } from '../journal/segment.ts'
import type { GatewayContext } from './call.ts'
import { ControlClient } from './control-client.ts'
import { GatewayCounters } from './counters.ts'
import { compileSnapshot, type GatewayState } from './gateway-state.ts'
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

/**
 * A gateway's life: recover the journal → serve from the stored snapshot, if there is one → say hello to the control
 * plane (its answer opens an epoch, and only then are there leases) → serve, ship, pulse → drain → closed.
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { log } = options
  const bounds: Limits = { ...limits, ...options.limits }
  const clock = new AuthorityClock(options.clock)
  const journalDirectory = join(options.directory, 'journal')
  if (setRewoundAside(journalDirectory)) log('warn', 'a journal that had fallen behind was set aside', { directory: options.directory })
  const journal = new Journal({
    directory: journalDirectory, durability: options.durability, log, blockAgeMs: bounds.journalBlockAgeMs,
    ...(options.journalFreeBytesMin === undefined ? {} : { freeBytesMin: options.journalFreeBytesMin }),
  })
  closeOrphans(journal, log)
  const client = new ControlClient(options.controlUrl, options.credential, clock)
  const counters = new GatewayCounters()
  const stopping = new AbortController()
  let state: GatewayState | null = null
  let epoch = 0
  let draining = false

  const leases = new Leases(
    clock,
    async (slices: readonly SliceRequest[]): Promise<readonly SliceAnswer[]> => {
      if (epoch === 0) throw new Error('no epoch yet')
      return (await client.lease({ journalId: journal.id, epoch, slices })).slices
    },
    (windowId, amount) => {
      const entry: ReturnEntry = { t: 'return', epoch, windowId, amount: String(amount) }
      journal.note(JSON.stringify(entry))
    },
  )
  const shipper = new Shipper(journal, client, (windowIds) => leases.recall(windowIds), log)
  const gateway: GatewayContext = {
    clock, journal, leases, upstreams: new Upstreams(), counters, log, limits: bounds, state: () => state, epoch: () => epoch, draining: () => draining,
  }

  const file = new SnapshotFile(join(options.directory, 'snapshot.bin'), options.secretKey, log)
  const adopt = (snapshot: Snapshot): void => { state = compileSnapshot(snapshot) }
  const stored = file.read()
  if (stored !== null) adopt(stored)

  const server = createGatewayServer(gateway, {
    ready: () => state !== null && !draining,
    metrics: () => counters.text({ journal_backlog_bytes: journal.backlogBytes, journal_full: journal.full ? 1 : 0, epoch }),
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, 2_048, resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port

  const loops = [
    untilStopped(stopping.signal, log, 'hello', 200, async () => {
      if (epoch !== 0) return sleep(1_000, undefined, { signal: stopping.signal }).catch(() => {})
      const answer = await client.hello({ journalId: journal.id, lastEpoch: 0, version: options.version })
      if (answer.last !== null && journal.isBehind(answer.last)) {
        // Writing on would reuse block numbers that are taken, and their contents would be dropped as repeats.
        log('error', 'the journal is older than what the control plane has; it is set aside and a new one begins', { journal: journal.id })
        markRewound(journalDirectory)
        process.kill(process.pid, 'SIGTERM')
        return sleep(60_000, undefined, { signal: stopping.signal }).catch(() => {})
      }
      if (answer.last !== null) journal.ack(answer.last)
      const entry: EpochEntry = { t: 'epoch', epoch: answer.epoch, at: clock.now() }
      journal.note(JSON.stringify(entry))
      epoch = answer.epoch
      shipper.start()
      log('info', 'connected to the control plane', { epoch, journal: journal.id })
    }),
    untilStopped(stopping.signal, log, 'snapshot', 200, async () => {
      const next = await client.snapshot(state?.version ?? '', stopping.signal)
      if (next === null) return
      adopt(next.snapshot)
      file.write(next.text)
      log('info', 'snapshot adopted', { version: next.snapshot.version })
    }),
    untilStopped(stopping.signal, log, 'pulse', 1_000, async () => {
      if (epoch > 0) leases.recall((await client.pulse({ journalId: journal.id, epoch, backlogBytes: journal.backlogBytes, snapshotVersion: state?.version ?? '' })).recall)
      await sleep(1_000, undefined, { signal: stopping.signal }).catch(() => {})
    }),
  ]

  return {
    port,
    ready: () => state !== null && !draining,
    stop: async (graceMs) => {
      draining = true
      const deadline = performance.now() + graceMs
      server.close()
      server.closeIdleConnections()
      while (counters.inFlight > 0 && performance.now() < deadline) await sleep(20)
      leases.close()
      await journal.shutdown()
      await shipper.drain(Math.max(1_000, deadline - performance.now()))
      stopping.abort()
      server.closeAllConnections()
      await gateway.upstreams.close()
      await client.close()
      await Promise.all(loops)
      journal.dispose()
    },
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

/** Runs `step` again and again; after a failure waits, so that a control plane that is away costs nothing. */
async function untilStopped(signal: AbortSignal, log: Log, name: string, waitMs: number, step: () => Promise<void>): Promise<void> {
  let failing = false
  while (!signal.aborted) {
    try {
      await step()
      failing = false
    } catch (error) {
      if (signal.aborted) return
      if (!failing) log('warn', `${name} failed; trying again`, { reason: error instanceof Error ? error.message : String(error), code: error instanceof TollgateError ? error.code : '' })
      failing = true
      await sleep(waitMs, undefined, { signal }).catch(() => {})
    }
  }
}
