import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sumOf, usageComponents, type Usage } from '../../src/core/usage/usage.ts'
import type { RequestFacts, UsageReading } from '../../src/dialect/dialect.ts'
import { geminiDialect } from '../../src/dialect/gemini.ts'
import { startSim, type Sim } from '../../src/sim/start-sim.ts'

/** Set TOLLGATE_SEED to repeat a run; every failure prints the seed and the shrunk case as well. */
const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31)
console.log(`Gemini properties, seed ${seed}`)
const run = { seed, interruptAfterTimeLimit: 4_000, markInterruptAsFailure: false }

let sim: Sim
beforeAll(async () => { sim = await startSim() })
afterAll(() => sim.close())

function factsFor(address: string, body: unknown = { contents: [] }): RequestFacts {
  const [path, query] = address.split('?')
  const read = geminiDialect.readRequest(geminiDialect.endpoint('POST', `/v1beta/models/${path}`, query === undefined ? '' : `?${query}`)!, Buffer.from(JSON.stringify(body)))
  if (!read.ok) throw new Error(read.error.detail)
  return read.value
}
const whole = factsFor('gemini-2.5-flash:generateContent')
const asEvents = factsFor('gemini-2.5-flash:streamGenerateContent?alt=sse')
const asArray = factsFor('gemini-2.5-flash:streamGenerateContent')

const count = fc.nat({ max: 2_000_000 })
const optionalCount = fc.option(count, { nil: 0 })
/** Disjoint counters; the provider's shape is made from them, so the expectation does not come from the code under test. */
const counters = fc.record({
  text: count, audio: optionalCount, image: optionalCount, video: optionalCount, document: optionalCount,
  cachedText: optionalCount, cachedAudio: optionalCount, cachedImage: optionalCount,
  out: count, outAudio: optionalCount, outImage: optionalCount, thoughts: optionalCount, tool: optionalCount,
})
type Counters = typeof counters extends fc.Arbitrary<infer Value> ? Value : never

/** Google leaves zeros out of its JSON, at every level. */
const present = (object: Record<string, number>): Record<string, number> => Object.fromEntries(Object.entries(object).filter(([, value]) => value > 0))
const details = (counts: Record<string, number>): unknown => Object.entries(present(counts)).map(([modality, tokenCount]) => ({ modality, tokenCount }))

function providerShape(c: Counters, inclusive = false): Record<string, unknown> {
  const cached = c.cachedText + c.cachedAudio + c.cachedImage
  const prompt = c.text + c.audio + c.image + c.video + c.document + cached
  const candidates = c.out + c.outAudio + c.outImage
  return {
    ...present({
      promptTokenCount: prompt, cachedContentTokenCount: cached, candidatesTokenCount: candidates + (inclusive ? c.thoughts : 0), thoughtsTokenCount: c.thoughts, toolUsePromptTokenCount: c.tool,
      totalTokenCount: prompt + candidates + c.thoughts + c.tool,
    }),
    promptTokensDetails: details({ TEXT: c.text + c.cachedText, AUDIO: c.audio + c.cachedAudio, IMAGE: c.image + c.cachedImage, VIDEO: c.video, DOCUMENT: c.document }),
    cacheTokensDetails: details({ TEXT: c.cachedText, AUDIO: c.cachedAudio, IMAGE: c.cachedImage }),
    candidatesTokensDetails: details({ TEXT: c.out, AUDIO: c.outAudio, IMAGE: c.outImage }),
    toolUsePromptTokensDetails: details({ TEXT: c.tool }),
  }
}
const expectedOf = (c: Counters): Usage => present({
  input_text: c.text + c.document + c.tool, input_audio: c.audio, input_image: c.image, input_video: c.video, cache_read: c.cachedText, cache_read_audio: c.cachedAudio, cache_read_image: c.cachedImage,
  output_text: c.out, output_audio: c.outAudio, output_image: c.outImage, output_reasoning: c.thoughts,
}) as Usage
const readUsage = (usageMetadata: unknown): UsageReading => geminiDialect.readResponse(whole, 200, Buffer.from(JSON.stringify({ candidates: [], usageMetadata, modelVersion: 'gemini-2.5-flash' })))

test('disjoint counters come back, and their sum is Google’s total', () => {
  fc.assert(fc.property(counters, (c) => {
    const shape = providerShape(c)
    const reading = readUsage(shape)
    if (shape['totalTokenCount'] === undefined) return
    expect(reading).toMatchObject({ notices: [], unknownKeys: [] })
    expect(present({ ...reading.usage! })).toEqual(expectedOf(c))
    expect(sumOf(reading.usage!, usageComponents)).toBe(shape['totalTokenCount'])
  }), { ...run, numRuns: 500 })
})

test('thoughts counted among the candidates are found by the total', () => {
  fc.assert(fc.property(counters.filter((c) => c.thoughts > 0 && c.out > 0), (c) => {
    expect(present({ ...readUsage(providerShape(c, true)).usage! })).toEqual(expectedOf(c))
  }), { ...run, numRuns: 200 })
})

test('a cache without its details: the sum stays, and no token is cached twice', () => {
  fc.assert(fc.property(counters, (c) => {
    const { cacheTokensDetails: _, ...shape } = providerShape(c)
    if (shape['totalTokenCount'] === undefined) return
    const { usage, notices } = readUsage(shape)
    expect(notices).toEqual([])
    expect(sumOf(usage!, usageComponents)).toBe(shape['totalTokenCount'])
    expect((usage!.cache_read ?? 0) + (usage!.cache_read_audio ?? 0) + (usage!.cache_read_image ?? 0)).toBe(c.cachedText + c.cachedAudio + c.cachedImage)
  }), { ...run, numRuns: 300 })
})

test('whatever stands in a usage object, no counter is negative and nothing throws', () => {
  const odd = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null), fc.boolean(), fc.constantFrom(-1, 2 ** 60))
  const detail = fc.record({ modality: fc.oneof(fc.constantFrom('TEXT', 'AUDIO', 'IMAGE', '__proto__', 'constructor'), odd), tokenCount: odd }, { requiredKeys: [] })
  const list = fc.oneof(fc.array(fc.oneof(detail, odd), { maxLength: 4 }), odd)
  const object = fc.record({
    promptTokenCount: odd, cachedContentTokenCount: odd, candidatesTokenCount: odd, thoughtsTokenCount: odd, toolUsePromptTokenCount: odd, totalTokenCount: odd,
    promptTokensDetails: list, cacheTokensDetails: list, candidatesTokensDetails: list, trafficType: odd, extra: odd,
  }, { requiredKeys: [] })
  fc.assert(fc.property(object, (usage) => {
    for (const value of Object.values(readUsage(usage).usage ?? {})) {
      expect(Number.isSafeInteger(value)).toBe(true)
      expect(value).toBeGreaterThanOrEqual(0)
    }
  }), { ...run, numRuns: 600 })
})

test('a stream cut anywhere, in either form: the same counters and the same bytes', () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 })
  fc.assert(fc.property(fc.array(fc.string({ maxLength: 30 }), { minLength: 1, maxLength: 6 }), counters, pieces, fc.boolean(), (texts, c, sizes, pretty) => {
    const chunks = texts.map((text, index) => ({ candidates: [{ content: { parts: [{ text }] }, ...(index === texts.length - 1 ? { finishReason: 'STOP' } : {}) }], usageMetadata: providerShape({ ...c, out: index === texts.length - 1 ? c.out : 0 }) }))
    const bodies = [chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`).join(''), pretty ? JSON.stringify(chunks, null, 2) : JSON.stringify(chunks)]
    for (const [index, facts] of [asEvents, asArray].entries()) {
      const bytes = Buffer.from(bodies[index]!)
      const reader = geminiDialect.openStream(facts, { hideUsageChunk: true })
      const out: Buffer[] = []
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const end = at + sizes[turn % sizes.length]!
        out.push(reader.push(bytes.subarray(at, end)))
        at = end
      }
      const { rest, reading } = reader.end(true)
      expect(Buffer.concat([...out, rest]).equals(bytes)).toBe(true)
      if (chunks.at(-1)!.usageMetadata['totalTokenCount'] !== undefined) {
        expect(present({ ...reading.usage! })).toEqual(expectedOf(c))
        expect(reading).toMatchObject({ quality: 'final', fault: '' })
      }
    }
  }), { ...run, numRuns: 150 })
})

test('whatever stands in a request, it is read or refused, and never throws', () => {
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean(), fc.constantFrom('files/a', 'https://x.example/a', 'image/png'))
  const name = fc.constantFrom('contents', 'parts', 'text', 'inlineData', 'file_data', 'fileUri', 'mimeType', 'functionResponse', 'tools', 'googleSearch', 'generationConfig', 'maxOutputTokens', 'candidate_count', 'responseModalities', 'model', 'requests', 'content', 'cachedContent', 'labels', '__proto__')
  const { body } = fc.letrec((tie) => ({
    body: fc.dictionary(name, fc.oneof({ maxDepth: 6 }, leaf, tie('body'), fc.array(tie('body'), { maxLength: 3 }))),
  })) as { body: fc.Arbitrary<unknown> }
  fc.assert(fc.property(body, fc.constantFrom('generateContent', 'batchEmbedContents', 'embedContent', 'countTokens'), (request, method) => {
    const bytes = Buffer.from(JSON.stringify(request))
    const read = geminiDialect.readRequest(geminiDialect.endpoint('POST', `/v1beta/models/gemini-2.5-flash:${method}`)!, bytes)
    if (!read.ok) {
      expect(read.error.code).toBe('body_malformed')
      return
    }
    expect(read.value.outputCap ?? 1).toBeGreaterThanOrEqual(0)
    expect(read.value.choices).toBeGreaterThanOrEqual(1)
    geminiDialect.spliceRequest(bytes, read.value, { addStreamUsage: true, outputCap: 5, model: null })
  }), { ...run, numRuns: 600 })
})

test('a splice sets the cap and changes nothing else', () => {
  const config = fc.option(fc.record({ temperature: fc.double({ noNaN: true, min: 0, max: 2 }), maxOutputTokens: fc.constantFrom(null, 5, '7'), stopSequences: fc.array(fc.string()) }, { requiredKeys: [] }), { nil: null })
  fc.assert(fc.property(config, fc.string(), fc.boolean(), fc.integer({ min: 1, max: 65_536 }), (generationConfig, text, first, cap) => {
    const contents = [{ parts: [{ text }] }]
    const request = first ? { generationConfig, contents } : { contents, generationConfig }
    const body = Buffer.from(JSON.stringify(request, null, 1))
    const facts = factsFor('gemini-2.5-flash:generateContent', request)
    const spliced = geminiDialect.spliceRequest(body, facts, { addStreamUsage: true, outputCap: cap, model: null })
    expect(JSON.parse(spliced.toString())).toEqual({ contents, generationConfig: { ...generationConfig, maxOutputTokens: cap } })
    expect(Object.keys(JSON.parse(spliced.toString()) as object)).toEqual(Object.keys(request))
  }), { ...run, numRuns: 200 })
})

const long = 'A sentence that is long enough to be cached when it is repeated. '.repeat(120)
const requests: readonly (readonly [name: string, model: string, body: object])[] = [
  ['plain', 'gemini-2.5-flash', { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }],
  ['two candidates, capped', 'gemini-2.5-pro', { contents: [{ role: 'user', parts: [{ text: long }] }], generationConfig: { candidateCount: 2, maxOutputTokens: 40 } }],
  ['a function call', 'gemini-3.5-flash', { contents: [{ role: 'user', parts: [{ text: 'use the tool' }] }], tools: [{ functionDeclarations: [{ name: 'f' }] }] }],
  ['thoughts shown', 'gemini-2.5-pro', { contents: [{ role: 'user', parts: [{ text: long }] }], generationConfig: { thinkingConfig: { includeThoughts: true } } }],
  ['zero usage', 'gemini-2.5-flash', { contents: [{ role: 'user', parts: [{ text: 'hi [[sim: zero-usage]]' }] }] }],
  ['refused', 'gemini-2.5-flash', { contents: [{ role: 'user', parts: [{ text: 'hi [[sim: blocked]]' }] }] }],
]
const methods = ['generateContent', 'streamGenerateContent?alt=sse', 'streamGenerateContent'] as const

for (const fault of ['', 'split-bytes 61', 'crlf', 'no-done']) {
  test.each(requests.flatMap(([name, model, body]) => methods.map((method) => [name, method, model, body] as const)))(`the simulated provider, fault "${fault}": %s, %s`, async (_name, method, model, body) => {
    const text = JSON.stringify(body)
    const facts = factsFor(`${model}:${method}`, body)
    const answer = await fetch(`${sim.url}/v1beta/models/${model}:${method}`, { method: 'POST', headers: { 'x-goog-api-key': 'k', 'x-sim-fault': fault }, body: text })
    const chunks: Buffer[] = []
    for await (const chunk of answer.body! as unknown as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk))
    let reading: UsageReading
    if (facts.stream) {
      const reader = geminiDialect.openStream(facts, { hideUsageChunk: false })
      for (const chunk of chunks) reader.push(chunk)
      reading = reader.end(true).reading
    } else reading = geminiDialect.readResponse(facts, 200, Buffer.concat(chunks))
    const { counted, reported } = sim.calls().at(-1)!
    const usage = reading.usage!
    expect(reading).toMatchObject({ quality: 'final', fault: '', notices: [], unknownKeys: [], servedModel: model })
    expect(JSON.parse(reading.rawUsage)).toEqual(reported)
    expect({ input: (usage.input_text ?? 0) + (usage.cache_read ?? 0), read: usage.cache_read ?? 0, output: (usage.output_text ?? 0) + (usage.output_reasoning ?? 0), reasoning: usage.output_reasoning ?? 0 })
      .toEqual({ input: counted!.inputTokens, read: counted!.cachedTokens, output: counted!.outputTokens, reasoning: counted!.reasoningTokens })
    if (facts.outputCap !== null) expect(counted!.outputTokens).toBeLessThanOrEqual(facts.outputCap * facts.choices)
    expect(counted!.inputTokens).toBeLessThanOrEqual(facts.inputBytes)
  })
}
