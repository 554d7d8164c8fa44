import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { windowId } from '../../src/core/entitlement/rule.ts'
import type { ControlStore } from '../../src/store/ports.ts'
import { openControlStore, startPostgres, type TestPostgres } from './control-store-engine.ts'
import { actor, apply, commitOf, effect, farFutureMs, leaseRequest, openBudget, rule } from './control-store-samples.ts'

/** Several control replicas over one PostgreSQL, all at once. */

let postgres: TestPostgres
let stores: readonly ControlStore[]
let store: ControlStore
let url: string
beforeAll(async () => { postgres = await startPostgres() })
afterAll(() => postgres.stop())
beforeEach(async () => {
  url = await postgres.freshUrl()
  stores = [openControlStore(url), openControlStore(url), openControlStore(url)]
  store = stores[0]!
  await store.migrate()
})
afterEach(async () => {
  await Promise.all(stores.map((item) => item.close()))
  // Locks are taken in one order; a deadlock would be hidden by its retry.
  expect(await deadlocks()).toBe('0')
})

async function deadlocks(): Promise<string> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ deadlocks: string }>('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()')
    return rows[0]!.deadlocks
  } finally {
    await client.end()
  }
}

const many = <Value>(count: number, make: (index: number) => Promise<Value>): Promise<Value[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)))
const pick = (index: number): ControlStore => stores[index % stores.length]!

describe('grants at once', () => {
  it('never add up to more than the limit, and use it up', async () => {
    await openBudget(store, { limit: 1_000n })
    const grants = await many(50, (index) => pick(index).grantLease(leaseRequest({ leaseId: `l${index}`, need: 30n, want: 60n })))
    const sum = grants.reduce((total, grant) => total + (grant?.granted ?? 0n), 0n)
    const [window] = await store.windows('acme', {})
    expect(sum).toBeLessThanOrEqual(1_000n)
    expect(sum).toBeGreaterThan(970n)
    expect(window).toMatchObject({ leased: sum, committed: 0n })
    expect(await store.leaseAccounts('acme')).toMatchObject([{ granted: sum }])
  })

  it('never pass the limit while blocks settle and the limit moves', async () => {
    await openBudget(store, { limit: 2_000n })
    const over: string[] = []
    const ended = new AbortController()
    const watch = (async () => {
      while (!ended.signal.aborted) for (const window of await store.windows('acme', {})) {
        if (window.committed + window.leased > 2_000n) over.push(`${window.committed} + ${window.leased}`)
      }
    })()
    const settle = (async () => {
      for (let block = 1; block <= 25; block++) await apply(pick(block), effect(block, {
        commits: [commitOf(10n)], settlements: [{ windowId: windowId('rule_1', '', 0), epoch: 1, amount: 10n }], returns: [{ windowId: windowId('rule_1', '', 0), epoch: 1, amount: 15n }],
      })).catch((error: unknown) => {
        // A limit that moved meanwhile asks for the block again.
        if (!(error instanceof Error && 'code' in error && error.code === 'conflict')) throw error
        block--
      })
    })()
    await store.grantLease(leaseRequest({ leaseId: 'first', need: 700n, want: 700n }))
    const limits = many(10, (index) => pick(index).updateRule('acme', 'rule_1', { limit: index % 2 === 0 ? 1_500n : 2_000n }, actor))
    const grants = many(60, (index) => pick(index).grantLease(leaseRequest({ leaseId: `l${index}`, need: 20n, want: 40n })))
    await Promise.all([grants, limits, settle]).finally(() => { ended.abort() })
    await watch
    expect(over).toEqual([])
    const [account] = await store.leaseAccounts('acme')
    const [window] = await store.windows('acme', {})
    expect(window?.leased).toBe(account!.granted - account!.settled - account!.returned)
    expect(window?.committed).toBe(250n)
  })

  it('end in the old epoch or fail, never in between', async () => {
    await openBudget(store, { limit: 10n ** 12n })
    const opened = (async () => {
      await store.grantLease(leaseRequest({ leaseId: 'warm' }))
      return stores[1]!.openEpoch('gateway_1', 'journal_1', 1, 1)
    })()
    const outcomes = await many(60, (index) => pick(index).grantLease(leaseRequest({ leaseId: `l${index}` })).then(() => 'granted', (error: Error & { code?: string }) => error.code))
    expect(new Set(outcomes.filter((item) => item !== 'granted' && item !== 'epoch_stale'))).toEqual(new Set())
    expect((await opened).epoch).toBe(2)
    await apply(store, effect(1, { epochs: [2] }))
    expect(await store.windows('acme', {})).toMatchObject([{ leased: 0n }])
  })

  it('create windows with the limit that stands, whatever moves it meanwhile', async () => {
    await openBudget(store, { limit: 1n })
    await Promise.all([
      many(40, (index) => pick(index).grantLease(leaseRequest({ leaseId: `l${index}`, tuple: `["${index}"]` }))),
      (async () => { for (let limit = 2n; limit <= 12n; limit++) await store.updateRule('acme', 'rule_1', { limit }, actor) })(),
      (async () => {
        for (let block = 1; block <= 12;) {
          const taken = await apply(pick(block), effect(block, { commits: [commitOf(1n, { tuple: `["block ${block}"]` })] })).catch(() => false)
          if (taken) block++
        }
      })(),
    ])
    const windows = await store.windows('acme', {})
    expect(windows).toHaveLength(52)
    expect(windows.filter((window) => window.limit !== 12n)).toEqual([])
  })
})

describe('blocks at once', () => {
  it('of several journals over the same windows all arrive, in whatever order they touch them', async () => {
    await openBudget(store, { limit: 10n ** 12n })
    const journals = ['journal_1', 'journal_2', 'journal_3', 'journal_4']
    for (const journalId of journals.slice(1)) await store.openEpoch('gateway_1', journalId, 0, 1)
    const tuples = Array.from({ length: 12 }, (_, index) => `["${index}"]`)
    await Promise.all(journals.map(async (journalId, index) => {
      for (const tuple of tuples) await pick(index).grantLease(leaseRequest({ leaseId: `${journalId} ${tuple}`, journalId, tuple, need: 1_000n }))
    }))
    await Promise.all(journals.map(async (journalId, index) => {
      const mine = index % 2 === 0 ? tuples : tuples.toReversed()
      for (let block = 1; block <= 15; block++) {
        const { commits, settlements } = {
          commits: mine.slice(0, 8).map((tuple) => commitOf(2n, { tuple })),
          settlements: mine.slice(4).map((tuple) => ({ windowId: windowId('rule_1', tuple, 0), epoch: 1, amount: 3n })),
        }
        await apply(pick(index + block), effect(block, { key: { journalId, segment: 1, block }, commits, settlements }))
      }
    }))
    const windows = await store.windows('acme', {})
    expect(windows.reduce((sum, window) => sum + window.committed, 0n)).toBe(4n * 15n * 8n * 2n)
    expect(windows.reduce((sum, window) => sum + window.leased, 0n)).toBe(4n * 12n * 1_000n - 4n * 15n * 8n * 3n)
    expect((await store.listJournals()).map((journal) => journal.batches)).toEqual([15, 15, 15, 15])
  })
})

describe('steps held half way', () => {
  /** A transaction from outside that stops others at a row until it is undone. */
  async function hold(text: string): Promise<() => Promise<void>> {
    const holder = new Client({ connectionString: url })
    await holder.connect()
    await holder.query('BEGIN')
    await holder.query(text)
    return async () => {
      await holder.query('ROLLBACK')
      await holder.end()
    }
  }
  /** Waits until so many transactions wait for a lock, or until `done` says that one did not have to. */
  async function untilWaiting(count: number, done: () => boolean = () => false): Promise<void> {
    const client = new Client({ connectionString: url })
    await client.connect()
    await vi.waitFor(async () => {
      const { rowCount } = await client.query(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
      expect(done() || rowCount === count).toBe(true)
    }, { timeout: 20_000, interval: 10 }).finally(() => client.end())
  }

  it('an epoch opens only after the grants of the one before', async () => {
    await openBudget(store)
    await store.grantLease(leaseRequest({ leaseId: 'first' }))
    const letGo = await hold('SELECT 1 FROM budget_window FOR UPDATE')
    const granting = store.grantLease(leaseRequest({ leaseId: 'late' }))
    await untilWaiting(1)
    let opened = false
    const opening = stores[1]!.openEpoch('gateway_1', 'journal_1', 1, 1).then(() => { opened = true })
    await untilWaiting(2, () => opened)
    expect(opened).toBe(false)
    await letGo()
    expect(await granting).toMatchObject({ granted: 100n })
    await opening
  })

  it('a block of the same journal does not wait for a grant', async () => {
    await openBudget(store)
    await store.grantLease(leaseRequest({ leaseId: 'first' }))
    const letGo = await hold('SELECT 1 FROM budget_window FOR UPDATE')
    const granting = store.grantLease(leaseRequest({ leaseId: 'late' }))
    await untilWaiting(1)
    expect(await apply(stores[1]!, effect(1))).toBe(true)
    await letGo()
    expect(await granting).toMatchObject({ granted: 100n })
  })

  it('a limit moves after the window that a grant makes, and reaches it', async () => {
    await openBudget(store, { limit: 1_000n })
    const letGo = await hold(`INSERT INTO lease VALUES ('acme', 'l1', '', 1, 'rule_1', 0, '', 1, 0)`)
    const granting = store.grantLease(leaseRequest({ leaseId: 'l1' }))
    await untilWaiting(1)
    let moved = false
    const moving = stores[1]!.updateRule('acme', 'rule_1', { limit: 5n }, actor).then(() => { moved = true })
    await untilWaiting(2, () => moved)
    await letGo()
    await Promise.all([granting, moving])
    expect(await store.windows('acme', {})).toMatchObject([{ limit: 5n, leased: 100n }])
  })

  it('a limit moves after the windows that a block makes, and reaches them', async () => {
    await openBudget(store, { limit: 1_000n })
    const letGo = await hold(`INSERT INTO quarantine VALUES ('journal_1', 1, 1, 0, '', '')`)
    const applying = apply(store, effect(1, { commits: [commitOf(7n)], quarantined: [{ index: 0, reason: 'odd', payload: '' }] }))
    await untilWaiting(1)
    let moved = false
    const moving = stores[1]!.updateRule('acme', 'rule_1', { limit: 5n }, actor).then(() => { moved = true })
    await untilWaiting(2, () => moved)
    await letGo()
    expect(await applying).toBe(true)
    await moving
    expect(await store.windows('acme', {})).toMatchObject([{ limit: 5n, committed: 7n }])
  })

  it('two grants of one id make one lease', async () => {
    await openBudget(store)
    await store.grantLease(leaseRequest({ leaseId: 'first' }))
    const letGo = await hold('SELECT 1 FROM budget_window FOR UPDATE')
    const both = many(2, (index) => pick(index).grantLease(leaseRequest({ leaseId: 'same' })))
    await untilWaiting(2)
    await letGo()
    expect((await both).map((grant) => grant?.granted)).toEqual([100n, 100n])
    expect(await store.windows('acme', {})).toMatchObject([{ leased: 200n }])
  })
})

describe('lanes', () => {
  it('grant leases while every connection for pages and blocks is busy', async () => {
    await openBudget(store)
    let release: () => void = () => undefined
    const held = new Promise<readonly []>((resolve) => { release = () => { resolve([]) } })
    let began: () => void = () => undefined
    const backfilling = new Promise<void>((resolve) => { began = resolve })
    const first = store.createRule(rule({ id: 'r0' }), () => { began(); return held }, actor)
    await backfilling
    const version = await store.rulesVersion()
    // These wait for the backfill: more of them than their lanes have connections.
    const rules = many(15, (index) => store.createRule(rule({ id: `r${index + 1}` }), async () => [], actor))
    const blocks = many(10, () => store.applyBatch(effect(1), version).catch((error: Error & { code?: string }) => error.code))
    const page = store.listNodes('acme')
    const grants = await many(20, (index) => store.grantLease(leaseRequest({ leaseId: `l${index}`, need: 1n, want: 1n, endMs: farFutureMs })))
    expect(grants.map((grant) => grant?.granted)).toEqual(Array.from({ length: 20 }, () => 1n))
    release()
    await Promise.all([first, rules, page])
    expect(new Set(await blocks)).toEqual(new Set(['conflict']))
    expect(await store.listRules('acme')).toHaveLength(17)
  })
})
