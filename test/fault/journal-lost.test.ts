import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatAmount } from '../../src/base/money.ts'
import { Installation, until } from '../support/installation.ts'
import { audit, BudgetWatch, costOf, sendCall, type CallSeen } from '../support/load.ts'

/*
 * A gateway's journal is gone, or older than it was. What it leased stays leased, because nobody can say any more what
 * was spent of it; everything that had been received stays as it is; and the gateway goes on under a new journal.
 */
let installation: Installation
let watch: BudgetWatch
let rule: string
const seen: CallSeen[] = []

beforeAll(async () => {
  installation = await Installation.start({ sim: { latencyMs: 20 } })
  watch = new BudgetWatch(installation)
  rule = await installation.addBudget({ name: 'all spend', limit: '0.5' })
})
afterAll(async () => {
  await watch?.stop()
  await installation?.stop()
})

async function send(fault?: string): Promise<CallSeen> {
  const each = await sendCall(installation.gateways[0]!, { key: installation.key, maxTokens: 100, ...(fault === undefined ? {} : { fault }) })
  seen.push(each)
  return each
}
const leasedBy = async (journalId: string): Promise<bigint> =>
  (await installation.store.leaseAccounts(installation.orgId)).filter((account) => account.journalId === journalId).reduce((sum, account) => sum + account.granted - account.settled - account.returned, 0n)
const journalIds = async (): Promise<readonly string[]> => (await installation.store.listJournals()).map((journal) => journal.journalId)

async function settled(lostNonces: ReadonlySet<string>): Promise<void> {
  await installation.untilDrained()
  const found = audit(seen.filter((each) => !lostNonces.has(each.nonce)), installation.sim.calls().filter((call) => ![...lostNonces].some((nonce) => call.body.includes(nonce))), await installation.records())
  expect({ lost: found.lost, doubled: found.doubled, wrongCost: found.wrongCost }).toEqual({ lost: [], doubled: [], wrongCost: [] })
  expect((await installation.reconcile()).filter((finding) => !finding.ok)).toEqual([])
  expect(watch.broken).toEqual([])
}

test('a journal deleted while its gateway is down: its leases cover what was lost, and nothing is doubled', async () => {
  const [gateway] = installation.gateways
  for (let i = 0; i < 10; i += 1) await send()
  await installation.untilDrained()
  const received = (await installation.records()).length
  const [old] = await journalIds()
  const inFlight = Array.from({ length: 8 }, () => send('slow 3000'))
  await until('the provider has them', () => installation.sim.calls().filter((call) => call.faults.includes('slow')).length === 8)
  await gateway!.kill()
  const lost = await Promise.all(inFlight)
  const leasedBefore = await leasedBy(old!)
  rmSync(gateway!.journalDir, { recursive: true })
  await gateway!.start()
  await installation.untilServing(gateway!)
  for (let i = 0; i < 10; i += 1) expect((await send()).status).toBe(200)
  await settled(new Set(lost.map((each) => each.nonce)))
  expect(await journalIds()).toHaveLength(2)
  expect((await installation.records()).length).toBe(received + 10)
  expect(await leasedBy(old!)).toBe(leasedBefore)
  const spentUnseen = installation.sim.calls().filter((call) => call.faults.includes('slow')).reduce((sum, call) => sum + costOf(call.counted!), 0n)
  expect(leasedBefore).toBeGreaterThanOrEqual(spentUnseen)
  // What they lease is out of reach: with all else of the budget left but one unit, a call that needs it all is refused.
  const probe = { key: installation.key, maxTokens: 16_000, prompt: 'x'.repeat(300_000) }
  const large = await sendCall(gateway!, probe)
  seen.push(large)
  expect(large.status).toBe(200)
  await installation.untilDrained()
  const { bound } = (await installation.records()).find((each) => each.eventId === large.eventId)!
  const [window] = await installation.windows(rule)
  await watch.stop()
  expect(watch.broken).toEqual([])
  const current = (await journalIds()).find((id) => id !== old)!
  await installation.api('PATCH', `/api/v1/budgets/${rule}`, { limit: formatAmount(window!.committed + leasedBefore + bound! - 1n) })
  await until('a lowered limit recalls what the gateway holds idle', async () => (await leasedBy(current)) === 0n)
  const refused = await sendCall(gateway!, probe)
  expect({ status: refused.status, code: refused.code }).toEqual({ status: 402, code: 'budget_exceeded' })
  await installation.api('PATCH', `/api/v1/budgets/${rule}`, { limit: '0.5' })
  await installation.untilConfigured()
  watch = new BudgetWatch(installation)
  console.log(`old journal keeps ${formatAmount(leasedBefore)} leased, of which the provider counted ${formatAmount(spentUnseen)}; window ${formatAmount(window!.committed)} + ${formatAmount(window!.leased)} of ${formatAmount(window!.limit)}`)
})

test('a journal put back from an older copy is set aside, and what the authority has of it stays', async () => {
  const [gateway] = installation.gateways
  const copy = join(installation.directory, 'journal-copy')
  await gateway!.stop()
  cpSync(gateway!.journalDir, copy, { recursive: true })
  await gateway!.start()
  await installation.untilServing(gateway!)
  for (let i = 0; i < 12; i += 1) expect((await send()).status).toBe(200)
  await installation.untilDrained()
  const before = await journalIds()
  await gateway!.kill()
  rmSync(gateway!.journalDir, { recursive: true })
  cpSync(copy, gateway!.journalDir, { recursive: true })
  await gateway!.start()
  await until('the gateway ends, to begin anew', () => gateway!.pid === null)
  await gateway!.start()
  await installation.untilServing(gateway!)
  for (let i = 0; i < 5; i += 1) expect((await send()).status).toBe(200)
  await settled(new Set(seen.filter((each) => each.status === 0).map((each) => each.nonce)))
  expect(await journalIds()).toHaveLength(before.length + 1)
})
