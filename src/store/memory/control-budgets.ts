import { TollgateError } from '../../base/errors.ts'
import { windowId, type BudgetRule } from '../../core/entitlement/rule.ts'
import { batchIdOf, type BatchEffect, type BatchKey, type BudgetStore, type LeaseAccount, type ReceiveStore, type WindowState } from '../ports.ts'
import { auditLines } from '../relational/audit-lines.ts'
import { alone, audited, compare, given, inOrg, nameOf, type ControlState, type Mutable, type StoredJournal } from './control-state.ts'

export function createMemoryBudgetStore(state: ControlState): BudgetStore {
  const live = (orgId: string, id: string): BudgetRule | null => {
    const item = state.rules.get(id)
    return item === undefined || item.deleted || item.rule.orgId !== orgId ? null : item.rule
  }
  return {
    async listRules(orgId) {
      return inOrg([...state.rules.values()].filter((item) => !item.deleted).map((item) => item.rule), orgId, (rule) => rule.id)
    },
    getRule: async (orgId, id) => live(orgId, id),
    createRule: (rule, backfill, actor) => alone(state, async () => {
      if (rule.id === '' || /[|\0]/.test(rule.id)) throw new TollgateError('invalid')
      if (state.rules.has(rule.id)) throw new TollgateError('conflict')
      const found = await backfill(cutOf(state))
      state.rules.set(rule.id, { rule: { ...rule }, deleted: false })
      for (const item of found) openWindow(state, rule, item).committed = item.committed
      audited(state, rule.orgId, actor, auditLines.ruleCreated(rule), 'rules')
    }),
    async updateRule(orgId, id, change, actor) {
      const before = live(orgId, id)
      if (before === null) return null
      const after: BudgetRule = { ...before, ...given(change) }
      state.rules.set(id, { rule: after, deleted: false })
      for (const window of state.windows.values()) {
        if (window.ruleId === id && window.endMs > state.clock.now()) window.limit = after.limit
      }
      audited(state, orgId, actor, auditLines.ruleUpdated(before, change), 'rules')
      return after
    },
    async deleteRule(orgId, id, actor) {
      const rule = live(orgId, id)
      if (rule === null) return false
      state.rules.set(id, { rule, deleted: true })
      audited(state, orgId, actor, auditLines.ruleDeleted(id), 'rules')
      return true
    },
    betweenBatches: (work) => alone(state, () => work(cutOf(state))),
    async correctCommitted(orgId, windows, actor) {
      let changed = 0
      for (const { ruleId, tuple, startMs, committed } of windows) {
        const window = state.windows.get(windowId(ruleId, tuple, startMs))
        if (window === undefined || window.orgId !== orgId || window.committed === committed) continue
        window.committed = committed
        changed += 1
      }
      if (changed > 0) audited(state, orgId, actor, auditLines.committedCorrected(windows), 'nothing')
      return changed
    },
    async windows(orgId, filter) {
      return [...state.windows.values()]
        .filter((window) => window.orgId === orgId && (filter.ruleId === undefined || window.ruleId === filter.ruleId)
          && (filter.atMs === undefined || (window.startMs <= filter.atMs && window.endMs > filter.atMs)))
        .sort(byWindow).map((window) => ({ ...window }))
    },
    async leaseAccounts(orgId) {
      return [...state.accounts.values()].filter((account) => account.orgId === orgId)
        .sort((a, b) => byWindow(a, b) || compare(a.journalId, b.journalId) || compare(a.epoch, b.epoch)).map((account) => ({ ...account }))
    },
    grantLease: async (request) => grantLease(state, request, live(request.orgId, request.ruleId)),
  }
}

const cutOf = (state: ControlState): readonly BatchKey[] =>
  [...state.journals.values()].flatMap((journal) => (journal.last === null ? [] : [journal.last])).sort((a, b) => compare(a.journalId, b.journalId))

const byWindow = (a: Pick<WindowState, 'ruleId' | 'startMs' | 'tuple'>, b: Pick<WindowState, 'ruleId' | 'startMs' | 'tuple'>): number =>
  compare(a.ruleId, b.ruleId) || compare(a.startMs, b.startMs) || compare(a.tuple, b.tuple)

function openWindow(
  state: ControlState, rule: BudgetRule, at: { readonly tuple: string; readonly startMs: number; readonly endMs: number },
): Mutable<WindowState> {
  const id = windowId(rule.id, at.tuple, at.startMs)
  const window = state.windows.get(id) ?? {
    orgId: rule.orgId, ruleId: rule.id, tuple: at.tuple, startMs: at.startMs, endMs: at.endMs, limit: rule.limit, committed: 0n, leased: 0n,
  }
  state.windows.set(id, window)
  return window
}

function grantLease(
  state: ControlState, request: Parameters<BudgetStore['grantLease']>[0], rule: BudgetRule | null,
): Awaited<ReturnType<BudgetStore['grantLease']>> {
  const { leaseId, journalId, epoch, orgId, ruleId, tuple, startMs, need, want } = request
  if (need < 0n || want < 0n) throw new TollgateError('invalid')
  if (state.journals.get(journalId)?.epoch !== epoch) throw new TollgateError('epoch_stale')
  const earlier = state.leases.get(nameOf(orgId, leaseId))
  if (earlier !== undefined) {
    const same = earlier.journalId === journalId && earlier.ruleId === ruleId && earlier.startMs === startMs && earlier.tuple === tuple
    if (!same) throw new TollgateError('invalid')
    return { leaseId, granted: earlier.granted, window: { ...state.windows.get(windowId(ruleId, tuple, startMs))! } }
  }
  if (rule === null) return null
  const window = openWindow(state, rule, request)
  const left = window.limit - window.committed - window.leased
  let granted = 0n
  if (left > 0n && need <= left) {
    granted = need > left / 2n ? need : left / 2n
    const wanted = want > need ? want : need
    if (wanted < granted) granted = wanted
  }
  if (granted > 0n) {
    window.leased += granted
    state.leases.set(nameOf(orgId, leaseId), { leaseId, orgId, journalId, ruleId, startMs, tuple, granted })
    const name = accountName(journalId, epoch, windowId(ruleId, tuple, startMs))
    const account = state.accounts.get(name) ?? { orgId, ruleId, tuple, startMs, journalId, epoch, granted: 0n, settled: 0n, returned: 0n }
    account.granted += granted
    state.accounts.set(name, account)
  }
  return { leaseId, granted, window: { ...window } }
}

const accountName = (journalId: string, epoch: number, window: string): string => nameOf(journalId, epoch, window)
const restOf = (account: LeaseAccount): bigint => account.granted - account.settled - account.returned

export function createMemoryReceiveStore(state: ControlState): ReceiveStore {
  return {
    async findNode(sha256) {
      const node = [...state.gateways.values()].find((item) => item.sha256 === sha256)
      return node === undefined ? null : { id: node.id, name: node.name }
    },
    async putNode(node) {
      if ([...state.gateways.values()].some((other) => other.sha256 === node.sha256 && other.id !== node.id)) throw new TollgateError('conflict')
      state.gateways.set(node.id, { ...node })
    },
    async openEpoch(nodeId, journalId, lastEpoch, nowMs) {
      if (!state.gateways.has(nodeId)) throw new TollgateError('node_unknown')
      const journal: StoredJournal = state.journals.get(journalId) ?? { nodeId, epoch: 0, last: null, seenAt: nowMs, batches: 0, rows: 0 }
      if (journal.nodeId !== nodeId) throw new TollgateError('journal_mismatch')
      journal.epoch = Math.max(journal.epoch, lastEpoch) + 1
      journal.seenAt = nowMs
      state.journals.set(journalId, journal)
      return { epoch: journal.epoch, last: journal.last }
    },
    lastBatch: async (journalId) => state.journals.get(journalId)?.last ?? null,
    hasBatch: async (key) => state.batches.has(batchIdOf(key)),
    rulesVersion: async () => String(state.versions.rules),
    applyBatch: (effect, rulesVersion) => alone(state, async () => applyBatch(state, effect, rulesVersion)),
    async listJournals() {
      return [...state.journals].sort(([a], [b]) => compare(a, b)).map(([journalId, journal]) => ({
        journalId, nodeId: journal.nodeId, nodeName: state.gateways.get(journal.nodeId)?.name ?? '', epoch: journal.epoch, last: journal.last,
        seenAt: journal.seenAt, batches: journal.batches, rows: journal.rows,
      }))
    },
    async listBatches(journalId) {
      return [...state.batches.values()].filter((effect) => effect.key.journalId === journalId).sort((a, b) => byKey(a.key, b.key))
        .map((effect) => ({ key: { ...effect.key }, rows: effect.rows, cost: effect.cost, checksum: effect.checksum, receivedAt: effect.receivedAt }))
    },
    async listQuarantine() {
      return [...state.batches.values()].sort((a, b) => byKey(a.key, b.key)).flatMap((effect) =>
        effect.quarantined.map((frame) => ({ batchId: batchIdOf(effect.key), index: frame.index, reason: frame.reason })))
    },
  }
}

const byKey = (a: BatchKey, b: BatchKey): number => compare(a.journalId, b.journalId) || compare(a.segment, b.segment) || compare(a.block, b.block)

function applyBatch(state: ControlState, effect: BatchEffect, rulesVersion: string): boolean {
  const { key } = effect
  const journal = state.journals.get(key.journalId)
  if (journal === undefined) throw new TollgateError('journal_mismatch')
  if (state.batches.has(batchIdOf(key))) return false
  const next = journal.last === null || byKey(key, journal.last) > 0
  if (!next && effect.late !== true) throw new TollgateError('block_out_of_order')
  if (String(state.versions.rules) !== rulesVersion) throw new TollgateError('conflict')
  state.batches.set(batchIdOf(key), effect)
  for (const item of effect.commits) openWindow(state, state.rules.get(item.ruleId)!.rule, item).committed += item.amount
  for (const item of effect.settlements) free(state, key.journalId, item, 'settled')
  for (const item of effect.returns) free(state, key.journalId, item, 'returned')
  for (const epoch of effect.epochs) closeBelow(state, key.journalId, epoch)
  Object.assign(journal, { last: next ? key : journal.last, seenAt: effect.receivedAt, batches: journal.batches + 1, rows: journal.rows + effect.rows })
  return true
}

/** Moves at most the rest of the account out of what its window leases. */
function free(state: ControlState, journalId: string, item: BatchEffect['returns'][number], member: 'settled' | 'returned'): void {
  const account = state.accounts.get(accountName(journalId, item.epoch, item.windowId))
  const window = state.windows.get(item.windowId)
  if (account === undefined || window === undefined || item.amount <= 0n) return
  const amount = item.amount < restOf(account) ? item.amount : restOf(account)
  account[member] += amount
  window.leased -= amount
}

function closeBelow(state: ControlState, journalId: string, epoch: number): void {
  for (const account of state.accounts.values()) {
    if (account.journalId !== journalId || account.epoch >= epoch) continue
    const window = state.windows.get(windowId(account.ruleId, account.tuple, account.startMs))!
    window.leased -= restOf(account)
    account.returned += restOf(account)
  }
}
