import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Console } from './console.ts'
import { freePort, has, run, start, until } from './processes.ts'

/** Something that a load can be sent to. */
export interface Target {
  readonly name: string
  readonly port: number
  readonly token?: string
  readonly headers?: readonly string[]
  /** The process that carries the bytes; its CPU and memory are what is compared. */
  readonly pid: number
  /** Processes beside it, for the record. */
  readonly beside: readonly { readonly name: string; readonly pid: number }[]
  stop(): Promise<void>
}

const here = fileURLToPath(new URL('.', import.meta.url))
export const portkeyVersions = { '@portkey-ai/gateway': '1.15.2', '@hono/node-server': '1.13.5', hono: '4.9.7' } as const

/** Compiles the mock provider and the load tool; both are Linux C, because one in Node would hide what is measured. */
export async function compileTools(dir: string): Promise<{ readonly mock: string; readonly load: string }> {
  if (process.platform !== 'linux') throw new Error('The bench needs Linux: its load tool uses epoll and /proc.')
  if (!has('cc')) throw new Error('The bench needs a C compiler named "cc" (Debian: apt-get install gcc libc6-dev).')
  const tools = { mock: join(dir, 'mock'), load: join(dir, 'load') }
  for (const name of ['mock', 'load'] as const) await run('cc', ['-O2', '-w', join(here, 'native', `${name}.c`), '-o', tools[name]], dir)
  return tools
}

export async function startMock(program: string, dir: string): Promise<Target> {
  const port = await freePort()
  let said = ''
  const mock = start(program, [String(port), '7200'], {}, dir, (text) => { said += text })
  await until('the mock', 5_000, async () => said.includes('mock '))
  return { name: 'direct', port, pid: mock.child.pid!, beside: [], stop: mock.stop }
}

export async function startThinProxy(upstreamPort: number): Promise<Target> {
  const port = await freePort()
  let said = ''
  const proxy = start(process.execPath, [...(process.env['THINFLAGS']?.split(' ') ?? []), join(here, 'thin-proxy.mjs'), String(port), String(upstreamPort)], process.env, here, (text) => { said += text })
  await until('the thin proxy', 10_000, async () => said.includes('listening'))
  return { name: 'thin proxy', port, pid: proxy.child.pid!, beside: [], stop: proxy.stop }
}

/** The peer, installed beside the bench and never into this project; its helpers pinned, because newer ones answer streams with 500. */
export async function startPortkey(dir: string, upstreamPort: number): Promise<Target> {
  mkdirSync(dir, { recursive: true })
  const program = join(dir, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js')
  writeFileSync(join(dir, 'package.json'), JSON.stringify({
    private: true, dependencies: portkeyVersions, overrides: { '@hono/node-server': portkeyVersions['@hono/node-server'], hono: portkeyVersions.hono },
  }))
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'], dir)
  const port = await freePort()
  const env = { ...process.env, NODE_ENV: 'production', ENVIRONMENT: 'production', TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' }
  let said = ''
  const portkey = start(process.execPath, ['--import', join(here, 'loopback-only.mjs'), program, `--port=${port}`, '--headless'], env, dir, (text) => { said = (said + text).slice(-4_000) })
  await until('Portkey', 20_000, async () => said.includes('Ready for connections'))
  return {
    name: 'Portkey', port, pid: portkey.child.pid!, beside: [], stop: portkey.stop,
    headers: ['x-portkey-provider: openai', `x-portkey-custom-host: http://127.0.0.1:${upstreamPort}/v1`],
  }
}

export interface Tollgate extends Target {
  readonly console: Console
  readonly dataDir: string
  readonly controlPort: number
  /** Milliseconds from the start of the process until the gateway was ready, and until the console answered. */
  readonly gatewayReadyMs: number
  readonly consoleReadyMs: number
}

/** Tollgate as `npm start` runs it, with the mock as its provider; on first use signed in and four hard budgets made. */
export async function startTollgate(program: string, dataDir: string, upstreamPort: number, options: { readonly gatewayFlags?: string } = {}): Promise<Tollgate> {
  const [port, controlPort] = [await freePort(), await freePort()]
  const env = {
    ...process.env, OPENAI_API_KEY: 'sk-mock', OPENAI_BASE_URL: `http://127.0.0.1:${upstreamPort}`, TOLLGATE_DATA_DIR: dataDir, TOLLGATE_GATEWAY_PORT: String(port),
    TOLLGATE_CONSOLE_PORT: String(controlPort), TOLLGATE_LOG_LEVEL: 'info', TOLLGATE_DURABILITY: 'process', NODE_ENV: 'production',
    ...(options.gatewayFlags === undefined ? {} : { NODE_OPTIONS: options.gatewayFlags }),
  }
  let said = ''
  const startedAt = performance.now()
  const tollgate = start(process.execPath, [program, 'start', '--no-demo'], env, dataDir.replace(/\/[^/]*$/, ''), (text) => { said += text })
  try {
    const serves = (what: string, url: string): Promise<number> => until(what, 60_000, async () => {
      if (tollgate.child.exitCode !== null) return -1
      return (await fetch(url)).status === 200 ? performance.now() - startedAt : null
    })
    const [gatewayReadyMs, consoleReadyMs] = await Promise.all([serves('the gateway', `http://127.0.0.1:${port}/readyz`), serves('the console', `http://127.0.0.1:${controlPort}/readyz`)])
    if (gatewayReadyMs < 0) throw new Error('Tollgate ended before it served.')
    const pids = JSON.parse(await until('the list of processes', 10_000, async () => /"pids":(\{.*?\})/.exec(said)?.[1])) as Record<string, number>
    const token = readFileSync(join(dataDir, 'first-key'), 'utf8').trim()
    const { gateway, start: _start, ...beside } = pids
    return {
      name: 'Tollgate', port, controlPort, token, dataDir, pid: gateway!, beside: Object.entries(beside).map(([name, pid]) => ({ name, pid })),
      console: new Console(`http://127.0.0.1:${controlPort}`), gatewayReadyMs, consoleReadyMs, stop: tollgate.stop,
    }
  } catch (error) {
    await tollgate.stop()
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${said.slice(-2_000)}`, { cause: error })
  }
}
