import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { sumOf, usageComponents } from '../../src/core/usage/usage.ts'
import { anthropicDialect } from '../../src/dialect/anthropic.ts'
import type { RequestFacts, UsageReading } from '../../src/dialect/dialect.ts'

/** Set TOLLGATE_SEED to repeat a run; every failure prints the seed and the shrunk case as well. */
const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31)
console.log(`Anthropic properties, seed ${seed}`)
const run = { seed, interruptAfterTimeLimit: 4_000, markInterruptAsFailure: false }

const endpoint = anthropicDialect.endpoint('POST', '/v1/messages', '')!
const read = anthropicDialect.readRequest(endpoint, Buffer.from('{"model":"claude-sonnet-5","max_tokens":1000,"messages":[],"stream":true}'))
if (!read.ok) throw new Error(read.error.detail)
const facts: RequestFacts = read.value

const count = fc.nat({ max: 2_000_000 })
/** Disjoint counters; the provider's shape is made from them, so the expectation does not come from the code under test. */
const counters = fc.record({ input: count, read: count, short: count, long: count, visible: count, thinking: count, searches: fc.nat({ max: 20 }) })
type Counters = typeof counters extends fc.Arbitrary<infer Value> ? Value : never
const opening = (c: Counters): object => ({
  input_tokens: c.input, cache_read_input_tokens: c.read, cache_creation_input_tokens: c.short + c.long, cache_creation: { ephemeral_5m_input_tokens: c.short, ephemeral_1h_input_tokens: c.long },
  output_tokens: 1, service_tier: 'standard', inference_geo: 'global',
})
const closing = (c: Counters): object => ({
  input_tokens: c.input, cache_read_input_tokens: c.read, cache_creation_input_tokens: c.short + c.long, output_tokens: c.visible + c.thinking,
  output_tokens_details: { thinking_tokens: c.thinking }, server_tool_use: { web_search_requests: c.searches, web_fetch_requests: 1 },
})
const expected = (c: Counters): object => ({ input_text: c.input, cache_read: c.read, cache_write_5m: c.short, cache_write_1h: c.long, output_text: c.visible, output_reasoning: c.thinking, web_search: c.searches })

test('disjoint counters come back from a whole answer, and their sum is the provider’s', () => {
  fc.assert(fc.property(counters, (c) => {
    const reading = anthropicDialect.readResponse(facts, 200, Buffer.from(JSON.stringify({ type: 'message', model: 'claude-sonnet-5', content: [], usage: { ...opening(c), ...closing(c) } })))
    expect(reading).toMatchObject({ notices: [], unknownKeys: [], quality: 'final' })
    expect(reading.usage).toEqual(expected(c))
    expect(sumOf(reading.usage!, usageComponents)).toBe(c.input + c.read + c.short + c.long + c.visible + c.thinking + c.searches)
  }), { ...run, numRuns: 300 })
})

const event = (data: { readonly type: string }, newline: string): string => `event: ${data.type}${newline}data: ${JSON.stringify(data)}${newline}${newline}`
const text = fc.string({ unit: 'grapheme', maxLength: 40 })
test('a stream says the same however its bytes are cut, and its bytes pass as they came', () => {
  fc.assert(fc.property(counters, fc.array(text, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 }), fc.constantFrom('\n', '\r\n'), (c, texts, sizes, newline) => {
    const source = Buffer.from([
      event({ type: 'message_start', message: { model: 'claude-sonnet-5', usage: opening(c) } } as never, newline), `: comment${newline}${newline}`,
      ...texts.map((each) => event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: each } } as never, newline)), event({ type: 'ping' }, newline),
      event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: closing(c) } as never, newline), event({ type: 'message_stop' }, newline),
    ].join(''))
    const reader = anthropicDialect.openStream(facts, { hideUsageChunk: false })
    const out: Buffer[] = []
    for (let from = 0, i = 0; from < source.length; i += 1) {
      const size = sizes[i % sizes.length]!
      out.push(reader.push(source.subarray(from, from + size)))
      from += size
    }
    const { rest, reading } = reader.end(true)
    expect(Buffer.concat([...out, rest]).equals(source)).toBe(true)
    expect(reading).toMatchObject({ usage: expected(c), quality: 'final', fault: '', notices: [], unknownKeys: [], servedModel: 'claude-sonnet-5' })
    expect(reading.outputBytesSeen).toBe(texts.reduce((sum, each) => sum + Buffer.byteLength(JSON.stringify(each)) - 2, 0))
  }), { ...run, numRuns: 200 })
})

test('whatever an answer or a stream holds, no counter is negative and nothing throws', () => {
  const odd = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null), fc.boolean(), fc.array(fc.jsonValue(), { maxLength: 3 }), fc.dictionary(fc.constantFrom('ephemeral_5m_input_tokens', 'web_search_requests', 'thinking_tokens', '__proto__', 'type', 'model'), fc.integer()))
  const usage = fc.dictionary(fc.constantFrom('input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens', 'cache_creation', 'output_tokens_details', 'server_tool_use', 'iterations', 'service_tier', 'speed', '__proto__'), odd)
  const sound = (reading: UsageReading): void => {
    for (const quantity of Object.values(reading.usage ?? {})) expect(Number.isSafeInteger(quantity) && quantity >= 0).toBe(true)
    expect(reading.usage === null).toBe(reading.quality === 'absent')
  }
  fc.assert(fc.property(usage, usage, fc.boolean(), (first, second, complete) => {
    sound(anthropicDialect.readResponse(facts, 200, Buffer.from(JSON.stringify({ model: 'm', usage: first }))))
    const reader = anthropicDialect.openStream(facts, { hideUsageChunk: false })
    reader.push(Buffer.from(event({ type: 'message_start', message: { model: 'm', usage: first } } as never, '\n')))
    reader.push(Buffer.from(event({ type: 'message_delta', delta: {}, usage: second } as never, '\n')))
    sound(reader.end(complete).reading)
  }), { ...run, numRuns: 400 })
})
