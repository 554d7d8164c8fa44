import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../src/base/clock.ts'
import { uuidv7 } from '../../src/base/ids.ts'
import { amountOf } from '../../src/base/money.ts'
import type { CostLine, UsageRecord } from '../../src/core/usage/usage-record.ts'
import { issueCredential, systemActor } from '../../src/api/credentials.ts'
import type { ApiDeps } from '../../src/api/deps.ts'
import { createApi } from '../../src/api/server.ts'
import { createMemoryControlStore } from '../../src/store/memory/control-store.ts'
import { createMemoryEventStore } from '../../src/store/memory/event-store.ts'
import type { ControlStore, EventStore, NodeKind, OrgNode, Role, User } from '../../src/store/ports.ts'

/** Wednesday 18 November 2026, 12:00 UTC. */
export const noon = Date.UTC(2026, 10, 18, 12)
export const hourMs = 3_600_000
export const dayMs = 24 * hourMs

export class TestClock implements Clock {
  ms = noon
  now(): number { return this.ms }
  monotonicMs(): number { return this.ms }
}

export interface Api {
  readonly app: FastifyInstance
  readonly control: ControlStore
  readonly events: EventStore
  readonly clock: TestClock
  readonly errors: unknown[]
  /** Bearer secrets by user id. */
  readonly tokens: Readonly<Record<string, string>>
  call(user: string | null, method: string, url: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  close(): Promise<void>
}
export interface Answer { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly text: string; readonly json: Parsed }
/** Each test knows the answer it reads. */
export type Parsed = ReturnType<JSON['parse']>

const node = (orgId: string, id: string, parentId: string | null, kind: NodeKind, costCentre = ''): OrgNode => ({ orgId, id, parentId, kind, name: `${id} name`, costCentre, archived: false })
const tree = (orgId: string, p: string): readonly OrgNode[] => [
  node(orgId, orgId, null, 'org'), node(orgId, `${p}retail`, orgId, 'unit', 'CC-1'),
  node(orgId, `${p}checkout`, `${p}retail`, 'team'), node(orgId, `${p}shop`, `${p}checkout`, 'app'), node(orgId, `${p}bot`, `${p}checkout`, 'app'),
  node(orgId, `${p}ops`, orgId, 'team'), node(orgId, `${p}cron`, `${p}ops`, 'app'),
]
/** user id → role at node. `nobody` has no grant; `stranger` is admin of another organisation. */
export const people: readonly { readonly id: string; readonly orgId: string; readonly role: Role | null; readonly nodeId: string }[] = [
  { id: 'admin', orgId: 'acme', role: 'admin', nodeId: 'acme' }, { id: 'finance', orgId: 'acme', role: 'finance', nodeId: 'acme' },
  { id: 'owner', orgId: 'acme', role: 'team_owner', nodeId: 'checkout' }, { id: 'viewer', orgId: 'acme', role: 'viewer', nodeId: 'acme' },
  { id: 'guest', orgId: 'acme', role: 'viewer', nodeId: 'ops' }, { id: 'nobody', orgId: 'acme', role: null, nodeId: '' },
  { id: 'stranger', orgId: 'other', role: 'admin', nodeId: 'other' },
]

export async function openApi(given: Partial<ApiDeps> = {}): Promise<Api> {
  const clock = new TestClock()
  const control = given.control ?? createMemoryControlStore(clock)
  const events = given.events ?? createMemoryEventStore()
  const errors: unknown[] = []
  const tokens: Record<string, string> = {}
  for (const item of [...tree('acme', ''), ...tree('other', 'o-')]) await control.createNode(item, systemActor)
  for (const person of people) {
    const user: User = { orgId: person.orgId, id: person.id, email: `${person.id}@example.com`, name: person.id, grants: person.role ? [{ role: person.role, nodeId: person.nodeId }] : [], disabled: false }
    await control.createUser(user, null, systemActor)
    tokens[person.id] = (await issueCredential(control, user, systemActor, { kind: 'token', name: 'test', nowMs: noon, expiresAt: null })).secret
  }
  const app = createApi({
    control, events, clock, resolveHost: async () => [],
    log: { info: () => undefined, warn: () => undefined, error: (facts) => { errors.push(facts) } },
    settings: { allowedHosts: ['console.example.com'], cookieSecure: false, gatewayUrl: 'http://127.0.0.1:8400', demo: true, version: '1.2.3' },
    ...given,
  })
  await app.ready()
  return {
    app, control, events, clock, errors, tokens,
    async call(user, method, url, body, headers = {}) {
      const answer = await app.inject({
        method: method as 'GET', url, headers: { host: 'localhost:8401', ...(user === null ? {} : { authorization: `Bearer ${tokens[user]}` }), ...headers },
        ...(body === undefined ? {} : { payload: body as object }),
      })
      const isJson = /json/.test(String(answer.headers['content-type']))
      return { status: answer.statusCode, headers: answer.headers, text: answer.body, json: isJson ? JSON.parse(answer.body) : null }
    },
    close: async () => app.close(),
  }
}

const inputLine: CostLine = {
  component: 'input_text', quantity: 1_200, unit: 'token', entryId: 'price_in', rate: '3', per: 1_000_000,
  amount: amountOf('0.0036'), listAmount: amountOf('0.0036'), listEntryId: 'price_in',
}

/** A priced call of checkout/shop: 1,200 input tokens for 0.0036 USD. */
export function call(given: Partial<UsageRecord> = {}, caller: Partial<UsageRecord['caller']> = {}): UsageRecord {
  const at = given.at ?? noon - hourMs
  const eventId = given.eventId ?? uuidv7(at)
  return {
    kind: 'attempt', eventId, callId: eventId, isCall: true, corrects: '', at, occurredAt: at, firstByteAt: at + 100, endAt: at + 400,
    caller: {
      orgId: 'acme', orgName: 'Acme', unitId: 'retail', unitName: 'Retail', teamId: 'checkout', teamName: 'Checkout', appId: 'shop', appName: 'Shop',
      keyId: 'key_1', keyName: 'shop key', costCentre: 'CC-1', nodePath: ['acme', 'retail', 'checkout', 'shop'], ...caller,
    },
    attribution: { user: '', agent: '', workflow: '', run: '', parentRun: '', step: '', session: '', tags: {}, rule: '' },
    provider: 'openai', route: 'openai', host: 'api.openai.com', region: '', requestedModel: 'gpt-x', servedModel: 'gpt-x', endpoint: 'chat.completions',
    tier: '', stream: false, attempt: 1, fallbackOf: '', upstreamRequestId: '', usage: { input_text: 1_200 }, quality: 'final', pricing: 'priced',
    lines: [inputLine], cost: amountOf('0.0036'), listCost: amountOf('0.0036'), currency: 'USD', statedCost: '', bound: null, priceVersion: 'v1',
    status: 200, upstreamStatus: 200, errorClass: '', errorCode: '', requestBytes: 10, responseBytes: 20, requestHash: '', prefixHash: '',
    rawUsage: '{}', unknownUsageKeys: '', notices: [], ...given,
  }
}

/** The same, costing this much. */
export const costing = (amount: string, given: Partial<UsageRecord> = {}, caller: Partial<UsageRecord['caller']> = {}): UsageRecord =>
  call({ cost: amountOf(amount), listCost: amountOf(amount), ...given }, caller)

/** A call of ops/cron without a cost centre. */
export const opsCaller = { unitId: '', unitName: '', teamId: 'ops', teamName: 'Ops', appId: 'cron', appName: 'Cron', costCentre: '', nodePath: ['acme', 'ops', 'cron'] } as const
