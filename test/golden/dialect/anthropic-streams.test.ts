import { describe, expect, test } from 'vitest'
import { limits } from '../../../src/config/limits.ts'
import { anthropicDialect } from '../../../src/dialect/anthropic.ts'
import type { RequestFacts, UsageReading } from '../../../src/dialect/dialect.ts'

function factsFor(body: Record<string, unknown>): RequestFacts {
  const read = anthropicDialect.readRequest(anthropicDialect.endpoint('POST', '/v1/messages', '')!, Buffer.from(JSON.stringify({ model: 'claude-sonnet-4-5', messages: [], stream: true, ...body })))
  if (!read.ok) throw new Error(read.error.detail)
  return read.value
}
const facts = factsFor({ max_tokens: 1000 })

interface Relayed { readonly bytes: Buffer; readonly reading: UsageReading }
function relay(pieces: readonly (string | Buffer)[], options: { readonly facts?: RequestFacts; readonly complete?: boolean } = {}): Relayed {
  const reader = anthropicDialect.openStream(options.facts ?? facts, { hideUsageChunk: false })
  const out = pieces.map((piece) => reader.push(Buffer.from(piece)))
  const { rest, reading } = reader.end(options.complete ?? true)
  return { bytes: Buffer.concat([...out, rest]), reading }
}

const event = (type: string, rest: object = {}): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
const opening = { input_tokens: 472, cache_creation_input_tokens: 100, cache_read_input_tokens: 1000, cache_creation: { ephemeral_5m_input_tokens: 40, ephemeral_1h_input_tokens: 60 }, output_tokens: 1, service_tier: 'standard', inference_geo: 'us' }
const start = event('message_start', { message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-5-20250929', content: [], stop_reason: null, usage: opening } })
const ping = event('ping')
const blockStart = event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })
const delta = (text: string): string => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })
const blockStop = event('content_block_stop', { index: 0 })
const messageDelta = (usage: object, stop: string | null = 'end_turn'): string => event('message_delta', { delta: { stop_reason: stop, stop_sequence: null }, usage })
const stop = event('message_stop')
const text = [start, ping, blockStart, delta('Grüße, 世界 🙂 '), delta('{"type":"message_stop"} "usage": {"output_tokens": 99999}'), blockStop]
const whole = [...text, messageDelta({ output_tokens: 20 }, null), messageDelta({ output_tokens: 57 }), stop]
const counted = { input_text: 472, cache_read: 1000, cache_write_5m: 40, cache_write_1h: 60, output_text: 57 }

describe('whole streams', () => {
  test('F3: the last total wins, what only the start states stays', () => {
    const { bytes, reading } = relay(whole)
    expect(bytes.toString()).toBe(whole.join(''))
    expect(reading).toMatchObject({ usage: counted, quality: 'final', servedModel: 'claude-sonnet-4-5-20250929', tier: 'standard', geo: 'us', fault: '', notices: [], unknownKeys: [] })
    expect(JSON.parse(reading.rawUsage)).toEqual({ ...opening, output_tokens: 57 })
  })

  test('null in a later event keeps the earlier number, a number replaces it', () => {
    const { reading } = relay([...text, messageDelta({ input_tokens: 500, cache_read_input_tokens: null, cache_creation_input_tokens: 100, output_tokens: 57, output_tokens_details: { thinking_tokens: 30 }, server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 } }), stop])
    expect(reading).toMatchObject({ usage: { ...counted, input_text: 500, output_text: 27, output_reasoning: 30, web_search: 1 }, quality: 'final' })
  })

  test('every place to cut the bytes gives the same reading and the same bytes', () => {
    for (const newline of ['\n', '\r\n']) {
      const source = Buffer.from(whole.join('').replaceAll('\n', newline))
      for (let at = 1; at < source.length; at += 1) {
        const { bytes, reading } = relay([source.subarray(0, at), source.subarray(at)])
        if (!bytes.equals(source) || reading.usage?.output_text !== 57 || reading.quality !== 'final' || reading.fault !== '') throw new Error(`cut at ${at} (${JSON.stringify(newline)}): ${JSON.stringify(reading)}`)
      }
      for (const size of [1, 2, 3, 5, 7, 64, 4096]) {
        const pieces: Buffer[] = []
        for (let from = 0; from < source.length; from += size) pieces.push(source.subarray(from, from + size))
        const { bytes, reading } = relay(pieces)
        expect(bytes.equals(source)).toBe(true)
        expect(reading).toMatchObject({ usage: counted, quality: 'final', fault: '' })
        expect(reading.outputBytesSeen).toBe(relay(whole).reading.outputBytesSeen)
      }
    }
  })

  test('comments, data over several lines, events without a name, no empty line at the end', () => {
    const spread = `: keep-alive\n\nid: 7\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},\ndata: "usage":{"output_tokens":57}}\n\n`
    expect(relay([...text, spread, 'data: {"type":"message_stop"}']).reading).toMatchObject({ usage: counted, quality: 'final', fault: '' })
  })

  test('keys this version does not know are named', () => {
    expect(relay([...text, messageDelta({ output_tokens: 57, dream_tokens: 1 }), stop]).reading.unknownKeys).toEqual(['dream_tokens'])
  })

  test('F5: a compaction listed at the end is added', () => {
    const iterations = [{ type: 'compaction', input_tokens: 3000, output_tokens: 200, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, cache_creation: null }, { type: 'message', model: 'claude-sonnet-4-5-20250929', input_tokens: 472, output_tokens: 57, cache_creation_input_tokens: 100, cache_read_input_tokens: 1000, cache_creation: null }]
    expect(relay([...text, messageDelta({ output_tokens: 57, iterations }), stop]).reading).toMatchObject({ usage: { ...counted, input_text: 3472, output_text: 257 }, quality: 'final', notices: [] })
  })
})

describe('streams that break', () => {
  test('F4: cut before the first total, input is real and output is estimated from its text', () => {
    const { reading } = relay(text, { complete: false })
    expect(reading).toMatchObject({ usage: { ...counted, output_text: Math.ceil(reading.outputBytesSeen / 3) }, quality: 'estimated', fault: 'truncated', notices: ['output_estimated'] })
    expect(reading.outputBytesSeen).toBeGreaterThan(60)
  })

  test('the estimate covers thinking and tool input, not signatures, and never passes the cap', () => {
    const thinking = event('content_block_delta', { index: 0, delta: { type: 'thinking_delta', thinking: 'x'.repeat(300) } }) + event('content_block_delta', { index: 0, delta: { type: 'signature_delta', signature: 's'.repeat(900) } })
    const tool = event('content_block_delta', { index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":"' } })
    expect(relay([start, thinking, tool], { complete: false }).reading.outputBytesSeen).toBe(300 + JSON.stringify('{"a":"').length - 2)
    expect(relay([start, thinking], { complete: false, facts: factsFor({ max_tokens: 30 }) }).reading.usage).toMatchObject({ output_text: 30 })
  })

  test('cut after a total that was not the last: provisional', () => {
    expect(relay([...text, messageDelta({ output_tokens: 20 }, null)], { complete: false }).reading).toMatchObject({ usage: { ...counted, output_text: 20 }, quality: 'provisional', fault: 'truncated' })
  })

  test('cut after the last total: everything is known', () => {
    expect(relay(whole.slice(0, -1), { complete: false }).reading).toMatchObject({ usage: counted, quality: 'final', fault: '' })
  })

  test('an end without an end: the connection closed properly, the message did not', () => {
    expect(relay(text).reading).toMatchObject({ quality: 'estimated', fault: 'truncated' })
  })

  test('an error in the middle', () => {
    const { reading } = relay([...text.slice(0, 4), event('error', { error: { type: 'overloaded_error', message: 'Overloaded' } })])
    expect(reading).toMatchObject({ usage: { input_text: 472 }, quality: 'estimated', fault: 'provider_error' })
  })

  test('nothing, or nothing but an error', () => {
    expect(relay([], { complete: false }).reading).toMatchObject({ usage: null, quality: 'absent', fault: 'truncated', servedModel: '' })
    expect(relay([event('error', { error: { type: 'api_error', message: 'x' } })]).reading).toMatchObject({ usage: null, quality: 'absent', fault: 'provider_error' })
  })

  test('an event too large to hold is relayed and passed over, and what follows is read', () => {
    const huge = `data: {"type":"content_block_start","content_block":{"type":"web_search_tool_result","content":"${'y'.repeat(limits.sseEventBytesMax + 10)}"}}\n\n`
    const { bytes, reading } = relay([start, huge.slice(0, 1000), huge.slice(1000, -1), huge.slice(-1), messageDelta({ output_tokens: 57 }), stop])
    expect(bytes.length).toBe(Buffer.byteLength(start + huge + messageDelta({ output_tokens: 57 }) + stop))
    expect(reading).toMatchObject({ usage: counted, quality: 'final', notices: ['sse_event_too_large'] })
  })
})
