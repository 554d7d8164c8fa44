import { answerContent } from './gemini-content-sim.ts'
import { answerGeminiEmbeddings } from './gemini-embeddings-sim.ts'
import { promptTextOf } from './gemini-prompt-sim.ts'
import { frame, type SimAnswer } from './sim-answer.ts'
import type { SimAsk, SimFailure, SimFormat } from './sim-format.ts'
import { isObject, textIn, type JsonObject } from './sim-generation.ts'
import { tokensInBytes } from './sim-text.ts'

const methodPath = /^\/v1(?:beta|alpha)?\/models\/([^/:]+):([A-Za-z]+)$/
const models: readonly string[] = ['gemini-2.5-pro', 'gemini-2.5-flash', 'gemini-2.5-flash-lite', 'gemini-3.1-pro-preview', 'gemini-3.5-flash', 'gemini-embedding-001', 'gemini-embedding-2']

/** Google's wire format: content whole and streamed, embeddings, the count of tokens, models. */
export const geminiFormat: SimFormat = {
  serves: (path, headers) => methodPath.test(path) || /^\/v1(beta|alpha)\/models/.test(path) || headers['x-goog-api-key'] !== undefined,
  modelOf: (path) => methodPath.exec(path)?.[1] ?? '',
  lastTextOf(request) {
    const last = Array.isArray(request['contents']) ? request['contents'].at(-1) : request['content']
    return isObject(last) ? textIn(last['parts']) : ''
  },
  answer,
  failure,
  errorFrame: frame(errorBody(500, 'INTERNAL', 'An internal error has occurred. Please retry.')).replaceAll('\n', '\r\n'),
  headersFor: (callId) => ({ 'server-timing': 'gfet4t7; dur=5', 'x-gemini-sim-call': String(callId) }),
}

function answer(ask: SimAsk): SimAnswer {
  const { method, path, query, request, headers } = ask
  if ((headers['x-goog-api-key'] ?? '') === '' && !new URLSearchParams(query).has('key')) return errorAnswer(403, 'PERMISSION_DENIED', 'Method doesn\'t allow unregistered callers.')
  if (method === 'GET') return answerModels(path)
  const called = methodPath.exec(path)?.[2]
  switch (called) {
    case 'generateContent': case 'streamGenerateContent':
      return promptIsMissing(request) ? errorAnswer(400, 'INVALID_ARGUMENT', '* GenerateContentRequest.contents: contents is not specified') : answerContent(ask, called === 'streamGenerateContent')
    case 'embedContent': case 'batchEmbedContents': return answerGeminiEmbeddings(ask, called === 'batchEmbedContents')
    case 'countTokens': {
      const inner = request['generateContentRequest']
      const totalTokens = tokensInBytes(Buffer.byteLength(promptTextOf(isObject(inner) ? inner : request)))
      return free({ totalTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }] })
    }
    default: return errorAnswer(404, 'NOT_FOUND', 'Requested entity was not found.')
  }
}

const promptIsMissing = (request: JsonObject): boolean => !Array.isArray(request['contents']) || request['contents'].length === 0

function failure(kind: SimFailure): SimAnswer {
  switch (kind) {
    case 'unparsable': return errorAnswer(400, 'INVALID_ARGUMENT', 'Invalid JSON payload received.')
    case 'rate-limit': return errorAnswer(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.', [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1s' }])
    case 'error-500': return errorAnswer(500, 'INTERNAL', 'An internal error has occurred. Please retry.')
    case 'error-503': return errorAnswer(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.')
    case 'error-400': return errorAnswer(400, 'INVALID_ARGUMENT', 'Your input violates a rule of this simulation.')
  }
}

function errorBody(code: number, status: string, message: string, details?: readonly JsonObject[]): JsonObject {
  return { error: { code, message, status, ...(details === undefined ? {} : { details }) } }
}

const errorAnswer = (code: number, status: string, message: string, details?: readonly JsonObject[]): SimAnswer => ({ ...free(errorBody(code, status, message, details)), status: code })

const free = (body: unknown): SimAnswer => ({ status: 200, body, frames: null, repeatable: 0, counted: null, reported: null, model: '' })

function answerModels(path: string): SimAnswer {
  const entry = (id: string): JsonObject => ({
    name: `models/${id}`, version: '001', displayName: id, description: 'Simulated', inputTokenLimit: 1_048_576, outputTokenLimit: 65_536,
    supportedGenerationMethods: id.includes('embedding') ? ['embedContent', 'countTokens'] : ['generateContent', 'countTokens'],
  })
  const asked = /\/models(?:\/(.+))?$/.exec(path)
  if (asked?.[1] === undefined) return free({ models: models.map(entry) })
  return models.includes(asked[1]) ? free(entry(asked[1])) : errorAnswer(404, 'NOT_FOUND', `models/${asked[1]} is not found for API version v1beta.`)
}
