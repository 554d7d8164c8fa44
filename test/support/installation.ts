import { fork, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'
import { chooseFreePort } from '../../src/engines/free-port.ts'
import { startEngines, type Engines } from '../../src/engines/supervisor.ts'
import { reconcile, type Finding } from '../../src/jobs/reconcile.ts'
import { isAfter, listSegments, readAcked, readSegment } from '../../src/journal/segment.ts'
import { Link } from './link.ts'
import { startSim, type Sim, type SimOptions } from '../../src/sim/start-sim.ts'
import { createEventStore } from '../../src/store/events/event-store.ts'
import { createControlStore, type RelationalStore } from '../../src/store/relational/control-store.ts'
import type { EventStore, StoredRecord, WindowState } from '../../src/store/ports.ts'

/*
 * A whole installation for tests that break parts of it: engines supervised in this process, control plane and
 * gateways as processes of their own that the test ends and starts as it likes.
 */

/** The program under test, as `npm test` has built it; a test of another build names it here. */
export const program = resolve(process.env['TOLLGATE_TEST_PROGRAM'] ?? join(import.meta.dirname, '../../dist/main.js'))
const readyWaitMs = 60_000
const logLinesKept = 400

/** A plane as a child process that can be ended, killed and started again on the same port and directory. */
export class PlaneProcess {
  readonly name: string
  readonly env: Record<string, string>
  readonly lines: string[] = []
  starts = 0
  readonly #command: string
  readonly #readyText: string
  #child: ChildProcess | null = null

  /** `readyText`: what it prints when it serves, for a command that has no supervisor to tell. */
  constructor(command: string, name: string, env: Record<string, string>, readyText = '') {
    this.#command = command
    this.#readyText = readyText
    this.name = name
    this.env = env
  }

  get pid(): number | null {
    const child = this.#child
    return child === null || child.exitCode !== null || child.signalCode !== null ? null : (child.pid ?? null)
  }

  /** Resolves when the plane serves. */
  async start(): Promise<void> {
    if (this.pid !== null) throw new Error(`${this.name} runs already`)
    this.starts += 1
    const fromSource = extname(program) === '.ts'
    const child = fork(program, [this.#command], { env: { ...inherited(), ...this.env }, execArgv: fromSource ? ['--import', 'tsx'] : [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    this.#child = child
    for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => this.#keep(text))
    await new Promise<void>((ready, fail) => {
      const late = setTimeout(() => fail(new Error(`${this.name} did not serve within ${readyWaitMs} ms:\n${this.tail()}`)), readyWaitMs)
      const serves = (): void => { clearTimeout(late); ready() }
      child.once('message', serves)
      if (this.#readyText !== '') child.stdout!.on('data', (text: string) => { if (text.includes(this.#readyText)) serves() })
      child.once('exit', (code, signal) => { clearTimeout(late); fail(new Error(`${this.name} ended (${code ?? signal}) before it served:\n${this.tail()}`)) })
    })
  }

  /** kill -9, or another signal; resolves when the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === null || this.pid === null) return
    const gone = new Promise<void>((resolveGone) => child.once('exit', () => resolveGone()))
    child.kill(signal)
    await gone
  }

  /** Sends a signal without waiting: SIGSTOP and SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** The clean way out, with an end to patience. */
  async stop(): Promise<void> {
    const child = this.#child
    if (child === null || this.pid === null) return
    const hurry = setTimeout(() => child.kill('SIGKILL'), 40_000)
    await this.kill('SIGTERM')
    clearTimeout(hurry)
  }

  tail(lines = 30): string {
    return this.lines.slice(-lines).join('\n')
  }

  #keep(text: string): void {
    this.lines.push(...text.split('\n').filter((line) => line !== ''))
    if (this.lines.length > logLinesKept) this.lines.splice(0, this.lines.length - logLinesKept)
  }
}

/** The environment of a plane: this one's, without what would change how it runs. */
function inherited(): NodeJS.ProcessEnv {
  const env = { ...process.env }
  for (const name of Object.keys(env)) if (/^(TOLLGATE_|OPENAI_|VITEST|NODE_OPTIONS|NODE_ENV)/.test(name)) delete env[name]
  return env
}

export class GatewayProcess extends PlaneProcess {
  readonly port: number
  readonly dataDir: string

  constructor(name: string, port: number, dataDir: string, env: Record<string, string>) {
    super('gateway', name, env)
    this.port = port
    this.dataDir = dataDir
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }
  get journalDir(): string {
    return join(this.dataDir, 'gateway', 'journal')
  }

  /** One of the figures at /metrics; null when the gateway does not answer. */
  async metric(name: string): Promise<number | null> {
    try {
      const answer = await request(`${this.url}/metrics`, { headersTimeout: 5_000, bodyTimeout: 5_000 })
      const line = (await answer.body.text()).split('\n').find((text) => text.startsWith(`tollgate_gateway_${name} `))
      return line === undefined ? null : Number(line.split(' ')[1])
    } catch {
      return null
    }
  }

  /** True when the journal on disk has no open attempt, nothing unsealed and nothing the authority has not confirmed. */
  drained(): boolean {
    if (!existsSync(this.journalDir)) return true
    const last = listSegments(this.journalDir).at(-1)
    if (last === undefined) return true
    const { open, unsealed, sealed } = readSegment(this.journalDir, last)
    if (open.size > 0 || unsealed.length > 0) return false
    const acked = readAcked(this.journalDir)
    const lastSealed = sealed.at(-1)
    if (lastSealed !== undefined) return acked !== null && !isAfter(lastSealed, acked)
    const before = listSegments(this.journalDir).at(-2)
    const ended = before === undefined ? undefined : readSegment(this.journalDir, before).sealed.at(-1)
    return ended === undefined || (acked !== null && !isAfter(ended, acked))
  }
}

export interface InstallationOptions {
  readonly gateways?: number
  readonly sim?: SimOptions
  /** Another upstream than the simulated provider. */
  readonly providerUrl?: string
  /** Further environment of every plane. */
  readonly env?: Readonly<Record<string, string>>
  readonly gatewayEnv?: Readonly<Record<string, string>>
  readonly controlEnv?: Readonly<Record<string, string>>
  /** Breakable links from gateways to the control plane, and from the control plane to PostgreSQL. */
  readonly links?: boolean
  /** Where gateway `index` keeps its data; default a folder of the installation's own. */
  readonly gatewayDataDir?: (index: number) => string
}

export interface BudgetWish {
  readonly name: string
  readonly limit: string
  readonly measure?: string
  readonly per?: readonly string[]
  readonly selector?: object
  readonly window?: { readonly unit: string; readonly zone?: string }
  readonly outputCapDefault?: number
  readonly hard?: boolean
}

export class Installation {
  readonly directory: string
  readonly sim: Sim
  readonly engines: Engines
  readonly control: PlaneProcess
  readonly gateways: readonly GatewayProcess[]
  /** The same stores the control plane uses, read from this process. */
  readonly store: RelationalStore
  readonly events: EventStore
  readonly links: { readonly control: Link; readonly postgres: Link } | null
  readonly startedAtMs = Date.now()
  orgId = ''
  /** A Tollgate key that any call may use. */
  key = ''
  appId = ''
  readonly #controlPort: number
  #token = ''

  private constructor(made: Pick<Installation, 'directory' | 'sim' | 'engines' | 'control' | 'gateways' | 'store' | 'events' | 'links'>, controlPort: number) {
    this.directory = made.directory
    this.sim = made.sim
    this.engines = made.engines
    this.control = made.control
    this.gateways = made.gateways
    this.store = made.store
    this.events = made.events
    this.links = made.links
    this.#controlPort = controlPort
  }

  static async start(options: InstallationOptions = {}): Promise<Installation> {
    const directory = mkdtempSync(join(tmpdir(), 'tollgate-fault-'))
    const sim = await startSim(options.sim ?? {})
    const engines = await startEngines({ dataDir: join(directory, 'engines'), log: () => {} })
    const installation = await Installation.#assemble(directory, sim, engines, options)
    try {
      await installation.#open()
    } catch (error) {
      await installation.stop()
      throw error
    }
    return installation
  }

  static async #assemble(directory: string, sim: Sim, engines: Engines, options: InstallationOptions): Promise<Installation> {
    const events = engines.events!
    const secretKey = randomBytes(16).toString('hex')
    const controlPort = await chooseFreePort(null)
    const ports = [controlPort]
    const postgresUrl = new URL(engines.postgresUrl!)
    const links = options.links === true ? { control: await Link.open(controlPort), postgres: await Link.open(Number(postgresUrl.port)) } : null
    if (links !== null) postgresUrl.port = String(links.postgres.port)
    const shared: Record<string, string> = { TOLLGATE_SECRET_KEY: secretKey, ...options.env }
    const credentials = Array.from({ length: options.gateways ?? 1 }, () => `tgn_${randomBytes(18).toString('base64url')}`)
    const control = new PlaneProcess('control', 'control', {
      ...shared, TOLLGATE_DATA_DIR: join(directory, 'control'), TOLLGATE_CONSOLE_PORT: String(controlPort),
      TOLLGATE_POSTGRES_URL: postgresUrl.href, TOLLGATE_NODE_CREDENTIAL: credentials[0]!,
      TOLLGATE_CLICKHOUSE_URL: `${events.url.replace('://', `://${events.username}:${encodeURIComponent(events.password)}@`)}/${events.database}`,
      OPENAI_API_KEY: 'sim', OPENAI_BASE_URL: options.providerUrl ?? sim.url, ...options.controlEnv,
    })
    const gateways: GatewayProcess[] = []
    for (const [index, credential] of credentials.entries()) {
      const port = await chooseFreePort(null, ports)
      ports.push(port)
      const dataDir = options.gatewayDataDir?.(index) ?? join(directory, `gateway-${index + 1}`)
      gateways.push(new GatewayProcess(`gateway ${index + 1}`, port, dataDir, {
        ...shared, TOLLGATE_DATA_DIR: dataDir, TOLLGATE_GATEWAY_PORT: String(port),
        TOLLGATE_CONTROL_URL: `http://127.0.0.1:${links?.control.port ?? controlPort}`, TOLLGATE_NODE_CREDENTIAL: credential, ...options.gatewayEnv,
      }))
    }
    const store = createControlStore({ url: engines.postgresUrl!, secretKey: createHash('sha256').update(secretKey).digest(), log: () => {} })
    return new Installation({ directory, sim, engines, control, gateways, store, events: createEventStore(events), links }, controlPort)
  }

  async #open(): Promise<void> {
    await this.control.start()
    for (const [index, gateway] of this.gateways.entries()) {
      const sha256 = createHash('sha256').update(gateway.env['TOLLGATE_NODE_CREDENTIAL']!).digest('hex')
      if (index > 0) await this.store.putNode({ id: `node_${index + 1}`, name: gateway.name, sha256 })
    }
    const read = (name: string): string => readFileSync(join(this.directory, 'control', name), 'utf8').trim()
    this.key = read('first-key')
    await this.#signIn(read('admin-token'))
    const [org] = await this.store.listOrgs()
    this.orgId = org!.orgId
    this.appId = (await this.store.listNodes(this.orgId)).find((node) => node.kind === 'app')!.id
    await Promise.all(this.gateways.map((gateway) => gateway.start()))
    await Promise.all(this.gateways.map((gateway) => this.untilServing(gateway)))
  }

  /** The one-time token opens a session, the session makes an API token. */
  async #signIn(oneTimeToken: string): Promise<void> {
    const signedIn = await request(`${this.consoleUrl}/api/v1/session`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: oneTimeToken }),
    })
    const { csrf } = (await signedIn.body.json()) as { csrf: string }
    const cookie = String(signedIn.headers['set-cookie']).split(';')[0]!
    const made = await request(`${this.consoleUrl}/api/v1/tokens`, {
      method: 'POST', headers: { 'content-type': 'application/json', cookie, 'x-csrf-token': csrf }, body: JSON.stringify({ name: 'fault tests' }),
    })
    this.#token = ((await made.body.json()) as { secret: string }).secret
  }

  get consoleUrl(): string {
    return `http://127.0.0.1:${this.#controlPort}`
  }

  /** Asks the control API as the administrator; throws for an answer that is not 2xx. */
  async api<Answer>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer> {
    const answer = await request(`${this.consoleUrl}${path}`, {
      method, headers: { authorization: `Bearer ${this.#token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.body.text()
    if (answer.statusCode >= 300) throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text}`)
    return (text === '' ? null : JSON.parse(text)) as Answer
  }

  /** Adds a budget and waits until every gateway that runs holds it. */
  async addBudget(wish: BudgetWish): Promise<string> {
    const { id } = await this.api<{ id: string }>('POST', '/api/v1/budgets', wish)
    await this.untilConfigured()
    return id
  }

  /** A further key of the first app. */
  async addKey(name: string): Promise<string> {
    const { secret } = await this.api<{ secret: string }>('POST', '/api/v1/keys', { appId: this.appId, name })
    await this.untilConfigured()
    return secret
  }

  /** Waits until the gateways' snapshot is the newest: a snapshot is told of by its log line. */
  async untilConfigured(): Promise<void> {
    const version = await this.store.snapshotVersion()
    await until(`snapshot ${version} at every gateway`, () =>
      this.gateways.every((gateway) => gateway.pid === null || gateway.lines.some((line) => line.includes('"snapshot adopted"') && line.includes(`"${version}"`))))
  }

  /** Waits until the gateway has a snapshot and, unless told otherwise, an epoch. */
  async untilServing(gateway: GatewayProcess, connected = true): Promise<void> {
    await until(`${gateway.name} serves`, async () => (await gateway.metric('calls_in_flight')) !== null && (!connected || ((await gateway.metric('epoch')) ?? 0) > 0))
    await until(`${gateway.name} is ready`, async () => (await request(`${gateway.url}/readyz`)).statusCode === 200)
  }

  /** Waits until everything that gateways know has been received. */
  async untilDrained(withinMs = 60_000): Promise<void> {
    await until('the journals are received', async () => {
      for (const gateway of this.gateways) {
        const inFlight = await gateway.metric('calls_in_flight')
        if (gateway.pid !== null && inFlight !== 0) return false
      }
      return this.gateways.every((gateway) => gateway.drained())
    }, withinMs, () => this.gateways.map((gateway) => `${gateway.name}:\n${gateway.tail(10)}`).join('\n') + `\ncontrol:\n${this.control.tail(10)}`)
  }

  reconcile(): Promise<readonly Finding[]> {
    return reconcile(this.store, this.events)
  }

  /** Every record of a kind since the start, oldest last. */
  async records(kind: 'attempt' | 'refusal' = 'attempt'): Promise<readonly StoredRecord[]> {
    const rows: StoredRecord[] = []
    const range = { fromMs: this.startedAtMs - 3 * 24 * 3_600_000, toMs: Date.now() + 3 * 24 * 3_600_000 }
    for (let cursor: string | null = null; ;) {
      const page = await this.events.listRecords({ orgId: this.orgId, nodeIds: null }, { range, match: { kind } }, cursor, 500)
      rows.push(...page.rows)
      if (page.next === null) return rows
      cursor = page.next
    }
  }

  /** The windows of one budget as the authority has them now. */
  async windows(ruleId: string): Promise<readonly WindowState[]> {
    return (await this.store.windows(this.orgId, {})).filter((window) => window.ruleId === ruleId)
  }

  async stop(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.stop()))
    await this.control.stop()
    await Promise.all([this.store.close(), this.events.close(), this.links?.control.close(), this.links?.postgres.close()])
    await this.engines.stop()
    await this.sim.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Looks until it is so; the failure names what was waited for. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 60_000, explain: () => string = () => ''): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    if (await Promise.resolve(holds()).catch(() => false)) return
    if (performance.now() > deadline) throw new Error(`Waited ${withinMs} ms for: ${what}\n${explain()}`)
    await sleep(50)
  }
}
