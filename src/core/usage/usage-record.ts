import type { Amount } from '../../base/money.ts'
import type { Usage, UsageComponent, UsageUnit } from './usage.ts'

/**
 * The usage record: one row per attempt at a provider (and per refusal, cache hit, ingested fact, adjustment),
 * append-only. Everything Tollgate shows, budgets or bills is a projection of these rows.
 */
export const recordKinds = ['attempt', 'refusal', 'cache_hit', 'ingested', 'adjustment'] as const
export type RecordKind = (typeof recordKinds)[number]

/**
 * How far the counters can be trusted.
 * final: the provider's closing figure · provisional: an interim figure, the closing one never came ·
 * estimated: counted by us from what was relayed · uncertain: nobody knows, the bound is booked ·
 * absent: the call reports no usage (refused, failed before work, or an opaque API).
 */
export const qualities = ['final', 'provisional', 'estimated', 'uncertain', 'absent'] as const
export type Quality = (typeof qualities)[number]

/** priced: every counter has a rate · partial: some have none · unpriced: none has · none: nothing to price. */
export const pricingStates = ['priced', 'partial', 'unpriced', 'none'] as const
export type PricingState = (typeof pricingStates)[number]

/** Who called: ids for joining, names as they were at the time. Empty string where a level is missing. */
export interface CallerPath {
  readonly orgId: string
  readonly orgName: string
  /** The top business unit; nested units stand in `nodePath`. */
  readonly unitId: string
  readonly unitName: string
  readonly teamId: string
  readonly teamName: string
  readonly appId: string
  readonly appName: string
  readonly keyId: string
  readonly keyName: string
  readonly costCentre: string
  /** Node ids from the organisation's root to the app. */
  readonly nodePath: readonly string[]
}

/** What the caller said about the call, after the key's policy. Empty string where nothing was said. */
export interface Attribution {
  readonly user: string
  readonly agent: string
  readonly workflow: string
  readonly run: string
  readonly parentRun: string
  readonly step: string
  readonly session: string
  readonly tags: Readonly<Record<string, string>>
  /** Which source won per field, e.g. "workflow=x-tollgate,user=body.user". */
  readonly rule: string
}

/** One component of a cost, computed as quantity × rate ÷ per and quantised once to 1e-15, half-even. */
export interface CostLine {
  readonly component: UsageComponent
  readonly quantity: number
  readonly unit: UsageUnit
  /** The price entry that was applied; null where the component has no known price. */
  readonly entryId: string | null
  /** Price of `per` units, decimal string in `currency`; null where unpriced. */
  readonly rate: string | null
  readonly per: number
  /** Contract amount; null where unpriced. */
  readonly amount: Amount | null
  /** List amount for the same quantity; null where unpriced. */
  readonly listAmount: Amount | null
  readonly listEntryId: string | null
}

export interface UsageRecord {
  readonly kind: RecordKind
  /** UUIDv7, ours, never the provider's. */
  readonly eventId: string
  /** The same for every attempt of one call. */
  readonly callId: string
  /** True on exactly one record of a call. */
  readonly isCall: boolean
  /** For adjustments: the event id this row corrects; otherwise empty. */
  readonly corrects: string

  /** The reserve instant in authority time, ms UTC; alone selects price, window, rollup hour and period. */
  readonly at: number
  /** Gateway clock when the call was accepted, ms UTC. */
  readonly occurredAt: number
  /** 0 when no byte arrived. */
  readonly firstByteAt: number
  readonly endAt: number

  readonly caller: CallerPath
  readonly attribution: Attribution

  readonly provider: string
  readonly route: string
  readonly host: string
  readonly region: string
  readonly requestedModel: string
  readonly servedModel: string
  readonly endpoint: string
  readonly tier: string
  readonly stream: boolean
  readonly attempt: number
  /** Event id of the attempt this one replaces; otherwise empty. */
  readonly fallbackOf: string
  readonly upstreamRequestId: string

  readonly usage: Usage
  readonly quality: Quality
  readonly pricing: PricingState
  readonly lines: readonly CostLine[]
  /** Contract cost: the default everywhere, budgets included. Null when nothing could be priced. */
  readonly cost: Amount | null
  readonly listCost: Amount | null
  readonly currency: string
  /** What the provider itself said the call cost, decimal; empty when it did not. */
  readonly statedCost: string
  /** The proven upper bound that was held; null when no hard budget asked for one. */
  readonly bound: Amount | null
  readonly priceVersion: string

  /** HTTP status the client got. */
  readonly status: number
  readonly upstreamStatus: number
  /** '' for success; otherwise a stable word: refused, provider_error, reset, timeout, unreachable, client_gone, malformed, truncated. */
  readonly errorClass: string
  /** For refusals the public error code. */
  readonly errorCode: string
  readonly requestBytes: number
  readonly responseBytes: number
  /** Keyed hash of the request body and of its first kilobyte; never text. Empty when off. */
  readonly requestHash: string
  readonly prefixHash: string
  /** The provider's usage object as received; '' when none. Never prompt or completion text. */
  readonly rawUsage: string
  /** Usage keys this version does not know, comma-separated. */
  readonly unknownUsageKeys: string
  /** Facts worth a flag, e.g. "sum_mismatch", "bound_breach", "output_cap=4096". */
  readonly notices: readonly string[]
}
