import { answerChat, answerCompletion } from './chat-sim.ts'
import { answerEmbeddings } from './embeddings-sim.ts'
import { answerResponses } from './responses-sim.ts'
import { errorAnswer, frame, type SimAnswer } from './sim-answer.ts'
import type { SimAsk, SimFailure, SimFormat } from './sim-format.ts'
import { isObject, simModels, textIn, type JsonObject } from './sim-generation.ts'

/** OpenAI's wire format: chat and legacy completions, Responses, embeddings, models. */
export const openaiFormat: SimFormat = {
  serves: () => true,
  modelOf: (_path, request) => (typeof request['model'] === 'string' ? request['model'] : ''),
  lastTextOf(request) {
    const list = request['messages'] ?? request['input'] ?? request['prompt']
    const last = Array.isArray(list) ? list.at(-1) : list
    return textIn(isObject(last) ? (last['content'] ?? last['output']) : last)
  },
  answer,
  failure,
  errorFrame: frame({ error: { message: 'The server had an error while processing your request.', type: 'server_error', param: null, code: null } }),
  headersFor: (callId) => ({ 'x-request-id': `req_sim_${callId}`, 'openai-processing-ms': '5' }),
}

function answer({ seed, method, path, request, bodyText, model, lastText, faults }: SimAsk): SimAnswer {
  if (method === 'GET') return answerModels(path)
  if (model === '') return errorAnswer(400, 'you must provide a model parameter', 'invalid_request_error', null)
  switch (path) {
    case '/v1/chat/completions': return answerChat(seed, request, bodyText, lastText, faults)
    case '/v1/completions': return answerCompletion(seed, request, bodyText, lastText, faults)
    case '/v1/responses': return answerResponses(seed, request, bodyText, lastText, faults)
    case '/v1/embeddings': return answerEmbeddings(seed, request, faults)
    default: return errorAnswer(404, `Invalid URL (${method} ${path})`, 'invalid_request_error', null)
  }
}

function failure(kind: SimFailure): SimAnswer {
  switch (kind) {
    case 'unparsable': return errorAnswer(400, 'We could not parse the JSON body of your request.', 'invalid_request_error', null)
    case 'rate-limit': return errorAnswer(429, 'Rate limit reached for requests.', 'requests', 'rate_limit_exceeded')
    case 'error-500': return errorAnswer(500, 'The server had an error while processing your request.', 'server_error', null)
    case 'error-503': return errorAnswer(503, 'The engine is currently overloaded, please try again later.', 'server_error', null)
    case 'error-400': return errorAnswer(400, 'Your input violates a rule of this simulation.', 'invalid_request_error', 'sim_refused')
  }
}

function answerModels(path: string): SimAnswer {
  const entry = (id: string): JsonObject => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'sim' })
  const free = { status: 200, frames: null, repeatable: 0, counted: null, reported: null, model: '' }
  if (path === '/v1/models') return { ...free, body: { object: 'list', data: simModels.map(entry) } }
  const id = path.startsWith('/v1/models/') ? decodeURIComponent(path.slice('/v1/models/'.length)) : ''
  if (simModels.includes(id)) return { ...free, body: entry(id) }
  return errorAnswer(404, id === '' ? `Invalid URL (GET ${path})` : `The model '${id}' does not exist`, 'invalid_request_error', id === '' ? null : 'model_not_found')
}
