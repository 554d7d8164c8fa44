import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { assert } from '../../base/assert.ts'
import { limits } from '../../config/limits.ts'
import { quoted, type EventConnection } from './connection.ts'

/** One machine, or a named cluster whose replicas share the tables. Only the engine clause differs. */
export type EngineLayout = 'single' | { readonly cluster: string }

interface Migration {
  readonly version: number
  readonly name: string
  /** SHA-256 of the file before templating, hex. */
  readonly checksum: string
  readonly statements: readonly string[]
}

const folder = new URL('./migrations/', import.meta.url)

/** The numbered files beside this module, in order, with the layout's words put in. */
function readMigrations(layout: EngineLayout): readonly Migration[] {
  const names = readdirSync(folder).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort()
  return names.map((name, index) => {
    const version = Number(name.slice(0, 4))
    assert(version === index + 1, `event migration ${name} must be number ${index + 1}`)
    const text = readFileSync(new URL(name, folder), 'utf8')
    return { version, name, checksum: createHash('sha256').update(text).digest('hex'), statements: statementsOf(template(text, layout)) }
  })
}

/** A statement ends with ";" at the end of a line; lines that start with "--" are comments. */
function statementsOf(text: string): readonly string[] {
  const code = text.split('\n').filter((line) => !line.startsWith('--')).join('\n')
  return code.split(/;[ \t]*(?:\n|$)/).map((statement) => statement.trim()).filter((statement) => statement !== '')
}

/** Replicas forget a batch by age as well; the age is set past any journal's retention. */
function template(text: string, layout: EngineLayout): string {
  const batches = limits.eventDedupWindowBatches
  const seconds = limits.journalKeepAckedMs / 1000
  const words: Readonly<Record<string, string>> =
    layout === 'single'
      ? { replicated: '', on_cluster: '', dedup_window: `non_replicated_deduplication_window = ${batches}` }
      : {
          replicated: 'Replicated',
          on_cluster: `ON CLUSTER ${quoted(layout.cluster)}`,
          dedup_window: `replicated_deduplication_window = ${batches}, replicated_deduplication_window_seconds = ${seconds}`,
        }
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => {
    const word = words[name]
    assert(word !== undefined, `event migrations know no {{${name}}}`)
    return word
  })
}

/** The clause that makes a statement run on every replica; empty on one machine. */
export const onClusterOf = (layout: EngineLayout): string => template('{{on_cluster}}', layout)

/**
 * Brings the database up to date. Every statement says IF NOT EXISTS, so a run that died half way is finished by the next and
 * two processes may run at once. A recorded file that has changed since stops the start.
 */
export async function migrate(connection: EventConnection, layout: EngineLayout): Promise<void> {
  const onCluster = onClusterOf(layout)
  await connection.createDatabase(`CREATE DATABASE IF NOT EXISTS ${quoted(connection.database)} ${onCluster} ENGINE = Atomic`)
  await connection.command(template(
    `CREATE TABLE IF NOT EXISTS event_migration {{on_cluster}} (version UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
     ENGINE = {{replicated}}ReplacingMergeTree ORDER BY version`, layout))
  const applied = new Map((await connection.rows({ sql: 'SELECT version, checksum FROM event_migration FINAL' }, 'jobs')).map(([version, checksum]) => [Number(version), String(checksum)]))
  for (const migration of readMigrations(layout)) {
    const checksum = applied.get(migration.version)
    assert(checksum === undefined || checksum === migration.checksum, `event migration ${migration.name} has changed since it was applied`)
    if (checksum !== undefined) continue
    for (const statement of migration.statements) await connection.command(statement)
    await connection.insert('event_migration', ['version', 'name', 'checksum'], JSON.stringify([migration.version, migration.name, migration.checksum]), `migration:${migration.version}`)
  }
}
