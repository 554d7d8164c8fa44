import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { ChdbChildConfig, ChdbChildMessage } from './chdb-child.ts'
import { EngineUnavailableError, remedyOf } from './engine-error.ts'
import { commandLineOf, identifyProcess, isRunning, type ProcessIdentity, signal, waitForExit } from '../base/process-identity.ts'
import type { EngineLog, EngineProgram, RunningEngine } from './supervised.ts'

/** The event engine's process seen from its parent. */

export interface ChdbProcessOptions {
  readonly config: ChdbChildConfig
  /** Names the running child, so that a later parent can end one that outlived its own. */
  readonly processFile: string
  readonly startWaitMs: number
  readonly log: EngineLog
}

/** Room for every session, its compression and file calls: an operation holds a pool thread for as long as it runs. */
const poolThreads = '24'

export function chdbProgram(options: ChdbProcessOptions): EngineProgram {
  return { name: 'the event engine', start: stopped => startChild(options, stopped) }
}

/** Throws when the library is missing or the platform has none, before anything is started. */
export function assertChdbInstalled(resolve = (name: string): string => createRequire(import.meta.url).resolve(name), platform: string = process.platform, arch: string = process.arch): void {
  const name = platform === 'linux' ? `@chdb/lib-linux-${arch}-gnu` : `@chdb/lib-${platform}-${arch}`
  try {
    resolve('chdb')
    resolve(name)
  } catch {
    throw new EngineUnavailableError(`There is no embedded event engine for ${platform}-${arch}: the optional package ${name} is not installed. ${remedyOf('events')}`)
  }
}

/** Ends a child whose parent was killed and that has not noticed yet. */
export async function stopChdbOrphan(processFile: string, stopWaitMs: number, log: EngineLog): Promise<void> {
  const identity = readIdentity(processFile)
  if (identity === null || !isRunning(identity) || !commandLineOf(identity.pid).includes('chdb-child')) return
  log('warn', 'the event engine was left running by an earlier process and is stopped', { pid: identity.pid })
  await endChild(identity, stopWaitMs)
}

async function startChild(options: ChdbProcessOptions, stopped: AbortSignal): Promise<RunningEngine> {
  mkdirSync(options.config.dataPath, { recursive: true, mode: 0o700 })
  const child = forkChild()
  const exited = exitOf(child, options.log)
  const pid = child.pid
  const identity = pid === undefined ? null : identifyProcess(pid)
  if (pid === undefined || identity === null) throw new Error(`The event engine does not start: ${await exited}`)
  writeFileSync(options.processFile, JSON.stringify(identity), { mode: 0o600 })
  const stop = async (): Promise<void> => {
    await endChild(identity, options.config.closeWaitMs + 1_000)
    rmSync(options.processFile, { force: true })
  }
  try {
    await untilReady(child, options, exited, stopped)
  } catch (error) {
    await stop()
    throw error
  }
  return { pid, exited, stop }
}

function forkChild(): ChildProcess {
  const here = fileURLToPath(import.meta.url)
  const fromSource = extname(here) === '.ts'
  const program = fileURLToPath(new URL(`./chdb-child${extname(here)}`, import.meta.url))
  const loader = fromSource ? ['--import', pathToFileURL(createRequire(here).resolve('tsx')).href] : []
  return fork(program, {
    cwd: dirname(here),
    execArgv: loader,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C', UV_THREADPOOL_SIZE: poolThreads },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // See postgres-cluster: not in the terminal's group. The child leaves by itself when the channel to us closes.
    detached: true,
  })
}

async function untilReady(child: ChildProcess, options: ChdbProcessOptions, exited: Promise<string>, stopped: AbortSignal): Promise<void> {
  stopped.throwIfAborted()
  let timer: NodeJS.Timeout | undefined
  let leave = (): void => {}
  await new Promise<void>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`The event engine was not ready within ${options.startWaitMs} ms.`)), options.startWaitMs)
    leave = () => reject(stopped.reason as Error)
    stopped.addEventListener('abort', leave)
    void exited.then(reason => reject(new Error(`The event engine ended while starting: ${reason}`)))
    child.once('message', message => {
      const said = message as ChdbChildMessage
      if (said.kind === 'ready') resolve()
      else reject(new Error(`The event engine does not start: ${said.reason}`))
    })
    child.send(options.config, error => { if (error) reject(error) })
  }).finally(() => {
    clearTimeout(timer)
    stopped.removeEventListener('abort', leave)
  })
}

async function endChild(identity: ProcessIdentity, waitMs: number): Promise<void> {
  if (!isRunning(identity)) return
  signal(identity.pid, 'SIGTERM')
  if (await waitForExit(identity, waitMs)) return
  signal(identity.pid, 'SIGKILL')
  await waitForExit(identity, waitMs)
}

function exitOf(child: ChildProcess, log: EngineLog): Promise<string> {
  let tail = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-4_000)
    for (const line of text.split('\n').filter(part => part.trim() !== '')) log('warn', `the event engine: ${line}`)
  })
  return new Promise(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('close', (code, name) => resolve(`${name ?? `exit code ${code}`} ${tail}`.trim()))
  })
}

function readIdentity(path: string): ProcessIdentity | null {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : null
  } catch {
    return null
  }
}
