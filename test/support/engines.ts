import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { type EventsAddress, startEngines } from '../../src/engines/supervisor.ts'

export interface TestEngines {
  readonly postgresUrl: string
  readonly events: EventsAddress
  /** Ends the engines and removes their directory. */
  stop(): Promise<void>
}

/** Both embedded engines in a temporary directory; takes about two seconds. Start them once per test file. */
export async function startTestEngines(): Promise<TestEngines> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-engines-'))
  const discard = (): void => rmSync(dataDir, { recursive: true, force: true })
  try {
    const engines = await startEngines({ dataDir, log: complain })
    if (engines.postgresUrl === null || engines.events === null) throw new Error('both engines were asked for')
    return { postgresUrl: engines.postgresUrl, events: engines.events, stop: () => engines.stop().finally(discard) }
  } catch (error) {
    discard()
    throw error
  }
}

/** A new, empty database on the same server; the suite that asked for it leaves it to the server's end. */
export async function freshDatabase(postgresUrl: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const client = new Client({ connectionString: postgresUrl })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${name}`)
  } finally {
    await client.end()
  }
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  return url.href
}

function complain(level: string, message: string, detail?: object): void {
  if (level !== 'info') console.error(message, detail ?? '')
}
