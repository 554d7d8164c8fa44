import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadConfig, type Config } from '../config/config.ts'
import { localNodeCredential, secretKey } from '../config/secrets.ts'
import { paceOf } from '../demo/models.ts'
import { startEngines, type Engines } from '../engines/supervisor.ts'
import { startSim } from '../sim/start-sim.ts'
import { chooseMode, demoEnvironment, markDemo, type StartMode } from './demo-mode.ts'
import { createLog } from './log.ts'
import { Plane } from './planes.ts'
import type { Prepared } from './prepare.ts'

/**
 * `tollgate start`: engines, then control plane and gateway as processes of their own that speak the same protocol
 * as they would across a network. With no provider configured and no data yet, a simulated one in its own directory.
 */
export async function runStart(args: readonly string[], _version: string): Promise<number> {
  const startedAt = performance.now()
  const log = createLog('start')
  const told = untilInterrupted()
  const mode = await chooseMode(loadConfig(process.env, process.cwd()), args)
  const { config, demo } = mode
  const sim = demo ? await startDemoProvider(mode) : null
  secretKey(config.data_dir, config.secretKeyText)
  if (demo) markDemo(config.data_dir)
  const sharedEnv = sharedEnvironment(config)
  // The gateway needs no engine: it serves from its last snapshot while they start.
  const gateway = new Plane<{ readonly port: number }>('gateway', sharedEnv, log)
  const serving = gateway.start()
  // The engines' start would take the processors' time from it, so it goes first. Its end is looked at below, once they stand.
  await Promise.race([serving.catch(() => {}), sleep(headStartMs)])
  let engines: Engines | null = null
  let control: Plane<Prepared & { readonly port: number }> | null = null
  let company: Plane<object> | null = null
  try {
    engines = await startEngines({
      dataDir: join(config.data_dir, 'engines'), log, postgres: config.postgres_url === undefined, events: config.clickhouse_url === undefined,
    })
    const controlEnv = { ...sharedEnv, ...controlEnvironment(config, engines), ...(sim === null ? {} : demoEnvironment(mode, sim.url)) }
    control = new Plane('control', controlEnv, log, controlNodeFlags)
    const [ready, served] = await Promise.all([control.start(), serving])
    await untilServing(addressOf(config.gateway.host, served.port))
    announce(mode, ready, served.port, performance.now() - startedAt)
    if (mode.company) {
      company = new Plane('demo-company', { ...controlEnv, TOLLGATE_GATEWAY_PORT: String(served.port) }, log)
      company.start().catch((error: unknown) => log('error', 'the demo company did not start', { reason: String(error) }))
    }
    log('info', 'started', { pids: { start: process.pid, control: control.pid, gateway: gateway.pid, company: company?.pid, ...engines.pids() } })
    await told
    console.log('\nStopping: calls in flight are finished, the journal is shipped …')
    return 0
  } finally {
    await company?.stop(5_000)
    // One that never served has nothing to finish.
    await gateway.stop(control === null ? 1_000 : 30_000)
    await control?.stop(10_000)
    await engines?.stop()
    await sim?.close()
    console.log('Stopped.')
  }
}

/** A block of a thousand records lives longer than a small young generation; a larger one halves what collecting it costs. */
const controlNodeFlags = ['--max-semi-space-size=32']

/** How long the engines wait for the gateway to serve, milliseconds. */
const headStartMs = 1_000
/** How long the word of readiness waits for the gateway's first snapshot, milliseconds. */
const snapshotWaitMs = 10_000

/** A gateway that listens answers 503 until it has its first snapshot; the call that is printed as an example must not be that one. */
async function untilServing(gatewayUrl: string): Promise<void> {
  for (const deadline = performance.now() + snapshotWaitMs; performance.now() < deadline; await sleep(50)) {
    const ready = await fetch(`${gatewayUrl}/readyz`, { signal: AbortSignal.timeout(snapshotWaitMs) }).then((answer) => answer.ok, () => false)
    if (ready) return
  }
}

/** Where a listener is reached from this machine. */
function addressOf(host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
  })
}

/** At the same address each time, because a restarted gateway first serves from its last snapshot; elsewhere if that is taken. */
function startDemoProvider({ config, company }: StartMode): ReturnType<typeof startSim> {
  // Beside the company it takes its time as a real one does.
  const options = company ? { callsMax: 200, paceOf: (model: string, outputTokens: number, stream: boolean) => paceOf(model, outputTokens, stream, Math.random()) } : {}
  return startSim({ ...options, port: config.gateway.port + 2 }).catch(() => startSim(options))
}

function sharedEnvironment(config: Config): NodeJS.ProcessEnv {
  return {
    ...process.env,
    TOLLGATE_DATA_DIR: config.data_dir,
    TOLLGATE_CONTROL_URL: `http://127.0.0.1:${config.console.port}`,
    TOLLGATE_GATEWAY_PORT: String(config.gateway.port),
    TOLLGATE_CONSOLE_PORT: String(config.console.port),
    TOLLGATE_NODE_CREDENTIAL: config.nodeCredential ?? localNodeCredential(config.data_dir),
  }
}

/** Addresses of the engines. */
function controlEnvironment(config: Config, engines: Engines): NodeJS.ProcessEnv {
  const events = engines.events
  const clickhouse = events === null ? config.clickhouse_url! : `${events.url.replace('://', `://${events.username}:${encodeURIComponent(events.password)}@`)}/${events.database}`
  return { TOLLGATE_POSTGRES_URL: engines.postgresUrl ?? config.postgres_url!, TOLLGATE_CLICKHOUSE_URL: clickhouse }
}

function announce({ config, demo, company }: StartMode, ready: Prepared & { readonly port: number }, gatewayPort: number, ms: number): void {
  const consoleUrl = addressOf(config.console.host, ready.port)
  const gatewayUrl = addressOf(config.gateway.host, gatewayPort)
  const lines = [
    '',
    `  Tollgate is ready in ${(ms / 1000).toFixed(1)} s${demo ? `   [ DEMO: ${company ? 'a made-up company and ' : ''}a simulated provider; set OPENAI_API_KEY to serve a real one ]` : ''}`,
    '',
    `  Console   ${consoleUrl}${ready.adminToken === null ? '' : `/?token=${ready.adminToken}   (signs in once)`}`,
    `  Gateway   ${gatewayUrl}`,
    `  Data      ${config.data_dir}`,
  ]
  if (ready.firstKey !== null) {
    lines.push(
      '', '  Try it:', '',
      `    curl ${gatewayUrl}/v1/chat/completions \\`,
      `      -H "Authorization: Bearer ${ready.firstKey}" -H "Content-Type: application/json" \\`,
      `      -d '{"model":"gpt-4o-mini","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}'`,
    )
  } else lines.push('', '  Signed out? `npx tollgate admin-token` prints a new sign-in link.')
  console.log(`${lines.join('\n')}\n`)
}
