import { createHash } from 'node:crypto'
import { parseAmount } from '../../base/money.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { unitOf, type UsageComponent } from '../usage/usage.ts'
import type { ModelAlias, ModelLimits, PriceConditions, PriceEntry } from './price-entry.ts'

/** The parts of the genai-prices v2 data that are read; the shape is that package's, MIT. */
export interface FeedProvider {
  readonly id: string
  readonly models: readonly FeedModel[]
}
export interface FeedModel {
  readonly id: string
  readonly match: FeedMatch
  readonly context_window?: number
  readonly price_comments?: string
  readonly prices: FeedPrices | readonly FeedConditionalPrices[]
}
type FeedMatch =
  | { readonly or: readonly FeedMatch[] }
  | { readonly and: readonly FeedMatch[] }
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string }
interface FeedConditionalPrices {
  readonly constraint?: { readonly type: 'start_date'; readonly start_date: string } | { readonly type: 'time_of_date'; readonly start_time: string; readonly end_time: string }
  readonly prices: FeedPrices
}
type FeedPrice = number | { readonly base: number; readonly tiers: readonly { readonly start: number; readonly price: number }[] }
type FeedPrices = Readonly<Record<string, FeedPrice | undefined>>

export interface ImportedPrices {
  readonly entries: readonly PriceEntry[]
  readonly aliases: readonly ModelAlias[]
  readonly limits: readonly ModelLimits[]
  /** What was not taken, for people: "provider model key: reason". */
  readonly skipped: readonly string[]
}

/** The feed's provider ids in the book's names; a provider missing here is skipped and reported. */
export const feedProviderNames: Readonly<Record<string, string>> = {
  anthropic: 'anthropic', arcee: 'arcee', avian: 'avian', aws: 'bedrock', azure: 'azure', baseten: 'baseten', cerebras: 'cerebras',
  cloudflare: 'cloudflare', cohere: 'cohere', cursor: 'cursor', deepseek: 'deepseek', doubleword: 'doubleword', fireworks: 'fireworks',
  'github-copilot': 'github-copilot', google: 'google', groq: 'groq', huggingface_cerebras: 'huggingface_cerebras',
  'huggingface_fireworks-ai': 'huggingface_fireworks-ai', huggingface_groq: 'huggingface_groq', huggingface_hyperbolic: 'huggingface_hyperbolic',
  huggingface_nebius: 'huggingface_nebius', huggingface_novita: 'huggingface_novita', huggingface_nscale: 'huggingface_nscale',
  huggingface_ovhcloud: 'huggingface_ovhcloud', huggingface_publicai: 'huggingface_publicai', huggingface_sambanova: 'huggingface_sambanova',
  huggingface_together: 'huggingface_together', minimax: 'minimax', mistral: 'mistral', modal: 'modal', moonshotai: 'moonshot', novita: 'novita',
  openai: 'openai', openrouter: 'openrouter', ovhcloud: 'ovhcloud', perplexity: 'perplexity', quicksilverpro: 'quicksilverpro',
  together: 'together', typesafe: 'typesafe', voyageai: 'voyage', 'x-ai': 'xai', zai: 'zai', zhipuai: 'zhipu',
}

/** Price keys by component and how many units a figure buys. Keys left out have no counter of ours and are reported. */
const keys: Readonly<Record<string, readonly [UsageComponent, number]>> = {
  input_mtok: ['input_text', 1_000_000],
  output_mtok: ['output_text', 1_000_000],
  cache_read_mtok: ['cache_read', 1_000_000],
  cache_write_mtok: ['cache_write', 1_000_000],
  cache_write_1h_mtok: ['cache_write_1h', 1_000_000],
  input_audio_mtok: ['input_audio', 1_000_000],
  output_audio_mtok: ['output_audio', 1_000_000],
  cache_audio_read_mtok: ['cache_read_audio', 1_000_000],
  input_image_mtok: ['input_image', 1_000_000],
  output_image_mtok: ['output_image', 1_000_000],
  cache_image_read_mtok: ['cache_read_image', 1_000_000],
  input_video_mtok: ['input_video', 1_000_000],
  output_reasoning_mtok: ['output_reasoning', 1_000_000],
  output_citation_mtok: ['citation', 1_000_000],
  web_searches_kcount: ['web_search', 1_000],
  storage_searches_kcount: ['file_search', 1_000],
  requests_kcount: ['request', 1_000],
  audio_hours: ['audio_second', 3_600],
  input_audio_hours: ['audio_second', 3_600],
  input_document_kpages: ['page', 1_000],
}

/** One row of prices with the instants and clock windows for which it holds. */
interface DatedPrices {
  readonly validFrom: number | null
  readonly validTo: number | null
  readonly clock: PriceConditions['clock'] | undefined
  readonly prices: FeedPrices
}

/** Where a model's entries go. */
interface Target {
  readonly provider: string
  readonly model: string
  /** Geo profile that the feed's id stood for. */
  readonly geo: string | undefined
  readonly source: string
}

/**
 * Turns feed data into list entries of rank 0. Figures reach us as JavaScript numbers; their shortest round-trip text is
 * the decimal the feed's authors typed (at most 15 places, else the figure is refused, never rounded).
 */
export function importGenaiPrices(providers: readonly FeedProvider[], feedVersion: string, recordedAt: number): ImportedPrices {
  const entries = new Map<string, PriceEntry>()
  const aliases: ModelAlias[] = []
  const limits = new Map<string, ModelLimits>()
  const skipped: string[] = []
  for (const feed of providers) {
    const provider = feedProviderNames[feed.id]
    if (provider === undefined) {
      skipped.push(`${feed.id}: provider is not known`)
      continue
    }
    for (const model of feed.models) {
      const target = targetOf(provider, model, feedVersion)
      for (const entry of entriesOf(target, model, recordedAt, skipped)) if (!entries.has(entry.id)) entries.set(entry.id, entry)
      aliases.push(...aliasesOf(target, model))
      if (model.context_window !== undefined) {
        limits.set(`${provider}\n${target.model}`, { provider, model: target.model, contextTokens: model.context_window, outputTokensMax: null })
      }
    }
  }
  return { entries: [...entries.values()], aliases: withoutCollisions(entries.values(), aliases), limits: [...limits.values()], skipped }
}

/**
 * Bedrock rows are keyed "regional.…" and "global.…", which no caller sends: both are one model, and the global profile
 * is a geo condition on it. Regional profiles share the row without a geo.
 */
function targetOf(provider: string, model: FeedModel, feedVersion: string): Target {
  const profile = provider === 'bedrock' ? /^(regional|global)\.(.+)$/.exec(model.id) : null
  const comment = model.price_comments?.replace(/\s+/g, ' ').trim() ?? ''
  const evidence = /https?:\/\/\S+/.exec(comment)?.[0].replace(/[).,;]+$/, '')
  return {
    provider,
    model: profile ? profile[2]! : model.id,
    geo: profile?.[1] === 'global' ? 'global' : undefined,
    source: `genai-prices ${feedVersion}${evidence === undefined ? '' : `, ${evidence}`}`,
  }
}

function entriesOf(target: Target, model: FeedModel, recordedAt: number, skipped: string[]): PriceEntry[] {
  const entries: PriceEntry[] = []
  for (const row of timeline(model.prices)) {
    for (const [key, price] of Object.entries(row.prices)) {
      const unit = keys[key]
      if (price === undefined || (key === 'input_audio_hours' && row.prices.audio_hours !== undefined)) continue
      if (!unit) {
        skipped.push(`${target.provider} ${target.model} ${key}: no counter of ours`)
        continue
      }
      for (const tier of tiersOf(price)) {
        const amount = decimalOf(tier.price)
        if (!amount.ok) skipped.push(`${target.provider} ${target.model} ${key}: ${amount.error}`)
        else entries.push(entryOf(target, unit, amount.value, row, tier.above, recordedAt))
      }
    }
  }
  return entries
}

function entryOf(target: Target, [component, per]: readonly [UsageComponent, number], amount: string, row: DatedPrices, above: number | null, recordedAt: number): PriceEntry {
  const conditions: PriceConditions = {
    ...(target.geo === undefined ? {} : { geo: target.geo }),
    // The feed's own calculator compares with ">" and bills the whole request at the tier it reaches.
    ...(above === null ? {} : { context: { from: { tokens: above, comparator: 'gt' as const }, scope: 'cliff' as const } }),
    ...(row.clock === undefined ? {} : { clock: row.clock }),
  }
  const entry = {
    book: 'list' as const, rank: 0, provider: target.provider, model: target.model, component, unit: unitOf(component), per, amount,
    currency: 'USD', validFrom: row.validFrom, validTo: row.validTo, conditions, orgId: '',
  }
  return { id: contentId('pe', entry), ...entry, recordedAt, supersededAt: null, status: 'active', source: target.source }
}

/** The same content has the same id on every machine and every run, so that seeding twice adds nothing. */
export function contentId(prefix: string, content: unknown): string {
  return `${prefix}_${createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 24)}`
}

const tiersOf = (price: FeedPrice): readonly { readonly above: number | null; readonly price: number }[] =>
  typeof price === 'number'
    ? [{ above: null, price }]
    : [{ above: null, price: price.base }, ...price.tiers.map((tier) => ({ above: tier.start, price: tier.price }))]

/**
 * Rows in the feed's order: the last one that holds applies. Dated rows therefore end where the next dated row begins. A
 * clock row after a dated row begins with it: the feed cannot write both on one row, and no vendor had clock prices
 * before it announced them.
 */
function timeline(prices: FeedModel['prices']): readonly DatedPrices[] {
  const rows: readonly FeedConditionalPrices[] = isList(prices) ? prices : [{ prices }]
  const starts: (number | null)[] = []
  for (const row of rows) starts.push(row.constraint?.type === 'start_date' ? Date.parse(`${row.constraint.start_date}T00:00:00Z`) : (starts.at(-1) ?? null))
  return rows.map((row, index) => {
    const validFrom = starts[index] ?? null
    const later = starts.slice(index + 1).filter((start): start is number => start !== null && start !== validFrom)
    return {
      validFrom,
      validTo: later.length === 0 ? null : Math.min(...later),
      clock: row.constraint?.type === 'time_of_date' ? [dailyWindow(row.constraint.start_time, row.constraint.end_time)] : undefined,
      prices: row.prices,
    }
  })
}

const isList = (prices: FeedModel['prices']): prices is readonly FeedConditionalPrices[] => Array.isArray(prices)

const dailyWindow = (start: string, end: string): NonNullable<PriceConditions['clock']>[number] =>
  ({ zone: 'UTC', days: [1, 2, 3, 4, 5, 6, 7], fromMinute: minuteOf(start), toMinute: minuteOf(end) })

/** "16:30:00Z" → 990. The feed writes whole minutes in UTC. */
function minuteOf(time: string): number {
  const match = /^(\d{2}):(\d{2}):00Z$/.exec(time)
  if (!match) throw new RangeError(`time of day ${time} must be whole minutes in UTC`)
  return Number(match[1]) * 60 + Number(match[2])
}

/** Shortest round-trip text of a figure as a plain decimal: 3.625e-7 → "0.0000003625". */
export function decimalOf(figure: number): Result<string, string> {
  if (!Number.isFinite(figure) || figure < 0) return err(`${figure} is not a price`)
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(figure))
  if (!match) return err(`${figure} is not a decimal`)
  const digits = match[1]! + (match[2] ?? '')
  const point = match[1]!.length + Number(match[3] ?? 0)
  const whole = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0')
  const fraction = (point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point)).replace(/0+$/, '')
  const text = fraction === '' ? whole : `${whole}.${fraction}`
  const parsed = parseAmount(text)
  return parsed.ok ? ok(text) : err(`${figure} has more places than are kept`)
}

/**
 * Names a model answers to. Exact names and fully anchored patterns are taken as they stand. A prefix ("starts with",
 * "contains") would price siblings that do not exist yet, so it yields only the bare name and the same name with a
 * dated snapshot or, on Bedrock, a version: the vendor's own marks for another build of the same model. A snapshot that the
 * feed prices apart (gpt-4o-2024-05-13) is a model of its own there, and an id is found before any pattern.
 */
function aliasesOf(target: Target, model: FeedModel): ModelAlias[] {
  const aliases: ModelAlias[] = []
  const alias = (pattern: string, regex: boolean): void => {
    aliases.push({ provider: target.provider, pattern, regex, model: target.model, validFrom: null, validTo: null })
  }
  for (const match of alternatives(model.match)) {
    if ('equals' in match) alias(bare(target, match.equals), false)
    else if ('regex' in match) {
      if (isWholePattern(match.regex)) alias(match.regex, true)
    } else {
      const stem = bare(target, 'starts_with' in match ? match.starts_with : 'contains' in match ? match.contains : match.ends_with)
      if (/[a-z0-9]$/i.test(stem) && !cutDate.test(stem)) alias(stem, false)
      if ('ends_with' in match) continue
      if (target.provider === 'bedrock') alias(bedrockPattern(stem, target.model), true)
      else {
        alias(snapshotPattern(stem, stem.replace(cutDate, '')), true)
        if (target.model.startsWith(stem)) alias(snapshotPattern(stem, target.model.replace(/-latest$/, '')), true)
      }
    }
  }
  return aliases
}

/** A prefix that stops inside a date: "claude-sonnet-4-2025", "claude-sonnet-4@", "gpt-5-nano-". */
const cutDate = /[-@](?:20\d{0,2}-?)?$/

/** Members of an "or"; an "and" narrows by a pattern of its own, so only its prefix is read, which is narrower still. */
function alternatives(match: FeedMatch): readonly Exclude<FeedMatch, { or: unknown } | { and: unknown }>[] {
  if ('or' in match) return match.or.flatMap(alternatives)
  if ('and' in match) return match.and.flatMap(alternatives).filter((part) => !('regex' in part))
  return [match]
}

/** Geo profiles are read off the name before look-up, so Bedrock names are kept without them. */
const bare = (target: Target, name: string): string => (target.provider === 'bedrock' ? name.replace(/^(?:us-gov|us|eu|apac|jp|au|ca|in|global)\./, '') : name)

const isWholePattern = (pattern: string): boolean => pattern.startsWith('^') && pattern.endsWith('$') && !pattern.includes('(?!')

const date = '[-@](?:\\d{8}|\\d{4}-\\d{2}-\\d{2})'

/** Names that begin with the feed's own prefix and are `base` with a dated build after it. */
function snapshotPattern(prefix: string, base: string): string {
  const begins = prefix === base ? '' : `(?=${literal(prefix)})`
  return `^${begins}${literal(base)}${date}$`
}

/** Bedrock appends a date and a version. The major version is the model's own: titan-embed-text-v2 costs a fifth of -v1. */
function bedrockPattern(stem: string, model: string): string {
  const version = /-v(\d+)(?::\d+)?$/.exec(model)?.[1]
  const ending = /-v\d+$/.test(stem) ? '(?::\\d+)?' : version === undefined ? '' : `(?:-v${version}(?::\\d+)?)?`
  return `^(?:anthropic\\.)?${literal(stem)}(?:${date})?${ending}$`
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** An alias never hides a model's own id, and the first model to claim a name keeps it, as in the feed. */
function withoutCollisions(entries: Iterable<PriceEntry>, aliases: readonly ModelAlias[]): ModelAlias[] {
  const taken = new Set<string>()
  for (const entry of entries) taken.add(`${entry.provider}\n${entry.model.toLowerCase()}`)
  return aliases.filter((alias) => {
    const key = `${alias.provider}\n${alias.regex ? '~' : ''}${alias.pattern.toLowerCase()}`
    if (taken.has(key)) return false
    taken.add(key)
    return true
  })
}
