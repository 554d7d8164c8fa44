import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { issueCredential, systemActor } from '../../src/api/credentials.ts'
import { createApi } from '../../src/api/server.ts'
import { systemClock } from '../../src/base/clock.ts'
import { secret, shortId } from '../../src/base/ids.ts'
import type { Limits } from '../../src/config/limits.ts'
import { Authority } from '../../src/control/authority.ts'
import { Receiver } from '../../src/control/receive.ts'
import { Snapshots } from '../../src/control/snapshot.ts'
import { registerSync } from '../../src/control/sync-routes.ts'
import type { BudgetRule } from '../../src/core/entitlement/rule.ts'
import { createPriceBook } from '../../src/core/pricing/create-price-book.ts'
import { openPolicy, type KeyPolicy } from '../../src/core/usage/key-policy.ts'
import { startGateway } from '../../src/gateway/gateway.ts'
import { bundledPrices, seedPrices } from '../../src/jobs/seed-prices.ts'
import { startSim, type Sim } from '../../src/sim/start-sim.ts'
import { createMemoryControlStore } from '../../src/store/memory/control-store.ts'
import { createMemoryEventStore } from '../../src/store/memory/event-store.ts'
import type { ApiKey, ControlStore, OrgNode, Provider, StoredRecord } from '../../src/store/ports.ts'

/**
 * A whole installation in this process, on free ports: gateway, control plane over the memory stores, and the
 * simulated provider. No engine is started, so it is ready in a fraction of a second; what it cannot show is what
 * the engines themselves do.
 */
export interface InProcess {
  readonly gatewayUrl: string
  readonly apiUrl: string
  readonly sim: Sim
  readonly control: ControlStore
  /** The first key of app "app_shop", open policy. */
  readonly key: string
  /** Warnings and errors that gateway and control plane logged. */
  readonly complaints: readonly string[]
  /** Another key of the shop's app, or of the app given. */
  addKey(policy?: Partial<KeyPolicy>, given?: Partial<ApiKey>): Promise<string>
  putProvider(given: Partial<Provider> & { readonly name: string; readonly baseUrl: string }): Promise<void>
  putRule(given: Partial<BudgetRule> & { readonly name: string; readonly limit: bigint }): Promise<BudgetRule>
  /** Waits until the gateway serves the configuration as it now stands. */
  adopted(): Promise<void>
  /** Every record of a call, attempts in order, once `count` of them are stored. */
  recordsOf(eventId: string, count?: number): Promise<readonly StoredRecord[]>
  /** All records, oldest first, once there are at least `count`. */
  records(count: number): Promise<readonly StoredRecord[]>
  /** The newest record of this kind of refusal (its public code) or of this error class, once there is one. */
  newest(word: string): Promise<StoredRecord>
  /** GET of the API as its administrator. */
  api(path: string): Promise<ReturnType<JSON['parse']>>
  /** One of the gateway's own figures. */
  metric(name: string): Promise<number>
  /** Waits until nothing is in flight and no body is held; throws when that does not come about. */
  quiet(): Promise<void>
  /** Ends the gateway, which ships what it has and gives every idle lease back. */
  stopGateway(): Promise<void>
  close(): Promise<void>
}

export const orgId = 'acme'
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const nodes: readonly OrgNode[] = [
  { orgId, id: orgId, parentId: null, kind: 'org', name: 'Acme', costCentre: '', archived: false },
  { orgId, id: 'retail', parentId: orgId, kind: 'unit', name: 'Retail', costCentre: 'CC-1', archived: false },
  { orgId, id: 'checkout', parentId: 'retail', kind: 'team', name: 'Checkout', costCentre: '', archived: false },
  { orgId, id: 'app_shop', parentId: 'checkout', kind: 'app', name: 'Shop', costCentre: '', archived: false },
  { orgId, id: 'app_other', parentId: 'checkout', kind: 'app', name: 'Other', costCentre: 'CC-2', archived: false },
]

export async function startInProcess(options: { readonly limits?: Partial<Limits>; readonly retriesMax?: number; readonly timeoutMs?: number; readonly journalFreeBytesMin?: number } = {}): Promise<InProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'tollgate-in-process-'))
  const complaints: string[] = []
  let adoptedVersion = ''
  let connected = false
  const log = (level: string, message: string, detail?: object): void => {
    if (level !== 'info') complaints.push(`${level}: ${message} ${JSON.stringify(detail ?? {})}`)
    if (message === 'snapshot adopted') adoptedVersion = (detail as { version: string }).version
    if (message === 'connected to the control plane') connected = true
  }
  const sim = await startSim()
  const control = createMemoryControlStore(systemClock)
  const events = createMemoryEventStore()
  const now = (): number => Date.now()
  for (const node of nodes) await control.createNode(node, systemActor)
  await control.putSetting(orgId, 'hash_secret', secret('', 32), systemActor)
  await seedPrices(control, now())
  const credential = secret('tgn_', 24)
  await control.putNode({ id: 'local', name: 'local', sha256: sha256(credential) })
  const admin = { orgId, id: 'user_admin', email: 'admin@example.com', name: 'Admin', grants: [{ role: 'admin' as const, nodeId: orgId }], disabled: false }
  await control.createUser(admin, null, systemActor)
  const { secret: token } = await issueCredential(control, admin, systemActor, { kind: 'token', name: 'test', nowMs: now(), expiresAt: null })

  const addKey: InProcess['addKey'] = async (policy = {}, given = {}) => {
    const text = secret('tg_')
    await control.createKey({
      orgId, id: shortId('key'), appId: 'app_shop', name: 'test key', sha256: sha256(text), hint: text.slice(-4), policy: { ...openPolicy, ...policy },
      createdAt: now(), expiresAt: null, revokedAt: null, ...given,
    }, systemActor)
    return text
  }
  const putProvider: InProcess['putProvider'] = (given) => control.putProvider({
    orgId, dialect: 'openai', credential: { header: 'authorization', value: 'Bearer sk-upstream' }, priceAs: given.name, region: '', callPrice: null, currency: 'USD',
    timeoutMs: options.timeoutMs ?? 10_000, retriesMax: options.retriesMax ?? 0, enabled: true, source: 'api', ...given,
  }, systemActor)
  await putProvider({ name: 'openai', baseUrl: sim.url })
  const key = await addKey()

  const receiver = new Receiver(control, events, now, log)
  const book = createPriceBook(bundledPrices())
  const app = createApi({
    control, events, clock: systemClock, priceBook: () => book, onRecords: (listener) => receiver.onRecords(listener),
    log: { info: () => undefined, warn: (facts, message) => log('warn', message, facts), error: (facts, message) => log('error', message, facts) },
    settings: { allowedHosts: [], cookieSecure: false, gatewayUrl: '', demo: false, version: 'test' },
  })
  await registerSync(app, { store: control, receiver, authority: new Authority(control, now), snapshots: new Snapshots(control, now, log, () => null), now, log })
  const apiUrl = await app.listen({ host: '127.0.0.1', port: 0 })
  const gateway = await startGateway({
    host: '127.0.0.1', port: 0, directory, controlUrl: apiUrl, credential, secretKey: randomBytes(32), durability: 'process', journalFreeBytesMin: options.journalFreeBytesMin ?? 0,
    version: 'test', clock: systemClock, log, limits: { journalBlockAgeMs: 20, retryBackoffMs: 1, connectionCheckMs: 20, ...options.limits },
  })
  const gatewayUrl = `http://127.0.0.1:${gateway.port}`

  const scope = { orgId, nodeIds: null }
  const all = async (): Promise<readonly StoredRecord[]> => {
    const rows: StoredRecord[] = []
    for (let cursor: string | null = null; ;) {
      const page = await events.listRecords(scope, { range: { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }, match: {} }, cursor, 500)
      rows.push(...page.rows)
      if (page.next === null) return rows.toReversed()
      cursor = page.next
    }
  }
  const metric: InProcess['metric'] = async (name) => {
    const line = (await (await fetch(`${gatewayUrl}/metrics`)).text()).split('\n').find((each) => each.startsWith(`tollgate_gateway_${name} `))
    if (line === undefined) throw new Error(`the gateway has no figure "${name}"`)
    return Number(line.split(' ')[1])
  }
  let stopped: Promise<void> | null = null
  const harness: InProcess = {
    gatewayUrl, apiUrl, sim, control, key, complaints, addKey, putProvider, metric,
    async putRule(given) {
      const rule: BudgetRule = {
        id: shortId('rule'), orgId, selector: {}, per: [], measure: 'cost', currency: 'USD', window: { unit: 'month', zone: 'UTC' }, hard: true,
        outputBound: 'inject', outputCapDefault: 100, unpriced: 'refuse', unbounded: 'refuse', ...given,
      }
      await control.createRule(rule, async () => [], systemActor)
      return rule
    },
    async adopted() {
      const wanted = await control.snapshotVersion()
      await until(async () => connected && adoptedVersion === wanted, 'the gateway adopts the configuration')
    },
    async recordsOf(eventId, count = 1) {
      let found: readonly StoredRecord[] = []
      await until(async () => {
        const [row] = await events.getRecords(scope, { eventId })
        found = row === undefined ? [] : (await events.getRecords(scope, { callId: row.callId })).toSorted((a, b) => a.attempt - b.attempt)
        return found.length >= count
      }, `record ${eventId} is stored`)
      return found
    },
    async records(count) {
      let found: readonly StoredRecord[] = []
      await until(async () => (found = await all()).length >= count, `${count} records are stored`)
      return found
    },
    async newest(word) {
      let found: StoredRecord | undefined
      await until(async () => (found = (await all()).findLast((row) => row.errorCode === word || row.errorClass === word)) !== undefined, `a record of "${word}" is stored`)
      return found!
    },
    async api(path) {
      const answer = await fetch(apiUrl + path, { headers: { authorization: `Bearer ${token}` } })
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
      return answer.json() as Promise<ReturnType<JSON['parse']>>
    },
    quiet: async () => stopped === null ? until(async () => (await metric('calls_in_flight')) === 0 && (await metric('body_bytes_held')) === 0, 'nothing is in flight') : undefined,
    stopGateway: () => (stopped ??= gateway.stop(1_000)),
    async close() {
      await harness.stopGateway()
      await app.close()
      await control.close()
      await sim.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  await harness.adopted()
  return harness
}

/** Asks again every few milliseconds; in the end it says what did not come about. */
export async function until(holds: () => Promise<boolean>, what: string, withinMs = 15_000): Promise<void> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline;) {
    if (await holds()) return
    await sleep(10)
  }
  throw new Error(`waited in vain: ${what}`)
}
