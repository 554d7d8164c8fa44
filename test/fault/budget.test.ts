import OpenAI, { APIError } from 'openai'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { formatAmount } from '../../src/base/money.ts'
import { Installation, until } from '../support/installation.ts'
import { audit, BudgetWatch, sendCall, type CallSeen } from '../support/load.ts'

/*
 * A hard budget with room for ten calls meets a thousand at once. What matters is never how many are admitted in the end
 * but that no look at the books, at any instant, finds committed + leased above the limit.
 */
const capTokens = 200
let installation: Installation
let watch: BudgetWatch
const budgets: string[] = []

beforeAll(async () => { installation = await Installation.start({ gateways: 2, sim: { latencyMs: 150 } }) })
afterAll(async () => { await installation?.stop() })
beforeEach(() => { watch = new BudgetWatch(installation, 10) })
afterEach(async () => {
  await watch.stop()
  for (const id of budgets.splice(0)) await installation.api('DELETE', `/api/v1/budgets/${id}`)
  await installation.untilConfigured()
})

/** Each test has its own key, so that budgets of other tests cover none of its calls. */
async function newKey(): Promise<{ readonly id: string; readonly secret: string }> {
  const made = await installation.api<{ id: string; secret: string }>('POST', '/api/v1/keys', { appId: installation.appId, name: 'budget test' })
  await installation.untilConfigured()
  return made
}

async function addBudget(wish: Parameters<Installation['addBudget']>[0]): Promise<string> {
  const id = await installation.addBudget(wish)
  budgets.push(id)
  return id
}

/** The bound of the calls sent here, found by asking one under a roomy budget of its own. */
async function boundOfOneCall(): Promise<bigint> {
  const key = await newKey()
  const seen = await sendCall(installation.gateways[0]!, { key: key.secret, maxTokens: capTokens })
  expect(seen.status).toBe(200)
  await installation.untilDrained()
  const stored = (await installation.records()).find((each) => each.eventId === seen.eventId)!
  return stored.bound!
}

const thousand = (key: string, gateways: readonly { readonly url: string }[], count = 1_000): Promise<CallSeen[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => sendCall(gateways[index % gateways.length]!, { key, maxTokens: capTokens, stream: index % 4 === 0 })))

async function settled(seen: readonly CallSeen[]): Promise<void> {
  await installation.untilDrained()
  await watch.stop()
  expect(watch.broken).toEqual([])
  expect(watch.samples).toBeGreaterThan(5)
  const nonces = new Set(seen.map((each) => each.nonce))
  const records = (await installation.records()).filter((each) => nonces.has(each.attribution.session))
  const found = audit(seen, installation.sim.calls().filter((call) => [...nonces].some((nonce) => call.body.includes(nonce))), records)
  expect({ lost: found.lost, doubled: found.doubled, wrongCost: found.wrongCost }).toEqual({ lost: [], doubled: [], wrongCost: [] })
  expect((await installation.reconcile()).filter((finding) => !finding.ok)).toEqual([])
}

async function spentBy(seen: readonly CallSeen[]): Promise<bigint> {
  const nonces = new Set(seen.map((each) => each.nonce))
  return (await installation.records()).filter((each) => nonces.has(each.attribution.session)).reduce((sum, each) => sum + (each.cost ?? 0n), 0n)
}

test('a thousand concurrent calls at one gateway never pass a budget with room for ten', async () => {
  const bound = await boundOfOneCall()
  const key = await newKey()
  const limit = bound * 10n
  const rule = await addBudget({ name: 'ten rooms', limit: formatAmount(limit), selector: { keyId: key.id } })
  const seen = await thousand(key.secret, [installation.gateways[0]!])
  await settled(seen)
  const admitted = seen.filter((each) => each.status === 200)
  const refused = seen.filter((each) => each.status === 402)
  expect(admitted.length).toBeGreaterThan(0)
  expect(admitted.length + refused.length).toBe(1_000)
  expect(new Set(refused.map((each) => each.code))).toEqual(new Set(['budget_exceeded']))
  const [window] = await installation.windows(rule)
  expect(window!.committed).toBe(await spentBy(seen))
  expect(window!.committed).toBeLessThanOrEqual(limit)
  console.log(`one gateway: ${admitted.length} admitted, highest committed + leased ${formatAmount(watch.highest.get(rule)!)} of ${formatAmount(limit)} in ${watch.samples} looks`)
})

test('two gateways, one of them killed with calls in flight, never pass it together', async () => {
  const bound = await boundOfOneCall()
  const key = await newKey()
  const limit = bound * 10n
  const rule = await addBudget({ name: 'ten rooms for two', limit: formatAmount(limit), selector: { keyId: key.id } })
  const second = installation.gateways[1]!
  const attemptsBefore = (await second.metric('attempts_total'))!
  const running = thousand(key.secret, installation.gateways)
  // The provider takes 150 ms: right after it has sent calls, some are in flight.
  await until('the second gateway has sent calls', async () => ((await second.metric('attempts_total')) ?? 0) > attemptsBefore, 60_000)
  await second.kill()
  const first = await running
  // Its leases stay leased until its journal is in: what it held cannot be spent by the other one.
  const [during] = await installation.windows(rule)
  expect(during!.committed + during!.leased).toBeLessThanOrEqual(limit)
  await second.start()
  await installation.untilServing(second)
  const seen = [...first, ...await thousand(key.secret, installation.gateways, 200)]
  await settled(seen)
  expect(seen.some((each) => each.status === 402)).toBe(true)
  expect(new Set(seen.filter((each) => each.status >= 400 && each.status !== 402).map((each) => each.code))).toEqual(new Set())
  const [window] = await installation.windows(rule)
  expect(window!.committed).toBe(await spentBy(seen))
  expect(window!.committed).toBeLessThanOrEqual(limit)
  console.log(`two gateways, one killed: highest committed + leased ${formatAmount(watch.highest.get(rule)!)} of ${formatAmount(limit)} in ${watch.samples} looks`)
})

test('the official SDK shows a refusal that says which budget, how full and until when', async () => {
  const key = await newKey()
  await addBudget({ name: 'Team budget', limit: '0.000001', selector: { keyId: key.id } })
  const client = new OpenAI({ apiKey: key.secret, baseURL: `${installation.gateways[0]!.url}/v1` })
  const before = installation.sim.calls().length
  const failure: unknown = await client.chat.completions.create({ model: 'gpt-4o-mini', max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(APIError)
  const { status, code, message } = failure as APIError
  expect({ status, code }).toEqual({ status: 402, code: 'budget_exceeded' })
  for (const part of ['Team budget', 'limit 0.000001 USD', 'used 0 USD', 'held 0 USD', 'may need', 'resets at 20']) expect(message).toContain(part)
  expect(installation.sim.calls().length).toBe(before)
})

test('requests and tokens are counted as strictly as money', async () => {
  const key = await newKey()
  const requests = await addBudget({ name: 'seven calls', limit: '7', measure: 'requests', selector: { keyId: key.id }, window: { unit: 'day' } })
  const counted = await thousand(key.secret, installation.gateways, 200)
  await settled(counted)
  const [window] = await installation.windows(requests)
  expect(window!.committed).toBe(BigInt(counted.filter((each) => each.status === 200).length))
  expect(window!.committed).toBeLessThanOrEqual(7n)
  expect(window!.committed).toBeGreaterThan(0n)

  watch = new BudgetWatch(installation, 10)
  const other = await newKey()
  const tokens = await addBudget({ name: 'output tokens', limit: String(capTokens * 5), measure: 'output_tokens', selector: { keyId: other.id }, window: { unit: 'day' } })
  const seen = await thousand(other.secret, installation.gateways, 200)
  await settled(seen)
  const [spent] = await installation.windows(tokens)
  expect(spent!.committed).toBeGreaterThan(0n)
  expect(spent!.committed).toBeLessThanOrEqual(BigInt(capTokens * 5))
  expect(seen.some((each) => each.code === 'budget_exceeded')).toBe(true)
})

test('nested budgets hold all at once, and one per user stops only that user', async () => {
  const key = await newKey()
  const whole = await addBudget({ name: 'whole key', limit: '12', measure: 'requests', selector: { keyId: key.id }, window: { unit: 'day' } })
  const perUser = await addBudget({ name: 'each user', limit: '5', measure: 'requests', per: ['user'], selector: { keyId: key.id }, window: { unit: 'day' } })
  const send = (user: string, count: number): Promise<CallSeen[]> =>
    Promise.all(Array.from({ length: count }, () => sendCall(installation.gateways[0]!, { key: key.secret, user, maxTokens: 20 })))
  const ada = await send('ada', 40)
  expect(ada.filter((each) => each.status === 200)).toHaveLength(5)
  expect(ada.find((each) => each.status === 402)!.text).toContain('each user')
  const bob = await send('bob', 40)
  expect(bob.filter((each) => each.status === 200)).toHaveLength(5)
  const cy = await send('cy', 40)
  expect(cy.filter((each) => each.status === 200)).toHaveLength(2)
  expect(cy.find((each) => each.status === 402)!.text).toContain('whole key')
  await settled([...ada, ...bob, ...cy])
  expect((await installation.windows(whole)).map((window) => window.committed)).toEqual([12n])
  expect((await installation.windows(perUser)).map((window) => window.committed).toSorted()).toEqual([2n, 5n, 5n])
})
