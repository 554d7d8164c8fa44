import type { DatedAlias, OverlayStep } from './apply-overlay.ts'

const tokens = { input_text: 'input_text', output_text: 'output_text', input_audio: 'input_audio' } as const
const cachedTokens = { ...tokens, cache_read: 'cache_read', cache_read_audio: 'cache_read_audio' } as const
const gemini3Flash = ['gemini-3.5-flash', 'gemini-3.5-flash-lite', 'gemini-3.6-flash', 'gemini-3.7-flash', 'gemini-3.8-flash'] as const

/** Models with one input price for every modality; Google's price page gives the others a price of their own for sound. */
const soundAsText = ['gemini-2.5-pro', 'gemini-3-pro-preview', 'gemini-3.1-pro-preview', ...gemini3Flash] as const
const gemini4 = ['gemini-4-argon', 'gemini-4-carbon'] as const
const gemini4Source = 'Launch prices until 2026-11-30 and the prices after it: LiteLLM discussion 46238, TokenMeter 0.13.1, blockrun-mcp 0.54.6 (Argon); docs.laozhang.ai and apidog.com 2026-11-11 (Carbon, same prices)'
const gemini4Turn = '2026-12-01T00:00:00Z'

const vertexClaudeWithRegions = [
  'claude-sonnet-4-5', 'claude-sonnet-4-6', 'claude-opus-4-6', 'claude-opus-4-7', 'claude-opus-4-8', 'claude-opus-5', 'claude-opus-5-5', 'claude-fable-5', 'claude-fable-5-1',
] as const

export const googleSteps: readonly OverlayStep[] = [
  // The introductory price was found between 12 and 14 August; the feed shows it from the start and knows only its end.
  {
    kind: 'stated', provider: 'google', models: ['gemini-3.6-flash'], to: '2026-08-12T00:00:00Z', prices: { input_text: '1.5', cache_read: '0.15', output_text: '7.5' },
    source: 'LiteLLM 2026-08-01, llm-prices 2026-08-05, Langfuse until 2026-08-14: launch price before the introductory one',
  },
  {
    kind: 'multiple', provider: 'google', factor: '1', models: soundAsText, components: { input_text: 'input_audio', cache_read: 'cache_read_audio' },
    source: 'genai-prices 0.1.8: "input rate is unified across text/image/video/audio" or no rate for audio; LiteLLM 2026-08-01 has none for the Pro models (its 3.5-flash row repeats 3-flash)',
  },
  {
    kind: 'multiple', provider: 'google', factor: '1', models: ['gemini-2.5-flash-tts', 'gemini-2.5-pro-tts', 'gemini-2.5-flash-lite-preview-tts'], components: { output_text: 'output_audio' },
    source: 'Cloud Text-to-Speech price page, Gemini-TTS, in genai-prices 0.1.8: the output these models have is sound',
  },
  { kind: 'stated', provider: 'google', models: gemini4, to: gemini4Turn, prices: { input_text: '2', cache_read: '0.1', output_text: '10' }, source: gemini4Source },
  { kind: 'stated', provider: 'google', models: gemini4, from: gemini4Turn, prices: { input_text: '4', cache_read: '0.2', output_text: '20' }, source: gemini4Source },
  {
    kind: 'multiple', provider: 'google', factor: '0.5', mode: 'batch', components: tokens,
    models: [
      'gemini-2.5-pro', 'gemini-2.5-flash', 'gemini-2.5-flash-lite', 'gemini-2.0-flash', 'gemini-2.0-flash-lite', 'gemini-3-pro-preview', 'gemini-3.1-pro-preview',
      'gemini-3-flash-preview', 'gemini-3.1-flash-lite', 'gemini-embedding-001', 'gemini-4-argon', ...gemini3Flash,
    ],
    source: 'Gemini API pricing page: batch costs half; Portkey 2026-08-21, LiteLLM 2026-08-01, TokenMeter 0.13.1 (Argon)',
  },
  {
    kind: 'multiple', provider: 'google', factor: '0.5', mode: 'flex', components: cachedTokens, models: ['gemini-3.1-flash-lite', 'gemini-3.5-flash-lite', 'gemini-3.6-flash'],
    source: 'Gemini API pricing page: flex costs half; LiteLLM 2026-08-01, genai-prices 0.1.8 comments',
  },
  {
    kind: 'multiple', provider: 'google', factor: '0.5', mode: 'flex', components: tokens, models: ['gemini-3.5-flash', 'gemini-3.7-flash', 'gemini-3.8-flash'],
    source: 'genai-prices 0.1.8 comments: flex costs half on input and output',
  },
  {
    kind: 'multiple', provider: 'google', factor: '1.8', mode: 'priority', components: cachedTokens,
    models: ['gemini-3-pro-preview', 'gemini-3.1-pro-preview', 'gemini-3-flash-preview', 'gemini-3.1-flash-lite', ...gemini3Flash],
    source: 'Gemini API pricing page: priority costs 1.8×; LiteLLM 2026-08-01, genai-prices 0.1.8 comments',
  },
  // Grounding beyond the free allowance, which a stateless calculator does not see: a later adjustment takes it off.
  {
    kind: 'stated', provider: 'google', models: ['gemini-2.0-flash', 'gemini-2.5-flash', 'gemini-2.5-flash-lite', 'gemini-2.5-pro'], prices: { web_search: '35' },
    source: 'Gemini API pricing page: 35 USD per 1,000 grounded prompts; LiteLLM 2026-08-01, Portkey 2026-08-21',
  },
  {
    kind: 'stated', provider: 'google', models: ['gemini-3-pro-preview', 'gemini-3.1-pro-preview', 'gemini-3-flash-preview', 'gemini-3.1-flash-lite', 'gemini-4-argon', ...gemini3Flash], prices: { web_search: '14' },
    source: 'Gemini API pricing page: 14 USD per 1,000 search queries; LiteLLM 2026-08-01, Portkey and Langfuse 2026-08-21, TokenMeter 0.13.1 (Argon)',
  },
  {
    kind: 'stated', provider: 'google', models: ['claude-sonnet-4-5'], from: '2026-04-30T00:00:00Z', prices: { input_text: '3', output_text: '15', cache_read: '0.3', cache_write: '3.75' },
    source: 'genai-prices 0.1.8 comment: 1M context beta retired 2026-04-30',
  },
  // Vertex sells the same models at the same prices in its global region; the feed has one list for both.
  { kind: 'same', provider: 'google-vertex', as: 'google', source: 'genai-prices 0.1.8: one list for Gemini API and Vertex AI' },
  {
    kind: 'multiple', provider: 'google-vertex', models: vertexClaudeWithRegions, factor: '2', components: { input_text: 'cache_write_1h' },
    source: 'One-hour cache writes cost 2× input; LiteLLM 2026-08-01 vertex_ai rows',
  },
  {
    kind: 'multiple', provider: 'google-vertex', models: vertexClaudeWithRegions, factor: '1.1', geo: 'us,eu,apac',
    components: { input_text: 'input_text', output_text: 'output_text', cache_read: 'cache_read', cache_write: 'cache_write', cache_write_1h: 'cache_write_1h' },
    source: 'genai-prices 0.1.8 comments: multi-region and regional endpoints carry a 10 % premium',
  },
]

export const googleAliases: readonly DatedAlias[] = (['google', 'google-vertex'] as const).flatMap((provider) => [
  { provider, names: ['gemini-2.0-flash-001'], model: 'gemini-2.0-flash' },
  { provider, names: ['gemini-2.0-flash-lite-001'], model: 'gemini-2.0-flash-lite' },
  { provider, names: ['gemini-2.5-flash-lite-preview-06-17', 'gemini-2.5-flash-lite-preview-09-2025'], model: 'gemini-2.5-flash-lite' },
  { provider, names: ['gemini-2.5-pro-preview-05-06', 'gemini-2.5-pro-preview-06-05'], model: 'gemini-2.5-pro' },
  { provider, names: ['gemini-3.1-pro-preview-customtools'], model: 'gemini-3.1-pro-preview' },
])
