import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { chooseFreePort } from './free-port.ts'

/** Where the embedded engines listen and what opens them; kept in the data directory, readable by its owner alone. */
export interface EngineSecrets {
  readonly postgresPort: number
  readonly postgresPassword: string
  readonly eventsPort: number
  readonly eventsPassword: string
  /** False when the file was made anew: a PostgreSQL cluster that is already there still has another password. */
  readonly restored: boolean
}

/** Reads the file at `path` or makes it. A port that somebody else took since the last run is replaced. */
export async function loadEngineSecrets(path: string): Promise<EngineSecrets> {
  const stored = readStored(path)
  const postgresPort = await chooseFreePort(stored?.postgresPort ?? null)
  const eventsPort = await chooseFreePort(stored?.eventsPort ?? null, [postgresPort])
  const secrets = {
    postgresPort,
    postgresPassword: stored?.postgresPassword ?? randomBytes(24).toString('hex'),
    eventsPort,
    eventsPassword: stored?.eventsPassword ?? randomBytes(24).toString('hex'),
  }
  writeFileSync(`${path}.new`, JSON.stringify(secrets), { mode: 0o600, flush: true })
  renameSync(`${path}.new`, path)
  return { ...secrets, restored: stored !== null }
}

function readStored(path: string): Omit<EngineSecrets, 'restored'> | null {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    const { postgresPort, postgresPassword, eventsPort, eventsPassword } = value
    if (typeof postgresPort !== 'number' || typeof eventsPort !== 'number') return null
    if (typeof postgresPassword !== 'string' || typeof eventsPassword !== 'string') return null
    return { postgresPort, postgresPassword, eventsPort, eventsPassword }
  } catch {
    return null
  }
}
