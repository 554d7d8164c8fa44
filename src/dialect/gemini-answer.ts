import type { Usage } from '../core/usage/usage.ts'
import type { RequestFacts, UsageReading } from './dialect.ts'
import { modeOf } from './gemini-request.ts'
import { readGeminiCounters } from './gemini-usage.ts'
import { endOfValue, findMember, parseOrUndefined, scanObject, skipBlank, textOf, valueOf, type JsonObjectScan } from './json-members.ts'
import { isObject } from './overlap.ts'
import type { JsonObject } from './request-body.ts'

/** What one answer object (a whole body, or one chunk of a stream) says about usage. */
export interface GeminiAnswer {
  readonly usage: Usage | null
  readonly rawUsage: string
  readonly unknownKeys: readonly string[]
  readonly notices: readonly string[]
  readonly servedModel: string
  /** `trafficType` or `serviceTier` as returned, '' when neither was. */
  readonly tier: string
  readonly failed: boolean
}

export const nothing: GeminiAnswer = { usage: null, rawUsage: '', unknownKeys: [], notices: [], servedModel: '', tier: '', failed: false }

/** Reads a whole answer. Only the members that matter are parsed; generated text is walked over. */
export function readGeminiResponse(facts: RequestFacts, status: number, body: Buffer): UsageReading {
  const scan = scanObject(body)
  const answer = scan.state === 'not_object' && scan.members.length === 0 ? nothing : readAnswer(facts, body, scan)
  const isError = status >= 400 || answer.failed
  if (answer.usage !== null) {
    const queries = searchesIn(facts, valueOf(body, findMember(body, scan, 'candidates')))
    const whole = withSearches(facts, answer, queries)
    return readingOf(facts, whole, scan.state === 'whole' ? 'final' : 'provisional', isError ? 'provider_error' : scan.state === 'whole' ? '' : 'truncated', 0)
  }
  if (isError) return readingOf(facts, answer, 'absent', 'provider_error', 0)
  const isJson = parseOrUndefined(body.toString('utf8')) !== undefined
  const generated = findMember(body, scan, 'candidates')
  return readingOf(facts, answer, 'absent', isJson ? '' : 'malformed', generated === null ? 0 : generated.valueEnd - generated.valueStart)
}

/** The same of an answer too large to keep: usage and model stand after the content. */
export function readCutGeminiResponse(facts: RequestFacts, status: number, head: Buffer, tail: Buffer): UsageReading {
  const opening = readAnswer(facts, head, scanObject(head))
  const answer = answerInTail(facts, tail) ?? opening
  const failed = status >= 400 || opening.failed
  return readingOf(facts, { ...answer, servedModel: answer.servedModel || opening.servedModel }, answer.usage === null ? 'absent' : 'final', failed ? 'provider_error' : '', answer.usage === null ? head.length + tail.length : 0)
}

/** Usage from the last usage object in the end of an answer whose beginning is gone; null when there is none. */
export function answerInTail(facts: RequestFacts, tail: Buffer): GeminiAnswer | null {
  const text = lastValueOf(tail, 'usageMetadata')
  const object = parseOrUndefined(text)
  if (!isObject(object)) return null
  const model = parseOrUndefined(lastValueOf(tail, 'modelVersion'))
  const answer = answerFrom(facts, text, object, typeof model === 'string' ? bareModel(model) : '', false, false)
  return answer.usage === null ? null : answer
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

export function readAnswer(facts: RequestFacts, bytes: Buffer, scan: JsonObjectScan): GeminiAnswer {
  const model = valueOf(bytes, findMember(bytes, scan, 'modelVersion'))
  const servedModel = typeof model === 'string' ? bareModel(model) : ''
  const failed = isObject(valueOf(bytes, findMember(bytes, scan, 'error')))
  const member = findMember(bytes, scan, 'usageMetadata')
  const rawUsage = member === null ? '' : textOf(bytes, member)
  if (rawUsage === '' || rawUsage === 'null') return { ...nothing, servedModel, failed }
  const object = parseOrUndefined(rawUsage)
  if (!isObject(object)) return { ...nothing, servedModel, failed, notices: ['usage_invalid'] }
  return answerFrom(facts, rawUsage, object, servedModel, failed, isBlocked(bytes, scan))
}

const bareModel = (model: string): string => model.replace(/^models\//, '')

/** The prompt was refused before anything was generated. */
export function isBlocked(bytes: Buffer, scan: JsonObjectScan): boolean {
  const feedback = valueOf(bytes, findMember(bytes, scan, 'promptFeedback'))
  return isObject(feedback) && typeof feedback['blockReason'] === 'string' && findMember(bytes, scan, 'candidates') === null
}

export function answerFrom(facts: RequestFacts, rawUsage: string, object: JsonObject, servedModel: string, failed: boolean, blocked: boolean): GeminiAnswer {
  const read = readGeminiCounters(facts.endpoint.name, object, blocked)
  const tier = object['trafficType'] ?? object['serviceTier']
  return {
    usage: read.any ? read.usage : null,
    rawUsage,
    unknownKeys: read.unknownKeys,
    notices: read.any ? read.notices : [...read.notices, 'usage_empty'],
    servedModel,
    tier: typeof tier === 'string' ? tier : '',
    failed,
  }
}

/** A tier that the answer does not name is the one that was asked for. */
export function readingOf(facts: RequestFacts, answer: GeminiAnswer, quality: UsageReading['quality'], fault: string, outputBytesSeen: number): UsageReading {
  const { usage, servedModel, tier, rawUsage, unknownKeys, notices } = answer
  return { usage, quality, servedModel, mode: tier === '' ? facts.mode : modeOf(tier), tier, geo: '', rawUsage, unknownKeys, notices, statedCost: '', fault, outputBytesSeen }
}

export const absentReading = (fault: string): UsageReading =>
  ({ usage: null, quality: 'absent', servedModel: '', mode: 'standard', tier: '', geo: '', rawUsage: '', unknownKeys: [], notices: [], statedCost: '', fault, outputBytesSeen: 0 })

/** What grounding did in one answer or over the chunks of one. */
export interface Searches {
  readonly queries: ReadonlySet<string>
  readonly usedWeb: boolean
  readonly usedMaps: boolean
}

/** Read only where the request brought a tool of the provider's; null when there was none. */
export function searchesIn(facts: RequestFacts, candidates: unknown): Searches | null {
  if (facts.unboundedBecause === '' || !Array.isArray(candidates)) return null
  const queries = new Set<string>()
  let usedWeb = false
  let usedMaps = false
  for (const candidate of candidates) {
    const grounding = isObject(candidate) ? candidate['groundingMetadata'] : null
    if (!isObject(grounding)) continue
    for (const name of ['webSearchQueries', 'imageSearchQueries']) {
      const list = grounding[name]
      if (Array.isArray(list)) for (const query of list) if (typeof query === 'string' && query !== '') queries.add(query)
    }
    const chunks = Array.isArray(grounding['groundingChunks']) ? grounding['groundingChunks'].filter(isObject) : []
    usedWeb ||= chunks.some((chunk) => isObject(chunk['web']))
    usedMaps ||= chunks.some((chunk) => isObject(chunk['maps']))
  }
  return { queries, usedWeb, usedMaps }
}

/** Gemini 3 and later bill each distinct search query; before, a prompt that was grounded at all counts once. */
export function withSearches(facts: RequestFacts, answer: GeminiAnswer, searches: Searches | null): GeminiAnswer {
  if (searches === null || answer.usage === null) return answer
  const perPrompt = /^gemini-[12][.-]/.test(answer.servedModel || facts.model)
  const web = perPrompt ? Number(searches.queries.size > 0 || searches.usedWeb) : Math.max(searches.queries.size, Number(searches.usedWeb))
  if (web === 0 && !searches.usedMaps) return answer
  return { ...answer, usage: { ...answer.usage, ...(web > 0 ? { web_search: web } : {}), ...(searches.usedMaps ? { maps_query: 1 } : {}) } }
}
