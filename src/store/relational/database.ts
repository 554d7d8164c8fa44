import { Kysely, PostgresDialect, sql, type PostgresPool, type PostgresPoolClient, type Transaction } from 'kysely'
import { Pool, types, type ClientConfig, type PoolClient } from 'pg'
import type { Log } from '../../base/log.ts'
import { assert } from '../../base/assert.ts'
import { TollgateError } from '../../base/errors.ts'
import { limits } from '../../config/limits.ts'
import type { Schema } from './schema.ts'

/**
 * Connections to PostgreSQL in three lanes, so that a lease never queues behind a block being received, nor a block behind
 * a page of the console. Each lane is a pool of its own.
 */
export interface Database {
  readonly leases: Kysely<Schema>
  readonly receive: Kysely<Schema>
  /** Configuration, reads and everything else. */
  readonly config: Kysely<Schema>
  close(): Promise<void>
}

/** One lane's pool; sizes and timeouts are bounds, not tuning. */
interface LaneOptions {
  readonly url: string
  readonly name: string
  readonly connectionsMax: number
  readonly statementMs: number
  readonly log: Log
}

export function openDatabase(options: { readonly url: string; readonly connectionsMax: number; readonly log: Log }): Database {
  const { url, log } = options
  // One connection of the allowance is the change listener's.
  const shared = Math.max(3, options.connectionsMax - 1)
  const small = Math.max(1, Math.floor(shared / 4))
  const leases = openLane({ url, log, name: 'leases', connectionsMax: small, statementMs: limits.postgresLeaseStatementMs })
  const receive = openLane({ url, log, name: 'receive', connectionsMax: small, statementMs: limits.postgresStatementMs })
  const config = openLane({ url, log, name: 'config', connectionsMax: shared - 2 * small, statementMs: limits.postgresStatementMs })
  return {
    leases, receive, config,
    close: async () => { await Promise.all([leases.destroy(), receive.destroy(), config.destroy()]) },
  }
}

function openLane(options: LaneOptions): Kysely<Schema> {
  const pool = new Pool({
    ...connectionOptions(options.url, `tollgate ${options.name}`),
    max: options.connectionsMax,
    statement_timeout: options.statementMs,
    idle_in_transaction_session_timeout: limits.postgresIdleInTransactionMs,
    connectionTimeoutMillis: limits.postgresConnectMs,
    idleTimeoutMillis: 60_000,
  })
  // A connection that breaks says so as an event, idle or between two statements; without a listener Node would end the process.
  const broke = (error: Error): void => { options.log('warn', 'a PostgreSQL connection broke', { lane: options.name, reason: error.message }) }
  pool.on('error', broke)
  pool.on('connect', (client) => { client.on('error', broke) })
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool: translatingPool(pool) }) })
}

/** What every connection of ours has in common, the change listener's included. */
export function connectionOptions(url: string, applicationName: string): ClientConfig {
  return { connectionString: url, application_name: applicationName, keepAlive: true, types: { getTypeParser } }
}

/** BIGINT as a number: our instants and counters stay below 2^53. NUMERIC stays a string, exact. */
const getTypeParser: typeof types.getTypeParser = ((oid: number, format?: 'text') => {
  if (oid === types.builtins.INT8) return safeInteger
  return types.getTypeParser(oid, format ?? 'text')
}) as typeof types.getTypeParser

function safeInteger(text: string): number {
  const value = Number(text)
  assert(Number.isSafeInteger(value), `stored integer ${text} must be below 2^53`)
  return value
}

/** A pool whose failures are already this product's errors, whatever statement met them. */
function translatingPool(pool: Pool): PostgresPool {
  return {
    async connect() {
      const client = await pool.connect().catch((error: unknown) => { throw translateFailure(error) })
      return translatingClient(client)
    },
    end: () => pool.end(),
  }
}

function translatingClient(client: PoolClient): PostgresPoolClient {
  let broken = false
  const query = async (text: string, parameters: readonly unknown[]): Promise<unknown> => {
    try {
      return await client.query(text, [...parameters])
    } catch (error) {
      const translated = translateFailure(error)
      if (translated instanceof TollgateError && translated.code === 'engine_unavailable') broken = true
      throw translated
    }
  }
  return {
    query: query as PostgresPoolClient['query'],
    // A connection that failed once is closed rather than handed to the next caller.
    release: () => { client.release(broken) },
  }
}

const connectionFailureCodes = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN',
  '57P01', '57P02', '57P03', '57P05', '57014', '53300', '55P03', '25P03', '58000', '58030', '53100', '53200',
])
const connectionFailureText = /connection terminated|timeout exceeded when trying to connect|not queryable|client was closed|connection ended/i
/** Values PostgreSQL cannot hold: a NUL character, a figure out of range, a missing reference, a broken CHECK on a word. */
const invalidValueCodes = new Set(['22021', '22P05', '22003', '22P02', '23503', '23502'])

/** Turns a driver's or the engine's error into ours; anything unexpected stays as it is. */
function translateFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const code = (error as { code?: unknown }).code
  const text = typeof code === 'string' ? code : ''
  if (text === '23505') return withCause(new TollgateError('conflict', 'It exists already.'), error)
  if (invalidValueCodes.has(text)) return withCause(new TollgateError('invalid', error.message), error)
  if (text.startsWith('08') || connectionFailureCodes.has(text) || connectionFailureText.test(error.message)) {
    return withCause(new TollgateError('engine_unavailable'), error)
  }
  return error
}

function withCause(error: TollgateError, cause: Error): TollgateError {
  error.cause = cause
  return error
}

/** Deadlock and serialisation failures: the transaction was undone and may be tried again. */
const retryableCodes = new Set(['40001', '40P01'])
const attemptsMax = 4

/** Runs `work` in one READ COMMITTED transaction, again when the engine chose it as a deadlock's victim. */
export async function inTransaction<Value>(lane: Kysely<Schema>, work: (tx: Transaction<Schema>) => Promise<Value>): Promise<Value> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await lane.transaction().execute(work)
    } catch (error) {
      const code = (error as { code?: unknown } | null)?.code
      if (typeof code !== 'string' || !retryableCodes.has(code) || attempt === attemptsMax) throw error
    }
  }
}

/** Advisory locks of this product, one number each under a common first key. */
export const advisory = { namespace: 0x7011, migrate: 1, rules: 2, seed: 3 } as const

export async function lockExclusive(tx: Transaction<Schema>, lock: number): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${advisory.namespace}::int, ${lock}::int)`.execute(tx)
}
export async function lockShared(tx: Transaction<Schema>, lock: number): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock_shared(${advisory.namespace}::int, ${lock}::int)`.execute(tx)
}

/** A JSONB parameter; the driver would otherwise write a JavaScript array as a PostgreSQL array. */
export const jsonb = (value: unknown) => sql<unknown>`${JSON.stringify(value)}::jsonb`

/** The database's clock in ms UTC, as an SQL expression. */
export const nowMs = sql<number>`(extract(epoch FROM clock_timestamp()) * 1000)::bigint`
