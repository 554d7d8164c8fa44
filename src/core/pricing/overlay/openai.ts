import type { DatedAlias, Multiple, OverlayStep } from './apply-overlay.ts'

/**
 * OpenAI's service modes, which the feed lacks. LiteLLM (2026-08-01), Portkey (2026-08-21) and Langfuse (2026-08-21)
 * carry them; a figure is taken where at least two of the three have it. Where it is a whole multiple of standard it is
 * written as one, so that a price move is followed: the multiples held through the cut of 2026-07-30.
 */
const three = 'OpenAI pricing page, as in LiteLLM 2026-08-01, Portkey and Langfuse 2026-08-21'
const two = 'OpenAI pricing page, as in LiteLLM 2026-08-01 and Portkey 2026-08-21'

const tokens = { input_text: 'input_text', output_text: 'output_text' } as const
const cachedTokens = { ...tokens, cache_read: 'cache_read', cache_write: 'cache_write' } as const

const gpt56 = ['gpt-5.6-luna', 'gpt-5.6-terra', 'gpt-5.6-sol'] as const
/** Cached input is discounted in batch and flex too. */
const halfCached = ['gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'gpt-5.1', 'gpt-5.2', 'gpt-5.4-mini', 'gpt-5.4-nano', 'gpt-5.5', ...gpt56] as const
/** Batch states no cached price: those tokens are priced as batch input, which is an upper bound. */
const batchOnly = [
  'gpt-4.1', 'gpt-4.1-mini', 'gpt-4.1-nano', 'gpt-4o', 'gpt-4o-2024-05-13', 'gpt-4o-mini', 'gpt-5-pro', 'gpt-5.2-pro',
  'o1', 'o1-pro', 'o3', 'o3-mini', 'o3-pro', 'o4-mini', 'o3-deep-research', 'o4-mini-deep-research',
  'text-embedding-3-small', 'text-embedding-3-large',
] as const

const multiple = (mode: 'batch' | 'flex' | 'priority', factor: string, models: readonly string[], components: Multiple['components'], source: string, firstTierOnly = false): Multiple =>
  ({ kind: 'multiple', provider: 'openai', models, components, factor, mode, source, ...(firstTierOnly ? { firstTierOnly } : {}) })

export const openaiSteps: readonly OverlayStep[] = [
  // o3's cut also cut cached input, from 2.50; the feed shows the new figure before the cut.
  { kind: 'stated', provider: 'openai', models: ['o3'], to: '2025-06-10T00:00:00Z', prices: { cache_read: '2.50' }, source: 'Langfuse 2025-06-10: o3 cached input was 2.50 before the cut' },

  multiple('batch', '0.5', halfCached, cachedTokens, two),
  multiple('batch', '0.5', [...batchOnly, 'gpt-5.4-pro'], tokens, two),
  multiple('batch', '0.5', ['gpt-5.5-pro'], tokens, two, true),
  multiple('flex', '0.5', halfCached, cachedTokens, three),
  multiple('flex', '0.5', ['o3'], { ...tokens, cache_read: 'cache_read' }, three),
  multiple('flex', '0.5', ['gpt-5.4-pro'], tokens, three),
  multiple('flex', '0.5', ['gpt-5.5-pro'], tokens, two, true),
  // The page rounds these two cached prices up, and three catalogues carry the rounded figure.
  multiple('batch', '0.5', ['gpt-5.4'], tokens, two),
  multiple('flex', '0.5', ['gpt-5.4'], tokens, three),
  multiple('flex', '0.5', ['o4-mini'], tokens, three),
  ...(['batch', 'flex'] as const).map((mode): OverlayStep => ({
    kind: 'stated', provider: 'openai', models: ['gpt-5.4'], conditions: { mode, context: { to: { tokens: 271_999, comparator: 'lte' }, scope: 'cliff' } }, prices: { cache_read: '0.13' }, source: three,
  })),
  ...(['batch', 'flex'] as const).map((mode): OverlayStep => ({
    kind: 'stated', provider: 'openai', models: ['gpt-5.4'], conditions: { mode, context: { from: { tokens: 271_999, comparator: 'gt' }, scope: 'cliff' } }, prices: { cache_read: '0.25' }, source: two,
  })),
  { kind: 'stated', provider: 'openai', models: ['o4-mini'], conditions: { mode: 'flex' }, prices: { cache_read: '0.138' }, source: 'OpenAI pricing page, as in Portkey and Langfuse 2026-08-21' },

  multiple('priority', '2', ['gpt-4.1-nano', 'gpt-5', 'gpt-5.1', 'gpt-5.2', 'gpt-5.3-codex', 'gpt-5.4-mini'], cachedTokens, three),
  multiple('priority', '2', ['gpt-5.4', ...gpt56], cachedTokens, three, true),
  multiple('priority', '2.5', ['gpt-5.5'], cachedTokens, 'Portkey 2026-08-21, models.dev, Langfuse audit; LiteLLM shows 2× and is wrong', true),
  multiple('priority', '1.8', ['gpt-5-mini', 'gpt-5.1-codex-mini'], cachedTokens, three),
  multiple('priority', '1.75', ['gpt-4.1', 'gpt-4.1-mini', 'gpt-4o-2024-05-13', 'o3'], cachedTokens, three),
  multiple('priority', '1.7', ['gpt-4o'], cachedTokens, three),
  { kind: 'stated', provider: 'openai', models: ['gpt-4o-mini'], conditions: { mode: 'priority' }, prices: { input_text: '0.25', cache_read: '0.125', output_text: '1' }, source: three },
  { kind: 'stated', provider: 'openai', models: ['o4-mini'], conditions: { mode: 'priority' }, prices: { input_text: '2', cache_read: '0.5', output_text: '8' }, source: three },

  // Data residency: 10 % on every token of these models, in every mode.
  {
    kind: 'multiple', provider: 'openai', geo: 'us,eu,au,ca,jp,in,sg,kr,gb,ae', factor: '1.1', components: cachedTokens,
    models: ['gpt-5.4', 'gpt-5.4-mini', 'gpt-5.4-nano', 'gpt-5.4-pro', 'gpt-5.5', 'gpt-5.5-pro', ...gpt56],
    source: 'OpenAI regional processing uplift, as in LiteLLM 2026-08-01 (us, eu) and Portkey 2026-08-21',
  },

  // Fine-tuned models have rows of their own and never take the base model's.
  ...([
    ['ft:gpt-4.1', '3', '0.75', '12'], ['ft:gpt-4.1-mini', '0.8', '0.2', '3.2'], ['ft:gpt-4.1-nano', '0.2', '0.05', '0.8'], ['ft:o4-mini', '4', '1', '16'],
    ['ft:gpt-4o', '3.75', '1.875', '15'], ['ft:gpt-4o-mini', '0.3', '0.15', '1.2'],
  ] as const).map(([model, input, cached, output]): OverlayStep => ({
    kind: 'stated', provider: 'openai', models: [model], prices: { input_text: input, cache_read: cached, output_text: output }, source: 'OpenAI fine-tuning prices, LiteLLM 2026-08-01',
  })),
]

export const openaiAliases: readonly DatedAlias[] = [
  { provider: 'openai', names: ['^ft:gpt-3\\.5-turbo-(?:0125|0613|1106)$', 'ft:gpt-3.5-turbo'], model: 'ft:gpt-3.5-turbo-' },
  { provider: 'openai', names: ['ft:gpt-4o-2024-08-06', 'ft:gpt-4o-2024-11-20'], model: 'ft:gpt-4o' },
  { provider: 'openai', names: ['ft:gpt-4o-mini-2024-07-18'], model: 'ft:gpt-4o-mini' },
  { provider: 'openai', names: ['ft:gpt-4.1-2025-04-14'], model: 'ft:gpt-4.1' },
  { provider: 'openai', names: ['ft:gpt-4.1-mini-2025-04-14'], model: 'ft:gpt-4.1-mini' },
  { provider: 'openai', names: ['ft:gpt-4.1-nano-2025-04-14'], model: 'ft:gpt-4.1-nano' },
  { provider: 'openai', names: ['ft:o4-mini-2025-04-16'], model: 'ft:o4-mini' },
]
