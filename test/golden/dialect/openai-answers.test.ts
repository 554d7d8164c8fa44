import { describe, expect, test } from 'vitest'
import type { RequestFacts, UsageReading } from '../../../src/dialect/dialect.ts'
import { openaiDialect } from '../../../src/dialect/openai.ts'

/** Bodies in the provider's recorded shape, written by hand; F-numbers are rows of the fixture table in the field notes. */
function factsFor(path: string, body: Record<string, unknown>): RequestFacts {
  const read = openaiDialect.readRequest(openaiDialect.endpoint('POST', path)!, Buffer.from(JSON.stringify(body)))
  if (!read.ok) throw new Error(read.error.detail)
  return read.value
}
const chatFacts = factsFor('/v1/chat/completions', { model: 'gpt-4o', messages: [] })
const responsesFacts = factsFor('/v1/responses', { model: 'gpt-5', input: 'hi' })
const embeddingFacts = factsFor('/v1/embeddings', { model: 'text-embedding-3-small', input: 'hi' })

const chatBody = (usage: string): string => `{
  "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG", "object": "chat.completion", "created": 1741570283, "model": "gpt-4o-2024-08-06",
  "choices": [{"index": 0, "message": {"role": "assistant", "content": "A \\"usage\\": {\\"prompt_tokens\\": 9} in text", "refusal": null, "annotations": []}, "logprobs": null, "finish_reason": "stop"}],
  "usage": ${usage},
  "service_tier": "default", "system_fingerprint": "fp_fc9f1d7035"
}`
const read = (facts: RequestFacts, body: string, status = 200): UsageReading => openaiDialect.readResponse(facts, status, Buffer.from(body))

describe('chat completions', () => {
  test('F1: cache writes are taken out of the prompt, the total unchanged', () => {
    const usage = '{"prompt_tokens": 18014, "completion_tokens": 20, "total_tokens": 18034, "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 18011}}'
    const reading = read(chatFacts, chatBody(usage))
    expect(reading).toMatchObject({ usage: { input_text: 3, cache_read: 0, cache_write: 18011, output_text: 20 }, quality: 'final', notices: [], unknownKeys: [], fault: '' })
    expect(reading.rawUsage).toBe(usage)
  })

  test('every detail is taken out of its whole, predictions stay ordinary output', () => {
    const reading = read(chatFacts, chatBody('{"prompt_tokens":1117,"completion_tokens":246,"total_tokens":1363,"prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":30},"completion_tokens_details":{"reasoning_tokens":128,"audio_tokens":18,"accepted_prediction_tokens":40,"rejected_prediction_tokens":10}}'))
    expect(reading.usage).toEqual({ input_text: 63, cache_read: 1024, input_audio: 30, output_text: 100, output_reasoning: 128, output_audio: 18 })
    expect(reading).toMatchObject({ servedModel: 'gpt-4o-2024-08-06', tier: 'default', mode: 'standard', notices: [] })
  })

  test('F14: explicit zero is zero and final, null and missing are absent', () => {
    const zero = read(chatFacts, chatBody('{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":null}}'))
    expect(zero.usage).toEqual({ input_text: 0, cache_read: 0, output_text: 0 })
    expect(zero.quality).toBe('final')
    expect(read(chatFacts, chatBody('null'))).toMatchObject({ usage: null, quality: 'absent', rawUsage: '', fault: '' })
    expect(read(chatFacts, '{"model":"gpt-4o","choices":[]}')).toMatchObject({ usage: null, quality: 'absent', servedModel: 'gpt-4o', fault: '' })
    expect(read(chatFacts, chatBody('{}'))).toMatchObject({ usage: null, quality: 'absent', notices: ['usage_empty'] })
  })

  test.each([
    ['sum_mismatch', '{"prompt_tokens":10,"completion_tokens":5,"total_tokens":16}', { input_text: 10, output_text: 5 }],
    ['negative_counter', '{"prompt_tokens":10,"completion_tokens":-5,"total_tokens":10}', { input_text: 10 }],
    ['negative_counter', '{"prompt_tokens":10,"completion_tokens":5,"total_tokens":17,"prompt_tokens_details":{"cached_tokens":12}}', { input_text: 0, cache_read: 12, output_text: 5 }],
    ['counter_invalid', '{"prompt_tokens":"10","completion_tokens":5,"total_tokens":5}', { output_text: 5 }],
    ['counter_invalid', '{"prompt_tokens":10.5,"completion_tokens":5,"total_tokens":5}', { output_text: 5 }],
  ])('%s is flagged and never makes a counter negative', (notice, usage, counters) => {
    const reading = read(chatFacts, chatBody(usage))
    expect(reading.notices).toEqual([notice])
    expect(reading.usage).toEqual(counters)
    expect(reading.rawUsage).toBe(usage)
  })

  test('keys this version does not know are named', () => {
    const reading = read(chatFacts, chatBody('{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2,"dream_tokens":4,"prompt_tokens_details":{"cached_tokens":0,"video_tokens":3},"extra":{"a":1}}'))
    expect(reading.unknownKeys).toEqual(['dream_tokens', 'prompt_tokens_details.video_tokens', 'extra.a'])
  })

  test.each([['flex', 'flex'], ['priority', 'priority'], ['scale', 'provisioned'], ['default', 'standard'], ['auto', 'standard']] as const)('the tier returned (%s) decides the mode', (tier, mode) => {
    expect(read(chatFacts, chatBody('{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}').replace('"service_tier": "default"', `"service_tier": "${tier}"`))).toMatchObject({ tier, mode })
  })

  test('F10: xAI chat counts reasoning beside the completion', () => {
    const body = '{"model":"grok-4-0709","choices":[],"usage":{"prompt_tokens":32,"completion_tokens":10,"total_tokens":242,"prompt_tokens_details":{"text_tokens":32,"audio_tokens":0,"image_tokens":0,"cached_tokens":6},"completion_tokens_details":{"reasoning_tokens":200,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0},"cost_in_usd_ticks":15800}}'
    expect(read(chatFacts, body)).toMatchObject({ usage: { input_text: 26, cache_read: 6, output_text: 10, output_reasoning: 200 }, notices: [], unknownKeys: [], statedCost: '0.00000158' })
  })

  test('other servers of the format: their spellings, their stated cost', () => {
    expect(read(chatFacts, '{"model":"deepseek-chat","usage":{"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}}')).toMatchObject({ usage: { input_text: 36, cache_read: 64, output_text: 5 }, notices: [], unknownKeys: [] })
    expect(read(chatFacts, '{"model":"x/y","usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3,"cost":1.4e-7,"is_byok":false,"cost_details":{"upstream_inference_cost":null}}}')).toMatchObject({ statedCost: '0.00000014', unknownKeys: [] })
  })

  test('a search model bills one search per request', () => {
    expect(read(chatFacts, '{"model":"gpt-4o-search-preview-2025-03-11","usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3}}').usage).toMatchObject({ web_search: 1 })
  })

  test('a provider error has no usage, unless it says so itself', () => {
    const error = '{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}'
    expect(read(chatFacts, error, 429)).toMatchObject({ usage: null, quality: 'absent', fault: 'provider_error' })
    expect(read(chatFacts, error, 200)).toMatchObject({ usage: null, fault: 'provider_error' })
    expect(read(chatFacts, '<html>bad gateway</html>', 502)).toMatchObject({ usage: null, fault: 'provider_error' })
    expect(read(chatFacts, '{"error":{"message":"x"},"usage":{"prompt_tokens":7,"completion_tokens":0,"total_tokens":7}}', 500)).toMatchObject({ usage: { input_text: 7, output_text: 0 }, quality: 'final', fault: 'provider_error' })
  })

  test('what is not JSON is malformed; usage before the cut is kept as provisional', () => {
    for (const body of ['', 'ok', '<html></html>', chatBody('null').slice(0, 300)]) expect(read(chatFacts, body)).toMatchObject({ usage: null, quality: 'absent', fault: 'malformed' })
    const cut = chatBody('{"prompt_tokens":4,"completion_tokens":1,"total_tokens":5}').slice(0, -20)
    expect(read(chatFacts, cut)).toMatchObject({ usage: { input_text: 4, output_text: 1 }, quality: 'provisional', fault: 'truncated' })
  })
})

describe('Responses', () => {
  const usage = '{"input_tokens":328,"input_tokens_details":{"cached_tokens":128,"cache_write_tokens":100},"output_tokens":52,"output_tokens_details":{"reasoning_tokens":32},"total_tokens":380}'
  const body = (output: string, status = 'completed'): string => `{"id":"resp_67ccd2bed1ec8190","object":"response","status":"${status}","error":null,"model":"gpt-5-2025-08-07","output":${output},"service_tier":"flex","usage":${usage},"user":null,"metadata":{"usage":"x"}}`

  test('input contains cached and written, output contains reasoning', () => {
    expect(read(responsesFacts, body('[]'))).toMatchObject({
      usage: { input_text: 100, cache_read: 128, cache_write: 100, output_text: 20, output_reasoning: 32 },
      rawUsage: usage, servedModel: 'gpt-5-2025-08-07', mode: 'flex', notices: [], unknownKeys: [], fault: '',
    })
  })

  test('F20: a failed response is billed what it used', () => {
    expect(read(responsesFacts, body('[]', 'failed'))).toMatchObject({ usage: { output_text: 20 }, quality: 'final', fault: 'provider_error' })
    expect(read(responsesFacts, body('[]', 'incomplete'))).toMatchObject({ quality: 'final', fault: '' })
  })

  test('hosted tools are counted: searches but not opened pages, containers once', () => {
    const facts = factsFor('/v1/responses', { model: 'gpt-5', input: 'hi', tools: [{ type: 'web_search' }] })
    const output = JSON.stringify([
      { type: 'web_search_call', action: { type: 'search', query: 'a' } }, { type: 'web_search_call', action: { type: 'open_page' } }, { type: 'web_search_call', action: { type: 'search' } },
      { type: 'file_search_call' }, { type: 'code_interpreter_call', container_id: 'c1' }, { type: 'code_interpreter_call', container_id: 'c1' }, { type: 'message', content: [] },
    ])
    expect(read(facts, body(output)).usage).toMatchObject({ web_search: 2, file_search: 1, code_session: 1, output_text: 20 })
  })
})

describe('embeddings', () => {
  test('one counter', () => {
    const body = '{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.0023064255,-0.009327292]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}'
    expect(read(embeddingFacts, body)).toMatchObject({ usage: { embedding: 8 }, quality: 'final', servedModel: 'text-embedding-3-small', notices: [] })
    expect(Object.keys(read(embeddingFacts, body).usage!)).toEqual(['embedding'])
  })
})
