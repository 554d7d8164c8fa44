import { ok, type Result } from '../base/result.ts'
import type { ServiceMode } from '../core/pricing/price-entry.ts'
import type { Endpoint, RequestFacts, RequestFault } from './dialect.ts'
import { fieldOf, snakeOf } from './gemini-fields.ts'
import { contentOf, requestUnboundedBecause, usesServerState } from './gemini-unbounded.ts'
import { isObject } from './overlap.ts'
import { repeatedName } from './repeated-name.ts'
import { malformed, parseRequestBody, requestFault, type JsonObject } from './request-body.ts'

/** Reads a Gemini request body once; the endpoint already knows the model and whether a stream was asked for. */
export function readGeminiRequest(endpoint: Endpoint, body: Buffer): Result<RequestFacts, RequestFault> {
  if (endpoint.refusedBecause !== undefined) return requestFault('endpoint_not_metered', endpoint.refusedBecause)
  if (endpoint.name === 'models') return ok(factsOf(endpoint, 0, {}))
  const parsed = parseRequestBody(body, noNames)
  if (!parsed.ok) return parsed
  const request = parsed.value.value
  const repeated = repeatedName(body)
  if (repeated !== null) return malformed(`The member "${repeated.slice(0, 60)}" is given twice in one object.`)
  const ambiguous = spelledTwice(request)
  if (ambiguous !== '') return malformed(`"${ambiguous}" is given in both of its spellings.`)
  switch (endpoint.name) {
    case 'countTokens': return readCount(endpoint, request)
    case 'embeddings': return readEmbeddings(endpoint, body, request)
    default: return readGenerate(endpoint, body, request)
  }
}

/** Google's parser matches case exactly, and repeated names are looked for at every depth. */
const noNames: ReadonlySet<string> = new Set()

const decidingNames = ['generationConfig', 'cachedContent', 'systemInstruction', 'serviceTier', 'generateContentRequest', 'continuationToken'] as const
const decidingConfigNames = ['maxOutputTokens', 'candidateCount', 'responseModalities'] as const

function spelledTwice(request: JsonObject): string {
  const twice = (object: JsonObject, names: readonly string[]): string => names.find((name) => object[name] !== undefined && object[snakeOf(name)] !== undefined) ?? ''
  const config = fieldOf(request, 'generationConfig')
  return twice(request, decidingNames) || (isObject(config) ? twice(config, decidingConfigNames) : '')
}

/**
 * `maxOutputTokens` holds for one candidate's thoughts and visible answer together (googleapis/python-genai issues 811
 * and 2062: 256 thoughts under a cap of 256, nothing visible), whatever `thinkingConfig` asks for.
 */
function readGenerate(endpoint: Endpoint, body: Buffer, request: JsonObject): Result<RequestFacts, RequestFault> {
  const config = fieldOf(request, 'generationConfig') ?? {}
  if (!isObject(config)) return malformed('"generationConfig" must be an object.')
  if (!namesModel(endpoint, request)) return malformed('"model" differs from the model in the path.')
  const cap = countIn(config, 'maxOutputTokens')
  const candidates = countIn(config, 'candidateCount')
  if (cap === 'invalid' || candidates === 'invalid') return malformed(`"generationConfig.${cap === 'invalid' ? 'maxOutputTokens' : 'candidateCount'}" must be a whole number of at least 1.`)
  return ok(factsOf(endpoint, body.length, {
    outputCap: cap,
    choices: candidates ?? 1,
    usesServerState: usesServerState(request),
    unboundedBecause: requestUnboundedBecause(endpoint.model ?? '', request),
    mode: modeOf(fieldOf(request, 'serviceTier')),
    metadata: labelsOf(request['labels']),
  }))
}

/** Embeddings produce no output tokens: the cap is zero, so nothing asks for one to be set. */
function readEmbeddings(endpoint: Endpoint, body: Buffer, request: JsonObject): Result<RequestFacts, RequestFault> {
  const listed = request['requests']
  if (listed !== undefined && !Array.isArray(listed)) return malformed('"requests" must be a list.')
  const requests: readonly unknown[] = Array.isArray(listed) ? listed : [request]
  let unboundedBecause = ''
  let state = false
  for (const each of requests) {
    if (!isObject(each)) return malformed('"requests" must hold objects.')
    if (!namesModel(endpoint, each)) return malformed('"model" of a request differs from the model in the path.')
    const content = contentOf([each['content']])
    unboundedBecause ||= content.unboundedBecause
    state ||= content.usesServerState
  }
  return ok(factsOf(endpoint, body.length, { outputCap: 0, unboundedBecause, usesServerState: state }))
}

/** Counting is free, but it must not tell about content that someone else left with the provider. */
function readCount(endpoint: Endpoint, request: JsonObject): Result<RequestFacts, RequestFault> {
  const inner = fieldOf(request, 'generateContentRequest') ?? {}
  if (!isObject(inner)) return malformed('"generateContentRequest" must be an object.')
  if (!namesModel(endpoint, request) || !namesModel(endpoint, inner)) return malformed('"model" differs from the model in the path.')
  return ok(factsOf(endpoint, 0, { usesServerState: usesServerState(request) || usesServerState(inner) }))
}

/** The path's model is what counts; a body may repeat it. */
function namesModel(endpoint: Endpoint, request: JsonObject): boolean {
  const model = request['model'] ?? null
  return model === null || model === endpoint.model || model === `models/${endpoint.model}`
}

/** Google's parser takes whole numbers as JSON numbers or as decimal text. */
function countIn(config: JsonObject, name: string): number | null | 'invalid' {
  const value = fieldOf(config, name) ?? null
  if (value === null) return null
  const count = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 1 ? count : 'invalid'
}

/** The tier words of requests and answers: `serviceTier` of the Gemini API, `trafficType` of Vertex AI. */
export function modeOf(tier: unknown): ServiceMode {
  switch (typeof tier === 'string' ? tier.toLowerCase().replace(/^service_tier_/, '') : '') {
    case 'flex': case 'on_demand_flex': return 'flex'
    case 'priority': case 'on_demand_priority': return 'priority'
    case 'batch': return 'batch'
    case 'provisioned_throughput': return 'provisioned'
    default: return 'standard'
  }
}

const noLabels: Readonly<Record<string, string>> = Object.freeze({})

function labelsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return noLabels
  const labels: Record<string, string> = {}
  for (const [name, text] of Object.entries(value)) {
    if (typeof text === 'string') Object.defineProperty(labels, name, { value: text, enumerable: true, configurable: true, writable: true })
  }
  return labels
}

/** Every chunk of a stream carries usage of its own accord, and it is the caller's: nothing is asked for or hidden. */
function factsOf(endpoint: Endpoint, inputBytes: number, own: Partial<RequestFacts>): RequestFacts {
  const stream = endpoint.stream !== undefined
  return {
    endpoint, model: endpoint.model ?? '', stream, outputCap: endpoint.kind === 'free' ? 0 : null, choices: 1, askedStreamUsage: stream, inputBytes,
    usesServerState: false, unboundedBecause: '', mayWriteCache: false, mode: 'standard', geo: '', user: '', metadata: noLabels, ...own,
  }
}
