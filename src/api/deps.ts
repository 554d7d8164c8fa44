import type { Clock } from '../base/clock.ts'
import type { PriceBook } from '../core/pricing/price-book.ts'
import type { UsageRecord } from '../core/usage/usage-record.ts'
import type { ControlStore, EventStore, IdempotencyStore } from '../store/ports.ts'

/** Where lines for operators go; pino's shape. */
export interface ApiLog {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

export interface ApiSettings {
  /** Host names the console is served under, without port; loopback names are always allowed. */
  readonly allowedHosts: readonly string[]
  /** Marks the session cookie Secure: true behind https. */
  readonly cookieSecure: boolean
  /** Where clients send their calls, for people to copy. */
  readonly gatewayUrl: string
  readonly demo: boolean
  readonly version: string
}

/** Everything the control API stands on; main.ts gives it. */
export interface ApiDeps {
  readonly control: ControlStore
  readonly events: EventStore
  readonly clock: Clock
  readonly log: ApiLog
  readonly settings: ApiSettings
  /** Subscribes to records as they are stored, for the live tail; returns the end of the subscription. */
  readonly onRecords?: (listener: (rows: readonly UsageRecord[]) => void) => () => void
  /** The current price book, for resolving names. Without it names resolve by exact id only. */
  readonly priceBook?: () => PriceBook
  /** Answers kept for Idempotency-Key. Default: this process's memory. */
  readonly idempotency?: IdempotencyStore
  /** Addresses of a host name, to judge upstreams by. Default: the system resolver. */
  readonly resolveHost?: (host: string) => Promise<readonly string[]>
  /** Throws when an engine does not answer; asked by /readyz beside the control store's clock. */
  readonly ready?: () => Promise<void>
  /** Further Prometheus lines for /metrics. */
  readonly metrics?: () => string
}
