import { amountOf, divideHalfEven, type Amount } from '../../base/money.ts'
import { assert } from '../../base/assert.ts'
import type { UsageComponent } from '../usage/usage.ts'
import { compileClock, type ClockTest } from './clock-window.ts'
import type { PriceEntry, ServiceMode } from './price-entry.ts'

/** One price entry, ready to be applied. */
export interface Offer {
  readonly entry: PriceEntry
  /** Amount of one unit when it is whole 1e-15; null when only the rational rate ÷ per is exact. */
  readonly unitAmount: Amount | null
  readonly rate: Amount
  readonly per: bigint
  readonly clock: ClockTest | null
  /** Inclusive bounds on all input tokens of the request; comparators are folded in, because token counts are whole. */
  readonly contextMin: number
  readonly contextMax: number
  readonly marginal: boolean
  readonly quantityMin: number
}

/** What a component may cost, best first: the first offer whose conditions hold applies. */
export interface Offers {
  readonly contract: readonly Offer[]
  readonly list: readonly Offer[]
  /** Thresholds at which a marginal tier splits the quantity; empty for nearly every model. */
  readonly splits: readonly number[]
}

/**
 * Where a missing price may come from. A parent is a vendor's own rule ("reasoning is billed as output") or an upper
 * bound (an uncached read costs at least as much as a cached one). Audio, image output and one-hour cache writes have
 * none, because every guess for them was too low by up to ten times; cache writes have none either: they cost more
 * than plain input where they cost at all.
 */
const parentOf: Readonly<Partial<Record<UsageComponent, UsageComponent>>> = {
  output_reasoning: 'output_text',
  cache_read: 'input_text',
  cache_read_audio: 'input_audio',
  cache_read_image: 'input_image',
  cache_write_5m: 'cache_write',
  embedding: 'input_text',
}
/** Vendors whose price pages state one input price for text, images and video. */
const imageAsText: ReadonlySet<string> = new Set(['anthropic', 'azure', 'bedrock', 'google', 'google-vertex', 'groq', 'mistral', 'openai', 'openrouter', 'together', 'xai'])
const videoAsText: ReadonlySet<string> = new Set(['google', 'google-vertex'])

/** The component and, after it, the declared parents to try. */
function chainOf(provider: string, component: UsageComponent): readonly UsageComponent[] {
  const chain: UsageComponent[] = [component]
  for (let last = component; ;) {
    const parent = parentOf[last]
      ?? (last === 'input_image' && imageAsText.has(provider) ? 'input_text' : undefined)
      ?? (last === 'input_video' && videoAsText.has(provider) ? 'input_text' : undefined)
    if (parent === undefined) return chain
    chain.push(parent)
    last = parent
  }
}

/** Fees of tools are the same in every service mode; tokens of a mode without a price of its own stay unpriced. */
const modeless: ReadonlySet<UsageComponent> = new Set(['web_search', 'file_search', 'maps_query', 'code_session'])

export interface PlanQuestion {
  readonly orgId: string
  readonly provider: string
  readonly mode: ServiceMode
  readonly geo: string
  readonly atMs: number
}

/** Offers for one component from the entries of one model that hold at an instant. */
export function compileOffers(entries: ReadonlyMap<UsageComponent, readonly PriceEntry[]>, component: UsageComponent, question: PlanQuestion): Offers | null {
  const contract: Offer[] = []
  const list: Offer[] = []
  for (const source of chainOf(question.provider, component)) {
    const usable = (entries.get(source) ?? []).filter((entry) => holds(entry, source, question)).sort(byPrecedence)
    const listed = usable.filter((entry) => entry.book === 'list').map(toOffer)
    // A contract beats list for the same component; only then is a parent tried.
    contract.push(...usable.filter((entry) => entry.book === 'contract').map(toOffer), ...listed)
    list.push(...listed)
  }
  if (contract.length === 0) return null
  return { contract, list, splits: splitsOf([...contract, ...list]) }
}

function holds(entry: PriceEntry, component: UsageComponent, question: PlanQuestion): boolean {
  const { conditions } = entry
  const mode = conditions.mode ?? 'standard'
  return (
    (entry.validFrom === null || question.atMs >= entry.validFrom) &&
    (entry.validTo === null || question.atMs < entry.validTo) &&
    (entry.orgId === '' || entry.orgId === question.orgId) &&
    (mode === question.mode || (mode === 'standard' && modeless.has(component))) &&
    (conditions.geo === undefined || conditions.geo.toLowerCase().split(',').includes(question.geo)) &&
    conditions.variant === undefined
  )
}

/**
 * The organisation's own before everyone's, then rank, then the more specific (mode, geo, clock, higher context tier), then the
 * later start. The id closes ties, so that the order never depends on the order of the data.
 */
function byPrecedence(a: PriceEntry, b: PriceEntry): number {
  return (
    Number(b.orgId !== '') - Number(a.orgId !== '') ||
    b.rank - a.rank ||
    specificity(b) - specificity(a) ||
    contextFloor(b) - contextFloor(a) ||
    (b.validFrom ?? Number.NEGATIVE_INFINITY) - (a.validFrom ?? Number.NEGATIVE_INFINITY) ||
    b.recordedAt - a.recordedAt ||
    (a.id < b.id ? -1 : 1)
  )
}

function specificity({ conditions }: PriceEntry): number {
  return (
    (conditions.mode !== undefined && conditions.mode !== 'standard' ? 8 : 0) +
    (conditions.geo === undefined ? 0 : 4) +
    (conditions.clock === undefined ? 0 : 2) +
    (conditions.context === undefined ? 0 : 1)
  )
}

const contextFloor = (entry: PriceEntry): number => {
  const from = entry.conditions.context?.from
  return from ? from.tokens + (from.comparator === 'gt' ? 1 : 0) : 0
}

function toOffer(entry: PriceEntry): Offer {
  assert(Number.isSafeInteger(entry.per) && entry.per > 0, `price entry ${entry.id} must have a positive whole "per"`)
  const rate = amountOf(entry.amount)
  const per = BigInt(entry.per)
  const { context, clock, quantityMin } = entry.conditions
  const to = context?.to
  return {
    entry, rate, per,
    unitAmount: rate % per === 0n ? rate / per : null,
    clock: clock ? compileClock(clock) : null,
    contextMin: contextFloor(entry),
    contextMax: to ? to.tokens - (to.comparator === 'lt' ? 1 : 0) : Number.MAX_SAFE_INTEGER,
    marginal: context?.scope === 'marginal',
    quantityMin: quantityMin ?? 0,
  }
}

const splitsOf = (offers: readonly Offer[]): readonly number[] =>
  [...new Set(offers.filter((offer) => offer.marginal && offer.contextMin > 0).map((offer) => offer.contextMin - 1))].sort((a, b) => a - b)

/** quantity × rate ÷ per, quantised once to 1e-15, ties to even. */
export function amountFor(offer: Offer, quantity: number): Amount {
  const units = BigInt(quantity)
  return offer.unitAmount === null ? divideHalfEven(units * offer.rate, offer.per) : units * offer.unitAmount
}

/** The first offer whose clock and context hold. `inputTotal` is the whole request's input, which a cliff tier is chosen by; `position` the slice's place in it, which a marginal tier is chosen by. */
export function chooseOffer(offers: readonly Offer[], atMs: number, inputTotal: number, position: number): Offer | null {
  for (const offer of offers) {
    const measured = offer.marginal ? position : inputTotal
    if (measured < offer.contextMin || measured > offer.contextMax) continue
    if (offer.clock !== null && !offer.clock(atMs)) continue
    return offer
  }
  return null
}
