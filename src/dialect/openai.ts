import type { Dialect, Endpoint } from './dialect.ts'
import { readCutOpenaiResponse, readOpenaiResponse, readingOf } from './openai-answer.ts'
import { readOpenaiRequest } from './openai-request.ts'
import { spliceOpenaiRequest } from './openai-splice.ts'
import { OpenaiStream } from './openai-stream.ts'

const chat: Endpoint = { name: 'chat.completions', kind: 'inference' }
const completions: Endpoint = { name: 'completions', kind: 'inference' }
const responses: Endpoint = { name: 'responses', kind: 'inference' }
const embeddings: Endpoint = { name: 'embeddings', kind: 'inference' }
const models: Endpoint = { name: 'models', kind: 'free' }

/** A model's id may carry its maker's name; a segment of dots alone would leave the folder. */
const modelPath = /^\/v1\/models\/(?!\.+(\/|$))[^/?#]+(\/(?!\.+$)[^/?#]+)?$/

const posts: ReadonlyMap<string, Endpoint> = new Map([
  ['/v1/chat/completions', chat],
  ['/v1/completions', completions],
  ['/v1/responses', responses],
  ['/v1/embeddings', embeddings],
])

/**
 * OpenAI's wire format: chat and legacy completions, Responses, embeddings, and the list of models. Everything that
 * lives on the provider's side under an id (stored responses, files, batches) is left out until its owner is recorded:
 * behind one company key it would show one team another team's data.
 */
export const openaiDialect: Dialect = {
  id: 'openai',
  endpoint(method, path) {
    if (method === 'POST') return posts.get(path) ?? null
    if (method === 'GET' && (path === '/v1/models' || modelPath.test(path))) return models
    return null
  },
  readRequest: readOpenaiRequest,
  spliceRequest: spliceOpenaiRequest,
  readResponse(facts, status, body) {
    if (facts.endpoint.kind !== 'free') return readOpenaiResponse(facts, status, body)
    const nothing = { usage: null, rawUsage: '', unknownKeys: [], notices: [], statedCost: '', servedModel: '', tier: '', failed: false }
    return readingOf(nothing, 'absent', status >= 400 ? 'provider_error' : '', 0)
  },
  readCutResponse: readCutOpenaiResponse,
  openStream: (facts, options) => new OpenaiStream(facts, options.hideUsageChunk),
  refusal(code, status, message, facts) {
    const param = typeof facts['param'] === 'string' ? facts['param'] : code === 'model_not_allowed' ? 'model' : null
    // The four names every OpenAI client reads come last, so that no fact can take their place.
    const error = { ...facts, message, type: errorType(status), param, code }
    return { contentType: 'application/json', body: JSON.stringify({ error }) }
  },
}

/** The `type` words OpenAI's own answers use, so that clients branch as they do on the provider's refusals. */
function errorType(status: number): string {
  switch (status) {
    case 401: return 'authentication_error'
    case 402: return 'insufficient_quota'
    case 403: return 'permission_error'
    case 404: return 'not_found_error'
    case 429: return 'rate_limit_error'
    default: return status >= 500 ? 'server_error' : 'invalid_request_error'
  }
}
