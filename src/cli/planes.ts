import { fork, type ChildProcess } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../base/log.ts'

class PlaneError extends Error {
  override readonly name = 'PlaneError'
}

/** A plane as a child process: starting → serving → (died → starting, after a pause that grows) → stopped. */
export class Plane<Ready> {
  readonly #name: string
  readonly #env: NodeJS.ProcessEnv
  readonly #log: Log
  readonly #nodeFlags: readonly string[]
  #child: ChildProcess | null = null
  #stopping = false
  #backoffMs = 200

  constructor(name: string, env: NodeJS.ProcessEnv, log: Log, nodeFlags: readonly string[] = []) {
    this.#name = name
    this.#env = env
    this.#log = log
    this.#nodeFlags = nodeFlags
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves when the plane first serves; rejects when it ends before that. */
  start(): Promise<Ready> {
    return new Promise((resolve, reject) => this.#spawn(resolve, reject))
  }

  /** Asks it to end and waits; after `withinMs` it is ended. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGTERM')
    await Promise.race([gone, sleep(withinMs, undefined, { ref: false })])
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await gone
  }

  #spawn(resolve: (ready: Ready) => void, reject: (error: Error) => void): void {
    const program = fileURLToPath(new URL(`../main${extname(import.meta.url)}`, import.meta.url))
    const fromSource = extname(program) === '.ts'
    const child = fork(program, [this.#name], { env: this.#env, execArgv: [...this.#nodeFlags, ...(fromSource ? ['--import', 'tsx'] : [])], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child = child
    let served = false
    const startedAt = performance.now()
    child.once('message', (message) => {
      served = true
      resolve(message as Ready)
    })
    child.once('exit', (code, signal) => {
      if (this.#stopping) return
      if (!served && code !== null) return reject(new PlaneError(`The ${this.#name} plane ended before it served (exit ${code}); see the lines above.`))
      if (performance.now() - startedAt > 30_000) this.#backoffMs = 200
      this.#log('error', `${this.#name} died and is started again`, { code, signal, inMs: this.#backoffMs })
      this.#respawn(resolve)
    })
  }

  /** Once it has been started, a plane that ends before it serves is started again like any other. */
  #respawn(resolve: (ready: Ready) => void): void {
    setTimeout(() => { if (!this.#stopping) this.#spawn(resolve, () => this.#respawn(resolve)) }, this.#backoffMs)
    this.#backoffMs = Math.min(this.#backoffMs * 2, 10_000)
  }
}
