import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startSim, type Sim } from './start-sim.ts'

let sim: Sim
let client: Anthropic
beforeAll(async () => {
  sim = await startSim()
  client = new Anthropic({ apiKey: 'sk-sim', baseURL: sim.url, maxRetries: 0 })
})
afterAll(() => sim.close())
beforeEach(() => sim.reset())

const messages = [{ role: 'user' as const, content: 'Say something.' }]

test('the same request gets the same answer, and its log says what was counted', async () => {
  const body = { model: 'claude-haiku-4-5', max_tokens: 300, messages }
  const first = await client.messages.create(body)
  expect(await client.messages.create(body)).toEqual(first)
  expect(first.model).toBe('claude-haiku-4-5-20251001')
  expect(sim.calls()[0]).toMatchObject({ path: '/v1/messages', model: 'claude-haiku-4-5', outcome: 'completed', reported: first.usage, counted: { outputTokens: first.usage.output_tokens } })
})

test('a cap is never passed, with thinking counted inside', async () => {
  for (const max_tokens of [1, 2, 5, 40]) {
    const answer = await client.messages.create({ model: 'claude-sonnet-4-6', max_tokens, messages, thinking: { type: 'enabled', budget_tokens: 1_024 } })
    expect(answer.usage.output_tokens).toBeLessThanOrEqual(max_tokens)
    expect(answer.content[0]!.type).toBe('thinking')
  }
})

test('a stream adds up to a whole message', async () => {
  const stream = client.messages.stream({ model: 'claude-sonnet-4-6', max_tokens: 900, messages: [{ role: 'user', content: 'Use the tool.' }], thinking: { type: 'adaptive' }, tools: [{ name: 'weather', input_schema: { type: 'object' } }] })
  const message = await stream.finalMessage()
  expect(message.content.map((block) => block.type)).toEqual(['thinking', 'tool_use'])
  expect(message.stop_reason).toBe('tool_use')
  expect(message.usage.output_tokens).toBe((sim.calls()[0]!.reported as { output_tokens: number }).output_tokens)
})

test('a prefix is written once and read from then on, a longer one reads what is there', async () => {
  const mark = { type: 'ephemeral' as const }
  const long = (word: string) => ({ type: 'text' as const, text: `${word} `.repeat(2_000), cache_control: mark })
  const usage = async (...system: ReturnType<typeof long>[]) => (await client.messages.create({ model: 'claude-haiku-4-5', max_tokens: 10, messages, system })).usage
  const first = await usage(long('one'))
  expect(first.cache_read_input_tokens).toBe(0)
  expect(first.cache_creation_input_tokens).toBeGreaterThan(1_000)
  const second = await usage(long('one'), long('two'))
  expect(second.cache_read_input_tokens).toBe(first.cache_creation_input_tokens)
  expect(second.cache_creation_input_tokens).toBeGreaterThan(1_000)
  const other = await usage(long('three'))
  expect(other.cache_read_input_tokens).toBe(0)
})

test('errors are Anthropic\'s own', async () => {
  await expect(client.messages.create({ model: '', max_tokens: 1, messages })).rejects.toBeInstanceOf(Anthropic.BadRequestError)
  await expect(client.messages.create({ model: 'a', max_tokens: 1, messages }, { headers: { 'x-sim-fault': 'rate-limit 3' } })).rejects.toBeInstanceOf(Anthropic.RateLimitError)
  await expect(client.messages.create({ model: 'a', max_tokens: 1, messages }, { headers: { 'x-sim-fault': 'error-503' } })).rejects.toMatchObject({ status: 529, type: 'overloaded_error' })
})
