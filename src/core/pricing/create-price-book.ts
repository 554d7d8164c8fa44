import type { UsageComponent } from '../usage/usage.ts'
import { boundCost } from './bound.ts'
import type { BoundQuestion, PriceBook, PricedUsage, PriceQuestion } from './price-book.ts'
import type { ModelLimits, PriceData, PriceEntry, ServiceMode } from './price-entry.ts'
import { compileOffers, type Offers, type PlanQuestion } from './price-plan.ts'
import { priceUsage, type Plan } from './price-usage.ts'
import { canonicalProvider } from './provider-names.ts'
import { indexNames, nameTurns, resolveModel, type NameIndex } from './resolve-model.ts'

/** Distinct (organisation, provider, raw model) remembered; callers choose model names, so the memory is bounded and starts anew when full. */
const slotsMax = 8_192
/** Distinct (mode, geo, period) per slot; a re-rating run walks through periods. */
const plansPerSlotMax = 16
/** What a book without any entry answers in. */
const defaultCurrency = 'USD'

type ModelEntries = ReadonlyMap<UsageComponent, readonly PriceEntry[]>

/** A compiled plan and the question it answers: any `at` in [fromMs, toMs). */
interface DatedPlan extends Plan {
  readonly mode: ServiceMode
  readonly geo: string
  readonly fromMs: number
  readonly toMs: number
}

interface Index {
  readonly names: NameIndex
  /** "provider\nmodel" to its live entries by component. */
  readonly entries: ReadonlyMap<string, ModelEntries>
  readonly limits: ReadonlyMap<string, ModelLimits>
  /** Organisations that have entries of their own; all others share one slot. */
  readonly ownOrgs: ReadonlySet<string>
}

/**
 * An immutable book over `data`. Only list and contract entries that are active and not superseded are priced with;
 * mark-up belongs to billing. `cost` takes contract prices where there are any, else list; `listCost` list only.
 */
export function createPriceBook(data: PriceData): PriceBook {
  const index = indexData(data)
  const slots = new SlotMemory()
  const planFor = (orgId: string, provider: string, model: string, mode: ServiceMode, geo: string, at: number): DatedPlan => {
    const plans = slots.at(index.ownOrgs.has(orgId) ? orgId : '', provider, model)
    for (const plan of plans) if (plan.mode === mode && at >= plan.fromMs && at < plan.toMs && plan.geo === geo) return plan
    const plan = compilePlan(index, orgId, provider, model, mode, geo, at)
    if (plans.length >= plansPerSlotMax) plans.shift()
    plans.push(plan)
    return plan
  }
  return {
    version: data.version,
    price: (question: PriceQuestion): PricedUsage =>
      priceUsage(planFor(question.orgId, question.provider, question.model, question.mode, question.geo, question.at), question.usage, question.at),
    bound: (question: BoundQuestion) => {
      const { orgId, provider, model, mode, geo, at } = question
      const standard = planFor(orgId, provider, model, 'standard', geo, at)
      const plans = mode === 'standard' ? [standard] : [standard, planFor(orgId, provider, model, mode, geo, at)]
      const cost = boundCost(plans, question)
      return cost === null ? null : { cost, currency: standard.currency }
    },
    limits: (provider, model, at) => {
      const resolved = resolveModel(index.names, provider, model, at)
      const found = resolved && index.limits.get(keyOf(canonicalProvider(provider), resolved.model))
      return { contextTokens: found?.contextTokens ?? null, outputTokensMax: found?.outputTokensMax ?? null }
    },
    resolve: (provider, model, at) => resolveModel(index.names, provider, model, at)?.model ?? null,
  }
}

const keyOf = (provider: string, model: string): string => `${provider}\n${model}`

function indexData(data: PriceData): Index {
  const live = data.entries.filter((entry) => entry.status === 'active' && entry.supersededAt === null && entry.book !== 'markup')
  const entries = new Map<string, Map<UsageComponent, PriceEntry[]>>()
  for (const entry of live) {
    const key = keyOf(canonicalProvider(entry.provider), entry.model)
    let components = entries.get(key)
    if (!components) entries.set(key, (components = new Map()))
    const dated = components.get(entry.component)
    if (dated) dated.push(entry)
    else components.set(entry.component, [entry])
  }
  return {
    names: indexNames([...live, ...data.limits], data.aliases),
    entries,
    limits: new Map(data.limits.map((limits) => [keyOf(canonicalProvider(limits.provider), limits.model), limits])),
    ownOrgs: new Set(live.flatMap((entry) => (entry.orgId === '' ? [] : [entry.orgId]))),
  }
}

function compilePlan(index: Index, orgId: string, rawProvider: string, rawModel: string, mode: ServiceMode, geo: string, at: number): DatedPlan {
  const provider = canonicalProvider(rawProvider)
  const resolved = resolveModel(index.names, provider, rawModel, at)
  const entries = (resolved && index.entries.get(keyOf(provider, resolved.model))) ?? new Map<UsageComponent, readonly PriceEntry[]>()
  const currency = currencyOf(entries, orgId, at)
  const usable = new Map([...entries].map(([component, dated]) => [component, dated.filter((entry) => entry.currency === currency)]))
  const question: PlanQuestion = { orgId, provider, mode, geo: (resolved?.geo || geo).toLowerCase(), atMs: at }
  const offers = new Map<UsageComponent, Offers | null>()
  return {
    model: resolved?.model ?? null,
    currency, mode, geo,
    tiered: [...usable.values()].some((dated) => dated.some((entry) => entry.conditions.context !== undefined)),
    ...periodOf(index.names, provider, usable, at),
    offersFor: (component) => {
      let found = offers.get(component)
      if (found === undefined) offers.set(component, (found = compileOffers(usable, component, question)))
      return found
    },
  }
}

/** The stretch around an instant in which neither a name of the provider nor an entry of the model turns. */
function periodOf(names: NameIndex, provider: string, entries: ModelEntries, at: number): { readonly fromMs: number; readonly toMs: number } {
  let fromMs = Number.NEGATIVE_INFINITY
  let toMs = Number.POSITIVE_INFINITY
  const turn = (instant: number | null): void => {
    if (instant === null) return
    if (instant <= at && instant > fromMs) fromMs = instant
    if (instant > at && instant < toMs) toMs = instant
  }
  for (const instant of nameTurns(names, provider)) turn(instant)
  for (const dated of entries.values()) {
    for (const entry of dated) {
      turn(entry.validFrom)
      turn(entry.validTo)
    }
  }
  return { fromMs, toMs }
}

/** A model is priced in one currency at a time, because amounts of two cannot be added: the contract's own, else the list's. */
function currencyOf(entries: ModelEntries, orgId: string, at: number): string {
  let best: PriceEntry | null = null
  for (const dated of entries.values()) {
    for (const entry of dated) {
      const holds = (entry.orgId === '' || entry.orgId === orgId) && (entry.validFrom ?? at) <= at && (entry.validTo ?? at + 1) > at
      if (holds && (best === null || weight(entry) > weight(best))) best = entry
    }
  }
  return best?.currency ?? defaultCurrency
}
const weight = (entry: PriceEntry): number => (entry.book === 'contract' ? 2_000_000 : 0) + (entry.orgId === '' ? 0 : 1_000_000) + entry.rank

/** Plans by organisation, provider and raw model. Nested maps, because building a joined key costs more than three look-ups. */
class SlotMemory {
  readonly #orgs = new Map<string, Map<string, Map<string, DatedPlan[]>>>()
  #slots = 0

  at(orgId: string, provider: string, model: string): DatedPlan[] {
    const found = this.#orgs.get(orgId)?.get(provider)?.get(model)
    return found ?? this.#open(orgId, provider, model)
  }

  #open(orgId: string, provider: string, model: string): DatedPlan[] {
    if (this.#slots >= slotsMax) {
      this.#orgs.clear()
      this.#slots = 0
    }
    this.#slots += 1
    let providers = this.#orgs.get(orgId)
    if (!providers) this.#orgs.set(orgId, (providers = new Map()))
    let models = providers.get(provider)
    if (!models) providers.set(provider, (models = new Map()))
    const plans: DatedPlan[] = []
    models.set(model, plans)
    return plans
  }
}
