import type { Quality } from '../core/usage/usage-record.ts'
import type { Usage, UsageComponent } from '../core/usage/usage.ts'
import { modeOfUsage } from './anthropic-request.ts'
import type { RequestFacts, UsageReading } from './dialect.ts'
import { endOfValue, findMember, parseOrUndefined, scanObject, skipBlank, textOf, valueOf, type JsonObjectScan } from './json-members.ts'
import { anthropicOverlap, isObject, readCounters } from './overlap.ts'
import type { JsonObject } from './request-body.ts'

/** What a usage object says once it is complete: a whole answer's, or a stream's parts laid over each other. */
export interface AnthropicUsage {
  readonly usage: Usage | null
  /** Some of it was spent on a model of another price. */
  readonly mixed: boolean
  readonly notices: readonly string[]
  readonly unknownKeys: readonly string[]
  readonly tier: string
  readonly speed: string
  readonly geo: string
}

const nothing: AnthropicUsage = { usage: null, mixed: false, notices: [], unknownKeys: [], tier: '', speed: '', geo: '' }

/** Reads a whole answer. Only the members that matter are parsed; generated content is walked over. */
export function readAnthropicResponse(facts: RequestFacts, status: number, body: Buffer): UsageReading {
  const scan = scanObject(body)
  const servedModel = stringIn(body, scan, 'model')
  const failed = status >= 400 || stringIn(body, scan, 'type') === 'error'
  if (facts.endpoint.kind === 'free') return readingOf(nothing, 'absent', '', '', failed ? 'provider_error' : '', 0)
  const { read, rawUsage } = usageMember(body, scan, servedModel)
  const whole = scan.state === 'whole'
  if (read.usage !== null) return readingOf(read, whole ? 'final' : 'provisional', servedModel, rawUsage, failed ? 'provider_error' : whole ? '' : 'truncated', 0)
  if (failed) return readingOf(read, 'absent', servedModel, rawUsage, 'provider_error', 0)
  const isJson = parseOrUndefined(body.toString('utf8')) !== undefined
  const content = findMember(body, scan, 'content')
  return readingOf(read, 'absent', servedModel, rawUsage, isJson ? '' : 'malformed', content === null ? 0 : content.valueEnd - content.valueStart)
}

/** The same of an answer too large to keep: the model stands before the content, usage after it. */
export function readCutAnthropicResponse(_facts: RequestFacts, status: number, head: Buffer, tail: Buffer): UsageReading {
  const scan = scanObject(head)
  const servedModel = stringIn(head, scan, 'model')
  const rawUsage = lastObjectOf(tail, 'usage')
  const read = rawUsage === '' ? nothing : usageOf(parseOrUndefined(rawUsage), servedModel)
  return readingOf(read, read.usage === null ? 'absent' : 'final', servedModel, rawUsage, status >= 400 ? 'provider_error' : '', read.usage === null ? head.length + tail.length : 0)
}

/** Text of the last object of this name. A quoted name cannot stand in a JSON string: its quotes would be escaped. */
function lastObjectOf(tail: Buffer, name: string): string {
  const quoted = `"${name}"`
  for (let at = tail.lastIndexOf(quoted); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf(quoted, at - 1)) {
    const colon = skipBlank(tail, at + quoted.length)
    const start = skipBlank(tail, colon + 1)
    const end = tail[colon] === 0x3a && tail[start] === 0x7b ? endOfValue(tail, start) : -1
    if (end >= 0) return tail.toString('utf8', start, end)
  }
  return ''
}

function usageMember(bytes: Buffer, scan: JsonObjectScan, servedModel: string): { readonly read: AnthropicUsage; readonly rawUsage: string } {
  const member = findMember(bytes, scan, 'usage')
  const rawUsage = member === null ? '' : textOf(bytes, member)
  if (rawUsage === '' || rawUsage === 'null') return { read: nothing, rawUsage: '' }
  return { read: usageOf(parseOrUndefined(rawUsage), servedModel), rawUsage }
}

/** Counters, mode and geography of a usage object. */
export function usageOf(object: unknown, servedModel: string): AnthropicUsage {
  if (!isObject(object)) return { ...nothing, notices: ['usage_invalid'] }
  const counters = readCounters(anthropicOverlap, object)
  const notices = [...counters.notices]
  const iterations = readIterations(object['iterations'], servedModel, notices)
  let usage: Usage | null = null
  if (counters.any) {
    const whole = withWholeSplit(counters.usage, isObject(object['cache_creation']), notices)
    usage = iterations.replaces ? { ...toolFees(whole), ...iterations.usage } : added(whole, iterations.usage)
  } else notices.push('usage_empty')
  if (isObject(object['fallback_credit']) && object['fallback_credit']['status'] === 'redeemed') notices.push('fallback_credit_redeemed')
  return {
    usage, mixed: iterations.replaces, notices, unknownKeys: counters.unknownKeys,
    tier: textIn(object, 'service_tier'), speed: textIn(object, 'speed'), geo: textIn(object, 'inference_geo'),
  }
}

/**
 * Cache writes come as a total and, in most answers, its split by lifetime. What the split leaves over (a stream's
 * later total, which has none) has the lifetime of the rest when that is one and the same.
 */
function withWholeSplit(usage: Usage, hasSplit: boolean, notices: string[]): Usage {
  const { cache_write: rest, ...counted } = usage
  if (rest === undefined || !hasSplit) return usage
  const [short, long] = [counted.cache_write_5m ?? 0, counted.cache_write_1h ?? 0]
  if (rest === 0) return short + long > 0 || counted.cache_write_5m !== undefined ? counted : usage
  if (short > 0 && long > 0) {
    notices.push('cache_write_lifetime_unknown')
    return usage
  }
  return long > 0 ? { ...counted, cache_write_1h: long + rest } : { ...counted, cache_write_5m: short + rest }
}

interface Iterations {
  readonly usage: Usage
  /** These entries, and not the totals beside them, say what is owed. */
  readonly replaces: boolean
}

/**
 * Beta answers list what each sampling used. The totals beside the list leave out compactions, which are added. Where
 * entries name another model than the one that answered, the totals are that one's alone: the sum of the entries is
 * taken, and the reading is marked, because a record has one model to price by. An attempt that was declined before it
 * produced anything costs nothing.
 */
function readIterations(value: unknown, servedModel: string, notices: string[]): Iterations {
  const entries = Array.isArray(value) ? value.filter(isObject) : []
  const kinds = new Set(entries.map((entry) => entry['type']))
  const isForeign = (entry: JsonObject): boolean => typeof entry['model'] === 'string' && servedModel !== '' && entry['model'] !== servedModel
  const replaces = kinds.has('advisor_message') || kinds.has('fallback_message') || entries.some(isForeign)
  for (const kind of kinds) if (!knownIterations.has(kind)) notices.push('iteration_kind_unknown')
  if (replaces) notices.push('several_models')
  let usage: Usage = {}
  for (const entry of entries) {
    if (replaces ? entry['output_tokens'] === 0 && isForeign(entry) : entry['type'] !== 'compaction') continue
    usage = added(usage, withWholeSplit(readCounters(anthropicOverlap, entry).usage, isObject(entry['cache_creation']), notices))
  }
  return { usage, replaces }
}
const knownIterations: ReadonlySet<unknown> = new Set(['message', 'compaction', 'advisor_message', 'fallback_message'])

const toolFees = ({ web_search }: Usage): Usage => (web_search === undefined ? {} : { web_search })

/** Sums never leave the whole numbers that a record can hold, however large a provider's own are. */
function added(a: Usage, b: Usage): Usage {
  const sum: Partial<Record<UsageComponent, number>> = { ...a }
  for (const [name, count] of Object.entries(b)) sum[name as UsageComponent] = Math.min((sum[name as UsageComponent] ?? 0) + count, Number.MAX_SAFE_INTEGER)
  return sum
}

export function readingOf(read: AnthropicUsage, quality: Quality, servedModel: string, rawUsage: string, fault: string, outputBytesSeen: number): UsageReading {
  return {
    usage: read.usage, quality: read.mixed && quality === 'final' ? 'estimated' : quality,
    servedModel, mode: modeOfUsage(read.tier, read.speed), tier: read.speed === 'fast' ? 'fast' : read.tier,
    // Where a model has a choice of geography its answers say which it was; a request's own wish counts for no answer.
    geo: read.geo === '' && read.usage !== null ? 'global' : read.geo,
    rawUsage, unknownKeys: read.unknownKeys, notices: read.notices, statedCost: '', fault, outputBytesSeen,
  }
}

const textIn = (object: JsonObject, name: string): string => (typeof object[name] === 'string' ? object[name] : '')

export function stringIn(bytes: Buffer, scan: JsonObjectScan, name: string): string {
  const value = valueOf(bytes, findMember(bytes, scan, name))
  return typeof value === 'string' ? value : ''
}
