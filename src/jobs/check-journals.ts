import { formatAmount, type Amount } from '../base/money.ts'
import { readBlock, type ReadBlock } from '../control/batch-effect.ts'
import type { BlockRef } from '../journal/segment.ts'
import { batchIdOf, type BatchKey, type ControlStore, type EventStore } from '../store/ports.ts'
import { isAcked, sealedBlocks, type Damage, type DiskBlock, type DiskJournal } from './disk-journal.ts'
import type { Finding } from './reconcile.ts'

type Counted = Awaited<ReturnType<ControlStore['listBatches']>>[number]

/** What one journal on disk says of the stores, block by block. */
export interface JournalCheck {
  readonly journal: DiskJournal
  /** False when PostgreSQL has never heard of this journal. */
  readonly known: boolean
  readonly blocks: number
  readonly rows: number
  readonly cost: Amount
  readonly damages: readonly Damage[]
  /** Confirmed to the gateway, and PostgreSQL does not have them: it is older than the journal. */
  readonly uncounted: readonly BlockRef[]
  /** Counted by PostgreSQL exactly as written here, with rows missing in ClickHouse. */
  readonly short: readonly BlockRef[]
  /** What no repair from this journal can bring together, in words. */
  readonly conflicts: readonly string[]
  /** Records of blocks that a journal set aside never sent. */
  readonly unsentRows: number
  /** Highest epoch written here. */
  readonly epoch: number
}

/** Reads a journal and compares each block that was confirmed with both stores. */
export async function checkJournal(control: ControlStore, events: EventStore, journal: DiskJournal): Promise<JournalCheck> {
  const { journalId } = journal
  const known = (await control.listJournals()).some((each) => each.journalId === journalId)
  const counted = new Map((await control.listBatches(journalId)).map((batch) => [batchIdOf(batch.key), batch]))
  const stored = new Map((await events.batchTotals(journalId)).map((total) => [total.batchId, total]))
  const check = {
    journal, known, blocks: 0, rows: 0, cost: 0n, damages: [] as Damage[], uncounted: [] as BlockRef[], short: [] as BlockRef[],
    conflicts: [] as string[], unsentRows: 0, epoch: 0,
  }
  for (const block of sealedBlocks(journal, (damage) => check.damages.push(damage))) {
    const { segment, block: number } = block.place
    const read = readDiskBlock(journalId, block)
    if (read === null) {
      check.conflicts.push(`block ${segment}:${number} cannot be read as entries`)
      continue
    }
    check.epoch = Math.max(check.epoch, ...read.epochs)
    const batch = counted.get(read.batchId)
    if (!isAcked(journal, block.place)) {
      if (journal.setAside && batch?.checksum !== read.checksum) check.unsentRows += read.records.length
      continue
    }
    check.blocks += 1
    check.rows += read.records.length
    check.cost += costOf(read)
    if (batch === undefined) check.uncounted.push({ segment, block: number })
    else {
      const { conflict, short } = compare(read, batch, stored.get(read.batchId))
      if (conflict !== null) check.conflicts.push(`${read.batchId}: ${conflict}`)
      if (short) check.short.push({ segment, block: number })
    }
  }
  return check
}

/** A block's entries; null when its frames make no sense. */
export function readDiskBlock(journalId: string, { place, bytes }: DiskBlock): ReadBlock | null {
  const key: BatchKey = { journalId, segment: place.segment, block: place.block }
  const read = readBlock(key, bytes, String(place.crc))
  return read.ok ? read.value : null
}

const costOf = (block: ReadBlock): Amount => block.records.reduce((sum, usageRecord) => sum + (usageRecord.cost ?? 0n), 0n)
const show = (rows: number, cost: Amount): string => `${rows} rows, ${formatAmount(cost)}`

/** Rows are taken from a block only when PostgreSQL counted these very bytes. */
function compare(block: ReadBlock, batch: Counted, stored: { readonly rows: number; readonly cost: Amount } | undefined): { readonly conflict: string | null; readonly short: boolean } {
  const [rows, cost] = [block.records.length, costOf(block)]
  if (batch.checksum !== block.checksum) return { conflict: 'PostgreSQL counted other bytes under this number', short: false }
  if (batch.rows !== rows || batch.cost !== cost) return { conflict: `PostgreSQL counted ${show(batch.rows, batch.cost)}, the journal holds ${show(rows, cost)}`, short: false }
  const [storedRows, storedCost] = [stored?.rows ?? 0, stored?.cost ?? 0n]
  if (storedRows < rows) return { conflict: null, short: true }
  if (storedRows > rows || storedCost !== cost) return { conflict: `ClickHouse holds ${show(storedRows, storedCost)}, the journal ${show(rows, cost)}`, short: false }
  return { conflict: null, short: false }
}

/** The check in the words of a report. */
export function findingsOf(check: JournalCheck): readonly Finding[] {
  const { journal, damages } = check
  const name = `journal ${journal.journalId} on disk`
  const first = (places: readonly BlockRef[]): string => `${places.length}, first ${batchIdOf({ journalId: journal.journalId, ...places[0]! })}`
  const lost = damages.filter((damage) => damage.losesAcked)
  const tails = damages.filter((damage) => !damage.losesAcked)
  const inWords = (list: readonly Damage[]): string => list.map((damage) => `${damage.file} at byte ${damage.offset}: ${damage.says}`).join('; ')
  const findings: Finding[] = [
    { check: `${name}: every segment is whole`, ok: lost.length === 0, detail: lost.length > 0 ? inWords(lost) : tails.length > 0 ? `not yet sent: ${inWords(tails)}` : journal.directory },
    { check: `${name}: PostgreSQL counted every confirmed block`, ok: check.uncounted.length === 0, detail: check.uncounted.length === 0 ? `${check.blocks} blocks` : first(check.uncounted) },
    { check: `${name}: ClickHouse holds every row of them`, ok: check.short.length === 0, detail: check.short.length === 0 ? show(check.rows, check.cost) : first(check.short) },
  ]
  if (check.conflicts.length > 0) findings.push({ check: `${name}: blocks are what the stores counted`, ok: false, detail: `${check.conflicts.length}, first ${check.conflicts[0]!}` })
  if (check.unsentRows > 0) findings.push({ check: `${name}: nothing in it was left unsent`, ok: false, detail: `${check.unsentRows} records in ${journal.directory} were never received` })
  return findings
}
