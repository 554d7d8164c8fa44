import { isObject, readCounters, type CountersRead, type OverlapMap } from './overlap.ts'
import type { JsonObject } from './request-body.ts'

/**
 * Google's usage object as disjoint counters. The prompt holds what came from a cache; thoughts stand beside the
 * candidates, and what tools fetched beside the prompt; `totalTokenCount` is the sum of the four (types of
 * @google/genai 2.32). Details come as lists by modality and are made into groups first: those of the cache lie inside
 * those of the prompt, so each modality is taken out of its own.
 */
const promptSide: OverlapMap['sides'][number] = {
  whole: 'promptTokenCount',
  rest: 'input_text',
  inside: [
    { component: 'cache_read', paths: ['cached.text'] },
    { component: 'cache_read_audio', paths: ['cached.audio'] },
    { component: 'cache_read_image', paths: ['cached.image'] },
    { component: 'input_audio', paths: ['fresh.audio'] },
    { component: 'input_image', paths: ['fresh.image'] },
    { component: 'input_video', paths: ['fresh.video'] },
  ],
  beside: [{ component: 'input_text', paths: ['toolUsePromptTokenCount'] }],
}
const answerParts = [
  { component: 'output_audio', paths: ['candidatesTokensDetails.AUDIO'] },
  { component: 'output_image', paths: ['candidatesTokensDetails.IMAGE'] },
] as const
const thoughts = [{ component: 'output_reasoning', paths: ['thoughtsTokenCount'] }] as const

const modalities = ['MODALITY_UNSPECIFIED', 'TEXT', 'IMAGE', 'AUDIO', 'VIDEO', 'DOCUMENT'] as const
const detailNames = ['promptTokensDetails', 'promptTokenDetails', 'cacheTokensDetails', 'candidatesTokensDetails', 'toolUsePromptTokensDetails'] as const
const ignored = [
  'cachedContentTokenCount', 'initialPromptTokenCount', 'trafficType', 'serviceTier',
  ...detailNames.flatMap((name) => modalities.map((modality) => `${name}.${modality}`)),
]

const contentOverlap: OverlapMap = {
  id: 'gemini.content',
  sides: [promptSide, { whole: 'candidatesTokenCount', rest: 'output_text', inside: answerParts, beside: thoughts }],
  total: 'totalTokenCount',
  ignored,
}
/** Some older models, and Vertex AI for a while, counted thoughts among the candidates; their total tells. */
const inclusiveOverlap: OverlapMap = {
  id: 'gemini.content.inclusive',
  sides: [promptSide, { whole: 'candidatesTokenCount', rest: 'output_text', inside: [...answerParts, ...thoughts], beside: [] }],
  total: 'totalTokenCount',
  ignored,
}
const embeddingOverlap: OverlapMap = {
  id: 'gemini.embeddings',
  sides: [{ ...promptSide, rest: 'embedding', beside: [] }],
  total: '',
  ignored: [...ignored, 'totalTokenCount'],
}

/** Reads `usageMetadata`. `isBlocked`: the prompt was refused, so that nothing was generated. */
export function readGeminiCounters(endpointName: string, object: JsonObject, isBlocked: boolean): CountersRead {
  const grouped = withGroups(object)
  if (endpointName === 'embeddings') return readCounters(embeddingOverlap, grouped)
  const prompt = wholeIn(object, 'promptTokenCount')
  const tool = wholeIn(object, 'toolUsePromptTokenCount')
  const thought = wholeIn(object, 'thoughtsTokenCount')
  const total = object['totalTokenCount']
  const candidates = object['candidatesTokenCount'] ?? null
  if (candidates === null) {
    // A counter of zero is left out of Google's JSON; the total tells it from one that is not known.
    const left = typeof total === 'number' ? total - prompt - tool - thought : -1
    if (isBlocked || left >= 0) return readCounters(contentOverlap, { ...grouped, candidatesTokenCount: Math.max(0, left) })
    return readCounters(contentOverlap, grouped)
  }
  const isInclusive = thought > 0 && typeof total === 'number' && prompt + tool + wholeIn(object, 'candidatesTokenCount') === total
  return readCounters(isInclusive ? inclusiveOverlap : contentOverlap, grouped)
}

function wholeIn(object: JsonObject, name: string): number {
  const value = object[name]
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
}

type Counts = Readonly<Record<string, number>>

/** The object with its detail lists as groups, and with the prompt's cached and fresh tokens by modality. */
function withGroups(object: JsonObject): JsonObject {
  const grouped: Record<string, unknown> = { ...object }
  for (const name of detailNames) if (Array.isArray(object[name])) grouped[name] = groupOf(object[name])
  const cachedTotal = object['cachedContentTokenCount'] ?? null
  const prompt = (grouped['promptTokensDetails'] ?? grouped['promptTokenDetails'] ?? {}) as Counts
  if (cachedTotal !== null && !isCount(cachedTotal)) grouped['cached'] = { text: cachedTotal }
  const cached = cachedByModality(isCount(cachedTotal) ? cachedTotal : 0, wholeIn(object, 'promptTokenCount'), prompt, (grouped['cacheTokensDetails'] ?? {}) as Counts)
  if (isCount(cachedTotal)) grouped['cached'] = { text: cachedTotal - (cached['AUDIO'] ?? 0) - (cached['IMAGE'] ?? 0), audio: cached['AUDIO'], image: cached['IMAGE'] }
  const fresh: Record<string, number> = {}
  for (const modality of ['AUDIO', 'IMAGE', 'VIDEO']) {
    const count = prompt[modality]
    if (isCount(count)) fresh[modality.toLowerCase()] = Math.max(0, count - (cached[modality] ?? 0))
  }
  grouped['fresh'] = fresh
  return grouped
}

/**
 * How much of each modality came from the cache: as stated, and for what is not stated text first, because leaving the
 * dearer modalities uncached can only make the price higher than it was.
 */
function cachedByModality(total: number, promptTotal: number, prompt: Counts, stated: Counts): Record<string, number> {
  const cached: Record<string, number> = {}
  let left = total
  const media = ['AUDIO', 'IMAGE', 'VIDEO']
  let mediaTotal = 0
  for (const modality of media) {
    const count = isCount(prompt[modality]) ? prompt[modality] : 0
    const known = isCount(stated[modality]) ? Math.min(stated[modality], left) : 0
    if (known > 0) cached[modality] = known
    left -= known
    mediaTotal += Math.max(0, count - known)
  }
  let excess = left - Math.max(0, promptTotal - (total - left) - mediaTotal)
  for (const modality of media) {
    if (excess <= 0) break
    const room = Math.min(excess, Math.max(0, (isCount(prompt[modality]) ? prompt[modality] : 0) - (cached[modality] ?? 0)))
    if (room > 0) cached[modality] = (cached[modality] ?? 0) + room
    excess -= room
  }
  return cached
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/** `[{ modality: "TEXT", tokenCount: 9 }]` → `{ TEXT: 9 }`; a modality given twice counts once each. */
function groupOf(details: readonly unknown[]): JsonObject {
  const group: Record<string, unknown> = {}
  for (const detail of details) {
    if (!isObject(detail)) continue
    const modality = typeof detail['modality'] === 'string' ? detail['modality'] : 'MODALITY_UNSPECIFIED'
    // Zero counts are left out of Google's JSON.
    const count = detail['tokenCount'] ?? 0
    const before = group[modality]
    group[modality] = isCount(before) && isCount(count) ? before + count : count
  }
  return group
}

