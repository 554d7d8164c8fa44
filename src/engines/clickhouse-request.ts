import type { IncomingMessage } from 'node:http'
import { laneNames, type Lane } from './lanes.ts'
import type { EngineOperation } from './chdb-engine.ts'

/** Header by which a client names its lane; a real ClickHouse server ignores it. Without it inserts are `receive`, the rest `reads`. */
export const laneHeader = 'x-tollgate-lane'

/** Bounds that hold for every operation, whatever the caller asks. */
export interface OperationBounds {
  readonly executionMsDefault: number
  readonly executionMsMax: number
  readonly memoryBytesMax: number
  readonly resultBytesMax: number
}

/** The parts of an HTTP request that are read. */
export type RequestHead = Pick<IncomingMessage, 'method' | 'url' | 'headers'>

/** A request that is refused before it reaches the engine, with ClickHouse's code for it. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly status: number
  readonly code: number
  constructor(status: number, code: number, type: string, sentence: string) {
    super(`Code: ${code}. DB::Exception: ${sentence} (${type})`)
    this.status = status
    this.code = code
  }
}

export interface ClickHouseRequest {
  readonly operation: EngineOperation
  readonly lane: Lane
  readonly queryId: string
  readonly compressAnswer: boolean
}

/** URL parameters of the HTTP interface that are not settings; `session_id` and roles have no meaning here. */
const transportNames = new Set([
  'query', 'query_id', 'database', 'default_format', 'user', 'password', 'session_id', 'session_timeout', 'session_check', 'role', 'compress', 'decompress',
  'quota_key', 'buffer_size', 'wait_end_of_query', 'enable_http_compression', 'http_zlib_compression_level', 'send_progress_in_http_headers',
  'http_headers_progress_interval_ms', 'cancel_http_readonly_queries_on_client_close', 'http_write_exception_in_output_format', 'stacktrace',
])

/** Formats whose raw bytes the library takes beside the statement. Binary ones arrive cut off at the first zero byte. */
const rawFormats = new Set(['JSONEachRow', 'JSONCompactEachRow', 'CSV', 'CSVWithNames', 'TSV', 'TabSeparated', 'TSVWithNames', 'TabSeparatedWithNames'])

/** Reads one HTTP request of ClickHouse's interface. `body` is already decompressed. */
export function readClickHouseRequest(request: RequestHead, body: Buffer, queryId: string, bounds: OperationBounds): ClickHouseRequest {
  const url = new URL(request.url ?? '/', 'http://engine')
  const fields = new Map(url.searchParams)
  const content = readMultipart(request, body, fields)
  const statement = splitStatement(fields.get('query') ?? '', content)
  const settings = readSettings(fields)
  bindBounds(settings, bounds)
  if (request.method === 'GET') settings.set('readonly', '2')
  const operation: EngineOperation = {
    ...statement,
    database: fields.get('database') ?? headerOf(request, 'x-clickhouse-database'),
    settings,
    params: readParams(fields),
    format: headerOf(request, 'x-clickhouse-format') ?? fields.get('default_format') ?? 'TabSeparated',
  }
  const acceptsGzip = /\bgzip\b/.test(headerOf(request, 'accept-encoding') ?? '')
  return { operation, lane: laneOf(request, operation.sql), queryId, compressAnswer: acceptsGzip && fields.get('enable_http_compression') === '1' }
}

/** The format an answer is written in: the one the statement ends with, or the default. */
export function answerFormatOf(operation: EngineOperation): string {
  return formatNamedBy(operation.sql) ?? operation.format
}

function splitStatement(query: string, body: Buffer): { sql: string; payload: Buffer | null } {
  if (query === '') return { sql: requireText(body.toString('utf8')), payload: null }
  const format = isInsert(query) ? formatNamedBy(query) : null
  if (body.length === 0 && (format === null || /\bselect\b/i.test(query))) return { sql: requireText(query), payload: null }
  if (format === null) return { sql: `${query}\n${body.toString('utf8')}`, payload: null }
  if (!rawFormats.has(format)) {
    throw new RequestError(500, 73, 'UNKNOWN_FORMAT', `The embedded engine takes rows as ${[...rawFormats].join(', ')}, not as ${format}.`)
  }
  return { sql: query, payload: body }
}

function requireText(sql: string): string {
  if (sql.trim() !== '') return sql
  throw new RequestError(400, 62, 'SYNTAX_ERROR', 'Empty query.')
}

const isInsert = (sql: string): boolean => /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*insert\b/i.test(sql)
const formatNamedBy = (sql: string): string | null => /\bformat\s+([A-Za-z0-9]+)(?:\s+settings\b[^;]*)?[\s;]*$/i.exec(sql)?.[1] ?? null

function laneOf(request: RequestHead, sql: string): Lane {
  const named = headerOf(request, laneHeader)
  const lane = laneNames.find(name => name === named)
  return lane ?? (isInsert(sql) ? 'receive' : 'reads')
}

function readSettings(fields: ReadonlyMap<string, string>): Map<string, string> {
  const settings = new Map<string, string>()
  for (const [name, value] of fields) {
    if (!transportNames.has(name) && !name.startsWith('param_')) settings.set(name, value)
  }
  return settings
}

function readParams(fields: ReadonlyMap<string, string>): Map<string, string> {
  const params = new Map<string, string>()
  for (const [name, value] of fields) {
    if (name.startsWith('param_')) params.set(name.slice('param_'.length), value)
  }
  return params
}

/** A caller may ask for less or, in time, for more up to a bound; zero is ClickHouse's word for unlimited and is not taken. */
function bindBounds(settings: Map<string, string>, bounds: OperationBounds): void {
  const secondsMax = bounds.executionMsMax / 1000
  settings.set('max_execution_time', String(positiveUpTo(settings.get('max_execution_time'), secondsMax) ?? bounds.executionMsDefault / 1000))
  settings.set('max_memory_usage', String(positiveUpTo(settings.get('max_memory_usage'), bounds.memoryBytesMax) ?? bounds.memoryBytesMax))
  settings.set('max_result_bytes', String(positiveUpTo(settings.get('max_result_bytes'), bounds.resultBytesMax) ?? bounds.resultBytesMax))
}

function positiveUpTo(text: string | undefined, max: number): number | null {
  const value = Number(text ?? Number.NaN)
  return value > 0 ? Math.min(value, max) : null
}

function headerOf(request: RequestHead, name: string): string | null {
  const value = request.headers[name]
  return typeof value === 'string' ? value : null
}

/** The client moves parameters into a form body when they are too long for a URL. Their values are taken as they are. */
function readMultipart(request: RequestHead, body: Buffer, fields: Map<string, string>): Buffer {
  const boundary = /^multipart\/form-data;.*\bboundary="?([^";]+)"?/i.exec(headerOf(request, 'content-type') ?? '')?.[1]
  if (boundary === undefined) return body
  const parts = `\r\n${body.toString('utf8')}`.split(`\r\n--${boundary}`)
  for (const part of parts.slice(1, -1)) {
    const split = part.indexOf('\r\n\r\n')
    const name = /\bname="([^"]*)"/.exec(part.slice(0, split))?.[1]
    if (split < 0 || name === undefined) throw new RequestError(400, 117, 'INCORRECT_DATA', 'The form body is malformed.')
    fields.set(name, part.slice(split + 4))
  }
  return Buffer.alloc(0)
}
