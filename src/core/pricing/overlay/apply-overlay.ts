import { assert } from '../../../base/assert.ts'
import { amountOf, formatAmount } from '../../../base/money.ts'
import { unitOf, type UsageComponent } from '../../usage/usage.ts'
import { contentId, type ImportedPrices } from '../import-genai-prices.ts'
import type { ModelAlias, ModelLimits, PriceConditions, PriceEntry, ServiceMode } from '../price-entry.ts'

/** Lowest rank of the overlay: above the feed (0), below operators' overrides (100). */
const overlayRank = 10

/** Figures as a vendor's page states them. */
export interface Stated {
  readonly kind: 'stated'
  readonly provider: string
  readonly models: readonly string[]
  /** ISO instants, half-open; absent = open. */
  readonly from?: string
  readonly to?: string
  readonly conditions?: PriceConditions
  /** Per million tokens, thousand searches, pages or requests, or hour of media. */
  readonly prices: Readonly<Partial<Record<UsageComponent, string>>>
  readonly source: string
}

/** Prices a vendor defines as a multiple of other prices; computed exactly, from every dated and tiered row there is. */
export interface Multiple {
  readonly kind: 'multiple'
  readonly provider: string
  readonly models: readonly string[]
  /** Component to the component it becomes. */
  readonly components: Readonly<Partial<Record<UsageComponent, UsageComponent>>>
  /** Exact decimal. */
  readonly factor: string
  /** Mode the multiple is sold in; rows of the standard mode are its base. */
  readonly mode?: ServiceMode
  /** Geography the multiple is charged in; rows of every mode are its base. Without it, rows of the standard mode in any geography are. */
  readonly geo?: string
  /** The mode is not sold above the first context tier: those prompts stay unpriced in it. */
  readonly firstTierOnly?: boolean
  readonly source: string
}

/** Rows one provider sells at another's prices, standard mode only. */
interface SameAs {
  readonly kind: 'same'
  readonly provider: string
  readonly as: string
  /** Absent = every model. */
  readonly models?: readonly string[]
  readonly source: string
}

export type OverlayStep = Stated | Multiple | SameAs

export interface DatedAlias {
  readonly provider: string
  readonly names: readonly string[]
  readonly model: string
  readonly from?: string
  readonly to?: string
}

export interface OverlayData {
  readonly steps: readonly OverlayStep[]
  readonly aliases: readonly DatedAlias[]
  readonly limits: readonly ModelLimits[]
}

/** The feed with the overlay above it. Steps run in order, each seeing what the earlier ones added. */
export function applyOverlay(feed: ImportedPrices, overlay: OverlayData, recordedAt: number): ImportedPrices {
  const entries = new Map(feed.entries.map((entry) => [entry.id, entry]))
  const aliases: ModelAlias[] = [...feed.aliases]
  const skipped = [...feed.skipped]
  for (const step of overlay.steps) {
    const made = step.kind === 'stated' ? state(step, recordedAt) : step.kind === 'multiple' ? multiply(step, entries.values(), recordedAt) : copy(step, entries.values(), recordedAt)
    if (made.length === 0) skipped.push(`overlay ${step.provider} ${step.models?.join(' ') ?? ''}: nothing to apply to`)
    for (const entry of made) entries.set(entry.id, entry)
    if (step.kind === 'same') aliases.push(...copyAliases(step, feed.aliases))
  }
  const own = overlay.aliases.flatMap(toAliases)
  return { entries: [...entries.values()], aliases: settle(own, aliases, entries.values()), limits: mergeLimits(feed.limits, overlay.limits), skipped }
}

function state(step: Stated, recordedAt: number): PriceEntry[] {
  return step.models.flatMap((model) =>
    Object.entries(step.prices).map(([component, amount]) =>
      seal({
        rank: overlayRank, provider: step.provider, model, component: component as UsageComponent, per: perOf(component as UsageComponent), amount,
        validFrom: instant(step.from), validTo: instant(step.to), conditions: step.conditions ?? {}, currency: 'USD',
      }, step.source, recordedAt)))
}

function multiply(step: Multiple, entries: Iterable<PriceEntry>, recordedAt: number): PriceEntry[] {
  const made: PriceEntry[] = []
  for (const base of entries) {
    const component = step.components[base.component]
    if (component === undefined || base.provider !== step.provider || !step.models.includes(base.model)) continue
    if ((step.geo !== undefined && base.conditions.geo !== undefined) || (step.geo === undefined && base.conditions.mode !== undefined)) continue
    if (step.firstTierOnly && base.conditions.context?.from) continue
    made.push(seal({
      rank: Math.max(overlayRank, base.rank + 1), provider: step.provider, model: base.model, component, per: base.per,
      amount: times(base.amount, step.factor), validFrom: base.validFrom, validTo: base.validTo, currency: base.currency,
      conditions: {
        ...base.conditions,
        ...(step.mode === undefined ? {} : { mode: step.mode }),
        ...(step.geo === undefined ? {} : { geo: step.geo }),
        ...(step.firstTierOnly ? upToFirstTier(base, entries) : {}),
      },
    }, step.source, recordedAt))
  }
  return made
}

/** Where the model has a higher tier, the base row is held below it. */
function upToFirstTier(base: PriceEntry, entries: Iterable<PriceEntry>): Pick<PriceConditions, 'context'> {
  for (const { provider, model, component, conditions } of entries) {
    const from = conditions.context?.from
    if (from && provider === base.provider && model === base.model && component === base.component) {
      return { context: { to: { tokens: from.tokens, comparator: from.comparator === 'gt' ? 'lte' : 'lt' }, scope: 'cliff' } }
    }
  }
  return {}
}

function copy(step: SameAs, entries: Iterable<PriceEntry>, recordedAt: number): PriceEntry[] {
  const made: PriceEntry[] = []
  for (const base of entries) {
    if (base.provider !== step.as || base.conditions.mode !== undefined || base.conditions.geo !== undefined) continue
    if (step.models && !step.models.includes(base.model)) continue
    made.push(seal({ ...base, rank: Math.max(overlayRank, base.rank), provider: step.provider }, step.source, recordedAt))
  }
  return made
}

function copyAliases(step: SameAs, aliases: readonly ModelAlias[]): ModelAlias[] {
  return aliases.flatMap((alias) => (alias.provider === step.as && (!step.models || step.models.includes(alias.model)) ? [{ ...alias, provider: step.provider }] : []))
}

type EntryFacts = Pick<PriceEntry, 'rank' | 'provider' | 'model' | 'component' | 'per' | 'amount' | 'currency' | 'validFrom' | 'validTo' | 'conditions'>

function seal(facts: EntryFacts, source: string, recordedAt: number): PriceEntry {
  const { rank, provider, model, component, per, amount, currency, validFrom, validTo, conditions } = facts
  const content = { book: 'list' as const, rank, provider, model, component, unit: unitOf(component), per, amount, currency, validFrom, validTo, conditions, orgId: '' }
  return { id: contentId('pe', content), ...content, recordedAt, supersededAt: null, status: 'active', source }
}

const perOf = (component: UsageComponent): number => {
  const unit = unitOf(component)
  return unit === 'token' || unit === 'token_hour' ? 1_000_000 : unit === 'second' ? 3_600 : 1_000
}

/** amount × factor, exact; a product that needs more than 15 places is a mistake in the table. */
function times(amount: string, factor: string): string {
  const product = amountOf(amount) * amountOf(factor)
  const scale = 10n ** 15n
  assert(product % scale === 0n, `${amount} × ${factor} must be exact`)
  return formatAmount(product / scale)
}

const instant = (iso: string | undefined): number | null => {
  if (iso === undefined) return null
  const ms = Date.parse(iso)
  assert(Number.isFinite(ms), `${iso} must be an instant`)
  return ms
}

const toAliases = (alias: DatedAlias): ModelAlias[] =>
  alias.names.map((pattern) => ({
    provider: alias.provider, pattern, regex: pattern.startsWith('^'), model: alias.model, validFrom: instant(alias.from), validTo: instant(alias.to),
  }))

/** Our aliases first; of the others those stay that hide neither one of ours nor a model that has prices. */
function settle(own: readonly ModelAlias[], others: readonly ModelAlias[], entries: Iterable<PriceEntry>): ModelAlias[] {
  const key = (provider: string, name: string): string => `${provider}\n${name.toLowerCase()}`
  const taken = new Set(own.map((alias) => key(alias.provider, alias.pattern)))
  for (const entry of entries) taken.add(key(entry.provider, entry.model))
  return [...own, ...others.filter((alias) => alias.regex || !taken.has(key(alias.provider, alias.pattern)))]
}

function mergeLimits(feed: readonly ModelLimits[], overlay: readonly ModelLimits[]): ModelLimits[] {
  const merged = new Map(feed.map((limits) => [`${limits.provider}\n${limits.model}`, limits]))
  for (const limits of overlay) {
    const key = `${limits.provider}\n${limits.model}`
    const known = merged.get(key)
    merged.set(key, { ...limits, contextTokens: limits.contextTokens ?? known?.contextTokens ?? null, outputTokensMax: limits.outputTokensMax ?? known?.outputTokensMax ?? null })
  }
  return [...merged.values()]
}
