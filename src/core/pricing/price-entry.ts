import type { UsageComponent, UsageUnit } from '../usage/usage.ts'

/** Services that change a price; the served one is what counts. */
export type ServiceMode = 'standard' | 'batch' | 'flex' | 'priority' | 'fast' | 'provisioned'

/** Applies when every condition given holds. */
export interface PriceConditions {
  /** Absent = standard. */
  readonly mode?: ServiceMode
  /** Requested inference geography or geo profile ("us", "eu", …); several are comma-separated. Absent = any. */
  readonly geo?: string
  /**
   * Context tier by the sum of all input components. `cliff`: the rate covers the whole request;
   * `marginal`: only the part above. The comparator is the vendor's own, stored per entry.
   */
  readonly context?: {
    readonly from?: { readonly tokens: number; readonly comparator: 'gt' | 'gte' }
    readonly to?: { readonly tokens: number; readonly comparator: 'lt' | 'lte' }
    readonly scope: 'cliff' | 'marginal'
  }
  /** Clock windows in a zone; times are minutes after local midnight, half-open; days 1 = Monday … 7 = Sunday. */
  readonly clock?: readonly { readonly zone: string; readonly days: readonly number[]; readonly fromMinute: number; readonly toMinute: number }[]
  /** Media size, quality or resolution class where a vendor prices by it. A call names none, so such an entry is for people until one does. */
  readonly variant?: string
  /** Fewest units billed when any is used: a minimum charge per request (Groq bills at least 10 audio seconds). */
  readonly quantityMin?: number
}

/** One dated price. Bitemporal and append-only: closed by `supersededAt`, never edited. */
export interface PriceEntry {
  readonly id: string
  readonly book: 'list' | 'contract' | 'markup'
  /** Beats entries of lower rank in the same book: 0 bundled feed, 10 to 19 curated overlay, 100 operator override. */
  readonly rank: number
  readonly provider: string
  /** Canonical model id. */
  readonly model: string
  readonly component: UsageComponent
  readonly unit: UsageUnit
  /** `amount` buys this many units: 1, 1_000, 1_000_000, 3_600 … */
  readonly per: number
  /** Exact decimal string, at most 15 places. */
  readonly amount: string
  readonly currency: string
  /** Half-open [validFrom, validTo) in ms UTC; null = open. */
  readonly validFrom: number | null
  readonly validTo: number | null
  readonly recordedAt: number
  readonly supersededAt: number | null
  readonly status: 'active' | 'announced' | 'cancelled' | 'corrected'
  /** Where the figure comes from, for people. */
  readonly source: string
  readonly conditions: PriceConditions
  /** Organisation an override belongs to; '' = every organisation. */
  readonly orgId: string
}

/** A dated name: `pattern` is an exact id, or an anchored regular expression when `regex`. */
export interface ModelAlias {
  readonly provider: string
  readonly pattern: string
  readonly regex: boolean
  readonly model: string
  readonly validFrom: number | null
  readonly validTo: number | null
}

/** What a model can do at most; used for bounds. */
export interface ModelLimits {
  readonly provider: string
  readonly model: string
  readonly contextTokens: number | null
  readonly outputTokensMax: number | null
}

/** Everything the book is built from; what the snapshot carries. */
export interface PriceData {
  readonly version: string
  readonly entries: readonly PriceEntry[]
  readonly aliases: readonly ModelAlias[]
  readonly limits: readonly ModelLimits[]
}
