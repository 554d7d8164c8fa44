import { createHash } from 'node:crypto'
import { frame, type SimAnswer } from './sim-answer.ts'
import type { SimCache } from './sim-cache.ts'
import type { SimAsk, SimFailure, SimFormat } from './sim-format.ts'
import { generate, isObject, numberOr, textIn, type Generation, type JsonObject } from './sim-generation.ts'
import { bareModel } from './sim-faults.ts'
import { between, idFrom, tokensInBytes, tokensOf } from './sim-text.ts'

/** Names a provider answers with when asked for the undated one. */
const datedNames: Readonly<Record<string, string>> = {
  'claude-sonnet-4-5': 'claude-sonnet-4-5-20250929', 'claude-haiku-4-5': 'claude-haiku-4-5-20251001', 'claude-opus-4-5': 'claude-opus-4-5-20251101', 'claude-opus-4-1': 'claude-opus-4-1-20250805',
}
const models: readonly string[] = [...Object.values(datedNames), 'claude-opus-4-6', 'claude-sonnet-4-6', 'claude-opus-4-8', 'claude-sonnet-5', 'claude-opus-5']

/** Shorter prompts are not cached (Anthropic, "Prompt caching": 1,024 tokens for most models). */
const cachedTokensMin = 1_024

/** Anthropic's wire format: Messages with thinking, tools and prompt caching, the count of tokens, models. */
export const anthropicFormat: SimFormat = {
  serves: (path, headers) => path.startsWith('/v1/messages') || headers['anthropic-version'] !== undefined,
  modelOf: (_path, request) => (typeof request['model'] === 'string' ? request['model'] : ''),
  lastTextOf(request) {
    const last = Array.isArray(request['messages']) ? request['messages'].at(-1) : null
    return isObject(last) ? textIn(last['content']) : ''
  },
  answer,
  failure,
  errorFrame: frame({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' }, request_id: null }, 'error'),
  headersFor: (callId) => ({ 'request-id': `req_sim_${callId}`, 'anthropic-organization-id': 'org-sim' }),
}

function answer(ask: SimAsk): SimAnswer {
  const { method, path, request, model, headers } = ask
  if ((headers['x-api-key'] ?? headers.authorization ?? '') === '') return errorAnswer(401, 'authentication_error', 'x-api-key header is required')
  if (headers['anthropic-version'] === undefined) return errorAnswer(400, 'invalid_request_error', 'anthropic-version: header is required')
  if (method === 'GET') return answerModels(path)
  if (model === '') return errorAnswer(400, 'invalid_request_error', 'model: Field required')
  if (!Array.isArray(request['messages']) || request['messages'].length === 0) return errorAnswer(400, 'invalid_request_error', 'messages: Field required')
  if (path === '/v1/messages/count_tokens') return free({ input_tokens: promptTokens(request) })
  if (path !== '/v1/messages') return errorAnswer(404, 'not_found_error', 'Not found')
  if (typeof request['max_tokens'] !== 'number') return errorAnswer(400, 'invalid_request_error', 'max_tokens: Field required')
  return answerMessages(ask)
}

function failure(kind: SimFailure): SimAnswer {
  switch (kind) {
    case 'unparsable': return errorAnswer(400, 'invalid_request_error', 'The request body is not valid JSON')
    case 'rate-limit': return errorAnswer(429, 'rate_limit_error', 'This request would exceed your organization\'s rate limit.')
    case 'error-500': return errorAnswer(500, 'api_error', 'Internal server error')
    case 'error-503': return errorAnswer(529, 'overloaded_error', 'Overloaded')
    case 'error-400': return errorAnswer(400, 'invalid_request_error', 'Your input violates a rule of this simulation.')
  }
}

function errorAnswer(status: number, type: string, message: string): SimAnswer {
  return { ...free({ type: 'error', error: { type, message }, request_id: null }), status }
}

const free = (body: unknown): SimAnswer => ({ status: 200, body, frames: null, repeatable: 0, counted: null, reported: null, model: '' })

function answerModels(path: string): SimAnswer {
  const entry = (id: string): JsonObject => ({ type: 'model', id, display_name: id, created_at: '2025-09-29T00:00:00Z' })
  if (path === '/v1/models') return free({ data: models.map(entry), has_more: false, first_id: models[0], last_id: models.at(-1) })
  const id = path.slice('/v1/models/'.length)
  return models.includes(id) ? free(entry(id)) : errorAnswer(404, 'not_found_error', `model: ${id}`)
}

const promptTokens = (request: JsonObject): number => tokensInBytes(Buffer.byteLength(textIn(request['system']) + textIn(request['tools']) + textIn(request['messages']))) + 7

interface Block {
  readonly type: 'thinking' | 'text' | 'tool_use'
  readonly tokens: readonly string[]
  /** As the whole answer carries it. */
  readonly whole: JsonObject
}

function answerMessages(ask: SimAsk): SimAnswer {
  const { request, faults } = ask
  const cap = numberOr(request['max_tokens'], 0)
  const thinking = isObject(request['thinking']) && request['thinking']['type'] !== 'disabled'
  const generation = generate({
    seed: ask.seed, bodyText: ask.bodyText, request: { ...request, tool_choice: toolChoice(request['tool_choice']) }, faults, lastText: ask.lastText,
    promptText: '', cap: thinking ? Math.floor(cap / 2) : cap, choices: 1, toolNames: toolNames(request['tools']),
  })
  const thought = thinking ? tokensOf(generation.dice, Math.min(between(generation.dice, 8, 60), Math.ceil(cap / 2))) : []
  const blocks = blocksOf(generation, thought)
  const model = datedNames[bareModel(ask.model)] ?? bareModel(ask.model)
  const { usage, counted } = usageOf(ask, generation, thought.length)
  const finish = generation.choices[0]!.finish
  const message = {
    id: idFrom(generation.dice, 'msg_'), type: 'message', role: 'assistant', model, content: blocks.map((block) => block.whole),
    stop_reason: finish === 'length' ? 'max_tokens' : finish === 'tool_calls' ? 'tool_use' : 'end_turn', stop_sequence: null,
    ...(faults.has('no-usage') ? {} : { usage }),
  }
  const reported = faults.has('no-usage') ? null : usage
  const base = { status: 200, counted, reported, model }
  if (request['stream'] !== true) return { ...base, body: message, frames: null, repeatable: 0 }
  const { frames, repeatable } = framesOf(message, blocks, faults.has('no-usage') ? null : usage, faults.has('no-done'))
  return { ...base, body: null, frames, repeatable }
}

/** Anthropic's words for a choice of tool in the ones that the generation knows. */
function toolChoice(choice: unknown): unknown {
  const kind = isObject(choice) ? choice['type'] : 'auto'
  return kind === 'any' || kind === 'tool' ? 'required' : kind
}

const toolNames = (tools: unknown): string[] =>
  Array.isArray(tools) ? tools.filter(isObject).filter((tool) => (tool['type'] ?? 'custom') === 'custom').map((tool) => String(tool['name'])) : []

function blocksOf(generation: Generation, thought: readonly string[]): Block[] {
  const { dice } = generation
  const choice = generation.choices[0]!
  const blocks: Block[] = []
  if (thought.length > 0) blocks.push({ type: 'thinking', tokens: thought, whole: { type: 'thinking', thinking: thought.join(''), signature: Buffer.from(idFrom(dice, 'sig')).toString('base64') } })
  if (choice.toolCall === null) blocks.push({ type: 'text', tokens: choice.tokens, whole: { type: 'text', text: choice.tokens.join(''), citations: null } })
  else blocks.push({ type: 'tool_use', tokens: choice.tokens, whole: { type: 'tool_use', id: idFrom(dice, 'toolu_'), caller: { type: 'direct' }, name: choice.toolCall.name, input: inputOf(choice.toolCall.arguments) } })
  return blocks
}

/** Arguments that the cap cut off are no object. */
function inputOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

function usageOf({ request, model, cache, faults }: SimAsk, generation: Generation, thinkingTokens: number): { readonly usage: JsonObject; readonly counted: SimAnswer['counted'] } {
  const zero = faults.has('zero-usage')
  const total = zero ? 0 : promptTokens(request)
  const cached = zero ? noCache : throughCache(cache, model, request, total)
  const outputTokens = zero ? 0 : generation.choices[0]!.tokens.length + thinkingTokens
  const searches = faults.get('search') ?? 0
  const created = cached.write5m + cached.write1h
  return {
    usage: {
      input_tokens: total - cached.read - created, cache_creation_input_tokens: created, cache_read_input_tokens: cached.read,
      cache_creation: { ephemeral_5m_input_tokens: cached.write5m, ephemeral_1h_input_tokens: cached.write1h },
      output_tokens: outputTokens, output_tokens_details: { thinking_tokens: zero ? 0 : thinkingTokens },
      server_tool_use: searches > 0 ? { web_search_requests: searches, web_fetch_requests: 0 } : null,
      service_tier: 'standard', inference_geo: typeof request['inference_geo'] === 'string' ? request['inference_geo'] : 'global', speed: request['speed'] === 'fast' ? 'fast' : 'standard',
    },
    counted: { inputTokens: total, cachedTokens: cached.read, cacheWriteTokens: created, outputTokens, reasoningTokens: thinkingTokens },
  }
}

interface Cached {
  readonly read: number
  readonly write5m: number
  readonly write1h: number
}
const noCache: Cached = { read: 0, write5m: 0, write1h: 0 }

/**
 * The prompt in its order (tools, system, messages), cut at every `cache_control`: the longest prefix already written
 * is read, what follows it up to the last mark is written at the lifetime of its mark, the rest is ordinary input.
 */
function throughCache(cache: SimCache, model: string, request: JsonObject, total: number): Cached {
  const hash = createHash('sha256').update(model)
  const marks: { readonly key: string; readonly tokens: number; readonly long: boolean }[] = []
  let bytes = 0
  for (const block of promptBlocks(request)) {
    const { cache_control: control, ...rest } = block
    hash.update(JSON.stringify(rest))
    bytes += Buffer.byteLength(textIn(rest))
    const tokens = Math.min(tokensInBytes(bytes), total)
    if (isObject(control) && tokens >= cachedTokensMin) marks.push({ key: hash.copy().digest('hex'), tokens, long: control['ttl'] === '1h' })
  }
  const hit = marks.findLastIndex((mark) => cache.holds(mark.key))
  const read = hit < 0 ? 0 : marks[hit]!.tokens
  const written = { write5m: 0, write1h: 0 }
  let from = read
  for (const mark of marks.slice(hit + 1)) {
    written[mark.long ? 'write1h' : 'write5m'] += mark.tokens - from
    from = mark.tokens
    cache.keep(mark.key)
  }
  return { read, ...written }
}

function promptBlocks(request: JsonObject): readonly JsonObject[] {
  const blocks = (content: unknown): readonly JsonObject[] => (typeof content === 'string' ? [{ type: 'text', text: content }] : Array.isArray(content) ? content.filter(isObject) : [])
  const all = [
    ...(Array.isArray(request['tools']) ? request['tools'].filter(isObject) : []), ...blocks(request['system']),
    ...(request['messages'] as readonly unknown[]).flatMap((message) => (isObject(message) ? blocks(message['content']) : [])),
  ]
  const last = all.at(-1)
  // A mark on the request as a whole stands on its last block.
  return isObject(request['cache_control']) && last !== undefined ? [...all.slice(0, -1), { ...last, cache_control: request['cache_control'] }] : all
}

/** The events of one answer in Anthropic's order, with a ping after the start. */
function framesOf(message: JsonObject, blocks: readonly Block[], usage: JsonObject | null, withoutStop: boolean): { readonly frames: string[]; readonly repeatable: number } {
  const frames: string[] = []
  let repeatable = 0
  const send = (type: string, rest: JsonObject = {}): void => {
    frames.push(frame({ type, ...rest }, type))
  }
  const opening = usage === null ? {} : { usage: { ...usage, output_tokens: Math.min(1, numberOr(usage['output_tokens'], 0)), output_tokens_details: null, server_tool_use: null } }
  send('message_start', { message: { ...message, content: [], stop_reason: null, stop_sequence: null, ...opening } })
  send('ping')
  for (const [index, { type, tokens, whole }] of blocks.entries()) {
    send('content_block_start', { index, content_block: type === 'text' ? { ...whole, text: '' } : type === 'thinking' ? { type, thinking: '', signature: '' } : { ...whole, input: {} } })
    repeatable = frames.length
    for (const token of tokens) {
      const delta = type === 'text' ? { type: 'text_delta', text: token } : type === 'thinking' ? { type: 'thinking_delta', thinking: token } : { type: 'input_json_delta', partial_json: token }
      send('content_block_delta', { index, delta })
    }
    if (type === 'thinking') send('content_block_delta', { index, delta: { type: 'signature_delta', signature: whole['signature'] } })
    send('content_block_stop', { index })
  }
  send('message_delta', {
    delta: { stop_reason: message['stop_reason'], stop_sequence: null },
    ...(usage === null ? {} : {
      usage: {
        input_tokens: usage['input_tokens'], cache_creation_input_tokens: usage['cache_creation_input_tokens'], cache_read_input_tokens: usage['cache_read_input_tokens'],
        output_tokens: usage['output_tokens'], output_tokens_details: usage['output_tokens_details'], server_tool_use: usage['server_tool_use'],
      },
    }),
  })
  if (!withoutStop) send('message_stop')
  return { frames, repeatable: Math.min(repeatable, frames.length - 1) }
}
