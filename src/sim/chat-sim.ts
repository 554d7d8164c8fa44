import { errorAnswer, frame, type SimAnswer } from './sim-answer.ts'
import { bareModel, type SimFaults } from './sim-faults.ts'
import { generate, isObject, isReasoning, numberOr, textIn, type Generation, type JsonObject, type SimChoice, type SimUsage } from './sim-generation.ts'
import { idFrom } from './sim-text.ts'

/** A fixed instant: the same request always gets the same bytes. */
const created = 1_764_000_000

export function answerChat(seed: string, request: JsonObject, bodyText: string, lastText: string, faults: SimFaults): SimAnswer {
  if (!Array.isArray(request['messages']) || request['messages'].length === 0) return errorAnswer(400, "Missing required parameter: 'messages'.", 'invalid_request_error', 'missing_required_parameter', 'messages')
  const refusal = refusedCaps(request)
  if (refusal !== null) return refusal
  const generation = generate({
    seed, bodyText, request, faults, lastText,
    promptText: textIn(request['messages']) + textIn(request['tools']),
    cap: numberOr(request['max_completion_tokens'] ?? request['max_tokens'], Infinity),
    choices: numberOr(request['n'], 1),
    toolNames: toolNames(request['tools']),
  })
  return request['stream'] === true ? streamed(generation, request, faults) : whole(generation, faults)
}

/** The two ways a real provider refuses output caps. */
function refusedCaps(request: JsonObject): SimAnswer | null {
  const old = request['max_tokens'] ?? null
  const current = request['max_completion_tokens'] ?? null
  if (old !== null && current !== null) return errorAnswer(400, "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", 'invalid_request_error', 'invalid_parameter_combination')
  if (old !== null && isReasoning(String(request['model']))) return errorAnswer(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", 'invalid_request_error', 'unsupported_parameter', 'max_tokens')
  return null
}

function toolNames(tools: unknown): string[] {
  if (!Array.isArray(tools)) return []
  return tools.flatMap((tool) => (isObject(tool) && isObject(tool['function']) ? [String(tool['function']['name'])] : []))
}

export function chatUsage(usage: SimUsage): JsonObject {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens, ...(usage.cacheWriteTokens > 0 ? { cache_write_tokens: usage.cacheWriteTokens } : {}), audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  }
}

function whole(generation: Generation, faults: SimFaults): SimAnswer {
  const usage = faults.has('no-usage') ? null : chatUsage(generation.usage)
  const body = {
    id: idFrom(generation.dice, 'chatcmpl-'),
    object: 'chat.completion',
    created,
    model: generation.model,
    choices: generation.choices.map((choice, index) => ({ index, message: messageOf(generation, choice), logprobs: null, finish_reason: choice.finish })),
    ...(usage === null ? {} : { usage }),
    service_tier: generation.tier,
    system_fingerprint: 'fp_sim',
  }
  return { status: 200, body, frames: null, repeatable: 0, counted: generation.usage, reported: usage, model: generation.model }
}

function messageOf(generation: Generation, choice: SimChoice): JsonObject {
  if (choice.toolCall === null) return { role: 'assistant', content: choice.tokens.join(''), refusal: null, annotations: [] }
  return { role: 'assistant', content: null, refusal: null, annotations: [], tool_calls: [{ id: idFrom(generation.dice, 'call_'), type: 'function', function: choice.toolCall }] }
}

/** Chunks as OpenAI sends them: with `include_usage` every chunk has a null usage and one more follows without choices. */
function streamed(generation: Generation, request: JsonObject, faults: SimFaults): SimAnswer {
  const options = request['stream_options']
  const asked = isObject(options) && options['include_usage'] === true && !faults.has('no-usage')
  const every = faults.has('usage-every-chunk')
  const id = idFrom(generation.dice, 'chatcmpl-')
  const frames: string[] = []
  let sent = 0
  const chunk = (choices: readonly unknown[], usage: unknown): void => {
    frames.push(frame({
      id, object: 'chat.completion.chunk', created, model: generation.model, service_tier: generation.tier, system_fingerprint: 'fp_sim', choices,
      ...(asked || every ? { usage } : {}),
    }))
  }
  const running = (): unknown => (every ? chatUsage({ ...generation.usage, outputTokens: Math.min(sent, generation.usage.outputTokens), reasoningTokens: 0 }) : null)
  const choice = (index: number, delta: JsonObject, finish: string | null): void => chunk([{ index, delta, logprobs: null, finish_reason: finish }], running())
  for (const [index, made] of generation.choices.entries()) {
    if (made.toolCall === null) {
      choice(index, { role: 'assistant', content: '', refusal: null }, null)
      for (const token of made.tokens) {
        sent++
        choice(index, { content: token }, null)
      }
    } else {
      const call = { index: 0, id: idFrom(generation.dice, 'call_'), type: 'function', function: { name: made.toolCall.name, arguments: '' } }
      choice(index, { role: 'assistant', content: null, tool_calls: [call], refusal: null }, null)
      for (const token of made.tokens) {
        sent++
        choice(index, { tool_calls: [{ index: 0, function: { arguments: token } }] }, null)
      }
    }
    choice(index, {}, made.finish)
  }
  const usage = chatUsage(generation.usage)
  if (asked) chunk([], usage)
  if (!faults.has('no-done')) frames.push(frame('[DONE]'))
  return { status: 200, body: null, frames, repeatable: Math.min(1, frames.length - 1), counted: generation.usage, reported: asked || every ? usage : null, model: generation.model }
}

/** Legacy completions: one prompt or many, text instead of messages. */
export function answerCompletion(seed: string, request: JsonObject, bodyText: string, lastText: string, faults: SimFaults): SimAnswer {
  const prompt = request['prompt']
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1
  const generation = generate({
    seed, bodyText, request, faults, lastText, promptText: textIn(prompt),
    cap: numberOr(request['max_tokens'], 16), choices: numberOr(request['n'], 1) * prompts, toolNames: [],
  })
  const id = idFrom(generation.dice, 'cmpl-')
  const model = bareModel(String(request['model']))
  const usage = chatUsage(generation.usage)
  const base = { id, object: 'text_completion', created, model }
  const counted = { counted: generation.usage, model, status: 200, repeatable: 0 }
  if (request['stream'] !== true) {
    const choices = generation.choices.map((choice, index) => ({ text: choice.tokens.join(''), index, logprobs: null, finish_reason: choice.finish }))
    return { ...counted, body: { ...base, choices, ...(faults.has('no-usage') ? {} : { usage }) }, frames: null, reported: faults.has('no-usage') ? null : usage }
  }
  const options = request['stream_options']
  const asked = isObject(options) && options['include_usage'] === true && !faults.has('no-usage')
  const frames: string[] = []
  for (const [index, choice] of generation.choices.entries()) {
    for (const [at, text] of choice.tokens.entries()) {
      frames.push(frame({ ...base, choices: [{ text, index, logprobs: null, finish_reason: at === choice.tokens.length - 1 ? choice.finish : null }], ...(asked ? { usage: null } : {}) }))
    }
  }
  if (asked) frames.push(frame({ ...base, choices: [], usage }))
  if (!faults.has('no-done')) frames.push(frame('[DONE]'))
  return { ...counted, body: null, frames, reported: asked ? usage : null }
}
