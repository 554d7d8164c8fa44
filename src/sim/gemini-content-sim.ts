import { mediaTokensOf, promptTextOf } from './gemini-prompt-sim.ts'
import type { SimAnswer } from './sim-answer.ts'
import { bareModel } from './sim-faults.ts'
import type { SimAsk } from './sim-format.ts'
import { generate, isObject, numberOr, type Generation, type JsonObject, type SimChoice, type SimUsage } from './sim-generation.ts'
import { between, diceFor, idFrom, tokensOf } from './sim-text.ts'

/** Tokens of visible text in one chunk of a stream: Google sends fewer and longer ones than others. */
const chunkTokens = 5

/** Content, whole or as chunks whose usage grows. */
export function answerContent(ask: SimAsk, isStream: boolean): SimAnswer {
  const { request, faults } = ask
  const model = bareModel(ask.model)
  if (faults.has('blocked')) return blocked(ask, model, isStream)
  const config = isObject(request['generationConfig']) ? request['generationConfig'] : {}
  const cap = numberOr(config['maxOutputTokens'], Infinity)
  const thought = thoughtsOf(ask, config, cap)
  const generation = generate({
    seed: `${ask.seed}\n${model}`, bodyText: ask.bodyText, request: { ...request, model, tool_choice: toolChoice(request['toolConfig']) }, faults, lastText: ask.lastText,
    promptText: promptTextOf(request), cap: cap - thought.length, choices: numberOr(config['candidateCount'], 1), toolNames: toolNames(request['tools']),
  })
  const { usage, counted } = usageOf(ask, generation, thought.length)
  const written: Written = {
    model, responseId: idFrom(generation.dice, ''), thought: includesThoughts(config) ? thought : [], generation,
    usage: faults.has('no-usage') ? null : usage, grounding: groundingOf(ask), isFinished: !faults.has('no-done'),
  }
  // Which tier served is told in a header alone (Gemini API, "Priority inference").
  const tier = faults.has('standard-tier') ? 'standard' : request['serviceTier']
  const base = { status: 200, headers: { 'x-gemini-service-tier': typeof tier === 'string' ? tier : 'standard' }, counted, reported: written.usage, model }
  if (!isStream) return { ...base, body: wholeOf(written), frames: null, repeatable: 0 }
  const chunks = chunksOf(written)
  return { ...base, body: null, ...framed(chunks, ask.query), repeatable: Math.min(1, chunks.length - 1) }
}

interface Written {
  readonly model: string
  readonly responseId: string
  /** Thoughts to be shown; they are counted whether or not they are. */
  readonly thought: readonly string[]
  readonly generation: Generation
  readonly usage: JsonObject | null
  readonly grounding: JsonObject | null
  readonly isFinished: boolean
}

/** Models since 2.5 think unless told not to; thoughts and answer share the cap. */
function thoughtsOf(ask: SimAsk, config: JsonObject, cap: number): readonly string[] {
  const thinking = isObject(config['thinkingConfig']) ? config['thinkingConfig'] : {}
  if (thinking['thinkingBudget'] === 0 || /^gemini-2\.(0|5-flash-lite)/.test(ask.model) || ask.faults.has('zero-usage')) return []
  const dice = diceFor(`${ask.seed}\nthoughts\n${ask.model}\n${ask.bodyText}`)
  return tokensOf(dice, Math.min(between(dice, 8, 60), Math.ceil(cap / 2)))
}

const includesThoughts = (config: JsonObject): boolean => isObject(config['thinkingConfig']) && config['thinkingConfig']['includeThoughts'] === true

function toolChoice(config: unknown): unknown {
  const calling = isObject(config) && isObject(config['functionCallingConfig']) ? config['functionCallingConfig']['mode'] : 'AUTO'
  return calling === 'ANY' ? 'required' : calling === 'NONE' ? 'none' : 'auto'
}

const toolNames = (tools: unknown): string[] => toolsIn(tools).flatMap((tool) => (Array.isArray(tool['functionDeclarations']) ? tool['functionDeclarations'].filter(isObject).map((each) => String(each['name'])) : []))
const toolsIn = (tools: unknown): readonly JsonObject[] => (Array.isArray(tools) ? tools.filter(isObject) : [])

/** What grounding found, when the search tool was given: two queries, or as many as a fault asks for. */
function groundingOf({ request, faults }: SimAsk): JsonObject | null {
  if (!toolsIn(request['tools']).some((tool) => isObject(tool['googleSearch']))) return null
  const queries = Array.from({ length: faults.get('search') ?? 2 }, (_, index) => `query ${index + 1}`)
  return { webSearchQueries: queries, groundingChunks: [{ web: { uri: 'https://search.example/1', title: 'Result' } }], groundingSupports: [] }
}

/** Google's counters: the prompt holds what was cached, thoughts stand beside the candidates, a zero is left out. */
function usageOf({ request, faults }: SimAsk, generation: Generation, thoughtTokens: number): { readonly usage: JsonObject; readonly counted: SimUsage } {
  if (faults.has('zero-usage')) return { usage: { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 }, counted: generation.usage }
  const { inputTokens: text, cachedTokens, outputTokens: visible } = generation.usage
  const media = mediaTokensOf(request)
  const prompt = text + media.IMAGE + media.AUDIO
  const details = (counts: Readonly<Record<string, number>>): readonly JsonObject[] => Object.entries(counts).filter(([, tokenCount]) => tokenCount > 0).map(([modality, tokenCount]) => ({ modality, tokenCount }))
  const usage = {
    promptTokenCount: prompt,
    ...(visible > 0 ? { candidatesTokenCount: visible } : {}),
    totalTokenCount: prompt + visible + thoughtTokens,
    ...(cachedTokens > 0 ? { cachedContentTokenCount: cachedTokens } : {}),
    promptTokensDetails: details({ TEXT: text, ...media }),
    ...(cachedTokens > 0 ? { cacheTokensDetails: details({ TEXT: cachedTokens }) } : {}),
    ...(thoughtTokens > 0 ? { thoughtsTokenCount: thoughtTokens } : {}),
  }
  return { usage, counted: { inputTokens: prompt, cachedTokens, cacheWriteTokens: 0, outputTokens: visible + thoughtTokens, reasoningTokens: thoughtTokens } }
}

function blocked({ query, bodyText }: SimAsk, model: string, isStream: boolean): SimAnswer {
  const inputTokens = Math.max(1, Math.floor(bodyText.length / 8))
  const usage = { promptTokenCount: inputTokens, totalTokenCount: inputTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: inputTokens }] }
  const body = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: usage, modelVersion: model, responseId: 'blocked' }
  const base = { status: 200, counted: { inputTokens, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 }, reported: usage, model, repeatable: 0 }
  return isStream ? { ...base, body: null, ...framed([body], query) } : { ...base, body, frames: null }
}

const finishOf = (choice: SimChoice): string => (choice.finish === 'length' ? 'MAX_TOKENS' : 'STOP')

/** A call whose arguments the cap cut is shown without them. */
function partOf(choice: SimChoice): JsonObject {
  if (choice.toolCall === null) return { text: choice.tokens.join('') }
  return { functionCall: { name: choice.toolCall.name, args: choice.finish === 'length' ? {} : (JSON.parse(choice.toolCall.arguments) as unknown) }, thoughtSignature: 'c2lt' }
}

function wholeOf({ model, responseId, thought, generation, usage, grounding }: Written): JsonObject {
  const candidates = generation.choices.map((choice, index) => ({
    content: { parts: [...(thought.length > 0 && index === 0 ? [{ text: thought.join(''), thought: true }] : []), partOf(choice)], role: 'model' },
    finishReason: finishOf(choice), index, ...(grounding === null ? {} : { groundingMetadata: grounding }),
  }))
  return { candidates, ...(usage === null ? {} : { usageMetadata: usage }), modelVersion: model, responseId }
}

/** The chunks of one answer; each says what was used up to there. */
function chunksOf(written: Written): readonly JsonObject[] {
  const { model, responseId, thought, generation, usage, grounding, isFinished } = written
  const chunks: JsonObject[] = []
  let sent = 0
  const send = (index: number, part: JsonObject, ending: JsonObject, running: JsonObject | null): void => {
    chunks.push({ candidates: [{ content: { parts: [part], role: 'model' }, ...ending, index }], ...(running === null ? {} : { usageMetadata: running }), modelVersion: model, responseId })
  }
  if (thought.length > 0) send(0, { text: thought.join(''), thought: true }, {}, runningUsage(usage, 0))
  for (const [index, choice] of generation.choices.entries()) {
    const isLastChoice = index === generation.choices.length - 1
    const parts = choice.toolCall === null ? textParts(choice.tokens) : [{ part: partOf(choice), tokens: choice.tokens.length }]
    for (const [at, { part, tokens }] of parts.entries()) {
      sent += tokens
      const isLast = at === parts.length - 1
      const ending = !isLast ? {} : { ...(isFinished ? { finishReason: finishOf(choice) } : {}), ...(grounding === null ? {} : { groundingMetadata: grounding }) }
      send(index, part, ending, isLast && isLastChoice ? usage : runningUsage(usage, sent))
    }
  }
  return chunks
}

function textParts(tokens: readonly string[]): readonly { readonly part: JsonObject; readonly tokens: number }[] {
  const parts: { part: JsonObject; tokens: number }[] = []
  for (let at = 0; at < tokens.length; at += chunkTokens) {
    const some = tokens.slice(at, at + chunkTokens)
    parts.push({ part: { text: some.join('') }, tokens: some.length })
  }
  return parts.length === 0 ? [{ part: { text: '' }, tokens: 0 }] : parts
}

/** Usage with as many visible tokens as were sent so far. */
function runningUsage(usage: JsonObject | null, visible: number): JsonObject | null {
  if (usage === null) return null
  const { candidatesTokenCount, ...rest } = usage
  const final = numberOr(candidatesTokenCount, 0)
  const shown = Math.min(visible, final)
  return { ...rest, ...(shown > 0 ? { candidatesTokenCount: shown } : {}), totalTokenCount: numberOr(usage['totalTokenCount'], 0) - final + shown }
}

/** Server-sent events in Google's line ends with `alt=sse`, else the elements of one array. */
function framed(chunks: readonly JsonObject[], query: string): Pick<SimAnswer, 'frames' | 'isJsonStream'> {
  if (new URLSearchParams(query).get('alt') === 'sse') return { frames: chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`) }
  return { frames: chunks.map((chunk, index) => `${index === 0 ? '[' : ',\r\n'}${JSON.stringify(chunk, null, 2)}${index === chunks.length - 1 ? '\n]' : '\n'}`), isJsonStream: true }
}
