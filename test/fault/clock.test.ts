import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Installation } from '../support/installation.ts'
import { audit, BudgetWatch, Load, sendCall, type CallSeen } from '../support/load.ts'

/*
 * Somebody sets a machine's clock while calls run. What a call costs, which budget window it falls in and when it was
 * follow the authority's clock, which is the database's.
 */
const dayMs = 24 * 3_600_000
const preload = `--import=${pathToFileURL(join(import.meta.dirname, '../support/shifted-clock.mjs')).href}`
const directory = mkdtempSync(join(tmpdir(), 'tollgate-clock-'))
const clockOf = (plane: 'gateway' | 'control'): string => join(directory, plane)
const shift = (plane: 'gateway' | 'control', ms: number): void => writeFileSync(clockOf(plane), String(ms))

let installation: Installation
let watch: BudgetWatch
let rule: string
const seen: CallSeen[] = []

beforeAll(async () => {
  const env = (plane: 'gateway' | 'control'): Record<string, string> => ({ NODE_OPTIONS: preload, TOLLGATE_TEST_CLOCK_FILE: clockOf(plane) })
  installation = await Installation.start({ gatewayEnv: env('gateway'), controlEnv: env('control') })
  watch = new BudgetWatch(installation)
  rule = await installation.addBudget({ name: 'calls of the hour', limit: '100000', measure: 'requests', window: { unit: 'hour' } })
})
afterEach(() => {
  shift('gateway', 0)
  shift('control', 0)
})
afterAll(async () => {
  await watch?.stop()
  await installation?.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** Runs calls while the clocks are set, and holds every record's instant against this process's own clock. */
async function underLoad(change: () => Promise<void>): Promise<void> {
  const fromMs = Date.now()
  const load = new Load(6, () => ({ gateway: installation.gateways[0]!, wish: { key: installation.key, stream: seen.length % 2 === 0, maxTokens: 30 } }))
  await sleep(400)
  await change()
  await sleep(400)
  const sent = await load.stop()
  seen.push(...sent)
  await installation.untilDrained()
  await verify(fromMs, sent)
}

async function verify(fromMs: number, sent: readonly CallSeen[]): Promise<void> {
  const records = await installation.records()
  const found = audit(seen, installation.sim.calls(), records)
  expect({ lost: found.lost, doubled: found.doubled, wrongCost: found.wrongCost }).toEqual({ lost: [], doubled: [], wrongCost: [] })
  const nonces = new Set(sent.map((each) => each.nonce))
  const mine = records.filter((each) => nonces.has(each.attribution.session))
  expect(mine.length).toBeGreaterThan(0)
  // A second's tolerance: the authority's clock is learned over HTTP.
  const strayed = mine.filter((each) => each.at < fromMs - 1_000 || each.at > Date.now() + 1_000)
  expect(strayed.map((each) => new Date(each.at).toISOString())).toEqual([])
  expect((await installation.reconcile()).filter((finding) => !finding.ok)).toEqual([])
  expect(watch.broken).toEqual([])
  const hours = (await installation.windows(rule)).map((window) => window.startMs)
  expect(hours.filter((startMs) => startMs < installation.startedAtMs - 3_600_000 || startMs > Date.now())).toEqual([])
}

test('the gateway\'s clock is set back a day, and on by two', async () => {
  await underLoad(async () => {
    shift('gateway', -dayMs)
    await sleep(1_500)
    shift('gateway', 2 * dayMs)
    await sleep(1_500)
  })
})

test('the control plane\'s clock is set on by a day, and back by two', async () => {
  await underLoad(async () => {
    shift('control', dayMs)
    await sleep(1_500)
    shift('control', -2 * dayMs)
    await sleep(1_500)
  })
})

test('both planes start with clocks that are wrong in opposite ways', async () => {
  const [gateway] = installation.gateways
  for (const sign of [1, -1]) {
    await gateway!.kill()
    await installation.control.kill()
    shift('gateway', sign * dayMs)
    shift('control', -sign * dayMs)
    await installation.control.start()
    await gateway!.start()
    await installation.untilServing(gateway!)
    await underLoad(async () => {})
  }
})

test('a gateway whose clock is ahead, started without its authority, comes back to the right time with it', async () => {
  const [gateway] = installation.gateways
  await gateway!.kill()
  await installation.control.kill()
  shift('gateway', 2 * dayMs)
  await gateway!.start()
  await installation.untilServing(gateway!, false)
  await sleep(2_500)
  await installation.control.start()
  await installation.untilServing(gateway!)
  const fromMs = Date.now()
  const sent: CallSeen[] = []
  for (let i = 0; i < 5; i += 1) sent.push(await sendCall(gateway!, { key: installation.key }))
  expect(sent.map((each) => each.status)).toEqual([200, 200, 200, 200, 200])
  seen.push(...sent)
  await installation.untilDrained()
  await verify(fromMs, sent)
})
