import { Pool } from 'undici'
import type { AuthorityClock } from '../base/clock.ts'
import { TollgateError, errorCatalogue, type ErrorCode } from '../base/errors.ts'
import { limits } from '../config/limits.ts'
import {
  blockHeaders, timeHeader, type BlockAnswer, type HelloAnswer, type HelloRequest, type LeaseAnswer, type LeaseRequest, type PulseAnswer,
  type PulseRequest, type Snapshot,
} from '../control/sync-protocol.ts'
import type { SealedBlock } from '../journal/segment.ts'

const jsonHeaders = { 'content-type': 'application/json' }

/**
 * The gateway's side of /sync. Every answer corrects the authority clock. Throws TollgateError for an answer that
 * names a code, and the network's own error when there was no answer.
 */
export class ControlClient {
  readonly #pool: Pool
  readonly #prefix: string
  readonly #authorization: string
  readonly #clock: AuthorityClock

  constructor(controlUrl: string, credential: string, clock: AuthorityClock) {
    const url = new URL(controlUrl)
    this.#prefix = url.pathname.replace(/\/$/, '')
    this.#pool = new Pool(url.origin, { connections: 8, pipelining: 1, connect: { timeout: 5_000 } })
    this.#authorization = `Bearer ${credential}`
    this.#clock = clock
  }

  async hello(request: HelloRequest): Promise<HelloAnswer> {
    return (await this.#post('/sync/hello', JSON.stringify(request))) as HelloAnswer
  }
  async lease(request: LeaseRequest): Promise<LeaseAnswer> {
    return (await this.#post('/sync/lease', JSON.stringify(request), jsonHeaders, limits.leaseAnswerMs)) as LeaseAnswer
  }
  async pulse(request: PulseRequest): Promise<PulseAnswer> {
    return (await this.#post('/sync/pulse', JSON.stringify(request), jsonHeaders, limits.leaseAnswerMs)) as PulseAnswer
  }

  async block(journalId: string, block: SealedBlock, bytes: Buffer): Promise<BlockAnswer> {
    return (await this.#post('/sync/block', bytes, {
      'content-type': 'application/octet-stream', [blockHeaders.journal]: journalId, [blockHeaders.segment]: String(block.segment),
      [blockHeaders.block]: String(block.block), [blockHeaders.entries]: String(block.entries), [blockHeaders.crc]: String(block.crc),
    })) as BlockAnswer
  }

  /** Waits until there is a version other than `have`; null when the poll ended without one. */
  async snapshot(have: string, signal: AbortSignal): Promise<{ readonly text: string; readonly snapshot: Snapshot } | null> {
    const sent = performance.now()
    const answer = await this.#pool.request({
      method: 'GET', path: `${this.#prefix}/sync/snapshot?have=${encodeURIComponent(have)}`, headers: { authorization: this.#authorization },
      headersTimeout: limits.syncPollMs + limits.syncTimeoutMs, bodyTimeout: limits.syncTimeoutMs, signal,
    })
    const text = await answer.body.text()
    if (answer.statusCode === 204) return null
    // A long poll's round trip says nothing about when the answer was made, so only a quick one sets the clock.
    if (performance.now() - sent < 500) this.#correct(answer.headers[timeHeader], sent)
    if (answer.statusCode !== 200) throw failure(answer.statusCode, text)
    return { text, snapshot: JSON.parse(text) as Snapshot }
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  async #post(path: string, body: string | Buffer, headers: Readonly<Record<string, string>> = jsonHeaders, timeoutMs: number = limits.syncTimeoutMs): Promise<unknown> {
    const sent = performance.now()
    const answer = await this.#pool.request({
      method: 'POST', path: this.#prefix + path, body, headers: { ...headers, authorization: this.#authorization },
      headersTimeout: timeoutMs, bodyTimeout: timeoutMs,
    })
    const text = await answer.body.text()
    this.#correct(answer.headers[timeHeader], sent)
    if (answer.statusCode !== 200) throw failure(answer.statusCode, text)
    return JSON.parse(text)
  }

  #correct(time: string | string[] | undefined, sent: number): void {
    const authorityMs = Number(time)
    if (Number.isFinite(authorityMs) && authorityMs > 0) this.#clock.correct(authorityMs, sent, performance.now())
  }
}

function failure(status: number, text: string): Error {
  try {
    const { code, detail } = JSON.parse(text) as { code?: string; detail?: string }
    if (code !== undefined && code in errorCatalogue) return new TollgateError(code as ErrorCode, detail)
  } catch {
    // Not one of our answers: something else stands at this address.
  }
  return new Error(`control plane answered ${status}`)
}
