import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { amountOf, formatAmount } from '../../src/base/money.ts'
import type { BudgetRule } from '../../src/core/entitlement/rule.ts'
import type { StoredRecord } from '../../src/store/ports.ts'
import { startInProcess, type InProcess } from '../support/in-process.ts'

/**
 * The unmodified `@anthropic-ai/sdk`, with only base URL and key changed: it must see what the provider would have
 * shown it, and every call must be on record at its exact cost.
 */
let installation: InProcess
let direct: Anthropic
beforeAll(async () => {
  installation = await startInProcess()
  await installation.putProvider({ name: 'anthropic', dialect: 'anthropic', baseUrl: installation.sim.url, credential: { header: 'x-api-key', value: 'sk-ant-upstream' }, retriesMax: 0 })
  await installation.adopted()
  direct = new Anthropic({ apiKey: 'sk-direct', baseURL: installation.sim.url, maxRetries: 0 })
})
afterAll(async () => {
  expect(await installation.metric('bound_breaches_total')).toBe(0)
  await installation.close()
  expect(installation.complaints).toEqual([])
})
beforeEach(() => installation.sim.reset())

const through = (base: string, apiKey = installation.key): Anthropic => new Anthropic({ apiKey, baseURL: `${installation.gatewayUrl}${base}`, maxRetries: 0 })
/** The documented base, and the gateway's root, which its SDK may be pointed at as well. */
const bases = ['/anthropic', '']

/** USD per million tokens from the provider's price page, in 1e-15 USD per token; a search costs a cent. */
const usd = (perMillion: number): bigint => BigInt(Math.round(perMillion * 1_000)) * 1_000_000n
const rates = (input: number, output: number) => ({ input: usd(input), output: usd(output), read: usd(input / 10), write5m: usd(input * 1.25), write1h: usd(input * 2) })
const prices: Readonly<Record<string, ReturnType<typeof rates>>> = {
  'claude-haiku-4-5': rates(1, 5), 'claude-sonnet-4-6': rates(3, 15), 'claude-opus-4-6': rates(5, 25), 'claude-haiku-4-5-20251001': rates(1, 5),
}
const searchCost = 10_000_000_000_000n

interface RawUsage {
  readonly input_tokens: number
  readonly cache_read_input_tokens: number
  readonly cache_creation: { readonly ephemeral_5m_input_tokens: number; readonly ephemeral_1h_input_tokens: number }
  readonly output_tokens: number
  readonly server_tool_use: { readonly web_search_requests: number } | null
  readonly inference_geo: string
}
/** What the provider would bill for a usage object, computed without any of the product's code. */
function owed(model: string, usage: RawUsage): bigint {
  const price = prices[model]!
  const tokens = BigInt(usage.input_tokens) * price.input + BigInt(usage.cache_read_input_tokens) * price.read + BigInt(usage.output_tokens) * price.output +
    BigInt(usage.cache_creation.ephemeral_5m_input_tokens) * price.write5m + BigInt(usage.cache_creation.ephemeral_1h_input_tokens) * price.write1h
  return (usage.inference_geo === 'us' ? (tokens * 11n) / 10n : tokens) + BigInt(usage.server_tool_use?.web_search_requests ?? 0) * searchCost
}

async function metered(response: Pick<Response, 'headers'>, expected: Partial<StoredRecord>): Promise<StoredRecord> {
  const eventId = response.headers.get('x-tollgate-event-id')
  expect(eventId).toMatch(/^[0-9a-f-]{36}$/)
  const call = installation.sim.calls().at(-1)!
  expect(call.headers['x-api-key']).toBe('sk-ant-upstream')
  expect(JSON.stringify(call.headers)).not.toContain(installation.key)
  const cost = owed(call.model, call.reported as RawUsage)
  const rows = await installation.recordsOf(eventId!)
  expect(rows).toHaveLength(1)
  const row = rows[0]!
  expect(row).toMatchObject({ kind: 'attempt', isCall: true, provider: 'anthropic', endpoint: 'messages', quality: 'final', pricing: 'priced', status: 200, errorClass: '', notices: [], unknownUsageKeys: '', ...expected })
  expect(JSON.parse(row.rawUsage)).toEqual(call.reported)
  expect(row.cost).toBe(cost)
  expect(row.lines.reduce((sum, line) => sum + line.amount!, 0n)).toBe(cost)
  if (!row.stream) expect(response.headers.get('x-tollgate-cost')).toBe(`${formatAmount(cost)} USD`)
  expect(await installation.api(`/api/v1/records/${eventId}/explain`)).toMatchObject({ cost: formatAmount(cost), sum: formatAmount(cost), agrees: true, unpriced: [] })
  return row
}

async function all<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of stream) items.push(item)
  return items
}

const messages = [{ role: 'user' as const, content: 'Say something about Zürich — 日本 🙂.' }]
const tools = [{ name: 'weather', description: 'Weather of a city', input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } } }]
const long = 'lorem ipsum dolor '.repeat(500)
type Body = Anthropic.MessageCreateParamsNonStreaming
const bodies: readonly (readonly [string, Body])[] = [
  ['text', { model: 'claude-haiku-4-5', max_tokens: 200, messages, system: 'You are terse.' }],
  ['a cap that cuts', { model: 'claude-sonnet-4-6', max_tokens: 9, messages }],
  ['a tool call', { model: 'claude-haiku-4-5', max_tokens: 200, messages: [{ role: 'user', content: 'Use the tool.' }], tools }],
  ['thinking', { model: 'claude-sonnet-4-6', max_tokens: 4_000, messages, thinking: { type: 'enabled', budget_tokens: 2_000 } }],
  ['a model by its dated name', { model: 'claude-haiku-4-5-20251001', max_tokens: 50, messages, metadata: { user_id: 'someone' } }],
  ['inference in the US', { model: 'claude-opus-4-6', max_tokens: 50, messages, inference_geo: 'us' }],
  ['a cached system prompt', { model: 'claude-haiku-4-5', max_tokens: 50, messages, system: [{ type: 'text', text: long, cache_control: { type: 'ephemeral' } }] }],
]

describe.each(bases)('at "%s"', (base) => {
  test.each(bodies)('%s: the same object, at its exact cost', async (_name, body) => {
    const expected = await direct.messages.create(body)
    installation.sim.reset()
    const { data, response } = await through(base).messages.create(body).withResponse()
    expect(data).toEqual(expected)
    const row = await metered(response, { stream: false, requestedModel: body.model, servedModel: expected.model })
    expect(row.attribution.user).toBe(body.metadata?.user_id ?? '')
  })

  test.each(bodies)('%s, streamed: the same events, at their exact cost', async (_name, body) => {
    const given = { ...body, stream: true as const }
    const expected = await all(await direct.messages.create(given))
    installation.sim.reset()
    const { data, response } = await through(base).messages.create(given).withResponse()
    expect(await all(data)).toEqual(expected)
    expect(expected.length).toBeGreaterThan(8)
    await metered(response, { stream: true })
  })

  test('the stream helper ends with the same message', async () => {
    const body = { model: 'claude-haiku-4-5', max_tokens: 300, messages: [{ role: 'user' as const, content: 'Please use the tool now.' }], tools }
    const expected = await direct.messages.stream(body).finalMessage()
    const message = await through(base).messages.stream(body).finalMessage()
    expect(message).toEqual(expected)
    expect(message.content.at(-1)).toMatchObject({ type: 'tool_use', name: 'weather', input: { city: 'Zürich' } })
  })

  test('tokens are counted for free', async () => {
    const body = { model: 'claude-haiku-4-5', messages, tools }
    const { data, response } = await through(base).messages.countTokens(body).withResponse()
    expect(data).toEqual(await direct.messages.countTokens(body))
    const [row] = await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)
    expect(row).toMatchObject({ endpoint: 'messages.count_tokens', pricing: 'none', cost: 0n, usage: {}, requestedModel: 'claude-haiku-4-5' })
  })
})

test('prompt caching: the first call writes at two lifetimes, the next one reads', async () => {
  const body: Body = {
    model: 'claude-haiku-4-5', max_tokens: 40,
    system: [{ type: 'text', text: long, cache_control: { type: 'ephemeral', ttl: '1h' } }],
    messages: [{ role: 'user', content: [{ type: 'text', text: long, cache_control: { type: 'ephemeral' } }, { type: 'text', text: 'Answer.' }] }],
  }
  const expected = [await direct.messages.create(body), await direct.messages.create(body)]
  installation.sim.reset()
  const client = through('/anthropic')
  const first = await client.messages.create(body).withResponse()
  expect(first.data).toEqual(expected[0])
  const written = await metered(first.response, {})
  expect(written.usage['cache_write_5m']).toBeGreaterThan(1_000)
  expect(written.usage['cache_write_1h']).toBeGreaterThan(1_000)
  expect(written.usage['cache_read']).toBe(0)
  const second = await client.messages.create(body).withResponse()
  expect(second.data).toEqual(expected[1])
  const read = await metered(second.response, {})
  expect(read.usage['cache_read']).toBe(written.usage['cache_write_5m']! + written.usage['cache_write_1h']!)
  expect(read.usage).toMatchObject({ cache_write_5m: 0, cache_write_1h: 0 })
  expect(read.cost! < written.cost!).toBe(true)
})

test('searches of a server tool are billed beside the tokens', async () => {
  const body: Body = { model: 'claude-haiku-4-5', max_tokens: 40, messages: [{ role: 'user', content: 'Look it up. [[sim: search 3]]' }], tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 5 }] }
  const { data, response } = await through('/anthropic').messages.create(body).withResponse()
  expect(data.usage.server_tool_use?.web_search_requests).toBe(3)
  expect((await metered(response, {})).usage).toMatchObject({ web_search: 3 })
})

test('beta calls, models, version and beta headers pass', async () => {
  const client = through('/anthropic')
  const body = { model: 'claude-haiku-4-5', max_tokens: 30, messages, betas: ['context-1m-2025-08-07' as const] }
  const expected = await direct.beta.messages.create(body)
  const meant = installation.sim.calls().at(-1)!.headers
  expect(await client.beta.messages.create(body)).toEqual(expected)
  const sent = installation.sim.calls().at(-1)!.headers
  for (const name of ['anthropic-version', 'anthropic-beta']) expect(sent[name]).toBe(meant[name])
  expect(sent['anthropic-beta']).toContain('context-1m-2025-08-07')
  expect(await all(client.models.list())).toEqual(await all(direct.models.list()))
  expect(await client.models.retrieve('claude-sonnet-5')).toEqual(await direct.models.retrieve('claude-sonnet-5'))
})

describe('what is refused', () => {
  const refusedBy = async (promise: Promise<unknown>): Promise<InstanceType<typeof Anthropic.APIError>> => {
    const error: unknown = await promise.then(() => null, (reason: unknown) => reason)
    expect(error).toBeInstanceOf(Anthropic.APIError)
    return error as never
  }
  const body: Body = { model: 'claude-haiku-4-5', max_tokens: 100, messages }
  let keys = 0
  async function budgeted(given: Partial<BudgetRule> & { readonly limit: bigint }): Promise<Anthropic> {
    const id = `key_anthropic_${keys += 1}`
    const apiKey = await installation.addKey({}, { id })
    await installation.putRule({ name: `budget of ${id}`, selector: { keyId: id }, ...given })
    await installation.adopted()
    return new Anthropic({ apiKey, baseURL: `${installation.gatewayUrl}/anthropic`, maxRetries: 2 })
  }

  test.each([false, true])('a spent budget is an error that the SDK reads (stream: %s), not retried, on record', async (stream) => {
    const client = await budgeted({ limit: amountOf('0.00000001') })
    const error = await refusedBy(client.messages.create({ ...body, stream }))
    expect(error).toMatchObject({ status: 402, type: 'billing_error', errorCode: 'budget_exceeded' })
    expect(error.message).toMatch(/limit .*, used .*, this call may need .*resets at /)
    expect(error.details).toMatchObject({ measure: 'cost', limit: '0.00000001 USD', used: '0 USD' })
    expect(installation.sim.calls()).toHaveLength(0)
    expect(await installation.newest('budget_exceeded')).toMatchObject({ kind: 'refusal', provider: 'anthropic', endpoint: 'messages', cost: 0n, status: 402 })
  })

  test('what a hard budget cannot bound is refused, what it can is held and served', async () => {
    const client = await budgeted({ limit: amountOf('100') })
    const png = { type: 'image' as const, source: { type: 'base64' as const, media_type: 'image/png' as const, data: 'AAAA' } }
    const unbounded: readonly Partial<Body>[] = [
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, { messages: [{ role: 'user', content: [png] }] },
      { tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] },
    ]
    for (const given of unbounded) expect(await refusedBy(client.messages.create({ ...body, ...given }))).toMatchObject({ status: 402, errorCode: 'bound_unknown' })
    const { response } = await client.messages.create({ ...body, tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 2 }], messages: [{ role: 'user', content: 'Hi [[sim: search 2]]' }] }).withResponse()
    const row = await metered(response, {})
    expect(row.bound! >= row.cost!).toBe(true)
    const cached = await client.messages.create({ ...body, system: [{ type: 'text', text: long, cache_control: { type: 'ephemeral', ttl: '1h' } }] }).withResponse()
    const written = await metered(cached.response, {})
    expect(written.bound! >= written.cost!).toBe(true)
  })

  test("another's state, unmetered endpoints, a wrong key", async () => {
    const client = through('/anthropic')
    const file = { type: 'document' as const, source: { type: 'file' as const, file_id: 'file_1' } }
    expect(await refusedBy(client.messages.create({ ...body, messages: [{ role: 'user', content: [file] }] } as unknown as Body))).toMatchObject({ status: 403, type: 'permission_error', errorCode: 'endpoint_not_metered' })
    expect(await refusedBy(client.messages.batches.create({ requests: [] }))).toMatchObject({ status: 403, errorCode: 'endpoint_not_metered' })
    expect(await refusedBy(client.messages.batches.retrieve('msgbatch_1'))).toMatchObject({ status: 403, errorCode: 'endpoint_not_metered' })
    expect(await refusedBy(through('/anthropic', 'tg_wrong').messages.create(body))).toMatchObject({ status: 401, type: 'authentication_error', errorCode: 'key_unknown' })
    const narrow = await installation.addKey({ models: ['claude-haiku-*'] })
    await installation.adopted()
    expect(await refusedBy(through('/anthropic', narrow).messages.create({ ...body, model: 'claude-opus-4-6' }))).toMatchObject({ status: 403, errorCode: 'model_not_allowed' })
    expect(installation.sim.calls()).toHaveLength(0)
  })

  test("the provider's own refusals reach the client as its SDK knows them, and cost nothing", async () => {
    const client = through('/anthropic')
    const error = await refusedBy(client.messages.create({ ...body, messages: [] }))
    expect(error).toBeInstanceOf(Anthropic.BadRequestError)
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', requestID: expect.stringMatching(/^req_sim_/) as string })
    const [row] = await installation.recordsOf(error.headers!.get('x-tollgate-event-id')!)
    expect(row).toMatchObject({ status: 400, errorClass: 'provider_error', quality: 'absent', cost: 0n })
    const overloaded = await refusedBy(client.messages.create(body, { headers: { 'x-sim-fault': 'error-503' } }))
    expect(overloaded).toMatchObject({ status: 529, type: 'overloaded_error' })
  })
})

describe('streams that break', () => {
  const given = { model: 'claude-haiku-4-5', max_tokens: 100, messages, stream: true as const }
  test('cut off: input is the provider\'s own figure, output is estimated from its text', async () => {
    const { data, response } = await through('/anthropic').messages.create(given, { headers: { 'x-sim-fault': 'reset-mid-stream' } }).withResponse()
    await expect(all(data)).rejects.toThrow()
    const call = installation.sim.calls().at(-1)!
    const [row] = await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)
    expect(row).toMatchObject({ quality: 'estimated', errorClass: 'truncated', notices: ['output_estimated'], usage: { input_text: call.counted!.inputTokens } })
    expect(row!.usage['output_text']).toBeGreaterThan(3)
    expect(row!.cost).toBe(BigInt(call.counted!.inputTokens) * usd(1) + BigInt(row!.usage['output_text']!) * usd(5))
  })

  test('an error event is the client\'s to see, and the record says so', async () => {
    const { data, response } = await through('/anthropic').messages.create(given, { headers: { 'x-sim-fault': 'error-mid-stream' } }).withResponse()
    await expect(all(data)).rejects.toMatchObject({ type: 'overloaded_error' })
    const [row] = await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)
    expect(row).toMatchObject({ quality: 'estimated', errorClass: 'provider_error' })
  })

  test.each(['split-bytes 3', 'crlf', 'no-done'])('%s changes nothing', async (fault) => {
    const expected = await all(await direct.messages.create(given, { headers: { 'x-sim-fault': fault } }))
    const { data, response } = await through('/anthropic').messages.create(given, { headers: { 'x-sim-fault': fault } }).withResponse()
    expect(await all(data)).toEqual(expected)
    await metered(response, { stream: true })
  })
})

test('an overloaded provider is tried again where the route says so', async () => {
  await installation.putProvider({ name: 'again', dialect: 'anthropic', baseUrl: installation.sim.url, priceAs: 'anthropic', credential: { header: 'x-api-key', value: 'sk-ant-upstream' }, retriesMax: 1 })
  await installation.adopted()
  const { response } = await through('/again').messages.create({ model: 'claude-haiku-4-5', max_tokens: 30, messages }, { headers: { 'x-sim-fault': 'error-500-once' } }).withResponse()
  const rows = await installation.recordsOf(response.headers.get('x-tollgate-event-id')!, 2)
  expect(rows.map((row) => row.upstreamStatus)).toEqual([500, 200])
})
