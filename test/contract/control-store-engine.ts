import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEngines } from '../../src/engines/supervisor.ts'
import { createControlStore, type ControlStoreOptions, type RelationalStore } from '../../src/store/relational/control-store.ts'
import { freshDatabase } from '../support/engines.ts'

/** A PostgreSQL of our own, without the event engine: the control store needs no other. */
export interface TestPostgres {
  /** An address of a new, empty database. */
  freshUrl(): Promise<string>
  /** A store over a database of its own, migrated. */
  openStore(): Promise<{ readonly store: RelationalStore; readonly url: string; close(): Promise<void> }>
  /** The server's process now; absent while it is away. Its supervisor starts it again when it dies. */
  pid(): number | undefined
  stop(): Promise<void>
}

export const testSecretKey = Buffer.alloc(32, 7)

export async function startPostgres(): Promise<TestPostgres> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-control-'))
  const discard = (): void => { rmSync(dataDir, { recursive: true, force: true }) }
  const engines = await startEngines({ dataDir, events: false, log: () => undefined }).catch((error: unknown) => {
    discard()
    throw error
  })
  const postgresUrl = engines.postgresUrl
  if (postgresUrl === null) throw new Error('PostgreSQL was asked for')
  const freshUrl = (): Promise<string> => freshDatabase(postgresUrl)
  return {
    freshUrl,
    pid: () => engines.pids().postgres,
    stop: () => engines.stop().finally(discard),
    async openStore() {
      const url = await freshUrl()
      const store = openControlStore(url)
      await store.migrate()
      return { store, url, close: () => store.close() }
    },
  }
}

/** One process's store; several over one address are several control replicas. */
export const openControlStore = (url: string, given: Partial<ControlStoreOptions> = {}): RelationalStore =>
  createControlStore({ url, secretKey: testSecretKey, connectionsMax: 12, ...given })

/** A name for one run of a randomised test, printed when it fails. */
export const randomSeed = (): number => randomBytes(4).readUInt32LE(0)
