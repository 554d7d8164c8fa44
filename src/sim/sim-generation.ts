import { bareModel, type SimFaults } from './sim-faults.ts'
import { between, diceFor, tokensInBytes, tokensOf, type Dice } from './sim-text.ts'

export type JsonObject = Readonly<Record<string, unknown>>
export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
export const numberOr = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)

/** What the provider counted; the wire formats spell it their own way. */
export interface SimUsage {
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly cacheWriteTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
}

export interface SimChoice {
  readonly tokens: readonly string[]
  readonly toolCall: { readonly name: string; readonly arguments: string } | null
  readonly finish: 'stop' | 'length' | 'tool_calls'
}

/** Everything an answer is built from, decided before a byte is sent. */
export interface Generation {
  readonly dice: Dice
  readonly model: string
  readonly tier: string
  readonly choices: readonly SimChoice[]
  readonly usage: SimUsage
}

/** Names a provider answers with when asked for the undated one. */
const datedNames: Readonly<Record<string, string>> = {
  'gpt-4o': 'gpt-4o-2024-08-06', 'gpt-4o-mini': 'gpt-4o-mini-2024-07-18',
  'gpt-4.1': 'gpt-4.1-2025-04-14', 'gpt-4.1-mini': 'gpt-4.1-mini-2025-04-14', 'gpt-4.1-nano': 'gpt-4.1-nano-2025-04-14',
  'gpt-5': 'gpt-5-2025-08-07', 'gpt-5-mini': 'gpt-5-mini-2025-08-07', 'gpt-5-nano': 'gpt-5-nano-2025-08-07',
  o3: 'o3-2025-04-16', 'o4-mini': 'o4-mini-2025-04-16',
}
export const simModels: readonly string[] = [...Object.keys(datedNames), 'text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002', 'gpt-3.5-turbo-instruct']

export const servedName = (model: string): string => datedNames[bareModel(model)] ?? bareModel(model)
export const isReasoning = (model: string): boolean => /^(o\d|gpt-5)/.test(bareModel(model))
const writesCache = (model: string): boolean => /^gpt-(5\.[4-9]|[6-9])/.test(bareModel(model))

export interface GenerationInput {
  readonly seed: string
  readonly bodyText: string
  readonly request: JsonObject
  /** Everything the model reads. */
  readonly promptText: string
  readonly lastText: string
  /** Output cap per choice; Infinity when none was sent. */
  readonly cap: number
  readonly choices: number
  readonly toolNames: readonly string[]
  readonly faults: SimFaults
}

/** Decides an answer from the request alone, so that the same request and seed always get the same one. */
export function generate(input: GenerationInput): Generation {
  const { request, faults } = input
  const dice = diceFor(`${input.seed}\n${contentOf(input)}`)
  const model = String(request['model'])
  const inputTokens = Math.min(tokensInBytes(Buffer.byteLength(input.promptText)) + 7, Buffer.byteLength(input.bodyText))
  const cachedTokens = inputTokens >= 1_024 && dice() < 0.6 ? Math.floor((inputTokens * (0.3 + dice() * 0.6)) / 128) * 128 : 0
  const cacheWriteTokens = writesCache(model) && inputTokens >= 1_024 ? Math.max(0, inputTokens - cachedTokens - between(dice, 1, 8)) : 0
  const choices: SimChoice[] = []
  let reasoningTokens = 0
  let outputTokens = 0
  for (let i = 0; i < input.choices; i++) {
    const reasoning = isReasoning(model) ? Math.min(between(dice, 0, 3) * 64, input.cap) : 0
    const room = input.cap - reasoning
    const choice = wantsTool(input) ? toolChoice(dice, input.toolNames[0]!, room) : textChoice(dice, faults.get('output') ?? between(dice, 20, 120), room)
    choices.push(choice)
    reasoningTokens += reasoning
    outputTokens += reasoning + choice.tokens.length
  }
  const zero = faults.has('zero-usage')
  const usage = zero
    ? { inputTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 }
    : { inputTokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens }
  const asked = request['service_tier']
  const tier = asked === 'flex' || asked === 'priority' || asked === 'scale' ? asked : 'default'
  return { dice, model: servedName(model), tier, choices: padded(choices, faults), usage }
}

/** What decides an answer: not whether its usage is asked for as well, as with a real provider. */
function contentOf({ request, bodyText }: GenerationInput): string {
  return request['stream_options'] === undefined ? bodyText : JSON.stringify({ ...request, stream_options: undefined })
}

function wantsTool(input: GenerationInput): boolean {
  if (input.toolNames.length === 0) return false
  const choice = input.request['tool_choice']
  if (choice === 'none') return false
  return choice === 'required' || isObject(choice) || input.faults.has('tool') || /\buse (the|a|your) tool\b/i.test(input.lastText)
}

function textChoice(dice: Dice, wanted: number, room: number): SimChoice {
  return { tokens: tokensOf(dice, Math.max(0, Math.min(wanted, room))), toolCall: null, finish: wanted > room ? 'length' : 'stop' }
}

/** A call's arguments are cut by the cap like any other output. */
function toolChoice(dice: Dice, name: string, room: number): SimChoice {
  const text = JSON.stringify({ city: 'Zürich', days: between(dice, 1, 7), note: tokensOf(dice, 6).join('') })
  const pieces: string[] = []
  for (let i = 0; i < text.length; i += 4) pieces.push(text.slice(i, i + 4))
  const tokens = pieces.slice(0, Math.max(0, Math.min(pieces.length, room)))
  return { tokens, toolCall: { name, arguments: tokens.join('') }, finish: tokens.length < pieces.length ? 'length' : 'tool_calls' }
}

/** `huge`: one more piece of text per choice, which no token count covers. */
function padded(choices: readonly SimChoice[], faults: SimFaults): readonly SimChoice[] {
  if (!faults.has('huge')) return choices
  const padding = 'x'.repeat(faults.get('huge') ?? 1024 * 1024)
  return choices.map((choice) => ({ ...choice, tokens: [...choice.tokens, padding] }))
}

/** All text below a value: what a model would read of messages, input items and tools. */
export function textIn(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(textIn).join('\n')
  return isObject(value) ? Object.values(value).map(textIn).join('\n') : ''
}
