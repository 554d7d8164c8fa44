/** Models the company buys: how each is asked for, how it is named in the answer, and how fast it speaks. */
export interface DemoModel {
  /** Name of the provider's route, as configured at a gateway. */
  readonly provider: 'openai' | 'anthropic' | 'gemini'
  /** Provider as the price book names it. */
  readonly priceAs: 'openai' | 'anthropic' | 'google'
  readonly requested: string
  readonly served: string
  /** Median wait for the first token, and per further token, milliseconds. */
  readonly firstTokenMs: number
  readonly tokenMs: number
  /** Thinks before it speaks: part of its output is reasoning. */
  readonly reasons: boolean
}

const openai = (requested: string, served: string, firstTokenMs: number, tokenMs: number, reasons = false): DemoModel =>
  ({ provider: 'openai', priceAs: 'openai', requested, served, firstTokenMs, tokenMs, reasons })
const anthropic = (requested: string, served: string, firstTokenMs: number, tokenMs: number): DemoModel =>
  ({ provider: 'anthropic', priceAs: 'anthropic', requested, served, firstTokenMs, tokenMs, reasons: false })
const google = (requested: string, firstTokenMs: number, tokenMs: number, reasons: boolean): DemoModel =>
  ({ provider: 'gemini', priceAs: 'google', requested, served: requested, firstTokenMs, tokenMs, reasons })

export const demoModels = {
  'gpt-5.1': openai('gpt-5.1', 'gpt-5.1-2025-11-13', 900, 11, true),
  'gpt-5-mini': openai('gpt-5-mini', 'gpt-5-mini-2025-08-07', 520, 7, true),
  'gpt-5-nano': openai('gpt-5-nano', 'gpt-5-nano-2025-08-07', 340, 5, true),
  'gpt-4o': openai('gpt-4o', 'gpt-4o-2024-08-06', 430, 12),
  embedding: openai('text-embedding-3-large', 'text-embedding-3-large', 140, 0),
  sonnet: anthropic('claude-sonnet-4-5', 'claude-sonnet-4-5-20250929', 780, 14),
  haiku: anthropic('claude-haiku-4-5', 'claude-haiku-4-5-20251001', 380, 7),
  opus: anthropic('claude-opus-4-5', 'claude-opus-4-5-20251101', 1_150, 19),
  flash: google('gemini-2.5-flash', 410, 5, true),
  pro: google('gemini-2.5-pro', 1_300, 9, true),
  'flash-lite': google('gemini-2.5-flash-lite', 260, 4, false),
  /** A preview nobody has published a price for. */
  preview: google('gemini-3-experimental-1104', 950, 8, true),
} as const satisfies Readonly<Record<string, DemoModel>>
export type DemoModelName = keyof typeof demoModels

const speeds = new Map<string, DemoModel>(Object.values(demoModels).map((model) => [model.requested, model]))
/** How long the simulated provider takes with an answer, as the history has it; `luck` ∈ [0, 1) is where in its spread a call falls. */
export function paceOf(model: string, outputTokens: number, stream: boolean, luck: number): { readonly latencyMs: number; readonly chunkDelayMs: number } {
  const { firstTokenMs, tokenMs } = speeds.get(model) ?? demoModels['gpt-5-mini']
  const firstMs = firstTokenMs * (0.6 + luck * luck * 1.4)
  return { latencyMs: Math.round(firstMs + (stream ? 0 : outputTokens * tokenMs)), chunkDelayMs: tokenMs }
}
