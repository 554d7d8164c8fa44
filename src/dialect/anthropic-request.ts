import { ok, type Result } from '../base/result.ts'
import type { ServiceMode } from '../core/pricing/price-entry.ts'
import { asksToCache, hostedTools, messagesUnboundedBecause, messagesUseServerState, providerPromptTokens } from './anthropic-unbounded.ts'
import type { Endpoint, RequestFacts, RequestFault, RequestSplice } from './dialect.ts'
import { appendTo, applyEdits, setMember, type Edit } from './json-edit.ts'
import { scanObject } from './json-members.ts'
import { isObject } from './overlap.ts'
import { malformed, parseRequestBody, readModel, type JsonObject } from './request-body.ts'

/** Top-level members that decide what a call can cost. */
const decidingNames: ReadonlySet<string> = new Set([
  'model', 'max_tokens', 'stream', 'messages', 'system', 'tools', 'cache_control', 'service_tier', 'speed', 'inference_geo', 'thinking', 'metadata',
  'container', 'mcp_servers', 'context_management', 'compaction', 'fallbacks', 'fallback_credit_token', 'thread', 'output_config', 'output_format',
])

/**
 * The dearest geography that a workspace's own default may choose for a request that names none (Anthropic, "Data
 * residency"): US-only inference costs 1.1× where a model has that choice.
 */
const dearestGeo = 'us'

/** Reads a Messages or count-tokens request once. */
export function readAnthropicRequest(endpoint: Endpoint, body: Buffer): Result<RequestFacts, RequestFault> {
  if (endpoint.name === 'models') return ok(freeFacts(endpoint, '', false))
  const parsed = parseRequestBody(body, decidingNames)
  if (!parsed.ok) return parsed
  const { value: request } = parsed.value
  const model = readModel(request['model'])
  if (!model.ok) return model
  if (endpoint.kind === 'free') return ok(freeFacts(endpoint, model.value, messagesUseServerState(request)))
  const stream = request['stream'] ?? false
  if (typeof stream !== 'boolean') return malformed('"stream" must be true or false.')
  const outputCap = request['max_tokens'] ?? null
  if (outputCap !== null && !(Number.isSafeInteger(outputCap) && (outputCap as number) >= 0)) return malformed('"max_tokens" must be a whole number of at least 0.')
  return ok(messageFacts(endpoint, body, request, model.value, stream, outputCap as number | null))
}

function messageFacts(endpoint: Endpoint, body: Buffer, request: JsonObject, model: string, stream: boolean, outputCap: number | null): RequestFacts {
  const { searchesMax, turnsMax } = hostedTools(request)
  const geo = request['inference_geo']
  return {
    endpoint, model, stream, outputCap,
    // Every turn of a server tool's loop may answer up to the cap.
    choices: turnsMax,
    // Usage comes with every stream, in events that belong to the caller.
    askedStreamUsage: stream,
    inputBytes: body.length + providerPromptTokens(request),
    usesServerState: messagesUseServerState(request),
    unboundedBecause: messagesUnboundedBecause(request),
    // Looking for the word first spares nearly every body the walk; an escape may spell it in another way.
    mayWriteCache: (body.includes('cache_control') || body.includes('\\u')) && asksToCache(request),
    mode: request['speed'] === 'fast' ? 'fast' : 'standard',
    geo: typeof geo === 'string' ? geo : '',
    geoAtMost: typeof geo === 'string' ? geo : dearestGeo,
    searchesMax, turnsMax,
    user: userOf(request['metadata']),
    metadata: {},
  }
}

function userOf(metadata: unknown): string {
  return isObject(metadata) && typeof metadata['user_id'] === 'string' ? metadata['user_id'] : ''
}

function freeFacts(endpoint: Endpoint, model: string, usesServerState: boolean): RequestFacts {
  return {
    endpoint, model, stream: false, outputCap: 0, choices: 1, askedStreamUsage: false, inputBytes: 0,
    usesServerState, unboundedBecause: '', mayWriteCache: false, mode: 'standard', geo: '', user: '', metadata: {},
  }
}

/** `batch` is what batches are served at; `priority` is bought capacity that the price list does not cover. */
export function modeOfUsage(tier: string, speed: string): ServiceMode {
  if (speed === 'fast') return 'fast'
  return tier === 'batch' || tier === 'priority' ? tier : 'standard'
}

/** The caller's own bytes with only model or output cap changed; the same Buffer when there is nothing to do. */
export function spliceAnthropicRequest(body: Buffer, facts: RequestFacts, splice: RequestSplice): Buffer {
  const wantsCap = splice.outputCap !== null && facts.endpoint.kind === 'inference'
  if (!wantsCap && splice.model === null) return body
  const scan = scanObject(body)
  if (scan.state !== 'whole') return body
  const edits: Edit[] = []
  const added: string[] = []
  if (splice.model !== null) setMember(body, scan, 'model', JSON.stringify(splice.model), edits, added)
  if (wantsCap) setMember(body, scan, 'max_tokens', String(splice.outputCap), edits, added)
  if (added.length > 0) edits.push(appendTo(scan, added))
  return edits.length === 0 ? body : applyEdits(body, edits)
}
