import { describe, expect, test } from 'vitest'
import type { RequestFacts, RequestSplice } from '../../../src/dialect/dialect.ts'
import { openaiDialect } from '../../../src/dialect/openai.ts'
import { opaqueHttpDialect } from '../../../src/dialect/opaque-http.ts'

const paths: Readonly<Record<string, string>> = { chat: '/v1/chat/completions', completions: '/v1/completions', responses: '/v1/responses', embeddings: '/v1/embeddings' }
function read(kind: string, body: string | Buffer): ReturnType<typeof openaiDialect.readRequest> {
  return openaiDialect.readRequest(openaiDialect.endpoint('POST', paths[kind]!)!, Buffer.from(body))
}
function facts(kind: string, body: Record<string, unknown> | string): RequestFacts {
  const result = read(kind, typeof body === 'string' ? body : JSON.stringify({ model: 'gpt-4o', ...body }))
  if (!result.ok) throw new Error(result.error.detail)
  return result.value
}

describe('endpoints', () => {
  test.each([
    ['POST', '/v1/chat/completions', 'chat.completions'], ['POST', '/v1/completions', 'completions'], ['POST', '/v1/responses', 'responses'],
    ['POST', '/v1/embeddings', 'embeddings'], ['GET', '/v1/models', 'models'], ['GET', '/v1/models/gpt-4o', 'models'], ['GET', '/v1/models/org/llama', 'models'],
  ])('%s %s is %s', (method, path, name) => expect(openaiDialect.endpoint(method, path)?.name).toBe(name))

  test.each([
    ['GET', '/v1/chat/completions'], ['GET', '/v1/responses/resp_1'], ['DELETE', '/v1/responses/resp_1'], ['POST', '/v1/responses/resp_1/cancel'], ['GET', '/v1/files'],
    ['POST', '/v1/files'], ['POST', '/v1/batches'], ['POST', '/v1/images/generations'], ['DELETE', '/v1/models/gpt-4o'], ['POST', '/v1/chat/completions/'], ['POST', '/chat/completions'], ['GET', '/v1/models/../files'],
  ])('%s %s is not served', (method, path) => expect(openaiDialect.endpoint(method, path)).toBeNull())
})

describe('faults name what is wrong', () => {
  test.each([
    ['', /empty/], ['{"model":"gpt-4o","messages":[}', /position 30\./], ['{"model":"gpt-4o"', /position 17, where it ends early/], ['[]', /must be a JSON object/], ['\ufeff{"model":"gpt-4o"}', /position 0/],
    ['{}', /"model" is missing/], ['{"model":7}', /"model" must be a string/], ['{"model":" "}', /"model" is empty/],
    ['{"model":"a","stream":"true"}', /"stream" must be/], ['{"model":"a","stream":1}', /"stream" must be/],
    ['{"model":"a","n":"2"}', /"n" must be a whole number/], ['{"model":"a","n":0}', /"n" must be/], ['{"model":"a","n":1.5}', /"n" must be/],
    ['{"model":"a","max_tokens":-1}', /"max_tokens" must be/], ['{"model":"a","max_completion_tokens":"9"}', /"max_completion_tokens" must be/], ['{"model":"a","max_tokens":1e400}', /"max_tokens" must be/],
    ['{"model":"a","stream_options":[]}', /"stream_options" must be an object/], ['{"model":"a","stream_options":{"include_usage":"yes"}}', /include_usage/],
    ['{"model":"a","max_tokens":1,"max_tokens":100000}', /"max_tokens" is given twice/], ['{"model":"a","mod\\u0065l":"b"}', /"model" is given twice/],
    ['{"model":"a","MAX_TOKENS":100000}', /differs from "max_tokens" only by letter case/],
    ['{"model":"a","stream_options":{"include_usage":true,"include_usage":false}}', /"stream_options" is given twice/],
    [`{"model":"a","x":${'['.repeat(300)}${']'.repeat(300)}}`, /nests deeper than 200/],
  ])('%s', (body, detail) => {
    const result = read('chat', body)
    expect(result).toMatchObject({ ok: false, error: { code: 'body_malformed' } })
    expect(!result.ok && result.error.detail).toMatch(detail)
  })

  test('bytes that are not UTF-8', () => {
    expect(read('chat', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toMatchObject({ ok: false, error: { code: 'body_malformed', detail: 'The body is not valid UTF-8.' } })
  })

  test('a member that decides nothing may come twice', () => expect(read('chat', '{"model":"a","seed":1,"seed":2}').ok).toBe(true))

  test('background responses are not metered', () => {
    expect(read('responses', '{"model":"gpt-5","input":"x","background":true}')).toMatchObject({ ok: false, error: { code: 'endpoint_not_metered' } })
    expect(read('responses', '{"model":"gpt-5","input":"x","background":false}').ok).toBe(true)
  })
})

describe('facts', () => {
  test('a plain chat request', () => {
    const body = '{"model":"gpt-4o","messages":[{"role":"user","content":"hé"}],"user":"u-1","metadata":{"team":"a","n":4},"service_tier":"flex"}'
    expect(facts('chat', body)).toEqual({
      endpoint: { name: 'chat.completions', kind: 'inference' }, model: 'gpt-4o', stream: false, outputCap: null, choices: 1, askedStreamUsage: false,
      inputBytes: Buffer.byteLength(body), usesServerState: false, unboundedBecause: '', mayWriteCache: true, mode: 'flex', geo: '', user: 'u-1', metadata: { team: 'a' },
    })
  })

  test('caps and choices: the larger of what the provider may follow', () => {
    expect(facts('chat', { max_tokens: 10 }).outputCap).toBe(10)
    expect(facts('chat', { max_tokens: 500, max_completion_tokens: 10 }).outputCap).toBe(500)
    expect(facts('chat', { max_tokens: null, n: null })).toMatchObject({ outputCap: null, choices: 1 })
    expect(facts('chat', { n: 4, best_of: 6 }).choices).toBe(6)
    expect(facts('completions', { prompt: ['a', 'b', 'c'], n: 2, max_tokens: 7 })).toMatchObject({ choices: 6, outputCap: 7 })
    expect(facts('completions', { prompt: [1, 2, 3] }).choices).toBe(1)
    expect(facts('responses', { max_output_tokens: 99, max_tokens: 5 }).outputCap).toBe(99)
    expect(facts('embeddings', { input: 'a' })).toMatchObject({ outputCap: 0, choices: 1, mayWriteCache: false, unboundedBecause: '' })
  })

  test('safety_identifier goes before user', () => expect(facts('chat', { user: 'a', safety_identifier: 'b' }).user).toBe('b'))

  test('stream usage counts as asked only in a stream', () => {
    expect(facts('chat', { stream: true, stream_options: { include_usage: true } }).askedStreamUsage).toBe(true)
    expect(facts('chat', { stream_options: { include_usage: true } }).askedStreamUsage).toBe(false)
    expect(facts('responses', { stream: true }).askedStreamUsage).toBe(true)
  })

  const user = (content: unknown): Record<string, unknown> => ({ messages: [{ role: 'user', content }] })
  test.each<[string, Record<string, unknown>]>([
    ['', user('text')], ['', user([{ type: 'text', text: 'a' }])], ['', { tools: [{ type: 'function', function: { name: 'f' } }, { type: 'custom', custom: {} }], modalities: ['text'], prediction: null }],
    ['image_url', user([{ type: 'text', text: 'a' }, { type: 'image_url', image_url: { url: 'x' } }])], ['input_audio', user([{ type: 'input_audio' }])], ['file', user([{ type: 'file' }])],
    ['some_new_kind', user([{ type: 'some_new_kind' }])], ['unknown_kind', user([{ type: 7 }])], ['image_url', user({ type: 'image_url' })],
    ['modalities', { modalities: ['text', 'audio'] }], ['audio', { audio: { voice: 'x' } }], ['web_search_options', { web_search_options: {} }], ['prediction', { prediction: { type: 'content' } }],
    ['web_search', { tools: [{ type: 'web_search' }] }],
  ])('chat is unbounded because of "%s"', (because, body) => expect(facts('chat', body).unboundedBecause).toBe(because))

  test.each<[string, Record<string, unknown>]>([
    ['', { input: 'a' }], ['', { input: [{ role: 'user', content: [{ type: 'input_text', text: 'a' }] }, { type: 'function_call_output', call_id: 'c', output: 'o' }], tools: [{ type: 'function', name: 'f' }, { type: 'namespace', tools: [{ type: 'function' }] }] }],
    ['input_image', { input: [{ role: 'user', content: [{ type: 'input_image' }] }] }], ['input_file', { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }] }],
    ['input_image', { input: [{ type: 'function_call_output', output: [{ type: 'input_image' }] }] }], ['computer_call_output', { input: [{ type: 'computer_call_output' }] }],
    ['context_management', { context_management: [{ type: 'compaction' }] }],
    ...['web_search', 'web_search_preview', 'file_search', 'code_interpreter', 'mcp', 'computer_use_preview', 'image_generation', 'shell', 'tool_search'].map((type): [string, Record<string, unknown>] => [type, { tools: [{ type }] }]),
    ['mcp', { tools: [{ type: 'namespace', tools: [{ type: 'mcp' }] }] }],
  ])('a response is unbounded because of "%s"', (because, body) => expect(facts('responses', body).unboundedBecause).toBe(because))

  test.each<[boolean, Record<string, unknown>]>([
    [false, { input: 'a', previous_response_id: null }], [false, { input: [{ role: 'user', content: 'a' }] }], [false, { input: [{ type: 'reasoning', id: 'rs', summary: [], encrypted_content: 'x' }] }],
    [true, { input: 'a', previous_response_id: 'resp_1' }], [true, { input: 'a', conversation: 'conv_1' }], [true, { input: 'a', conversation: { id: 'conv_1' } }], [true, { prompt: { id: 'pmpt_1' } }],
    [true, { input: [{ type: 'item_reference', id: 'msg_1' }] }], [true, { input: [{ id: 'msg_1' }] }], [true, { input: [{ type: 'reasoning', id: 'rs', summary: [] }] }], [true, { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file_1' }] }] }],
  ])('a response uses server state: %s', (uses, body) => expect(facts('responses', body).usesServerState).toBe(uses))

  test('chat can refer to kept audio and stored files', () => {
    expect(facts('chat', { messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] })).toMatchObject({ usesServerState: true, unboundedBecause: 'audio' })
    expect(facts('chat', user([{ type: 'file', file: { file_id: 'file_1' } }])).usesServerState).toBe(true)
    expect(facts('chat', user([{ type: 'text', text: 'a' }])).usesServerState).toBe(false)
  })
})

describe('splices keep the caller’s own bytes', () => {
  const nothing: RequestSplice = { addStreamUsage: false, outputCap: null, model: null }
  const splice = (kind: string, body: string, change: Partial<RequestSplice>): string => {
    const bytes = Buffer.from(body)
    return openaiDialect.spliceRequest(bytes, facts(kind, body), { ...nothing, ...change }).toString()
  }

  test.each<[string, string, string, Partial<RequestSplice>, string]>([
    ['usage is added', 'chat', ' {"model" : "gpt-4o", "stream":true ,"x":1.50 }\n', { addStreamUsage: true }, ' {"model" : "gpt-4o", "stream":true ,"x":1.50,"stream_options":{"include_usage":true} }\n'],
    ['usage joins other options', 'chat', '{"stream_options":{"include_obfuscation":false},"model":"m","stream":true}', { addStreamUsage: true }, '{"stream_options":{"include_obfuscation":false,"include_usage":true},"model":"m","stream":true}'],
    ['usage fills empty options', 'chat', '{"stream_options":{ },"model":"m","stream":true}', { addStreamUsage: true }, '{"stream_options":{"include_usage":true },"model":"m","stream":true}'],
    ['usage replaces null options', 'chat', '{"stream_options": null,"model":"m","stream":true}', { addStreamUsage: true }, '{"stream_options": {"include_usage":true},"model":"m","stream":true}'],
    ['usage replaces false', 'chat', '{"stream_options":{"include_usage": false },"model":"m","stream":true}', { addStreamUsage: true }, '{"stream_options":{"include_usage": true },"model":"m","stream":true}'],
    ['usage replaces null', 'chat', '{"stream_options":{"include_usage":null},"model":"m","stream":true}', { addStreamUsage: true }, '{"stream_options":{"include_usage":true},"model":"m","stream":true}'],
    ['a cap keeps its name', 'chat', '{"model":"gpt-4o","max_tokens":500}', { outputCap: 20 }, '{"model":"gpt-4o","max_tokens":20}'],
    ['both caps are set', 'chat', '{"max_tokens":500,"model":"m","max_completion_tokens":7}', { outputCap: 20 }, '{"max_tokens":20,"model":"m","max_completion_tokens":20}'],
    ['a new cap, OpenAI model', 'chat', '{"model":"o3-mini"}', { outputCap: 20 }, '{"model":"o3-mini","max_completion_tokens":20}'],
    ['a new cap, other model', 'chat', '{"model":"mistral-large-latest"}', { outputCap: 20 }, '{"model":"mistral-large-latest","max_tokens":20}'],
    ['a new cap, replaced model', 'chat', '{"model":"fast"}', { outputCap: 20, model: 'gpt-5' }, '{"model":"gpt-5","max_completion_tokens":20}'],
    ['a null cap is filled', 'chat', '{"model":"llama","max_tokens":null}', { outputCap: 20 }, '{"model":"llama","max_tokens":20}'],
    ['a Responses cap', 'responses', '{"model":"gpt-5","input":"x"}', { outputCap: 20, addStreamUsage: true }, '{"model":"gpt-5","input":"x","max_output_tokens":20}'],
    ['a model with odd characters', 'chat', '{"messages":["é\\"}{"],"mod\\u0065l":"é"}', { model: 'a"b\u2028' }, '{"messages":["é\\"}{"],"mod\\u0065l":"a\\"b\u2028"}'],
    ['embeddings take no cap', 'embeddings', '{"model":"e","input":"x"}', { outputCap: 20 }, '{"model":"e","input":"x"}'],
  ])('%s', (_, kind, body, change, expected) => expect(splice(kind, body, change)).toBe(expected))

  test('nothing to do gives the same Buffer', () => {
    const body = Buffer.from('{"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":9}')
    const read = facts('chat', body.toString())
    expect(openaiDialect.spliceRequest(body, read, nothing)).toBe(body)
    expect(openaiDialect.spliceRequest(body, read, { addStreamUsage: true, outputCap: 9, model: 'm' })).toBe(body)
  })
})

describe('refusals', () => {
  test('OpenAI’s shape, whose own members no fact can replace', () => {
    const { contentType, body } = openaiDialect.refusal('budget_exceeded', 402, 'Too dear.', { scope: 'team/a', limit: '5', code: 'x', message: 'y' })
    expect(contentType).toBe('application/json')
    expect(JSON.parse(body)).toEqual({ error: { message: 'Too dear.', type: 'insufficient_quota', param: null, code: 'budget_exceeded', scope: 'team/a', limit: '5' } })
    expect(JSON.parse(openaiDialect.refusal('model_not_allowed', 403, 'm', {}).body).error).toMatchObject({ param: 'model', type: 'permission_error' })
  })
})

describe('plain HTTP', () => {
  const endpoint = opaqueHttpDialect.endpoint('PATCH', '/anything/at/all')!
  const body = Buffer.from([0xff, 0x00, 0x7b])
  const result = opaqueHttpDialect.readRequest(endpoint, body)
  if (!result.ok) throw new Error('an opaque request always reads')

  test('every call is accepted unread and passes unchanged', () => {
    expect(result.value).toMatchObject({ endpoint: { name: 'http', kind: 'opaque' }, model: '', outputCap: 0, inputBytes: 3 })
    expect(opaqueHttpDialect.spliceRequest(body, result.value, { addStreamUsage: true, outputCap: 1, model: 'x' })).toBe(body)
  })

  test('an answered call is one request, a server failure none', () => {
    expect(opaqueHttpDialect.readResponse(result.value, 200, body)).toMatchObject({ usage: { request: 1 }, quality: 'final', fault: '' })
    expect(opaqueHttpDialect.readResponse(result.value, 404, body)).toMatchObject({ usage: { request: 1 }, fault: 'provider_error' })
    expect(opaqueHttpDialect.readResponse(result.value, 503, body)).toMatchObject({ usage: null, quality: 'absent', fault: 'provider_error' })
    const stream = opaqueHttpDialect.openStream(result.value, { hideUsageChunk: true })
    expect(stream.push(body)).toBe(body)
    expect(stream.end(false).reading).toMatchObject({ usage: { request: 1 }, fault: 'truncated', outputBytesSeen: 3 })
  })

  test('refusals are problem documents', () => {
    const { contentType, body: text } = opaqueHttpDialect.refusal('rate_limited', 429, 'Slow down.', { limit: 5 })
    expect(contentType).toBe('application/problem+json')
    expect(JSON.parse(text)).toMatchObject({ type: 'about:blank', status: 429, detail: 'Slow down.', code: 'rate_limited', limit: 5 })
  })
})
