import { describe, expect, test } from 'vitest'
import type { RequestFacts } from '../../../src/dialect/dialect.ts'
import { geminiDialect } from '../../../src/dialect/gemini.ts'

const endpoint = (path: string, query = '', method = 'POST'): ReturnType<typeof geminiDialect.endpoint> => geminiDialect.endpoint(method, path, query)
const read = (body: unknown, method = 'generateContent', model = 'gemini-2.5-flash'): ReturnType<typeof geminiDialect.readRequest> =>
  geminiDialect.readRequest(endpoint(`/v1beta/models/${model}:${method}`)!, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
function facts(body: unknown, method = 'generateContent', model = 'gemini-2.5-flash'): RequestFacts {
  const result = read(body, method, model)
  if (!result.ok) throw new Error(result.error.detail)
  return result.value
}
const refused = (body: unknown, method?: string): string => {
  const result = read(body, method)
  return result.ok ? 'read' : `${result.error.code}: ${result.error.detail}`
}
const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }]
const withPart = (part: object): object => ({ contents: [{ parts: [{ text: 'Look' }, part] }] })

describe('endpoints', () => {
  test('the model and the stream stand in the address', () => {
    expect(endpoint('/v1beta/models/gemini-2.5-pro:generateContent')).toEqual({ name: 'generateContent', kind: 'inference', model: 'gemini-2.5-pro' })
    expect(endpoint('/v1/models/gemini-2.5-pro:streamGenerateContent', '?alt=sse')).toEqual({ name: 'generateContent', kind: 'inference', model: 'gemini-2.5-pro', stream: 'sse' })
    expect(endpoint('/v1beta/models/gemini-2.5-pro:streamGenerateContent')).toMatchObject({ stream: 'json' })
    expect(endpoint('/v1beta/models/gemini-2.5-pro:streamGenerateContent', '?alt=json')).toMatchObject({ stream: 'json' })
    expect(endpoint('/v1beta/models/gemini-embedding-001:embedContent')).toMatchObject({ name: 'embeddings' })
    expect(endpoint('/v1beta/models/gemini-embedding-001:batchEmbedContents')).toMatchObject({ name: 'embeddings' })
    expect(endpoint('/v1beta/models/gemini-2.5-pro:countTokens')).toMatchObject({ name: 'countTokens', kind: 'free' })
    expect(endpoint('/v1beta/models', '?pageSize=5', 'GET')).toEqual({ name: 'models', kind: 'free' })
    expect(endpoint('/v1beta/models/gemini-2.5-pro', '', 'GET')).toEqual({ name: 'models', kind: 'free' })
  })

  test.each([
    '/v1beta/models/gemini-2.5-pro:batchGenerateContent', '/v1beta/models/imagen-4.0-generate-001:predict', '/v1beta/models/veo-3:predictLongRunning',
    '/v1beta/tunedModels/mine:generateContent', '/v1beta/cachedContents', '/v1beta/files', '/upload/v1beta/files', '/v1beta/interactions', '/v1beta/models/a/b:generateContent',
    '/v1beta/models/..:generateContent', '/v1beta/models/gemini-2.5-pro:generateContent/', '/v2/models/gemini-2.5-pro:generateContent', '/v1beta/models/:generateContent',
    '/v1beta/models/gemini-2.5-pro', '/v1beta/corpora/x:query', '/v1beta/models/gemini-2.5-pro:toString', '/v1beta/models/gemini-2.5-pro:constructor',
  ])('%s is not metered', (path) => expect(endpoint(path)).toBeNull())

  test.each(['?fields=candidates', '?$fields=candidates', '?%66ields=candidates', '?alt=proto', '?alt=sse&alt=json', '?callback=f', '?key=AIzaSomething', '?access_token=t', '?$httpHeaders=x', '?$alt=proto', '?alt=sse&fields=x'])('%s is refused', (query) => {
    const result = geminiDialect.readRequest(endpoint('/v1beta/models/gemini-2.5-pro:generateContent', query)!, Buffer.from('{"contents":[]}'))
    expect(result).toMatchObject({ ok: false, error: { code: 'endpoint_not_metered' } })
    expect(JSON.stringify(result)).not.toContain('AIza')
  })
})

describe('generateContent', () => {
  test('what decides a call', () => {
    const body = { contents, generationConfig: { maxOutputTokens: 50, candidateCount: 2, thinkingConfig: { thinkingBudget: 1_000 } }, labels: { team: 'a', odd: 3 }, serviceTier: 'flex' }
    expect(facts(body)).toEqual({
      endpoint: endpoint('/v1beta/models/gemini-2.5-flash:generateContent'), model: 'gemini-2.5-flash', stream: false, outputCap: 50, choices: 2, askedStreamUsage: false,
      inputBytes: Buffer.byteLength(JSON.stringify(body)), usesServerState: false, unboundedBecause: '', mayWriteCache: false, mode: 'flex', geo: '', user: '', metadata: { team: 'a' },
    })
    expect(facts({ contents })).toMatchObject({ outputCap: null, choices: 1, mode: 'standard' })
    expect(facts({ contents }, 'streamGenerateContent')).toMatchObject({ stream: true, askedStreamUsage: true })
  })

  test('snake case, and counts as text, are read as Google reads them', () => {
    expect(facts({ contents, generation_config: { max_output_tokens: '70', candidate_count: 3 } })).toMatchObject({ outputCap: 70, choices: 3 })
    expect(facts({ contents, cached_content: 'cachedContents/a' }).usesServerState).toBe(true)
    expect(facts({ contents: { parts: { inline_data: { mime_type: 'image/png', data: '' } } } }).unboundedBecause).toBe('image')
  })

  test.each([
    [{ contents, generationConfig: { maxOutputTokens: 0 } }, '"generationConfig.maxOutputTokens" must be a whole number of at least 1.'],
    [{ contents, generationConfig: { candidateCount: 'two' } }, '"generationConfig.candidateCount" must be a whole number of at least 1.'],
    [{ contents, generationConfig: [] }, '"generationConfig" must be an object.'],
    [{ contents, model: 'models/gemini-2.5-pro' }, '"model" differs from the model in the path.'],
    [{ contents, generationConfig: {}, generation_config: {} }, '"generationConfig" is given in both of its spellings.'],
    [{ contents, generationConfig: { maxOutputTokens: 1, max_output_tokens: 9 } }, '"maxOutputTokens" is given in both of its spellings.'],
    ['{"contents":[],"contents":[]}', 'The member "contents" is given twice in one object.'],
    ['{"contents":[{"parts":[{"text":"a","te\\u0078t":"b"}]}]}', 'The member "text" is given twice in one object.'],
    ['', 'The body is empty.'],
    ['[1]', 'The body must be a JSON object.'],
    ['{"contents":[}', 'The JSON is malformed at position 13.'],
  ])('refused: %j', (body, detail) => expect(refused(body)).toBe(`body_malformed: ${detail}`))

  test('the path\'s own model may be repeated', () => {
    expect(facts({ contents, model: 'models/gemini-2.5-flash' }).model).toBe('gemini-2.5-flash')
    expect(facts({ contents, model: 'gemini-2.5-flash' }).model).toBe('gemini-2.5-flash')
  })

  test.each([
    ['text in many shapes', { contents, systemInstruction: { parts: [{ text: 'x' }] }, safetySettings: [], toolConfig: {}, tools: [{ functionDeclarations: [{ name: 'f' }] }] }, ''],
    ['a tool\'s history', { contents: [{ role: 'model', parts: [{ functionCall: { name: 'f', args: {} }, thoughtSignature: 'c2ln' }] }, { parts: [{ functionResponse: { name: 'f', response: { a: 1 } } }] }] }, ''],
    ['text as bytes', withPart({ inlineData: { mimeType: 'text/csv', data: 'YQ==' } }), ''],
    ['an image', withPart({ inlineData: { mimeType: 'image/png', data: 'YQ==' } }), 'image'],
    ['sound', withPart({ inlineData: { mimeType: 'audio/mp3', data: 'YQ==' } }), 'audio'],
    ['a document', withPart({ inlineData: { mimeType: 'application/pdf', data: 'YQ==' } }), 'inline_data'],
    ['text of a foreign kind', withPart({ inlineData: { mimeType: 'text/../image/png', data: '' } }), 'inline_data'],
    ['a file on the web', withPart({ fileData: { fileUri: 'https://www.youtube.com/watch?v=x' } }), 'file_data'],
    ['an image a function gave', withPart({ functionResponse: { name: 'f', response: {}, parts: [{ inlineData: { mimeType: 'image/png', data: '' } }] } }), 'image'],
    ['an image in the system instruction', { contents, systemInstruction: { parts: [{ inlineData: { mimeType: 'image/png' } }] } }, 'image'],
    ['a part of a new kind', withPart({ hologram: {} }), 'hologram'],
    ['search', { contents, tools: [{ googleSearch: {} }] }, 'google_search'],
    ['search, snake case', { contents, tools: [{ google_search: {} }] }, 'google_search'],
    ['code', { contents, tools: { codeExecution: {} } }, 'code_execution'],
    ['web pages', { contents, tools: [{ functionDeclarations: [] }, { urlContext: {} }] }, 'url_context'],
    ['a tool of a new kind', { contents, tools: [{ '<script>': {} }] }, 'unknown_kind'],
    ['image answers', { contents, generationConfig: { responseModalities: ['TEXT', 'IMAGE'] } }, 'response_modalities'],
    ['speech', { contents, generationConfig: { speechConfig: {} } }, 'speech_config'],
    ['a routed model', { contents, generationConfig: { routingConfig: { autoMode: {} } } }, 'routing_config'],
    ['a continued answer', { contents, continuationToken: 'dG9r' }, 'continuation_token'],
    ['a member of a new kind', { contents, turboMode: true }, 'turbo_mode'],
  ])('bounded or not: %s', (_name, body, reason) => {
    expect(facts(body)).toMatchObject({ unboundedBecause: reason, usesServerState: false })
  })

  test('a model that answers in images does so unasked', () => {
    expect(facts({ contents }, 'generateContent', 'gemini-2.5-flash-image').unboundedBecause).toBe('response_modalities')
    expect(facts({ contents, generationConfig: { responseModalities: [] } }, 'generateContent', 'gemini-2.5-flash-image').unboundedBecause).toBe('response_modalities')
    expect(facts({ contents, generationConfig: { responseModalities: ['TEXT'] } }, 'generateContent', 'gemini-2.5-flash-image').unboundedBecause).toBe('')
  })

  test.each([
    ['a cache', { contents, cachedContent: 'cachedContents/abc' }],
    ['an uploaded file', withPart({ fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } })],
    ['an uploaded file, its host in capitals', withPart({ fileData: { fileUri: 'HTTPS://GenerativeLanguage.GoogleAPIs.com./v1beta/files/abc' } })],
    ['an uploaded file by name', withPart({ file_data: { file_uri: 'files/abc' } })],
    ['a bucket', withPart({ fileData: { fileUri: 'gs://company/secret.pdf' } })],
    ['one of two spellings', withPart({ fileData: { fileUri: 'https://x.example/a', file_uri: 'files/abc' } })],
    ['a file a function gave', withPart({ functionResponse: { parts: [{ fileData: { fileUri: 'files/abc' } }] } })],
  ])('state of the provider: %s', (_name, body) => expect(facts(body).usesServerState).toBe(true))
})

describe('embeddings and counts', () => {
  const content = { parts: [{ text: 'a' }] }
  test('embeddings have no output', () => {
    expect(facts({ content, taskType: 'RETRIEVAL_DOCUMENT' }, 'embedContent')).toMatchObject({ outputCap: 0, unboundedBecause: '', stream: false })
    expect(facts({ requests: [{ model: 'models/gemini-2.5-flash', content }, { content: { parts: [{ inlineData: { mimeType: 'image/png' } }] } }] }, 'batchEmbedContents').unboundedBecause).toBe('image')
    expect(refused({ requests: [{ model: 'models/other', content }] }, 'batchEmbedContents')).toContain('differs from the model')
    expect(refused({ requests: {} }, 'batchEmbedContents')).toContain('"requests" must be a list')
  })

  test('counting is free, and tells nothing of stored content', () => {
    expect(facts({ contents }, 'countTokens')).toMatchObject({ outputCap: 0, inputBytes: 0, model: 'gemini-2.5-flash', usesServerState: false })
    expect(facts({ generateContentRequest: { model: 'models/gemini-2.5-flash', contents, cachedContent: 'cachedContents/a' } }, 'countTokens').usesServerState).toBe(true)
  })
})

describe('the cap is spliced into the caller\'s own bytes', () => {
  const spliced = (body: string, outputCap: number | null = 64, method = 'generateContent'): string =>
    geminiDialect.spliceRequest(Buffer.from(body), facts(body, method), { addStreamUsage: true, outputCap, model: 'other' }).toString()
  test.each([
    ['{ "contents" : [] }', '{ "contents" : [],"generationConfig":{"maxOutputTokens":64} }'],
    ['{"generationConfig":{},"contents":[]}', '{"generationConfig":{"maxOutputTokens":64},"contents":[]}'],
    ['{"generationConfig":null,"contents":[]}', '{"generationConfig":{"maxOutputTokens":64},"contents":[]}'],
    ['{"generation_config": {"temperature":1.0} ,"contents":[]}', '{"generation_config": {"temperature":1.0,"maxOutputTokens":64} ,"contents":[]}'],
    ['{"generationConfig":{"maxOutputTokens": 9000},"contents":[]}', '{"generationConfig":{"maxOutputTokens": 64},"contents":[]}'],
    ['{"generationConfig":{"max_output_tokens":null},"contents":[]}', '{"generationConfig":{"max_output_tokens":64},"contents":[]}'],
    ['{}', '{"generationConfig":{"maxOutputTokens":64}}'],
  ])('%s', (body, expected) => {
    expect(spliced(body)).toBe(expected)
    expect(facts(expected).outputCap).toBe(64)
  })

  test('nothing asked for, nothing changed: the same Buffer', () => {
    const body = Buffer.from('{"contents":[]}')
    expect(geminiDialect.spliceRequest(body, facts({ contents }), { addStreamUsage: true, outputCap: null, model: null })).toBe(body)
    expect(spliced('{"content":{"parts":[]}}', 64, 'embedContent')).toBe('{"content":{"parts":[]}}')
  })
})
