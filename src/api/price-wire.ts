import type { PriceEntry } from '../core/pricing/price-entry.ts'

/** A price entry as the API answers it. */
export function describeEntry(entry: PriceEntry) {
  return {
    id: entry.id, book: entry.book, rank: entry.rank, provider: entry.provider, model: entry.model, component: entry.component, unit: entry.unit,
    per: entry.per, amount: entry.amount, currency: entry.currency, validFrom: entry.validFrom, validTo: entry.validTo, recordedAt: entry.recordedAt,
    supersededAt: entry.supersededAt, status: entry.status, source: entry.source, conditions: entry.conditions, override: entry.orgId !== '',
  }
}

/** In force at an instant: neither superseded nor cancelled, begun and not ended. */
export function isCurrent(entry: PriceEntry, atMs: number): boolean {
  return entry.supersededAt === null && entry.status !== 'cancelled' && (entry.validFrom === null || entry.validFrom <= atMs) && (entry.validTo === null || entry.validTo > atMs)
}

const rankFirst = (a: PriceEntry, b: PriceEntry): number => b.rank - a.rank || (b.validFrom ?? 0) - (a.validFrom ?? 0)

/** Entries of a model together, of a component the one of highest rank first. */
export function byModel(a: PriceEntry, b: PriceEntry): number {
  const left = `${a.provider}\n${a.model}\n${a.component}`
  const right = `${b.provider}\n${b.model}\n${b.component}`
  return left < right ? -1 : left > right ? 1 : rankFirst(a, b) || (a.id < b.id ? -1 : 1)
}

/** A price for a call on no special terms. */
export const isPlain = (entry: PriceEntry): boolean => Object.keys(entry.conditions).length === 0 && entry.book !== 'markup'

/** What a plain call pays per component, from the entries of one model that are in force. */
export function standardRates(entries: readonly PriceEntry[]) {
  const rates = new Map<string, PriceEntry>()
  const ordered = [...entries].sort(byModel)
  // Contract beats list as it does in the calculator; entries of a component come by rank, so the first one stays.
  for (const book of ['contract', 'list'] as const) {
    for (const entry of ordered) if (isPlain(entry) && entry.book === book && !rates.has(entry.component)) rates.set(entry.component, entry)
  }
  return [...rates.values()].sort(byModel).map((entry) => ({
    component: entry.component, unit: entry.unit, per: entry.per, amount: entry.amount, currency: entry.currency, entryId: entry.id, source: entry.source,
  }))
}
