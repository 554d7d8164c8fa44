import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { Installation, until } from '../support/installation.ts'
import { audit, BudgetWatch, sendCall, type CallSeen } from '../support/load.ts'
import { isLong } from '../support/dice.ts'

/*
 * The control plane, or its database, is away for a while. A gateway goes on serving, recording, and enforcing from the
 * leases it holds; what no lease covers is refused, never guessed; and all of it arrives afterwards.
 */
const awayMs = isLong ? 90_000 : 6_000
vi.setConfig({ testTimeout: 120_000 + awayMs })
let installation: Installation
let watch: BudgetWatch
const seen: CallSeen[] = []
let budgetedKey: string

beforeAll(async () => { installation = await Installation.start({ links: true }) })
afterAll(async () => { await installation?.stop() })
beforeEach(async () => {
  watch = new BudgetWatch(installation)
  const made = await installation.api<{ id: string; secret: string }>('POST', '/api/v1/keys', { appId: installation.appId, name: 'budgeted' })
  budgetedKey = made.secret
  await installation.addBudget({ name: 'calls of the key', limit: '100000', measure: 'requests', selector: { keyId: made.id }, window: { unit: 'day' } })
  await installation.addBudget({ name: 'input of the key', limit: '100000000', measure: 'input_tokens', selector: { keyId: made.id }, window: { unit: 'day' } })
})
afterEach(async () => { await watch?.stop().catch(() => {}) })

async function send(key: string, wish: { readonly stream?: boolean; readonly prompt?: string } = {}): Promise<CallSeen> {
  const each = await sendCall(installation.gateways[0]!, { key, ...wish })
  seen.push(each)
  return each
}

/** Calls enough in two seconds for the gateway to hold a slice that lasts for some more. */
async function earnSlice(): Promise<void> {
  for (let i = 0; i < 40; i += 1) await Promise.all([send(budgetedKey), send(budgetedKey, { stream: true })])
}

const statusesOf = async (key: string, count: number): Promise<number[]> => {
  const statuses: number[] = []
  for (let i = 0; i < count; i += 1) statuses.push((await send(key, { stream: i % 2 === 0 })).status)
  return statuses
}
const all = (count: number, status: number): number[] => Array.from({ length: count }, () => status)

async function settled(): Promise<void> {
  await installation.untilServing(installation.gateways[0]!)
  await installation.untilDrained(120_000)
  await watch.stop()
  const found = audit(seen, installation.sim.calls(), await installation.records())
  expect({ lost: found.lost, doubled: found.doubled, wrongCost: found.wrongCost, uncertain: found.uncertain }).toEqual({ lost: [], doubled: [], wrongCost: [], uncertain: 0 })
  expect((await installation.reconcile()).filter((finding) => !finding.ok)).toEqual([])
  expect(watch.broken).toEqual([])
}

/** What holds whatever is away behind the gateway. */
async function servesFromMemory(): Promise<void> {
  expect(await statusesOf(installation.key, 10)).toEqual(all(10, 200))
  expect(await statusesOf(budgetedKey, 10)).toEqual(all(10, 200))
  // Larger than any slice it holds: refused for want of proof, with a word on when to come back.
  const tooLarge = await send(budgetedKey, { prompt: 'x'.repeat(400_000) })
  expect({ status: tooLarge.status, code: tooLarge.code }).toEqual({ status: 503, code: 'lease_unavailable' })
  // One that cannot be served is no reason to refuse those that can.
  const [large, ...small] = await Promise.all([send(budgetedKey, { prompt: 'x'.repeat(400_000) }), ...Array.from({ length: 5 }, async () => { await sleep(300); return send(budgetedKey) })])
  expect(large.status).toBe(503)
  expect(small.map((each) => each.status)).toEqual(all(5, 200))
  await sleep(awayMs)
  expect(await statusesOf(installation.key, 10)).toEqual(all(10, 200))
}

test('control plane gone: calls are served from the snapshot and the leases held, the rest is refused', async () => {
  await earnSlice()
  await installation.control.kill()
  await servesFromMemory()
  expect(installation.gateways[0]!.drained()).toBe(false)
  await installation.control.start()
  await settled()
  expect(await statusesOf(budgetedKey, 3)).toEqual(all(3, 200))
})

test('control plane silent: connections stand and nothing answers', async () => {
  await earnSlice()
  installation.links!.control.silence()
  await servesFromMemory()
  installation.links!.control.heal()
  await settled()
  expect(await statusesOf(budgetedKey, 3)).toEqual(all(3, 200))
})

test('PostgreSQL away: the same', async () => {
  await earnSlice()
  installation.links!.postgres.cut()
  await servesFromMemory()
  installation.links!.postgres.heal()
  await settled()
  expect(await statusesOf(budgetedKey, 3)).toEqual(all(3, 200))
})

test('a slice outlives an absence longer than it may be idle', async () => {
  await earnSlice()
  await installation.control.kill()
  await sleep(13_000)
  expect(await statusesOf(budgetedKey, 5)).toEqual(all(5, 200))
  await installation.control.start()
  await settled()
})

test('a gateway that starts while the control plane is away serves from its stored snapshot', async () => {
  const [gateway] = installation.gateways
  await earnSlice()
  await installation.untilDrained()
  await installation.control.kill()
  expect(await statusesOf(installation.key, 4)).toEqual(all(4, 200))
  await gateway!.kill()
  await gateway!.start()
  await installation.untilServing(gateway!, false)
  expect(await statusesOf(installation.key, 10)).toEqual(all(10, 200))
  const refused = await send(budgetedKey)
  expect({ status: refused.status, code: refused.code }).toEqual({ status: 503, code: 'lease_unavailable' })
  await installation.control.start()
  await settled()
  expect(await statusesOf(budgetedKey, 3)).toEqual(all(3, 200))
})

test('an epoch opened behind the gateway\'s back is noticed, and leases come again', async () => {
  await earnSlice()
  await installation.untilDrained()
  const [journal] = await installation.store.listJournals()
  // What a hello does whose answer never came and that was carried out late.
  await installation.store.openEpoch('local', journal!.journalId, 0, Date.now())
  await until('leases come again', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => send(budgetedKey, { prompt: 'y'.repeat(3_000) })))
    return answers.every((each) => each.status === 200) && ((await installation.gateways[0]!.metric('epoch')) ?? 0) > journal!.epoch + 1
  })
  await settled()
})
