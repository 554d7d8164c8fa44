import { appendFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { windowId } from '../../src/core/entitlement/rule.ts'
import type { UsageRecord } from '../../src/core/usage/usage-record.ts'
import { startTestEngines, type TestEngines } from '../support/engines.ts'
import { sampleRecord } from '../support/records.ts'
import { DoctorInstallation, failed } from './doctor-installation.ts'

/*
 * What journals hold brings both stores back: rows, rollups, names, batches and budgets, to the last digit, on the real
 * engines, with the journal and the receiver that gateways use.
 */
let engines: TestEngines
let here: DoctorInstallation

beforeAll(async () => { engines = await startTestEngines() })
afterAll(() => engines?.stop())
beforeEach(async () => { here = await DoctorInstallation.start(engines) })
afterEach(() => here?.stop())

const users = ['ada', 'bob', 'eve']
/** Records over three months, users and apps, of different cost. */
function records(count: number, from: number): UsageRecord[] {
  return Array.from({ length: count }, (_none, index) => {
    const n = from + index
    return sampleRecord({
      at: Date.UTC(2026, n % 3, 1 + (n % 27), n % 24), cost: BigInt(1 + n) * 1_000_000_000_001n, usage: { input_text: 10 + n, output_text: n },
      attribution: { user: users[n % 3]! }, caller: n % 2 === 0 ? {} : { appId: 'app_b', appName: `Batch jobs ${n}` },
    })
  })
}
/** Writes and ships `blocks` blocks of `rows` records. */
async function fill(blocks: number, rows: number, from = 0): Promise<void> {
  for (let block = 0; block < blocks; block += 1) await here.write(records(rows, from + block * rows))
  await here.ship()
}
const files = (): Record<string, string> => Object.fromEntries(readdirSync(here.journalDir).sort().map((name) => [name, readFileSync(join(here.journalDir, name)).toString('base64')]))
const healthy = { code: 0, findings: expect.arrayContaining([expect.objectContaining({ ok: true })]) as unknown }

test('on a healthy installation every check holds, and a repair changes nothing', async () => {
  await fill(6, 8)
  const before = await here.figures()
  const told = await here.doctor()
  expect(failed(told)).toEqual([])
  expect(told).toMatchObject(healthy)
  expect(told.findings.find((finding) => finding.check.includes('ClickHouse holds every row'))?.detail).toBe('48 rows, 1.176000000001176')
  expect(readdirSync(here.journalDir).filter((name) => name.endsWith('.tgj')).length).toBeGreaterThan(1)
  const repaired = await here.doctor('--repair', '--budgets')
  expect(repaired.steps).toBe('repair: set budgets to the sum of their records where they differ')
  expect(failed(repaired)).toEqual([])
  expect(await here.figures()).toEqual(before)
})

test('rows that ClickHouse lost are named, stored again, and counted once in rollups that outlived them', async () => {
  await fill(6, 5)
  const before = await here.figures()
  const victim = `${here.journalId}:1:3`
  await here.clickhouse(`ALTER TABLE usage_record DELETE WHERE batch_id = '${victim}'`)
  await here.clickhouse(`ALTER TABLE usage_record DELETE WHERE batch_id = '${here.journalId}:1:2' AND cost > 0.008`)
  const sick = await here.doctor()
  expect(sick.code).toBe(3)
  expect(failed(sick).join('\n')).toContain(`2, first ${here.journalId}:1:2`)
  expect(failed(sick).join('\n')).toContain('rollups equal raw records')

  const dry = await here.doctor('--repair', '--dry-run')
  expect(dry.steps).toContain('would do: journal')
  expect(failed(dry)).toEqual(failed(sick))

  const repaired = await here.doctor('--repair')
  expect(failed(repaired)).toEqual([])
  expect(repaired.steps).toContain('rollups rebuilt from records: 202601, 202602, 202603')
  expect(await here.figures()).toEqual(before)
  expect((await here.doctor('--repair')).steps).toBe('repair: there is nothing that a repair could do')
  expect(await here.figures()).toEqual(before)
})

test('a month lost from a rollup, and one that no row stands behind, are made right', async () => {
  await fill(4, 5)
  const before = await here.figures()
  await here.clickhouse('ALTER TABLE usage_daily DROP PARTITION 202602')
  await here.clickhouse("INSERT INTO usage_hourly (org_id, hour, rows, cost) VALUES ('org_a', '2025-01-01 00:00:00', 3, 1)")
  await here.clickhouse('TRUNCATE TABLE caller_name')
  expect(failed(await here.doctor()).join('\n')).toContain('rollups equal raw records')
  const repaired = await here.doctor('--repair')
  expect(failed(repaired)).toEqual([])
  expect(repaired.steps).toContain('rollups rebuilt from records: 202501, 202602')
  expect(await here.figures()).toEqual(before)
})

test('a database that is gone altogether comes back from the journals', async () => {
  await fill(6, 8)
  const before = await here.figures()
  await here.wipeClickhouse()
  const sick = await here.doctor()
  expect(failed(sick)).toEqual([expect.stringContaining('ClickHouse has its tables')])
  expect(failed(await here.doctor('--repair', '--dry-run'))).toEqual(failed(sick))
  expect(failed(await here.doctor('--repair'))).toEqual([])
  expect(await here.figures()).toEqual(before)
  await fill(1, 3, 100)
  expect(failed(await here.doctor())).toEqual([])
})

test('PostgreSQL from an older backup counts again what came after it', async () => {
  await fill(5, 4)
  const restore = await here.backup()
  await fill(5, 4, 20)
  const before = await here.figures()
  await restore()
  expect(await here.figures()).not.toEqual(before)
  const sick = await here.doctor()
  expect(failed(sick).join('\n')).toContain('PostgreSQL counted every confirmed block (5, first')
  const repaired = await here.doctor('--repair')
  expect(repaired.steps).toContain('5 blocks received')
  expect(failed(repaired)).toEqual([])
  expect(await here.figures()).toEqual(before)
})

test('after a backup, what a living gateway may still hold stays leased until its next epoch', async () => {
  await fill(1, 3)
  await here.lease('before', 100n)
  const restore = await here.backup()
  await here.lease('after', 50n)
  const settled = { windowId: windowId('team-month', '', Date.UTC(2026, 0, 1)), amount: '120' }
  await here.write(records(1, 10), [settled])
  await here.ship()
  const leasedNow = async (): Promise<bigint> => (await here.control.windows('org_a', { ruleId: 'team-month' })).reduce((sum, window) => sum + window.leased, 0n)
  expect(await leasedNow()).toBe(30n)
  await restore()
  expect(failed(await here.doctor('--repair'))).toEqual([])
  expect(await leasedNow()).toBe(100n)
  await here.closeJournal()
  await here.openJournal()
  await here.ship()
  expect(await leasedNow()).toBe(0n)
  expect(failed(await here.doctor())).toEqual([])
})

test('the gap behind a backup is filled even after the gateway has gone on', async () => {
  await fill(3, 4)
  const restore = await here.backup()
  await fill(4, 4, 12)
  await restore()
  await fill(2, 4, 28)
  const last = await here.control.lastBatch(here.journalId)
  expect(failed(await here.doctor('--repair'))).toEqual([])
  expect(await here.control.lastBatch(here.journalId)).toEqual(last)
  expect((await here.events.totals()).raw.rows).toBe(36)
  expect(await here.postgres('SELECT batches, rows FROM journal')).toEqual([{ batches: '10', rows: '36' }])
})

test('a journal that PostgreSQL has never heard of is bound to this installation and counted', async () => {
  await fill(4, 3)
  const before = await here.figures()
  await here.postgres('TRUNCATE batch, journal, budget_window, lease_account CASCADE')
  expect(failed(await here.doctor('--repair'))).toEqual([])
  expect(await here.figures()).toEqual(before)
})

test('both stores lost everything: the journals are enough', async () => {
  await fill(6, 4)
  const before = await here.figures()
  await here.postgres('TRUNCATE batch, journal, budget_window, lease_account CASCADE')
  await here.wipeClickhouse()
  expect(failed(await here.doctor('--repair'))).toEqual([])
  expect(await here.figures()).toEqual(before)
})

test('a damaged segment is named with its place, and nothing is taken from behind the damage', async () => {
  await fill(7, 8)
  await here.closeJournal()
  const path = join(here.journalDir, readdirSync(here.journalDir).filter((name) => name.endsWith('.tgj')).sort()[0]!)
  const bytes = readFileSync(path)
  const at = Math.floor(bytes.length / 2)
  bytes[at] = bytes[at]! ^ 1
  writeFileSync(path, bytes)
  const [before, disk] = [await here.figures(), files()]
  const told = await here.doctor('--repair')
  expect(failed(told)).toHaveLength(1)
  expect(failed(told)[0]).toMatch(/every segment is whole \(0000000001\.tgj at byte \d+: \d+ bytes cannot be read\)/)
  const offset = Number(/at byte (\d+)/.exec(failed(told)[0]!)![1])
  expect(offset).toBeLessThanOrEqual(at)
  expect(told.code).toBe(3)
  expect(files()).toEqual(disk)
  expect(await here.figures()).toEqual(before)
  renameSync(join(here.journalDir, '0000000002.tgj'), join(here.journalDir, 'elsewhere'))
  expect(failed(await here.doctor())[0]).toContain('0000000002.tgj at byte 0: the file is gone')
})

test('what a crash left behind the last confirmed block is no damage', async () => {
  await fill(2, 4)
  await here.closeJournal()
  appendFileSync(join(here.journalDir, '0000000001.tgj'), Buffer.from([200, 0, 0, 0, 1, 2, 3]))
  const told = await here.doctor()
  expect(failed(told)).toEqual([])
  expect(told.findings[0]!.detail).toMatch(/^not yet sent: 0000000001\.tgj at byte \d+: 7 bytes cannot be read$/)
})

test('a journal that was set aside is read, too, and records it never sent are named', async () => {
  await fill(3, 4)
  const before = await here.figures()
  await here.write(records(5, 40))
  await here.abandonJournal('journal.rewound-1')
  await here.clickhouse(`ALTER TABLE usage_record DELETE WHERE batch_id = '${here.journalId}:1:2'`)
  const set = here.journalId
  await here.openJournal()
  await fill(1, 2, 60)
  const told = await here.doctor('--repair')
  expect(failed(told)).toEqual([expect.stringMatching(/nothing in it was left unsent \(5 records in .*rewound-1 were never received\)/)])
  expect((await here.events.batchTotals(set)).map((total) => total.rows)).toEqual([4, 4, 4])
  expect((await here.events.totals()).raw.rows).toBe(14)
  expect(before).toMatchObject({ totals: { raw: { rows: 12 } } })
})

test('bytes that PostgreSQL counted differently are reported and left alone', async () => {
  await fill(3, 4)
  await here.postgres("UPDATE batch SET checksum = '1' WHERE block = 1")
  await here.clickhouse(`ALTER TABLE usage_record DELETE WHERE batch_id = '${here.journalId}:1:1'`)
  const told = await here.doctor('--repair')
  expect(failed(told).join('\n')).toContain('PostgreSQL counted other bytes under this number')
  expect(await here.clickhouse(`SELECT count() FROM usage_record WHERE batch_id = '${here.journalId}:1:1'`)).toBe('0')
})

test('budgets are corrected only when asked', async () => {
  await fill(4, 4)
  const before = await here.figures()
  await here.postgres("UPDATE budget_window SET committed = committed + 7 WHERE rule_id = 'team-month'")
  const told = await here.doctor('--repair')
  expect(failed(told)).toHaveLength(3)
  expect(failed(told)[0]).toContain('committed is the sum of its records')
  expect(failed(await here.doctor('--repair', '--budgets'))).toEqual([])
  expect(await here.figures()).toEqual(before)
  expect((await here.control.audit('org_a', null, 10)).rows[0]).toMatchObject({ action: 'budget.correct', actor: { id: 'system' } })
})

test('a block in doubt is counted once though rollups are rebuilt before it is repeated', async () => {
  await fill(4, 4)
  const doubtful = records(5, 50)
  const batchId = `${here.journalId}:99:0`
  await here.events.insertBatch(batchId, doubtful, 1)
  await here.clickhouse('ALTER TABLE usage_hourly DELETE WHERE toYYYYMM(hour) = 202601')
  await here.clickhouse("INSERT INTO usage_daily (org_id, day, rows, cost) VALUES ('org_a', '2026-02-01 00:00:00', 3, 1)")
  expect(failed(await here.doctor('--repair'))).toEqual([])
  await here.events.insertBatch(batchId, doubtful, 1)
  const { raw, hourly, daily } = await here.events.totals()
  expect([hourly, daily]).toEqual([raw, raw])
})

test('a repair beside a gateway that goes on loses and doubles nothing', async () => {
  await fill(4, 8)
  await here.clickhouse(`ALTER TABLE usage_record DELETE WHERE batch_id LIKE '${here.journalId}:1:%'`)
  const ended = new AbortController()
  let written = 0
  const traffic = (async () => {
    while (!ended.signal.aborted) {
      await fill(1, 3, 200 + written)
      written += 3
      // Beside it, not in its way: on a busy machine unbroken traffic would take the repair's share of the engine.
      await sleep(20)
    }
  })()
  const repaired = await here.doctor('--repair').finally(() => ended.abort())
  await traffic
  expect(written).toBeGreaterThan(3)
  expect(repaired.steps).toContain('rows of')
  expect(failed(await here.doctor())).toEqual([])
  expect((await here.events.totals()).raw.rows).toBe(32 + written)
})

test('options that make no sense are said so', async () => {
  await expect(here.doctor('--dry-run')).rejects.toThrow('add --repair')
  await expect(here.doctor('--repairs')).rejects.toThrow('has no --repairs; did you mean --repair?')
  await expect(here.doctor('--journal', join(here.dataDir, 'nowhere'))).rejects.toThrow('There is no journal in')
  expect(failed(await here.doctor('--journal', here.journalDir))).toEqual([])
})
