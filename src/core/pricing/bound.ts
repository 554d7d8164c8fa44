import type { Amount } from '../../base/money.ts'
import type { UsageComponent } from '../usage/usage.ts'
import type { BoundQuestion } from './price-book.ts'
import type { Offer } from './price-plan.ts'
import type { Plan } from './price-usage.ts'

const inputs: readonly UsageComponent[] = ['input_text', 'cache_read', 'embedding']
const writes: readonly UsageComponent[] = ['cache_write', 'cache_write_5m', 'cache_write_1h']
const outputs: readonly UsageComponent[] = ['output_text', 'output_reasoning']

/** A call has fewer lines than this, and quantising one adds at most half of 1e-15. */
const roundingSlack: Amount = 32n

/**
 * The most a call can cost under any of `plans` (the mode asked for, and standard, because a provider may serve either), or null when one
 * of them has no price. Proof: price is a sum over counters of quantity × rate; every input counter is charged here at
 * the dearest rate any input counter can meet in any context tier the input can reach, every output counter at the dearest output rate.
 * Clock windows and entries that begin later need no margin: the reserve instant alone selects the price, and the
 * same instant is used when the call is priced.
 */
export function boundCost(plans: readonly Plan[], question: BoundQuestion): Amount | null {
  let dearest: Amount | null = null
  for (const plan of plans) {
    const cost = boundUnder(plan, question)
    if (cost === null) return null
    if (dearest === null || cost > dearest) dearest = cost
  }
  return dearest
}

function boundUnder(plan: Plan, question: BoundQuestion): Amount | null {
  const { inputTokensMax, outputTokensMax } = question
  const input = part(plan, question, question.mayWriteCache ? [...inputs, ...writes] : inputs, inputTokensMax)
  const output = part(plan, question, outputs, outputTokensMax)
  if (input === null || output === null) return null
  const request = plan.offersFor('request') === null ? 0n : part(plan, question, ['request'], 1)
  const searches = part(plan, question, ['web_search'], question.searchesMax ?? 0)
  return request === null || searches === null ? null : input + output + request + searches + roundingSlack
}

function part(plan: Plan, question: BoundQuestion, components: readonly UsageComponent[], quantity: number): Amount | null {
  if (quantity <= 0) return 0n
  let dearest: Offer | null = null
  for (const component of components) {
    for (const offer of reachable(plan.offersFor(component)?.contract ?? [], question)) {
      if (dearest === null || offer.rate * dearest.per > dearest.rate * offer.per) dearest = offer
    }
  }
  if (dearest === null) return null
  const billed = BigInt(Math.max(quantity, dearest.quantityMin))
  return (billed * dearest.rate + dearest.per - 1n) / dearest.per
}

/** Offers that some input size up to the maximum can select; one that covers every size hides those after it. */
function reachable(offers: readonly Offer[], { at, inputTokensMax }: BoundQuestion): readonly Offer[] {
  const found: Offer[] = []
  for (const offer of offers) {
    if (offer.contextMin > inputTokensMax || (offer.clock !== null && !offer.clock(at))) continue
    found.push(offer)
    if (offer.contextMin === 0 && offer.contextMax >= inputTokensMax) break
  }
  return found
}
