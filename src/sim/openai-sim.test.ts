import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startSim, type Sim } from './start-sim.ts'

let sim: Sim
let client: OpenAI
beforeAll(async () => {
  sim = await startSim()
  client = new OpenAI({ apiKey: 'sk-sim', baseURL: `${sim.url}/v1`, maxRetries: 0 })
})
afterAll(() => sim.close())
beforeEach(() => sim.reset())

const messages = [{ role: 'user' as const, content: 'Say something.' }]
const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } }]

describe('chat completions through the official client', () => {
  test('the same request gets the same answer, and its log says what was counted', async () => {
    const first = await client.chat.completions.create({ model: 'gpt-4o', messages })
    const second = await client.chat.completions.create({ model: 'gpt-4o', messages })
    expect(second).toEqual(first)
    expect(first.model).toBe('gpt-4o-2024-08-06')
    const [call] = sim.calls()
    expect(call).toMatchObject({ path: '/v1/chat/completions', model: 'gpt-4o', authorization: 'Bearer sk-sim', outcome: 'completed', reported: first.usage })
    expect(call!.counted!.outputTokens).toBe(first.usage!.completion_tokens)
  })

  test('a cap is never passed, with reasoning counted inside', async () => {
    for (const model of ['gpt-4o', 'gpt-5']) {
      const answer = await client.chat.completions.create({ model, messages, max_completion_tokens: 5, n: 3 })
      expect(answer.usage!.completion_tokens).toBeLessThanOrEqual(15)
      expect(answer.choices.map((choice) => choice.finish_reason)).toEqual(['length', 'length', 'length'])
    }
  })

  test('a reasoning model refuses max_tokens', async () => {
    await expect(client.chat.completions.create({ model: 'gpt-5', messages, max_tokens: 5 })).rejects.toMatchObject({ status: 400, code: 'unsupported_parameter' })
  })

  test.each([true, false])('a stream adds up to the whole answer; usage asked for: %s', async (include_usage) => {
    const stream = await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true, stream_options: { include_usage } })
    let text = ''
    const usages: unknown[] = []
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      usages.push(chunk.usage)
      if (chunk.choices.length > 0) expect('usage' in chunk).toBe(include_usage)
    }
    expect(text.length).toBeGreaterThan(20)
    expect(usages.at(-1)).toEqual(include_usage ? sim.calls()[0]!.reported : undefined)
    expect(usages.slice(0, -1).every((usage) => usage === (include_usage ? null : undefined))).toBe(true)
  })

  test('tools are called when the caller says so', async () => {
    const answer = await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Use the tool.' }], tools })
    expect(answer.choices[0]!.finish_reason).toBe('tool_calls')
    const call = answer.choices[0]!.message.tool_calls![0]!
    expect(call.type === 'function' && JSON.parse(call.function.arguments)).toHaveProperty('city')
    const final = await client.chat.completions.stream({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Use the tool.' }], tools }).finalChatCompletion()
    expect(final.choices[0]!.message.tool_calls).toHaveLength(1)
  })
})

describe('Responses, embeddings and models through the official client', () => {
  test('a response, and the same one streamed', async () => {
    const whole = await client.responses.create({ model: 'gpt-5-mini', input: 'Say something.' })
    expect(whole.output_text.length).toBeGreaterThan(10)
    expect(whole.usage!.total_tokens).toBe(whole.usage!.input_tokens + whole.usage!.output_tokens)
    const stream = client.responses.stream({ model: 'gpt-5-mini', input: 'Say something.' })
    let text = ''
    let next = 0
    for await (const event of stream) {
      expect(event.sequence_number).toBe(next++)
      if (event.type === 'response.output_text.delta') text += event.delta
    }
    const final = await stream.finalResponse()
    expect(final.output_text).toBe(text)
    expect(final.usage).toEqual(sim.calls().at(-1)!.reported)
  })

  test('a capped response is incomplete', async () => {
    const response = await client.responses.create({ model: 'gpt-4o', input: 'Say something.', max_output_tokens: 4 })
    expect(response).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
    expect(response.usage!.output_tokens).toBeLessThanOrEqual(4)
  })

  test('a function call in a streamed response', async () => {
    const final = await client.responses.stream({ model: 'gpt-4o', input: 'Use the tool.', tools: [{ type: 'function', name: 'weather', parameters: {}, strict: false }] }).finalResponse()
    expect(final.output.map((item) => item.type)).toEqual(['function_call'])
  })

  test('embeddings are the same numbers in both encodings', async () => {
    const base64 = await client.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'], dimensions: 8 })
    const floats = await client.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'], dimensions: 8, encoding_format: 'float' })
    expect(base64.data.map((item) => item.embedding)).toEqual(floats.data.map((item) => item.embedding))
    expect(base64.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 })
  })

  test('models are listed, and one is found by its id', async () => {
    const ids = (await client.models.list()).data.map((model) => model.id)
    expect(ids).toContain('gpt-4o')
    expect((await client.models.retrieve('gpt-4o')).id).toBe('gpt-4o')
    await expect(client.models.retrieve('none')).rejects.toMatchObject({ status: 404 })
  })
})

describe('faults', () => {
  const ask = (fault: string, stream = false): Promise<Response> =>
    fetch(`${sim.url}/v1/chat/completions`, { method: 'POST', headers: { 'x-sim-fault': fault }, body: JSON.stringify({ model: 'gpt-4o', messages, stream, stream_options: stream ? { include_usage: true } : undefined }) })

  test('connections break where asked', async () => {
    await expect(ask('reset-before-headers')).rejects.toThrow()
    await expect((await ask('reset-mid-stream', true)).text()).rejects.toThrow()
    await expect((await ask('reset-mid-stream')).text()).rejects.toThrow()
    expect(sim.calls().map((call) => call.outcome)).toEqual(['reset', 'reset', 'reset'])
  })

  test('statuses', async () => {
    const limited = await ask('rate-limit 7')
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7'])
    expect([(await ask('error-500-once')).status, (await ask('error-500-once')).status]).toEqual([500, 200])
  })

  test('bodies that do not parse, lack usage, or are compressed', async () => {
    await expect((await ask('malformed-json')).json()).rejects.toThrow()
    await expect((await ask('truncated-json')).json()).rejects.toThrow()
    expect(await (await ask('no-usage')).json()).not.toHaveProperty('usage')
    const gzip = await ask('gzip')
    expect(gzip.headers.get('content-encoding')).toBe('gzip')
    expect(await gzip.json()).toHaveProperty('usage')
  })

  test('streams without their end mark, with running usage, in CRLF, in pieces', async () => {
    expect(await (await ask('no-done', true)).text()).not.toContain('[DONE]')
    const running = (await (await ask('usage-every-chunk', true)).text()).split('\n\n').filter((event) => event.includes('prompt_tokens'))
    expect(running.length).toBeGreaterThan(5)
    expect(await (await ask('crlf', true)).text()).toContain('\r\n\r\n')
    expect(await (await ask('split-bytes 3', true)).text()).toBe(await (await ask('', true)).text())
  })

  test('a stream without end goes on until the client leaves', async () => {
    const aborter = new AbortController()
    const answer = await fetch(`${sim.url}/v1/chat/completions`, { method: 'POST', signal: aborter.signal, body: JSON.stringify({ model: 'gpt-4o:sim-never-ending', messages, stream: true }) })
    const reader = answer.body!.getReader()
    for (let i = 0; i < 5; i++) expect((await reader.read()).done).toBe(false)
    aborter.abort()
    await expect.poll(() => sim.calls()[0]!.outcome).toBe('client_aborted')
  })

  test('a directive in the last message works as the header does', async () => {
    const answer = await fetch(`${sim.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi [[sim: output 3, no-usage]]' }] }) })
    expect(await answer.json()).not.toHaveProperty('usage')
    expect(sim.calls()[0]!.counted!.outputTokens).toBe(3)
  })
})
