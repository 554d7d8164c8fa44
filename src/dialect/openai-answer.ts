import type { Usage } from '../core/usage/usage.ts'
import type { RequestFacts, UsageReading } from './dialect.ts'
import { endOfValue, findMember, parseOrUndefined, scanObject, skipBlank, textOf, valueOf, type JsonObjectScan } from './json-members.ts'
import { modeOfTier } from './openai-request.ts'
import { chatOverlap, embeddingsOverlap, isObject, readCounters, responsesOverlap, xaiChatOverlap, type OverlapMap } from './overlap.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** What one answer object (a whole body, a chat chunk, the `response` of a terminal event) says about usage. */
export interface OpenaiAnswer {
  readonly usage: Usage | null
  readonly rawUsage: string
  readonly unknownKeys: readonly string[]
  readonly notices: readonly string[]
  readonly statedCost: string
  readonly servedModel: string
  readonly tier: string
  /** The object carries an error, or says that it failed. */
  readonly failed: boolean
}

const nothing: OpenaiAnswer = { usage: null, rawUsage: '', unknownKeys: [], notices: [], statedCost: '', servedModel: '', tier: '', failed: false }

/** Reads a whole answer. Only the members that matter are parsed; prompt and completion text is walked over. */
export function readOpenaiResponse(facts: RequestFacts, status: number, body: Buffer): UsageReading {
  const scan = scanObject(body)
  const answer = scan.state === 'not_object' && scan.members.length === 0 ? nothing : readAnswerObject(facts, body, scan)
  const isError = status >= 400 || answer.failed
  if (scan.state === 'whole' && answer.usage !== null) return readingOf(answer, 'final', isError ? 'provider_error' : '', 0)
  if (answer.usage !== null) return readingOf(answer, 'provisional', isError ? 'provider_error' : 'truncated', 0)
  if (isError) return readingOf(answer, 'absent', 'provider_error', 0)
  const isJson = parseOrUndefined(body.toString('utf8')) !== undefined
  const generated = findMember(body, scan, facts.endpoint.name === 'responses' ? 'output' : 'choices')
  return readingOf(answer, 'absent', isJson ? '' : 'malformed', generated === null ? 0 : generated.valueEnd - generated.valueStart)
}

/** The same of an answer too large to keep: model and usage stand before the content or after it. */
export function readCutOpenaiResponse(facts: RequestFacts, status: number, head: Buffer, tail: Buffer): UsageReading {
  const opening = readAnswerObject(facts, head, scanObject(head))
  const closing = usageInTail(facts, tail, opening.servedModel || lastStringIn(tail, 'model'), opening.tier || lastStringIn(tail, 'service_tier'))
  const answer = closing ?? opening
  const failed = status >= 400 || opening.failed
  return readingOf(answer, answer.usage === null ? 'absent' : 'final', failed ? 'provider_error' : '', answer.usage === null ? head.length + tail.length : 0)
}

/** Usage from the last usage object in the end of an answer whose beginning is gone; null when there is none. */
export function usageInTail(facts: RequestFacts, tail: Buffer, servedModel = '', tier = ''): OpenaiAnswer | null {
  const value = lastValueOf(tail, 'usage')
  const object = parseOrUndefined(value)
  if (!isObject(object)) return null
  const answer = answerFrom(facts, value, object, servedModel, tier, false, null)
  return answer.usage === null ? null : answer
}

function lastStringIn(tail: Buffer, name: string): string {
  const value = parseOrUndefined(lastValueOf(tail, name))
  return typeof value === 'string' ? value : ''
}

/** Text of the last value of this name. A quoted name cannot stand in a JSON string: its quotes would be escaped. */
function lastValueOf(tail: Buffer, name: string): string {
  const quoted = `"${name}"`
  const at = tail.lastIndexOf(quoted)
  if (at < 0) return ''
  const colon = skipBlank(tail, at + quoted.length)
  const start = skipBlank(tail, colon + 1)
  const end = endOfValue(tail, start)
  return tail[colon] !== 0x3a || end < 0 ? '' : tail.toString('utf8', start, end)
}

export function readingOf(answer: OpenaiAnswer, quality: UsageReading['quality'], fault: string, outputBytesSeen: number): UsageReading {
  const { usage, servedModel, tier, rawUsage, unknownKeys, notices, statedCost } = answer
  return { usage, quality, servedModel, mode: modeOfTier(tier), tier, geo: '', rawUsage, unknownKeys, notices, statedCost, fault, outputBytesSeen }
}

export function readAnswerObject(facts: RequestFacts, bytes: Buffer, scan: JsonObjectScan): OpenaiAnswer {
  const servedModel = stringMember(bytes, scan, 'model')
  const tier = stringMember(bytes, scan, 'service_tier')
  const failed = isObject(valueOf(bytes, findMember(bytes, scan, 'error'))) || stringMember(bytes, scan, 'status') === 'failed'
  const rawUsage = usageTextIn(bytes, scan)
  if (rawUsage === '') return { ...nothing, servedModel, tier, failed }
  const object = parseOrUndefined(rawUsage)
  if (!isObject(object)) return { ...nothing, servedModel, tier, failed, notices: ['usage_invalid'] }
  return answerFrom(facts, rawUsage, object, servedModel, tier, failed, hostedToolCounts(facts, servedModel, bytes, scan))
}

function answerFrom(facts: RequestFacts, rawUsage: string, object: JsonObject, servedModel: string, tier: string, failed: boolean, tools: Usage | null): OpenaiAnswer {
  const read = readCounters(overlapFor(facts, servedModel), object)
  return {
    usage: !read.any ? null : tools === null ? read.usage : { ...read.usage, ...tools },
    rawUsage,
    unknownKeys: read.unknownKeys,
    notices: read.any ? read.notices : [...read.notices, 'usage_empty'],
    statedCost: statedCostIn(object),
    servedModel,
    tier,
    failed,
  }
}

/** Wire format × endpoint × model family, never the host. */
function overlapFor(facts: RequestFacts, servedModel: string): OverlapMap {
  if (facts.endpoint.name === 'responses') return responsesOverlap
  if (facts.endpoint.name === 'embeddings') return embeddingsOverlap
  return /(^|\/)grok-/.test(servedModel === '' ? facts.model : servedModel) ? xaiChatOverlap : chatOverlap
}

/** The usage object's exact text; '' when absent or null. Groq repeats it under `x_groq`: one of the two is read. */
function usageTextIn(bytes: Buffer, scan: JsonObjectScan): string {
  const own = findMember(bytes, scan, 'usage')
  if (own !== null) {
    const text = textOf(bytes, own)
    if (text !== 'null') return text
  }
  const groq = findMember(bytes, scan, 'x_groq')
  if (groq === null) return ''
  const inner = scanObject(bytes, groq.valueStart)
  const nested = findMember(bytes, inner, 'usage')
  const text = nested === null ? '' : textOf(bytes, nested)
  return text === 'null' ? '' : text
}

export function stringMember(bytes: Buffer, scan: JsonObjectScan, name: string): string {
  const value = valueOf(bytes, findMember(bytes, scan, name))
  return typeof value === 'string' ? value : ''
}

/**
 * Calls of hosted tools, which are billed beside the tokens: in Responses they are output items (a web search bills
 * when its action is a search, not when it opens a page; a code session per container; a generated image shows as an
 * image that this model has no price for). A chat search model searches once per request.
 */
function hostedToolCounts(facts: RequestFacts, servedModel: string, bytes: Buffer, scan: JsonObjectScan): Usage | null {
  if (facts.endpoint.name === 'chat.completions') return /-search-(preview|api)/.test(servedModel === '' ? facts.model : servedModel) ? { web_search: 1 } : null
  if (facts.endpoint.name !== 'responses' || (facts.unboundedBecause === '' && !facts.usesServerState)) return null
  const output = valueOf(bytes, findMember(bytes, scan, 'output'))
  if (!Array.isArray(output)) return null
  const items = output.filter(isObject)
  const ofType = (type: string): readonly JsonObject[] => items.filter((item) => item['type'] === type)
  const searches = ofType('web_search_call').filter((item) => !isObject(item['action']) || item['action']['type'] === 'search').length
  const fileSearches = ofType('file_search_call').length
  const sessions = new Set(ofType('code_interpreter_call').map((item, index) => (typeof item['container_id'] === 'string' ? item['container_id'] : index))).size
  const images = ofType('image_generation_call').length
  return {
    ...(searches > 0 ? { web_search: searches } : {}),
    ...(fileSearches > 0 ? { file_search: fileSearches } : {}),
    ...(sessions > 0 ? { code_session: sessions } : {}),
    ...(images > 0 ? { image: images } : {}),
  }
}

/** The cost the provider itself states, in its currency (OpenRouter `cost`, xAI ticks of 1e-10); '' when it does not. */
function statedCostIn(usage: JsonObject): string {
  const ticks = usage['cost_in_usd_ticks']
  if (typeof ticks === 'number' && Number.isSafeInteger(ticks) && ticks >= 0) return plainDecimal(`${ticks}e-10`)
  const details = usage['cost_details']
  const upstream = usage['is_byok'] === true && isObject(details) ? details['upstream_inference_cost'] : undefined
  const cost = typeof upstream === 'number' ? upstream : usage['cost']
  return typeof cost === 'number' && Number.isFinite(cost) && cost >= 0 ? plainDecimal(String(cost)) : ''
}

/** "1.4e-5" → "0.000014"; digits past the fifteenth place are cut, because no amount of ours carries them. */
export function plainDecimal(number: string): string {
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(number)
  if (match === null) return ''
  const digits = match[1]! + (match[2] ?? '')
  const point = match[1]!.length + Number(match[3] ?? 0)
  if (point > 23) return ''
  const whole = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0')
  const fraction = (point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point)).slice(0, 15).replace(/0+$/, '')
  return fraction === '' ? whole : `${whole}.${fraction}`
}
