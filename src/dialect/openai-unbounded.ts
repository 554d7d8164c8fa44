import { isObject } from './overlap.ts'

/**
 * What in an OpenAI request the body's bytes do not bound. Content and tools are *allow-listed*: a kind that is not
 * known to be plain text counts as unbounded, so that a new kind can never slip under a hard budget.
 */
type JsonObject = Readonly<Record<string, unknown>>

const chatTextParts: ReadonlySet<unknown> = new Set(['text', 'refusal'])
/** Run by the caller, so they cost the tokens that write and read them. */
const callerTools: ReadonlySet<unknown> = new Set(['function', 'custom', 'apply_patch', 'local_shell'])
const responsesTextParts: ReadonlySet<unknown> = new Set(['input_text', 'output_text', 'refusal', 'text', 'summary_text', 'reasoning_text'])
const responsesTextItems: ReadonlySet<unknown> = new Set([
  'message', 'function_call', 'function_call_output', 'custom_tool_call', 'custom_tool_call_output', 'reasoning',
  'local_shell_call', 'local_shell_call_output', 'apply_patch_call', 'apply_patch_call_output', 'compaction',
])

/** The first reason found, as the name of the member or of the kind; '' when the body bounds the cost. */
export function chatUnboundedBecause(request: JsonObject): string {
  const modalities = request['modalities'] ?? null
  if (modalities !== null && !(Array.isArray(modalities) && modalities.every((kind) => kind === 'text'))) return 'modalities'
  for (const name of ['audio', 'web_search_options', 'prediction']) if ((request[name] ?? null) !== null) return name
  const tool = firstHostedTool(request['tools'])
  if (tool !== '') return tool
  const messages = request['messages']
  if (!Array.isArray(messages)) return ''
  for (const message of messages) {
    if (!isObject(message)) continue
    const part = firstForeignPart(message['content'], chatTextParts)
    if (part !== '') return part
    if (isObject(message['audio'])) return 'audio'
  }
  return ''
}

/** An assistant message may name audio that the provider kept; a file part may name a stored file. */
export function chatUsesServerState(request: JsonObject): boolean {
  const messages = request['messages']
  if (!Array.isArray(messages)) return false
  return messages.some((message) => isObject(message) && (isObject(message['audio']) || partsOf(message['content']).some((part) => isObject(part['file']) && (part['file']['file_id'] ?? null) !== null)))
}

export function responsesUnboundedBecause(request: JsonObject): string {
  for (const name of ['context_management', 'audio', 'modalities']) {
    const value = request[name] ?? null
    if (value !== null && !(Array.isArray(value) && value.length === 0)) return name
  }
  const tool = firstHostedTool(request['tools'])
  if (tool !== '') return tool
  const input = request['input']
  if (!Array.isArray(input)) return ''
  for (const item of input) {
    if (!isObject(item)) continue
    const kind = item['type'] ?? 'message'
    if (kind === 'item_reference') continue
    if (!responsesTextItems.has(kind)) return kindName(kind)
    for (const member of ['content', 'output']) {
      const part = firstForeignPart(item[member], responsesTextParts)
      if (part !== '') return part
    }
  }
  return ''
}

export function responsesUsesServerState(request: JsonObject): boolean {
  if ((request['previous_response_id'] ?? null) !== null || (request['conversation'] ?? null) !== null) return true
  if (isObject(request['prompt'])) return true
  const input = request['input']
  return Array.isArray(input) && input.some((item) => isObject(item) && itemUsesServerState(item))
}

function itemUsesServerState(item: JsonObject): boolean {
  const kind = item['type'] ?? null
  if (kind === 'item_reference') return true
  // An item of neither kind nor role is a reference by id; reasoning without its content is looked up by id.
  if (kind === null && (item['role'] ?? null) === null) return true
  if (kind === 'reasoning' && typeof item['encrypted_content'] !== 'string' && !Array.isArray(item['content'])) return true
  return [...partsOf(item['content']), ...partsOf(item['output'])].some((part) => (part['file_id'] ?? null) !== null)
}

const partsOf = (content: unknown): readonly JsonObject[] => (Array.isArray(content) ? content.filter(isObject) : [])

function firstForeignPart(content: unknown, known: ReadonlySet<unknown>): string {
  // A lone part instead of a list is read by some servers of the format.
  for (const part of isObject(content) ? [content] : partsOf(content)) if (!known.has(part['type'])) return kindName(part['type'])
  return ''
}

function firstHostedTool(tools: unknown): string {
  if (!Array.isArray(tools)) return ''
  for (const tool of tools) {
    if (!isObject(tool)) continue
    const nested = tool['type'] === 'namespace' ? firstHostedTool(tool['tools']) : ''
    if (nested !== '') return nested
    if (tool['type'] !== 'namespace' && !callerTools.has(tool['type'])) return kindName(tool['type'])
  }
  return ''
}

const kindName = (kind: unknown): string => (typeof kind === 'string' && /^[a-z0-9_.-]{1,64}$/i.test(kind) ? kind : 'unknown_kind')
