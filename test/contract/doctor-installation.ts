import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { vi } from 'vitest'
import { uuidv7 } from '../../src/base/ids.ts'
import { amountOf } from '../../src/base/money.ts'
import { runDoctor } from '../../src/cli/doctor.ts'
import { Receiver } from '../../src/control/receive.ts'
import type { BudgetRule } from '../../src/core/entitlement/rule.ts'
import { encodeUsageRecord } from '../../src/core/usage/usage-record-json.ts'
import type { UsageRecord } from '../../src/core/usage/usage-record.ts'
import type { EventsAddress } from '../../src/engines/supervisor.ts'
import type { Finding } from '../../src/jobs/reconcile.ts'
import { Journal } from '../../src/journal/journal.ts'
import { createEventStore } from '../../src/store/events/event-store.ts'
import { createControlStore, type RelationalStore } from '../../src/store/relational/control-store.ts'
import type { EventStore } from '../../src/store/ports.ts'
import { freshDatabase, type TestEngines } from '../support/engines.ts'

const actor = { id: 'test', name: 'Test' }
const secretText = Buffer.alloc(32, 7).toString('base64')
export const monthRule: BudgetRule = {
  id: 'team-month', orgId: 'org_a', name: 'Search', selector: { nodeId: 'team_a' }, per: [], measure: 'cost', currency: 'USD', window: { unit: 'month', zone: 'UTC' },
  limit: amountOf('1000'), hard: true, outputBound: 'inject', outputCapDefault: 100, unpriced: 'refuse', unbounded: 'refuse',
}
export const userRule: BudgetRule = { ...monthRule, id: 'user-day', name: 'Calls of a user', per: ['user'], measure: 'requests', window: { unit: 'day', zone: 'UTC' }, limit: 1_000n }

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(2)
}

/** What one run of `tollgate doctor` said. */
export interface Told { readonly code: number; readonly findings: readonly Finding[]; readonly steps: string }
export const failed = (told: Told): readonly string[] => told.findings.filter((finding) => !finding.ok).map((finding) => `${finding.check} (${finding.detail})`)

/** Stores of their own on the shared engines, a data directory, and a journal written and shipped by the real classes. */
export class DoctorInstallation {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'tollgate-doctor-'))
  readonly journalDir = join(this.dataDir, 'gateway', 'journal')
  readonly control: RelationalStore
  readonly events: EventStore
  readonly receiver: Receiver
  readonly #postgresUrl: string
  readonly #events: EventsAddress
  #journal: Journal | null = null
  #epoch = 0

  private constructor(postgresUrl: string, events: EventsAddress) {
    this.#postgresUrl = postgresUrl
    this.#events = events
    this.control = createControlStore({ url: postgresUrl, secretKey: Buffer.alloc(32, 7) })
    this.events = createEventStore(events)
    this.receiver = new Receiver(this.control, this.events, () => Date.now(), () => {})
  }

  static async start(engines: TestEngines): Promise<DoctorInstallation> {
    const postgresUrl = await freshDatabase(engines.postgresUrl)
    const installation = new DoctorInstallation(postgresUrl, { ...engines.events, database: new URL(postgresUrl).pathname.slice(1) })
    const { control, events } = installation
    await Promise.all([control.migrate(), events.migrate()])
    await control.createNode({ orgId: 'org_a', id: 'org_a', parentId: null, kind: 'org', name: 'Acme', costCentre: '', archived: false }, actor)
    for (const rule of [monthRule, userRule]) await control.createRule(rule, async () => [], actor)
    await control.putNode({ id: 'local', name: 'gateway', sha256: 'x' })
    await installation.openJournal()
    return installation
  }

  get journalId(): string { return this.#journal!.id }

  /** One block per write, a new segment about every twenty records. */
  async openJournal(): Promise<void> {
    this.#journal = new Journal({ directory: this.journalDir, durability: 'process', blockAgeMs: 10, segmentBytesMax: 40_000, reserveBytes: 1, freeBytesMin: 0, log: () => {} })
    this.#epoch = (await this.control.openEpoch('local', this.journalId, 0, Date.now())).epoch
    await this.write([])
  }

  async lease(leaseId: string, amount: bigint): Promise<void> {
    const [startMs, endMs] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 1, 1)]
    const granted = await this.control.grantLease({ leaseId, journalId: this.journalId, epoch: this.#epoch, orgId: 'org_a', ruleId: monthRule.id, tuple: '', startMs, endMs, need: amount, want: amount })
    if (granted?.granted !== amount) throw new Error('the lease must be granted')
  }

  /** Writes the records as one block, behind the epoch's entry in the first one. */
  async write(records: readonly UsageRecord[], settlements: readonly { readonly windowId: string; readonly amount: string }[] = []): Promise<void> {
    if (records.length === 0) this.#journal!.note(JSON.stringify({ t: 'epoch', epoch: this.#epoch, at: 0 }))
    for (const record of records) this.#journal!.close(uuidv7(record.at), JSON.stringify({ t: 'outcome', epoch: this.#epoch, record: JSON.parse(encodeUsageRecord(record)), settlements }), null)
    const sealed = this.#journal!.lastSealed
    await until(() => this.#journal!.lastSealed !== sealed)
  }

  /** Everything written so far is received and confirmed. */
  async ship(): Promise<void> {
    const journal = this.#journal!
    while (journal.backlogBytes > 0) {
      const block = journal.nextToShip()
      if (block === null) await sleep(5)
      else {
        await this.receiver.receive({ journalId: journal.id, segment: block.segment, block: block.block }, journal.readBlock(block), String(block.crc))
        journal.ack(block)
      }
    }
  }

  /** The gateway's process ends. */
  async closeJournal(): Promise<void> {
    await this.#journal!.shutdown()
    await this.ship()
    this.#journal!.dispose()
  }

  /** The gateway's process dies with what it has not sent, and its directory is set aside under this name. */
  async abandonJournal(name: string): Promise<void> {
    this.#journal!.dispose()
    renameSync(this.journalDir, join(this.dataDir, 'gateway', name))
  }

  async doctor(...args: readonly string[]): Promise<Told> {
    const { url, username, password, database } = this.#events
    const env = {
      TOLLGATE_POSTGRES_URL: this.#postgresUrl, TOLLGATE_CLICKHOUSE_URL: `${url.replace('://', `://${username}:${encodeURIComponent(password)}@`)}/${database}`,
      TOLLGATE_DATA_DIR: this.dataDir, TOLLGATE_SECRET_KEY: secretText, TOLLGATE_LOG_LEVEL: 'silent',
    }
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    const out = vi.spyOn(console, 'log').mockImplementation(() => {})
    const steps = vi.spyOn(console, 'error').mockImplementation(() => {})
    try {
      const code = await runDoctor(['--json', ...args], 'test')
      const { findings } = JSON.parse(String(out.mock.calls.at(-1)![0])) as { findings: Finding[] }
      return { code, findings, steps: steps.mock.calls.map(([line]) => String(line)).join('\n') }
    } finally {
      out.mockRestore()
      steps.mockRestore()
      vi.unstubAllEnvs()
    }
  }

  /** What the product shows, to compare before and after. */
  async figures(): Promise<object> {
    const windows = (await this.control.windows('org_a', {})).map(({ ruleId, tuple, startMs, committed, leased }) => ({ ruleId, tuple, startMs, committed, leased }))
    const batches = await this.events.batchTotals(this.journalId)
    return { totals: await this.events.totals(), windows, batches, names: await this.clickhouse("SELECT dimension, id, max(latest) FROM caller_name GROUP BY dimension, id ORDER BY dimension, id") }
  }

  async clickhouse(sql: string): Promise<string> {
    const { url, username, password, database } = this.#events
    const answer = await fetch(`${url}/?database=${database}&mutations_sync=1`, { method: 'POST', body: sql, headers: { 'x-clickhouse-user': username, 'x-clickhouse-key': password } })
    const body = await answer.text()
    if (!answer.ok) throw new Error(body)
    return body.trim()
  }
  async wipeClickhouse(): Promise<void> {
    const { url, username, password, database } = this.#events
    const answer = await fetch(url, { method: 'POST', body: `DROP DATABASE ${database} SYNC`, headers: { 'x-clickhouse-user': username, 'x-clickhouse-key': password } })
    if (!answer.ok) throw new Error(await answer.text())
  }

  async postgres(sql: string, params: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.#postgresUrl })
    await client.connect()
    try {
      return (await client.query(sql, [...params])).rows as Record<string, unknown>[]
    } finally {
      await client.end()
    }
  }
  /** Everything a journal's blocks change in PostgreSQL, to be put back later: what a backup holds. */
  async backup(): Promise<() => Promise<void>> {
    const tables = ['journal', 'batch', 'budget_window', 'lease_account', 'quarantine'] as const
    for (const table of tables) await this.postgres(`DROP TABLE IF EXISTS backup_${table}`)
    for (const table of tables) await this.postgres(`CREATE TABLE backup_${table} AS TABLE ${table}`)
    return async () => {
      await this.postgres(`TRUNCATE ${tables.join(', ')} CASCADE`)
      for (const table of tables) await this.postgres(`INSERT INTO ${table} SELECT * FROM backup_${table}`)
    }
  }

  async stop(): Promise<void> {
    this.#journal?.dispose()
    await Promise.all([this.control.close(), this.events.close()])
    rmSync(this.dataDir, { recursive: true, force: true })
  }
}
