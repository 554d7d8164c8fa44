import { describe, expect, test } from 'vitest'
import { anthropicDialect } from '../../../src/dialect/anthropic.ts'
import type { RequestFacts, UsageReading } from '../../../src/dialect/dialect.ts'

/** Bodies in the provider's shape, written by hand; F-numbers are rows of the fixture table in the field notes. */
function factsFor(path: string, body: Record<string, unknown>): RequestFacts {
  const read = anthropicDialect.readRequest(anthropicDialect.endpoint('POST', path, '')!, Buffer.from(JSON.stringify(body)))
  if (!read.ok) throw new Error(read.error.detail)
  return read.value
}
const facts = factsFor('/v1/messages', { model: 'claude-sonnet-4-5', max_tokens: 100, messages: [] })

const message = (usage: string, model = 'claude-sonnet-4-5-20250929'): string => `{
  "id": "msg_01XFDUDYJgAACzvnptvVoYEL", "type": "message", "role": "assistant", "model": "${model}",
  "content": [{"type": "text", "text": "A \\"usage\\": {\\"input_tokens\\": 9} in text", "citations": null}],
  "stop_reason": "end_turn", "stop_sequence": null,
  "usage": ${usage}
}`
const read = (body: string, status = 200): UsageReading => anthropicDialect.readResponse(facts, status, Buffer.from(body))

describe('messages', () => {
  test('F2: input, cache reads and writes at two lifetimes stand beside each other', () => {
    const usage = '{"input_tokens": 10, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 1000, "cache_creation": {"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 60}, "output_tokens": 5, "service_tier": "standard"}'
    const reading = read(message(usage))
    expect(reading).toMatchObject({
      usage: { input_text: 10, cache_write_5m: 40, cache_write_1h: 60, cache_read: 1000, output_text: 5 }, quality: 'final', servedModel: 'claude-sonnet-4-5-20250929',
      tier: 'standard', mode: 'standard', geo: 'global', notices: [], unknownKeys: [], fault: '', rawUsage: usage,
    })
    expect(reading.usage).not.toHaveProperty('cache_write')
  })

  test('a total without its split is one number; a split that covers only a part gets the rest where there is one lifetime', () => {
    expect(read(message('{"input_tokens":1,"cache_creation_input_tokens":100,"cache_creation":null,"output_tokens":5}')).usage).toEqual({ input_text: 1, cache_write: 100, output_text: 5 })
    expect(read(message('{"input_tokens":1,"cache_creation_input_tokens":100,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":70},"output_tokens":5}')).usage).toMatchObject({ cache_write_5m: 0, cache_write_1h: 100 })
    const both = read(message('{"input_tokens":1,"cache_creation_input_tokens":100,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":70},"output_tokens":5}'))
    expect(both).toMatchObject({ usage: { cache_write: 10, cache_write_5m: 20, cache_write_1h: 70 }, notices: ['cache_write_lifetime_unknown'] })
    const over = read(message('{"input_tokens":1,"cache_creation_input_tokens":10,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":0},"output_tokens":5}'))
    expect(over).toMatchObject({ usage: { cache_write_5m: 20 }, notices: ['negative_counter'] })
  })

  test('thinking lies inside output, searches beside it, fetches cost nothing of their own', () => {
    const reading = read(message('{"input_tokens":1,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":57,"output_tokens_details":{"thinking_tokens":50},"server_tool_use":{"web_search_requests":3,"web_fetch_requests":2}}'))
    expect(reading).toMatchObject({ usage: { input_text: 1, cache_read: 0, cache_write: 0, output_text: 7, output_reasoning: 50, web_search: 3 }, notices: [], unknownKeys: [] })
  })

  test('F14: explicit zero is zero and final, null and missing are absent', () => {
    expect(read(message('{"input_tokens":0,"output_tokens":0,"cache_creation_input_tokens":null,"cache_read_input_tokens":null}'))).toMatchObject({ usage: { input_text: 0, output_text: 0 }, quality: 'final' })
    expect(read(message('null'))).toMatchObject({ usage: null, quality: 'absent', rawUsage: '', fault: '' })
    expect(read(message('{}'))).toMatchObject({ usage: null, quality: 'absent', notices: ['usage_empty'] })
    expect(read(message('7'))).toMatchObject({ usage: null, notices: ['usage_invalid'] })
  })

  test.each([
    ['{"service_tier":"batch"}', { mode: 'batch', tier: 'batch' }], ['{"service_tier":"priority"}', { mode: 'priority', tier: 'priority' }],
    ['{"service_tier":"standard","speed":"fast"}', { mode: 'fast', tier: 'fast' }], ['{"inference_geo":"us"}', { geo: 'us' }], ['{"inference_geo":"not_available"}', { geo: 'not_available' }],
  ])('what the answer says it was served as: %s', (said, expected) => {
    expect(read(message(`{"input_tokens":1,"output_tokens":1,${said.slice(1)}`))).toMatchObject(expected)
  })

  test('keys this version does not know are named', () => {
    expect(read(message('{"input_tokens":1,"output_tokens":1,"dream_tokens":4,"server_tool_use":{"web_search_requests":0,"web_fetch_requests":0,"dreams":1},"cache_creation":{"ephemeral_1d_input_tokens":5}}')).unknownKeys)
      .toEqual(['dream_tokens', 'server_tool_use.dreams', 'cache_creation.ephemeral_1d_input_tokens'])
  })

  test.each([
    ['negative_counter', '{"input_tokens":-1,"output_tokens":5}', { output_text: 5 }], ['counter_invalid', '{"input_tokens":"10","output_tokens":5}', { output_text: 5 }],
    ['negative_counter', '{"input_tokens":1,"output_tokens":5,"output_tokens_details":{"thinking_tokens":9}}', { input_text: 1, output_text: 0, output_reasoning: 9 }],
  ])('%s is flagged and never makes a counter negative', (notice, usage, counters) => {
    expect(read(message(usage))).toMatchObject({ notices: [notice], usage: counters })
  })
})

describe('iterations', () => {
  const entry = (type: string, input: number, output: number, model?: string): string => JSON.stringify({ type, ...(model === undefined ? {} : { model }), input_tokens: input, output_tokens: output, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, cache_creation: null })
  const totals = '"input_tokens":100,"output_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0'
  test('turns of one model are already in the totals', () => {
    expect(read(message(`{${totals},"iterations":[${entry('message', 40, 4)},${entry('message', 60, 6)}]}`))).toMatchObject({ usage: { input_text: 100, output_text: 10 }, quality: 'final', notices: [], unknownKeys: [] })
  })
  test('F5: a compaction is not, and is added', () => {
    expect(read(message(`{${totals},"iterations":[${entry('compaction', 5000, 300)},${entry('message', 100, 10)}]}`))).toMatchObject({ usage: { input_text: 5100, output_text: 310 }, quality: 'final', notices: [] })
  })
  test('F6: entries of another model make the sum of all of them an estimate', () => {
    const declined = entry('message', 70, 0, 'claude-opus-4-8')
    const served = entry('fallback_message', 100, 10, 'claude-sonnet-4-5-20250929')
    expect(read(message(`{${totals},"iterations":[${declined},${served}],"fallback_credit":{"status":"redeemed"}}`))).toMatchObject({ usage: { input_text: 100, output_text: 10 }, quality: 'estimated', notices: ['several_models', 'fallback_credit_redeemed'] })
    expect(read(message(`{${totals},"server_tool_use":{"web_search_requests":2},"iterations":[${entry('message', 100, 10)},${entry('advisor_message', 900, 90, 'claude-opus-4-8')}]}`))).toMatchObject({ usage: { input_text: 1000, output_text: 100, web_search: 2 }, quality: 'estimated' })
  })
  test('a sum past what a record can hold stops there', () => {
    expect(read(message(`{${totals},"iterations":[${entry('compaction', Number.MAX_SAFE_INTEGER, 1)}]}`)).usage).toMatchObject({ input_text: Number.MAX_SAFE_INTEGER, output_text: 11 })
  })
  test('a kind this version does not know is named', () => {
    expect(read(message(`{${totals},"iterations":[${entry('dream', 1, 1)}]}`)).notices).toEqual(['iteration_kind_unknown'])
  })
})

describe('answers that are not messages', () => {
  const error = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}'
  test.each([[529, error], [200, error], [502, '<html>'], [500, '']])('%s is the provider\'s failure', (status, body) => {
    expect(read(body, status)).toMatchObject({ usage: null, quality: 'absent', fault: 'provider_error' })
  })
  test('cut or malformed', () => {
    expect(read(`${message('{"input_tokens":7,"output_tokens":2}').slice(0, -1)}, "context_management": {"applied`)).toMatchObject({ usage: { input_text: 7, output_text: 2 }, quality: 'provisional', fault: 'truncated' })
    const cut = read(message('{}').slice(0, 250))
    expect(cut).toMatchObject({ usage: null, quality: 'absent', fault: 'malformed', servedModel: 'claude-sonnet-4-5-20250929' })
    expect(read('{"content":[]}garbage')).toMatchObject({ usage: null, fault: 'malformed' })
  })
  test('too large to keep: model from the beginning, usage from the end', () => {
    const body = message('{"input_tokens":7,"output_tokens":2,"server_tool_use":null}')
    expect(anthropicDialect.readCutResponse(facts, 200, Buffer.from(body.slice(0, 150)), Buffer.from(body.slice(220)))).toMatchObject({ usage: { input_text: 7, output_text: 2 }, quality: 'final', servedModel: 'claude-sonnet-4-5-20250929', fault: '' })
    expect(anthropicDialect.readCutResponse(facts, 200, Buffer.from(body.slice(0, 150)), Buffer.from('"usage":{"input_tok'))).toMatchObject({ usage: null, quality: 'absent' })
  })
  test('counting tokens is free', () => {
    const free = factsFor('/v1/messages/count_tokens', { model: 'claude-sonnet-4-5', messages: [] })
    expect(anthropicDialect.readResponse(free, 200, Buffer.from('{"input_tokens":40}'))).toMatchObject({ usage: null, quality: 'absent', fault: '', unknownKeys: [] })
  })
})
