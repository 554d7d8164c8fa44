import type { Clock } from '../../base/clock.ts'
import type { BudgetRule } from '../../core/entitlement/rule.ts'
import type { ModelAlias, ModelLimits, PriceEntry } from '../../core/pricing/price-entry.ts'
import type { Actor, ApiKey, AuditEntry, BatchEffect, BatchKey, Credential, LeaseAccount, OrgNode, Provider, User, WindowState } from '../ports.ts'
import type { AuditLine } from '../relational/audit-lines.ts'

/** Everything the oracle knows. Maps are keyed by `nameOf`. */
export interface ControlState {
  readonly clock: Clock
  readonly nodes: Map<string, OrgNode>
  readonly keys: Map<string, ApiKey>
  readonly users: Map<string, { user: User; passwordHash: string | null }>
  readonly credentials: Map<string, Credential>
  readonly audit: AuditEntry[]
  readonly providers: Map<string, Provider>
  readonly settings: Map<string, string>
  readonly prices: Map<string, StoredPrice>
  readonly names: Map<string, { readonly aliases: readonly ModelAlias[]; readonly limits: readonly ModelLimits[] }>
  readonly rules: Map<string, { rule: BudgetRule; deleted: boolean }>
  readonly windows: Map<string, Mutable<WindowState>>
  readonly leases: Map<string, StoredLease>
  readonly accounts: Map<string, Mutable<LeaseAccount>>
  readonly gateways: Map<string, { readonly id: string; readonly name: string; readonly sha256: string }>
  readonly journals: Map<string, StoredJournal>
  readonly batches: Map<string, BatchEffect>
  readonly versions: { snapshot: number; rules: number }
  readonly listeners: Set<() => void>
  /** The last step that must run alone; the next one waits for it. */
  turn: Promise<unknown>
}
export type Mutable<Fact> = { -readonly [Member in keyof Fact]: Fact[Member] }
export interface StoredPrice { readonly feed: string; readonly origin: string; entry: PriceEntry }
export interface StoredLease {
  readonly leaseId: string; readonly orgId: string; readonly journalId: string; readonly ruleId: string
  readonly startMs: number; readonly tuple: string; readonly granted: bigint
}
export interface StoredJournal { readonly nodeId: string; epoch: number; last: BatchKey | null; seenAt: number; batches: number; rows: number }

export function emptyState(clock: Clock): ControlState {
  return {
    clock, nodes: new Map(), keys: new Map(), users: new Map(), credentials: new Map(), audit: [], providers: new Map(),
    settings: new Map(), prices: new Map(), names: new Map(), rules: new Map(), windows: new Map(), leases: new Map(),
    accounts: new Map(), gateways: new Map(), journals: new Map(), batches: new Map(), versions: { snapshot: 1, rules: 1 },
    listeners: new Set(), turn: Promise.resolve(),
  }
}

/** A map key of several parts. */
export const nameOf = (...parts: readonly (string | number)[]): string => JSON.stringify(parts)

/** Rows of one organisation in the order of their ids. */
export function inOrg<Row extends { readonly orgId: string }>(rows: Iterable<Row>, orgId: string, idOf: (row: Row) => string): readonly Row[] {
  return [...rows].filter((row) => row.orgId === orgId).sort((a, b) => compare(idOf(a), idOf(b)))
}
export const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0)

export type Touches = 'nothing' | 'snapshot' | 'rules'

/** The audit row of a change that has just been made, and the versions it raises. */
export function audited(state: ControlState, orgId: string, actor: Actor, line: AuditLine, touches: Touches): void {
  state.audit.push({
    id: String(state.audit.length + 1), orgId, at: state.clock.now(), actor: { id: actor.id, name: actor.name },
    action: line.action, subject: line.subject, detail: JSON.parse(JSON.stringify(line.detail)) as unknown,
  })
  announce(state, touches)
}

export function announce(state: ControlState, touches: Touches): void {
  if (touches === 'nothing') return
  if (touches === 'rules') state.versions.rules++
  state.versions.snapshot++
  for (const listener of state.listeners) listener()
}

/** Runs after every earlier step given here has ended. */
export function alone<Value>(state: ControlState, step: () => Promise<Value>): Promise<Value> {
  const mine = state.turn.then(step)
  state.turn = mine.catch(() => undefined)
  return mine
}

/** Members of a change that were given. */
export function given<Change extends object>(change: Change): Partial<Change> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Partial<Change>
}
