/**
 * What a call used, as disjoint counters: no counter contains another, so they may be added and priced one by
 * one. A component left out is *absent* (the provider did not say), which is not zero.
 */
export const usageComponents = [
  'input_text', 'input_audio', 'input_image', 'input_video',
  'cache_read', 'cache_read_audio', 'cache_read_image',
  'cache_write', 'cache_write_5m', 'cache_write_1h',
  'output_text', 'output_reasoning', 'output_audio', 'output_image',
  'embedding',
  'request', 'web_search', 'file_search', 'maps_query', 'code_session', 'rerank_search',
  'image', 'pixel', 'character', 'page', 'audio_second', 'video_second', 'citation', 'cache_storage_hour',
] as const
export type UsageComponent = (typeof usageComponents)[number]

/** Whole quantities, signed (adjustments carry deltas); at most 2^53 − 1. */
export type Usage = Readonly<Partial<Record<UsageComponent, number>>>

export type UsageUnit = 'token' | 'request' | 'search' | 'query' | 'session' | 'image' | 'pixel' | 'character' | 'page' | 'second' | 'citation' | 'token_hour'

export const inputComponents: readonly UsageComponent[] = [
  'input_text', 'input_audio', 'input_image', 'input_video',
  'cache_read', 'cache_read_audio', 'cache_read_image', 'cache_write', 'cache_write_5m', 'cache_write_1h', 'embedding',
]
export const outputComponents: readonly UsageComponent[] = ['output_text', 'output_reasoning', 'output_audio', 'output_image']

const tokenComponents: ReadonlySet<UsageComponent> = new Set([...inputComponents, ...outputComponents])

export function unitOf(component: UsageComponent): UsageUnit {
  if (tokenComponents.has(component)) return 'token'
  switch (component) {
    case 'request': return 'request'
    case 'web_search': case 'file_search': case 'rerank_search': return 'search'
    case 'maps_query': return 'query'
    case 'code_session': return 'session'
    case 'image': return 'image'
    case 'pixel': return 'pixel'
    case 'character': return 'character'
    case 'page': return 'page'
    case 'audio_second': case 'video_second': return 'second'
    case 'citation': return 'citation'
    case 'cache_storage_hour': return 'token_hour'
    default: return 'token'
  }
}

/** Sum of the counters that are present. */
export function sumOf(usage: Usage, components: readonly UsageComponent[]): number {
  let sum = 0
  for (const component of components) sum += usage[component] ?? 0
  return sum
}
/** All input-side tokens, cached ones included: what context tiers are selected by. */
export const inputTokens = (usage: Usage): number => sumOf(usage, inputComponents)
export const outputTokens = (usage: Usage): number => sumOf(usage, outputComponents)
