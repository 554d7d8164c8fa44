import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEngines, type Engines } from '../../src/engines/supervisor.ts'
import { createEventStore } from '../../src/store/events/event-store.ts'
import { createMemoryEventStore } from '../../src/store/memory/event-store.ts'
import { batchIdOf, type EventStore } from '../../src/store/ports.ts'
import { sampleRecord } from '../support/records.ts'

const journalId = '0198a000-0000-7000-8000-0000000000bb'
const batchId = (block: number): string => batchIdOf({ journalId, segment: 1, block })
const month = (index: number): number => Date.UTC(2026, index, 1)
const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-events-'))
const recordedAt = month(6)

let engines: Engines
let store: EventStore
const oracle = createMemoryEventStore()
const open = async (): Promise<void> => {
  engines = await startEngines({ dataDir, postgres: false, log: () => {} })
  store = createEventStore(engines.events!)
}
const agree = async (): Promise<void> => {
  const totals = await store.totals()
  expect(totals).toEqual(await oracle.totals())
  expect([totals.hourly, totals.daily]).toEqual([totals.raw, totals.raw])
  expect(await store.batchTotals(journalId)).toEqual(await oracle.batchTotals(journalId))
}
/** SQL that the store has no verb for. */
async function sql(text: string): Promise<string> {
  const { url, username, password, database } = engines.events!
  const answer = await fetch(`${url}/?database=${database}`, { method: 'POST', body: text, headers: { 'x-clickhouse-user': username, 'x-clickhouse-key': password } })
  const body = await answer.text()
  if (!answer.ok) throw new Error(body)
  return body.trim()
}
const rowsOfThreeMonths = (): ReturnType<typeof sampleRecord>[] => [0, 1, 2].flatMap((index) => [sampleRecord({ at: month(index) - 1 }), sampleRecord({ at: month(index) })])

beforeAll(async () => {
  await open()
  await Promise.all([store.migrate(), createEventStore(engines.events!).migrate()])
})
afterAll(async () => {
  await store?.close()
  await engines?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

describe('repeating a batch', () => {
  it.each(['usage_record', 'usage_hourly', 'usage_daily', 'caller_name'])('heals an insert that failed on its way into or past %s', async (table) => {
    const rows = rowsOfThreeMonths()
    const id = batchId(['usage_record', 'usage_hourly', 'usage_daily', 'caller_name'].indexOf(table))
    await sql(`CREATE MATERIALIZED VIEW a_fault ENGINE = Memory AS SELECT throwIf(toMonth(${table === 'usage_daily' ? 'day' : table === 'usage_hourly' ? 'hour' : 'now()'}) > 0 AND rand() % 2 >= 0, 'injected') AS fault FROM ${table}`)
    await expect(store.insertBatch(id, rows, recordedAt)).rejects.toThrow()
    await expect(store.insertBatch(id, rows, recordedAt)).rejects.toThrow()
    await sql('DROP TABLE a_fault SYNC')
    await store.insertBatch(id, rows, recordedAt)
    await oracle.insertBatch(id, rows, recordedAt)
    await agree()
    await store.insertBatch(id, rows, recordedAt)
    await agree()
  })

  it('changes nothing after the engine was stopped and started', async () => {
    const rows = rowsOfThreeMonths()
    for (const target of [store, oracle]) await target.insertBatch(batchId(10), rows, recordedAt)
    await store.close()
    await engines.stop()
    await open()
    await store.migrate()
    await store.insertBatch(batchId(10), rows, recordedAt)
    await agree()
  })

  it('ends with every batch once when the engine is killed again and again', async () => {
    const batches = Array.from({ length: 30 }, (_, index) => ({ id: batchId(100 + index), rows: rowsOfThreeMonths() }))
    let failures = 0
    const insert = async ({ id, rows }: (typeof batches)[number]): Promise<void> => {
      for (let attempt = 0; ; attempt += 1) {
        try {
          return await store.insertBatch(id, rows, recordedAt)
        } catch (error) {
          failures += 1
          expect(error).toMatchObject({ code: 'engine_unavailable' })
          if (attempt > 200) throw error
          await sleep(50)
        }
      }
    }
    for (const [index, batch] of batches.entries()) {
      const work = insert(batch)
      const pid = engines.pids().events
      if (index % 10 === 3 && pid !== undefined) {
        await sleep(index * 2)
        process.kill(pid, 'SIGKILL')
      }
      await work
      await oracle.insertBatch(batch.id, batch.rows, recordedAt)
    }
    for (const batch of batches) await insert(batch)
    await agree()
    expect(failures).toBeGreaterThan(0)
  })
})

describe('the schema', () => {
  /** Tables whose sort key may begin with something else, and why. */
  const exempt: Readonly<Record<string, string>> = { event_migration: 'says which migrations ran; belongs to the installation, not to an organisation' }

  it('begins every sort key with the organisation', async () => {
    const tables = (await sql(`SELECT name, sorting_key FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' FORMAT JSONCompactEachRow`)).split('\n').map((line) => JSON.parse(line) as [string, string])
    expect(tables.map(([name]) => name).sort()).toEqual(['caller_name', 'event_migration', 'usage_daily', 'usage_hourly', 'usage_record'])
    for (const [name, key] of tables) if (!(name in exempt)) expect([name, key.split(',')[0]]).toEqual([name, 'org_id'])
  })

  it('remembers batches on every table that a batch is counted in', async () => {
    for (const table of ['usage_record', 'usage_hourly', 'usage_daily']) expect(await sql(`SHOW CREATE TABLE ${table} FORMAT TSVRaw`)).toContain('non_replicated_deduplication_window = 20000')
  })

  it('stores no text of a caller as a dictionary', async () => {
    const columns = await sql(`SELECT name FROM system.columns WHERE database = currentDatabase() AND type LIKE '%LowCardinality%' AND name IN ('end_user', 'agent', 'workflow', 'run', 'parent_run', 'step', 'session', 'tags', 'requested_model', 'served_model', 'model') FORMAT TSVRaw`)
    expect(columns).toBe('')
  })

  it('stops at a migration that was changed after it ran', async () => {
    await sql(`INSERT INTO event_migration (version, name, checksum) VALUES (1, 'x', 'other')`)
    await expect(store.migrate()).rejects.toThrow(/has changed/)
  })
})
