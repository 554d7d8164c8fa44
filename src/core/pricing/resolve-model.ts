import { assert } from '../../base/assert.ts'
import type { ModelAlias } from './price-entry.ts'
import { canonicalProvider } from './provider-names.ts'

/** A name that was understood. */
interface ResolvedModel {
  readonly model: string
  /** Geo profile the name itself carries ("us", "eu", "global"); '' when none. It selects prices, so it is kept, not dropped. */
  readonly geo: string
}

interface DatedName { readonly model: string; readonly fromMs: number; readonly toMs: number }
/** Compiled when first asked: a book has hundreds, a gateway meets few, and a snapshot must be taken in quickly. */
interface NamePattern { readonly pattern: string; readonly name: DatedName; expression: RegExp | null }
interface ProviderNames {
  /** Lower-case canonical ids to their spelling. */
  readonly ids: Map<string, string>
  readonly aliases: Map<string, DatedName[]>
  readonly patterns: NamePattern[]
  /** Every instant at which some name of this provider may change its meaning. */
  readonly turns: Set<number>
}
export type NameIndex = ReadonlyMap<string, ProviderNames>

/** Longer names are no model's; the bound keeps operator patterns cheap on caller text. */
const nameCharsMax = 256
const geoPrefix = /^(us-gov|us|eu|apac|jp|au|ca|in|global)\.(.+)$/

/** Builds the look-up. `models` are the canonical ids that have prices or limits. */
export function indexNames(models: Iterable<{ readonly provider: string; readonly model: string }>, aliases: readonly ModelAlias[]): NameIndex {
  const index = new Map<string, ProviderNames>()
  const namesOf = (provider: string): ProviderNames => {
    const key = canonicalProvider(provider)
    let names = index.get(key)
    if (!names) index.set(key, (names = { ids: new Map(), aliases: new Map(), patterns: [], turns: new Set() }))
    return names
  }
  for (const { provider, model } of models) namesOf(provider).ids.set(model.toLowerCase(), model)
  for (const alias of aliases) {
    const names = namesOf(alias.provider)
    const name = { model: alias.model, fromMs: alias.validFrom ?? Number.NEGATIVE_INFINITY, toMs: alias.validTo ?? Number.POSITIVE_INFINITY }
    if (alias.validFrom !== null) names.turns.add(alias.validFrom)
    if (alias.validTo !== null) names.turns.add(alias.validTo)
    if (alias.regex) {
      const { pattern } = alias
      assert(pattern.startsWith('^') && pattern.endsWith('$'), `alias pattern ${pattern.slice(0, 80)} must be anchored at both ends`)
      names.patterns.push({ pattern, name, expression: null })
      continue
    }
    const key = alias.pattern.toLowerCase()
    const dated = names.aliases.get(key)
    if (dated) dated.push(name)
    else names.aliases.set(key, [name])
  }
  return index
}

/** Only whole-name patterns: "^a|b$" is anchored at one end of each branch only, so the whole is grouped again. */
function compiled(named: NamePattern): RegExp {
  if (named.expression !== null) return named.expression
  try {
    named.expression = new RegExp(`^(?:${named.pattern.slice(1, -1)})$`, 'i')
  } catch {
    // A pattern that is no expression names nothing; a call in flight must still be priced or left unpriced.
    named.expression = /^(?!)/
  }
  return named.expression
}

/**
 * Canonical model of a raw name at an instant, or null. The steps are tried in order and each must hit exactly:
 * an operator's own name (whole string) → ARN → host prefix → geo prefix → id, dated alias, "@" as "-", dotted digits
 * as dashes, anchored pattern. A miss is null: a sibling's price is a guess, and a guess is never booked.
 */
export function resolveModel(index: NameIndex, provider: string, raw: string, atMs: number): ResolvedModel | null {
  const names = index.get(canonicalProvider(provider))
  if (!names || raw.length > nameCharsMax) return null
  const name = raw.trim().toLowerCase()
  if (name === '') return null
  const direct = lookUp(names, name, atMs)
  if (direct !== null) return { model: direct, geo: '' }
  if (name.startsWith('arn:')) return resolveArn(names, name, atMs)
  const { bare, region } = stripHost(provider, name)
  return (bare === name ? null : inRegion(resolveBare(names, bare, atMs), region)) ?? resolveBare(names, name, atMs)
}

/** A region is the geo of a name that carries no profile of its own; all of GovCloud is one. */
function inRegion(resolved: ResolvedModel | null, region: string): ResolvedModel | null {
  if (resolved === null || resolved.geo !== '') return resolved
  return { model: resolved.model, geo: region.startsWith('us-gov-') ? 'us-gov' : region }
}

function resolveBare(names: ProviderNames, name: string, atMs: number): ResolvedModel | null {
  const direct = lookUp(names, name, atMs)
  if (direct !== null) return { model: direct, geo: '' }
  const geo = geoPrefix.exec(name)
  if (!geo) return null
  const rest = lookUp(names, geo[2]!, atMs)
  return rest === null ? null : { model: rest, geo: geo[1]! }
}

/** An ARN names a foundation model or a system inference profile by id; an application profile is opaque and needs an operator's alias. */
function resolveArn(names: ProviderNames, arn: string, atMs: number): ResolvedModel | null {
  const match = /^arn:aws[a-z-]*:bedrock:([a-z0-9-]*):\d*:(?:inference-profile|foundation-model)\/(.+)$/.exec(arn)
  return match ? inRegion(resolveBare(names, match[2]!, atMs), match[1]!) : null
}

/** Host prefixes that say only where a model lives. A prefix that names another provider is part of the id. */
function stripHost(provider: string, name: string): { readonly bare: string; readonly region: string } {
  const resource = /^(?:projects\/[^/]+\/locations\/([^/]+)\/)?(?:publishers\/[^/]+\/)?models\/(.+)$/.exec(name)
  if (resource) return { bare: resource[2]!, region: resource[1] ?? '' }
  const slash = name.indexOf('/')
  if (slash <= 0 || canonicalProvider(name.slice(0, slash)) !== canonicalProvider(provider)) return { bare: name, region: '' }
  const rest = name.slice(slash + 1)
  // bedrock/us-east-1/anthropic.claude… and azure/eu/gpt-4o carry a place between host and id.
  const placed = /^([a-z]{2}(?:-gov)?-[a-z]+-\d|us|eu)\/(.+)$/.exec(rest)
  return placed ? { bare: placed[2]!, region: placed[1]! } : { bare: rest, region: '' }
}

function lookUp(names: ProviderNames, name: string, atMs: number): string | null {
  return (
    lookUpSpelling(names, name, atMs) ??
    respelled(names, name, name.replace('@', '-'), atMs) ??
    respelled(names, name, name.replace('@', '-').replace(/(\d)\.(?=\d)/g, '$1-'), atMs) ??
    lookUpFineTune(names, name, atMs)
  )
}

const respelled = (names: ProviderNames, name: string, spelling: string, atMs: number): string | null =>
  spelling === name ? null : lookUpSpelling(names, spelling, atMs)

/** An alias in force beats an id of the same spelling: operators may name a deployment after another model. */
function lookUpSpelling(names: ProviderNames, name: string, atMs: number): string | null {
  const holds = (entry: DatedName): boolean => atMs >= entry.fromMs && atMs < entry.toMs
  const alias = names.aliases.get(name)?.find(holds)
  if (alias) return alias.model
  const id = names.ids.get(name)
  if (id !== undefined) return id
  for (const pattern of names.patterns) {
    if (holds(pattern.name) && compiled(pattern).test(name)) return pattern.name.model
  }
  return null
}

/** Instants at which names of a provider may change their meaning; between two of them every answer holds. */
export const nameTurns = (index: NameIndex, provider: string): Iterable<number> => index.get(canonicalProvider(provider))?.turns ?? []

/** "ft:BASE:org:name:id" is the fine-tune row of BASE, never BASE itself: tuned models cost more. */
function lookUpFineTune(names: ProviderNames, name: string, atMs: number): string | null {
  const match = /^ft:([^:]+):.*$/.exec(name)
  return match ? lookUpSpelling(names, `ft:${match[1]!}`, atMs) : null
}
