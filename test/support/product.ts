import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chooseFreePort } from '../../src/engines/free-port.ts'

/** The whole program as a person starts it in a directory of its own, with the simulated provider. */
export interface Product {
  readonly consoleUrl: string
  readonly gatewayUrl: string
  /** Signs in once; null when the installation is not new. */
  readonly signInLink: string | null
  /** Null when the installation is not new. */
  readonly firstKey: string | null
  /** Ends it and, unless the directory was given, removes what it wrote. */
  stop(): Promise<void>
}

const program = resolve(process.env['TOLLGATE_TEST_PROGRAM'] ?? join(import.meta.dirname, '../../dist/main.js'))
const readyWaitMs = 90_000
const stopWaitMs = 45_000
const historyWaitMs = 120_000

interface ProductOptions {
  /** Where it runs and keeps its data, which then stays; default a folder of its own. */
  readonly directory?: string
  /** With the demo company of this seed, its history told and its budgets made; default nothing recorded. */
  readonly companySeed?: number
}

export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'tollgate-product-'))
  const gatewayPort = await chooseFreePort(null)
  const consolePort = await chooseFreePort(null, [gatewayPort])
  const { companySeed } = options
  const child = spawn(process.execPath, [program, ...(companySeed === undefined ? ['start', '--demo', '--empty'] : ['demo', '--seed', String(companySeed)])], {
    cwd: directory, stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited(), TOLLGATE_DATA_DIR: join(directory, 'data'), TOLLGATE_GATEWAY_PORT: String(gatewayPort), TOLLGATE_CONSOLE_PORT: String(consolePort) },
  })
  const gone = new Promise<void>((done) => child.once('exit', () => done()))
  const stop = async (): Promise<void> => {
    await ended(child, gone)
    if (options.directory === undefined) rmSync(directory, { recursive: true, force: true })
  }
  try {
    const said = await readiness(child)
    if (companySeed !== undefined) await historyTold(join(directory, 'data-demo', 'demo.json'))
    return {
      consoleUrl: `http://127.0.0.1:${consolePort}`, gatewayUrl: `http://127.0.0.1:${gatewayPort}`,
      signInLink: /http:\/\/\S+\/\?token=\S+/.exec(said)?.[0] ?? null, firstKey: /Bearer (tg_[\w-]+)/.exec(said)?.[1] ?? null, stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** What was printed up to the moment of readiness, and the example call after it. */
function readiness(child: ChildProcess): Promise<string> {
  let said = ''
  return new Promise((ready, fail) => {
    const late = setTimeout(() => fail(new Error(`The product was not ready within ${readyWaitMs} ms:\n${said}`)), readyWaitMs)
    const hear = (text: string): void => {
      said += text
      // The log line with the process ids follows the words for people.
      if (said.includes('Tollgate is ready') && said.includes('"pids"')) { clearTimeout(late); ready(said) }
    }
    for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', hear)
    child.once('exit', (code, signal) => { clearTimeout(late); fail(new Error(`The product ended (${code ?? signal}) before it was ready:\n${said}`)) })
  })
}

async function historyTold(notes: string): Promise<void> {
  const isTold = (): boolean => existsSync(notes) && (JSON.parse(readFileSync(notes, 'utf8')) as { budgetsMade: boolean }).budgetsMade
  for (const deadline = Date.now() + historyWaitMs; !isTold(); await sleep(100)) {
    if (Date.now() > deadline) throw new Error(`The demo company had not told its history within ${historyWaitMs} ms.`)
  }
}

async function ended(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM')
    const hurry = setTimeout(() => child.kill('SIGKILL'), stopWaitMs)
    await gone
    clearTimeout(hurry)
  }
}

/** This process's environment, without what would change how the product runs. */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TOLLGATE_|OPENAI_|VITEST|NODE_OPTIONS|NODE_ENV)/.test(name)))
}
