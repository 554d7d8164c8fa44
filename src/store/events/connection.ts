import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ClickHouseError, ClickHouseLogLevel, createClient, type ClickHouseClient, type ClickHouseSettings } from '@clickhouse/client'
import { TollgateError } from '../../base/errors.ts'
import { limits } from '../../config/limits.ts'

export interface EventEngine {
  readonly url: string
  readonly username: string
  readonly password: string
  readonly database: string
}

/** Which of the embedded engine's queues a statement waits in; a ClickHouse server ignores the header. */
export type Lane = 'receive' | 'reads' | 'jobs'

export interface Statement {
  readonly sql: string
  readonly params?: Readonly<Record<string, string | readonly string[]>>
}

/** Codes of ClickHouse that mean "this read is too big": time, memory, rows, bytes, depth. */
const tooLargeCodes: ReadonlySet<string> = new Set(['158', '159', '160', '241', '307', '396'])
/** Codes that pass: too many queries or parts, no disk, read-only or keeperless replica, network. */
const unavailableCodes: ReadonlySet<string> = new Set(['202', '209', '210', '225', '242', '243', '252', '279', '319', '364', '425', '999'])

/** How long the engine may take. A gateway's block and a person's question wait for an answer; a job does not. */
const executionMs = (lane: Lane): number => (lane === 'jobs' ? limits.jobExecutionMsMax : limits.queryExecutionMs)
/** How long we wait for the engine to say so itself. */
const answerMs = (lane: Lane): number => executionMs(lane) + 10_000

const readSettings = (lane: Lane): ClickHouseSettings => ({
  max_execution_time: executionMs(lane) / 1000,
  max_memory_usage: String(limits.queryMemoryBytesMax),
  output_format_json_quote_decimals: 1,
  output_format_json_quote_64bit_integers: 1,
  // Rows that replace each other share their hour, so no partition needs another one to be final.
  do_not_merge_across_partitions_select_final: 1,
})

/** A batch is one block and stays one: no splitting while parsing, any number of months, its own token all the way down. */
const insertSettings = (token: string): ClickHouseSettings => ({
  max_execution_time: executionMs('receive') / 1000,
  max_memory_usage: String(limits.queryMemoryBytesMax),
  insert_deduplicate: 1,
  insert_deduplication_token: token,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  async_insert: 0,
  input_format_parallel_parsing: 0,
  // A fresh part is small enough to be read as a whole; the merge that makes it part of a larger one writes its indexes.
  materialize_skip_indexes_on_insert: 0,
  max_partitions_per_insert_block: '0',
})

/** The one place that talks to the driver: settings, lanes, and errors in the catalogue's words. */
export class EventConnection {
  readonly #client: ClickHouseClient
  readonly #engine: EventEngine

  constructor(engine: EventEngine) {
    this.#engine = engine
    this.#client = createClient({
      url: engine.url,
      username: engine.username,
      password: engine.password,
      database: engine.database,
      request_timeout: answerMs('jobs'),
      max_open_connections: 10,
      use_multipart_params_auto: true,
      log: { level: ClickHouseLogLevel.OFF },
    })
  }

  /** Rows as arrays in the order of the SELECT. One JSON document, so that an answer cut short is an error and not fewer rows. */
  async rows(statement: Statement, lane: Lane = 'reads'): Promise<readonly (readonly unknown[])[]> {
    return this.#guarded(async () => {
      const result = await this.#client.query({
        query: statement.sql,
        format: 'JSONCompact',
        ...(statement.params === undefined ? {} : { query_params: { ...statement.params } }),
        clickhouse_settings: readSettings(lane),
        http_headers: { 'x-tollgate-lane': lane },
        abort_signal: AbortSignal.timeout(answerMs(lane)),
      })
      const document = await result.json<unknown[]>()
      return document.data
    })
  }

  /** `lines` are the rows as JSONCompactEachRow: an array of cells each, one per line. */
  async insert(table: string, columns: readonly string[], lines: string, token: string): Promise<void> {
    await this.#guarded(async () => {
      const { stream } = await this.#client.exec({
        query: `INSERT INTO ${table} (${columns.join(', ')}) FORMAT JSONCompactEachRow`,
        values: Readable.from([Buffer.from(lines)], { objectMode: false }),
        clickhouse_settings: insertSettings(token),
        http_headers: { 'x-tollgate-lane': 'receive' },
        abort_signal: AbortSignal.timeout(answerMs('receive')),
      })
      // An insert answers with nothing; read to its end, the connection serves the next one.
      await finished(stream.resume())
    })
  }

  async command(sql: string): Promise<void> {
    await this.#guarded(() => this.#client.command({ query: sql, http_headers: { 'x-tollgate-lane': 'jobs' } }))
  }

  /** Runs outside the product's database, which may not be there yet. */
  async createDatabase(sql: string): Promise<void> {
    const { url, username, password } = this.#engine
    const client = createClient({ url, username, password, log: { level: ClickHouseLogLevel.OFF } })
    await this.#guarded(() => client.command({ query: sql })).finally(() => client.close())
  }

  get database(): string {
    return this.#engine.database
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  async #guarded<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    try {
      return await work()
    } catch (error) {
      throw inCatalogue(error)
    }
  }
}

export const quoted = (identifier: string): string => `\`${identifier.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``

/** What a caller can act on; a defect of ours (a bad statement, say) passes through as it is. */
function inCatalogue(error: unknown): unknown {
  if (error instanceof TollgateError) return error
  if (error instanceof ClickHouseError) {
    if (tooLargeCodes.has(error.code)) return new TollgateError('query_too_large')
    if (unavailableCodes.has(error.code)) return new TollgateError('engine_unavailable', error.type ?? error.code)
    return error
  }
  if (error instanceof SyntaxError) return new TollgateError('engine_unavailable', 'Its answer was cut short.')
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const transport = /^(E[A-Z]+|UND_ERR_\w+)$/.test(code) || /timeout|socket hang up|aborted/i.test(error instanceof Error ? error.message : '')
  return transport ? new TollgateError('engine_unavailable', code) : error
}
