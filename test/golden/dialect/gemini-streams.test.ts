import { describe, expect, test } from 'vitest'
import { limits } from '../../../src/config/limits.ts'
import type { RequestFacts, UsageReading } from '../../../src/dialect/dialect.ts'
import { geminiDialect } from '../../../src/dialect/gemini.ts'

function factsFor(query: string, body: unknown = { contents: [] }, model = 'gemini-2.5-flash'): RequestFacts {
  const read = geminiDialect.readRequest(geminiDialect.endpoint('POST', `/v1beta/models/${model}:streamGenerateContent`, query)!, Buffer.from(JSON.stringify(body)))
  if (!read.ok) throw new Error(read.error.detail)
  return read.value
}
const sseFacts = factsFor('?alt=sse')
const arrayFacts = factsFor('')

interface Relayed { readonly text: string; readonly reading: UsageReading }
function relay(pieces: readonly (string | Buffer)[], facts: RequestFacts, complete = true): Relayed {
  const reader = geminiDialect.openStream(facts, { hideUsageChunk: true })
  const out = pieces.map((piece) => {
    const chunk = Buffer.from(piece)
    const passed = reader.push(chunk)
    // Byte-transparent without a copy.
    expect(passed).toBe(chunk)
    return passed
  })
  const { rest, reading } = reader.end(complete)
  return { text: Buffer.concat([...out, rest]).toString(), reading }
}

const chunk = (text: string, usage: object | null, finishReason: string | null = null, more: object = {}): object => ({
  candidates: [{ content: { parts: [{ text }], role: 'model' }, ...(finishReason === null ? {} : { finishReason }), index: 0 }],
  ...(usage === null ? {} : { usageMetadata: usage }), modelVersion: 'gemini-2.5-flash', responseId: 'r', ...more,
})
const usage = (prompt: number, candidates: number): object => ({ promptTokenCount: prompt, candidatesTokenCount: candidates, totalTokenCount: prompt + candidates })
/** As Google writes the two forms. */
const asEvents = (chunks: readonly object[]): string[] => chunks.map((each) => `data: ${JSON.stringify(each)}\r\n\r\n`)
const asArray = (chunks: readonly object[]): string[] => chunks.map((each, index) => `${index === 0 ? '[' : ',\r\n'}${JSON.stringify(each, null, 2)}${index === chunks.length - 1 ? '\n]' : '\n'}`)
const forms = [['events', sseFacts, asEvents], ['an array', arrayFacts, asArray]] as const

describe.each(forms)('as %s', (_name, facts, write) => {
  const whole = [chunk('Hel', usage(100, 5)), chunk('lo "wörld" }]', usage(100, 9)), chunk('!', usage(100, 12), 'STOP')]

  test('F7: usage grows, the last figure counts', () => {
    const { text, reading } = relay(write(whole), facts)
    expect(text).toBe(write(whole).join(''))
    expect(reading).toMatchObject({ usage: { input_text: 100, output_text: 12 }, quality: 'final', fault: '', servedModel: 'gemini-2.5-flash', notices: [], rawUsage: expect.stringContaining('12') })
  })

  test('wherever the reads end', () => {
    const bytes = Buffer.from(write(whole).join(''))
    for (const size of [1, 2, 3, 7, 64]) {
      const pieces: Buffer[] = []
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
      expect(relay(pieces, facts).reading.usage).toEqual({ input_text: 100, output_text: 12 })
    }
    expect(relay([bytes], facts).reading).toMatchObject({ usage: { input_text: 100, output_text: 12 }, quality: 'final' })
  })

  test('broken off: the figure up to there, provisional', () => {
    const pieces = write(whole)
    expect(relay(pieces.slice(0, 2), facts, false).reading).toMatchObject({ usage: { input_text: 100, output_text: 9 }, quality: 'provisional', fault: 'truncated' })
    expect(relay([pieces[0]!, pieces[1]!.slice(0, 40)], facts, false).reading).toMatchObject({ usage: { input_text: 100, output_text: 5 }, quality: 'provisional', fault: 'truncated' })
    expect(relay(pieces, facts, false).reading).toMatchObject({ usage: { output_text: 12 }, quality: 'final', fault: '' })
    expect(relay([], facts, false).reading).toMatchObject({ usage: null, quality: 'absent', fault: 'truncated' })
  })

  test('with two candidates the first to stop does not end the answer', () => {
    const two = { ...facts, choices: 2 }
    expect(relay(write([chunk('a', usage(10, 5), 'STOP')]).map((piece) => piece.replace(/\n\]$/, '')), two, false).reading).toMatchObject({ quality: 'provisional', fault: 'truncated' })
  })

  test('usage that never came is absent, with the bytes of text that were seen', () => {
    const { reading } = relay(write([chunk('Hello', null), chunk(' there', null, 'STOP')]), facts)
    expect(reading).toMatchObject({ usage: null, quality: 'absent', outputBytesSeen: 11, servedModel: 'gemini-2.5-flash' })
  })

  test('an early chunk knows the prompt only; a late one may forget the candidates', () => {
    const early = { promptTokenCount: 10, totalTokenCount: 10 }
    expect(relay(write([chunk('', early)]), facts, false).reading).toMatchObject({ usage: { input_text: 10, output_text: 0 }, quality: 'provisional' })
    const thought = { promptTokenCount: 10, thoughtsTokenCount: 30, totalTokenCount: 40 }
    expect(relay(write([chunk('', thought), chunk('x', { ...thought, candidatesTokenCount: 4, totalTokenCount: 44 }, 'STOP')]), facts).reading.usage).toEqual({ input_text: 10, output_text: 4, output_reasoning: 30 })
    const forgot = relay(write([chunk('x', { ...thought, candidatesTokenCount: 4, totalTokenCount: 44 }), chunk('', { promptTokenCount: 10, totalTokenCount: 10 }, 'STOP')]), facts)
    expect(forgot.reading).toMatchObject({ usage: { input_text: 10, output_text: 4, output_reasoning: 30 }, quality: 'final', notices: [] })
  })

  test('a refused prompt', () => {
    const { reading } = relay(write([{ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 31, totalTokenCount: 31 }, modelVersion: 'gemini-2.5-flash' }]), facts)
    expect(reading).toMatchObject({ usage: { input_text: 31, output_text: 0 }, quality: 'final', fault: '' })
  })

  test('an error in the middle keeps what was counted', () => {
    const error = { error: { code: 500, message: 'Internal error', status: 'INTERNAL' } }
    expect(relay(write([...whole.slice(0, 2), error]), facts).reading).toMatchObject({ usage: { output_text: 9 }, quality: 'provisional', fault: 'provider_error' })
    expect(relay(write([error]), facts).reading).toMatchObject({ usage: null, fault: 'provider_error' })
  })

  test('arguments that look like usage are not usage, and count as generated', () => {
    const args = { usageMetadata: usage(0, 0), text: '"}]' }
    const call = { candidates: [{ content: { parts: [{ functionCall: { name: 'f', args } }] } }], usageMetadata: usage(7, 3) }
    expect(relay(write([call]), facts).reading.usage).toEqual({ input_text: 7, output_text: 3 })
    const { usageMetadata: _, ...bare } = call
    expect(relay(write([bare]), facts).reading).toMatchObject({ usage: null, quality: 'absent' })
    expect(relay(write([bare]), facts).reading.outputBytesSeen).toBeGreaterThan(20)
  })

  test('searches of all chunks count, each query once', () => {
    const tools = { contents: [], tools: [{ googleSearch: {} }] }
    const facts3 = { ...factsFor(facts.endpoint.stream === 'sse' ? '?alt=sse' : '', tools, 'gemini-3.1-pro-preview') }
    const searched = (queries: string[], n: number, finish: string | null): object => ({
      candidates: [{ content: { parts: [{ text: 'x' }] }, groundingMetadata: { webSearchQueries: queries }, ...(finish === null ? {} : { finishReason: finish }) }], usageMetadata: usage(10, n), modelVersion: 'gemini-3.1-pro-preview',
    })
    expect(relay(write([searched(['a', 'b'], 1, null), searched(['b', 'c'], 2, 'STOP')]), facts3).reading.usage).toEqual({ input_text: 10, output_text: 2, web_search: 3 })
  })

  test('an object larger than the bound passes; its usage is read from its end', () => {
    const image = { candidates: [{ content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'A'.repeat(limits.sseEventBytesMax + 100_000) } }] } }], usageMetadata: { ...usage(9, 1_290), candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_290 }] }, modelVersion: 'gemini-2.5-flash-image' }
    const bytes = write([chunk('a', usage(9, 1)), image]).join('')
    const { text, reading } = relay(bytes.match(/[\s\S]{1,65536}/g)!, facts)
    expect(text === bytes).toBe(true)
    expect(reading).toMatchObject({ usage: { input_text: 9, output_text: 0, output_image: 1_290 }, quality: 'final', servedModel: 'gemini-2.5-flash-image', notices: ['sse_event_too_large'] })
  })
})

describe('oddities of each form', () => {
  test('events in LF, with comments, and an error without "data:"', () => {
    const events = [': keep-alive\n\n', `data: ${JSON.stringify(chunk('a', usage(10, 1)))}\n\n`, `${JSON.stringify({ error: { code: 503, message: 'Overloaded', status: 'UNAVAILABLE' } })}\n`]
    expect(relay(events, sseFacts).reading).toMatchObject({ usage: { input_text: 10, output_text: 1 }, quality: 'provisional', fault: 'provider_error' })
  })

  test('a last event without its blank line', () => {
    expect(relay([`data: ${JSON.stringify(chunk('a', usage(10, 1), 'STOP'))}`], sseFacts).reading).toMatchObject({ usage: { output_text: 1 }, quality: 'final', fault: '' })
  })

  test('an array on one line, an empty one, and a lone object', () => {
    expect(relay([JSON.stringify([chunk('a', usage(10, 1)), chunk('b', usage(10, 2), 'STOP')])], arrayFacts).reading.usage).toEqual({ input_text: 10, output_text: 2 })
    expect(relay(['[]'], arrayFacts).reading).toMatchObject({ usage: null, quality: 'absent' })
    expect(relay([JSON.stringify({ error: { code: 400, message: 'x', status: 'INVALID_ARGUMENT' } })], arrayFacts).reading).toMatchObject({ usage: null, fault: 'provider_error' })
  })
})
