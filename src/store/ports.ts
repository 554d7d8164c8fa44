import type { Amount } from '../base/money.ts'
import type { CostAnswer, CostQuery } from '../core/analytics/cost-query.ts'
import type { CostSplit, SplitQuery } from '../core/analytics/cost-split.ts'
import type { BudgetRule } from '../core/entitlement/rule.ts'
import type { ModelAlias, ModelLimits, PriceEntry } from '../core/pricing/price-entry.ts'
import type { KeyPolicy } from '../core/usage/key-policy.ts'
import type { ProviderRoute } from '../core/usage/provider-route.ts'
import type { UsageRecord } from '../core/usage/usage-record.ts'

/**
 * What the rest of the product asks of its stores. One contract suite per port (test/contract) runs on the memory
 * oracle and on the real engine. Every method that writes for a person takes the actor and writes the audit row in
 * the same transaction.
 */

/** Names one sealed journal block; text form `${journalId}:${segment}:${block}` is the batch id and dedup token. */
export interface BatchKey {
  readonly journalId: string
  readonly segment: number
  readonly block: number
}
/** The batch id of a block. */
export const batchIdOf = (key: BatchKey): string => `${key.journalId}:${key.segment}:${key.block}`

/** Half-open range of `at`, ms UTC. */
export interface TimeRange { readonly fromMs: number; readonly toMs: number }

/** Which part of an organisation a reader may see: null = all of it, else any of these nodes and what is below. */
export interface ReadScope { readonly orgId: string; readonly nodeIds: readonly string[] | null }

/* ───────────────────────────── events (ClickHouse) ───────────────────────────── */

export interface RecordFilter {
  readonly range: TimeRange
  /** Exact matches on whitelisted dimensions; pricing 'incomplete' is either of unpriced and partial. */
  readonly match: Readonly<Partial<Record<'kind' | 'unit' | 'team' | 'app' | 'key' | 'provider' | 'model' | 'endpoint' | 'quality' | 'pricing' | 'user' | 'agent' | 'workflow' | 'run' | 'session' | 'cost_centre' | 'error_class' | 'call', string>>>
  /** What pages go by, greatest first: the instant unless told otherwise, or the cost, rows without one last. Equals go by (at, event id). */
  readonly order?: RecordOrder
}
export type RecordOrder = 'at' | 'cost'
/** `next` is opaque: where the last row stands in the order. */
export interface RecordPage { readonly rows: readonly StoredRecord[]; readonly next: string | null }
export type StoredRecord = UsageRecord & { readonly batchId: string; readonly recordedAt: number }

export interface BatchTotals { readonly batchId: string; readonly rows: number; readonly cost: Amount }

export interface EventStore {
  /** Applies numbered migrations; safe to run twice and from two processes. */
  migrate(): Promise<void>
  /**
   * Exactly once per batch id, raw and rollups together; repeating it with the same rows changes nothing, also after a
   * failure half way. A row whose event id another batch has stored for the same hour is left out.
   */
  insertBatch(batchId: string, rows: readonly UsageRecord[], recordedAt: number): Promise<void>
  /**
   * Repair: stores those rows of a batch that are gone, whatever the engine remembers of the batch id; returns how many.
   * Rollups that outlived their rows then count them twice: rebuildRollups afterwards.
   */
  restoreRows(batchId: string, rows: readonly UsageRecord[], recordedAt: number): Promise<number>
  /**
   * Repair: rebuilds the rollups of every month in which they differ from raw rows; returns these months (YYYYMM), none when
   * all agree. A batch stored meanwhile may be missed, so call it where batches are kept out, until it finds nothing.
   */
  rebuildRollups(): Promise<readonly string[]>
  /**
   * Answers a cost question within the scope, from rollups where they can answer it to the last digit and from raw rows
   * elsewhere. Throws TollgateError('invalid') for a malformed question, 'query_too_large' past the engine's bounds.
   */
  costQuery(scope: ReadScope, query: CostQuery): Promise<CostAnswer>
  /** The same calls cut in several ways from one reading of them; throws as `costQuery` does. */
  costSplit(scope: ReadScope, query: SplitQuery): Promise<CostSplit>
  /** In the filter's order; `next` is the cursor of the following page. `rowsMax` is capped at limits.pageRowsMax. */
  listRecords(scope: ReadScope, filter: RecordFilter, cursor: string | null, rowsMax: number): Promise<RecordPage>
  getRecords(scope: ReadScope, ids: { readonly eventId?: string; readonly callId?: string }): Promise<readonly StoredRecord[]>
  /** Instant of the last record of each key that has any, by key id; refusals count, because somebody called. */
  lastCalls(orgId: string): Promise<ReadonlyMap<string, number>>
  /**
   * Sum of a measure per window tuple over raw records that a rule selects, counting only batches at or before each journal's
   * cut (a journal that is not in `cut` counts nothing). Keys are rule.ts `tupleKey`.
   */
  sumByTuple(rule: BudgetRule, range: TimeRange, cut: readonly BatchKey[]): Promise<ReadonlyMap<string, bigint>>
  /** Rows and cost per batch of one journal, from raw rows. */
  batchTotals(journalId: string): Promise<readonly BatchTotals[]>
  /** Totals over everything from raw and from the hourly and daily rollups, for reconciliation. */
  totals(): Promise<{ readonly raw: RollupTotals; readonly hourly: RollupTotals; readonly daily: RollupTotals; readonly duplicateEventIds: number }>
  close(): Promise<void>
}
export interface RollupTotals { readonly rows: number; readonly calls: number; readonly cost: Amount; readonly tokens: bigint }

/* ───────────────────────────── control (PostgreSQL) ───────────────────────────── */

export interface Actor { readonly id: string; readonly name: string }

export type NodeKind = 'org' | 'unit' | 'team' | 'app'
export interface OrgNode {
  readonly orgId: string
  readonly id: string
  readonly parentId: string | null
  readonly kind: NodeKind
  readonly name: string
  readonly costCentre: string
  readonly archived: boolean
}
export interface ApiKey {
  readonly orgId: string
  readonly id: string
  readonly appId: string
  readonly name: string
  readonly sha256: string
  /** Last four characters, for recognising it. */
  readonly hint: string
  readonly policy: KeyPolicy
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
}
export interface Provider extends ProviderRoute {
  /** 'env' providers are read only; their secret is never stored. */
  readonly source: 'env' | 'file' | 'api'
}
export type Role = 'admin' | 'finance' | 'team_owner' | 'viewer'
export interface RoleGrant { readonly role: Role; readonly nodeId: string }
export interface User {
  readonly orgId: string
  readonly id: string
  readonly email: string
  readonly name: string
  readonly grants: readonly RoleGrant[]
  readonly disabled: boolean
}
export interface AuditEntry {
  readonly id: string
  readonly orgId: string
  readonly at: number
  readonly actor: Actor
  readonly action: string
  readonly subject: string
  readonly detail: unknown
}

export interface OrgStore {
  listOrgs(): Promise<readonly OrgNode[]>
  listNodes(orgId: string): Promise<readonly OrgNode[]>
  createNode(node: OrgNode, actor: Actor): Promise<void>
  updateNode(orgId: string, id: string, change: { readonly name?: string; readonly costCentre?: string; readonly parentId?: string; readonly archived?: boolean }, actor: Actor): Promise<OrgNode | null>
  listKeys(orgId: string): Promise<readonly ApiKey[]>
  createKey(key: ApiKey, actor: Actor): Promise<void>
  updateKey(orgId: string, id: string, change: { readonly name?: string; readonly policy?: KeyPolicy; readonly expiresAt?: number | null; readonly revokedAt?: number }, actor: Actor): Promise<ApiKey | null>
  /** Newest first; with `subject` only what was done to that id. */
  audit(orgId: string, cursor: string | null, rowsMax: number, subject?: string): Promise<{ readonly rows: readonly AuditEntry[]; readonly next: string | null }>
}

export interface AccessStore {
  listUsers(orgId: string): Promise<readonly User[]>
  createUser(user: User, passwordHash: string | null, actor: Actor): Promise<void>
  updateUser(orgId: string, id: string, change: { readonly name?: string; readonly grants?: readonly RoleGrant[]; readonly disabled?: boolean; readonly passwordHash?: string }, actor: Actor): Promise<User | null>
  findLogin(email: string): Promise<{ readonly user: User; readonly passwordHash: string | null } | null>
  getUser(orgId: string, id: string): Promise<User | null>
  /** Sessions and API tokens, by SHA-256 hex of their secret. `kind` session | token | one_time. */
  putCredential(credential: Credential, actor: Actor): Promise<void>
  findCredential(sha256: string, nowMs: number): Promise<Credential | null>
  /** Deletes and returns it in one step; a one-time token works once. */
  takeCredential(sha256: string, nowMs: number): Promise<Credential | null>
  listCredentials(orgId: string, userId: string): Promise<readonly Credential[]>
}
export interface Credential {
  readonly sha256: string
  readonly kind: 'session' | 'token' | 'one_time'
  readonly orgId: string
  readonly userId: string
  readonly name: string
  readonly csrf: string
  readonly createdAt: number
  readonly expiresAt: number | null
}

export interface ConfigStore {
  listProviders(orgId: string): Promise<readonly Provider[]>
  putProvider(provider: Provider, actor: Actor): Promise<void>
  deleteProvider(orgId: string, name: string, actor: Actor): Promise<boolean>
  /** Key-value settings of an installation ("hash_secret", "demo" …). */
  getSetting(orgId: string, name: string): Promise<string | null>
  putSetting(orgId: string, name: string, value: string, actor: Actor): Promise<void>
}

export interface PriceStore {
  /** Adds entries not there yet (by id); entries of the same source that are gone are superseded at `recordedAt`. */
  seed(source: string, entries: readonly PriceEntry[], aliases: readonly ModelAlias[], limits: readonly ModelLimits[], recordedAt: number): Promise<{ readonly added: number; readonly superseded: number }>
  /** Entries not superseded and not ended before `atMs`; with `model` only that one, history included. */
  listEntries(filter: { readonly orgId: string; readonly atMs?: number; readonly provider?: string; readonly model?: string; readonly ids?: readonly string[] }): Promise<readonly PriceEntry[]>
  listAliases(): Promise<readonly ModelAlias[]>
  listLimits(): Promise<readonly ModelLimits[]>
  putOverride(entry: PriceEntry, actor: Actor): Promise<void>
  endOverride(orgId: string, id: string, atMs: number, actor: Actor): Promise<boolean>
}

/** One window instance: the authority's row. All amounts in the rule's whole units. */
export interface WindowState {
  readonly orgId: string
  readonly ruleId: string
  readonly tuple: string
  readonly startMs: number
  readonly endMs: number
  readonly limit: bigint
  readonly committed: bigint
  readonly leased: bigint
}

export interface LeaseGrant {
  readonly leaseId: string
  readonly granted: bigint
  readonly window: WindowState
}

export interface BudgetStore {
  listRules(orgId: string): Promise<readonly BudgetRule[]>
  getRule(orgId: string, id: string): Promise<BudgetRule | null>
  /**
   * Adds a rule. `backfill` runs under a lock that keeps batches out, with the cut of every journal, and returns the committed
   * amount per (tuple, start) of the window instance that is current.
   */
  createRule(rule: BudgetRule, backfill: (cut: readonly BatchKey[]) => Promise<readonly { readonly tuple: string; readonly startMs: number; readonly endMs: number; readonly committed: bigint }[]>, actor: Actor): Promise<void>
  /** Limit and policy words only; selector, per, measure and window are fixed for life. */
  updateRule(orgId: string, id: string, change: { readonly name?: string; readonly limit?: bigint; readonly hard?: boolean; readonly outputBound?: BudgetRule['outputBound']; readonly outputCapDefault?: number; readonly unpriced?: BudgetRule['unpriced']; readonly unbounded?: BudgetRule['unbounded'] }, actor: Actor): Promise<BudgetRule | null>
  deleteRule(orgId: string, id: string, actor: Actor): Promise<boolean>
  /**
   * Repair: runs `work` while no batch can be counted, with the cut of every journal. A batch may still be stored in the event
   * store, at most one per journal, because that happens before it is counted.
   */
  betweenBatches<Answer>(work: (cut: readonly BatchKey[]) => Promise<Answer>): Promise<Answer>
  /** Repair: writes the committed amount of windows that exist; to be called within betweenBatches. Returns how many changed. */
  correctCommitted(orgId: string, windows: readonly Pick<WindowState, 'ruleId' | 'tuple' | 'startMs' | 'committed'>[], actor: Actor): Promise<number>
  windows(orgId: string, filter: { readonly ruleId?: string; readonly atMs?: number }): Promise<readonly WindowState[]>
  /** Lease accounts by gateway, for doctor and the console. */
  leaseAccounts(orgId: string): Promise<readonly LeaseAccount[]>
  /**
   * Grants at most `want` and at least `need`, or 0: only if committed + leased + granted ≤ limit in one guarded update.
   * Idempotent by lease id. Null when the rule is gone. Throws TollgateError('epoch_stale').
   */
  grantLease(request: { readonly leaseId: string; readonly journalId: string; readonly epoch: number; readonly orgId: string; readonly ruleId: string; readonly tuple: string; readonly startMs: number; readonly endMs: number; readonly need: bigint; readonly want: bigint }): Promise<LeaseGrant | null>
}
export interface LeaseAccount {
  readonly orgId: string; readonly ruleId: string; readonly tuple: string; readonly startMs: number
  readonly journalId: string; readonly epoch: number
  readonly granted: bigint; readonly settled: bigint; readonly returned: bigint
}

/** What one block changes in budgets; computed by control/receive, applied in one transaction with the offset. */
export interface BatchEffect {
  readonly key: BatchKey
  /** Repair: the block may lie before the journal's last one, in a gap that a restored backup left; the offset never goes back. */
  readonly late?: boolean
  readonly rows: number
  readonly cost: Amount
  readonly checksum: string
  readonly receivedAt: number
  /** Added to committed, per window instance (created when missing). */
  readonly commits: readonly { readonly orgId: string; readonly ruleId: string; readonly tuple: string; readonly startMs: number; readonly endMs: number; readonly amount: bigint }[]
  /** Moved out of leased for this journal's account: settled holds. */
  readonly settlements: readonly { readonly windowId: string; readonly epoch: number; readonly amount: bigint }[]
  readonly returns: readonly { readonly windowId: string; readonly epoch: number; readonly amount: bigint }[]
  /** Epoch openings: every account of this journal with a smaller epoch gives back its rest. */
  readonly epochs: readonly number[]
  /** Frames that could not be read, with their reason; kept, never in the way. */
  readonly quarantined: readonly { readonly index: number; readonly reason: string; readonly payload: string }[]
}

export interface ReceiveStore {
  /** Node credentials by SHA-256 hex. */
  findNode(sha256: string): Promise<{ readonly id: string; readonly name: string } | null>
  putNode(node: { readonly id: string; readonly name: string; readonly sha256: string }): Promise<void>
  /** Binds the journal to the node (journal_mismatch otherwise) and opens the next epoch above `lastEpoch`. */
  openEpoch(nodeId: string, journalId: string, lastEpoch: number, nowMs: number): Promise<{ readonly epoch: number; readonly last: BatchKey | null }>
  lastBatch(journalId: string): Promise<BatchKey | null>
  hasBatch(key: BatchKey): Promise<boolean>
  /** Rules as of now, for all organisations; read inside the same lock discipline as applyBatch. */
  rulesVersion(): Promise<string>
  /** One transaction; false when the batch was there already. `rulesVersion` guards against a rule created meanwhile: throws 'conflict'. */
  applyBatch(effect: BatchEffect, rulesVersion: string): Promise<boolean>
  listJournals(): Promise<readonly { readonly journalId: string; readonly nodeId: string; readonly nodeName: string; readonly epoch: number; readonly last: BatchKey | null; readonly seenAt: number; readonly batches: number; readonly rows: number }[]>
  listBatches(journalId: string): Promise<readonly { readonly key: BatchKey; readonly rows: number; readonly cost: Amount; readonly checksum: string; readonly receivedAt: number }[]>
  listQuarantine(): Promise<readonly { readonly batchId: string; readonly index: number; readonly reason: string }[]>
}

/** Everything relational, one adapter. `onChange` fires in every process when configuration, keys or rules change. */
export interface ControlStore extends OrgStore, AccessStore, ConfigStore, PriceStore, BudgetStore, ReceiveStore {
  migrate(): Promise<void>
  /** Grows with every change that a snapshot carries. */
  snapshotVersion(): Promise<string>
  onChange(listener: () => void): void
  /** Authority time: the database's clock, ms UTC. */
  now(): Promise<number>
  close(): Promise<void>
}

/* ───────────────────────────── idempotent writes (control API) ───────────────────────────── */

/** Names one write a client may repeat. */
export interface IdempotencyKey { readonly orgId: string; readonly principal: string; readonly route: string; readonly key: string }
/** claimed: go on · pending: another request is at it · answered: repeat its answer. `fingerprint` is that of the first request. */
export interface IdempotencyClaim {
  readonly state: 'claimed' | 'pending' | 'answered'
  readonly fingerprint: string
  readonly answer: { readonly status: number; readonly body: string } | null
}
/** Answers of writes by Idempotency-Key, kept for 24 hours; a claim without answer may be taken over after a minute. */
export interface IdempotencyStore {
  claim(key: IdempotencyKey, fingerprint: string, nowMs: number): Promise<IdempotencyClaim>
  answer(key: IdempotencyKey, status: number, body: string): Promise<void>
  /** Forgets a claim whose request failed. */
  release(key: IdempotencyKey): Promise<void>
}
