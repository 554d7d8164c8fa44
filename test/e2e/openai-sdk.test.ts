import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatAmount } from '../../src/base/money.ts'
import type { StoredRecord } from '../../src/store/ports.ts'
import { startInProcess, type InProcess } from '../support/in-process.ts'

/**
 * The unmodified `openai` package, with only base URL and key changed: it must see what the provider would have shown
 * it, and every call must be on record at its exact cost.
 */
let installation: InProcess
let direct: OpenAI
beforeAll(async () => {
  installation = await startInProcess()
  direct = new OpenAI({ apiKey: 'sk-direct', baseURL: `${installation.sim.url}/v1`, maxRetries: 0 })
})
afterAll(() => installation.close())

const through = (base: string): OpenAI => new OpenAI({ apiKey: installation.key, baseURL: `${installation.gatewayUrl}${base}`, maxRetries: 0 })
const bases = ['/v1', '/openai/v1']
const messages = [{ role: 'system' as const, content: 'You are terse.' }, { role: 'user' as const, content: 'Say something about Zürich — 日本 🙂.' }]
const tools = [{ type: 'function' as const, function: { name: 'weather', description: 'Weather of a city', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }]
const responseTools = [{ type: 'function' as const, name: 'weather', strict: false, parameters: { type: 'object', properties: { city: { type: 'string' } } } }]

/** USD per million tokens, from the provider's price page; whole 1e-15 USD per token after × 1e9. */
const prices: Readonly<Record<string, { readonly input: bigint; readonly cached: bigint; readonly output: bigint }>> = {
  'gpt-4o-mini-2024-07-18': { input: 150_000_000n, cached: 75_000_000n, output: 600_000_000n },
  'gpt-4o-2024-08-06': { input: 2_500_000_000n, cached: 1_250_000_000n, output: 10_000_000_000n },
  'gpt-4.1-nano-2025-04-14': { input: 100_000_000n, cached: 25_000_000n, output: 400_000_000n },
  'gpt-5-mini-2025-08-07': { input: 250_000_000n, cached: 25_000_000n, output: 2_000_000_000n },
  'text-embedding-3-small': { input: 20_000_000n, cached: 20_000_000n, output: 0n },
  'text-embedding-3-large': { input: 130_000_000n, cached: 130_000_000n, output: 0n },
}

/** What the simulated provider would bill for its last call, computed without any of the product's code. */
function owed(): bigint {
  const call = installation.sim.calls().at(-1)!
  const counted = call.counted!
  const price = prices[({ 'gpt-4o-mini': 'gpt-4o-mini-2024-07-18', 'gpt-4o': 'gpt-4o-2024-08-06', 'gpt-4.1-nano': 'gpt-4.1-nano-2025-04-14', 'gpt-5-mini': 'gpt-5-mini-2025-08-07' })[call.model] ?? call.model]!
  return BigInt(counted.inputTokens - counted.cachedTokens) * price.input + BigInt(counted.cachedTokens) * price.cached + BigInt(counted.outputTokens) * price.output
}

/** The one record of the newest call, held to the provider's own count, to its explanation, and to the header if there is one. */
async function metered(eventId: string | null, expected: Partial<StoredRecord>, header: string | null): Promise<StoredRecord> {
  expect(eventId).toMatch(/^[0-9a-f-]{36}$/)
  const cost = owed()
  const rows = await installation.recordsOf(eventId!)
  expect(rows).toHaveLength(1)
  const row = rows[0]!
  expect(row).toMatchObject({ kind: 'attempt', isCall: true, quality: 'final', pricing: 'priced', status: 200, errorClass: '', attempt: 1, ...expected })
  expect(row.cost).toBe(cost)
  expect(row.lines.reduce((sum, line) => sum + line.amount!, 0n)).toBe(cost)
  expect(row.notices).toEqual([])
  expect(JSON.parse(row.rawUsage)).toEqual(installation.sim.calls().at(-1)!.reported)
  if (!row.stream) expect(header).toBe(`${formatAmount(cost)} USD`)
  const explained = await installation.api(`/api/v1/records/${eventId}/explain`)
  expect(explained).toMatchObject({ cost: formatAmount(cost), sum: formatAmount(cost), agrees: true, unpriced: [] })
  expect(explained.lines.every((line: { agrees: boolean }) => line.agrees)).toBe(true)
  expect(explained.record).toEqual(await installation.api(`/api/v1/records/${eventId}`))
  return row
}

type Headers = Pick<Response, 'headers'>
const facts = ({ headers }: Headers): [string | null, string | null] => [headers.get('x-tollgate-event-id'), headers.get('x-tollgate-cost')]

async function all<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of stream) items.push(item)
  return items
}

describe.each(bases)('at %s', (base) => {
  describe('chat completions', () => {
    test.each([
      ['one choice', { model: 'gpt-4o-mini', messages }],
      ['a cap and two choices', { model: 'gpt-4o', messages, max_tokens: 30, n: 2 }],
      ['a tool call', { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Use the tool.' }], tools }],
      ['a reasoning model', { model: 'gpt-5-mini', messages, max_completion_tokens: 400, metadata: { purpose: 'test' } }],
      ['a long prompt, part of it cached', { model: 'gpt-4.1-nano', messages: [{ role: 'user' as const, content: 'lorem ipsum '.repeat(2_000) }] }],
    ])('%s: the same object, at its exact cost', async (_name, body) => {
      const expected = await direct.chat.completions.create(body)
      const { data, response } = await through(base).chat.completions.create(body).withResponse()
      expect(data).toEqual(expected)
      const row = await metered(...[facts(response)[0], { endpoint: 'chat.completions', stream: false, requestedModel: body.model }] as const, facts(response)[1])
      expect(row.servedModel).toBe(expected.model)
    })

    test.each([
      ['usage asked for', { stream_options: { include_usage: true } }],
      ['usage refused', { stream_options: { include_usage: false } }],
      ['usage left out', {}],
      ['usage left out, two choices', { n: 2 }],
      ['usage left out, a tool call', { tools, tool_choice: 'required' as const }],
      ['usage asked for, a reasoning model', { model: 'gpt-5-mini', stream_options: { include_usage: true } }],
    ])('a stream, %s: the same chunks, at their exact cost', async (_name, given) => {
      const body = { model: 'gpt-4o-mini', messages, stream: true as const, ...given }
      const expected = await all(await direct.chat.completions.create(body))
      const { data, response } = await through(base).chat.completions.create(body).withResponse()
      expect(await all(data)).toEqual(expected)
      expect(expected.length).toBeGreaterThan(10)
      await metered(facts(response)[0], { endpoint: 'chat.completions', stream: true }, null)
    })

    test('the stream helper ends with the same completion', async () => {
      const body = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Please use the tool now.' }], tools }
      const expected = await direct.chat.completions.stream(body).finalChatCompletion()
      expect(await through(base).chat.completions.stream(body).finalChatCompletion()).toEqual(expected)
      expect(expected.choices[0]!.message.tool_calls).toHaveLength(1)
    })
  })

  describe('Responses', () => {
    const bodies = [
      ['text', { model: 'gpt-5-mini', instructions: 'Be terse.', input: 'Say something.' }],
      ['a cap', { model: 'gpt-4o-mini', input: [{ role: 'user' as const, content: 'Say something.' }], max_output_tokens: 16 }],
      ['a tool call', { model: 'gpt-4o', input: 'Use the tool.', tools: responseTools }],
    ] as const
    test.each(bodies)('%s: the same object, at its exact cost', async (_name, body) => {
      const given = body as OpenAI.Responses.ResponseCreateParamsNonStreaming
      const expected = await direct.responses.create(given)
      const { data, response } = await through(base).responses.create(given).withResponse()
      expect(data).toEqual(expected)
      await metered(facts(response)[0], { endpoint: 'responses', stream: false }, facts(response)[1])
    })
    test.each(bodies)('%s, streamed: the same events, at their exact cost', async (_name, body) => {
      const given = { ...body, stream: true } as OpenAI.Responses.ResponseCreateParamsStreaming
      const expected = await all(await direct.responses.create(given))
      const { data, response } = await through(base).responses.create(given).withResponse()
      expect(await all(data)).toEqual(expected)
      await metered(facts(response)[0], { endpoint: 'responses', stream: true }, null)
    })
  })

  describe('embeddings', () => {
    test.each(['float', 'base64'] as const)('as %s: the same vectors, at their exact cost', async (encoding_format) => {
      const body = { model: 'text-embedding-3-small', input: ['one text', 'and another'], encoding_format }
      const expected = await direct.embeddings.create(body)
      const { data, response } = await through(base).embeddings.create(body).withResponse()
      expect(data).toEqual(expected)
      await metered(facts(response)[0], { endpoint: 'embeddings', stream: false }, facts(response)[1])
    })
    test.each(['identity', 'gzip'])('an answer of many megabytes (%s) is metered as exactly as a small one', async (coding) => {
      const body = { model: 'text-embedding-3-large', input: Array.from({ length: coding === 'gzip' ? 160 : 80 }, (_, i) => `text number ${i}`), encoding_format: 'float' as const }
      const expected = await direct.embeddings.create(body)
      const { data, response } = await through(base).embeddings.create(body, { headers: { 'x-sim-fault': coding } }).withResponse()
      expect(data.data.length).toBe(body.input.length)
      expect(response.headers.get('content-encoding')).toBe(coding === 'gzip' ? 'gzip' : null)
      expect(data.usage).toEqual(expected.usage)
      const [row] = await installation.recordsOf(facts(response)[0]!)
      expect(row!.responseBytes).toBeGreaterThan(4 * 1024 * 1024)
      expect(row!.cost).toBe(owed())
      expect(row!.quality).toBe('final')
    })
  })

  test('models are listed and retrieved as they are', async () => {
    expect(await all(through(base).models.list())).toEqual(await all(direct.models.list()))
    expect(await through(base).models.retrieve('gpt-4o')).toEqual(await direct.models.retrieve('gpt-4o'))
    await expect(through(base).models.retrieve('no-such-model')).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  })
})

test('legacy completions, whole and streamed', async () => {
  const body = { model: 'gpt-3.5-turbo-instruct', prompt: ['Once upon', 'a time'], max_tokens: 12 }
  const client = through('/v1')
  expect(await client.completions.create(body)).toEqual(await direct.completions.create(body))
  expect(await all(await client.completions.create({ ...body, stream: true }))).toEqual(await all(await direct.completions.create({ ...body, stream: true })))
})

test("a model named with its provider is that provider's, and the provider sees the bare name", async () => {
  const body = { model: 'gpt-4o-mini', messages }
  const expected = await direct.chat.completions.create(body)
  const { data, response } = await through('/v1').chat.completions.create({ ...body, model: 'openai/gpt-4o-mini' }).withResponse()
  expect(data).toEqual(expected)
  await metered(facts(response)[0], { provider: 'openai', requestedModel: 'gpt-4o-mini' }, facts(response)[1])
})

test("the provider's own refusals reach the client as its SDK knows them, and cost nothing", async () => {
  const failed = await through('/v1').chat.completions.create({ model: 'gpt-5', messages, max_tokens: 5 }).catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(OpenAI.BadRequestError)
  expect(failed).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'max_tokens' })
  const [row] = await installation.recordsOf((failed as InstanceType<typeof OpenAI.BadRequestError>).headers.get('x-tollgate-event-id')!)
  expect(row).toMatchObject({ status: 400, upstreamStatus: 400, errorClass: 'provider_error', quality: 'absent', cost: 0n })
})

test('the same calls add up to the same total, by every way of asking', async () => {
  const rows = await installation.records(1)
  const sum = rows.reduce((total, row) => total + (row.cost ?? 0n), 0n)
  expect(rows.every((row) => row.pricing === 'priced' || row.pricing === 'none')).toBe(true)
  const overview = await installation.api('/api/v1/overview')
  expect(JSON.stringify(overview)).toContain(`"${formatAmount(sum)}"`)
  expect(installation.complaints).toEqual([])
})
