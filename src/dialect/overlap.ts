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

/** A map made ready for reading: paths split, and the keys it knows, per group ('' = top level). */
interface Plan {
  readonly sides: readonly { readonly whole: PlanPath; readonly rest: UsageComponent; readonly inside: readonly PlanPart[]; readonly beside: readonly PlanPart[] }[]
  readonly total: PlanPath | null
  /** Known key → null for a plain one, the known keys below it for a group, 'any' where everything below is ignored. */
  readonly known: ReadonlyMap<string, ReadonlySet<string> | 'any' | null>
}
interface PlanPath {
  readonly group: string
  readonly name: string
}
interface PlanPart {
  readonly component: UsageComponent
  readonly paths: readonly PlanPath[]
}

/** Reads a provider's usage object by its map. Odd numbers are flagged, never silently repaired. */
export function readCounters(map: OverlapMap, object: JsonObject): CountersRead {
  const plan = planOf(map)
  const usage: Counters = {}
  const notices: string[] = []
  for (const side of plan.sides) {
    const whole = counterAt(object, side.whole, notices)
    const inside = addParts(side.inside, object, usage, notices)
    addParts(side.beside, object, usage, notices)
    if (whole === null) continue
    // A rest below zero means that the parts are not inside the whole after all, or that the provider miscounted: the
    // parts and a zero rest are kept, and the reading is flagged for whoever re-rates it from the raw object.
    if (inside > whole) note(notices, 'negative_counter')
    usage[side.rest] = (usage[side.rest] ?? 0) + Math.max(0, whole - inside)
  }
  let any = false
  let sum = 0
  for (const component in usage) {
    any = true
    sum += usage[component as UsageComponent]!
  }
  if (plan.total !== null) {
    const total = counterAt(object, plan.total, notices)
    if (total !== null && total !== sum) note(notices, 'sum_mismatch')
  }
  return { usage, any, notices, unknownKeys: unknownKeysOf(plan, object) }
}

/** Adds the parts that are present; returns their sum. */
function addParts(parts: readonly PlanPart[], object: JsonObject, usage: Counters, notices: string[]): number {
  let sum = 0
  for (const part of parts) {
    for (const path of part.paths) {
      const count = counterAt(object, path, notices)
      if (count === null) continue
      usage[part.component] = (usage[part.component] ?? 0) + count
      sum += count
      break
    }
  }
  return sum
}

/** A whole number ≥ 0, or null: absent and null say nothing, anything else is flagged. */
function counterAt(object: JsonObject, path: PlanPath, notices: string[]): number | null {
  let holder: unknown = object
  if (path.group !== '') {
    holder = object[path.group]
    if (!isObject(holder)) return null
  }
  const value = (holder as JsonObject)[path.name]
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

const noKeys: readonly string[] = []
const unknownKeysMax = 20

/** Keys this version does not read: a new one is how under-billing starts, so it is reported, at most 20 of them. */
function unknownKeysOf(plan: Plan, object: JsonObject): readonly string[] {
  let unknown: string[] | null = null
  for (const key in object) {
    const known = plan.known.get(key)
    if (known === null || known === 'any') continue
    const value = object[key]
    if (!isObject(value)) {
      // A group that is null, or sent as something else than an object, holds no key to miss.
      if (known === undefined) (unknown ??= []).push(key)
      continue
    }
    for (const inner in value) if (known === undefined || !known.has(inner)) (unknown ??= []).push(`${key}.${inner}`)
  }
  return unknown === null ? noKeys : unknown.slice(0, unknownKeysMax)
}

const plans = new WeakMap<OverlapMap, Plan>()

function planOf(map: OverlapMap): Plan {
  const ready = plans.get(map)
  if (ready !== undefined) return ready
  const known = new Map<string, Set<string> | 'any' | null>()
  const learn = (path: PlanPath): PlanPath => {
    if (path.group === '') known.set(path.name, null)
    else if (path.name === '*') known.set(path.group, 'any')
    else {
      const below = known.get(path.group)
      if (below instanceof Set) below.add(path.name)
      else known.set(path.group, new Set([path.name]))
    }
    return path
  }
  const path = (text: string): PlanPath => {
    const dot = text.indexOf('.')
    return learn(dot < 0 ? { group: '', name: text } : { group: text.slice(0, dot), name: text.slice(dot + 1) })
  }
  const part = ({ component, paths }: OverlapPart): PlanPart => ({ component, paths: paths.map(path) })
  const plan: Plan = {
    sides: map.sides.map((side) => ({ whole: path(side.whole), rest: side.rest, inside: side.inside.map(part), beside: side.beside.map(part) })),
    total: map.total === '' ? null : path(map.total),
    known,
  }
  for (const ignored of map.ignored) path(ignored)
  plans.set(map, plan)
  return plan
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

/** Anthropic Messages: input, cache reads and cache writes stand beside each other; only the split by lifetime and thinking lie inside. */
export const anthropicOverlap: OverlapMap = {
  id: 'anthropic.messages',
  sides: [
    {
      whole: 'input_tokens',
      rest: 'input_text',
      inside: [],
      beside: [
        { component: 'cache_read', paths: ['cache_read_input_tokens'] },
        { component: 'web_search', paths: ['server_tool_use.web_search_requests'] },
      ],
    },
    {
      whole: 'cache_creation_input_tokens',
      rest: 'cache_write',
      inside: [
        { component: 'cache_write_5m', paths: ['cache_creation.ephemeral_5m_input_tokens'] },
        { component: 'cache_write_1h', paths: ['cache_creation.ephemeral_1h_input_tokens'] },
      ],
      beside: [],
    },
    { whole: 'output_tokens', rest: 'output_text', inside: [{ component: 'output_reasoning', paths: ['output_tokens_details.thinking_tokens'] }], beside: [] },
  ],
  total: '',
  ignored: [
    // Fetches cost the tokens that they bring, nothing else.
    'server_tool_use.web_fetch_requests',
    'service_tier', 'speed', 'inference_geo', 'iterations', 'fallback_credit.*', 'type', 'model',
  ],
}
