import type { ResponseOf } from '../../../../src/api/contract/contract.ts'
import type { ChartNote } from '../../chart/series.ts'

type PriceEntry = ResponseOf<'listPrices'>['rows'][number]

const books: Readonly<Record<PriceEntry['book'], string>> = { list: 'new list price', contract: 'contract price begins', markup: 'new mark-up' }

/** One note per model, book and instant, however many components changed; only models that were called. */
export function notesOf(entries: readonly PriceEntry[], called: readonly string[]): readonly ChartNote[] {
  const notes = new Map<string, ChartNote>()
  for (const { model, book, validFrom, status } of entries) {
    if (validFrom === null || status === 'cancelled') continue
    // Calls carry the dated name that was served; the price book has the model's own.
    if (!called.some((name) => name === model || name.startsWith(`${model}-`))) continue
    notes.set(`${validFrom} ${book} ${model}`, { atMs: validFrom, text: `${model}: ${books[book]}` })
  }
  return [...notes.values()].sort((a, b) => a.atMs - b.atMs)
}
