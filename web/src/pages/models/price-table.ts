import { decimalOrZero, writeDecimal } from '../../format/decimal.ts'
import { exactCount } from '../../format/quantity.ts'
import type { Component, PriceEntry } from './model-queries.ts'

/** One thing that is counted under one set of conditions, with the prices that compete for it. */
export interface PriceLine {
  readonly id: string
  readonly component: Component
  readonly unit: string
  readonly conditions: PriceEntry['conditions']
  readonly list: PriceEntry | null
  readonly contract: PriceEntry | null
  /** What a call now is priced with. */
  readonly effective: PriceEntry | null
  /** Begin later, soonest first. */
  readonly coming: readonly PriceEntry[]
}

const holdsAt = (entry: PriceEntry, atMs: number): boolean => (entry.validFrom === null || entry.validFrom <= atMs) && (entry.validTo === null || entry.validTo > atMs)
export const isLive = (entry: PriceEntry): boolean => entry.supersededAt === null && entry.status === 'active' && entry.book !== 'markup'
/** An override that was ended before it began, or has run out, applies to nothing any more. */
export const isOver = (entry: PriceEntry, nowMs: number): boolean => entry.supersededAt !== null || (entry.validTo !== null && (entry.validTo <= nowMs || (entry.validFrom !== null && entry.validTo <= entry.validFrom)))

/** The organisation's own before everyone's, then rank, then the later start: as the calculator decides. */
function beats(a: PriceEntry, b: PriceEntry): number {
  return Number(b.override) - Number(a.override) || b.rank - a.rank || (b.validFrom ?? -Infinity) - (a.validFrom ?? -Infinity) || b.recordedAt - a.recordedAt
}

/** Every component in the order people look for them, with the unit it is counted in. */
const units: Readonly<Record<Component, string>> = {
  input_text: 'token', cache_read: 'token', cache_write: 'token', cache_write_5m: 'token', cache_write_1h: 'token', output_text: 'token', output_reasoning: 'token',
  input_image: 'token', input_audio: 'token', input_video: 'token', cache_read_audio: 'token', cache_read_image: 'token', output_audio: 'token', output_image: 'token', embedding: 'token',
  request: 'request', web_search: 'search', file_search: 'search', rerank_search: 'search', maps_query: 'query', code_session: 'session', image: 'image', pixel: 'pixel',
  character: 'character', page: 'page', audio_second: 'second', video_second: 'second', citation: 'citation', cache_storage_hour: 'token_hour',
}
export const components = Object.keys(units) as readonly Component[]
export const unitOfComponent = (component: Component): string => units[component]
const place = (component: Component): number => components.indexOf(component)

/** Entries of one model as lines, standard prices before conditional ones. */
export function priceLines(entries: readonly PriceEntry[], nowMs: number): readonly PriceLine[] {
  const groups = new Map<string, PriceEntry[]>()
  for (const entry of entries) {
    if (!isLive(entry) || isOver(entry, nowMs)) continue
    const id = `${entry.component} ${conditionText(entry.conditions)}`
    groups.set(id, [...(groups.get(id) ?? []), entry])
  }
  return [...groups].map(([id, group]): PriceLine => {
    const now = group.filter((entry) => holdsAt(entry, nowMs)).toSorted(beats)
    const list = now.find((entry) => entry.book === 'list') ?? null
    const contract = now.find((entry) => entry.book === 'contract') ?? null
    const coming = group.filter((entry) => entry.validFrom !== null && entry.validFrom > nowMs).toSorted((a, b) => (a.validFrom ?? 0) - (b.validFrom ?? 0))
    const { component, unit, conditions } = group[0]!
    return { id, component, unit, conditions, list, contract, effective: contract ?? list, coming }
  }).toSorted((a, b) => Number(conditionText(a.conditions) !== '') - Number(conditionText(b.conditions) !== '') || place(a.component) - place(b.component) || (a.id < b.id ? -1 : 1))
}

/** Prices that no longer apply to a call of now, newest first. */
export const pastEntries = (entries: readonly PriceEntry[], nowMs: number): readonly PriceEntry[] =>
  entries.filter((entry) => isOver(entry, nowMs)).toSorted((a, b) => (b.supersededAt ?? b.validTo ?? 0) - (a.supersededAt ?? a.validTo ?? 0))

export const componentName = (component: string): string => component.replaceAll('_', ' ').replace(/ (5m|1h)$/, ', $1')

/** Tokens are read per million, most else per thousand, times per hour; null where the unit is priced one by one. */
const perOf: Readonly<Record<string, number>> = { token: 1_000_000, character: 1_000_000, pixel: 1_000_000, request: 1_000, search: 1_000, query: 1_000, second: 3_600 }
export const perName = (unit: string): string => {
  const per = perOf[unit] ?? 1
  if (unit === 'second') return 'hour'
  const plural = `${unit.replace('_', ' ')}s`.replace('searchs', 'searches').replace('querys', 'queries')
  return per === 1_000_000 ? `1M ${plural}` : per === 1 ? unit.replace('_', ' ') : `${exactCount(per)} ${plural}`
}

/** An entry's amount for the quantity people compare by. */
export function rateOf(entry: { readonly amount: string; readonly per: number; readonly unit: string }): string {
  const per = BigInt(perOf[entry.unit] ?? 1)
  return writeDecimal((decimalOrZero(entry.amount) * per) / BigInt(entry.per))
}
/** What an amount for that quantity is sent as. */
export const displayPer = (unit: string): number => perOf[unit] ?? 1

const edge = { gt: 'over', gte: 'from', lt: 'under', lte: 'up to' } as const
const shortCount = (tokens: number): string => (tokens >= 1_000 && tokens % 1_000 === 0 ? `${tokens / 1_000}k` : exactCount(tokens))
const clockTime = (minute: number): string => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

/** When an entry applies, in words; '' = always. */
export function conditionText(conditions: PriceEntry['conditions']): string {
  const { mode, geo, context, clock, variant } = conditions
  const parts = [
    mode === undefined || mode === 'standard' ? '' : mode,
    geo === undefined ? '' : `in ${geo}`,
    context === undefined ? '' : [context.from && `${edge[context.from.comparator]} ${shortCount(context.from.tokens)}`, context.to && `${edge[context.to.comparator]} ${shortCount(context.to.tokens)}`].filter(Boolean).join(' ') + ` input tokens${context.scope === 'marginal' ? ', the part above' : ''}`,
    clock === undefined || clock.length === 0 ? '' : `${clock.map((window) => `${clockTime(window.fromMinute)}–${clockTime(window.toMinute)}`).filter((text, index, all) => all.indexOf(text) === index).join(', ')} ${clock[0]!.zone}`,
    variant ?? '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
export function validityText(entry: Pick<PriceEntry, 'validFrom' | 'validTo'>): string {
  const { validFrom, validTo } = entry
  if (validFrom === null && validTo === null) return 'always'
  if (validTo === null) return `since ${day.format(validFrom ?? 0)}`
  return validFrom === null ? `until ${day.format(validTo)}` : `${day.format(validFrom)} – ${day.format(validTo)}`
}
