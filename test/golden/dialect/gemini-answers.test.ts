import { describe, expect, test } from 'vitest'
import type { RequestFacts, UsageReading } from '../../../src/dialect/dialect.ts'
import { geminiDialect } from '../../../src/dialect/gemini.ts'

/** Answers in the shape of Google's own, with the figures that the usage reference asks for (F7 to F9, F14). */
function factsFor(path: string, body: unknown = { contents: [] }): RequestFacts {
  const read = geminiDialect.readRequest(geminiDialect.endpoint('POST', path)!, Buffer.from(JSON.stringify(body)))
  if (!read.ok) throw new Error(read.error.detail)
  return read.value
}
const generate = factsFor('/v1beta/models/gemini-2.5-flash:generateContent')
const grounded = (model: string): RequestFacts => factsFor(`/v1beta/models/${model}:generateContent`, { contents: [], tools: [{ googleSearch: {} }] })
const embed = factsFor('/v1beta/models/gemini-embedding-2:embedContent', { content: { parts: [{ text: 'a' }] } })

const answer = (usage: unknown, more: object = {}): string =>
  JSON.stringify({ candidates: [{ content: { parts: [{ text: 'Hi' }], role: 'model' }, finishReason: 'STOP', index: 0 }], usageMetadata: usage, modelVersion: 'gemini-2.5-flash', responseId: 'r', ...more })
const read = (text: string, facts = generate, status = 200): UsageReading => geminiDialect.readResponse(facts, status, Buffer.from(text))
const counted = (usage: unknown, facts = generate): Pick<UsageReading, 'usage' | 'notices' | 'unknownKeys'> => {
  const { usage: counters, notices, unknownKeys } = read(answer(usage), facts)
  return { usage: counters, notices, unknownKeys }
}
const details = (counts: Readonly<Record<string, number>>): unknown => Object.entries(counts).map(([modality, tokenCount]) => ({ modality, tokenCount }))

describe('usageMetadata', () => {
  test('a plain answer: final, with the model that served', () => {
    const usage = { promptTokenCount: 9, candidatesTokenCount: 12, totalTokenCount: 21, promptTokensDetails: details({ TEXT: 9 }), candidatesTokensDetails: details({ TEXT: 12 }) }
    expect(read(answer(usage))).toMatchObject({
      usage: { input_text: 9, output_text: 12 }, quality: 'final', servedModel: 'gemini-2.5-flash', mode: 'standard', tier: '', rawUsage: JSON.stringify(usage), unknownKeys: [], notices: [], fault: '',
    })
  })

  test('F8: thoughts beside the candidates, or, where the total says so, among them', () => {
    expect(counted({ promptTokenCount: 100, candidatesTokenCount: 20, thoughtsTokenCount: 30, totalTokenCount: 150 })).toEqual({ usage: { input_text: 100, output_text: 20, output_reasoning: 30 }, notices: [], unknownKeys: [] })
    expect(counted({ promptTokenCount: 100, candidatesTokenCount: 50, thoughtsTokenCount: 30, totalTokenCount: 150 })).toEqual({ usage: { input_text: 100, output_text: 20, output_reasoning: 30 }, notices: [], unknownKeys: [] })
  })

  test('the prompt holds what came from a cache', () => {
    expect(counted({ promptTokenCount: 5_000, cachedContentTokenCount: 4_096, candidatesTokenCount: 10, totalTokenCount: 5_010, promptTokensDetails: details({ TEXT: 5_000 }), cacheTokensDetails: details({ TEXT: 4_096 }) }))
      .toEqual({ usage: { input_text: 904, cache_read: 4_096, output_text: 10 }, notices: [], unknownKeys: [] })
  })

  test('F9: cached sound is taken from sound, not from text', () => {
    const usage = { promptTokenCount: 1_000, cachedContentTokenCount: 600, candidatesTokenCount: 1, totalTokenCount: 1_001, promptTokensDetails: details({ TEXT: 300, AUDIO: 700 }), cacheTokensDetails: details({ TEXT: 100, AUDIO: 500 }) }
    expect(counted(usage)).toEqual({ usage: { input_text: 200, input_audio: 200, cache_read: 100, cache_read_audio: 500, output_text: 1 }, notices: [], unknownKeys: [] })
  })

  test('a cache without details is text as far as there is text, then sound', () => {
    const usage = { promptTokenCount: 1_000, cachedContentTokenCount: 600, candidatesTokenCount: 1, totalTokenCount: 1_001, promptTokensDetails: details({ TEXT: 300, AUDIO: 700 }) }
    expect(counted(usage).usage).toEqual({ input_text: 0, input_audio: 400, cache_read: 300, cache_read_audio: 300, output_text: 1 })
  })

  test('every modality on its own, documents as text', () => {
    const usage = { promptTokenCount: 1_000, candidatesTokenCount: 1_300, totalTokenCount: 2_300, promptTokensDetails: details({ TEXT: 100, IMAGE: 258, AUDIO: 64, VIDEO: 320, DOCUMENT: 258 }), candidatesTokensDetails: details({ IMAGE: 1_290 }) }
    expect(counted(usage)).toEqual({ usage: { input_text: 358, input_image: 258, input_audio: 64, input_video: 320, output_text: 10, output_image: 1_290 }, notices: [], unknownKeys: [] })
  })

  test('what tools fetched is input beside the prompt', () => {
    expect(counted({ promptTokenCount: 10, toolUsePromptTokenCount: 900, candidatesTokenCount: 5, thoughtsTokenCount: 7, totalTokenCount: 922, toolUsePromptTokensDetails: details({ TEXT: 900 }) }))
      .toEqual({ usage: { input_text: 910, output_text: 5, output_reasoning: 7 }, notices: [], unknownKeys: [] })
  })

  test('a count of zero is left out by Google and told from an unknown one by the total', () => {
    expect(counted({ promptTokenCount: 10, thoughtsTokenCount: 64, totalTokenCount: 74 }).usage).toEqual({ input_text: 10, output_text: 0, output_reasoning: 64 })
    expect(counted({ promptTokenCount: 10, totalTokenCount: 35 })).toEqual({ usage: { input_text: 10, output_text: 25 }, notices: [], unknownKeys: [] })
    expect(counted({ promptTokenCount: 10 }).usage).toEqual({ input_text: 10 })
  })

  test('F14: explicit zeros are zeros', () => {
    expect(counted({ promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 })).toEqual({ usage: { input_text: 0, output_text: 0 }, notices: [], unknownKeys: [] })
  })

  test('a refused prompt generated nothing', () => {
    const text = JSON.stringify({ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 40 }, modelVersion: 'gemini-2.5-pro' })
    expect(read(text)).toMatchObject({ usage: { input_text: 40, output_text: 0 }, quality: 'final', fault: '' })
  })

  test('odd numbers are flagged, not repaired', () => {
    expect(counted({ promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 99 }).notices).toEqual(['sum_mismatch'])
    expect(counted({ promptTokenCount: -1, candidatesTokenCount: 5, totalTokenCount: 5 }).notices).toContain('negative_counter')
    expect(counted({ promptTokenCount: 10, cachedContentTokenCount: 20, candidatesTokenCount: 5, totalTokenCount: 15 }).notices).toContain('negative_counter')
    expect(counted({ promptTokenCount: 1.5, candidatesTokenCount: 5 }).notices).toContain('counter_invalid')
    expect(counted({ promptTokenCount: 10, cachedContentTokenCount: '20', candidatesTokenCount: 5, totalTokenCount: 15 }).notices).toContain('counter_invalid')
  })

  test('unknown keys and modalities are reported', () => {
    expect(counted({ promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15, hologramTokenCount: 3, promptTokensDetails: details({ TEXT: 8, SMELL: 2 }), newThing: { a: 1 } }).unknownKeys)
      .toEqual(['hologramTokenCount', 'promptTokensDetails.SMELL', 'newThing.a'])
  })

  test.each([
    ['ON_DEMAND', 'standard'], ['ON_DEMAND_FLEX', 'flex'], ['ON_DEMAND_PRIORITY', 'priority'], ['PROVISIONED_THROUGHPUT', 'provisioned'],
  ])('traffic type %s is mode %s', (trafficType, mode) => {
    expect(read(answer({ promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2, trafficType }))).toMatchObject({ mode, tier: trafficType, unknownKeys: [] })
  })

  test('a tier that the answer does not name is the one asked for', () => {
    const flex = factsFor('/v1beta/models/gemini-3.5-flash:generateContent', { contents: [], serviceTier: 'flex' })
    expect(read(answer({ promptTokenCount: 1, totalTokenCount: 1 }), flex).mode).toBe('flex')
    expect(read(answer({ promptTokenCount: 1, totalTokenCount: 1, serviceTier: 'standard' }), flex).mode).toBe('standard')
  })
})

describe('grounding', () => {
  const usage = { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 }
  const groundedBy = (model: string, metadata: object): UsageReading =>
    read(JSON.stringify({ candidates: [{ content: { parts: [] }, groundingMetadata: metadata, finishReason: 'STOP' }], usageMetadata: usage, modelVersion: model }), grounded(model))

  test('Gemini 3 bills each distinct query, 2.x a grounded prompt', () => {
    const metadata = { webSearchQueries: ['a', 'b', 'a'], groundingChunks: [{ web: { uri: 'https://x.example' } }] }
    expect(groundedBy('gemini-3.1-pro-preview', metadata).usage).toEqual({ input_text: 10, output_text: 5, web_search: 2 })
    expect(groundedBy('gemini-2.5-flash', metadata).usage).toEqual({ input_text: 10, output_text: 5, web_search: 1 })
  })

  test('a tool that was offered and not used bills nothing; maps are their own count', () => {
    expect(groundedBy('gemini-2.5-flash', {}).usage).toEqual({ input_text: 10, output_text: 5 })
    expect(groundedBy('gemini-2.5-flash', { groundingChunks: [{ maps: { placeId: 'p' } }] }).usage).toEqual({ input_text: 10, output_text: 5, maps_query: 1 })
  })
})

describe('embeddings', () => {
  test('usage where there is one', () => {
    const text = JSON.stringify({ embedding: { values: [0.1] }, usageMetadata: { promptTokenCount: 300, promptTokensDetails: details({ TEXT: 42, IMAGE: 258 }) } })
    expect(read(text, embed)).toMatchObject({ usage: { embedding: 42, input_image: 258 }, quality: 'final', unknownKeys: [], notices: [] })
  })

  test('without one it is absent, which is not zero', () => {
    expect(read(JSON.stringify({ embedding: { values: [0.1] } }), embed)).toMatchObject({ usage: null, quality: 'absent', fault: '' })
  })
})

describe('what is not an answer', () => {
  const error = JSON.stringify({ error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } })
  test('errors, alone and in the array of a stream', () => {
    expect(read(error, generate, 503)).toMatchObject({ usage: null, quality: 'absent', fault: 'provider_error' })
    expect(read(`[${error}]`, generate, 429)).toMatchObject({ usage: null, fault: 'provider_error' })
    expect(read('<html>Bad gateway</html>', generate, 502)).toMatchObject({ usage: null, fault: 'provider_error' })
  })

  test('broken JSON', () => {
    expect(read('{"candidates":[{"content":<html>')).toMatchObject({ usage: null, quality: 'absent', fault: 'malformed' })
    const cut = `{"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"totalTokenCount":3},"candidates":[{"content":`
    expect(read(cut)).toMatchObject({ usage: { input_text: 1, output_text: 2 }, quality: 'provisional', fault: 'truncated' })
  })

  test('generated arguments that look like usage are not usage', () => {
    const args = { usageMetadata: { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 } }
    const text = JSON.stringify({ usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 1, totalTokenCount: 8 }, candidates: [{ content: { parts: [{ functionCall: { name: 'f', args } }] } }] })
    expect(read(text).usage).toEqual({ input_text: 7, output_text: 1 })
  })

  test('an answer too large to keep is read from its ends', () => {
    const whole = Buffer.from(answer({ promptTokenCount: 9, candidatesTokenCount: 1_290, totalTokenCount: 1_299, candidatesTokensDetails: details({ IMAGE: 1_290 }) }))
    expect(geminiDialect.readCutResponse(generate, 200, whole.subarray(0, 40), whole.subarray(60))).toMatchObject({ usage: { input_text: 9, output_image: 1_290, output_text: 0 }, servedModel: 'gemini-2.5-flash', quality: 'final' })
    expect(geminiDialect.readCutResponse(generate, 200, Buffer.from('{"candidates":['), Buffer.from('"x"]}'))).toMatchObject({ usage: null, quality: 'absent' })
  })

  test('free endpoints use nothing', () => {
    const count = factsFor('/v1beta/models/gemini-2.5-flash:countTokens')
    expect(geminiDialect.readResponse(count, 200, Buffer.from('{"totalTokens":5,"usageMetadata":{"promptTokenCount":5}}'))).toMatchObject({ usage: null, quality: 'absent', fault: '' })
  })
})

test('refusals have Google\'s shape', () => {
  const { contentType, body } = geminiDialect.refusal('budget_exceeded', 402, 'No money left.', { budget: 'Team', used: null, limit: '5 USD', needed: 3 })
  expect(contentType).toBe('application/json')
  expect(JSON.parse(body)).toEqual({ error: {
    code: 402, message: 'No money left.', status: 'RESOURCE_EXHAUSTED',
    details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'BUDGET_EXCEEDED', domain: 'tollgate', metadata: { budget: 'Team', limit: '5 USD', needed: '3', code: 'budget_exceeded' } }],
  } })
})
