import type { Amount } from '../../base/money.ts'
import type { CostLine, PricingState } from '../usage/usage-record.ts'
import type { Usage } from '../usage/usage.ts'
import type { ServiceMode } from './price-entry.ts'

/** A call as the calculator sees it. */
export interface PriceQuestion {
  readonly orgId: string
  readonly provider: string
  /** Raw model name: the served one when known, otherwise the requested one. */
  readonly model: string
  readonly usage: Usage
  /** Reserve instant, ms UTC. */
  readonly at: number
  /** As served; 'standard' when the provider did not say. */
  readonly mode: ServiceMode
  /** Requested geography; '' = none. */
  readonly geo: string
}

export interface PricedUsage {
  readonly state: PricingState
  /** Canonical model, or null when the name resolves to nothing. */
  readonly model: string | null
  readonly lines: readonly CostLine[]
  /** Sum of priced contract lines; null when no line has a price. */
  readonly cost: Amount | null
  readonly listCost: Amount | null
  readonly currency: string
  /** Facts worth a flag, e.g. "cache_read priced as input_text"; absent when there are none. */
  readonly notices?: readonly string[]
}

/** Worst case of a call not yet made. Input counts are upper bounds in tokens. */
export interface BoundQuestion {
  readonly orgId: string
  readonly provider: string
  readonly model: string
  readonly inputTokensMax: number
  readonly outputTokensMax: number
  readonly at: number
  /** Mode asked for; the dearest of it and standard applies, because a provider may serve either. */
  readonly mode: ServiceMode
  readonly geo: string
  /** Caches that the request may write, so that the dearest input-side rate is found. */
  readonly mayWriteCache: boolean
  /** Searches of a server tool at most; absent = none. */
  readonly searchesMax?: number
}

/** Immutable, built once per snapshot; every look-up is a map access. */
export interface PriceBook {
  readonly version: string
  price(question: PriceQuestion): PricedUsage
  /** Upper bound of the cost in the book's currency; null when the model is unpriced. */
  bound(question: BoundQuestion): { readonly cost: Amount; readonly currency: string } | null
  /** Largest output the model can produce, context size; nulls when unknown. */
  limits(provider: string, model: string, at: number): { readonly contextTokens: number | null; readonly outputTokensMax: number | null }
  /** Canonical model at an instant, or null. */
  resolve(provider: string, model: string, at: number): string | null
}
