import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { createBrotliDecompress, createGunzip, createInflate, gzip } from 'node:zlib'
import { type ChdbEngine, type EngineAnswer, EngineError } from './chdb-engine.ts'
import { answerFormatOf, type ClickHouseRequest, type OperationBounds, readClickHouseRequest, RequestError } from './clickhouse-request.ts'
import { LaneFullError, Lanes, type LaneLimits } from './lanes.ts'

/*
 * As much of ClickHouse's HTTP interface as `@clickhouse/client` uses, in front of the library. What it lacks: sessions,
 * temporary tables that outlive a request, progress headers, users and roles, rows sent in binary formats.
 */

export interface EndpointOptions {
  readonly port: number
  readonly username: string
  readonly password: string
  readonly bodyBytesMax: number
  /** Bytes of request bodies held at once, over all requests. */
  readonly bufferedBytesMax: number
  readonly lanes: LaneLimits
  readonly bounds: OperationBounds
}

const gzipAsync = promisify(gzip)
const tooBusyCode = 202
const keepAliveMs = 30_000
/** As in ClickHouse: parameters travel in the URL. */
const urlBytesMax = 1024 * 1024

export class ClickHouseEndpoint {
  readonly #engine: ChdbEngine
  readonly #version: string
  readonly #options: EndpointOptions
  readonly #lanes: Lanes
  readonly #server: Server
  readonly #passwordHash: Buffer
  readonly #inFlight = new Set<Promise<void>>()
  #bufferedBytes = 0

  private constructor(engine: ChdbEngine, version: string, options: EndpointOptions) {
    this.#engine = engine
    this.#version = version
    this.#options = options
    this.#lanes = new Lanes(options.lanes)
    this.#passwordHash = sha256(options.password)
    const settings = { maxHeaderSize: urlBytesMax, keepAliveTimeout: keepAliveMs }
    this.#server = createServer(settings, (request, response) => this.#track(this.#serve(request, response)))
  }

  /** Listens on loopback. Rejects when the port is taken. */
  static async listen(engine: ChdbEngine, options: EndpointOptions): Promise<ClickHouseEndpoint> {
    const endpoint = new ClickHouseEndpoint(engine, await engine.version(), options)
    await new Promise<void>((resolve, reject) => {
      endpoint.#server.once('error', reject)
      endpoint.#server.listen(options.port, '127.0.0.1', () => resolve())
    })
    return endpoint
  }

  /** Takes no more connections and waits for what is running; every operation ends by its max_execution_time at the latest. */
  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeIdleConnections()
    while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight)
    this.#server.closeAllConnections()
  }

  #track(work: Promise<void>): void {
    this.#inFlight.add(work)
    void work.finally(() => this.#inFlight.delete(work))
  }

  /** Never rejects: whatever goes wrong becomes an answer. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const queryId = queryIdOf(request)
    response.setHeader('X-ClickHouse-Query-Id', queryId)
    response.setHeader('X-ClickHouse-Server-Display-Name', 'tollgate')
    try {
      if (request.method !== 'GET' && request.method !== 'POST') throw new RequestError(501, 48, 'NOT_IMPLEMENTED', 'Only GET and POST are served.')
      if (request.url === '/ping') return void response.end('Ok.\n')
      this.#authenticate(request)
      await this.#runRequest(request, response, queryId)
    } catch (error) {
      this.#answerError(request, response, error)
    }
  }

  async #runRequest(request: IncomingMessage, response: ServerResponse, queryId: string): Promise<void> {
    const body = await this.#readBody(request)
    const left = new AbortController()
    response.once('close', () => left.abort(new Error('the client left')))
    try {
      const asked = readClickHouseRequest(request, body, queryId, this.#options.bounds)
      const answer = await this.#lanes.run(asked.lane, () => this.#engine.run(asked.operation), left.signal)
      await this.#answer(response, asked, answer)
    } finally {
      this.#bufferedBytes -= body.length
    }
  }

  #authenticate(request: IncomingMessage): void {
    const { username, password } = credentialsOf(request)
    if (username === this.#options.username && timingSafeEqual(sha256(password), this.#passwordHash)) return
    throw new RequestError(403, 516, 'AUTHENTICATION_FAILED', 'Authentication failed: password is incorrect, or there is no user with such name.')
  }

  /** Reads and decompresses the body under both byte bounds. The caller gives the bytes back when it is done with them. */
  async #readBody(request: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = []
    let bytes = 0
    try {
      for await (const chunk of decompressed(request)) {
        chunks.push(chunk as Buffer)
        bytes += (chunk as Buffer).length
        this.#bufferedBytes += (chunk as Buffer).length
        if (bytes > this.#options.bodyBytesMax) throw new RequestError(413, 241, 'MEMORY_LIMIT_EXCEEDED', `The request body is larger than ${this.#options.bodyBytesMax} bytes.`)
        if (this.#bufferedBytes > this.#options.bufferedBytesMax) throw new RequestError(503, tooBusyCode, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'Too many request bodies are held at once.')
      }
    } catch (error) {
      this.#bufferedBytes -= bytes
      if (error instanceof RequestError) throw error
      throw new RequestError(400, 117, 'INCORRECT_DATA', `The request body cannot be read: ${(error as Error).message}.`)
    }
    return Buffer.concat(chunks, bytes)
  }

  async #answer(response: ServerResponse, asked: ClickHouseRequest, answer: EngineAnswer): Promise<void> {
    response.setHeader('X-ClickHouse-Summary', summaryOf(answer))
    response.setHeader('X-ClickHouse-Format', answerFormatOf(asked.operation))
    response.setHeader('X-ClickHouse-Timezone', 'UTC')
    response.setHeader('Content-Type', contentTypeOf(answerFormatOf(asked.operation)))
    const body = asked.compressAnswer ? await gzipAsync(answer.body, { level: 1 }) : answer.body
    if (asked.compressAnswer) response.setHeader('Content-Encoding', 'gzip')
    response.setHeader('Content-Length', body.length)
    response.end(body)
  }

  #answerError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const { status, code, text } = describe(error)
    // A body that was not read to its end leaves the connection unusable for a next request.
    if (!request.complete) response.setHeader('Connection', 'close')
    response.statusCode = status
    response.setHeader('X-ClickHouse-Exception-Code', String(code))
    response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
    response.end(`${text} (version ${this.#version} (official build))\n`)
  }
}

function describe(error: unknown): { status: number; code: number; text: string } {
  if (error instanceof EngineError) return { status: 500, code: error.code, text: error.message }
  if (error instanceof RequestError) return { status: error.status, code: error.code, text: error.message }
  if (error instanceof LaneFullError) return { status: 503, code: tooBusyCode, text: `Code: ${tooBusyCode}. DB::Exception: ${error.message}. (TOO_MANY_SIMULTANEOUS_QUERIES)` }
  return { status: 500, code: 1001, text: `Code: 1001. DB::Exception: ${error instanceof Error ? error.message : String(error)} (STD_EXCEPTION)` }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The caller's id for the query if it is fit to stand in a header, else a new one. */
function queryIdOf(request: IncomingMessage): string {
  const given = /[?&]query_id=([\w-]{1,100})(?:&|$)/.exec(request.url ?? '')?.[1]
  return given ?? randomUUID()
}

function credentialsOf(request: IncomingMessage): { username: string; password: string } {
  const key = request.headers['x-clickhouse-key']
  if (typeof key === 'string') return { username: String(request.headers['x-clickhouse-user'] ?? ''), password: key }
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  const [username = '', ...rest] = Buffer.from(basic, 'base64').toString('utf8').split(':')
  return { username, password: rest.join(':') }
}

function decompressed(request: IncomingMessage): AsyncIterable<unknown> {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding === 'identity') return request
  const decoder = encoding === 'gzip' ? createGunzip() : encoding === 'deflate' ? createInflate() : encoding === 'br' ? createBrotliDecompress() : null
  if (decoder === null) throw new RequestError(400, 48, 'NOT_IMPLEMENTED', `Content-Encoding ${JSON.stringify(encoding)} is not supported; use gzip.`)
  request.on('error', error => decoder.destroy(error))
  request.on('aborted', () => decoder.destroy(new Error('the client left')))
  return request.pipe(decoder)
}

/** Counters as strings, since they may pass what a JSON number holds. */
function summaryOf(answer: EngineAnswer): string {
  return JSON.stringify({
    read_rows: String(answer.rowsRead), read_bytes: String(answer.bytesRead),
    written_rows: String(answer.rowsWritten), written_bytes: String(answer.bytesWritten),
    total_rows_to_read: '0', result_rows: '0', result_bytes: String(answer.body.length),
    elapsed_ns: String(Math.round(answer.elapsedSeconds * 1e9)),
  })
}

function contentTypeOf(format: string): string {
  if (format.startsWith('JSON')) return format.includes('EachRow') ? 'application/x-ndjson; charset=UTF-8' : 'application/json; charset=UTF-8'
  if (format.startsWith('CSV')) return 'text/csv; charset=UTF-8'
  return format.startsWith('TSV') || format.startsWith('TabSeparated') ? 'text/tab-separated-values; charset=UTF-8' : 'application/octet-stream'
}
