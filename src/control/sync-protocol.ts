import type { PriceData } from '../core/pricing/price-entry.ts'
import type { BudgetRule } from '../core/entitlement/rule.ts'
import type { KeyPolicy } from '../core/usage/key-policy.ts'
import type { ProviderRoute } from '../core/usage/provider-route.ts'
import type { CallerPath } from '../core/usage/usage-record.ts'

/**
 * What gateways and the control plane say to each other under /sync. Types only: the gateway imports nothing else
 * of control. bigint travels as a decimal string of whole units.
 *
 *   GET  /sync/snapshot?have=VERSION   long poll, 200 Snapshot or 204 after `syncPollMs`
 *   POST /sync/hello                   binds a journal to the node, opens an epoch
 *   POST /sync/lease                   grants, idempotent by lease id
 *   POST /sync/pulse                   liveness, backlog, recalls, the clock
 *   POST /sync/block                   one sealed journal block, raw bytes, idempotent by (journal, segment, block)
 *
 * Every answer carries `x-tollgate-time`: the authority's clock in ms UTC when it answered.
 */
export interface Snapshot {
  readonly version: string
  readonly orgs: readonly { readonly id: string; readonly name: string; readonly hashSecret: string }[]
  readonly keys: readonly SnapshotKey[]
  readonly providers: readonly ProviderRoute[]
  readonly rules: readonly WireRule[]
  readonly prices: PriceData
}

export interface SnapshotKey {
  /** SHA-256 of the key's text, hex. */
  readonly sha256: string
  readonly caller: CallerPath
  readonly policy: KeyPolicy
  readonly revoked: boolean
  /** ms UTC; null = never. */
  readonly expiresAt: number | null
}

export type WireRule = Omit<BudgetRule, 'limit'> & { readonly limit: string }

export interface HelloRequest {
  readonly journalId: string
  /** Highest epoch this journal has seen; the answer's is greater. */
  readonly lastEpoch: number
  readonly version: string
}
export interface HelloAnswer {
  readonly epoch: number
  /** Last block the authority has stored; null when none. */
  readonly last: BlockPlace | null
}

export interface LeaseRequest {
  readonly journalId: string
  readonly epoch: number
  readonly slices: readonly SliceRequest[]
}
export interface SliceRequest {
  /** Chosen by the gateway (UUIDv7); asking again returns the same lease. */
  readonly leaseId: string
  readonly ruleId: string
  readonly orgId: string
  readonly tuple: string
  readonly windowStart: number
  readonly windowEnd: number
  /** Least that helps (the waiting hold), whole units as decimal string. */
  readonly need: string
  /** What the gateway would like. */
  readonly want: string
}
export interface LeaseAnswer {
  readonly slices: readonly SliceAnswer[]
}
export interface SliceAnswer {
  readonly leaseId: string
  /** '0' when refused. */
  readonly granted: string
  readonly limit: string
  readonly committed: string
  readonly leased: string
  /** Set when the rule is gone or the epoch is stale. */
  readonly gone: boolean
}

export interface PulseRequest {
  readonly journalId: string
  readonly epoch: number
  readonly backlogBytes: number
  readonly snapshotVersion: string
}
export interface PulseAnswer {
  /** Window ids that other gateways wait for: give back what is idle. */
  readonly recall: readonly string[]
}

export interface BlockAnswer {
  /** False when the block was stored before. */
  readonly accepted: boolean
  readonly recall: readonly string[]
}

/** Headers that go with a block's bytes. */
export const blockHeaders = {
  journal: 'x-tollgate-journal', segment: 'x-tollgate-segment', block: 'x-tollgate-block', entries: 'x-tollgate-entries', crc: 'x-tollgate-crc',
} as const
export const timeHeader = 'x-tollgate-time'

/** Where an earlier process of this journal left off. */
export interface BlockPlace {
  readonly segment: number
  readonly block: number
}

// Journal payloads, one per frame, JSON; `t` tells them apart.

/** Written before a call leaves; alone enough to book the bound if nothing else is ever known. */
export interface AttemptEntry {
  readonly t: 'attempt'
  readonly eventId: string
  readonly epoch: number
  /** The record as it stands if the gateway dies now: quality uncertain, cost = bound. Encoded usage record. */
  readonly provisional: unknown
  readonly holds: readonly HoldEntry[]
}
/** Closes an attempt (or stands alone for refusals and other records without one). */
export interface OutcomeEntry {
  readonly t: 'outcome'
  /** Encoded usage record. */
  readonly record: unknown
  readonly epoch: number
  readonly settlements: readonly HoldEntry[]
}
/** Idle lease amounts given back; covers only what no open hold needs. */
export interface ReturnEntry {
  readonly t: 'return'
  readonly epoch: number
  readonly windowId: string
  readonly amount: string
}
/** First entry of a new epoch: whatever earlier epochs of this journal still lease is given back. */
export interface EpochEntry {
  readonly t: 'epoch'
  readonly epoch: number
  readonly at: number
}
/** A hold on one window; in a settlement, what was actually used. */
export interface HoldEntry {
  readonly windowId: string
  readonly amount: string
}
