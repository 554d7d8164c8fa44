import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { amountOf } from '../../src/base/money.ts'
import type { BudgetRule } from '../../src/core/entitlement/rule.ts'
import { orgId, startInProcess, until, type InProcess } from '../support/in-process.ts'

/** What a caller with the official client meets when a budget covers the call. Each test has an app's key of its own. */
let installation: InProcess
beforeAll(async () => { installation = await startInProcess() })
afterAll(async () => {
  expect(await installation.metric('bound_breaches_total')).toBe(0)
  await installation.close()
  expect(installation.complaints).toEqual([])
})
beforeEach(() => installation.sim.reset())

let keys = 0
async function budgeted(rule: Partial<BudgetRule> & { readonly limit: bigint }): Promise<{ readonly client: OpenAI; readonly rule: BudgetRule }> {
  const id = `key_budget_${keys += 1}`
  const apiKey = await installation.addKey({}, { id })
  const made = await installation.putRule({ name: `budget ${keys}`, selector: { keyId: id }, ...rule })
  await installation.adopted()
  return { client: new OpenAI({ apiKey, baseURL: `${installation.gatewayUrl}/v1`, maxRetries: 2 }), rule: made }
}
const messages = [{ role: 'user' as const, content: 'Hello there.' }]
const chat = { model: 'gpt-4o-mini', messages, max_tokens: 20 }
async function refusedBy(promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError> & { readonly error: Record<string, string> }> {
  const error: unknown = await promise.then(() => null, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(OpenAI.APIError)
  return error as never
}
const stateOf = async (rule: BudgetRule) => (await installation.control.windows(orgId, { ruleId: rule.id }))[0]!

describe('a hard budget of money', () => {
  test('spent: the refusal names it all, is not retried, costs nothing, and is on record', async () => {
    const { client, rule } = await budgeted({ limit: amountOf('0.00000001') })
    const error = await refusedBy(client.chat.completions.create(chat))
    expect(error).toMatchObject({ status: 402, code: 'budget_exceeded', type: 'insufficient_quota' })
    expect(error.error).toMatchObject({ budget: rule.name, budget_id: rule.id, measure: 'cost', limit: '0.00000001 USD', used: '0 USD', resets_at: expect.stringMatching(/^\d{4}-\d\d-01T00:00:00/) as string })
    expect(error.message).toMatch(/limit .*, used .*, held .*, this call may need .* resets at .* Lower the output cap/)
    expect(installation.sim.calls()).toHaveLength(0)
    expect(await installation.newest('budget_exceeded')).toMatchObject({ kind: 'refusal', cost: 0n, usage: {}, status: 402, isCall: true })
    expect((await installation.records(0)).filter((row) => row.errorCode === 'budget_exceeded')).toHaveLength(1)
  })

  test('not yet spent: the answer says what remains, and the sum is exact', async () => {
    const { client, rule } = await budgeted({ limit: amountOf('1') })
    let remaining = ''
    for (let i = 0; i < 3; i += 1) {
      const { response } = await client.chat.completions.create(chat).withResponse()
      remaining = response.headers.get('x-tollgate-budget-remaining')!
      expect(remaining).toMatch(/^0\.99\d+ USD$/)
    }
    const own = async () => (await installation.records(0)).filter((row) => row.caller.keyId === rule.selector.keyId)
    await until(async () => (await own()).length === 3, 'three records')
    await until(async () => (await stateOf(rule)).committed === (await own()).reduce((sum, row) => sum + row.cost!, 0n), 'the budget is the sum of its records')
    expect(amountOf(remaining.split(' ')[0]!) <= amountOf('1')).toBe(true)
  })

  test('without a cap: one is set, said, and honoured', async () => {
    const { client } = await budgeted({ limit: amountOf('1'), outputCapDefault: 12 })
    for (const body of [{ model: 'gpt-4o-mini', messages }, { model: 'gpt-5-mini', messages, n: 2 }]) {
      const { data, response } = await client.chat.completions.create(body).withResponse()
      expect(response.headers.get('x-tollgate-output-cap')).toBe('12')
      expect(JSON.parse(installation.sim.calls().at(-1)!.body)).toMatchObject({ max_completion_tokens: 12 })
      expect(data.usage!.completion_tokens).toBeLessThanOrEqual(24)
    }
    const { response } = await client.responses.create({ model: 'gpt-4o-mini', input: 'Hello.' }).withResponse()
    expect(response.headers.get('x-tollgate-output-cap')).toBe('12')
    expect(JSON.parse(installation.sim.calls().at(-1)!.body)).toMatchObject({ max_output_tokens: 12 })
    const [row] = await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)
    expect(row!.notices).toContain('output_cap=12')
    const capped = await client.chat.completions.create(chat).withResponse()
    expect(capped.response.headers.get('x-tollgate-output-cap')).toBeNull()
  })

  test('that asks for a cap refuses a call without one', async () => {
    const { client } = await budgeted({ limit: amountOf('1'), outputBound: 'refuse' })
    expect(await refusedBy(client.chat.completions.create({ model: 'gpt-4o-mini', messages }))).toMatchObject({ status: 402, code: 'bound_unknown', message: expect.stringContaining('no output cap was sent') as string })
    await client.chat.completions.create(chat)
  })

  test('refuses what cannot be bounded or priced, unless it is told not to', async () => {
    const { client } = await budgeted({ limit: amountOf('1') })
    const image = [{ role: 'user' as const, content: [{ type: 'image_url' as const, image_url: { url: 'https://example.com/a.png' } }] }]
    expect(await refusedBy(client.chat.completions.create({ ...chat, messages: image }))).toMatchObject({ status: 402, code: 'bound_unknown' })
    expect(await refusedBy(client.responses.create({ model: 'gpt-4o-mini', input: 'x', max_output_tokens: 20, tools: [{ type: 'web_search' }] }))).toMatchObject({ code: 'bound_unknown' })
    expect(await refusedBy(client.chat.completions.create({ ...chat, model: 'nobody-knows-9' }))).toMatchObject({ status: 402, code: 'unpriced_under_budget' })
    expect(installation.sim.calls()).toHaveLength(0)
    const lenient = (await budgeted({ limit: amountOf('1'), unbounded: 'allow', unpriced: 'allow' })).client
    const { response } = await lenient.chat.completions.create({ ...chat, messages: image }).withResponse()
    await lenient.chat.completions.create({ ...chat, model: 'nobody-knows-9' })
    const [row] = await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)
    expect(row!.notices.some((notice) => notice.startsWith('unbounded_allowed='))).toBe(true)
  })

  test('the list of models is free, even when all is spent', async () => {
    const { client } = await budgeted({ limit: 0n })
    expect((await client.models.list()).data.length).toBeGreaterThan(5)
  })
})

test('a thousand calls at once on a nearly spent budget: it is never passed, and what fits is served', async () => {
  const { client, rule } = await budgeted({ limit: 40n, measure: 'requests', currency: '' })
  const tokens = await installation.putRule({ name: 'tokens of the crowd', selector: { ...rule.selector }, measure: 'output_tokens', currency: '', limit: 2_000n })
  await installation.adopted()
  let served = 0
  const codes = new Set<unknown>()
  const look = setInterval(() => void installation.control.windows(orgId, {}).then((windows) => {
    for (const window of windows) expect(window.committed + window.leased <= window.limit).toBe(true)
  }), 5)
  await Promise.all(Array.from({ length: 1_000 }, (_, i) => client.chat.completions.create({ ...chat, messages: [{ role: 'user', content: `Call ${i}.` }] }, { maxRetries: 0 })
    .then(() => { served += 1 }, (error: { code?: unknown }) => { codes.add(error.code) })))
  clearInterval(look)
  expect([...codes]).toEqual(['budget_exceeded'])
  expect(served).toBe(40)
  expect(installation.sim.calls()).toHaveLength(40)
  await until(async () => (await stateOf(rule)).committed === 40n, 'forty requests are committed')
  await until(async () => (await stateOf(tokens)).committed === BigInt(installation.sim.calls().reduce((sum, call) => sum + call.counted!.outputTokens, 0)), 'and their tokens')
})

test('a soft budget refuses nothing and sets no cap', async () => {
  const { client, rule } = await budgeted({ limit: 1n, hard: false })
  const { response } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages }).withResponse()
  expect(response.headers.get('x-tollgate-output-cap')).toBeNull()
  const [row] = await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)
  await until(async () => (await stateOf(rule)).committed === row!.cost, 'it counts all the same')
})
