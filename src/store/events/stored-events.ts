import type { UsageRecord } from '../../core/usage/usage-record.ts'

/*
 * Which events may be stored already, so that the table is asked about those alone: most rows are of calls that ended a moment
 * ago, and looking for each of them among an hour's rows costs more than storing it.
 *
 *   nothing known ──first look at the table──► everything up to the horizon may be stored, nothing after it
 *   stored by this process ──► remembered in a filter, which may say "maybe" wrongly, never "no"
 *   filter full ──► the older half is forgotten, and the horizon moves to the latest instant in it
 *
 * An event has one instant for ever, `at`: its id is made from it. What may come from another life of a gateway, or from elsewhere
 * (an uncertain outcome, an ingested fact), is always looked for, whatever the filter says; so is everything where several
 * control planes share the tables.
 */

/** Ids per half of the filter, and its bits: at six bits set per id, one id in fifty thousand is taken for a stored one. */
const idsPerHalf = 1_000_000
const bitsPerHalf = 2 ** 25
const bitsPerId = 6

/** What only a gateway writes, once, under an id it has just made. */
const mintedKinds: ReadonlySet<string> = new Set<UsageRecord['kind']>(['attempt', 'refusal'])

interface Half { readonly words: Uint32Array; ids: number; latestAt: number }
const emptyHalf = (): Half => ({ words: new Uint32Array(bitsPerHalf / 32), ids: 0, latestAt: Number.NEGATIVE_INFINITY })

export class StoredEvents {
  readonly #idsPerHalf: number
  #horizon: number
  #older: Half | null = null
  #newer = emptyHalf()

  /** `horizon` is the latest `at` in the table before this process stored anything; infinite where others store as well. */
  constructor(horizon: number, idsMax = idsPerHalf) {
    this.#horizon = horizon
    this.#idsPerHalf = idsMax
  }

  /** False only when the event is certainly not in the table. */
  mayHold(row: Pick<UsageRecord, 'eventId' | 'at' | 'kind' | 'quality'>): boolean {
    if (row.at <= this.#horizon || row.quality === 'uncertain' || !mintedKinds.has(row.kind)) return true
    return has(this.#newer, row.eventId) || (this.#older !== null && has(this.#older, row.eventId))
  }

  /** Before the insert: one that fails may have stored them all the same. */
  add(rows: readonly Pick<UsageRecord, 'eventId' | 'at'>[]): void {
    for (const row of rows) {
      if (this.#newer.ids >= this.#idsPerHalf) this.#turn()
      put(this.#newer, row.eventId)
      this.#newer.ids += 1
      this.#newer.latestAt = Math.max(this.#newer.latestAt, row.at)
    }
  }

  #turn(): void {
    if (this.#older !== null) this.#horizon = Math.max(this.#horizon, this.#older.latestAt)
    this.#older = this.#newer
    this.#newer = emptyHalf()
  }
}

/** The bits of an id come from its last sixteen digits, which are random in every id a gateway makes. */
const firstBit = (eventId: string): number => Number.parseInt(eventId.slice(28), 16)
const stepOf = (eventId: string): number => Number.parseInt(eventId.slice(19, 23) + eventId.slice(24, 28), 16) | 1

function has(half: Half, eventId: string): boolean {
  const [first, step] = [firstBit(eventId), stepOf(eventId)]
  for (let index = 0; index < bitsPerId; index += 1) {
    const bit = Math.abs(first + index * step) % bitsPerHalf
    if ((half.words[bit >>> 5]! & (1 << (bit & 31))) === 0) return false
  }
  return true
}

function put(half: Half, eventId: string): void {
  const [first, step] = [firstBit(eventId), stepOf(eventId)]
  for (let index = 0; index < bitsPerId; index += 1) {
    const bit = Math.abs(first + index * step) % bitsPerHalf
    half.words[bit >>> 5]! |= 1 << (bit & 31)
  }
}
