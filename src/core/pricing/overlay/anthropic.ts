import type { DatedAlias, OverlayStep } from './apply-overlay.ts'

const every = {
  input_text: 'input_text', output_text: 'output_text', cache_read: 'cache_read', cache_write: 'cache_write', cache_write_1h: 'cache_write_1h',
} as const

const batched = [
  'claude-3-haiku', 'claude-3-5-haiku-latest', 'claude-3-5-sonnet', 'claude-3-7-sonnet-latest', 'claude-3-opus-latest', 'claude-sonnet-4-0', 'claude-sonnet-4-5',
  'claude-sonnet-4-6', 'claude-sonnet-5', 'claude-opus-4-0', 'claude-opus-4-1', 'claude-opus-4-5', 'claude-opus-4-6', 'claude-opus-4-7', 'claude-opus-4-8', 'claude-opus-5',
  'claude-haiku-4-5', 'claude-fable-5', 'claude-fable-5-1', 'claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5',
] as const

/** Models that take `inference_geo`: Opus 4.6, Sonnet 4.6 and what came after. */
const withGeo = ['claude-opus-4-6', 'claude-opus-4-7', 'claude-opus-4-8', 'claude-opus-5', 'claude-opus-5-5', 'claude-sonnet-4-6', 'claude-sonnet-5', 'claude-sonnet-5-5', 'claude-haiku-5-5', 'claude-fable-5', 'claude-fable-5-1'] as const

/** Prompts above this many tokens, cache reads and writes included, cost more on Haiku 5.5, output included. */
const longHaiku = { context: { from: { tokens: 100_000, comparator: 'gt' }, scope: 'cliff' } } as const

export const anthropicSteps: readonly OverlayStep[] = [
  {
    kind: 'stated', provider: 'anthropic', models: ['claude-sonnet-5-5'], prices: { input_text: '2', output_text: '10', cache_write: '2.5', cache_write_1h: '4', web_search: '10' },
    source: 'Anthropic model page "Claude Sonnet 5.5", 2026-09-28',
  },
  { kind: 'stated', provider: 'anthropic', models: ['claude-sonnet-5-5'], to: '2026-10-07T00:00:00Z', prices: { cache_read: '0.2' }, source: 'Anthropic model page "Claude Sonnet 5.5", 2026-09-28' },
  {
    kind: 'stated', provider: 'anthropic', models: ['claude-sonnet-5-5'], from: '2026-10-07T00:00:00Z', prices: { cache_read: '0.1' },
    source: 'Anthropic model page "Claude Haiku 5.5", 2026-10-07: cache reads of Sonnet 5.5 cost 5 % of input',
  },
  {
    kind: 'stated', provider: 'anthropic', models: ['claude-haiku-5-5'], prices: { input_text: '0.1', output_text: '0.5', cache_read: '0.01', cache_write: '0.125', cache_write_1h: '0.2', web_search: '10' },
    source: 'Anthropic model page "Claude Haiku 5.5", 2026-10-07: prompts up to 100,000 tokens',
  },
  {
    kind: 'stated', provider: 'anthropic', models: ['claude-haiku-5-5'], conditions: longHaiku, prices: { input_text: '0.5', output_text: '2.5', cache_read: '0.05', cache_write: '0.625', cache_write_1h: '1' },
    source: 'Anthropic model page "Claude Haiku 5.5", 2026-10-07: prompts over 100,000 tokens',
  },
  // The 1M-token beta ended on this day and longer prompts are refused since, so there is nothing left that the old tier could price.
  {
    kind: 'stated', provider: 'anthropic', models: ['claude-sonnet-4-5'], from: '2026-04-30T00:00:00Z',
    prices: { input_text: '3', output_text: '15', cache_read: '0.3', cache_write: '3.75', cache_write_1h: '6' },
    source: 'genai-prices 0.1.8 comment: 1M context beta retired 2026-04-30',
  },
  {
    kind: 'multiple', provider: 'anthropic', models: batched, components: every, factor: '0.5', mode: 'batch',
    source: 'Anthropic pricing page: batches cost half on every token price, cache multipliers included; Portkey 2026-08-21 for input and output',
  },
  {
    kind: 'multiple', provider: 'anthropic', models: ['claude-opus-4-6', 'claude-opus-4-7'], components: every, factor: '6', mode: 'fast',
    source: 'Anthropic fast mode, as in LiteLLM 2026-08-01 and Portkey 2026-08-21 (30/150)',
  },
  {
    kind: 'multiple', provider: 'anthropic', models: ['claude-opus-4-8', 'claude-opus-5'], components: every, factor: '2', mode: 'fast',
    source: 'Anthropic fast mode, as in LiteLLM 2026-08-01 and Langfuse 2026-08-20 (10/50)',
  },
  {
    kind: 'multiple', provider: 'anthropic', models: ['claude-opus-5-5'], components: every, factor: '2', mode: 'fast',
    source: 'Anthropic fast mode (8/40), as Apidog cites the pricing page, 2026-09-29',
  },
  {
    kind: 'multiple', provider: 'anthropic', models: withGeo, components: every, factor: '1.1', geo: 'us',
    source: 'Anthropic data residency: inference_geo "us" costs 1.1× on every token price; LiteLLM 2026-08-01, Langfuse audit',
  },
]

export const anthropicAliases: readonly DatedAlias[] = [
  { provider: 'anthropic', names: ['claude-3-5-sonnet-latest'], model: 'claude-3-5-sonnet' },
]
