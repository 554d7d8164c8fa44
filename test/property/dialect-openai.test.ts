import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { sumOf, usageComponents, type Usage } from '../../src/core/usage/usage.ts'
import type { RequestFacts } from '../../src/dialect/dialect.ts'
import { jsonFaultPosition } from '../../src/dialect/json-fault.ts'
import { nameOf, scanObject, textOf } from '../../src/dialect/json-members.ts'
import { openaiDialect } from '../../src/dialect/openai.ts'
import { chatOverlap, embeddingsOverlap, readCounters, responsesOverlap, xaiChatOverlap } from '../../src/dialect/overlap.ts'

/** Set TOLLGATE_SEED to repeat a run; every failure prints the seed and the shrunk case as well. */
const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31)
console.log(`dialect properties, seed ${seed}`)
const run = { seed, interruptAfterTimeLimit: 4_000, markInterruptAsFailure: false }

function factsFor(path: string, body: Record<string, unknown>): RequestFacts {
  const read = openaiDialect.readRequest(openaiDialect.endpoint('POST', path)!, Buffer.from(JSON.stringify(body)))
  if (!read.ok) throw new Error(read.error.detail)
  return read.value
}
const chatFacts = factsFor('/v1/chat/completions', { model: 'gpt-4o', messages: [], stream: true })
const responsesFacts = factsFor('/v1/responses', { model: 'gpt-5', input: 'hi', stream: true })

const count = fc.nat({ max: 2_000_000 })
const optionalCount = fc.option(count, { nil: undefined })
/** Disjoint counters; the provider's shape is made from them, so the expectation does not come from the code under test. */
const counters = fc.record({ text: count, read: optionalCount, write: optionalCount, audio: optionalCount, out: count, reasoning: optionalCount, outAudio: optionalCount })
type Counters = typeof counters extends fc.Arbitrary<infer Value> ? Value : never

const without = (object: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
function expectedOf(c: Counters): Usage {
  return without({ input_text: c.text, cache_read: c.read, cache_write: c.write, input_audio: c.audio, output_text: c.out, output_reasoning: c.reasoning, output_audio: c.outAudio }) as Usage
}
function providerShape(c: Counters, side: readonly [string, string], reasoningBeside = false): Record<string, unknown> {
  const whole = c.text + (c.read ?? 0) + (c.write ?? 0) + (c.audio ?? 0)
  const out = c.out + (reasoningBeside ? 0 : (c.reasoning ?? 0)) + (c.outAudio ?? 0)
  return {
    [side[0]]: whole, [side[1]]: out, total_tokens: whole + out + (reasoningBeside ? (c.reasoning ?? 0) : 0),
    [`${side[0]}_details`]: without({ cached_tokens: c.read, cache_write_tokens: c.write, audio_tokens: c.audio }),
    [`${side[1]}_details`]: without({ reasoning_tokens: c.reasoning, audio_tokens: c.outAudio }),
  }
}
const chatSide = ['prompt_tokens', 'completion_tokens'] as const
const responsesSide = ['input_tokens', 'output_tokens'] as const

test('every overlap map: disjoint counters come back, and their sum is the provider’s total', () => {
  fc.assert(fc.property(counters, (c) => {
    for (const [map, shape] of [
      [chatOverlap, providerShape(c, chatSide)], [xaiChatOverlap, providerShape(c, chatSide, true)], [responsesOverlap, providerShape(c, responsesSide)],
    ] as const) {
      const read = readCounters(map, shape)
      expect(read).toMatchObject({ notices: [], unknownKeys: [] })
      expect(read.usage).toEqual(expectedOf(c))
      expect(sumOf(read.usage, usageComponents)).toBe(shape['total_tokens'])
    }
    expect(readCounters(embeddingsOverlap, { prompt_tokens: c.text, total_tokens: c.text }).usage).toEqual({ embedding: c.text })
  }), { ...run, numRuns: 400 })
})

test('whatever stands in a usage object, no counter is negative and nothing throws', () => {
  const odd = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null), fc.boolean(), fc.array(fc.integer()), fc.constantFrom(-1, 2 ** 60))
  const key = fc.constantFrom('prompt_tokens', 'completion_tokens', 'total_tokens', 'cached_tokens', 'input_tokens', 'output_tokens', '__proto__', 'x')
  const group = fc.constantFrom('prompt_tokens_details', 'completion_tokens_details', 'input_tokens_details', 'output_tokens_details')
  const object = fc.tuple(fc.dictionary(key, odd), fc.dictionary(group, fc.oneof(odd, fc.dictionary(fc.constantFrom('cached_tokens', 'audio_tokens', 'reasoning_tokens', 'cache_write_tokens', 'y'), odd)))).map(([a, b]) => ({ ...a, ...b }))
  fc.assert(fc.property(object, (usage) => {
    for (const map of [chatOverlap, xaiChatOverlap, responsesOverlap, embeddingsOverlap]) {
      for (const quantity of Object.values(readCounters(map, usage).usage)) expect(Number.isSafeInteger(quantity) && quantity >= 0).toBe(true)
    }
  }), { ...run, numRuns: 500 })
})

const content = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('"usage":{', 'data: [DONE]\n\n', '\\"usage\\"', '\r\n\r\n', '"choices":[]', '😀é'))
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 })

function pieces(bytes: Buffer, at: readonly number[]): Buffer[] {
  const offsets = [...new Set([0, ...at.map((share) => Math.floor(share * bytes.length)), bytes.length])].sort((a, b) => a - b)
  return offsets.slice(1).map((end, index) => bytes.subarray(offsets[index]!, end))
}

test('a chat stream split anywhere: the counters, and the same bytes but for usage that is hidden', () => {
  const stream = fc.record({
    c: counters, texts: fc.array(content, { maxLength: 12 }), crlf: fc.boolean(), spaced: fc.boolean(), done: fc.boolean(), comments: fc.boolean(), hide: fc.boolean(),
    riding: fc.boolean(), twice: fc.boolean(), at: cuts,
  })
  fc.assert(fc.property(stream, (s) => {
    const usage = providerShape(s.c, chatSide)
    const eol = s.crlf ? '\r\n' : '\n'
    const event = (value: unknown): string => `${s.comments ? `: ping${eol}` : ''}data:${s.spaced ? ' ' : ''}${typeof value === 'string' ? value : JSON.stringify(value)}${eol}${eol}`
    const chunk = (choices: unknown, used: unknown): unknown => ({ id: 'c', object: 'chat.completion.chunk', model: 'gpt-4o-x', choices, usage: used })
    const visible = s.texts.map((text) => event(chunk([{ index: 0, delta: { content: text }, finish_reason: null }], s.riding ? { ...usage, completion_tokens: 0 } : null)))
    const closing = event(chunk([], usage)).repeat(s.twice ? 2 : 1)
    const end = s.done ? event('[DONE]') : ''
    const sent = Buffer.from([...visible, closing, end].join(''))
    const reader = openaiDialect.openStream(chatFacts, { hideUsageChunk: s.hide })
    const out = pieces(sent, s.at).map((piece) => reader.push(piece))
    const { rest, reading } = reader.end(true)
    const relayed = Buffer.concat([...out, rest]).toString()
    // Quotes within a text are escaped, so only the member itself reads like this.
    expect(relayed).toBe(s.hide ? [...visible, end].join('').replaceAll(',"usage":null', '') : sent.toString())
    expect(reading).toMatchObject({ quality: 'final', servedModel: 'gpt-4o-x', rawUsage: JSON.stringify(usage), fault: '' })
    expect(reading.usage).toEqual(expectedOf(s.c))
  }), { ...run, numRuns: 400 })
})

test('a Responses stream split anywhere passes unchanged and gives its usage', () => {
  fc.assert(fc.property(counters, fc.array(content, { maxLength: 8 }), cuts, fc.constantFrom('completed', 'incomplete'), (c, texts, at, kind) => {
    const usage = providerShape(c, responsesSide)
    const event = (type: string, rest: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
    const response = { id: 'r', model: 'gpt-5-x', status: 'in_progress', usage: null }
    const sent = Buffer.from([
      event('response.created', { response }), ...texts.map((delta) => event('response.output_text.delta', { delta })),
      event(`response.${kind}`, { response: { ...response, status: kind, output: texts.map((text) => ({ type: 'message', content: [{ text }] })), usage } }),
    ].join(''))
    const reader = openaiDialect.openStream(responsesFacts, { hideUsageChunk: true })
    const out = pieces(sent, at).map((piece) => reader.push(piece))
    const { rest, reading } = reader.end(true)
    expect(Buffer.concat([...out, rest]).equals(sent)).toBe(true)
    expect(reading.usage).toEqual(expectedOf(c))
    expect(reading).toMatchObject({ quality: 'final', servedModel: 'gpt-5-x', fault: '' })
    expect(reading.outputBytesSeen).toBe(texts.reduce((sum, text) => sum + Buffer.byteLength(JSON.stringify(text)) - 2, 0))
  }), { ...run, numRuns: 300 })
})

test('noise between pieces of a stream: nothing throws, and without hiding every byte passes', () => {
  const noise = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom('data: ', '\n\n', '\r\n', '\n\r\n', '{"usage":', '{"choices":[],"usage":{"prompt_tokens":1}}', '"delta":{', '"delta":"', '\\"', 'data: [DONE]\n\n', '"usage"  :  {', ': c').map((text) => Buffer.from(text)))
  fc.assert(fc.property(fc.array(noise, { maxLength: 40 }), fc.boolean(), (parts, complete) => {
    for (const facts of [chatFacts, responsesFacts]) {
      for (const hideUsageChunk of [false, true]) {
        const sent = Buffer.concat(parts)
        const reader = openaiDialect.openStream(facts, { hideUsageChunk })
        const out = parts.map((part) => reader.push(Buffer.from(part)))
        const { rest, reading } = reader.end(complete)
        const relayed = Buffer.concat([...out, rest])
        if (!hideUsageChunk || facts === responsesFacts) expect(relayed.equals(sent)).toBe(true)
        else expect(relayed.length).toBeLessThanOrEqual(sent.length)
        expect(['final', 'provisional', 'absent']).toContain(reading.quality)
      }
    }
  }), { ...run, numRuns: 600 })
})

// ── JSON members and splices ───────────────────────────────────────────────────────────────────────────────

const name = fc.oneof(fc.string({ maxLength: 8 }), fc.string({ unit: 'grapheme', maxLength: 4 }), fc.constantFrom('n\\"', '__proto__', 'model\u0000'))
const document = fc.dictionary(name, fc.jsonValue({ maxDepth: 4 }), { maxKeys: 8 })
/** Valid JSON with the freedoms that parsers allow: white space, and escapes where none are needed. */
function loosely(value: unknown, blank: string, escape: boolean): string {
  const text = (string: string): string => (escape ? `"${Array.from({ length: string.length }, (_, i) => `\\u${string.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"` : JSON.stringify(string))
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return `[${blank}${value.map((item) => loosely(item, blank, escape)).join(`${blank},${blank}`)}${blank}]`
  if (typeof value === 'object' && value !== null) return `{${blank}${Object.entries(value).map(([key, item]) => `${text(key)}${blank}:${blank}${loosely(item, blank, escape)}`).join(`${blank},${blank}`)}${blank}}`
  return JSON.stringify(value)
}
const blanks = fc.constantFrom('', ' ', '\n\t', '\r\n ')

test('the member scanner finds what JSON.parse finds', () => {
  fc.assert(fc.property(document, blanks, fc.boolean(), (value, blank, escape) => {
    const bytes = Buffer.from(blank + loosely(value, blank, escape) + blank)
    const scan = scanObject(bytes)
    expect(scan.state).toBe('whole')
    const found = scan.members.map((member) => [nameOf(bytes, member), JSON.parse(textOf(bytes, member)) as unknown])
    const parsed = JSON.parse(bytes.toString()) as Record<string, unknown>
    expect(found).toHaveLength(Object.keys(parsed).length)
    for (const [key, item] of found) expect(item).toEqual(parsed[key as string])
  }), { ...run, numRuns: 500 })
})

test('any bytes: the scanner ends without throwing, and says "whole" of nothing that is cut', () => {
  fc.assert(fc.property(document, fc.double({ min: 0, max: 0.999, noNaN: true }), fc.uint8Array({ maxLength: 60 }), (value, share, noise) => {
    const bytes = Buffer.from(JSON.stringify(value))
    expect(scanObject(bytes.subarray(0, Math.floor(share * bytes.length))).state).toBe('cut')
    for (const odd of [Buffer.from(noise), Buffer.concat([Buffer.from('{"a":'), noise]), Buffer.concat([Buffer.from('{"'), noise])]) expect(['whole', 'cut', 'too_deep', 'not_object']).toContain(scanObject(odd).state)
  }), { ...run, numRuns: 500 })
})

test('a JSON fault is placed within the text, at or before the character that JSON.parse names', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 3 }), fc.nat(), fc.constantFrom('', '}', ']', ',', ':', '"', 'x', '\u0001', '{'), (value, at, noise) => {
    const text = JSON.stringify(value)
    const offset = at % (text.length + 1)
    const broken = text.slice(0, offset) + (noise === '' ? '' : noise + text.slice(offset))
    let message = ''
    try {
      JSON.parse(broken)
    } catch (error) {
      message = (error as Error).message
    }
    const position = jsonFaultPosition(broken)!
    if (message === '') {
      expect(position).toBe(broken.length)
      return
    }
    const named = /at position (\d+)/.exec(message)
    expect(position).toBeLessThanOrEqual(named === null ? broken.length : Number(named[1]))
  }), { ...run, numRuns: 400 })
})

test('a splice changes the members asked for and no other byte', () => {
  const request = fc.record({ rest: document, blank: blanks, escape: fc.boolean(), options: fc.constantFrom<unknown>(undefined, null, {}, { include_usage: false }, { include_usage: null }, { include_obfuscation: true }), cap: fc.constantFrom<[string, unknown]>(['none', 0], ['max_tokens', 9], ['max_completion_tokens', 9], ['max_tokens', null]) })
  const change = fc.record({ addStreamUsage: fc.boolean(), outputCap: fc.option(fc.integer({ min: 1, max: 99_999 })), model: fc.option(fc.string({ minLength: 1, maxLength: 10 })) })
  fc.assert(fc.property(request, change, (r, splice) => {
    const value: Record<string, unknown> = Object.assign(Object.create(null) as Record<string, unknown>, r.rest, { model: 'gpt-4o', stream: true })
    if (r.options !== undefined) value['stream_options'] = r.options
    if (r.cap[0] !== 'none') value[r.cap[0]] = r.cap[1]
    const body = Buffer.from(r.blank + loosely(value, r.blank, r.escape) + r.blank)
    const read = openaiDialect.readRequest(openaiDialect.endpoint('POST', '/v1/chat/completions')!, body)
    fc.pre(read.ok)
    if (!read.ok) return
    const spliced = openaiDialect.spliceRequest(body, read.value, splice)
    const expected = JSON.parse(body.toString()) as Record<string, unknown>
    if (splice.model !== null) expected['model'] = splice.model
    if (splice.addStreamUsage) expected['stream_options'] = { ...(expected['stream_options'] as object | null), include_usage: true }
    if (splice.outputCap !== null) {
      const name = r.cap[0] === 'none' || r.cap[1] === null ? (/^gpt-|^o\d/.test(String(expected['model']).split('/').at(-1)!) ? 'max_completion_tokens' : 'max_tokens') : r.cap[0]
      expected[name] = splice.outputCap
    }
    expect(JSON.parse(spliced.toString())).toEqual(expected)
    // Members that were not asked to change keep their bytes, order and spacing.
    const [before, after] = [scanObject(body), scanObject(spliced)]
    const touched = new Set(['model', 'stream_options', 'max_tokens', 'max_completion_tokens'])
    for (const [index, member] of before.members.entries()) {
      const same = after.members[index]!
      expect(spliced.subarray(same.nameStart, same.valueStart).equals(body.subarray(member.nameStart, member.valueStart))).toBe(true)
      if (!touched.has(nameOf(body, member)!)) expect(textOf(spliced, same)).toBe(textOf(body, member))
    }
    expect(spliced.subarray(0, after.members[0]!.nameStart).equals(body.subarray(0, before.members[0]!.nameStart))).toBe(true)
    expect(spliced.subarray(after.members.at(-1)!.valueEnd).equals(body.subarray(before.members.at(-1)!.valueEnd))).toBe(true)
  }), { ...run, numRuns: 400 })
})
