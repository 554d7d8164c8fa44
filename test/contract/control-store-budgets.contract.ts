import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { windowId } from '../../src/core/entitlement/rule.ts'
import type { BatchKey, ControlStore } from '../../src/store/ports.ts'
import type { OpenControlStore } from './control-store.contract.ts'
import { actor, apply, commitOf, effect, farFutureMs, leaseRequest, openBudget, root, rule, sha256 } from './control-store-samples.ts'

/** What every control store must do about rules, windows, leases and received blocks. */
export function describeBudgets(name: string, open: OpenControlStore): void {
  describe(`budgets on ${name}`, () => {
    let store: ControlStore
    let close: () => Promise<void>
    beforeEach(async () => { ({ store, close } = await open()) })
    afterEach(() => close())

    describe('rules', () => describeRules(() => store))
    describe('leases', () => describeLeases(() => store))
    describe('journals', () => describeJournals(() => store))
    describe('blocks', () => describeBlocks(() => store))
  })
}

const failsWith = (code: string) => expect.objectContaining({ code })
const sharedWindow = windowId('rule_1', '', 0)

function describeRules(store: () => ControlStore): void {
  it('gives a rule back as it was created', async () => {
    const full = rule({ id: 'r', limit: 123_456_789_012_345_678_901_234n, selector: { nodeId: 'n', model: 'gpt-x' }, per: ['user', 'model'], hard: false, window: { unit: 'week', zone: 'Europe/Berlin' } })
    await store().createRule(full, async () => [], actor)
    expect(await store().getRule('acme', 'r')).toEqual(full)
    expect(await store().listRules('acme')).toEqual([full])
    expect(await store().listRules('other')).toEqual([])
    expect(await store().getRule('other', 'r')).toBeNull()
  })

  it('refuses a taken id, whichever organisation has it and even after deletion', async () => {
    await store().createRule(rule({ id: 'r' }), async () => [], actor)
    await expect(store().createRule(rule({ id: 'r', orgId: 'other' }), async () => [], actor)).rejects.toEqual(failsWith('conflict'))
    expect(await store().deleteRule('acme', 'r', actor)).toBe(true)
    expect(await store().deleteRule('acme', 'r', actor)).toBe(false)
    expect(await store().listRules('acme')).toEqual([])
    expect(await store().updateRule('acme', 'r', { limit: 1n }, actor)).toBeNull()
    await expect(store().createRule(rule({ id: 'r' }), async () => [], actor)).rejects.toEqual(failsWith('conflict'))
    await expect(store().createRule(rule({ id: 'a|b' }), async () => [], actor)).rejects.toEqual(failsWith('invalid'))
  })

  it('backfills from the cut of every journal', async () => {
    await openBudget(store())
    await apply(store(), effect(7))
    await store().openEpoch('gateway_1', 'journal_0', 0, 1)
    let seen: readonly BatchKey[] = []
    await store().createRule(rule({ id: 'r2', per: ['user'], limit: 50n }), async (cut) => {
      seen = cut
      return [{ tuple: '["ada"]', startMs: 5, endMs: farFutureMs, committed: 42n }, { tuple: '["bo"]', startMs: 5, endMs: farFutureMs, committed: -1n }]
    }, actor)
    expect(seen).toEqual([{ journalId: 'journal_1', segment: 1, block: 7 }])
    expect(await store().windows('acme', { ruleId: 'r2' })).toEqual([
      { orgId: 'acme', ruleId: 'r2', tuple: '["ada"]', startMs: 5, endMs: farFutureMs, limit: 50n, committed: 42n, leased: 0n },
      { orgId: 'acme', ruleId: 'r2', tuple: '["bo"]', startMs: 5, endMs: farFutureMs, limit: 50n, committed: -1n, leased: 0n },
    ])
  })

  it('leaves nothing behind when the backfill fails', async () => {
    await store().createNode(root('acme'), actor)
    const version = await store().rulesVersion()
    await expect(store().createRule(rule({ id: 'r' }), () => Promise.reject(new Error('events are away')), actor)).rejects.toThrow('events are away')
    expect(await store().listRules('acme')).toEqual([])
    expect(await store().rulesVersion()).toBe(version)
    expect((await store().audit('acme', null, 10)).rows).toHaveLength(1)
    await store().createRule(rule({ id: 'r' }), async () => [], actor)
  })

  it('keeps blocks out while a rule is backfilled, and makes them read the rules again', async () => {
    await openBudget(store())
    const version = await store().rulesVersion()
    let block: Promise<boolean> = Promise.resolve(false)
    let during = 'not asked'
    await store().createRule(rule({ id: 'r2' }), async () => {
      block = store().applyBatch(effect(1), version)
      const outcome = block.then(() => 'applied', () => 'refused')
      during = await Promise.race([outcome, new Promise<string>((resolve) => { setTimeout(resolve, 200, 'waiting') })])
      return []
    }, actor)
    expect(during).toBe('waiting')
    await expect(block).rejects.toEqual(failsWith('conflict'))
    expect(await apply(store(), effect(1))).toBe(true)
  })

  it('moves the limit of windows that have not ended, and of no other', async () => {
    await openBudget(store())
    await apply(store(), effect(1, { commits: [commitOf(1n), commitOf(2n, { startMs: -9_000, endMs: 1_000 })] }))
    expect(await store().updateRule('acme', 'rule_1', { limit: 77n, name: 'new' }, actor)).toEqual(rule({ id: 'rule_1', limit: 77n, name: 'new' }))
    expect((await store().windows('acme', {})).map((window) => [window.startMs, window.limit])).toEqual([[-9_000, 1_000n], [0, 77n]])
    expect((await store().audit('acme', null, 1)).rows[0]).toMatchObject({ action: 'rule.update', detail: { limit: { from: '1000', to: '77' } } })
  })
}

function describeLeases(store: () => ControlStore): void {
  beforeEach(() => openBudget(store()))

  it('grants what is wanted, at most half of what is left', async () => {
    expect(await store().grantLease(leaseRequest({ leaseId: 'l1', want: 100n }))).toEqual({
      leaseId: 'l1', granted: 100n,
      window: { orgId: 'acme', ruleId: 'rule_1', tuple: '', startMs: 0, endMs: farFutureMs, limit: 1_000n, committed: 0n, leased: 100n },
    })
    expect(await store().grantLease(leaseRequest({ leaseId: 'l2', want: 10_000n }))).toMatchObject({ granted: 450n, window: { leased: 550n } })
    expect(await store().leaseAccounts('acme')).toEqual([
      { orgId: 'acme', ruleId: 'rule_1', tuple: '', startMs: 0, journalId: 'journal_1', epoch: 1, granted: 550n, settled: 0n, returned: 0n }])
  })

  it('grants the need of a waiting call down to the last unit, and then nothing', async () => {
    expect(await store().grantLease(leaseRequest({ leaseId: 'l1', need: 999n, want: 0n }))).toMatchObject({ granted: 999n })
    expect(await store().grantLease(leaseRequest({ leaseId: 'l2', need: 2n, want: 2n }))).toMatchObject({ granted: 0n, window: { leased: 999n } })
    expect(await store().grantLease(leaseRequest({ leaseId: 'l3', need: 1n, want: 50n }))).toMatchObject({ granted: 1n, window: { leased: 1_000n } })
    expect(await store().grantLease(leaseRequest({ leaseId: 'l4', need: 0n, want: 50n }))).toMatchObject({ granted: 0n })
    await expect(store().grantLease(leaseRequest({ leaseId: 'l5', need: -1n }))).rejects.toEqual(failsWith('invalid'))
  })

  it('answers the same lease to the same id, once and at once', async () => {
    const first = await store().grantLease(leaseRequest({ leaseId: 'l1' }))
    expect(await store().grantLease(leaseRequest({ leaseId: 'l1', want: 500n }))).toEqual(first)
    const many = await Promise.all(Array.from({ length: 10 }, () => store().grantLease(leaseRequest({ leaseId: 'l2' }))))
    expect(new Set(many.map((grant) => grant?.granted))).toEqual(new Set([100n]))
    expect(await store().windows('acme', {})).toMatchObject([{ leased: 200n }])
    await expect(store().grantLease(leaseRequest({ leaseId: 'l1', tuple: '["x"]' }))).rejects.toEqual(failsWith('invalid'))
  })

  it('asks again under a refused id', async () => {
    await store().grantLease(leaseRequest({ leaseId: 'all', need: 1_000n }))
    expect(await store().grantLease(leaseRequest({ leaseId: 'l1' }))).toMatchObject({ granted: 0n })
    await apply(store(), effect(1, { returns: [{ windowId: sharedWindow, epoch: 1, amount: 500n }] }))
    expect(await store().grantLease(leaseRequest({ leaseId: 'l1' }))).toMatchObject({ granted: 100n })
  })

  it('refuses a journal epoch that has ended or never was', async () => {
    await store().openEpoch('gateway_1', 'journal_1', 0, 2_000)
    await expect(store().grantLease(leaseRequest({ leaseId: 'l1', epoch: 1 }))).rejects.toEqual(failsWith('epoch_stale'))
    await expect(store().grantLease(leaseRequest({ leaseId: 'l1', epoch: 3 }))).rejects.toEqual(failsWith('epoch_stale'))
    await expect(store().grantLease(leaseRequest({ leaseId: 'l1', journalId: 'unknown' }))).rejects.toEqual(failsWith('epoch_stale'))
    expect(await store().grantLease(leaseRequest({ leaseId: 'l1', epoch: 2 }))).toMatchObject({ granted: 100n })
  })

  it('answers null when the rule is gone', async () => {
    expect(await store().grantLease(leaseRequest({ leaseId: 'l1', ruleId: 'none' }))).toBeNull()
    expect(await store().grantLease(leaseRequest({ leaseId: 'l1', orgId: 'other' }))).toBeNull()
    await store().deleteRule('acme', 'rule_1', actor)
    expect(await store().grantLease(leaseRequest({ leaseId: 'l1' }))).toBeNull()
  })

  it('stops at once when the limit is lowered and goes on when it is raised', async () => {
    await store().grantLease(leaseRequest({ leaseId: 'l1', need: 300n }))
    await store().updateRule('acme', 'rule_1', { limit: 200n }, actor)
    expect(await store().grantLease(leaseRequest({ leaseId: 'l2', need: 1n }))).toMatchObject({ granted: 0n, window: { limit: 200n, leased: 300n } })
    await store().updateRule('acme', 'rule_1', { limit: 10n ** 25n }, actor)
    expect(await store().grantLease(leaseRequest({ leaseId: 'l2', need: 10n ** 24n }))).toMatchObject({ granted: 10n ** 24n })
  })

  it('keeps tuples apart, however long they are', async () => {
    const long = [JSON.stringify(['a'.repeat(5_000)]), JSON.stringify(['a'.repeat(5_000) + 'b'])] as const
    await store().grantLease(leaseRequest({ leaseId: 'l1', tuple: long[0], need: 1n, want: 1n }))
    await store().grantLease(leaseRequest({ leaseId: 'l2', tuple: long[1], need: 2n, want: 2n }))
    await apply(store(), effect(1, { commits: [commitOf(7n, { tuple: long[1] })], settlements: [{ windowId: windowId('rule_1', long[1], 0), epoch: 1, amount: 1n }] }))
    const windows = new Map((await store().windows('acme', {})).map((window) => [window.tuple, [window.committed, window.leased]]))
    expect(windows).toEqual(new Map([[long[0], [0n, 1n]], [long[1], [7n, 1n]]]))
    expect((await store().leaseAccounts('acme')).map((account) => account.tuple).toSorted()).toEqual([...long].toSorted())
  })

  it('lists the windows of an instant', async () => {
    await apply(store(), effect(1, { commits: [commitOf(1n, { startMs: 0, endMs: 100 }), commitOf(1n, { startMs: 100, endMs: 200 })] }))
    expect((await store().windows('acme', { atMs: 99 })).map((window) => window.startMs)).toEqual([0])
    expect((await store().windows('acme', { atMs: 100, ruleId: 'rule_1' })).map((window) => window.startMs)).toEqual([100])
    expect(await store().windows('acme', { ruleId: 'none' })).toEqual([])
    expect(await store().windows('other', {})).toEqual([])
  })
}

function describeJournals(store: () => ControlStore): void {
  it('knows gateways by the hash of their credential', async () => {
    await store().putNode({ id: 'g', name: 'one', sha256: sha256('a') })
    await store().putNode({ id: 'g', name: 'two', sha256: sha256('b') })
    expect(await store().findNode(sha256('a'))).toBeNull()
    expect(await store().findNode(sha256('b'))).toEqual({ id: 'g', name: 'two' })
    await expect(store().putNode({ id: 'h', name: 'thief', sha256: sha256('b') })).rejects.toEqual(failsWith('conflict'))
  })

  it('binds a journal to its gateway and opens epochs above every one seen', async () => {
    for (const id of ['g', 'h']) await store().putNode({ id, name: id, sha256: sha256(id) })
    expect(await store().openEpoch('g', 'j', 0, 1)).toEqual({ epoch: 1, last: null })
    expect(await store().openEpoch('g', 'j', 0, 2)).toEqual({ epoch: 2, last: null })
    expect(await store().openEpoch('g', 'j', 9, 3)).toEqual({ epoch: 10, last: null })
    await expect(store().openEpoch('h', 'j', 0, 4)).rejects.toEqual(failsWith('journal_mismatch'))
    await expect(store().openEpoch('nobody', 'k', 0, 4)).rejects.toEqual(failsWith('node_unknown'))
    expect(await store().listJournals()).toEqual([{ journalId: 'j', nodeId: 'g', nodeName: 'g', epoch: 10, last: null, seenAt: 3, batches: 0, rows: 0 }])
    const opened = await Promise.all(Array.from({ length: 8 }, () => store().openEpoch('g', 'j', 0, 5)))
    expect(opened.map((item) => item.epoch).toSorted((a, b) => a - b)).toEqual([11, 12, 13, 14, 15, 16, 17, 18])
  })
}

function describeBlocks(store: () => ControlStore): void {
  beforeEach(() => openBudget(store()))

  it('takes a block once and in order', async () => {
    expect(await store().lastBatch('journal_1')).toBeNull()
    expect(await apply(store(), effect(1, { rows: 3, cost: -5n }))).toBe(true)
    expect(await apply(store(), effect(4))).toBe(true)
    expect(await apply(store(), effect(1))).toBe(false)
    await expect(apply(store(), effect(2))).rejects.toEqual(failsWith('block_out_of_order'))
    expect(await apply(store(), effect(0, { key: { journalId: 'journal_1', segment: 2, block: 0 } }))).toBe(true)
    await expect(apply(store(), effect(9))).rejects.toEqual(failsWith('block_out_of_order'))
    expect(await store().lastBatch('journal_1')).toEqual({ journalId: 'journal_1', segment: 2, block: 0 })
    expect(await store().hasBatch(effect(4).key)).toBe(true)
    expect(await store().hasBatch(effect(2).key)).toBe(false)
    expect(await store().listBatches('journal_1')).toEqual([
      { key: effect(1).key, rows: 3, cost: -5n, checksum: 'sum 1', receivedAt: 10_001 }, { key: effect(4).key, rows: 1, cost: 5n, checksum: 'sum 4', receivedAt: 10_004 },
      { key: { journalId: 'journal_1', segment: 2, block: 0 }, rows: 1, cost: 5n, checksum: 'sum 0', receivedAt: 10_000 }])
    expect(await store().listJournals()).toMatchObject([{ batches: 3, rows: 5, seenAt: 10_000, last: { segment: 2, block: 0 } }])
    expect(await store().openEpoch('gateway_1', 'journal_1', 0, 1)).toMatchObject({ last: { segment: 2, block: 0 } })
  })

  it('fills a gap with a late block, once, and keeps the offset', async () => {
    await apply(store(), effect(4))
    expect(await apply(store(), effect(2, { late: true, commits: [commitOf(5n)] }))).toBe(true)
    expect(await apply(store(), effect(2, { late: true, commits: [commitOf(5n)] }))).toBe(false)
    expect(await store().lastBatch('journal_1')).toMatchObject({ block: 4 })
    expect(await apply(store(), effect(6, { late: true }))).toBe(true)
    expect(await store().lastBatch('journal_1')).toMatchObject({ block: 6 })
    expect(await store().listJournals()).toMatchObject([{ batches: 3, rows: 3 }])
    expect(await store().windows('acme', {})).toMatchObject([{ committed: 5n }])
  })

  it('keeps batches out while it corrects what windows committed', async () => {
    await apply(store(), effect(1, { commits: [commitOf(5n), commitOf(9n, { tuple: '["x"]' })] }))
    let waiting: Promise<boolean> | null = null
    const wrong = [{ ruleId: 'rule_1', tuple: '', startMs: 0, committed: 7n }, { ruleId: 'rule_1', tuple: '["x"]', startMs: 0, committed: 9n }, { ruleId: 'rule_1', tuple: '["y"]', startMs: 0, committed: 1n }]
    const changed = await store().betweenBatches(async (cut) => {
      expect(cut).toEqual([effect(1).key])
      waiting = apply(store(), effect(2, { commits: [commitOf(5n)] }))
      expect(await store().hasBatch(effect(2).key)).toBe(false)
      return store().correctCommitted('acme', wrong, { id: 'someone', name: 'Someone' })
    })
    expect(changed).toBe(1)
    expect(await waiting).toBe(true)
    expect(await store().correctCommitted('other', wrong, { id: 'someone', name: 'Someone' })).toBe(0)
    expect((await store().windows('acme', {})).map((window) => window.committed)).toEqual([12n, 9n])
    expect((await store().audit('acme', null, 1)).rows[0]).toMatchObject({ action: 'budget.correct', actor: { id: 'someone' } })
    await expect(store().betweenBatches(async () => { throw new Error('broke off') })).rejects.toThrow('broke off')
    expect(await apply(store(), effect(3))).toBe(true)
  })

  it('takes one of many equal blocks that arrive at once', async () => {
    const taken = await Promise.all(Array.from({ length: 6 }, () => apply(store(), effect(1, { commits: [commitOf(5n)] }))))
    expect(taken.filter(Boolean)).toHaveLength(1)
    expect(await store().windows('acme', {})).toMatchObject([{ committed: 5n }])
  })

  it('refuses a journal nobody opened, and a block read under other rules', async () => {
    await expect(apply(store(), effect(1, { key: { journalId: 'stranger', segment: 1, block: 1 } }))).rejects.toEqual(failsWith('journal_mismatch'))
    const version = await store().rulesVersion()
    await store().createRule(rule({ id: 'r2' }), async () => [], actor)
    await expect(store().applyBatch(effect(1), version)).rejects.toEqual(failsWith('conflict'))
    expect(await store().hasBatch(effect(1).key)).toBe(false)
  })

  it('adds up commits per window, negative ones too', async () => {
    const huge = 10n ** 30n
    await apply(store(), effect(1, { commits: [commitOf(huge), commitOf(-1n), commitOf(5n, { tuple: '["x"]' }), commitOf(6n)] }))
    await apply(store(), effect(2, { commits: [commitOf(-huge)] }))
    expect((await store().windows('acme', {})).map((window) => [window.tuple, window.committed])).toEqual([['', 5n], ['["x"]', 5n]])
  })

  it('moves settled holds out of leased, never more than the account holds', async () => {
    await store().grantLease(leaseRequest({ leaseId: 'l1', need: 100n }))
    await apply(store(), effect(1, { commits: [commitOf(30n)], settlements: [{ windowId: sharedWindow, epoch: 1, amount: 10n }, { windowId: sharedWindow, epoch: 1, amount: 20n }] }))
    expect(await store().windows('acme', {})).toMatchObject([{ committed: 30n, leased: 70n }])
    await apply(store(), effect(2, { settlements: [{ windowId: sharedWindow, epoch: 1, amount: 60n }], returns: [{ windowId: sharedWindow, epoch: 1, amount: 60n }] }))
    expect(await store().windows('acme', {})).toMatchObject([{ leased: 0n }])
    expect(await store().leaseAccounts('acme')).toMatchObject([{ granted: 100n, settled: 90n, returned: 10n }])
    await apply(store(), effect(3, { settlements: [{ windowId: sharedWindow, epoch: 1, amount: 5n }], returns: [{ windowId: sharedWindow, epoch: 1, amount: 5n }] }))
    expect(await store().leaseAccounts('acme')).toMatchObject([{ granted: 100n, settled: 90n, returned: 10n }])
  })

  it('changes nothing for names it does not know and amounts below zero', async () => {
    await store().grantLease(leaseRequest({ leaseId: 'l1', need: 100n }))
    const odd = ['', 'rule_1', '|0|', 'rule_1|x|', 'none|0|', 'rule_1|0|\0', windowId('rule_1', '', 5)].map((id) => ({ windowId: id, epoch: 1, amount: 1n }))
    expect(await apply(store(), effect(1, {
      settlements: [...odd, { windowId: sharedWindow, epoch: 2, amount: 1n }, { windowId: sharedWindow, epoch: 1, amount: -50n }],
      returns: [...odd, { windowId: sharedWindow, epoch: 1, amount: -50n }],
    }))).toBe(true)
    expect(await store().windows('acme', {})).toMatchObject([{ leased: 100n }])
    expect(await store().leaseAccounts('acme')).toMatchObject([{ granted: 100n, settled: 0n, returned: 0n }])
  })

  it('gives back what earlier epochs of the journal still lease, and no other journal', async () => {
    await store().openEpoch('gateway_1', 'journal_2', 0, 1)
    await store().grantLease(leaseRequest({ leaseId: 'l1', need: 100n }))
    await store().grantLease(leaseRequest({ leaseId: 'l2', need: 7n, want: 7n, journalId: 'journal_2' }))
    await store().openEpoch('gateway_1', 'journal_1', 0, 2)
    await store().grantLease(leaseRequest({ leaseId: 'l3', need: 40n, want: 40n, epoch: 2 }))
    await apply(store(), effect(1, { epochs: [2], settlements: [{ windowId: sharedWindow, epoch: 1, amount: 25n }] }))
    expect((await store().leaseAccounts('acme')).map((account) => [account.journalId, account.epoch, account.settled, account.returned])).toEqual([
      ['journal_1', 1, 25n, 75n], ['journal_1', 2, 0n, 0n], ['journal_2', 1, 0n, 0n]])
    expect(await store().windows('acme', {})).toMatchObject([{ leased: 47n }])
  })

  it('closes the epochs of every organisation', async () => {
    await store().createRule(rule({ id: 'rule_2', orgId: 'other' }), async () => [], actor)
    await store().grantLease(leaseRequest({ leaseId: 'l1', ruleId: 'rule_2', orgId: 'other' }))
    await apply(store(), effect(1, { epochs: [2] }))
    expect(await store().leaseAccounts('other')).toMatchObject([{ granted: 100n, returned: 100n }])
  })

  it('keeps unreadable frames with their reason, whatever bytes they hold', async () => {
    await apply(store(), effect(1, { quarantined: [{ index: 3, reason: 'not JSON', payload: 'nul \0 and lone \ud800' }, { index: 4, reason: 'no record', payload: '' }] }))
    expect(await store().listQuarantine()).toEqual([
      { batchId: 'journal_1:1:1', index: 3, reason: 'not JSON' }, { batchId: 'journal_1:1:1', index: 4, reason: 'no record' }])
  })

  it('takes a block of several thousand changes', async () => {
    const tuples = Array.from({ length: 3_000 }, (_, index) => `["user ${index % 1_000}"]`)
    await apply(store(), effect(1, { rows: 3_000, commits: tuples.map((tuple) => commitOf(2n, { tuple })) }))
    const windows = await store().windows('acme', {})
    expect(windows).toHaveLength(1_000)
    expect(windows.every((window) => window.committed === 6n)).toBe(true)
  })
}
