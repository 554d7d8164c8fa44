import { setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { ChdbEngine } from './chdb-engine.ts'
import { ClickHouseEndpoint, type EndpointOptions } from './clickhouse-endpoint.ts'

/*
 * The event engine's process. Its parent sends one message with everything it needs (secrets do not belong on a command
 * line), it answers `ready` or `failed`, and it ends when told to by SIGTERM or when its parent is gone.
 *
 *   waiting ──config──► opening ──► ready ──SIGTERM or parent gone──► closing ──► exit
 */

export interface ChdbChildConfig {
  readonly dataPath: string
  readonly database: string
  readonly engineArgs: readonly string[]
  readonly openWaitMs: number
  readonly closeWaitMs: number
  /** A trivial query that takes longer means that the engine hangs. */
  readonly silenceMs: number
  readonly endpoint: EndpointOptions
}

export type ChdbChildMessage = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly reason: string }

/** Storing what a call has used can wait for the calls themselves. Threads inherit it, so it is set before the library starts any. */
const politeness = 10
setPriority(politeness)

let endpoint: ClickHouseEndpoint | null = null
let engine: ChdbEngine | null = null
let closeWaitMs = 0
const closing = new AbortController()

const tell = (message: ChdbChildMessage): void => { process.send?.(message) }

process.once('message', config => void start(config as ChdbChildConfig))
process.once('disconnect', () => void stop())
process.once('SIGTERM', () => void stop())
// Ctrl-C reaches the whole group; the parent decides when this process stops.
process.on('SIGINT', () => {})

async function start(config: ChdbChildConfig): Promise<void> {
  closeWaitMs = config.closeWaitMs
  try {
    engine = await openPatiently(config)
    endpoint = await ClickHouseEndpoint.listen(engine, config.endpoint)
    tell({ kind: 'ready' })
    void watch(engine, config.silenceMs)
  } catch (error) {
    tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) })
    process.exitCode = 1
    process.disconnect?.()
  }
}

/** A predecessor that was just killed may hold the directory for a moment longer. */
async function openPatiently(config: ChdbChildConfig): Promise<ChdbEngine> {
  const deadline = performance.now() + config.openWaitMs
  for (;;) {
    try {
      return await ChdbEngine.open(config.dataPath, config.engineArgs, config.database, dieOfFatalError)
    } catch (error) {
      const held = /Another server instance|Cannot lock file/i.test(error instanceof Error ? error.message : '')
      if (!held || performance.now() > deadline) throw error
      await delay(100)
    }
  }
}

/** Nothing inside a hung library can be mended; the parent starts a new process. */
async function watch(watched: ChdbEngine, silenceMs: number): Promise<void> {
  while (!closing.signal.aborted) {
    const answered = await Promise.race([watched.version().then(() => true, () => true), delay(silenceMs, false)])
    if (!answered && !closing.signal.aborted) dieOfFatalError(`a trivial query took more than ${silenceMs} ms`)
    await delay(silenceMs / 4)
  }
}

function dieOfFatalError(message: string): void {
  process.stderr.write(`the event engine has stopped itself: ${message}\n`)
  process.kill(process.pid, 'SIGKILL')
}

/** Waits for running operations up to a bound, then leaves without the library's exit hooks, which may wait for them forever. */
async function stop(): Promise<void> {
  if (closing.signal.aborted) return
  closing.abort()
  const drained = endpoint === null ? true : await Promise.race([endpoint.close().then(() => true), delay(closeWaitMs, false)])
  if (drained) engine?.close()
  process.kill(process.pid, 'SIGKILL')
}
