import { assert } from '../base/assert.ts'
import type { Actor, BatchKey, ControlStore, EventStore } from '../store/ports.ts'
import { readDiskBlock, type JournalCheck } from './check-journals.ts'
import { sealedBlocks } from './disk-journal.ts'
import { sumWindows } from './reconcile.ts'

/**
 * Brings the stores back to what the journals say, beside gateways that go on. Only confirmed blocks are touched, which no
 * gateway sends again; every step leaves what is right as it is, so a repair that was cut off is simply run again.
 *
 *   1 blocks that PostgreSQL lacks    → received again: rows that ClickHouse lacks, then the transaction
 *   2 rows that ClickHouse lacks      → stored again under a token of their own
 *   3 rollups that differ from rows   → rebuilt by month, while batches are kept out
 *   4 budgets that differ from rows   → only when asked: an amount someone was refused on changes
 */
export interface RepairDeps {
  readonly control: ControlStore
  readonly events: EventStore
  /** Counts a block that may lie before its journal's last one; stores only rows that are not there. `leases`: no gateway writes to this journal any more. */
  readonly receiveLate: (key: BatchKey, bytes: Buffer, checksum: string, leases: boolean) => Promise<boolean>
  /** Told of each thing done. */
  readonly say: (sentence: string) => void
}

/** The node that journals unknown to PostgreSQL are bound to. */
const localNode = 'local'
/** Each journal can slip in one batch while the others are kept out, so few rounds are ever needed. */
const rebuildRoundsMax = 20

/** What a repair would do, in sentences; empty when there is nothing to do for journals. */
export function planOf(checks: readonly JournalCheck[]): readonly string[] {
  return checks.flatMap((check) => {
    const name = `journal ${check.journal.journalId}`
    return [
      ...(check.uncounted.length === 0 ? [] : [`${name}: receive ${check.uncounted.length} blocks that PostgreSQL does not have`]),
      ...(check.short.length === 0 ? [] : [`${name}: store the rows that ClickHouse lacks of ${check.short.length} batches`]),
    ]
  })
}

/** Steps 1 and 2 for one journal. Returns how many blocks changed something. */
export async function restoreBlocks(deps: RepairDeps, check: JournalCheck): Promise<number> {
  const { journal } = check
  const nameOf = (place: { readonly segment: number; readonly block: number }): string => `${place.segment}:${place.block}`
  const uncounted = new Set(check.uncounted.map(nameOf))
  const short = new Set(check.short.map(nameOf))
  if (uncounted.size + short.size === 0) return 0
  if (!check.known) await deps.control.openEpoch(localNode, journal.journalId, check.epoch, await deps.control.now())
  const receivedAt = new Map((await deps.control.listBatches(journal.journalId)).map((batch) => [nameOf(batch.key), batch.receivedAt]))
  let [received, stored, rows] = [0, 0, 0]
  for (const block of sealedBlocks(journal, () => {})) {
    const name = nameOf(block.place)
    if (uncounted.has(name)) {
      const key: BatchKey = { journalId: journal.journalId, segment: block.place.segment, block: block.place.block }
      if (await deps.receiveLate(key, block.bytes, String(block.place.crc), journal.setAside)) received += 1
    } else if (short.has(name)) {
      const read = readDiskBlock(journal.journalId, block)
      assert(read !== null, `journal block ${name} must read as it did when it was checked`)
      const restored = await deps.events.restoreRows(read.batchId, read.records, receivedAt.get(name)!)
      rows += restored
      if (restored > 0) stored += 1
    }
  }
  if (received > 0) deps.say(`journal ${journal.journalId}: ${received} blocks received`)
  if (stored > 0) deps.say(`journal ${journal.journalId}: ${rows} rows of ${stored} batches stored again`)
  return received + stored
}

/** Step 3. The bulk is done beside traffic, what that missed while batches wait. Returns the months rebuilt; throws when they would not settle. */
export async function settleRollups(deps: Pick<RepairDeps, 'control' | 'events' | 'say'>): Promise<readonly string[]> {
  const rebuilt = new Set(await deps.events.rebuildRollups())
  if (rebuilt.size === 0) return []
  return deps.control.betweenBatches(async () => {
    for (let round = 0; round < rebuildRoundsMax; round += 1) {
      const months = await deps.events.rebuildRollups()
      if (months.length === 0) {
        if (rebuilt.size > 0) deps.say(`rollups rebuilt from records: ${[...rebuilt].join(', ')}`)
        return [...rebuilt]
      }
      for (const month of months) rebuilt.add(month)
    }
    throw new Error('Rollups would not settle on what the records say; is something writing to ClickHouse besides Tollgate?')
  })
}

/** Step 4. Returns how many windows changed. */
export async function correctBudgets(deps: Pick<RepairDeps, 'control' | 'events' | 'say'>, actor: Actor): Promise<number> {
  const { control, events, say } = deps
  return control.betweenBatches(async (cut) => {
    let changed = 0
    for (const org of await control.listOrgs()) {
      const summed = await sumWindows(control, events, org.orgId, { windows: await control.windows(org.orgId, {}), cut })
      const off = summed.filter(({ window, summed: sum }) => window.committed !== sum)
      if (off.length === 0) continue
      changed += await control.correctCommitted(org.orgId, off.map(({ window, summed: committed }) => ({ ...window, committed })), actor)
      for (const { rule, window, summed: sum } of off) say(`budget "${rule.name}" ${window.tuple}: committed ${window.committed} → ${sum}`)
    }
    return changed
  })
}
