import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process that can be told apart from a later one that got the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** Opaque; equal only for the same process. Clock ticks since boot on Linux, the start time that `ps` prints elsewhere. */
  readonly startedAt: string
}

/** The process that has this pid now, or null when there is none. A zombie counts as none: it holds nothing any more. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null
  const startedAt = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid)
  return startedAt === null ? null : { pid, startedAt }
}

/** Whether exactly this process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt
}

/** The command line of a process, arguments joined by spaces; empty when it is gone or hidden from us. */
export function commandLineOf(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}

function startOnLinux(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses and may hold spaces; what follows the last one is regular.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const state = fields[0]
    return state === 'Z' || state === 'X' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}

function startByPs(pid: number): string | null {
  try {
    const line = execFileSync('ps', ['-o', 'lstart=,stat=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    const state = line.slice(line.lastIndexOf(' ') + 1)
    return line === '' || state.startsWith('Z') ? null : line.slice(0, line.lastIndexOf(' '))
  } catch {
    return null
  }
}

/** Sends a signal; false when the process is already gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  // Zero and below would reach whole process groups.
  if (!(pid > 1)) return false
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

/** Waits until the process is gone; false when it still runs after `waitMs`. */
export async function waitForExit(identity: ProcessIdentity, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs
  while (isRunning(identity)) {
    if (performance.now() > deadline) return false
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return true
}
