import { frame, type SimAnswer } from './sim-answer.ts'
import type { SimFaults } from './sim-faults.ts'
import { generate, isObject, numberOr, textIn, type Generation, type JsonObject, type SimChoice, type SimUsage } from './sim-generation.ts'
import { idFrom } from './sim-text.ts'

const created = 1_764_000_000

export function answerResponses(seed: string, request: JsonObject, bodyText: string, lastText: string, faults: SimFaults): SimAnswer {
  const tools = Array.isArray(request['tools']) ? request['tools'].filter(isObject) : []
  const generation = generate({
    seed, bodyText, request, faults, lastText,
    promptText: textIn(request['instructions']) + textIn(request['input']) + textIn(request['tools']),
    cap: numberOr(request['max_output_tokens'], Infinity),
    choices: 1,
    toolNames: tools.filter((tool) => tool['type'] === 'function').map((tool) => String(tool['name'])),
  })
  const usage = faults.has('no-usage') ? null : responsesUsage(generation.usage)
  const items = itemsOf(generation)
  const choice = generation.choices[0]!
  const opening = openingOf(generation, request)
  const done = {
    ...opening,
    status: choice.finish === 'length' ? 'incomplete' : 'completed',
    incomplete_details: choice.finish === 'length' ? { reason: 'max_output_tokens' } : null,
    output: items,
    usage,
  }
  const counted = { status: 200, counted: generation.usage, reported: usage, model: generation.model }
  if (request['stream'] !== true) return { ...counted, body: done, frames: null, repeatable: 0 }
  const { frames, repeatable } = framesOf(opening, done, items, choice)
  return { ...counted, body: null, frames, repeatable }
}

export function responsesUsage(usage: SimUsage): JsonObject {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens, cache_write_tokens: usage.cacheWriteTokens },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  }
}

function openingOf(generation: Generation, request: JsonObject): JsonObject {
  return {
    id: idFrom(generation.dice, 'resp_'), object: 'response', created_at: created, status: 'in_progress', background: false, error: null, incomplete_details: null,
    instructions: request['instructions'] ?? null, max_output_tokens: request['max_output_tokens'] ?? null, model: generation.model, output: [],
    parallel_tool_calls: true, previous_response_id: null, reasoning: { effort: null, summary: null }, service_tier: generation.tier, store: request['store'] ?? true,
    temperature: 1, text: { format: { type: 'text' } }, tool_choice: request['tool_choice'] ?? 'auto', tools: request['tools'] ?? [], top_p: 1,
    truncation: 'disabled', usage: null, user: request['user'] ?? null, metadata: request['metadata'] ?? {},
  }
}

function itemsOf(generation: Generation): JsonObject[] {
  const items: JsonObject[] = []
  const { dice, usage } = generation
  const choice = generation.choices[0]!
  if (usage.reasoningTokens > 0) items.push({ id: idFrom(dice, 'rs_'), type: 'reasoning', summary: [] })
  const status = choice.finish === 'length' ? 'incomplete' : 'completed'
  if (choice.toolCall === null) items.push({ id: idFrom(dice, 'msg_'), type: 'message', status, role: 'assistant', content: [{ type: 'output_text', text: choice.tokens.join(''), annotations: [], logprobs: [] }] })
  else items.push({ id: idFrom(dice, 'fc_'), type: 'function_call', status, call_id: idFrom(dice, 'call_'), name: choice.toolCall.name, arguments: choice.toolCall.arguments })
  return items
}

/** The events of one answer in OpenAI's order, numbered from zero. */
function framesOf(opening: JsonObject, done: JsonObject, items: readonly JsonObject[], choice: SimChoice): { frames: string[]; repeatable: number } {
  const frames: string[] = []
  let repeatable = 0
  const send = (type: string, rest: JsonObject): void => {
    frames.push(frame({ type, sequence_number: frames.length, ...rest }, type))
  }
  send('response.created', { response: opening })
  send('response.in_progress', { response: opening })
  for (const [output_index, item] of items.entries()) {
    const at = { item_id: item['id'], output_index }
    if (item['type'] === 'message') {
      const part = { type: 'output_text', text: '', annotations: [], logprobs: [] }
      const text = choice.tokens.join('')
      send('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', content: [] } })
      send('response.content_part.added', { ...at, content_index: 0, part })
      repeatable = frames.length
      for (const delta of choice.tokens) send('response.output_text.delta', { ...at, content_index: 0, delta, logprobs: [], obfuscation: 'xxxxxxxx'.slice(0, 8 - (delta.length % 8)) })
      send('response.output_text.done', { ...at, content_index: 0, text, logprobs: [] })
      send('response.content_part.done', { ...at, content_index: 0, part: { ...part, text } })
    } else if (item['type'] === 'function_call') {
      send('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', arguments: '' } })
      repeatable = frames.length
      for (const delta of choice.tokens) send('response.function_call_arguments.delta', { ...at, delta, obfuscation: 'x' })
      send('response.function_call_arguments.done', { ...at, name: item['name'], arguments: item['arguments'] })
    } else send('response.output_item.added', { output_index, item })
    send('response.output_item.done', { output_index, item })
  }
  send(done['status'] === 'incomplete' ? 'response.incomplete' : 'response.completed', { response: done })
  return { frames, repeatable: Math.min(repeatable, frames.length - 1) }
}
