import type { Amount } from '../../base/money.ts'
import { assert } from '../../base/assert.ts'
import type { CostLine } from '../usage/usage-record.ts'
import { inputTokens, unitOf, type Usage, type UsageComponent } from '../usage/usage.ts'
import type { PricedUsage } from './price-book.ts'
import { amountFor, chooseOffer, type Offer, type Offers } from './price-plan.ts'

/** What one (organisation, provider, model, mode, geo) costs while no entry and no name changes. */
export interface Plan {
  readonly model: string | null
  readonly currency: string
  /** Some entry of the model depends on the request's input size. */
  readonly tiered: boolean
  offersFor(component: UsageComponent): Offers | null
}

/** Sums while lines are written. */
interface Tally {
  readonly lines: CostLine[]
  cost: Amount
  /** List minus contract. For nearly every line it is nothing, and adding nothing is the cheapest addition. */
  listExcess: Amount
  priced: number
  listed: number
  notices: string[] | undefined
}

/**
 * One line per counter (two and more only where a marginal tier splits it), each quantised once. Zero counters make no
 * line unless all are zero; a counter without a price makes a line without an amount, never a zero.
 */
export function priceUsage(plan: Plan, usage: Usage, atMs: number): PricedUsage {
  const tally: Tally = { lines: [], cost: 0n, listExcess: 0n, priced: 0, listed: 0, notices: undefined }
  const inputTotal = plan.tiered ? inputTokens(usage) : 0
  let present = 0
  for (const key in usage) {
    const component = key as UsageComponent
    const quantity = usage[component]
    if (quantity === undefined) continue
    present += 1
    if (quantity !== 0) addComponent(tally, plan, component, quantity, atMs, inputTotal)
  }
  if (tally.lines.length > 0 && usage.request === undefined) addRequestFee(tally, plan, atMs, inputTotal)
  if (tally.lines.length === 0) addSilent(tally, plan, usage, present, atMs, inputTotal)
  return finish(tally, plan)
}

function finish(tally: Tally, plan: Plan): PricedUsage {
  const { lines, priced, listed, notices } = tally
  const answer: PricedUsage = {
    state: lines.length === 0 ? 'none' : priced === lines.length ? 'priced' : priced === 0 ? 'unpriced' : 'partial',
    model: plan.model,
    lines,
    cost: priced === 0 ? null : tally.cost,
    listCost: listed === 0 ? null : tally.listExcess === 0n ? tally.cost : tally.cost + tally.listExcess,
    currency: plan.currency,
  }
  return notices === undefined ? answer : { ...answer, notices }
}

/** Components whose parent's price is an upper bound and not the vendor's own rule: worth saying when it is used. */
const boundedAbove: ReadonlySet<UsageComponent> = new Set(['cache_read', 'cache_read_audio', 'cache_read_image'])

/** The number of requests is a count first and a fee only where the vendor charges one. */
const isCountOnly = (component: UsageComponent, offers: Offers | null): boolean => component === 'request' && offers === null

/** A vendor's fee per request applies to every call that did work, whether or not the provider's usage counts requests. */
function addRequestFee(tally: Tally, plan: Plan, atMs: number, inputTotal: number): void {
  if (plan.offersFor('request') !== null) addComponent(tally, plan, 'request', 1, atMs, inputTotal)
}

/** Nothing but zeros, or a bare count of requests: the lines say so, so that zero is not taken for absent. None of an unpriced thing costs nothing. */
function addSilent(tally: Tally, plan: Plan, usage: Usage, present: number, atMs: number, inputTotal: number): void {
  const anyPriced = (Object.keys(usage) as UsageComponent[]).some((component) => plan.offersFor(component) !== null)
  for (const key in usage) {
    const component = key as UsageComponent
    const quantity = usage[component]
    if (quantity === undefined) continue
    const offers = plan.offersFor(component)
    if (isCountOnly(component, offers) && present > 1) continue
    if (offers === null && quantity === 0 && anyPriced) continue
    addLine(tally, component, quantity, offers, offers && chooseOffer(offers.contract, atMs, inputTotal, inputTotal), offers && chooseOffer(offers.list, atMs, inputTotal, inputTotal))
  }
}

function addComponent(tally: Tally, plan: Plan, component: UsageComponent, quantity: number, atMs: number, inputTotal: number): void {
  assert(Number.isSafeInteger(quantity), `quantity of ${component} must be a whole number`)
  const offers = plan.offersFor(component)
  if (isCountOnly(component, offers)) return
  if (offers === null) return addLine(tally, component, quantity, null, null, null)
  if (offers.splits.length > 0 && inputTotal > 0) return addSlices(tally, component, quantity, offers, atMs, inputTotal)
  addLine(tally, component, quantity, offers, chooseOffer(offers.contract, atMs, inputTotal, inputTotal), chooseOffer(offers.list, atMs, inputTotal, inputTotal))
}

/**
 * A marginal tier covers the part of the request above its threshold. Each component has the same share above it as
 * the request's input has, in whole units.
 */
function addSlices(tally: Tally, component: UsageComponent, quantity: number, offers: Offers, atMs: number, inputTotal: number): void {
  const ends = [...offers.splits.filter((split) => split < inputTotal), inputTotal]
  let taken = 0
  for (const end of ends) {
    const upTo = end === inputTotal ? quantity : Number((BigInt(quantity) * BigInt(end)) / BigInt(inputTotal))
    if (upTo !== taken) addLine(tally, component, upTo - taken, offers, chooseOffer(offers.contract, atMs, inputTotal, end), chooseOffer(offers.list, atMs, inputTotal, end))
    taken = upTo
  }
}

function addLine(tally: Tally, component: UsageComponent, used: number, offers: Offers | null, offer: Offer | null, listOffer: Offer | null): void {
  if (offers === null || offer === null) {
    tally.lines.push({ component, quantity: used, unit: unitOf(component), entryId: null, rate: null, per: 1, amount: null, listAmount: null, listEntryId: null })
    return
  }
  const quantity = used > 0 && used < offer.quantityMin ? offer.quantityMin : used
  const { entry } = offer
  const amount = amountFor(offer, quantity)
  const listAmount = listOffer === offer ? amount : listOffer === null ? null : amountFor(listOffer, quantity)
  tally.lines.push({
    component, quantity, unit: entry.unit, entryId: entry.id, rate: entry.amount, per: entry.per, amount,
    listAmount, listEntryId: listOffer === null ? null : listOffer.entry.id,
  })
  tally.priced += 1
  tally.cost += amount
  if (listAmount !== null) tally.listed += 1
  if (listAmount !== amount) tally.listExcess += (listAmount ?? 0n) - amount
  if (entry.component !== component && boundedAbove.has(component)) (tally.notices ??= []).push(`${component} priced as ${entry.component}`)
}
