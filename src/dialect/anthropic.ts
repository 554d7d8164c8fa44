import { readAnthropicResponse, readCutAnthropicResponse } from './anthropic-answer.ts'
import { readAnthropicRequest, spliceAnthropicRequest } from './anthropic-request.ts'
import { AnthropicStream } from './anthropic-stream.ts'
import type { Dialect, Endpoint } from './dialect.ts'

const messages: Endpoint = { name: 'messages', kind: 'inference' }
const countTokens: Endpoint = { name: 'messages.count_tokens', kind: 'free' }
const models: Endpoint = { name: 'models', kind: 'free' }

const modelPath = /^\/v1\/models\/(?!\.+$)[^/?#]+$/

/**
 * Anthropic's wire format: Messages, the free count of tokens, and the list of models. Batches, files, skills, agents
 * and everything else that lives on the provider's side under an id is left out until its owner is recorded.
 */
export const anthropicDialect: Dialect = {
  id: 'anthropic',
  endpoint(method, path) {
    if (method === 'POST') return path === '/v1/messages' ? messages : path === '/v1/messages/count_tokens' ? countTokens : null
    return method === 'GET' && (path === '/v1/models' || modelPath.test(path)) ? models : null
  },
  readRequest: readAnthropicRequest,
  spliceRequest: spliceAnthropicRequest,
  readResponse: readAnthropicResponse,
  readCutResponse: readCutAnthropicResponse,
  openStream: (facts) => new AnthropicStream(facts),
  refusal(code, status, message, facts) {
    // Its SDK shows `type` and `message`, and hands `details.error_code` to the program.
    const error = { type: errorType(status), message, details: { ...facts, error_code: code } }
    return { contentType: 'application/json', body: JSON.stringify({ type: 'error', error, request_id: null }) }
  },
}

/** The `type` words of Anthropic's own answers (API reference, "Errors"), so that clients branch as they do on the provider's refusals. */
function errorType(status: number): string {
  switch (status) {
    case 401: return 'authentication_error'
    case 402: return 'billing_error'
    case 403: return 'permission_error'
    case 404: return 'not_found_error'
    case 409: return 'conflict_error'
    case 413: return 'request_too_large'
    case 429: return 'rate_limit_error'
    case 504: return 'timeout_error'
    case 503: case 529: return 'overloaded_error'
    default: return status >= 500 ? 'api_error' : 'invalid_request_error'
  }
}
