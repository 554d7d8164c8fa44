import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { sql, type Kysely, type Transaction } from 'kysely'
import { advisory, inTransaction, lockExclusive, nowMs } from './database.ts'
import type { Schema } from './schema.ts'

export interface Migration { readonly name: string; readonly sql: string }

const folder = new URL('./migrations/', import.meta.url)

/** The numbered migrations that ship with this program, in order. */
export async function readMigrations(): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort()
  return Promise.all(names.map(async (name) => ({ name, sql: await readFile(new URL(name, folder), 'utf8') })))
}

/**
 * Applies what is missing, all in one transaction under an advisory lock: safe to run twice and from two processes.
 * A migration that changed after it was applied, or one this program does not know, stops it with a sentence.
 */
export async function migrate(lane: Kysely<Schema>, migrations: readonly Migration[]): Promise<void> {
  await inTransaction(lane, async (tx) => {
    await lockExclusive(tx, advisory.migrate)
    await sql`SET LOCAL statement_timeout = 0`.execute(tx)
    await sql`CREATE TABLE IF NOT EXISTS schema_migration (
      name TEXT COLLATE "C" PRIMARY KEY, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)`.execute(tx)
    const applied = await appliedChecksums(tx)
    refuseStrangers(applied, migrations)
    for (const migration of migrations) {
      if (!applied.has(migration.name)) await apply(tx, migration)
    }
  })
}

async function appliedChecksums(tx: Transaction<Schema>): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ name: string; checksum: string }>`SELECT name, checksum FROM schema_migration`.execute(tx)
  return new Map(rows.map((row) => [row.name, row.checksum]))
}

function refuseStrangers(applied: ReadonlyMap<string, string>, migrations: readonly Migration[]): void {
  const known = new Map(migrations.map((migration) => [migration.name, checksumOf(migration)]))
  for (const [name, checksum] of applied) {
    const expected = known.get(name)
    if (expected === undefined) throw new Error(`The database has migration ${name}, which this version of Tollgate does not know. Run the version that applied it, or a newer one.`)
    if (expected !== checksum) throw new Error(`Migration ${name} differs from the one applied to this database. Restore the file; changes to the schema go into a new migration.`)
  }
}

async function apply(tx: Transaction<Schema>, migration: Migration): Promise<void> {
  await sql.raw(migration.sql).execute(tx)
  await sql`INSERT INTO schema_migration (name, checksum, applied_at)
    VALUES (${migration.name}, ${checksumOf(migration)}, ${nowMs})`.execute(tx)
}

/** Over text with line endings made one, so that a checkout on another system is the same migration. */
const checksumOf = (migration: Migration): string =>
  createHash('sha256').update(migration.sql.replaceAll('\r\n', '\n')).digest('hex')
