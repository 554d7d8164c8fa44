import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts'

/*
 * One supervisor per data directory. The lock is a file that names its holder:
 *
 *   free ──acquire──► held ──release──► free
 *                      │ holder dies
 *                      ▼
 *                    stale ──acquire──► held by the next one
 *
 * A stale lock may be seen by two newcomers at once, so every look-and-take happens under a claim file that only one
 * of them can create. A claim lives for milliseconds; one whose maker is dead is removed.
 */

export interface DirectoryLock {
  /** Gives the directory back. Safe to call twice. */
  release(): void
}

/** The data directory is in use by a process that lives. */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError'
  readonly holderPid: number
  constructor(path: string, holderPid: number) {
    super(`The data directory is in use by process ${holderPid} (lock file ${path}). Stop that process first, or set TOLLGATE_DATA_DIR to another directory.`)
    this.holderPid = holderPid
  }
}

interface Holder extends ProcessIdentity {
  /** Tells two locks of one process apart. */
  readonly token: string
}

const claimTriesMax = 250
const claimWaitMs = 20

/** Takes the lock file at `path` or throws DirectoryInUseError naming the process that has it. */
export async function acquireDirectoryLock(path: string): Promise<DirectoryLock> {
  const self = identifyProcess(process.pid)
  if (self === null) throw new Error('This process cannot read its own start time, so it cannot lock the data directory.')
  const holder: Holder = { ...self, token: randomUUID() }
  const claim = `${path}.claim`
  await takeClaim(claim, holder)
  try {
    const current = readHolder(path)
    if (current !== null && isRunning(current)) throw new DirectoryInUseError(path, current.pid)
    const draft = `${path}.${holder.token}`
    writeFileSync(draft, JSON.stringify(holder), { mode: 0o600, flush: true })
    renameSync(draft, path)
  } finally {
    rmSync(claim, { force: true })
  }
  return { release: () => { if (readHolder(path)?.token === holder.token) rmSync(path, { force: true }) } }
}

async function takeClaim(claim: string, holder: Holder): Promise<void> {
  const draft = `${claim}.${holder.token}`
  writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 })
  try {
    for (let tries = 0; tries < claimTriesMax; tries++) {
      if (linkIfFree(draft, claim)) return
      const rival = readHolder(claim)
      if (rival !== null && !isRunning(rival)) rmSync(claim, { force: true })
      else await delay(claimWaitMs)
    }
    throw new DirectoryInUseError(claim, readHolder(claim)?.pid ?? 0)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** A hard link appears whole or not at all, so nobody ever reads a half-written claim. */
function linkIfFree(draft: string, claim: string): boolean {
  try {
    linkSync(draft, claim)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function readHolder(path: string): Holder | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof value !== 'object' || value === null) return null
    const { pid, startedAt, token } = value as Record<string, unknown>
    if (typeof pid !== 'number' || typeof startedAt !== 'string' || typeof token !== 'string') return null
    return { pid, startedAt, token }
  } catch {
    return null
  }
}
