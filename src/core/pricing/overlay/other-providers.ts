import type { DatedAlias, OverlayStep, Stated } from './apply-overlay.ts'

/** Azure's global standard deployments cost what OpenAI charges: these models agree to the last digit in LiteLLM 2026-08-01. */
const azureAsOpenai = [
  'gpt-3.5-turbo', 'gpt-3.5-turbo-16k', 'gpt-3.5-turbo-instruct', 'gpt-4', 'gpt-4-32k', 'gpt-4-turbo', 'gpt-4.1', 'gpt-4.1-mini', 'gpt-4.1-nano', 'gpt-4.5-preview',
  'gpt-4o', 'gpt-4o-2024-05-13', 'gpt-4o-mini', 'gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'gpt-5-pro', 'gpt-5.1', 'gpt-5.1-codex-mini', 'gpt-5.2', 'gpt-5.2-pro',
  'gpt-5.3', 'gpt-5.3-codex', 'gpt-5.4', 'gpt-5.4-mini', 'gpt-5.4-nano', 'gpt-5.4-pro', 'gpt-5.5', 'gpt-5.5-pro', 'gpt-audio', 'gpt-audio-mini', 'codex-mini', 'computer-use',
  'o3-pro', 'o3-deep-research', 'o4-mini',
] as const
/** Data zones with the same 10 % in LiteLLM 2026-08-01; where its zone rows are rounded (gpt-5.4's 0.28) the exact product is taken. */
const azureZoned = ['gpt-4o', 'gpt-4o-mini', 'gpt-4.1', 'gpt-4.1-mini', 'gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'gpt-5.1', 'gpt-5.1-codex-mini', 'gpt-5.4', 'gpt-5.5', 'o1', 'o3-2025-04-16', 'o3-mini'] as const

/** Claude on Bedrock with one-hour caches. */
const bedrockHourCaches = [
  'anthropic.claude-haiku-4-5-20251001-v1:0', 'anthropic.claude-opus-4-5-v1:0', 'anthropic.claude-opus-4-6-v1:0', 'anthropic.claude-opus-4-7-v1:0', 'anthropic.claude-opus-4-8-v1:0',
  'anthropic.claude-opus-5', 'anthropic.claude-fable-5-v1:0', 'anthropic.claude-sonnet-4-5-20250929-v1:0', 'anthropic.claude-sonnet-4-6-v1:0', 'anthropic.claude-sonnet-5-v1:0',
] as const

const bedrockGeo = (geo: string, model: string, input: string, output: string, extra: Stated['prices'] = {}): Stated =>
  ({ kind: 'stated', provider: 'bedrock', models: [model], conditions: { geo }, prices: { input_text: input, output_text: output, ...extra }, source: 'LiteLLM 2026-08-01, one source' })

/** Places where Bedrock charges other than its usual 10 % over global. */
const bedrockPlaces: readonly OverlayStep[] = [
  bedrockGeo('us-gov', 'anthropic.claude-sonnet-4-5-20250929-v1:0', '3.6', '18', { cache_read: '0.36', cache_write: '4.5', cache_write_1h: '7.2' }),
  bedrockGeo('us-gov', 'anthropic.claude-haiku-4-5-20251001-v1:0', '1.2', '6', { cache_read: '0.12', cache_write: '1.5', cache_write_1h: '2.4' }),
  bedrockGeo('us-gov', 'anthropic.claude-3-7-sonnet-20250219-v1:0', '3.6', '18', { cache_read: '0.36', cache_write: '4.5' }),
  bedrockGeo('us-gov', 'anthropic.claude-3-5-sonnet-20240620-v1:0', '3.6', '18', { cache_read: '0.36', cache_write: '4.5' }),
  bedrockGeo('us-gov', 'anthropic.claude-3-haiku-20240307-v1:0', '0.3', '1.5', { cache_read: '0.03', cache_write: '0.375' }),
  bedrockGeo('us-gov', 'amazon.nova-pro-v1:0', '0.96', '3.84'),
  bedrockGeo('eu', 'amazon.nova-lite-v1:0', '0.078', '0.312'),
  bedrockGeo('eu', 'amazon.nova-micro-v1:0', '0.046', '0.184'),
  bedrockGeo('eu', 'amazon.nova-pro-v1:0', '1.05', '4.2'),
  bedrockGeo('apac', 'amazon.nova-lite-v1:0', '0.063', '0.252'),
  bedrockGeo('apac', 'amazon.nova-micro-v1:0', '0.037', '0.148'),
  bedrockGeo('apac', 'amazon.nova-pro-v1:0', '0.84', '3.36'),
  bedrockGeo('eu', 'meta.llama3-2-1b-instruct-v1:0', '0.13', '0.13'),
  bedrockGeo('eu', 'meta.llama3-2-3b-instruct-v1:0', '0.19', '0.19'),
]

export const otherSteps: readonly OverlayStep[] = [
  { kind: 'same', provider: 'azure', as: 'openai', models: azureAsOpenai, source: 'Azure OpenAI global standard = OpenAI, LiteLLM 2026-08-01 azure rows' },
  {
    kind: 'multiple', provider: 'azure', models: azureZoned, factor: '1.1', geo: 'us,eu', components: { input_text: 'input_text', output_text: 'output_text', cache_read: 'cache_read' },
    source: 'Azure data zones cost 10 % more, LiteLLM 2026-08-01 azure/us and azure/eu rows',
  },
  {
    kind: 'multiple', provider: 'bedrock', models: bedrockHourCaches, factor: '2', components: { input_text: 'cache_write_1h' },
    source: 'One-hour cache writes cost 2× input, LiteLLM 2026-08-01 Bedrock rows',
  },
  ...bedrockPlaces,
  { kind: 'stated', provider: 'bedrock', models: ['amazon.titan-embed-text-v2:0'], prices: { input_text: '0.02' }, source: 'LiteLLM 2026-08-01; the feed has only -v1, at five times the price' },
  // The feed matches the safeguard model to the 120b row.
  {
    kind: 'stated', provider: 'groq', models: ['openai/gpt-oss-safeguard-20b'], prices: { input_text: '0.075', cache_read: '0.037', output_text: '0.3' },
    source: 'LiteLLM 2026-08-01, genai-prices 0.1.8 (openai list)',
  },
  // Groq bills at least ten seconds of audio per request.
  { kind: 'stated', provider: 'groq', models: ['whisper-large-v3'], conditions: { quantityMin: 10 }, prices: { audio_second: '0.111' }, source: 'Groq model page, genai-prices 0.1.8' },
  { kind: 'stated', provider: 'groq', models: ['whisper-large-v3-turbo'], conditions: { quantityMin: 10 }, prices: { audio_second: '0.04' }, source: 'Groq model page, genai-prices 0.1.8' },
  {
    kind: 'stated', provider: 'cohere', models: ['rerank-v3.5', 'rerank-english-v3.0', 'rerank-multilingual-v3.0'], prices: { rerank_search: '2' },
    source: 'Cohere pricing page: 2 USD per 1,000 searches; LiteLLM 2026-08-01, Portkey 2026-08-21',
  },
  {
    kind: 'stated', provider: 'cohere', models: ['embed-english-v3.0', 'embed-multilingual-v3.0', 'embed-english-light-v3.0'], prices: { input_text: '0.1' },
    source: 'Cohere pricing page, LiteLLM 2026-08-01',
  },
  // Large 2407 cost 3/9; the feed has the 2411 price for both.
  { kind: 'stated', provider: 'mistral', models: ['mistral-large-2407'], prices: { input_text: '3', output_text: '9' }, source: 'LiteLLM 2026-08-01' },
]

/** Names that moved. Each says from when, so that a call of last year keeps the model it had. */
export const otherAliases: readonly DatedAlias[] = [
  { provider: 'mistral', names: ['mistral-large-latest'], model: 'mistral-large', to: '2025-12-02T00:00:00Z' },
  { provider: 'mistral', names: ['mistral-large-latest'], model: 'mistral-large-2512', from: '2025-12-02T00:00:00Z' },
  { provider: 'mistral', names: ['mistral-medium-latest'], model: 'mistral-medium-3-1', to: '2026-06-16T00:00:00Z' },
  { provider: 'mistral', names: ['mistral-medium-latest'], model: 'mistral-medium-3-5', from: '2026-06-16T00:00:00Z' },
  { provider: 'mistral', names: ['mistral-medium-2604'], model: 'mistral-medium-3-5' },
  { provider: 'mistral', names: ['mistral-medium-3-1-2508'], model: 'mistral-medium-3-1' },
  { provider: 'mistral', names: ['mistral-small-latest'], model: 'mistral-small-2603', from: '2026-03-16T00:00:00Z' },
  { provider: 'mistral', names: ['ministral-8b-latest'], model: 'ministral-8b', to: '2025-12-02T00:00:00Z' },
  { provider: 'mistral', names: ['ministral-8b-latest'], model: 'ministral-8b-2512', from: '2025-12-02T00:00:00Z' },
  { provider: 'mistral', names: ['mistral-ocr-latest'], model: 'mistral-ocr-2503', to: '2025-05-22T00:00:00Z' },
  { provider: 'mistral', names: ['mistral-ocr-latest'], model: 'mistral-ocr-2505', from: '2025-05-22T00:00:00Z', to: '2025-12-18T00:00:00Z' },
  { provider: 'mistral', names: ['mistral-ocr-latest'], model: 'mistral-ocr-2512', from: '2025-12-18T00:00:00Z', to: '2026-06-23T00:00:00Z' },
  { provider: 'mistral', names: ['mistral-ocr-latest'], model: 'mistral-ocr-4-0', from: '2026-06-23T00:00:00Z' },
  { provider: 'mistral', names: ['magistral-medium-2506', 'magistral-medium-2509', 'magistral-medium-1-2-2509', 'magistral-medium-latest'], model: 'magistral-medium' },
  { provider: 'mistral', names: ['magistral-small-2506', 'magistral-small-2509', 'magistral-small-1-2-2509', 'magistral-small-latest'], model: 'magistral-small' },
]
