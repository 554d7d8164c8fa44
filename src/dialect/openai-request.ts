import type { ServiceMode } from '../core/pricing/price-entry.ts'
import { ok, type Result } from '../base/result.ts'
import type { Endpoint, RequestFacts, RequestFault } from './dialect.ts'
import { findMember, scanObject } from './json-members.ts'
import { chatUnboundedBecause, chatUsesServerState, responsesUnboundedBecause, responsesUsesServerState } from './openai-unbounded.ts'
import { isObject } from './overlap.ts'
import { malformed, parseRequestBody, readModel, requestFault, type JsonObject } from './request-body.ts'

/** Top-level members that decide what a call can cost. */
const decidingNames: ReadonlySet<string> = new Set([
  'model', 'stream', 'stream_options', 'n', 'best_of', 'max_tokens', 'max_completion_tokens', 'max_output_tokens', 'service_tier',
  'messages', 'input', 'prompt', 'tools', 'functions', 'modalities', 'audio', 'prediction', 'web_search_options', 'background',
  'previous_response_id', 'conversation', 'context_management', 'include', 'store', 'user', 'safety_identifier', 'metadata',
])

/** Reads an OpenAI request body once. Faults name what is wrong, never quote the caller's text at length. */
export function readOpenaiRequest(endpoint: Endpoint, body: Buffer): Result<RequestFacts, RequestFault> {
  if (endpoint.kind === 'free') return ok(freeFacts(endpoint))
  const parsed = parseRequestBody(body, decidingNames)
  if (!parsed.ok) return parsed
  const { value: request, scan } = parsed.value
  const options = request['stream_options']
  if (isObject(options)) {
    const inner = scanObject(body, findMember(body, scan, 'stream_options')!.valueStart)
    if (inner.members.length !== Object.keys(options).length) return malformed('A member of "stream_options" is given twice.')
  }
  const shape = readShape(request)
  if (!shape.ok) return shape
  switch (endpoint.name) {
    case 'chat.completions': return ok(chatFacts(endpoint, body, request, shape.value))
    case 'completions': return ok(completionsFacts(endpoint, body, request, shape.value))
    case 'responses':
      if (request['background'] === true) return requestFault('endpoint_not_metered', 'Background responses are not metered yet; leave out "background".')
      return ok(responsesFacts(endpoint, body, request, shape.value))
    default: return ok(embeddingsFacts(endpoint, body, request, shape.value))
  }
}

/** The members that every endpoint shares, their types checked. */
interface RequestShape {
  readonly model: string
  readonly stream: boolean
  readonly askedStreamUsage: boolean
  readonly choices: number
  readonly maxTokens: number | null
  readonly maxCompletionTokens: number | null
  readonly maxOutputTokens: number | null
  readonly mode: ServiceMode
  readonly user: string
  readonly metadata: Readonly<Record<string, string>>
}

function readShape(request: JsonObject): Result<RequestShape, RequestFault> {
  const model = readModel(request['model'])
  if (!model.ok) return model
  const stream = request['stream'] ?? false
  if (typeof stream !== 'boolean') return malformed('"stream" must be true or false.')
  const options = request['stream_options'] ?? {}
  if (!isObject(options)) return malformed('"stream_options" must be an object.')
  const includeUsage = options['include_usage'] ?? false
  if (typeof includeUsage !== 'boolean') return malformed('"stream_options.include_usage" must be true or false.')
  for (const name of countNames) {
    const value = request[name] ?? null
    if (value !== null && !(Number.isSafeInteger(value) && (value as number) >= 1)) return malformed(`"${name}" must be a whole number of at least 1.`)
  }
  return ok({
    model: model.value,
    stream,
    askedStreamUsage: stream && includeUsage,
    choices: Math.max(countIn(request, 'n') ?? 1, countIn(request, 'best_of') ?? 1),
    maxTokens: countIn(request, 'max_tokens'),
    maxCompletionTokens: countIn(request, 'max_completion_tokens'),
    maxOutputTokens: countIn(request, 'max_output_tokens'),
    mode: modeOfTier(request['service_tier']),
    user: userOf(request),
    metadata: metadataOf(request['metadata']),
  })
}

const countNames = ['n', 'best_of', 'max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const
const countIn = (request: JsonObject, name: (typeof countNames)[number]): number | null => (request[name] ?? null) as number | null

/**
 * 'auto' counts as standard: a project set to priority by default may still be served priority, which the answer then
 * says and the price follows. Scale tier is bought capacity.
 */
export function modeOfTier(tier: unknown): ServiceMode {
  switch (tier) {
    case 'flex': return 'flex'
    case 'priority': return 'priority'
    case 'scale': return 'provisioned'
    case 'batch': return 'batch'
    default: return 'standard'
  }
}

function userOf(request: JsonObject): string {
  const identifier = request['safety_identifier']
  if (typeof identifier === 'string' && identifier !== '') return identifier
  return typeof request['user'] === 'string' ? request['user'] : ''
}

const noMetadata: Readonly<Record<string, string>> = Object.freeze({})

function metadataOf(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return noMetadata
  const metadata: Record<string, string> = {}
  for (const [name, text] of Object.entries(value)) {
    if (typeof text === 'string') Object.defineProperty(metadata, name, { value: text, enumerable: true, configurable: true, writable: true })
  }
  return metadata
}

/** One literal for every endpoint: facts of one shape are read faster than facts put together from parts. */
function factsOf(endpoint: Endpoint, body: Buffer, shape: RequestShape, own: OwnFacts): RequestFacts {
  return {
    endpoint,
    model: shape.model,
    stream: own.stream,
    outputCap: own.outputCap,
    choices: own.choices,
    askedStreamUsage: own.askedStreamUsage,
    // A token covers at least one byte of the body in every tokenizer, so the body's length bounds the input.
    inputBytes: body.length,
    usesServerState: own.usesServerState,
    unboundedBecause: own.unboundedBecause,
    mayWriteCache: own.mayWriteCache,
    mode: shape.mode,
    geo: '',
    user: shape.user,
    metadata: shape.metadata,
  }
}
type OwnFacts = Pick<RequestFacts, 'stream' | 'askedStreamUsage' | 'outputCap' | 'choices' | 'usesServerState' | 'unboundedBecause' | 'mayWriteCache'>

function chatFacts(endpoint: Endpoint, body: Buffer, request: JsonObject, shape: RequestShape): RequestFacts {
  return factsOf(endpoint, body, shape, {
    stream: shape.stream,
    askedStreamUsage: shape.askedStreamUsage,
    // With both caps sent the provider may follow either, so the larger one bounds.
    outputCap: largest(shape.maxCompletionTokens, shape.maxTokens),
    choices: shape.choices,
    usesServerState: chatUsesServerState(request),
    unboundedBecause: chatUnboundedBecause(request),
    mayWriteCache: true,
  })
}

function completionsFacts(endpoint: Endpoint, body: Buffer, request: JsonObject, shape: RequestShape): RequestFacts {
  const prompt = request['prompt']
  const isBatch = Array.isArray(prompt) && prompt.length > 0 && typeof prompt[0] !== 'number'
  return factsOf(endpoint, body, shape, {
    stream: shape.stream,
    askedStreamUsage: shape.askedStreamUsage,
    outputCap: shape.maxTokens,
    // Every prompt of a list is completed, each with its own choices.
    choices: shape.choices * (isBatch ? prompt.length : 1),
    usesServerState: false,
    unboundedBecause: '',
    mayWriteCache: true,
  })
}

/** A Responses stream always carries usage, in events that belong to the caller. */
function responsesFacts(endpoint: Endpoint, body: Buffer, request: JsonObject, shape: RequestShape): RequestFacts {
  return factsOf(endpoint, body, shape, {
    stream: shape.stream,
    askedStreamUsage: shape.stream,
    outputCap: shape.maxOutputTokens,
    choices: 1,
    usesServerState: responsesUsesServerState(request),
    unboundedBecause: responsesUnboundedBecause(request),
    mayWriteCache: true,
  })
}

/** Embeddings produce no output tokens: the cap is zero, so nothing asks for one to be set. */
function embeddingsFacts(endpoint: Endpoint, body: Buffer, request: JsonObject, shape: RequestShape): RequestFacts {
  const input = request['input']
  const textual = !isObject(input) && !(Array.isArray(input) && input.some(isObject))
  return factsOf(endpoint, body, shape, {
    stream: false, askedStreamUsage: false, outputCap: 0, choices: 1, usesServerState: false, unboundedBecause: textual ? '' : 'input', mayWriteCache: false,
  })
}

function largest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.max(a, b)
}

function freeFacts(endpoint: Endpoint): RequestFacts {
  return {
    endpoint, model: '', stream: false, outputCap: 0, choices: 1, askedStreamUsage: false, inputBytes: 0,
    usesServerState: false, unboundedBecause: '', mayWriteCache: false, mode: 'standard', geo: '', user: '', metadata: {},
  }
}
