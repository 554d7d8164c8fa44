import type { Usage, UsageComponent } from '../core/usage/usage.ts'

/**
 * How one wire format's usage numbers contain each other, as data. A *side* has a whole (what the provider calls
 * prompt or completion), parts inside that whole, and counters beside it. What is left of the whole after its parts is
 * the `rest` component, so that the resulting counters are disjoint and their sum is the provider's total.
 */
export interface OverlapMap {
  readonly id: string
  readonly sides: readonly OverlapSide[]
  /** Where the provider states the sum of everything; '' when it does not. */
  readonly total: string
  /** Keys that are understood and deliberately not counted on their own; dotted, "a.*" covers everything below a. */
  readonly ignored: readonly string[]
}

export interface OverlapSide {
  readonly whole: string
  readonly rest: UsageComponent
  readonly inside: readonly OverlapPart[]
  readonly beside: readonly OverlapPart[]
}

export interface OverlapPart {
  readonly component: UsageComponent
  /** Spellings of the same number, the first one present wins. One level of nesting at most: "group.name". */
  readonly paths: readonly string[]
}

export interface CountersRead {
  /** Disjoint and never negative. A component left out is absent; an explicit zero stays zero. */
  readonly usage: Usage
  /** False when the object held no counter at all. */
  readonly any: boolean
  readonly notices: readonly string[]
  readonly unknownKeys: readonly string[]
}

type Counters = Partial<Record<UsageComponent, number>>
type JsonObject = Readonly<Record<string, unknown>>

/** Reads a provider's usage object by its map. Odd numbers are flagged, never silently repaired. */
export function readCounters(map: OverlapMap, object: JsonObject): CountersRead {
  const usage: Counters = {}
  const notices: string[] = []
  for (const side of map.sides) readSide(side, object, usage, notices)
  let any = false
  let sum = 0
  for (const component in usage) {
    any = true
    sum += usage[component as UsageComponent]!
  }
  if (map.total !== '') {
    const total = counterAt(object, map.total, notices)
    if (total !== null && total !== sum) note(notices, 'sum_mismatch')
  }
  return { usage, any, notices, unknownKeys: unknownKeysOf(map, object) }
}

/**
 * A rest that would be negative means that the parts are not inside the whole after all, or that the provider
 * miscounted: the parts and a zero rest are kept, and the reading is flagged for whoever re-rates it from the raw object.
 */
function readSide(side: OverlapSide, object: JsonObject, usage: Counters, notices: string[]): void {
  const whole = counterAt(object, side.whole, notices)
  let inside = 0
  for (const part of side.inside) {
    const count = firstCounter(object, part.paths, notices)
    if (count === null) continue
    usage[part.component] = (usage[part.component] ?? 0) + count
    inside += count
  }
  for (const part of side.beside) {
    const count = firstCounter(object, part.paths, notices)
    if (count !== null) usage[part.component] = (usage[part.component] ?? 0) + count
  }
  if (whole === null) return
  if (inside > whole) note(notices, 'negative_counter')
  usage[side.rest] = (usage[side.rest] ?? 0) + Math.max(0, whole - inside)
}

function firstCounter(object: JsonObject, paths: readonly string[], notices: string[]): number | null {
  for (const path of paths) {
    const count = counterAt(object, path, notices)
    if (count !== null) return count
  }
  return null
}

/** A whole number ≥ 0, or null: absent and null say nothing, anything else is flagged. */
function counterAt(object: JsonObject, path: string, notices: string[]): number | null {
  const dot = path.indexOf('.')
  let value: unknown
  if (dot < 0) value = object[path]
  else {
    const group = object[path.slice(0, dot)]
    value = isObject(group) ? group[path.slice(dot + 1)] : undefined
  }
  if (value === undefined || value === null) return null
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    note(notices, 'counter_invalid')
    return null
  }
  if (value < 0) {
    note(notices, 'negative_counter')
    return null
  }
  return value
}

function note(notices: string[], notice: string): void {
  if (!notices.includes(notice)) notices.push(notice)
}

const knownKeys = new WeakMap<OverlapMap, ReadonlySet<string>>()

function knownKeysOf(map: OverlapMap): ReadonlySet<string> {
  const cached = knownKeys.get(map)
  if (cached !== undefined) return cached
  const keys = new Set<string>([...map.ignored, ...(map.total === '' ? [] : [map.total])])
  for (const side of map.sides) {
    keys.add(side.whole)
    for (const part of [...side.inside, ...side.beside]) for (const path of part.paths) keys.add(path)
  }
  knownKeys.set(map, keys)
  return keys
}

/** Keys this version does not read: a new one is how under-billing starts, so it is reported, at most 20 of them. */
function unknownKeysOf(map: OverlapMap, object: JsonObject): readonly string[] {
  const known = knownKeysOf(map)
  const unknown: string[] = []
  for (const key in object) {
    if (known.has(key) || known.has(`${key}.*`)) continue
    const value = object[key]
    if (!isObject(value)) unknown.push(key)
    else for (const inner in value) if (!known.has(`${key}.${inner}`)) unknown.push(`${key}.${inner}`)
    if (unknown.length >= 20) return unknown.slice(0, 20)
  }
  return unknown
}

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** OpenAI chat and legacy completions, and those who speak that format. */
export const chatOverlap: OverlapMap = {
  id: 'openai.chat',
  sides: [
    {
      whole: 'prompt_tokens',
      rest: 'input_text',
      inside: [
        // DeepSeek, Mistral and Moonshot spell the same number their own way.
        { component: 'cache_read', paths: ['prompt_tokens_details.cached_tokens', 'prompt_token_details.cached_tokens', 'prompt_cache_hit_tokens', 'num_cached_tokens', 'cached_tokens'] },
        { component: 'cache_write', paths: ['prompt_tokens_details.cache_write_tokens'] },
        { component: 'input_audio', paths: ['prompt_tokens_details.audio_tokens'] },
        { component: 'input_image', paths: ['prompt_tokens_details.image_tokens'] },
      ],
      beside: [],
    },
    {
      whole: 'completion_tokens',
      rest: 'output_text',
      inside: [
        { component: 'output_reasoning', paths: ['completion_tokens_details.reasoning_tokens'] },
        { component: 'output_audio', paths: ['completion_tokens_details.audio_tokens'] },
        { component: 'output_image', paths: ['completion_tokens_details.image_tokens'] },
      ],
      beside: [],
    },
  ],
  total: 'total_tokens',
  ignored: [
    // Predictions, accepted or rejected, are ordinary output tokens inside the completion.
    'completion_tokens_details.accepted_prediction_tokens', 'completion_tokens_details.rejected_prediction_tokens',
    'prompt_tokens_details.text_tokens', 'completion_tokens_details.text_tokens', 'prompt_cache_miss_tokens',
    'queue_time', 'prompt_time', 'completion_time', 'total_time',
    'cost', 'cost_details.*', 'cost_in_usd_ticks', 'is_byok',
  ],
}

/** xAI chat: reasoning stands beside the completion, unlike everywhere else in this format. */
export const xaiChatOverlap: OverlapMap = {
  id: 'xai.chat',
  sides: chatOverlap.sides.map((side) =>
    side.whole !== 'completion_tokens' ? side : { ...side, inside: side.inside.filter((part) => part.component !== 'output_reasoning'), beside: side.inside.filter((part) => part.component === 'output_reasoning') }),
  total: 'total_tokens',
  ignored: chatOverlap.ignored,
}

export const responsesOverlap: OverlapMap = {
  id: 'openai.responses',
  sides: [
    {
      whole: 'input_tokens',
      rest: 'input_text',
      inside: [
        { component: 'cache_read', paths: ['input_tokens_details.cached_tokens'] },
        { component: 'cache_write', paths: ['input_tokens_details.cache_write_tokens'] },
        { component: 'input_audio', paths: ['input_tokens_details.audio_tokens'] },
        { component: 'input_image', paths: ['input_tokens_details.image_tokens'] },
      ],
      beside: [],
    },
    {
      whole: 'output_tokens',
      rest: 'output_text',
      inside: [
        { component: 'output_reasoning', paths: ['output_tokens_details.reasoning_tokens'] },
        { component: 'output_audio', paths: ['output_tokens_details.audio_tokens'] },
        { component: 'output_image', paths: ['output_tokens_details.image_tokens'] },
      ],
      beside: [],
    },
  ],
  total: 'total_tokens',
  ignored: ['input_tokens_details.text_tokens', 'output_tokens_details.text_tokens', 'cost', 'cost_details.*', 'cost_in_usd_ticks', 'is_byok'],
}

/** Embeddings have one side; a completion count, where a provider sends one, is zero and would show as a mismatch otherwise. */
export const embeddingsOverlap: OverlapMap = {
  id: 'openai.embeddings',
  sides: [{ whole: 'prompt_tokens', rest: 'embedding', inside: [], beside: [] }],
  total: 'total_tokens',
  ignored: ['completion_tokens', 'prompt_tokens_details.*', 'completion_tokens_details.*', 'cost', 'cost_details.*', 'is_byok'],
}
