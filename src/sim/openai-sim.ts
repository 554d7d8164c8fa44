import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerChat, answerCompletion } from './chat-sim.ts'
import { answerEmbeddings } from './embeddings-sim.ts'
import { answerResponses } from './responses-sim.ts'
import { errorAnswer, type SimAnswer } from './sim-answer.ts'
import type { SimCall, SimCallState } from './sim-call.ts'
import { readFaults, type SimFaults } from './sim-faults.ts'
import { isObject, simModels, textIn, type JsonObject } from './sim-generation.ts'
import { deliver } from './sim-delivery.ts'

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
}

export interface Sim {
  /** Base URL without a trailing slash; paths begin with /v1. */
  readonly url: string
  readonly port: number
  close(): Promise<void>
  /** Every request since the start or the last reset, oldest first; the newest 50,000 are kept. */
  calls(): readonly SimCall[]
  reset(): void
}

export type { SimCall } from './sim-call.ts'

const callsMax = 50_000
const bodyBytesMax = 80 * 1024 * 1024

/**
 * A provider that speaks OpenAI's wire format, for tests and the demo. `GET /__sim/calls` and `POST /__sim/reset` give
 * the log to other processes.
 */
export async function startSim(options: SimOptions = {}): Promise<Sim> {
  const { host = '127.0.0.1', port = 0, seed = 'tollgate', latencyMs = 0, chunkDelayMs = 0 } = options
  const state: SimState = { seed, latencyMs, chunkDelayMs, calls: [], nextId: 1, failedOnce: new Set() }
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
  readonly latencyMs: number
  readonly chunkDelayMs: number
  calls: SimCallState[]
  nextId: number
  readonly failedOnce: Set<string>
}

function reset(state: SimState): void {
  state.calls = []
  state.failedOnce.clear()
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

async function answer(state: SimState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').split('?')[0]!
  if (path === '/__sim/calls') return sendJson(response, state.calls)
  if (path === '/__sim/reset') {
    reset(state)
    return sendJson(response, {})
  }
  const bodyText = await bodyOf(request)
  const parsed = request.method === 'POST' ? parse(bodyText) : {}
  const body = parsed ?? {}
  const lastText = lastTextOf(body)
  const model = typeof body['model'] === 'string' ? body['model'] : ''
  const faults = readFaults(String(request.headers['x-sim-fault'] ?? ''), model, lastText)
  const made = parsed === null
    ? errorAnswer(400, 'We could not parse the JSON body of your request.', 'invalid_request_error', null)
    : answerFor(state, request.method ?? 'GET', path, body, bodyText, lastText, faults)
  const call: SimCallState = {
    id: state.nextId++, method: request.method ?? 'GET', path, model, authorization: request.headers.authorization ?? '',
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    body: bodyText, status: made.status, stream: made.frames !== null, faults: [...faults.keys()],
    counted: made.counted, reported: made.reported, outcome: 'open',
  }
  state.calls.push(call)
  if (state.calls.length > callsMax) state.calls.shift()
  await deliver(made, faults, call, response, { latencyMs: state.latencyMs, chunkDelayMs: state.chunkDelayMs })
}

function answerFor(state: SimState, method: string, path: string, request: JsonObject, bodyText: string, lastText: string, faults: SimFaults): SimAnswer {
  const failure = failureFor(state, bodyText, faults)
  if (failure !== null) return failure
  if (method === 'GET') return answerModels(path)
  if (typeof request['model'] !== 'string' || request['model'] === '') return errorAnswer(400, 'you must provide a model parameter', 'invalid_request_error', null)
  switch (path) {
    case '/v1/chat/completions': return answerChat(state.seed, request, bodyText, lastText, faults)
    case '/v1/completions': return answerCompletion(state.seed, request, bodyText, lastText, faults)
    case '/v1/responses': return answerResponses(state.seed, request, bodyText, lastText, faults)
    case '/v1/embeddings': return answerEmbeddings(state.seed, request, faults)
    default: return errorAnswer(404, `Invalid URL (${method} ${path})`, 'invalid_request_error', null)
  }
}

function failureFor(state: SimState, bodyText: string, faults: SimFaults): SimAnswer | null {
  const once = (fault: 'rate-limit-once' | 'error-500-once'): boolean => {
    if (!faults.has(fault) || state.failedOnce.has(fault + bodyText)) return false
    state.failedOnce.add(fault + bodyText)
    return true
  }
  if (faults.has('rate-limit') || once('rate-limit-once')) return errorAnswer(429, 'Rate limit reached for requests.', 'requests', 'rate_limit_exceeded')
  if (faults.has('error-500') || once('error-500-once')) return errorAnswer(500, 'The server had an error while processing your request.', 'server_error', null)
  if (faults.has('error-503')) return errorAnswer(503, 'The engine is currently overloaded, please try again later.', 'server_error', null)
  if (faults.has('error-400')) return errorAnswer(400, 'Your input violates a rule of this simulation.', 'invalid_request_error', 'sim_refused')
  return null
}

function answerModels(path: string): SimAnswer {
  const entry = (id: string): JsonObject => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'sim' })
  const free = { status: 200, frames: null, repeatable: 0, counted: null, reported: null, model: '' }
  if (path === '/v1/models') return { ...free, body: { object: 'list', data: simModels.map(entry) } }
  const id = path.startsWith('/v1/models/') ? decodeURIComponent(path.slice('/v1/models/'.length)) : ''
  if (simModels.includes(id)) return { ...free, body: entry(id) }
  return errorAnswer(404, id === '' ? `Invalid URL (GET ${path})` : `The model '${id}' does not exist`, 'invalid_request_error', id === '' ? null : 'model_not_found')
}

/** Text of the last message or input item: where a directive is looked for. */
function lastTextOf(request: JsonObject): string {
  const list = request['messages'] ?? request['input'] ?? request['prompt']
  const last = Array.isArray(list) ? list.at(-1) : list
  return textIn(isObject(last) ? (last['content'] ?? last['output']) : last)
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
