import { camelOf, fieldOf, listOf, snakeOf } from './gemini-fields.ts'
import { isObject } from './overlap.ts'
import type { JsonObject } from './request-body.ts'

/**
 * What in a Gemini request the body's bytes do not bound, and what it names of the provider's own stores. Parts, tools
 * and members are *allow-listed*: a kind that is not known to be plain text counts as unbounded, so that a new kind can
 * never slip under a hard budget.
 */
const requestMembers: ReadonlySet<string> = new Set([
  'model', 'contents', 'systemInstruction', 'tools', 'toolConfig', 'safetySettings', 'generationConfig', 'cachedContent', 'labels', 'serviceTier', 'store',
])
/** Members whose tokens their own bytes bound: text, and what caller and model exchange as JSON. */
const textMembers: ReadonlySet<string> = new Set(['text', 'thought', 'thoughtSignature', 'functionCall', 'executableCode', 'codeExecutionResult', 'partMetadata'])
/** Members that only describe the media beside them. */
const mediaSettings: ReadonlySet<string> = new Set(['videoMetadata', 'mediaResolution'])
/** Run by the caller, so they cost the tokens that write and read them. */
const callerTools: ReadonlySet<string> = new Set(['functionDeclarations'])
/** Names of models that answer in images or sound unless told otherwise. */
const mediaModel = /image|tts|audio|live|omni|banana|imagen|veo|lyria/

/** The first reason found, as the name of the member or of the kind; '' when the body bounds the cost. */
export function requestUnboundedBecause(model: string, request: JsonObject): string {
  for (const name of Object.keys(request)) if (!requestMembers.has(camelOf(name)) && request[name] !== null) return kindName(name)
  const config = fieldOf(request, 'generationConfig')
  const output = isObject(config) ? outputReason(model, config) : mediaModel.test(model) ? 'response_modalities' : ''
  if (output !== '') return output
  for (const tool of listOf(request['tools'])) {
    for (const name of isObject(tool) ? Object.keys(tool) : []) if (!callerTools.has(camelOf(name))) return kindName(name)
  }
  return contentOf(contentsIn(request)).unboundedBecause
}

function outputReason(model: string, config: JsonObject): string {
  const modalities = fieldOf(config, 'responseModalities') ?? null
  const isText = Array.isArray(modalities) && modalities.length > 0 && modalities.every((kind) => typeof kind === 'string' && kind.toUpperCase() === 'TEXT')
  if (modalities === null || (Array.isArray(modalities) && modalities.length === 0) ? mediaModel.test(model) : !isText) return 'response_modalities'
  // Another model may be chosen by the provider, at another price.
  for (const name of ['routingConfig', 'modelConfig', 'modelSelectionConfig', 'speechConfig', 'imageConfig']) {
    if ((fieldOf(config, name) ?? null) !== null) return kindName(name)
  }
  return ''
}

/** Names content kept by the provider: a cache, or a file of the company's. */
export function usesServerState(request: JsonObject): boolean {
  const cache = fieldOf(request, 'cachedContent') ?? null
  return (cache !== null && cache !== '') || contentOf(contentsIn(request)).usesServerState
}

const contentsIn = (request: JsonObject): readonly unknown[] => [...listOf(request['contents']), fieldOf(request, 'systemInstruction')]

export interface ContentFacts {
  readonly unboundedBecause: string
  readonly usesServerState: boolean
}

export function contentOf(contents: readonly unknown[]): ContentFacts {
  const found = { unboundedBecause: '', usesServerState: false }
  for (const content of contents) if (isObject(content)) for (const part of listOf(content['parts'])) if (isObject(part)) readPart(part, found)
  return found
}

function readPart(part: JsonObject, found: { unboundedBecause: string; usesServerState: boolean }): void {
  for (const [given, value] of Object.entries(part)) {
    const name = camelOf(given)
    if (value === null || textMembers.has(name) || mediaSettings.has(name)) continue
    if (name === 'functionResponse') {
      // A function may answer with media beside its JSON.
      for (const inner of isObject(value) ? listOf(value['parts']) : []) if (isObject(inner)) readPart(inner, found)
      continue
    }
    if (name === 'inlineData') {
      found.unboundedBecause ||= inlineReason(value)
      continue
    }
    if (name === 'fileData') found.usesServerState ||= isStoredFile(value)
    found.unboundedBecause ||= kindName(given)
  }
}

/**
 * Text sent as bytes has fewer tokens than bytes. Images, sound, video and documents are counted by tiles, seconds and
 * pages, of which a few bytes can hold many.
 */
function inlineReason(blob: unknown): string {
  const type = isObject(blob) ? fieldOf(blob, 'mimeType') : null
  if (typeof type !== 'string') return 'inline_data'
  if (/^text\/[a-z.+-]+$/i.test(type)) return ''
  return /^(image|audio|video)\//i.exec(type)?.[1]?.toLowerCase() ?? 'inline_data'
}

/**
 * Anything but a public web address belongs to whoever holds the company's key: uploaded files, and buckets that its
 * project may read.
 */
function isStoredFile(file: unknown): boolean {
  const uris = isObject(file) ? [file['fileUri'], file['file_uri']].filter((uri) => (uri ?? null) !== null) : []
  return uris.some((uri) => {
    const host = typeof uri === 'string' && /^https?:\/\//i.test(uri) && URL.canParse(uri) ? new URL(uri).hostname.replace(/\.$/, '') : ''
    return host === '' || /(^|\.)(googleapis|storage\.cloud\.google)\.com$/.test(host)
  })
}

const kindName = (name: string): string => (/^[a-z0-9_]{1,64}$/i.test(name) ? snakeOf(name) : 'unknown_kind')
