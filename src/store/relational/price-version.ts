import { createHash } from 'node:crypto'
import { amountOf, formatAmount } from '../../base/money.ts'
import type { PriceEntry } from '../../core/pricing/price-entry.ts'

/**
 * A price entry is never edited. Where a feed says something else under an id it used before, or an override gets an end,
 * the stored version is superseded and a new one appended; cost lines keep naming the version they used.
 */

/** Digest of everything in an entry that decides a price; where it comes from and when it was recorded does not. */
export function fingerprintOf(entry: PriceEntry): string {
  const { id: _id, recordedAt: _recorded, supersededAt: _superseded, source: _source, ...said } = entry
  return digest({ ...said, amount: shortestAmount(entry.amount) })
}

/** Digest of any JSON value, independent of the order of its members. */
export const digest = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex')

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).filter(([, member]) => member !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`
}

/** "2.50" and "2.5" are one price. */
export const shortestAmount = (amount: string): string => formatAmount(amountOf(amount))

/** Id of the n-th version (from 1) of an entry; the first keeps the entry's own id. */
export const versionId = (origin: string, version: number): string => (version === 1 ? origin : `${origin}~${version}`)
