import { describe, expect, test } from 'vitest'
import type { RequestFacts, UsageReading } from '../../../src/dialect/dialect.ts'
import { openaiDialect } from '../../../src/dialect/openai.ts'
import { limits } from '../../../src/config/limits.ts'

function factsFor(path: string, body: Record<string, unknown>): RequestFacts {
  const read = openaiDialect.readRequest(openaiDialect.endpoint('POST', path)!, Buffer.from(JSON.stringify(body)))
  if (!read.ok) throw new Error(read.error.detail)
  return read.value
}
const chatFacts = factsFor('/v1/chat/completions', { model: 'gpt-4o', messages: [], stream: true })
const responsesFacts = factsFor('/v1/responses', { model: 'gpt-5', input: 'hi', stream: true })

interface Relayed { readonly text: string; readonly reading: UsageReading; readonly sizes: readonly number[] }
function relay(pieces: readonly string[], options: { facts?: RequestFacts; hide?: boolean; complete?: boolean } = {}): Relayed {
  const reader = openaiDialect.openStream(options.facts ?? chatFacts, { hideUsageChunk: options.hide ?? false })
  const out = pieces.map((piece) => reader.push(Buffer.from(piece)))
  const { rest, reading } = reader.end(options.complete ?? true)
  return { text: Buffer.concat([...out, rest]).toString(), reading, sizes: out.map((bytes) => bytes.length) }
}

const head = '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1741570283,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_1",'
const delta = (content: string, usage: string | null = 'null'): string => `data: ${head}"choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}},"logprobs":null,"finish_reason":null}]${usage === null ? '' : `,"usage":${usage}`}}\n\n`
const role = `data: ${head}"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null}\n\n`
const stop = `data: ${head}"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}\n\n`
/** As a provider sends it that was not asked for usage. */
const unasked = (events: string): string => events.replaceAll(',"usage":null', '')
const counts = '{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":2,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}'
const closing = `data: ${head}"choices":[],"usage":${counts}}\n\n`
const done = 'data: [DONE]\n\n'
const counted = { input_text: 7, cache_read: 2, input_audio: 0, output_text: 8, output_reasoning: 4, output_audio: 0 }

describe('chat streams', () => {
  const whole = [role, delta('Hello'), delta(' "wörld"'), stop, closing, done]

  test('F15: usage the client did not ask for is counted and hidden, null members included; every other byte is relayed', () => {
    const { text, reading } = relay(whole, { hide: true })
    expect(text).toBe(unasked([role, delta('Hello'), delta(' "wörld"'), stop, done].join('')))
    expect(reading).toMatchObject({ usage: counted, quality: 'final', rawUsage: counts, servedModel: 'gpt-4o-2024-08-06', tier: 'default', fault: '', notices: [] })
  })

  test('asked for, it stays', () => {
    const { text, reading } = relay(whole)
    expect(text).toBe(whole.join(''))
    expect(reading.usage).toEqual(counted)
  })

  test('a chunk of whole events with nothing to hide is the same Buffer that came in', () => {
    const reader = openaiDialect.openStream(chatFacts, { hideUsageChunk: true })
    const chunk = Buffer.from(unasked(role + delta('Hello')))
    expect(reader.push(chunk)).toBe(chunk)
  })

  test('all in one read, in CRLF, with comments and data over several lines', () => {
    expect(relay([whole.join('')], { hide: true }).text).toBe(unasked(whole.filter((event) => event !== closing).join('')))
    const crlf = whole.map((event) => event.replaceAll('\n', '\r\n'))
    const relayed = relay([crlf.join('')], { hide: true })
    expect(relayed.text).toBe(unasked(crlf.filter((_, index) => index !== 4).join('')))
    expect(relayed.reading.usage).toEqual(counted)
    const spread = `: keep-alive\nevent: message\ndata: ${head}"choices":[ ],\ndata: "usage":${counts}}\nid: 7\n\n`
    const commented = relay([': OPENROUTER PROCESSING\n\n', delta('Hi'), spread, done], { hide: true })
    expect(commented.text).toBe(unasked(`: OPENROUTER PROCESSING\n\n${delta('Hi')}${done}`))
    expect(commented.reading.usage).toEqual(counted)
  })

  test('only a partial last event is held back', () => {
    const { sizes, text } = relay([delta('Hello') + closing.slice(0, 40), closing.slice(40) + done], { hide: true })
    expect(sizes).toEqual([unasked(delta('Hello')).length, done.length])
    expect(text).toBe(unasked(delta('Hello') + done))
  })

  test('a null usage is cut with its own comma, wherever it stands', () => {
    const odd = (members: string): string => `data: {${members}}\n\n`
    expect(relay([odd('"usage": null , "a":1') + odd('"a":1 , "usage" : null') + odd('"usage":null') + odd('"a":"\\"usage\\":null"')], { hide: true }).text)
      .toBe(odd(' "a":1') + odd('"a":1 ') + odd('') + odd('"a":"\\"usage\\":null"'))
  })

  test('text that speaks of usage is not usage', () => {
    const { text, reading } = relay([delta('{"usage":{"prompt_tokens":1}}'), delta('data: [DONE]'), stop, done], { hide: true })
    expect(text).toContain('prompt_tokens')
    expect(reading).toMatchObject({ usage: null, quality: 'absent', fault: '' })
  })

  test('usage on every chunk: the last one wins, content is never hidden', () => {
    const running = [1, 2, 3].map((n) => delta(`t${n}`, `{"prompt_tokens":9,"completion_tokens":${n},"total_tokens":${9 + n}}`))
    const complete = relay([...running, done], { hide: true })
    expect(complete.text).toBe([...running, done].join(''))
    expect(complete.reading).toMatchObject({ usage: { input_text: 9, output_text: 3 }, quality: 'final' })
    expect(relay(running, { complete: false }).reading).toMatchObject({ usage: { output_text: 3 }, quality: 'provisional', fault: 'truncated' })
    expect(relay([...running, closing, closing, done], { hide: true })).toMatchObject({ text: [...running, done].join(''), reading: { usage: counted } })
  })

  test('F18: Groq states usage twice in one chunk, it counts once', () => {
    const both = `data: ${head}"choices":[],"x_groq":{"id":"req_1","usage":${counts}},"usage":${counts}}\n\n`
    const own = `data: ${head}"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":${counts}}}\n\n`
    expect(relay([delta('x'), both, done]).reading.usage).toEqual(counted)
    expect(relay([delta('x'), own, done]).reading.usage).toEqual(counted)
  })

  test('broken off before usage: absent, with the model and the bytes of text that were seen', () => {
    const { reading } = relay([role, delta('Hello'), delta(' there'), delta('!').slice(0, 30)], { complete: false })
    expect(reading).toMatchObject({ usage: null, quality: 'absent', fault: 'truncated', servedModel: 'gpt-4o-2024-08-06', tier: 'default', outputBytesSeen: 11 })
    expect(relay([], { complete: false }).reading).toMatchObject({ usage: null, fault: 'truncated', outputBytesSeen: 0 })
  })

  test('broken off after the closing usage: final', () => {
    expect(relay([delta('Hello'), closing], { complete: false }).reading).toMatchObject({ usage: counted, quality: 'final', fault: '' })
    expect(relay([delta('Hello'), closing], { hide: true }).reading).toMatchObject({ usage: counted, quality: 'final', fault: '' })
  })

  test('a last event without its blank line is still read, and still hidden', () => {
    const { text, reading } = relay([delta('Hello'), closing.trimEnd()], { hide: true })
    expect(text).toBe(unasked(delta('Hello')))
    expect(reading.usage).toEqual(counted)
  })

  test('an error in the middle of a stream is a provider error', () => {
    const error = 'data: {"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}\n\n'
    expect(relay([delta('Hello'), error]).reading).toMatchObject({ usage: null, fault: 'provider_error' })
    expect(relay([delta('Hello'), error, done]).reading).toMatchObject({ usage: null, fault: 'provider_error' })
  })

  test('arguments of tool calls count as generated text, names and ids do not', () => {
    const call = `data: ${head}"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\\"a\\""}}]},"finish_reason":null}]}\n\n`
    expect(relay([call], { complete: false }).reading.outputBytesSeen).toBe(6)
  })

  test('an event larger than the bound is let through, flagged, and its tail still read', () => {
    const huge = `data: {"choices":[],"padding":"${'x'.repeat(limits.sseEventBytesMax + 200_000)}","usage":${counts}}\n\n`
    const pieces = [delta('a'), ...(huge.match(/[\s\S]{1,65536}/g) ?? []), delta('b'), done]
    const { text, reading } = relay(pieces, { hide: true })
    expect(text === unasked(pieces.join(''))).toBe(true)
    expect(reading).toMatchObject({ usage: counted, quality: 'final', notices: ['sse_event_too_large'], fault: '' })
  })
})

describe('legacy completions streams', () => {
  test('text counts, the usage chunk is hidden', () => {
    const facts = factsFor('/v1/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'hi', stream: true })
    const text = 'data: {"id":"cmpl-1","object":"text_completion","created":1,"model":"gpt-3.5-turbo-instruct","choices":[{"text":"abc","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":null}\n\n'
    const usage = 'data: {"id":"cmpl-1","object":"text_completion","created":1,"model":"gpt-3.5-turbo-instruct","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\n'
    expect(relay([text, usage, done], { facts, hide: true })).toMatchObject({ text: unasked(text + done), reading: { usage: { input_text: 1, output_text: 1 }, outputBytesSeen: 3 } })
  })
})

describe('Responses streams', () => {
  const event = (type: string, rest: string): string => `event: ${type}\ndata: {"type":"${type}","sequence_number":0,${rest}}\n\n`
  const usage = '{"input_tokens":37,"input_tokens_details":{"cached_tokens":5,"cache_write_tokens":0},"output_tokens":11,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":48}'
  const opening = event('response.created', '"response":{"id":"resp_1","status":"in_progress","error":null,"model":"gpt-5-2025-08-07","output":[],"service_tier":"default","usage":null}')
  const text = event('response.output_text.delta', '"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hi\\n","logprobs":[],"obfuscation":"abcdefgh"')
  const terminal = (kind: string, used: string): string => event(`response.${kind}`, `"response":{"id":"resp_1","status":"${kind}","error":${kind === 'failed' ? '{"code":"server_error","message":"x"}' : 'null'},"model":"gpt-5-2025-08-07","output":[{"type":"message","content":[]}],"service_tier":"priority","usage":${used}}`)

  test.each([['completed', ''], ['incomplete', ''], ['failed', 'provider_error']])('F20: response.%s carries the usage', (kind, fault) => {
    const pieces = [opening, text, terminal(kind, usage)]
    const { text: relayed, reading } = relay(pieces, { facts: responsesFacts, hide: true })
    expect(relayed).toBe(pieces.join(''))
    expect(reading).toMatchObject({
      usage: { input_text: 32, cache_read: 5, cache_write: 0, output_text: 9, output_reasoning: 2 },
      quality: 'final', rawUsage: usage, servedModel: 'gpt-5-2025-08-07', tier: 'priority', mode: 'priority', fault, outputBytesSeen: 4,
    })
  })

  test('failed without usage, an error event, and a stream that broke off', () => {
    expect(relay([opening, text, terminal('failed', 'null')], { facts: responsesFacts }).reading).toMatchObject({ usage: null, quality: 'absent', fault: 'provider_error' })
    expect(relay([opening, event('error', '"code":"server_error","message":"x","param":null')], { facts: responsesFacts }).reading).toMatchObject({ usage: null, fault: 'provider_error' })
    expect(relay([opening, text], { facts: responsesFacts, complete: false }).reading).toMatchObject({ usage: null, fault: 'truncated', servedModel: 'gpt-5-2025-08-07' })
    expect(relay([opening, text], { facts: responsesFacts }).reading.fault).toBe('truncated')
  })
})
