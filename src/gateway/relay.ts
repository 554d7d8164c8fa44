import type { ServerResponse } from 'node:http'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { AuthorityClock } from '../base/clock.ts'
import type { Limits } from '../config/limits.ts'
import type { Dialect, RequestFacts, StreamReader, UsageReading } from '../dialect/dialect.ts'
import { AnswerCopy, inflaterFor } from './answer-copy.ts'
import { answerHeaders } from './request-headers.ts'
import { writeChunk } from './write-chunk.ts'

/**
 * One exchange with an upstream: bytes go to the client at once, the dialect reads a tee.
 *
 *   waiting   sent or not, no answer yet
 *   buffering a short answer is collected, so that its cost can stand in a header, or so that it can be dropped
 *             for another attempt; past `bufferedAnswerBytesMax` it turns into
 *   relaying  written through with back-pressure while a copy is kept for reading usage, up to a bound
 *   streaming server-sent events, or a JSON array that grows, through the dialect's reader
 *   draining  the client left; upstream is read on, within bounds, because the provider goes on counting
 *   over      resolved once, with everything the outcome needs
 */
export interface ExchangeResult {
  /** Whether any byte of the request may have reached the provider. */
  readonly sent: boolean
  readonly upstreamStatus: number
  readonly fault: '' | 'unreachable' | 'reset' | 'timeout' | 'truncated' | 'client_gone'
  /** The client left before it had the whole answer, whether or not upstream was read to its end. */
  readonly clientGone: boolean
  readonly requestId: string
  readonly retryAfter: string
  readonly firstByteAt: number
  readonly endAt: number
  readonly responseBytes: number
  readonly reading: UsageReading | null
  /** Set when nothing was written to the client yet: the whole answer, to send or to drop. */
  readonly held: { readonly status: number; readonly headers: string[]; readonly body: Buffer; readonly declaredBytes: number } | null
  /** True when the client has the head and waits for the end. */
  readonly unfinished: boolean
  /** The client reads server-sent events, to which a comment may be added. */
  readonly isEvents: boolean
}

export interface ExchangeOptions {
  readonly pool: Dispatcher
  readonly request: Dispatcher.DispatchOptions
  readonly response: ServerResponse
  readonly dialect: Dialect
  readonly facts: RequestFacts
  readonly hideUsageChunk: boolean
  /** Headers of ours for a streamed or relayed answer. */
  readonly extraHeaders: () => readonly string[]
  /** Statuses kept back for another attempt. */
  readonly holdBack: (status: number) => boolean
  readonly clock: AuthorityClock
  readonly limits: Limits
}

export function exchange(options: ExchangeOptions): Promise<ExchangeResult> {
  return new Promise((resolve) => {
    options.pool.dispatch(options.request, new Exchange(options, resolve))
  })
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions
  readonly #resolve: (result: ExchangeResult) => void
  #abort: (() => void) | null = null
  #resume: () => void = () => {}
  #mode: 'waiting' | 'buffering' | 'relaying' | 'streaming' | 'over' = 'waiting'
  #sent = false
  #status = 0
  #head: ReturnType<typeof answerHeaders> | null = null
  #chunks: Buffer[] = []
  #copy: AnswerCopy | null = null
  #patience: NodeJS.Timeout | undefined
  #bytes = 0
  #firstByteAt = 0
  #reader: StreamReader | null = null
  #inflater: Duplex | null = null
  #clientGone = false
  #drainedBytes = 0
  #drainTimer: NodeJS.Timeout | undefined
  #overall: NodeJS.Timeout | undefined
  #timedOut = false
  readonly #onClose = (): void => this.#clientLeft()
  readonly #onDrain = (): void => {
    this.#inflater?.resume()
    this.#resume()
  }

  constructor(options: ExchangeOptions, resolve: (result: ExchangeResult) => void) {
    this.#options = options
    this.#resolve = resolve
    this.#clientGone = options.response.destroyed
    options.response.on('close', this.#onClose)
  }

  onConnect(abort: () => void): void {
    this.#abort = abort
    this.#sent = true
    this.#overall = setTimeout(() => {
      this.#timedOut = true
      abort()
      // Upstream may be through already, and only a client that does not read keeps the call open.
      this.#finish('timeout')
    }, this.#options.limits.upstreamDurationMaxMs)
    if (this.#clientGone) this.#startDrain()
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    if (status < 200) return true
    this.#status = status
    this.#resume = resume
    this.#firstByteAt = this.#options.clock.now()
    this.#head = answerHeaders(rawHeaders)
    if (status < 300 && (this.#head.type.startsWith('text/event-stream') || this.#options.facts.endpoint.stream === 'json')) this.#startStream()
    else this.#startBuffering(status)
    return true
  }

  onData(chunk: Buffer): boolean {
    this.#bytes += chunk.length
    if (this.#clientGone) this.#countDrained(chunk.length)
    switch (this.#mode) {
      case 'streaming': return this.#inflater === null ? this.#relayEvents(chunk) : this.#inflate(this.#inflater, chunk)
      case 'relaying': return this.#relay(chunk)
      case 'buffering':
        this.#chunks.push(chunk)
        return this.#bytes <= this.#options.limits.bufferedAnswerBytesMax || this.#options.holdBack(this.#status) ? true : this.#startRelay()
      default: return true
    }
  }

  onComplete(): void {
    if (this.#copy !== null) return this.#copy.end(() => this.#finish(''))
    const inflater = this.#inflater
    if (inflater === null) return this.#finish('')
    inflater.once('end', () => this.#finish(''))
    inflater.once('error', () => this.#finish('truncated'))
    inflater.end()
  }

  onError(error: Error): void {
    const code = (error as { code?: string }).code ?? ''
    if (!this.#sent) return this.#finish('unreachable')
    if (this.#clientGone && !this.#timedOut) return this.#finish('client_gone')
    if (this.#timedOut || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return this.#finish('timeout')
    this.#finish(this.#status === 0 ? 'reset' : 'truncated')
  }

  // ── streaming ────────────────────────────────────────────────────────────────────────────────────────────

  #startStream(): void {
    const { dialect, facts, hideUsageChunk } = this.#options
    this.#mode = 'streaming'
    this.#reader = dialect.openStream(facts, { hideUsageChunk })
    // An opaque stream is not read, so it stays as it is.
    const inflater = facts.endpoint.kind === 'opaque' ? null : (inflaterFor(this.#head!.encoding) ?? null)
    if (inflater !== null) {
      inflater.on('data', (chunk: Buffer) => { if (!this.#relayEvents(chunk)) inflater.pause() })
      inflater.on('error', () => this.#abort?.())
      this.#inflater = inflater
    }
    this.#writeHead(inflater === null ? this.#head!.list : withoutEncoding(this.#head!.list))
  }

  #relayEvents(chunk: Buffer): boolean {
    const out = this.#reader!.push(chunk)
    return out.length === 0 || this.#clientGone ? true : writeChunk(this.#options.response, out, this.#onDrain)
  }

  #inflate(inflater: Duplex, chunk: Buffer): boolean {
    if (inflater.write(chunk)) return true
    inflater.once('drain', () => this.#resume())
    return false
  }

  // ── relaying ─────────────────────────────────────────────────────────────────────────────────────────────

  /** An answer of unknown length from an opaque API may be a stream by another name: it waits only a moment. */
  #startBuffering(status: number): void {
    this.#mode = 'buffering'
    const { facts, holdBack, limits } = this.#options
    if (facts.endpoint.kind !== 'opaque' || this.#head!.length >= 0 || holdBack(status)) return
    this.#patience = setTimeout(() => { if (this.#mode === 'buffering') this.#startRelay() }, limits.bufferedAnswerMs)
  }

  #startRelay(): boolean {
    this.#mode = 'relaying'
    const head = this.#head!
    const { facts, limits } = this.#options
    // Nothing is read of an opaque answer.
    if (facts.endpoint.kind !== 'opaque') this.#copy = new AnswerCopy(head.encoding, limits.answerTailBytesMax)
    this.#writeHead(head.length >= 0 ? [...head.list, 'content-length', String(head.length)] : head.list)
    let room = true
    for (const chunk of this.#chunks.splice(0)) room = this.#relay(chunk)
    return room
  }

  #relay(chunk: Buffer): boolean {
    const isRead = this.#copy === null || this.#copy.push(chunk, this.#onDrain)
    return this.#write(chunk) && isRead
  }

  #writeHead(headers: readonly string[]): void {
    if (this.#clientGone) return
    const { response, extraHeaders } = this.#options
    response.writeHead(this.#status, [...headers, ...extraHeaders()])
    response.on('drain', this.#onDrain)
    response.flushHeaders()
  }

  #write(chunk: Buffer): boolean {
    return this.#clientGone ? true : this.#options.response.write(chunk)
  }

  // ── the client leaves ────────────────────────────────────────────────────────────────────────────────────

  #clientLeft(): void {
    if (this.#mode === 'over' || this.#options.response.writableFinished) return
    this.#clientGone = true
    this.#startDrain()
    this.#onDrain()
  }

  #startDrain(): void {
    this.#drainTimer ??= setTimeout(() => this.#abort?.(), this.#options.limits.disconnectDrainMs)
  }

  #countDrained(bytes: number): void {
    this.#drainedBytes += bytes
    if (this.#drainedBytes > this.#options.limits.disconnectDrainBytesMax) this.#abort?.()
  }

  // ── over ─────────────────────────────────────────────────────────────────────────────────────────────────

  #finish(fault: ExchangeResult['fault']): void {
    if (this.#mode === 'over') return
    const mode = this.#mode
    this.#mode = 'over'
    clearTimeout(this.#overall)
    clearTimeout(this.#drainTimer)
    clearTimeout(this.#patience)
    const { response, clock, facts } = this.#options
    response.off('close', this.#onClose)
    response.off('drain', this.#onDrain)
    const head = this.#head
    let reading: UsageReading | null = null
    if (mode === 'streaming') {
      const { rest, reading: read } = this.#reader!.end(fault === '')
      if (rest.length > 0) this.#write(rest)
      reading = read
    } else if (mode !== 'waiting') reading = this.#readWhole(fault)
    this.#inflater?.destroy()
    this.#copy?.close()
    this.#resolve({
      sent: this.#sent, upstreamStatus: this.#status, fault, clientGone: this.#clientGone, requestId: head?.requestId ?? '', retryAfter: head?.retryAfter ?? '',
      firstByteAt: this.#firstByteAt, endAt: clock.now(), responseBytes: this.#bytes, reading: inTierOf(head?.tier ?? '', reading, this.#options.dialect),
      held: mode === 'buffering' && head !== null ? { status: this.#status, headers: head.list, body: oneBuffer(this.#chunks), declaredBytes: head.length } : null,
      unfinished: mode === 'streaming' || mode === 'relaying', isEvents: mode === 'streaming' && facts.endpoint.stream !== 'json',
    })
  }

  #readWhole(fault: ExchangeResult['fault']): UsageReading | null {
    const { dialect, facts, limits } = this.#options
    if (facts.endpoint.kind === 'opaque') return null
    const copy = this.#copy === null ? wholeCopy(this.#chunks, this.#head!.encoding, limits.decompressedBytesMax) : this.#copy.read()
    if (copy === null) return null
    const reading = copy.tail === null ? dialect.readResponse(facts, this.#status, copy.head) : dialect.readCutResponse(facts, this.#status, copy.head, copy.tail)
    return fault === '' || reading.usage !== null ? reading : { ...reading, fault: 'truncated' }
  }
}

/** What was served decides the price, wherever the provider says it. */
const inTierOf = (tier: string, reading: UsageReading | null, dialect: Dialect): UsageReading | null =>
  tier === '' || reading === null || dialect.modeOfTierHeader === undefined ? reading : { ...reading, tier, mode: dialect.modeOfTierHeader(tier) }

const withoutEncoding = (headers: readonly string[]): string[] => {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) if (headers[i]!.toLowerCase() !== 'content-encoding') kept.push(headers[i]!, headers[i + 1]!)
  return kept
}

const oneBuffer = (chunks: readonly Buffer[]): Buffer => (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))

function wholeCopy(chunks: readonly Buffer[], encoding: string, bytesMax: number): { readonly head: Buffer; readonly tail: null } | null {
  const head = decompressed(oneBuffer(chunks), encoding, bytesMax)
  return head === null ? null : { head, tail: null }
}

/** The body as the dialect reads it; null when it cannot be decompressed within the ceiling. */
function decompressed(body: Buffer, encoding: string, maxOutputLength: number): Buffer | null {
  try {
    switch (encoding) {
      case '': case 'identity': return body
      case 'gzip': case 'x-gzip': return gunzipSync(body, { maxOutputLength })
      case 'deflate': return inflateSync(body, { maxOutputLength })
      case 'br': return brotliDecompressSync(body, { maxOutputLength })
      default: return null
    }
  } catch {
    return null
  }
}
