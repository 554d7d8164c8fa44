import { mkdirSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { limits } from '../config/limits.ts'
import { assertChdbInstalled, chdbProgram, stopChdbOrphan } from './chdb-process.ts'
import type { ChdbChildConfig } from './chdb-child.ts'
import { acquireDirectoryLock } from '../base/directory-lock.ts'
import { type EngineSecrets, loadEngineSecrets } from './engine-secrets.ts'
import { chooseEngineUser } from './engine-user.ts'
import { copyParentsFor, preparePostgresBinaries } from './postgres-binaries.ts'
import { type ClusterOptions, clusterExists, createCluster, postgresDatabase, postgresProgram, postgresUsername, resetPassword, stopOrphan } from './postgres-cluster.ts'
import { type Backoff, type EngineLog, SupervisedEngine } from './supervised.ts'

/*
 * The embedded engines of one data directory:
 *
 *   engines.lock     who supervises it          engines.json     ports and passwords
 *   postgres/        the PostgreSQL cluster     events/          ClickHouse's data
 *   events.process   the event engine's child   events.xml       its server configuration
 */

export interface EngineOptions {
  readonly dataDir: string
  readonly log: EngineLog
  /** False: PostgreSQL is elsewhere (TOLLGATE_POSTGRES_URL). Default true. */
  readonly postgres?: boolean
  /** False: ClickHouse is elsewhere (TOLLGATE_CLICKHOUSE_URL). Default true. */
  readonly events?: boolean
}

export interface EventsAddress {
  readonly url: string
  readonly username: string
  readonly password: string
  readonly database: string
}

export interface Engines {
  /** Null when PostgreSQL was not asked for. Neither address changes while the engines are supervised. */
  readonly postgresUrl: string | null
  readonly events: EventsAddress | null
  /** The processes now; a member is absent while its engine is away. */
  pids(): { postgres?: number; events?: number }
  /** Ends both engines cleanly and gives the data directory back. Safe to call twice. */
  stop(): Promise<void>
}

const eventsUsername = 'tollgate'
const eventsDatabase = 'tollgate'
const backoff: Backoff = { firstMs: 100, maxMs: limits.engineRestartBackoffMaxMs, stableMs: 30_000 }

/** Starts the engines of a data directory and keeps them running until stop(). Resolves when both answer. */
export async function startEngines(options: EngineOptions): Promise<Engines> {
  const dataDir = resolve(options.dataDir)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const lock = await acquireDirectoryLock(join(dataDir, 'engines.lock'))
  const started: SupervisedEngine[] = []
  // A process that ends without stop() still tells its engines; only kill -9 leaves them to the next start.
  const dismiss = (): void => started.forEach(engine => engine.dismiss())
  process.on('exit', dismiss)
  const stop = async (): Promise<void> => {
    await Promise.all(started.map(engine => engine.stop()))
    process.removeListener('exit', dismiss)
    lock.release()
  }
  try {
    await Promise.all([
      stopOrphan(join(dataDir, 'postgres'), limits.engineStopMs, options.log),
      stopChdbOrphan(join(dataDir, 'events.process'), limits.engineStopMs, options.log),
    ])
    const secrets = await loadEngineSecrets(join(dataDir, 'engines.json'))
    const { postgres, events } = await startBoth(dataDir, secrets, options, started)
    return {
      postgresUrl: postgres === null ? null : `postgres://${postgresUsername}:${secrets.postgresPassword}@127.0.0.1:${secrets.postgresPort}/${postgresDatabase}`,
      events: events === null ? null : { url: `http://127.0.0.1:${secrets.eventsPort}`, username: eventsUsername, password: secrets.eventsPassword, database: eventsDatabase },
      pids: () => pidsOf(postgres, events),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** One that fails stops the other before the failure is passed on. */
async function startBoth(dataDir: string, secrets: EngineSecrets, options: EngineOptions, started: SupervisedEngine[]): Promise<{ postgres: SupervisedEngine | null; events: SupervisedEngine | null }> {
  const failed = new AbortController()
  const start = async (wanted: boolean | undefined, open: (stopped: AbortSignal) => Promise<SupervisedEngine>): Promise<SupervisedEngine | null> => {
    if (wanted === false) return null
    try {
      const engine = await open(failed.signal)
      started.push(engine)
      return engine
    } catch (error) {
      failed.abort()
      throw error
    }
  }
  const [postgres, events] = await Promise.allSettled([
    start(options.postgres, stopped => openPostgres(dataDir, secrets, options.log, stopped)),
    start(options.events, stopped => openEvents(dataDir, secrets, options.log, stopped)),
  ])
  // The first to fail is the cause; the other was merely told to stop.
  const rejections = [postgres, events].filter(result => result.status === 'rejected').map(result => result.reason as Error)
  const cause = rejections.find(reason => reason.name !== 'AbortError') ?? rejections[0]
  if (cause !== undefined) throw cause
  return { postgres: (postgres as PromiseFulfilledResult<SupervisedEngine | null>).value, events: (events as PromiseFulfilledResult<SupervisedEngine | null>).value }
}

async function openPostgres(dataDir: string, secrets: EngineSecrets, log: EngineLog, stopped: AbortSignal): Promise<SupervisedEngine> {
  const path = join(dataDir, 'postgres')
  const user = chooseEngineUser(path)
  const binaries = await preparePostgresBinaries(user, copyParentsFor(dataDir, user))
  const cluster: ClusterOptions = {
    path, port: secrets.postgresPort, password: secrets.postgresPassword, user, binaries,
    startWaitMs: limits.postgresRecoveryMs, stopWaitMs: limits.engineStopMs, log,
  }
  if (!clusterExists(path)) await createCluster(cluster)
  else if (!secrets.restored) await resetPassword(cluster)
  return SupervisedEngine.start(postgresProgram(cluster), backoff, log, stopped)
}

async function openEvents(dataDir: string, secrets: EngineSecrets, log: EngineLog, stopped: AbortSignal): Promise<SupervisedEngine> {
  assertChdbInstalled()
  const config: ChdbChildConfig = {
    dataPath: join(dataDir, 'events'),
    database: eventsDatabase,
    engineArgs: [`--config-file=${writeServerConfig(join(dataDir, 'events.xml'))}`],
    openWaitMs: limits.engineStartMs / 2,
    closeWaitMs: limits.engineStopMs / 2,
    silenceMs: limits.eventEngineSilenceMs,
    endpoint: {
      port: secrets.eventsPort, username: eventsUsername, password: secrets.eventsPassword,
      bodyBytesMax: limits.eventEngineBodyBytesMax, bufferedBytesMax: limits.eventEngineBufferedBytesMax,
      lanes: { runningMax: limits.eventEngineSessions, laneRunningMax: limits.eventEngineLaneSessions, laneWaitingMax: limits.eventEngineLaneWaitingMax },
      bounds: {
        executionMsDefault: limits.queryExecutionMs, executionMsMax: limits.jobExecutionMsMax,
        memoryBytesMax: limits.queryMemoryBytesMax, resultBytesMax: limits.eventEngineResultBytesMax,
      },
    },
  }
  const program = chdbProgram({ config, processFile: join(dataDir, 'events.process'), startWaitMs: limits.engineStartMs, log })
  return SupervisedEngine.start(program, backoff, log, stopped)
}

/**
 * Server-wide bounds, which cannot be given per operation. Half of the memory this process may use is left to the rest of
 * the product; the mark cache's own default of 5 GiB is meant for a machine that runs nothing else.
 */
function writeServerConfig(path: string): string {
  const memoryBytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
  const elements = { max_server_memory_usage: Math.floor(memoryBytes / 2), mark_cache_size: limits.eventEngineMarkCacheBytes }
  const body = Object.entries(elements).map(([name, value]) => `  <${name}>${value}</${name}>\n`).join('')
  writeFileSync(path, `<clickhouse>\n${body}</clickhouse>\n`, { mode: 0o600 })
  return path
}

function pidsOf(postgres: SupervisedEngine | null, events: SupervisedEngine | null): { postgres?: number; events?: number } {
  const postgresPid = postgres?.pid()
  const eventsPid = events?.pid()
  return { ...(postgresPid === undefined ? {} : { postgres: postgresPid }), ...(eventsPid === undefined ? {} : { events: eventsPid }) }
}
