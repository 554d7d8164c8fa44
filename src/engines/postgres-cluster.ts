import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, readlinkSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { EngineUser } from './engine-user.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { commandLineOf, identifyProcess, signal, waitForExit } from '../base/process-identity.ts'
import type { EngineLog, EngineProgram, RunningEngine } from './supervised.ts'

/*
 * One PostgreSQL cluster in a directory of ours.
 *
 *   absent ──create──► idle ──start──► running ──SIGINT──► idle
 *                       ▲                 │ we are killed
 *                       └──stopOrphan── orphaned
 *
 * When root lends the server another user, that user need not be able to walk to the data directory (it may lie under a
 * 0700 home): on Linux the directory is handed down as file descriptor 3 and named /proc/self/fd/3.
 */

export const postgresUsername = 'tollgate'
export const postgresDatabase = 'tollgate'

export interface ClusterOptions {
  readonly path: string
  readonly port: number
  readonly password: string
  readonly user: EngineUser | null
  readonly binaries: PostgresBinaries
  /** How long a start may take, crash recovery included. */
  readonly startWaitMs: number
  readonly stopWaitMs: number
  readonly log: EngineLog
}

const lentFd = 3
/** A clean environment: no provider secrets, no PG* variables of the operator. */
const environment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' }

const serverSettings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '128MB',
  max_connections: '60',
  max_wal_size: '1GB',
  fsync: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Failed statements are their caller's to report, and their text may hold what belongs in no log.
  log_min_messages: 'fatal',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_line_prefix: '',
  // Short control-plane queries gain nothing from either, and parallel workers need /dev/shm, which containers keep small.
  jit: 'off',
  max_parallel_workers_per_gather: '0',
}

/** Creates the cluster with its role, password and database. It appears at its path whole or not at all. */
export async function createCluster(options: ClusterOptions): Promise<void> {
  const draft = `${options.path}.new`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { mode: 0o700 })
  if (options.user !== null) chownSync(draft, options.user.uid, options.user.gid)
  const at = { ...options, path: draft }
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  await runToEnd(at, options.binaries.initdb, ['--username', postgresUsername, '--auth=trust', '--no-instructions', ...locale, '-D'], '')
  // Trust would let every local user in; it only lives until this line, and no server has listened.
  writeFileSync(join(draft, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n')
  await runSingleUser(at, [`CREATE DATABASE ${postgresDatabase}`, passwordStatement(options.password)])
  renameSync(draft, options.path)
}

/** Gives the role a new password while the server is down; for a cluster whose secret file was lost. */
export async function resetPassword(options: ClusterOptions): Promise<void> {
  await runSingleUser(options, [passwordStatement(options.password)])
}

export const clusterExists = (path: string): boolean => existsSync(join(path, 'PG_VERSION'))

/** Ends a server that an earlier parent left running on this directory, and removes a pid file that points at a stranger. */
export async function stopOrphan(path: string, stopWaitMs: number, log: EngineLog): Promise<void> {
  const pidFile = join(path, 'postmaster.pid')
  const pid = readPostmaster(pidFile)?.pid
  if (pid === undefined) return
  const identity = identifyProcess(pid)
  if (identity !== null && servesDirectory(pid, path)) {
    log('warn', 'PostgreSQL was left running by an earlier process and is stopped', { pid })
    await endServer(pid, stopWaitMs)
  } else if (identity !== null) {
    // The pid belongs to another program by now; PostgreSQL would take it for a running server and refuse to start.
    rmSync(pidFile, { force: true })
  }
}

/** The cluster's server as a program that can be supervised. */
export function postgresProgram(options: ClusterOptions): EngineProgram {
  return { name: 'PostgreSQL', start: stopped => startServer(options, stopped) }
}

async function startServer(options: ClusterOptions, stopped: AbortSignal): Promise<RunningEngine> {
  await stopOrphan(options.path, options.stopWaitMs, options.log)
  const settings = Object.entries({ ...serverSettings, port: String(options.port) }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawnAt(options, options.binaries.postgres, [...settings, '-D'])
  const complaints = collectLines(child, line => options.log(levelOf(line), `PostgreSQL: ${line}`))
  const exited = exitOf(child, complaints)
  const pid = child.pid
  if (pid === undefined) throw new Error(`PostgreSQL does not start: ${await exited}`)
  const gone = exited.then(reason => { throw new Error(`PostgreSQL ended while starting: ${reason}`) })
  gone.catch(() => {})
  try {
    await Promise.race([gone, untilReady(options, pid, stopped)])
  } catch (error) {
    await endServer(pid, options.stopWaitMs)
    throw error
  }
  return { pid, exited, stop: () => endServer(pid, options.stopWaitMs).then(() => void exited) }
}

/** The server writes its state into its pid file; `ready` is what pg_ctl waits for too. */
async function untilReady(options: ClusterOptions, pid: number, stopped: AbortSignal): Promise<void> {
  const deadline = performance.now() + options.startWaitMs
  for (;;) {
    const postmaster = readPostmaster(join(options.path, 'postmaster.pid'))
    if (postmaster?.pid === pid && postmaster.state === 'ready') return
    stopped.throwIfAborted()
    if (performance.now() > deadline) throw new Error(`PostgreSQL was not ready within ${options.startWaitMs} ms.`)
    await delay(10)
  }
}

/** Fast shutdown, then immediate, then kill; each step gets a third of the time at most. */
async function endServer(pid: number, waitMs: number): Promise<void> {
  const identity = identifyProcess(pid)
  if (identity === null) return
  for (const step of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    signal(pid, step)
    if (await waitForExit(identity, waitMs / 3)) return
  }
}

function readPostmaster(pidFile: string): { readonly pid: number; readonly state: string } | null {
  try {
    const lines = readFileSync(pidFile, 'utf8').split('\n')
    const pid = Number(lines[0])
    return Number.isSafeInteger(pid) && pid > 0 ? { pid, state: (lines[7] ?? '').trim() } : null
  } catch {
    return null
  }
}

/** Whether the process is a PostgreSQL server that works in this directory. The server makes it its working directory. */
function servesDirectory(pid: number, path: string): boolean {
  const command = commandLineOf(pid)
  if (!/postgres/.test(command)) return false
  if (process.platform !== 'linux') return command.includes(path)
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(path)
  } catch {
    return false
  }
}

function passwordStatement(password: string): string {
  if (!/^[0-9a-f]+$/.test(password)) throw new Error('The password must be hexadecimal: it stands in a statement.')
  return `ALTER ROLE ${postgresUsername} PASSWORD '${password}'`
}

/** Statements of one line each, run without a server. */
async function runSingleUser(options: ClusterOptions, statements: readonly string[]): Promise<void> {
  // Without exit_on_error the single-user server reports a failed statement and still ends well.
  await runToEnd(options, options.binaries.postgres, ['--single', '-c', 'exit_on_error=on', '-c', 'log_checkpoints=off', '-D'], `${statements.join('\n')}\n`, [postgresDatabaseOfInit])
}

const postgresDatabaseOfInit = 'postgres'

async function runToEnd(options: ClusterOptions, program: string, argsBeforePath: readonly string[], input: string, argsAfterPath: readonly string[] = []): Promise<void> {
  const child = spawnAt(options, program, argsBeforePath, argsAfterPath)
  const complaints = collectLines(child, () => {})
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const reason = await exitOf(child, complaints)
  if (child.exitCode !== 0) throw new Error(`${basename(program)} failed: ${reason}`)
}

/** Spawns a program whose next argument is the cluster's directory, as the cluster's user. */
function spawnAt(options: ClusterOptions, program: string, argsBeforePath: readonly string[], argsAfterPath: readonly string[] = []): ChildProcess {
  const lent = options.user !== null && existsSync('/proc/self/fd') ? openSync(options.path, 'r') : null
  const path = lent === null ? options.path : `/proc/self/fd/${lentFd}`
  try {
    return spawn(program, [...argsBeforePath, path, ...argsAfterPath], {
      ...options.user,
      cwd: '/',
      env: environment,
      // A group of its own: Ctrl-C at a terminal must not stop the database before what uses it.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', ...(lent === null ? [] : [lent])],
    })
  } finally {
    if (lent !== null) closeSync(lent)
  }
}

const linesKept = 20

function levelOf(line: string): 'info' | 'warn' | 'error' {
  return line.startsWith('PANIC:') ? 'error' : line.startsWith('FATAL:') ? 'warn' : 'info'
}

/** Reads both outputs line by line and keeps the last ones for an error message. */
function collectLines(child: ChildProcess, onLine: (line: string) => void): readonly string[] {
  const kept: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines.filter(text => text.trim() !== '')) {
        kept.push(line)
        if (kept.length > linesKept) kept.shift()
        onLine(line)
      }
    })
  }
  return kept
}

/** Settles with a description of the end; spawning errors count as one. */
function exitOf(child: ChildProcess, complaints: readonly string[]): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('close', (code, name) => resolve([name ?? `exit code ${code}`, ...complaints].join('\n')))
  })
}
