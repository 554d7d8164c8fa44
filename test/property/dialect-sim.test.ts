import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Usage } from '../../src/core/usage/usage.ts'
import { openaiDialect } from '../../src/dialect/openai.ts'
import { startSim, type Sim, type SimCall } from '../../src/sim/start-sim.ts'

/** The dialect against the simulated provider: what is read is what the provider says it counted. */
let sim: Sim
beforeAll(async () => { sim = await startSim() })
afterAll(() => sim.close())

const long = 'A sentence that is long enough to be cached when it is repeated. '.repeat(120)
const requests: readonly (readonly [name: string, path: string, body: Record<string, unknown>])[] = [
  ['plain', '/v1/chat/completions', { model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] }],
  ['reasoning, two choices', '/v1/chat/completions', { model: 'gpt-5', messages: [{ role: 'user', content: long }], n: 2 }],
  ['cache writes, flex', '/v1/chat/completions', { model: 'gpt-5.6', messages: [{ role: 'user', content: long }], max_completion_tokens: 300, service_tier: 'flex' }],
  ['tool call', '/v1/chat/completions', { model: 'gpt-4o', messages: [{ role: 'user', content: 'use the tool' }], tools: [{ type: 'function', function: { name: 'f' } }] }],
  ['zero usage', '/v1/chat/completions', { model: 'gpt-4o', messages: [{ role: 'user', content: 'hi [[sim: zero-usage]]' }] }],
  ['legacy, two prompts', '/v1/completions', { model: 'gpt-3.5-turbo-instruct', prompt: ['a', 'b'], max_tokens: 6 }],
  ['response, capped', '/v1/responses', { model: 'gpt-5', input: long, max_output_tokens: 300 }],
  ['response, function call', '/v1/responses', { model: 'gpt-4.1', input: 'use the tool', tools: [{ type: 'function', name: 'f' }] }],
]
const faultSets = ['', 'split-bytes 61', 'split-bytes 53, crlf', 'no-done', 'usage-every-chunk', 'crlf']

function totalsOf(usage: Usage): Record<string, number> {
  return {
    input: (usage.input_text ?? 0) + (usage.cache_read ?? 0) + (usage.cache_write ?? 0) + (usage.embedding ?? 0),
    read: usage.cache_read ?? 0, write: usage.cache_write ?? 0, output: (usage.output_text ?? 0) + (usage.output_reasoning ?? 0), reasoning: usage.output_reasoning ?? 0,
  }
}
function countedBy(call: SimCall): Record<string, number> {
  const { inputTokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens } = call.counted!
  return { input: inputTokens, read: cachedTokens, write: cacheWriteTokens, output: outputTokens, reasoning: reasoningTokens }
}
async function send(path: string, body: Buffer, fault: string): Promise<{ answer: Response; bytes: Buffer[] }> {
  const answer = await fetch(sim.url + path, { method: 'POST', headers: { 'x-sim-fault': fault }, body: new Uint8Array(body) })
  const bytes: Buffer[] = []
  for await (const chunk of answer.body! as unknown as AsyncIterable<Uint8Array>) bytes.push(Buffer.from(chunk))
  return { answer, bytes }
}

test.each([...requests, ['embeddings', '/v1/embeddings', { model: 'text-embedding-3-small', input: ['a', 'bcdefg'], dimensions: 16 }] as const])('whole answers: %s', async (_name, path, request) => {
  const body = Buffer.from(JSON.stringify(request))
  const facts = openaiDialect.readRequest(openaiDialect.endpoint('POST', path)!, body)
  if (!facts.ok) throw new Error(facts.error.detail)
  const { bytes } = await send(path, body, '')
  const reading = openaiDialect.readResponse(facts.value, 200, Buffer.concat(bytes))
  const call = sim.calls().at(-1)!
  expect(reading).toMatchObject({ quality: 'final', fault: '', notices: [], unknownKeys: [], rawUsage: JSON.stringify(call.reported) })
  expect(totalsOf(reading.usage!)).toEqual(countedBy(call))
  if (facts.value.outputCap !== null) expect(totalsOf(reading.usage!)['output']).toBeLessThanOrEqual(facts.value.outputCap * facts.value.choices)
  expect(totalsOf(reading.usage!)['input']).toBeLessThanOrEqual(facts.value.inputBytes)
})

for (const fault of faultSets) {
  test.each(requests)(`streams with usage asked for by us, fault "${fault}": %s`, async (_name, path, request) => {
    const body = Buffer.from(JSON.stringify({ ...request, stream: true }))
    const facts = openaiDialect.readRequest(openaiDialect.endpoint('POST', path)!, body)
    if (!facts.ok) throw new Error(facts.error.detail)
    const spliced = openaiDialect.spliceRequest(body, facts.value, { addStreamUsage: true, outputCap: null, model: null })
    const { bytes } = await send(path, spliced, fault)
    const reader = openaiDialect.openStream(facts.value, { hideUsageChunk: true })
    const relayed = bytes.map((chunk) => reader.push(chunk))
    const { rest, reading } = reader.end(true)
    const text = Buffer.concat([...relayed, rest]).toString()
    const call = sim.calls().at(-1)!
    expect(totalsOf(reading.usage!)).toEqual(countedBy(call))
    expect(reading).toMatchObject({ quality: 'final', fault: '', notices: [], unknownKeys: [] })
    if (path === '/v1/responses') expect(text).toBe(Buffer.concat(bytes).toString())
    else expect(text).not.toMatch(/"choices":\[\]/)
    expect(reading.outputBytesSeen).toBeGreaterThan(0)
  })
}

test.each(['reset-mid-stream', 'error-mid-stream', 'no-usage', 'huge 200000'])('streams that go wrong: %s', async (fault) => {
  const body = Buffer.from(JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }], stream: true, stream_options: { include_usage: true } }))
  const facts = openaiDialect.readRequest(openaiDialect.endpoint('POST', '/v1/chat/completions')!, body)
  if (!facts.ok) throw new Error(facts.error.detail)
  const reader = openaiDialect.openStream(facts.value, { hideUsageChunk: false })
  const answer = await fetch(`${sim.url}/v1/chat/completions`, { method: 'POST', headers: { 'x-sim-fault': fault }, body: new Uint8Array(body) })
  let complete = true
  try {
    for await (const chunk of answer.body! as unknown as AsyncIterable<Uint8Array>) reader.push(Buffer.from(chunk))
  } catch {
    complete = false
  }
  const { reading } = reader.end(complete)
  const expected = {
    'reset-mid-stream': { usage: null, quality: 'absent', fault: 'truncated', servedModel: 'gpt-4o-2024-08-06' },
    'error-mid-stream': { usage: null, quality: 'absent', fault: 'provider_error' },
    'no-usage': { usage: null, quality: 'absent', fault: '' },
    'huge 200000': { quality: 'final', fault: '' },
  }[fault]!
  expect(reading).toMatchObject(expected)
  expect(reading.outputBytesSeen).toBeGreaterThan(10)
})
