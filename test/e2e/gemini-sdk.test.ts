import { ApiError, FunctionCallingConfigMode, GoogleGenAI, ServiceTier, type GenerateContentParameters, type GenerateContentResponse } from '@google/genai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatAmount } from '../../src/base/money.ts'
import type { StoredRecord } from '../../src/store/ports.ts'
import { startInProcess, until, type InProcess } from '../support/in-process.ts'

/**
 * The unmodified `@google/genai` package, with only base URL and key changed: it must see what the provider would have
 * shown it, and every call must be on record at its exact cost.
 */
let installation: InProcess
let direct: GoogleGenAI
let client: GoogleGenAI
const upstreamKey = 'AIza-upstream'
beforeAll(async () => {
  installation = await startInProcess()
  await installation.putProvider({ name: 'gemini', dialect: 'gemini', baseUrl: installation.sim.url, priceAs: 'google', credential: { header: 'x-goog-api-key', value: upstreamKey } })
  await installation.adopted()
  direct = new GoogleGenAI({ apiKey: 'AIza-direct', httpOptions: { baseUrl: installation.sim.url } })
  client = through(installation.key)
})
afterAll(() => installation.close())

const through = (apiKey: string, headers: Record<string, string> = {}, apiVersion = 'v1beta'): GoogleGenAI =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${installation.gatewayUrl}/gemini`, apiVersion, headers } })

const contents = 'Say something about Zürich — 日本 🙂.'
const tools = [{ functionDeclarations: [{ name: 'weather', description: 'Weather of a city', parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } } }] }]
const image = { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }
const sound = { inlineData: { mimeType: 'audio/mp3', data: 'SUQz' } }

/** USD per million tokens, and per thousand grounded prompts or queries, from Google's price page; × 1e9 (1e12) they are 1e-15 USD. */
interface Price { readonly input: number; readonly cached: number; readonly output: number; readonly audio: number; readonly search: number }
const prices: Readonly<Record<string, (prompt: number) => Price>> = {
  'gemini-2.5-flash': () => ({ input: 0.3, cached: 0.03, output: 2.5, audio: 1, search: 35 }),
  'gemini-2.5-flash-lite': () => ({ input: 0.1, cached: 0.01, output: 0.4, audio: 0.3, search: 35 }),
  'gemini-2.5-pro': (prompt) => (prompt > 200_000 ? { input: 2.5, cached: 0.25, output: 15, audio: 2.5, search: 35 } : { input: 1.25, cached: 0.125, output: 10, audio: 1.25, search: 35 }),
  'gemini-3.1-pro-preview': (prompt) => (prompt > 200_000 ? { input: 4, cached: 0.4, output: 18, audio: 4, search: 14 } : { input: 2, cached: 0.2, output: 12, audio: 2, search: 14 }),
  'gemini-embedding-2': () => ({ input: 0.2, cached: 0.2, output: 0, audio: 6.5, search: 0 }),
}

/** What Google would bill for the last call, from its own usage object and without any of the product's code. */
function owed(searches = 0): bigint {
  const call = installation.sim.calls().at(-1)!
  const usage = call.reported as Record<string, number> & { promptTokensDetails?: { modality: string; tokenCount: number }[] }
  const price = prices[call.model]!(usage['promptTokenCount']!)
  const micro = (usd: number): bigint => BigInt(Math.round(usd * 1_000)) * 1_000_000n
  const audio = usage.promptTokensDetails?.find((each) => each.modality === 'AUDIO')?.tokenCount ?? 0
  const cached = usage['cachedContentTokenCount'] ?? 0
  return BigInt(usage['promptTokenCount']! - cached - audio) * micro(price.input) + BigInt(cached) * micro(price.cached) + BigInt(audio) * micro(price.audio)
    + BigInt((usage['candidatesTokenCount'] ?? 0) + (usage['thoughtsTokenCount'] ?? 0)) * micro(price.output) + BigInt(searches) * micro(price.search) * 1_000n
}

/** The one record of a call, held to the provider's own count, to its explanation, and to the header if there is one. */
async function metered(answer: { readonly sdkHttpResponse?: { readonly headers?: Record<string, string> } }, expected: Partial<StoredRecord>, searches = 0): Promise<StoredRecord> {
  const headers = answer.sdkHttpResponse!.headers!
  const eventId = headers['x-tollgate-event-id']!
  expect(eventId).toMatch(/^[0-9a-f-]{36}$/)
  const cost = owed(searches)
  const rows = await installation.recordsOf(eventId)
  expect(rows).toHaveLength(1)
  const row = rows[0]!
  expect(row).toMatchObject({ kind: 'attempt', isCall: true, provider: 'gemini', quality: 'final', pricing: 'priced', status: 200, errorClass: '', attempt: 1, unknownUsageKeys: '', ...expected })
  expect(row.cost).toBe(cost)
  expect(row.notices).toEqual([])
  expect(JSON.parse(row.rawUsage)).toEqual(installation.sim.calls().at(-1)!.reported)
  if (!row.stream) expect(headers['x-tollgate-cost']).toBe(`${formatAmount(cost)} USD`)
  const explained = await installation.api(`/api/v1/records/${eventId}/explain`)
  expect(explained).toMatchObject({ cost: formatAmount(cost), sum: formatAmount(cost), agrees: true, unpriced: [] })
  return row
}

/** Everything but the HTTP headers, of which the gateway adds its own. */
function body<Answer extends object>(answer: Answer): object {
  const { sdkHttpResponse: _, ...rest } = answer as Answer & { sdkHttpResponse?: unknown }
  return { ...rest }
}
const bodies = (answers: readonly object[]): object[] => answers.map(body)

async function all(stream: AsyncIterable<GenerateContentResponse>): Promise<GenerateContentResponse[]> {
  const items: GenerateContentResponse[] = []
  for await (const item of stream) items.push(item)
  return items
}

const long = 'lorem ipsum '.repeat(2_000)
const cases: readonly (readonly [string, GenerateContentParameters])[] = [
  ['text', { model: 'gemini-2.5-flash', contents }],
  ['a cap, a system instruction and labels', { model: 'gemini-2.5-flash', contents, config: { maxOutputTokens: 30, systemInstruction: 'Be terse.', labels: { purpose: 'test' } } }],
  ['two candidates', { model: 'gemini-2.5-flash', contents, config: { candidateCount: 2 } }],
  ['thoughts shown', { model: 'gemini-2.5-pro', contents, config: { thinkingConfig: { includeThoughts: true, thinkingBudget: 1_024 } } }],
  ['no thoughts', { model: 'gemini-2.5-flash', contents, config: { thinkingConfig: { thinkingBudget: 0 } } }],
  ['a function call', { model: 'gemini-2.5-flash', contents, config: { tools, toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } } } }],
  ['a long prompt, part of it cached', { model: 'gemini-2.5-flash-lite', contents: `${long}three` }],
  ['more than 200,000 tokens', { model: 'gemini-2.5-pro', contents: 'lorem ipsum '.repeat(80_000) }],
  ['an image and sound', { model: 'gemini-2.5-flash', contents: [{ role: 'user', parts: [{ text: 'Look and listen.' }, image, sound] }] }],
]

describe('content', () => {
  test.each(cases)('%s: the same object, at its exact cost', async (_name, request) => {
    const expected = await direct.models.generateContent(request)
    const answer = await client.models.generateContent(request)
    expect(body(answer)).toEqual(body(expected))
    const row = await metered(answer, { endpoint: 'generateContent', stream: false, requestedModel: request.model })
    expect(row.servedModel).toBe(expected.modelVersion)
  })

  test.each(cases)('streamed, %s: the same chunks, at their exact cost', async (_name, request) => {
    const expected = await all(await direct.models.generateContentStream(request))
    const chunks = await all(await client.models.generateContentStream(request))
    expect(bodies(chunks)).toEqual(bodies(expected))
    await metered(chunks[0]!, { endpoint: 'generateContent', stream: true, requestedModel: request.model })
  })

  test('the cases above show what they say', async () => {
    const usageOf = async (index: number): Promise<object> => (await direct.models.generateContent(cases[index]![1])).usageMetadata!
    expect(await usageOf(3)).toHaveProperty('thoughtsTokenCount')
    expect(await usageOf(6)).toHaveProperty('cachedContentTokenCount')
    expect(((await usageOf(7)) as { promptTokenCount: number }).promptTokenCount).toBeGreaterThan(200_000)
    expect((await direct.models.generateContent(cases[5]![1])).functionCalls).toHaveLength(1)
  })

  test('a chat of several turns, each on record', async () => {
    const chat = client.chats.create({ model: 'gemini-2.5-flash', config: { tools } })
    await metered(await chat.sendMessage({ message: 'Use the tool.' }), {})
    const last = await chat.sendMessage({ message: [{ functionResponse: { name: 'weather', response: { degrees: 20 } } }] })
    await metered(last, {})
  })

  test.each([['gemini-2.5-flash', 1], ['gemini-3.1-pro-preview', 2]])('grounding with %s bills %s', async (model, searches) => {
    const request = { model, contents, config: { tools: [{ googleSearch: {} }] } }
    const answer = await client.models.generateContent(request)
    const row = await metered(answer, {}, searches)
    expect(row.usage.web_search).toBe(searches)
    const chunks = await all(await client.models.generateContentStream(request))
    expect((await metered(chunks[0]!, { stream: true }, searches)).usage.web_search).toBe(searches)
  })

  test('a refused prompt costs its input', async () => {
    const blocked = through(installation.key, { 'x-sim-fault': 'blocked' })
    const answer = await blocked.models.generateContent({ model: 'gemini-2.5-pro', contents })
    expect(answer.promptFeedback?.blockReason).toBe('PROHIBITED_CONTENT')
    expect((await metered(answer, {})).usage).toMatchObject({ output_text: 0 })
  })

  test.each([['', 'priority', 18n], ['standard-tier', 'standard', 10n]])('a tier is priced as served; fault "%s": %s', async (fault, tier, tenths) => {
    const request = { model: 'gemini-3.1-pro-preview', contents, config: { serviceTier: ServiceTier.PRIORITY } }
    const asked = through(installation.key, { 'x-sim-fault': fault })
    for (const answer of [await asked.models.generateContent(request), (await all(await asked.models.generateContentStream(request)))[0]!]) {
      const [row] = await installation.recordsOf(answer.sdkHttpResponse!.headers!['x-tollgate-event-id']!)
      expect(row).toMatchObject({ tier, pricing: 'priced', quality: 'final', notices: [] })
      expect(row!.cost).toBe((owed() * tenths) / 10n)
    }
  })

  test.each(['huge 600000', 'huge 6000000'])('an answer too large to hold, %s: same object, exact cost', async (fault) => {
    const request = { model: 'gemini-2.5-flash', contents }
    const faulty = through(installation.key, { 'x-sim-fault': fault })
    const answer = await faulty.models.generateContent(request)
    expect(answer.text!.length).toBeGreaterThan(600_000)
    const [row] = await installation.recordsOf(answer.sdkHttpResponse!.headers!['x-tollgate-event-id']!)
    expect(row).toMatchObject({ quality: 'final', cost: owed(), servedModel: 'gemini-2.5-flash', errorClass: '', notices: [] })
  })

  test('v1 as well as v1beta', async () => {
    await metered(await through(installation.key, {}, 'v1').models.generateContent({ model: 'gemini-2.5-flash', contents }), {})
    expect(installation.sim.calls().at(-1)!.path).toBe('/v1/models/gemini-2.5-flash:generateContent')
  })
})

describe('a stream as one JSON array', () => {
  const stream = (headers: Record<string, string> = {}, query = ''): Promise<Response> =>
    fetch(`${installation.gatewayUrl}/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent${query}`, {
      method: 'POST', headers: { 'content-type': 'application/json', 'x-goog-api-key': installation.key, ...headers }, body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: contents }] }] }),
    })

  test('passes byte for byte, chunk by chunk, and is metered as a stream', async () => {
    const answer = await stream({ 'x-tollgate-stream-facts': '1' })
    expect(answer.headers.get('content-type')).toBe('application/json; charset=UTF-8')
    const chunks = (await answer.json()) as { usageMetadata: object }[]
    expect(chunks.length).toBeGreaterThan(3)
    expect(chunks.at(-1)!.usageMetadata).toEqual(installation.sim.calls().at(-1)!.reported)
    await metered({ sdkHttpResponse: { headers: Object.fromEntries(answer.headers) } }, { stream: true })
  })

  test('does not wait for its end', async () => {
    const answer = await stream({ 'x-sim-fault': 'slow-chunks 40' })
    const reader = answer.body!.getReader()
    const first = await reader.read()
    expect(installation.sim.calls().at(-1)!.outcome).toBe('open')
    expect(Buffer.from(first.value!).toString()).toMatch(/^\[\{/)
    while (!(await reader.read()).done);
    await metered({ sdkHttpResponse: { headers: Object.fromEntries(answer.headers) } }, { stream: true })
  })

  test.each(['split-bytes 5', 'crlf', 'gzip'])('under %s', async (fault) => {
    const answer = await stream({ 'x-sim-fault': fault })
    expect(((await answer.json()) as unknown[]).length).toBeGreaterThan(3)
    await metered({ sdkHttpResponse: { headers: Object.fromEntries(answer.headers) } }, { stream: true })
  })

  test.each([['reset-mid-stream', 'truncated'], ['error-mid-stream', 'provider_error']])('%s keeps what was counted up to there, in both forms', async (fault, errorClass) => {
    for (const query of ['', '?alt=sse']) {
      const answer = await stream({ 'x-sim-fault': fault }, query)
      await answer.text().catch(() => '')
      const [row] = await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)
      expect(row).toMatchObject({ quality: 'provisional', errorClass, pricing: 'priced' })
      expect(row!.usage.input_text).toBe(installation.sim.calls().at(-1)!.counted!.inputTokens)
      expect(row!.usage.output_text).toBeGreaterThan(0)
    }
  })
})

describe('embeddings, counts and models', () => {
  test('embeddings that say what they used', async () => {
    const request = { model: 'gemini-embedding-2', contents: ['one text', 'another text'] }
    const expected = await direct.models.embedContent(request)
    const answer = await client.models.embedContent(request)
    expect(body(answer)).toEqual(body(expected))
    const row = await metered(answer, { endpoint: 'embeddings' })
    expect(row.usage).toEqual({ embedding: installation.sim.calls().at(-1)!.counted!.inputTokens })
  })

  test('embeddings that do not are estimated, and say so', async () => {
    const answer = await client.models.embedContent({ model: 'gemini-embedding-001', contents: ['one text', 'another text'] })
    expect(answer.embeddings).toHaveLength(2)
    const [row] = await installation.recordsOf(answer.sdkHttpResponse!.headers!['x-tollgate-event-id']!)
    expect(row).toMatchObject({ quality: 'estimated', pricing: 'priced', notices: ['usage_missing'] })
    expect(row!.cost).toBeGreaterThan(0n)
  })

  test('one text by itself', async () => {
    const answer = await fetch(`${installation.gatewayUrl}/gemini/v1beta/models/gemini-embedding-2:embedContent`, {
      method: 'POST', headers: { 'x-goog-api-key': installation.key }, body: JSON.stringify({ content: { parts: [{ text: 'one text' }] } }),
    })
    expect(await answer.json()).toHaveProperty('embedding.values')
    await metered({ sdkHttpResponse: { headers: Object.fromEntries(answer.headers) } }, { endpoint: 'embeddings' })
  })

  test('counting and listing are free, and on record', async () => {
    const counted = await client.models.countTokens({ model: 'gemini-2.5-flash', contents })
    expect(counted.totalTokens).toBe((await direct.models.countTokens({ model: 'gemini-2.5-flash', contents })).totalTokens)
    const [row] = await installation.recordsOf(counted.sdkHttpResponse!.headers!['x-tollgate-event-id']!)
    expect(row).toMatchObject({ endpoint: 'countTokens', cost: 0n, usage: {}, pricing: 'none', requestedModel: 'gemini-2.5-flash' })
    const names: string[] = []
    for await (const model of await client.models.list({ config: { pageSize: 50 } })) names.push(model.name!)
    expect(names).toContain('models/gemini-2.5-pro')
    expect((await client.models.get({ model: 'gemini-2.5-pro' })).inputTokenLimit).toBe(1_048_576)
  })
})

describe('the key', () => {
  test('the provider\'s replaces the caller\'s', async () => {
    await client.models.generateContent({ model: 'gemini-2.5-flash', contents })
    expect(installation.sim.calls().at(-1)!.headers).toMatchObject({ 'x-goog-api-key': upstreamKey })
  })

  test('in the query identifies, and reaches neither upstream nor record', async () => {
    const answer = await fetch(`${installation.gatewayUrl}/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?key=${installation.key}&alt=sse`, { method: 'POST', body: JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] }) })
    expect(answer.status).toBe(200)
    await answer.text()
    const call = installation.sim.calls().at(-1)!
    expect(call.query).toBe('?alt=sse')
    expect(JSON.stringify(call)).not.toContain(installation.key)
    const rows = await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)
    expect(JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(installation.key)
    expect(installation.complaints.join('')).not.toContain(installation.key)
  })

  test('headers that would hide usage or change the method stay here', async () => {
    const sly = through(installation.key, { 'X-Goog-FieldMask': 'candidates', 'X-HTTP-Method-Override': 'GET' })
    await metered(await sly.models.generateContent({ model: 'gemini-2.5-flash', contents }), {})
    expect(Object.keys(installation.sim.calls().at(-1)!.headers).filter((name) => /fieldmask|override/.test(name))).toEqual([])
  })

  test('one of the provider\'s own in the query is refused, unquoted', async () => {
    const answer = await fetch(`${installation.gatewayUrl}/gemini/v1beta/models/gemini-2.5-flash:generateContent?key=AIzaForeign`, { method: 'POST', headers: { 'x-goog-api-key': installation.key }, body: '{"contents":[]}' })
    expect(answer.status).toBe(403)
    expect(await answer.text()).not.toContain('AIzaForeign')
  })
})

describe('refusals are errors that the SDK shows', () => {
  /** The error's message is the body, as this SDK has it for every error of Google's. */
  async function refusalOf(call: Promise<unknown>): Promise<{ readonly status: number; readonly error: { code: number; message: string; status: string; details: { reason: string; metadata: Record<string, string> }[] } }> {
    const error = await call.then(() => null, (reason: unknown) => reason)
    expect(error).toBeInstanceOf(ApiError)
    return { status: (error as ApiError).status, error: (JSON.parse((error as ApiError).message) as { error: never }).error }
  }

  test('an unknown key, a model not allowed, a path not metered', async () => {
    expect((await refusalOf(through('tg_nobody').models.generateContent({ model: 'gemini-2.5-flash', contents }))).error).toMatchObject({ code: 401, status: 'UNAUTHENTICATED', details: [{ reason: 'KEY_UNKNOWN', domain: 'tollgate' }] })
    const lite = await installation.addKey({ models: ['gemini-2.5-flash-lite'] })
    await installation.adopted()
    const { status, error } = await refusalOf(through(lite).models.generateContent({ model: 'gemini-2.5-pro', contents }))
    expect(status).toBe(403)
    expect(error).toMatchObject({ status: 'PERMISSION_DENIED', details: [{ reason: 'MODEL_NOT_ALLOWED' }] })
    expect((await refusalOf(through(lite).models.countTokens({ model: 'gemini-2.5-pro', contents }))).error.details[0]!.reason).toBe('MODEL_NOT_ALLOWED')
    await through(lite).models.generateContent({ model: 'gemini-2.5-flash-lite', contents })
    expect((await refusalOf(client.caches.list().then(async (pager) => { for await (const _ of pager); }))).error.details[0]!.reason).toBe('ENDPOINT_NOT_METERED')
  })

  test('state of the provider', async () => {
    const before = installation.sim.calls().length
    expect((await refusalOf(client.models.generateContent({ model: 'gemini-2.5-flash', contents, config: { cachedContent: 'cachedContents/abc' } }))).error.details[0]!.reason).toBe('ENDPOINT_NOT_METERED')
    expect((await refusalOf(client.models.generateContentStream({ model: 'gemini-2.5-flash', contents: [{ fileData: { fileUri: 'files/abc', mimeType: 'text/plain' } }] }))).error.details[0]!.reason).toBe('ENDPOINT_NOT_METERED')
    expect(installation.sim.calls()).toHaveLength(before)
  })

  test('a spent budget, with its facts; a missing cap is put in while there is money', async () => {
    const key = await installation.addKey({}, { id: 'key_poor' })
    const rule = await installation.putRule({ name: 'Gemini', limit: 2_000_000_000_000n, selector: { keyId: 'key_poor' } })
    await installation.adopted()
    const poor = through(key)
    const first = await poor.models.generateContent({ model: 'gemini-2.5-flash', contents })
    expect(first.sdkHttpResponse!.headers!['x-tollgate-output-cap']).toBe('100')
    expect(JSON.parse(installation.sim.calls().at(-1)!.body)).toMatchObject({ generationConfig: { maxOutputTokens: 100 } })
    const usage = first.usageMetadata!
    expect((usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0)).toBeLessThanOrEqual(100)
    for (const call of [() => poor.models.generateContent({ model: 'gemini-2.5-pro', contents, config: { maxOutputTokens: 60_000 } }), () => poor.models.generateContentStream({ model: 'gemini-2.5-pro', contents, config: { maxOutputTokens: 60_000 } })]) {
      const { status, error } = await refusalOf(call())
      expect(status).toBe(error.code)
      expect(error).toMatchObject({ details: [{ reason: 'BUDGET_EXCEEDED', metadata: { code: 'budget_exceeded', budget: 'Gemini', budget_id: rule.id, limit: '0.002 USD' } }] })
      expect(error.message).toContain('Budget "Gemini"')
    }
    const { error } = await refusalOf(poor.models.generateContent({ model: 'gemini-2.5-flash', contents, config: { tools: [{ googleSearch: {} }] } }))
    expect(error.details[0]!.reason).toBe('BOUND_UNKNOWN')
  })

  test('many texts in one request are bounded by all of them', async () => {
    const key = await installation.addKey({}, { id: 'key_texts' })
    await installation.putRule({ name: 'Texts', limit: 10n ** 15n, selector: { keyId: 'key_texts' } })
    await installation.adopted()
    // Each fits the model's context of 8,192 tokens, together they are far more.
    const answer = await fetch(`${installation.gatewayUrl}/gemini/v1beta/models/gemini-embedding-2:batchEmbedContents`, {
      method: 'POST', headers: { 'x-goog-api-key': key },
      body: JSON.stringify({ requests: Array.from({ length: 6 }, () => ({ model: 'models/gemini-embedding-2', content: { parts: [{ text: 'word '.repeat(4_000) }] } })) }),
    })
    expect(((await answer.json()) as { embeddings: unknown[] }).embeddings).toHaveLength(6)
    const row = await metered({ sdkHttpResponse: { headers: Object.fromEntries(answer.headers) } }, {})
    expect(row.usage.embedding).toBeGreaterThan(8_192)
    expect(row.bound).toBeGreaterThan(row.cost!)
  })

  test('the provider\'s own errors pass as they are', async () => {
    for (const [fault, code] of [['error-400', 400], ['rate-limit', 429], ['error-503', 503], ['error-500', 500]] as const) {
      const faulty = through(installation.key, { 'x-sim-fault': fault })
      const failed = await faulty.models.generateContent({ model: 'gemini-2.5-flash', contents }).then(() => null, (reason: unknown) => reason as ApiError)
      const told = await new GoogleGenAI({ apiKey: 'x', httpOptions: { baseUrl: installation.sim.url, headers: { 'x-sim-fault': fault } } }).models.generateContent({ model: 'gemini-2.5-flash', contents }).then(() => null, (reason: unknown) => reason as ApiError)
      expect(failed).toMatchObject({ status: code, message: told!.message })
    }
    await until(async () => (await installation.newest('provider_error')).upstreamStatus === 500, 'the last error is on record')
    expect(await installation.newest('provider_error')).toMatchObject({ provider: 'gemini', cost: 0n, pricing: 'none', usage: {} })
  })
})
