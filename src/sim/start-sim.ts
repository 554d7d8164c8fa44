import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { anthropicFormat } from './anthropic-sim.ts'
import { geminiFormat } from './gemini-sim.ts'
import { openaiFormat } from './openai-sim.ts'
import type { SimAnswer } from './sim-answer.ts'
import { SimCache } from './sim-cache.ts'
import type { SimCall, SimCallState } from './sim-call.ts'
import { deliver, type DeliveryPace } from './sim-delivery.ts'
import { readFaults } from './sim-faults.ts'
import type { SimAsk, SimFormat } from './sim-format.ts'
import { isObject, type JsonObject } from './sim-generation.ts'

/** OpenAI's comes last, because it answers whatever no other format takes. */
const formats: readonly SimFormat[] = [anthropicFormat, geminiFormat, openaiFormat]

export interface SimOptions {
  /** Default 0: any free port. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Answers depend on this and on the request, on nothing else. */
  readonly seed?: string
  /** Wait before the headers of every answer. */
  readonly latencyMs?: number
  /** Wait before every event of a stream; 0 sends them back to back. */
  readonly chunkDelayMs?: number
  /** Takes the place of both: how a model's answer of so many tokens is paced. */
  readonly paceOf?: (model: string, outputTokens: number, stream: boolean) => DeliveryPace
  /** Requests remembered. Default 50,000. */
  readonly callsMax?: number
}

export interface Sim {
  /** Base URL without a trailing slash; paths are those of the providers: /v1/chat/completions, /v1/messages, /v1beta/models/… */
  readonly url: string
  readonly port: number
  close(): Promise<void>
  /** Every request since the start or the last reset, oldest first; the newest `callsMax` are kept. */
  calls(): readonly SimCall[]
  reset(): void
}

export type { SimCall } from './sim-call.ts'

const callsMaxDefault = 50_000
const bodyBytesMax = 80 * 1024 * 1024

/**
 * A provider for tests and the demo that speaks several wire formats at one address. `GET /__sim/calls` and `POST /__sim/reset` give
 * the log to other processes.
 */
export async function startSim(options: SimOptions = {}): Promise<Sim> {
  const { host = '127.0.0.1', port = 0, seed = 'tollgate', latencyMs = 0, chunkDelayMs = 0, paceOf = () => ({ latencyMs, chunkDelayMs }), callsMax = callsMaxDefault } = options
  const state: SimState = { seed, paceOf, callsMax, calls: [], nextId: 1, failedOnce: new Set(), cache: new SimCache() }
  const server = createServer((request, response) => {
    answer(state, request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const bound = (server.address() as AddressInfo).port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    close: () => closed(server),
    calls: () => state.calls,
    reset: () => reset(state),
  }
}

interface SimState {
  readonly seed: string
  readonly paceOf: NonNullable<SimOptions['paceOf']>
  readonly callsMax: number
  calls: SimCallState[]
  nextId: number
  readonly failedOnce: Set<string>
  readonly cache: SimCache
}

function reset(state: SimState): void {
  state.calls = []
  state.failedOnce.clear()
  state.cache.clear()
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

async function answer(state: SimState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = request.url ?? '/'
  const path = target.split('?')[0]!
  const query = target.slice(path.length)
  if (path === '/__sim/calls') return sendJson(response, state.calls)
  if (path === '/__sim/reset') {
    reset(state)
    return sendJson(response, {})
  }
  const method = request.method ?? 'GET'
  const bodyText = await bodyOf(request)
  const parsed = method === 'POST' ? parse(bodyText) : {}
  const format = formats.find((each) => each.serves(path, request.headers))!
  const model = format.modelOf(path, parsed ?? {})
  const lastText = format.lastTextOf(parsed ?? {})
  const faults = readFaults(String(request.headers['x-sim-fault'] ?? ''), model, lastText)
  const ask: SimAsk = { seed: state.seed, method, path, query, headers: request.headers, request: parsed ?? {}, bodyText, model, lastText, faults, cache: state.cache }
  const made = parsed === null ? format.failure('unparsable') : (failureFor(state, format, ask) ?? format.answer(ask))
  const call: SimCallState = {
    id: state.nextId++, method, path, query, model, authorization: request.headers.authorization ?? '',
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    body: bodyText, status: made.status, stream: made.frames !== null, faults: [...faults.keys()],
    counted: made.counted, reported: made.reported, outcome: 'open',
  }
  state.calls.push(call)
  if (state.calls.length > state.callsMax) state.calls.shift()
  await deliver(made, faults, call, response, state.paceOf(model, made.counted?.outputTokens ?? 0, made.frames !== null), format)
}

function failureFor(state: SimState, format: SimFormat, { faults, bodyText }: SimAsk): SimAnswer | null {
  const once = (fault: 'rate-limit-once' | 'error-500-once'): boolean => {
    if (!faults.has(fault) || state.failedOnce.has(fault + bodyText)) return false
    state.failedOnce.add(fault + bodyText)
    return true
  }
  if (faults.has('rate-limit') || once('rate-limit-once')) return format.failure('rate-limit')
  if (faults.has('error-500') || once('error-500-once')) return format.failure('error-500')
  if (faults.has('error-503')) return format.failure('error-503')
  return faults.has('error-400') ? format.failure('error-400') : null
}

function parse(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new Error('the simulated provider takes no larger body')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
