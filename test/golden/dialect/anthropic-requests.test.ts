import { describe, expect, test } from 'vitest'
import { anthropicDialect } from '../../../src/dialect/anthropic.ts'
import type { RequestFacts, RequestSplice } from '../../../src/dialect/dialect.ts'

const endpoint = (path: string, method = 'POST') => anthropicDialect.endpoint(method, path, '')
const read = (body: string): ReturnType<typeof anthropicDialect.readRequest> => anthropicDialect.readRequest(endpoint('/v1/messages')!, Buffer.from(body))
function facts(body: Record<string, unknown>): RequestFacts {
  const result = read(JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 100, messages: [], ...body }))
  if (!result.ok) throw new Error(result.error.detail)
  return result.value
}

describe('endpoints', () => {
  test.each([['POST', '/v1/messages', 'messages', 'inference'], ['POST', '/v1/messages/count_tokens', 'messages.count_tokens', 'free'], ['GET', '/v1/models', 'models', 'free'], ['GET', '/v1/models/claude-opus-5', 'models', 'free']])('%s %s is %s', (method, path, name, kind) =>
    expect(endpoint(path, method)).toMatchObject({ name, kind }))
  test.each([
    ['GET', '/v1/messages'], ['POST', '/v1/messages/batches'], ['GET', '/v1/messages/batches'], ['GET', '/v1/messages/batches/b/results'], ['POST', '/v1/files'], ['GET', '/v1/files'], ['POST', '/v1/complete'],
    ['POST', '/v1/skills'], ['POST', '/v1/agents'], ['GET', '/v1/organizations/usage_report/messages'], ['GET', '/v1/models/..'], ['GET', '/v1/models/a/b'], ['DELETE', '/v1/models/a'], ['POST', '/v1/messages/'],
  ])('%s %s is not served', (method, path) => expect(endpoint(path, method)).toBeNull())
})

describe('faults name what is wrong', () => {
  test.each([
    ['', /empty/], ['{', /position 1/], ['{}', /"model" is missing/], ['{"model":7}', /"model" must be a string/], ['{"model":"a","stream":"yes"}', /"stream" must be/],
    ['{"model":"a","max_tokens":-1}', /"max_tokens" must be/], ['{"model":"a","max_tokens":1.5}', /"max_tokens" must be/], ['{"model":"a","max_tokens":"9"}', /"max_tokens" must be/],
    ['{"model":"a","max_tokens":1,"max_tokens":99999}', /"max_tokens" is given twice/], ['{"model":"a","Max_Tokens":9}', /differs from "max_tokens" only by letter case/], ['{"model":"a","tools":[],"tools":[{}]}', /"tools" is given twice/],
  ])('%s', (body, detail) => {
    const result = read(body)
    expect(result).toMatchObject({ ok: false, error: { code: 'body_malformed' } })
    expect(!result.ok && result.error.detail).toMatch(detail)
  })
})

describe('facts', () => {
  test('a plain request', () => {
    expect(facts({ messages: [{ role: 'user', content: 'hé' }], stream: true, metadata: { user_id: 'u-1' } })).toMatchObject({
      model: 'claude-sonnet-4-5', stream: true, askedStreamUsage: true, outputCap: 100, choices: 1, usesServerState: false, unboundedBecause: '', mayWriteCache: false,
      mode: 'standard', geo: '', geoAtMost: 'us', searchesMax: 0, turnsMax: 1, user: 'u-1',
    })
  })
  test('the whole body bounds the input; tools and output formats add what the provider writes itself', () => {
    const bytes = (body: Record<string, unknown>): number => facts(body).inputBytes - Buffer.byteLength(JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 100, messages: [], ...body }))
    expect(bytes({})).toBe(0)
    expect(bytes({ tools: [{ name: 'a', input_schema: {} }] })).toBe(2048)
    expect(bytes({ tools: [{ type: 'bash_20250124', name: 'bash' }, { name: 'a', input_schema: {} }] })).toBe(4096)
    expect(bytes({ output_config: { format: { type: 'json_schema', schema: {} } } })).toBe(2048)
  })
  test('no cap, a zero cap, speed and geography', () => {
    const result = read('{"model":"a"}')
    expect(result.ok && result.value.outputCap).toBeNull()
    expect(facts({ max_tokens: 0 }).outputCap).toBe(0)
    expect(facts({ speed: 'fast' }).mode).toBe('fast')
    expect(facts({ inference_geo: 'global' })).toMatchObject({ geo: 'global', geoAtMost: 'global' })
  })
  test.each([
    ['a mark on the whole request', { cache_control: { type: 'ephemeral' } }], ['on the system prompt', { system: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } }] }],
    ['on a tool', { tools: [{ name: 'a', input_schema: {}, cache_control: { type: 'ephemeral' } }] }], ['inside a tool result', { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] }] }] }],
  ])('caching asked for by %s', (_name, body) => expect(facts(body).mayWriteCache).toBe(true))
  test('caching asked for with an escaped name; not asked for by text or null', () => {
    const escaped = read('{"model":"a","max_tokens":1,"system":[{"type":"text","text":"a","cache\\u005fcontrol":{"type":"ephemeral"}}]}')
    expect(escaped.ok && escaped.value.mayWriteCache).toBe(true)
    expect(facts({ cache_control: null, messages: [{ role: 'user', content: 'cache_control' }] }).mayWriteCache).toBe(false)
  })
})

describe('what the body does not bound', () => {
  const user = (...content: unknown[]) => ({ messages: [{ role: 'user', content }] })
  test.each([
    ['text and thinking', user({ type: 'text', text: 'a' }, { type: 'thinking', thinking: 'a', signature: 's' }, { type: 'redacted_thinking', data: 'd' })],
    ['caller tools', { tools: [{ name: 'a', input_schema: {} }, { type: 'custom', name: 'b', input_schema: {} }, { type: 'text_editor_20250728', name: 'e' }, { type: 'memory_20250818', name: 'm' }] }],
    ['a tool result of text', user({ type: 'tool_result', tool_use_id: 't', content: 'a' }, { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'a' }] })],
    ['a document of text', user({ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a' } }, { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'a' }] } })],
    ['clearing of old tool results', { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } }],
    ['empty lists', { mcp_servers: [], fallbacks: null }],
  ])('%s: bounded', (_name, body) => expect(facts(body)).toMatchObject({ unboundedBecause: '', usesServerState: false }))
  test.each([
    ['image', user({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: '' } })], ['image', user({ type: 'tool_result', content: [{ type: 'image', source: { type: 'url', url: 'https://x' } }] })],
    ['document', user({ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: '' } })], ['document', user({ type: 'document', source: { type: 'url', url: 'https://x' } })],
    ['image', user({ type: 'document', source: { type: 'content', content: [{ type: 'image' }] } })], ['citations', user({ type: 'document', citations: { enabled: true }, source: { type: 'text', data: 'a' } })],
    ['hologram', user({ type: 'hologram' })], ['unknown_kind', user({ type: 'a b' })],
    ['web_search_20250305', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }], ['web_search_20260209', { tools: [{ type: 'web_search_20260209', name: 'web_search', max_uses: 1 }] }],
    ['code_execution_20250825', { tools: [{ type: 'code_execution_20250825', name: 'c' }] }], ['computer_20250124', { tools: [{ type: 'computer_20250124', name: 'c' }] }], ['advisor_20260301', { tools: [{ type: 'advisor_20260301', name: 'advisor' }] }],
    ['mcp_servers', { mcp_servers: [{ type: 'url', url: 'https://x' }] }], ['container', { container: { skills: [] } }], ['context_management', { context_management: { edits: [{ type: 'compact_20260112' }] } }],
    ['compaction', { compaction: { type: 'summarize' } }], ['fallbacks', { fallbacks: 'default' }],
  ])('%s', (reason, body) => expect(facts(body).unboundedBecause).toBe(reason))

  test('server tools with a stated limit are bounded by searches and turns', () => {
    const tools = [{ type: 'web_search_20250305', name: 'web_search', max_uses: 12 }, { type: 'web_fetch_20250910', name: 'web_fetch', max_uses: 3 }]
    expect(facts({ tools })).toMatchObject({ unboundedBecause: '', searchesMax: 12, turnsMax: 16, choices: 16 })
    expect(facts({ tools: [{ ...tools[0], max_uses: 1 }] })).toMatchObject({ searchesMax: 1, turnsMax: 10 })
    expect(facts({ tools: [{ ...tools[0], max_uses: 1e9 }] }).unboundedBecause).toBe('web_search_20250305')
  })

  test.each([
    ['a container by id', { container: 'container_1' }], ['a container object by id', { container: { id: 'container_1' } }], ['a stored file', user({ type: 'document', source: { type: 'file', file_id: 'file_1' } })],
    ['an upload to a container', user({ type: 'container_upload', file_id: 'file_1' })], ['a stored image in a tool result', user({ type: 'tool_result', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] })], ['a thread', { thread: { type: 'continue', id: 't' } }],
  ])("%s is the provider's state", (_name, body) => expect(facts(body).usesServerState).toBe(true))
  test('also where tokens are only counted', () => {
    const result = anthropicDialect.readRequest(endpoint('/v1/messages/count_tokens')!, Buffer.from(JSON.stringify({ model: 'a', ...user({ type: 'image', source: { type: 'file', file_id: 'f' } }) })))
    expect(result).toMatchObject({ ok: true, value: { usesServerState: true, model: 'a' } })
  })
})

describe('splices', () => {
  const splice = (body: string, given: Partial<RequestSplice>): string => {
    const result = read(body)
    if (!result.ok) throw new Error(result.error.detail)
    return anthropicDialect.spliceRequest(Buffer.from(body), result.value, { addStreamUsage: false, outputCap: null, model: null, ...given }).toString()
  }
  test('only what policy asks for changes', () => {
    const body = '{ "model": "a",\n "max_tokens" : 900, "messages":[] , "x": "é" }'
    const result = read(body)
    const bytes = Buffer.from(body)
    expect(result.ok && anthropicDialect.spliceRequest(bytes, result.value, { addStreamUsage: true, outputCap: null, model: null })).toBe(bytes)
    expect(splice(body, { outputCap: 50 })).toBe(body.replace('900', '50'))
    expect(splice(body, { model: 'b/"c' })).toBe(body.replace('"a"', '"b/\\"c"'))
    expect(splice('{"model":"a","messages":[]}', { outputCap: 50 })).toBe('{"model":"a","messages":[],"max_tokens":50}')
    expect(splice('{"model":"a","max_tokens":null}', { outputCap: 50, model: 'b' })).toBe('{"model":"b","max_tokens":50}')
  })
})

test.each([
  ['budget_exceeded', 402, 'billing_error'], ['key_unknown', 401, 'authentication_error'], ['endpoint_not_metered', 403, 'permission_error'], ['rate_limited', 429, 'rate_limit_error'],
  ['body_malformed', 400, 'invalid_request_error'], ['provider_unknown', 404, 'not_found_error'], ['snapshot_missing', 503, 'overloaded_error'], ['upstream_timeout', 504, 'timeout_error'], ['upstream_reset', 502, 'api_error'],
] as const)('the refusal %s (%i) has the shape of Anthropic\'s own errors, type %s', (code, status, type) => {
  const { contentType, body } = anthropicDialect.refusal(code as never, status, 'Because.', { budget: 'b', error_code: 'not this' })
  expect(contentType).toBe('application/json')
  expect(JSON.parse(body)).toEqual({ type: 'error', error: { type, message: 'Because.', details: { budget: 'b', error_code: code } }, request_id: null })
})
