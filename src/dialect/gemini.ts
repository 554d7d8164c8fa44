import type { Dialect, Endpoint } from './dialect.ts'
import { absentReading, readCutGeminiResponse, readGeminiResponse } from './gemini-answer.ts'
import { modeOf, readGeminiRequest } from './gemini-request.ts'
import { spliceGeminiRequest } from './gemini-splice.ts'
import { GeminiStream } from './gemini-stream.ts'

/** The model stands in the path. Tuned models, files, caches, batches and operations live on Google's side and are left out. */
const modelCall = /^\/v1(?:beta|alpha)?\/models\/([A-Za-z0-9][A-Za-z0-9._-]{0,127}):([A-Za-z]{1,40})$/
const modelList = /^\/v1(?:beta|alpha)?\/models(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,127})?$/

const methods: ReadonlyMap<string, Pick<Endpoint, 'name' | 'kind'>> = new Map([
  ['generateContent', { name: 'generateContent', kind: 'inference' }],
  ['streamGenerateContent', { name: 'generateContent', kind: 'inference' }],
  ['embedContent', { name: 'embeddings', kind: 'inference' }],
  ['batchEmbedContents', { name: 'embeddings', kind: 'inference' }],
  ['countTokens', { name: 'countTokens', kind: 'free' }],
])

/**
 * Google's Gemini API: content, embeddings, token counts and the list of models. What lives on the provider's side under
 * an id is left out until its owner is recorded: behind one company key it would show one team another team's data.
 */
export const geminiDialect: Dialect = {
  id: 'gemini',
  endpoint(method, path, query = '') {
    const asked = readQuery(query)
    if (method === 'GET') return modelList.test(path) ? { name: 'models', kind: 'free', ...asked.fault } : null
    const match = method === 'POST' ? modelCall.exec(path) : null
    const known = match === null ? undefined : methods.get(match[2]!)
    if (match === null || known === undefined) return null
    const stream = match[2] !== 'streamGenerateContent' ? {} : { stream: asked.isSse ? 'sse' : 'json' } as const
    return { ...known, model: match[1]!, ...stream, ...asked.fault }
  },
  readRequest: readGeminiRequest,
  spliceRequest: spliceGeminiRequest,
  readResponse: (facts, status, body) => (facts.endpoint.kind === 'free' ? absentReading(status >= 400 ? 'provider_error' : '') : readGeminiResponse(facts, status, body)),
  readCutResponse: readCutGeminiResponse,
  openStream: (facts) => new GeminiStream(facts),
  modeOfTierHeader: modeOf,
  refusal(code, status, message, facts) {
    const metadata: Record<string, string> = {}
    for (const [name, value] of Object.entries(facts)) if (value !== null && value !== undefined) metadata[name] = String(value)
    metadata['code'] = code
    // Google's `ErrorInfo`: a reason in capitals, and facts that are all text.
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code.toUpperCase(), domain: 'tollgate', metadata }]
    return { contentType: 'application/json', body: JSON.stringify({ error: { code: status, message, status: statusWord(status), details } }) }
  },
}

/** Names that neither hide usage nor change the answer's format, beside `alt`. */
const plainParameters: ReadonlySet<string> = new Set(['alt', 'prettyPrint', 'quotaUser', 'pageSize', 'pageToken'])

/**
 * Google's parameters for every method can leave usage out of an answer (`fields`), wrap it (`callback`), send it as
 * protobuf (`alt=proto`) or bring another credential (`key`, `access_token`), so only harmless ones pass.
 */
function readQuery(query: string): { readonly isSse: boolean; readonly fault: { readonly refusedBecause?: string } } {
  if (query === '') return { isSse: false, fault: {} }
  const parameters = new URLSearchParams(query)
  for (const name of parameters.keys()) {
    if (name === 'key' || name === 'access_token') return { isSse: false, fault: { refusedBecause: 'The provider\'s credential is added here; send your Tollgate key alone.' } }
    if (!plainParameters.has(name)) return { isSse: false, fault: { refusedBecause: `The query parameter "${name.slice(0, 60)}" may hide what the call used.` } }
  }
  const alts = parameters.getAll('alt')
  const isKnown = alts.length === 0 || (alts.length === 1 && (alts[0] === 'sse' || alts[0] === 'json'))
  return { isSse: alts[0] === 'sse', fault: isKnown ? {} : { refusedBecause: 'The query parameter "alt" must be "sse" or "json", once.' } }
}

/** The canonical word of `google.rpc.Code` for an HTTP status, as Google's own errors carry it. */
function statusWord(status: number): string {
  switch (status) {
    case 401: return 'UNAUTHENTICATED'
    case 402: case 429: return 'RESOURCE_EXHAUSTED'
    case 403: return 'PERMISSION_DENIED'
    case 404: return 'NOT_FOUND'
    case 409: return 'ABORTED'
    case 499: return 'CANCELLED'
    case 501: return 'UNIMPLEMENTED'
    case 502: case 503: return 'UNAVAILABLE'
    case 504: return 'DEADLINE_EXCEEDED'
    default: return status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT'
  }
}
