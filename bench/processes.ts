import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process under measurement. */
export interface Started {
  readonly child: ChildProcess
  stop(): Promise<void>
}

/** Starts a program; what it prints goes to `onText`. It is stopped with SIGTERM, then SIGKILL. */
export function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd: string, onText: (text: string) => void): Started {
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout!.on('data', (chunk: Buffer) => onText(chunk.toString()))
  child.stderr!.on('data', (chunk: Buffer) => onText(chunk.toString()))
  return {
    child,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 40_000)
      await gone
      clearTimeout(late)
    },
  }
}

/** Runs a program to its end and gives its standard output; throws with its output when it fails. */
export function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString() })
    child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve(out) : reject(new Error(`${program} ${args.join(' ')} ended with ${code}\n${out}${errors}`))))
  })
}

export const has = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined

export async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/** Tries until `attempt` gives something, for at most `withinMs`. */
export async function until<Value>(what: string, withinMs: number, attempt: () => Promise<Value | null | undefined | false>): Promise<Value> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const value = await attempt().catch(() => null)
    if (value) return value
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${withinMs} ms`)
    await sleep(5)
  }
}

/** CPU time a process has used, milliseconds (Linux). */
export function cpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Resident memory, MB (Linux). */
export const rssMb = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024
