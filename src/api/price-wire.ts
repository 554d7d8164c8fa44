import type { PriceEntry } from '../core/pricing/price-entry.ts'

/** A price entry as the API answers it. */
export function describeEntry(entry: PriceEntry) {
  return {
    id: entry.id, book: entry.book, rank: entry.rank, provider: entry.provider, model: entry.model, component: entry.component, unit: entry.unit,
    per: entry.per, amount: entry.amount, currency: entry.currency, validFrom: entry.validFrom, validTo: entry.validTo, recordedAt: entry.recordedAt,
    supersededAt: entry.supersededAt, status: entry.status, source: entry.source, conditions: entry.conditions, override: entry.orgId !== '',
  }
}
