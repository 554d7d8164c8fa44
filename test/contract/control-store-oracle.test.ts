import * as fc from 'fast-check'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { windowId } from '../../src/core/entitlement/rule.ts'
import { createMemoryControlStore } from '../../src/store/memory/control-store.ts'
import type { BatchEffect, ControlStore } from '../../src/store/ports.ts'
import { randomSeed, startPostgres, type TestPostgres } from './control-store-engine.ts'
import { actor, farFutureMs, root, rule, sha256 } from './control-store-samples.ts'

/**
 * Random lives of two gateways over two rules, told to the oracle and to PostgreSQL: both answer every step alike and end
 * in the same windows and accounts. Every run has an organisation of its own in one database.
 */

interface Place { readonly rule: number; readonly tuple: number }
type Step =
  | { readonly kind: 'lease'; readonly journal: number; readonly at: Place; readonly need: number; readonly want: number; readonly stale: boolean; readonly repeat: boolean }
  | { readonly kind: 'block'; readonly journal: number; readonly commits: readonly (Place & { readonly amount: number })[]; readonly settlements: readonly Part[]; readonly returns: readonly Part[]; readonly announcesEpoch: boolean; readonly again: boolean }
  | { readonly kind: 'epoch'; readonly journal: number }
  | { readonly kind: 'limit'; readonly rule: number; readonly limit: number }
  | { readonly kind: 'delete'; readonly rule: number }
type Part = Place & { readonly amount: number; readonly epochsBack: number }

const tuples = ['', '["ada"]', '["bo"]'] as const
const amount = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: -20, max: 600 }))
/** Mostly the same few places, so that steps meet. */
const often = (most: number, max: number): fc.Arbitrary<number> => fc.oneof({ weight: 3, arbitrary: fc.constant(most) }, { weight: 1, arbitrary: fc.nat(max) })
const place = { rule: often(0, 1), tuple: often(0, 2) }
const part = fc.record({ ...place, amount, epochsBack: often(0, 2) })
const journal = fc.nat(1)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('lease' as const), journal, at: fc.record(place), need: fc.nat(60), want: fc.nat(300), stale: fc.nat(9).map((n) => n === 0), repeat: fc.nat(6).map((n) => n === 0) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('block' as const), journal, commits: fc.array(fc.record({ ...place, amount }), { maxLength: 4 }), settlements: fc.array(part, { maxLength: 4 }), returns: fc.array(part, { maxLength: 2 }), announcesEpoch: fc.nat(4).map((n) => n === 0), again: fc.nat(9).map((n) => n === 0) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('epoch' as const), journal }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('limit' as const), rule: fc.nat(1), limit: fc.integer({ min: -5, max: 1_500 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), rule: fc.integer({ min: 0, max: 9 }) }) },
)

/** What the run has done so far; the same for both stores. */
class Run {
  readonly #org: string
  readonly #epochs = [1, 1]
  readonly #blocks = [0, 0]
  #leases = 0
  /** Commits that were applied, per window id. */
  readonly committed = new Map<string, bigint>()

  constructor(name: string) { this.#org = name }

  get org(): string { return this.#org }
  ruleId(index: number): string { return `${this.#org} rule ${index}` }
  isOpenEpoch(journalIndex: number, epoch: number): boolean { return this.#epochs[journalIndex] === epoch }
  journalId(index: number): string { return `${this.#org} journal ${index}` }

  async begin(store: ControlStore): Promise<void> {
    await store.createNode(root(this.#org), actor)
    for (const index of [0, 1]) {
      await store.createRule(rule({ id: this.ruleId(index), orgId: this.#org, limit: 500n }), async () => [], actor)
      await store.putNode({ id: `${this.#org} gateway ${index}`, name: `g${index}`, sha256: sha256(`${this.#org} ${index}`) })
      await store.openEpoch(`${this.#org} gateway ${index}`, this.journalId(index), 0, 1)
    }
  }

  /** The step as a call that any store can be asked for; decided once, so that both stores are asked the same. */
  plan(next: Step): (store: ControlStore) => Promise<unknown> {
    switch (next.kind) {
      case 'lease': return this.#planLease(next)
      case 'block': return this.#planBlock(next)
      case 'epoch': {
        const last = this.#epochs[next.journal]!
        this.#epochs[next.journal] = last + 1
        return (store) => store.openEpoch(`${this.#org} gateway ${next.journal}`, this.journalId(next.journal), last - 1, 2)
      }
      case 'limit': return (store) => store.updateRule(this.#org, this.ruleId(next.rule), { limit: BigInt(next.limit) }, actor)
      case 'delete': return (store) => store.deleteRule(this.#org, this.ruleId(next.rule), actor)
    }
  }

  #planLease(next: Step & { kind: 'lease' }): (store: ControlStore) => Promise<unknown> {
    if (!next.repeat) this.#leases++
    const request = {
      leaseId: `${this.#org} lease ${this.#leases}`, journalId: this.journalId(next.journal),
      epoch: this.#epochs[next.journal]! - (next.stale ? 1 : 0), orgId: this.#org, ruleId: this.ruleId(next.at.rule),
      tuple: tuples[next.at.tuple]!, startMs: 0, endMs: farFutureMs, need: BigInt(next.need), want: BigInt(next.want),
    }
    return (store) => store.grantLease(request)
  }

  #planBlock(next: Step & { kind: 'block' }): (store: ControlStore) => Promise<unknown> {
    if (!next.again) this.#blocks[next.journal]!++
    const epoch = this.#epochs[next.journal]!
    const moved = (item: Part) => ({
      windowId: windowId(this.ruleId(item.rule), tuples[item.tuple]!, 0), epoch: epoch - item.epochsBack, amount: BigInt(item.amount),
    })
    const effect: BatchEffect = {
      key: { journalId: this.journalId(next.journal), segment: 1, block: this.#blocks[next.journal]! },
      rows: next.commits.length, cost: BigInt(next.commits.length), checksum: '', receivedAt: 3,
      commits: next.commits.map((item) => ({
        orgId: this.#org, ruleId: this.ruleId(item.rule), tuple: tuples[item.tuple]!, startMs: 0, endMs: farFutureMs, amount: BigInt(item.amount),
      })),
      settlements: next.settlements.map(moved), returns: next.returns.map(moved),
      epochs: next.announcesEpoch ? [epoch] : [], quarantined: [],
    }
    return async (store) => {
      const applied = await store.applyBatch(effect, await store.rulesVersion())
      if (applied && store === this.counts) for (const item of effect.commits) {
        const id = windowId(item.ruleId, item.tuple, item.startMs)
        this.committed.set(id, (this.committed.get(id) ?? 0n) + item.amount)
      }
      return applied
    }
  }

  /** The store whose applied commits are added up. */
  counts: ControlStore | null = null
}

/** An answer, or the code of a refusal. */
const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => {
    if (error instanceof Error && 'code' in error) return `refused: ${String(error.code)}`
    throw error
  })

let postgres: TestPostgres
let store: ControlStore
let url: string
let close: () => Promise<void>
let runs = 0
beforeAll(async () => {
  postgres = await startPostgres()
  ;({ store, url, close } = await postgres.openStore())
})
afterAll(async () => {
  await close()
  await postgres.stop()
})

const seed = Number(process.env['TOLLGATE_TEST_SEED'] ?? randomSeed())

describe(`budgets like the oracle (seed ${seed})`, () => {
  it('answers every step alike and ends in the same windows and accounts', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const run = new Run(`wild ${runs++}`)
      const oracle = createMemoryControlStore(systemClock)
      run.counts = store
      await run.begin(oracle)
      await run.begin(store)
      for (const next of steps) {
        const ask = run.plan(next)
        expect(await outcome(ask(store))).toEqual(await outcome(ask(oracle)))
      }
      expect(await store.windows(run.org, {})).toEqual(await oracle.windows(run.org, {}))
      expect(await store.leaseAccounts(run.org)).toEqual(await oracle.leaseAccounts(run.org))
      await expectProjections(run)
    }), { seed, numRuns: 40 })
  })

  it('never has more committed and leased than the limit while gateways settle within their holds', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const run = new Run(`tame ${runs++}`)
      run.counts = store
      await run.begin(store)
      for (const next of steps) {
        const tame = await tamed(run, next)
        if (tame !== null) await outcome(run.plan(tame)(store))
        for (const window of await store.windows(run.org, {})) {
          expect(window.leased).toBeGreaterThanOrEqual(0n)
          expect(window.committed + window.leased).toBeLessThanOrEqual(window.limit)
        }
      }
      await expectProjections(run)
    }), { seed, numRuns: 25 })
  })
})

/** The step as a gateway in good order would do it: it settles out of what it leases and commits what it settles; limits only rise. */
async function tamed(run: Run, next: Step): Promise<Step | null> {
  if (next.kind === 'delete') return null
  if (next.kind === 'limit') return next.limit < 500 ? null : { ...next, limit: 500 + runs + next.limit }
  if (next.kind !== 'block') return next
  const accounts = await store.leaseAccounts(run.org)
  const epoch = Math.max(0, ...accounts.filter((item) => item.journalId === run.journalId(next.journal)).map((item) => item.epoch))
  const left = new Map(accounts.filter((item) => item.journalId === run.journalId(next.journal) && item.epoch === epoch)
    .map((item) => [windowId(item.ruleId, item.tuple, item.startMs), item.granted - item.settled - item.returned]))
  const settlements = next.settlements.flatMap((item) => {
    const id = windowId(run.ruleId(item.rule), tuples[item.tuple]!, 0)
    const rest = left.get(id) ?? 0n
    const used = BigInt(Math.max(0, item.amount)) < rest ? BigInt(Math.max(0, item.amount)) : rest
    left.set(id, rest - used)
    return used === 0n ? [] : [{ ...item, amount: Number(used), epochsBack: 0 }]
  })
  // Only accounts of the epoch that is open; after a new epoch without a lease there is nothing to settle.
  if (settlements.length > 0 && !run.isOpenEpoch(next.journal, epoch)) return null
  return { ...next, settlements, commits: settlements.map(({ rule: ruleIndex, tuple, amount: used }) => ({ rule: ruleIndex, tuple, amount: used })) }
}

/** Balances are projections of facts: leases, batches, and the commits that were applied. */
async function expectProjections(run: Run): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const rows = async (text: string): Promise<unknown[]> => (await client.query(text, [run.org])).rows as unknown[]
    expect(await rows(`SELECT a.* FROM lease_account a
      FULL JOIN (SELECT org_id, rule_id, start_ms, tuple_key, journal_id, epoch, sum(granted) AS granted FROM lease WHERE org_id = $1 GROUP BY 1, 2, 3, 4, 5, 6) l
        USING (org_id, rule_id, start_ms, tuple_key, journal_id, epoch)
      WHERE org_id = $1 AND a.granted IS DISTINCT FROM l.granted`)).toEqual([])
    expect(await rows(`SELECT w.* FROM budget_window w
      LEFT JOIN (SELECT org_id, rule_id, start_ms, tuple_key, sum(granted - settled - returned) AS open FROM lease_account GROUP BY 1, 2, 3, 4) a
        USING (org_id, rule_id, start_ms, tuple_key)
      WHERE w.org_id = $1 AND w.leased <> coalesce(a.open, 0)`)).toEqual([])
    expect(await rows(`SELECT j.* FROM journal j
      LEFT JOIN (SELECT journal_id, count(*) AS batches, sum(rows) AS rows FROM batch GROUP BY 1) b USING (journal_id)
      WHERE starts_with(j.journal_id, $1) AND (j.batches <> coalesce(b.batches, 0) OR j.rows <> coalesce(b.rows, 0))`)).toEqual([])
  } finally {
    await client.end()
  }
  for (const window of await store.windows(run.org, {})) {
    expect(window.committed).toBe(run.committed.get(windowId(window.ruleId, window.tuple, window.startMs)) ?? 0n)
  }
}
