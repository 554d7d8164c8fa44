import { isObject } from './overlap.ts'
import type { JsonObject } from './request-body.ts'

/**
 * What in a Messages request the body's bytes do not bound. Blocks, tools and members are *allow-listed*: a kind that is
 * not known to be plain text counts as unbounded, so that a new kind can never slip under a hard budget. An image or a
 * PDF costs by its pixels and pages, which its compressed bytes do not bound, so neither is on the list.
 */
const textBlocks: ReadonlySet<unknown> = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use', 'tool_result', 'server_tool_use', 'web_search_tool_result', 'web_search_result', 'search_result', 'tool_reference'])
/** Run by the caller; Anthropic adds a description of its own, which `toolPromptTokens` covers. */
const callerTools = /^(custom|bash_\d{8}|text_editor_\d{8}|memory_\d{8})$/
/** Server tools whose runs `max_uses` limits and which run nothing else. */
const limitedTools = /^(web_search_20250305|web_fetch_20250910)$/

/** Members that make the provider do more than one model's reading and answering of this body. */
const foreignMembers = ['mcp_servers', 'container', 'compaction', 'fallbacks', 'fallback_credit_token'] as const

/**
 * Tokens of the prompts that Anthropic itself writes for tools and for a given output format. Its pricing page ("Tool
 * use") states at most 804 for the use of tools and at most 700 for a tool of its own; this is more than twice that.
 */
const toolPromptTokens = 2_048
/** How often a server tool's loop may sample in one request before the answer pauses (Anthropic, "Server tools": 10 by default). */
const loopTurnsMax = 10

/** What server tools with a stated limit may add. */
export interface HostedTools {
  readonly searchesMax: number
  /** How often the model may read its context and answer; 1 without such tools. */
  readonly turnsMax: number
}

/** The first reason found, as the name of the member or of the kind; '' when the body bounds the cost. */
export function messagesUnboundedBecause(request: JsonObject): string {
  for (const name of foreignMembers) {
    const value = request[name] ?? null
    if (value !== null && !(Array.isArray(value) && value.length === 0)) return name
  }
  const management = request['context_management']
  if (isObject(management) && listOf(management['edits']).some((edit) => !String(edit['type']).startsWith('clear_'))) return 'context_management'
  for (const tool of listOf(request['tools'])) {
    const kind = tool['type'] ?? 'custom'
    if (callerTools.test(String(kind)) || (limitedTools.test(String(kind)) && isCount(tool['max_uses']))) continue
    return kindName(kind)
  }
  for (const holder of [{ content: request['system'] }, ...listOf(request['messages'])]) {
    const block = firstForeignBlock(holder['content'])
    if (block !== '') return block
  }
  return ''
}

/** Containers, stored files and threads belong to whoever made them. */
export function messagesUseServerState(request: JsonObject): boolean {
  const container = request['container']
  if (typeof container === 'string' || (isObject(container) && (container['id'] ?? null) !== null)) return true
  if ((request['thread'] ?? null) !== null) return true
  return listOf(request['messages']).some((message) => blocksUseFiles(message['content'])) || blocksUseFiles(request['system'])
}

export function hostedTools(request: JsonObject): HostedTools {
  let searchesMax = 0
  let uses = 0
  for (const tool of listOf(request['tools'])) {
    const kind = String(tool['type'])
    if (!limitedTools.test(kind) || !isCount(tool['max_uses'])) continue
    uses += tool['max_uses']
    if (kind.startsWith('web_search')) searchesMax += tool['max_uses']
  }
  return { searchesMax, turnsMax: uses === 0 ? 1 : Math.max(loopTurnsMax, uses + 1) }
}

/** Tokens that the provider's own prompts may add to what the body says. */
export function providerPromptTokens(request: JsonObject): number {
  const tools = listOf(request['tools'])
  const own = tools.filter((tool) => (tool['type'] ?? 'custom') !== 'custom').length
  const output = request['output_config']
  const hasFormat = (request['output_format'] ?? null) !== null || (isObject(output) && (output['format'] ?? null) !== null)
  return toolPromptTokens * ((tools.length > 0 ? 1 : 0) + own + (hasFormat ? 1 : 0))
}

/** True when anything in the request asks for a prompt to be cached. */
export function asksToCache(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(asksToCache)
  if (!isObject(value)) return false
  for (const name in value) {
    if (name === 'cache_control' ? (value[name] ?? null) !== null : asksToCache(value[name])) return true
  }
  return false
}

function firstForeignBlock(content: unknown): string {
  for (const block of blocksOf(content)) {
    const kind = block['type']
    if (kind === 'document') {
      const source = block['source']
      // Citations cut a document into pieces that are numbered, and tiny pieces cost more than their bytes.
      if (isObject(block['citations']) && block['citations']['enabled'] === true) return 'citations'
      if (isObject(source) && source['type'] === 'text') continue
      const inner = isObject(source) && source['type'] === 'content' ? firstForeignBlock(source['content']) : 'document'
      if (inner !== '') return inner
      continue
    }
    if (!textBlocks.has(kind)) return kindName(kind)
    if (kind === 'search_result' && isObject(block['citations']) && block['citations']['enabled'] === true) return 'citations'
    const inner = firstForeignBlock(block['content'])
    if (inner !== '') return inner
  }
  return ''
}

function blocksUseFiles(content: unknown): boolean {
  return blocksOf(content).some((block) => {
    const source = block['source']
    if ((block['file_id'] ?? null) !== null) return true
    if (isObject(source) && (source['type'] === 'file' || (source['file_id'] ?? null) !== null || blocksUseFiles(source['content']))) return true
    return blocksUseFiles(block['content'])
  })
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 1_000
const listOf = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
const blocksOf = (content: unknown): readonly JsonObject[] => (isObject(content) ? [content] : listOf(content))
const kindName = (kind: unknown): string => (typeof kind === 'string' && /^[a-z0-9_.-]{1,64}$/i.test(kind) ? kind : 'unknown_kind')
