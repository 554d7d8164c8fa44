import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthorityClock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Limits } from '../config/limits.ts'
import type { Attribution } from '../core/usage/usage-record.ts'
import type { ProviderRoute } from '../core/usage/provider-route.ts'
import type { SnapshotKey } from '../control/sync-protocol.ts'
import type { Dialect, RequestFacts } from '../dialect/dialect.ts'
import type { Journal } from '../journal/journal.ts'
import type { CallFacts } from '../core/entitlement/rule.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Leases } from './leases.ts'
import type { GatewayCounters } from './counters.ts'
import type { Upstreams } from './upstream.ts'

/** What every call needs of its gateway. */
export interface GatewayContext {
  readonly clock: AuthorityClock
  readonly journal: Journal
  readonly leases: Leases
  readonly upstreams: Upstreams
  readonly counters: GatewayCounters
  readonly log: Log
  readonly limits: Limits
  /** Null until the first snapshot. */
  state(): GatewayState | null
  epoch(): number
  draining(): boolean
}

/** A call that has been identified and read; every later step takes it. */
export interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly state: GatewayState
  readonly key: SnapshotKey
  readonly route: ProviderRoute
  readonly dialect: Dialect
  readonly method: string
  /** Path and query for the upstream, below the route's base URL. */
  readonly path: string
  readonly body: Buffer
  readonly facts: RequestFacts
  readonly attribution: Attribution
  readonly entitlementFacts: CallFacts
  readonly callId: string
  readonly occurredAt: number
  /** Model for the upstream when a prefix or alias was used; null leaves the body's. */
  readonly upstreamModel: string | null
}
