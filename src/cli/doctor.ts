import { resolve } from 'node:path'
import { systemActor } from '../api/credentials.ts'
import { TollgateError } from '../base/errors.ts'
import { ConfigError, loadConfig } from '../config/config.ts'
import { Receiver } from '../control/receive.ts'
import { checkJournal, findingsOf, type JournalCheck } from '../jobs/check-journals.ts'
import { findDiskJournals, openDiskJournal, type DiskJournal } from '../jobs/disk-journal.ts'
import { reconcile, type Finding } from '../jobs/reconcile.ts'
import { correctBudgets, planOf, restoreBlocks, settleRollups, type RepairDeps } from '../jobs/repair.ts'
import type { ControlStore, EventStore } from '../store/ports.ts'
import { readArguments, UsageError } from './command-line.ts'
import { openStores } from './control.ts'
import { embeddedConfig } from './embedded.ts'
import { createLog } from './log.ts'
import { doctorSpec } from './specs.ts'
import { showProgress } from './text-table.ts'

/** Exit code when something differs, so that a script can tell it from a doctor that could not look. */
const differs = 3

interface DoctorOptions {
  readonly json: boolean
  readonly repair: boolean
  readonly dryRun: boolean
  readonly budgets: boolean
  readonly journals: readonly string[]
}

/**
 * `tollgate doctor [--json] [--journal DIR]… [--repair [--dry-run] [--budgets]]`: exit 0 when every check holds at the end, 3
 * when one does not. Journals are read on this machine; without --journal those of its own gateway.
 */
export async function runDoctor(args: readonly string[], _version: string): Promise<number> {
  const options = readOptions(args)
  const config = embeddedConfig(loadConfig(process.env, process.cwd()))
  const journals = options.journals.length > 0 ? options.journals.map(journalAt) : findDiskJournals(resolve(config.data_dir, 'gateway', 'journal'))
  const { control, events } = openStores(config, () => {})
  const say = (sentence: string): void => { (options.json ? console.error : console.log)(sentence) }
  try {
    let examined = await examine(control, events, journals)
    if (options.repair) {
      await repair(repairDeps(control, events, say), examined, journals, options)
      if (!options.dryRun) examined = await examine(control, events, journals)
    }
    report(examined.findings, options.json)
    return examined.findings.every((finding) => finding.ok) ? 0 : differs
  } catch (error) {
    if (!(error instanceof TollgateError) || error.code !== 'engine_unavailable') throw error
    throw new ConfigError(`The databases cannot be reached (${error.detail ?? error.code}). Is Tollgate running? What a repair has done so far stays.`)
  } finally {
    await Promise.all([control.close(), events.close()])
  }
}

function readOptions(args: readonly string[]): DoctorOptions {
  const given = readArguments(doctorSpec, args)
  const [repair, dryRun, budgets] = [given.is('repair'), given.is('dry-run'), given.is('budgets')]
  if ((dryRun || budgets) && !repair) throw new UsageError('--dry-run and --budgets say how to repair: add --repair.')
  return { json: given.is('json'), repair, dryRun, budgets, journals: given.texts('journal') }
}

function journalAt(directory: string): DiskJournal {
  const journal = openDiskJournal(resolve(directory))
  if (journal === null) throw new ConfigError(`There is no journal in ${directory}.`)
  return journal
}

interface Examined {
  readonly findings: readonly Finding[]
  readonly checks: readonly JournalCheck[]
  /** ClickHouse answers and has not all of its tables: nothing could be compared. */
  readonly eventsGone: boolean
}

async function examine(control: ControlStore, events: EventStore, journals: readonly DiskJournal[]): Promise<Examined> {
  const gone = await eventsFault(events)
  if (gone !== null) return { findings: [{ check: 'ClickHouse has its tables', ok: false, detail: gone }], checks: [], eventsGone: true }
  const checks: JournalCheck[] = []
  for (const [index, journal] of journals.entries()) {
    const done = showProgress(`reading journal ${index + 1} of ${journals.length}`)
    checks.push(await checkJournal(control, events, journal).finally(done))
  }
  const onDisk = checks.length > 0 ? checks.flatMap(findingsOf) : [{ check: 'journals on this machine', ok: true, detail: 'there are none; --journal DIR names one' }]
  const done = showProgress('adding up records, rollups and budgets')
  return { findings: [...onDisk, ...await reconcile(control, events).finally(done)], checks, eventsGone: false }
}

/** ClickHouse's codes for a table, a database that is not there. */
const goneCodes: ReadonlySet<unknown> = new Set(['60', '81'])

async function eventsFault(events: EventStore): Promise<string | null> {
  try {
    await events.totals()
    return null
  } catch (error) {
    if (error instanceof Error && goneCodes.has((error as { code?: unknown }).code)) return error.message
    throw error
  }
}

function repairDeps(control: ControlStore, events: EventStore, say: (sentence: string) => void): RepairDeps {
  const store = { insertBatch: async (...batch: Parameters<EventStore['insertBatch']>): Promise<void> => { await events.restoreRows(...batch) } }
  const receiver = new Receiver(control, store, () => Date.now(), createLog('doctor'))
  return { control, events, say, receiveLate: (key, bytes, checksum, leases) => receiver.receive(key, bytes, checksum, { leases }) }
}

async function repair(deps: RepairDeps, before: Examined, journals: readonly DiskJournal[], options: DoctorOptions): Promise<void> {
  const { control, events, say } = deps
  let examined = before
  if (examined.eventsGone) {
    say(`${options.dryRun ? 'would do' : 'repair'}: make the tables of ClickHouse, then store again every batch that the journals hold`)
    if (options.dryRun) return
    await events.migrate()
    examined = await examine(control, events, journals)
  }
  const plan = [...planOf(examined.checks)]
  const rollupsDiffer = examined.findings.some((finding) => !finding.ok && finding.check === 'rollups equal raw records')
  if (rollupsDiffer) plan.push('rebuild the rollups that differ from records')
  if (options.budgets) plan.push('set budgets to the sum of their records where they differ')
  if (plan.length === 0) say('repair: there is nothing that a repair could do')
  for (const sentence of plan) say(`${options.dryRun ? 'would do' : 'repair'}: ${sentence}`)
  if (options.dryRun) return
  let restored = 0
  for (const check of examined.checks) restored += await restoreBlocks(deps, check)
  if (restored > 0 || rollupsDiffer) await settleRollups(deps)
  if (options.budgets) await correctBudgets(deps, systemActor)
}

function report(findings: readonly Finding[], json: boolean): void {
  const failed = findings.filter((finding) => !finding.ok).length
  if (json) {
    console.log(JSON.stringify({ ok: failed === 0, findings }, null, 2))
    return
  }
  for (const { check, ok, detail } of findings) console.log(`${ok ? 'ok  ' : 'FAIL'}  ${check}${detail === '' ? '' : `  (${detail})`}`)
  console.log(failed === 0 ? `\nAll ${findings.length} checks hold.` : `\n${failed} of ${findings.length} checks fail.`)
}
