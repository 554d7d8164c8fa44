import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { amountOf } from '../../src/base/money.ts'
import type { SimCall } from '../../src/sim/start-sim.ts'
import type { StoredRecord, WindowState } from '../../src/store/ports.ts'
import type { GatewayProcess, Installation } from './installation.ts'

const agent = new Agent({ connections: 2_000, pipelining: 1, connect: { timeout: 10_000 }, headersTimeout: 60_000, bodyTimeout: 60_000 })

export interface CallWish {
  readonly key: string
  readonly stream?: boolean
  readonly maxTokens?: number
  readonly user?: string
  readonly model?: string
  /** Faults for the simulated provider, as in its `x-sim-fault`. */
  readonly fault?: string
  readonly prompt?: string
}

/** What the client saw of one call. */
export interface CallSeen {
  /** In the prompt and on the record (session), so that client, provider and record can be matched. */
  readonly nonce: string
  readonly stream: boolean
  /** 0 when no head arrived. */
  readonly status: number
  readonly eventId: string
  readonly cost: string
  readonly code: string
  /** Body of a refusal; answers are not kept. */
  readonly text: string
  /** True when the answer arrived to its end. */
  readonly whole: boolean
}

export async function sendCall(gateway: Pick<GatewayProcess, 'url'>, wish: CallWish): Promise<CallSeen> {
  const nonce = randomBytes(9).toString('hex')
  const { key, stream = false, maxTokens = 64, user, model = 'gpt-4o-mini', fault, prompt = 'Say something.' } = wish
  const content = `${nonce} ${prompt}${fault === undefined ? '' : ` [[sim: ${fault}]]`}`
  let seen: CallSeen = { nonce, stream, status: 0, eventId: '', cost: '', code: '', text: '', whole: false }
  try {
    const answer = await request(`${gateway.url}/v1/chat/completions`, {
      dispatcher: agent, method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-tollgate-session': nonce, 'x-tollgate-stream-facts': '1', ...(user === undefined ? {} : { 'x-tollgate-user': user }) },
      body: JSON.stringify({ model, max_tokens: maxTokens, stream, messages: [{ role: 'user', content }] }),
    })
    const header = (name: string): string => String(answer.headers[name] ?? '')
    seen = { ...seen, status: answer.statusCode, eventId: header('x-tollgate-event-id'), cost: header('x-tollgate-cost'), code: header('x-tollgate-error') }
    const text = await answer.body.text()
    const closing = /^: tollgate event-id=\S+ cost=(.*) quality=/m.exec(text)
    return { ...seen, text: seen.status === 200 ? '' : text, cost: seen.cost === '' ? (closing?.[1] ?? '') : seen.cost, whole: true }
  } catch {
    return seen
  }
}

/** Keeps `concurrency` calls going until told to stop; resolves with everything the clients saw. */
export class Load {
  readonly seen: CallSeen[] = []
  #stopped = false
  readonly #workers: Promise<void>[]

  constructor(concurrency: number, next: (worker: number) => { readonly gateway: Pick<GatewayProcess, 'url'>; readonly wish: CallWish }) {
    this.#workers = Array.from({ length: concurrency }, (_, worker) => this.#work(() => next(worker)))
  }

  async stop(): Promise<readonly CallSeen[]> {
    this.#stopped = true
    await Promise.all(this.#workers)
    return this.seen
  }

  async #work(next: () => { readonly gateway: Pick<GatewayProcess, 'url'>; readonly wish: CallWish }): Promise<void> {
    while (!this.#stopped) {
      const { gateway, wish } = next()
      const seen = await sendCall(gateway, wish)
      this.seen.push(seen)
      // A gateway that is away answers at once; without a pause the test would only measure refused connections.
      await sleep(seen.status === 0 ? 100 : seen.status >= 400 ? 30 : 2)
    }
  }
}

/** Looks at budgets while the load runs; a window past its limit at any look is a broken promise. */
export class BudgetWatch {
  samples = 0
  readonly broken: string[] = []
  /** Largest committed + leased seen, by rule. */
  readonly highest = new Map<string, bigint>()
  readonly #installation: Installation
  #stopped = false
  readonly #run: Promise<void>

  constructor(installation: Installation, everyMs = 25) {
    this.#installation = installation
    this.#run = this.#loop(everyMs)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#run
    await this.#look()
  }

  async #loop(everyMs: number): Promise<void> {
    while (!this.#stopped) {
      // PostgreSQL may be the thing that is down.
      await this.#look().catch(() => {})
      await sleep(everyMs)
    }
  }

  async #look(): Promise<void> {
    const { store, orgId } = this.#installation
    const windows = await store.windows(orgId, {})
    this.samples += 1
    for (const window of windows) this.#judge(window)
  }

  #judge({ ruleId, tuple, limit, committed, leased }: WindowState): void {
    const taken = committed + leased
    if (taken > (this.highest.get(ruleId) ?? 0n)) this.highest.set(ruleId, taken)
    if (taken > limit) this.broken.push(`${ruleId} ${tuple}: ${committed} + ${leased} of ${limit}`)
  }
}

/** Client, provider and records compared call by call. */
export interface Audit {
  readonly calls: number
  readonly answered: number
  readonly records: number
  readonly uncertain: number
  /** Calls the provider counted that no record stands for. */
  readonly lost: readonly string[]
  /** Event ids that stand twice, or certain records beyond what the provider counted. */
  readonly doubled: readonly string[]
  /** Records whose cost is not what the provider's count or the client's header says. */
  readonly wrongCost: readonly string[]
}

/** gpt-4o-mini, 1e-15 USD per token: input 0.15, cached 0.075, output 0.60 USD per million. */
const rates = { input: 150_000_000n, cached: 75_000_000n, output: 600_000_000n }

export function costOf(counted: NonNullable<SimCall['counted']>): bigint {
  const { inputTokens, cachedTokens, outputTokens } = counted
  return BigInt(inputTokens - cachedTokens) * rates.input + BigInt(cachedTokens) * rates.cached + BigInt(outputTokens) * rates.output
}

const nonceOf = (call: SimCall): string => /"content":"([0-9a-f]{18}) /.exec(call.body)?.[1] ?? ''
/** Closed before anything was sent, so the provider has nothing of it. */
const neverSent = (stored: StoredRecord): boolean => stored.quality === 'absent' && stored.cost === 0n

export function audit(seen: readonly CallSeen[], simCalls: readonly SimCall[], records: readonly StoredRecord[]): Audit {
  const counted = groupBy(simCalls.filter((call) => call.counted !== null), nonceOf)
  const stored = groupBy(records, (each) => each.attribution.session)
  const lost: string[] = []
  const doubled = [...groupBy(records, (each) => each.eventId)].filter(([, rows]) => rows.length > 1).map(([id]) => `event ${id}`)
  const wrongCost: string[] = []
  for (const [nonce, calls] of counted) {
    const standing = (stored.get(nonce) ?? []).filter((each) => !neverSent(each))
    if (standing.length < calls.length) lost.push(`${nonce}: counted ${calls.length} times, ${standing.length} records`)
    const exact = standing.filter((each) => each.quality === 'final')
    if (exact.length > calls.length) doubled.push(`${nonce}: counted ${calls.length} times, ${exact.length} final records`)
    for (const each of exact) {
      if (!calls.some((call) => costOf(call.counted!) === each.cost)) wrongCost.push(`${nonce}: recorded ${each.cost}, counted ${calls.map((call) => costOf(call.counted!)).join(' ')}`)
    }
  }
  for (const [nonce, rows] of stored) {
    const certain = rows.filter((each) => !neverSent(each) && each.quality !== 'uncertain')
    if (certain.length > (counted.get(nonce)?.length ?? 0)) doubled.push(`${nonce}: ${certain.length} certain records of ${counted.get(nonce)?.length ?? 0} counted calls`)
  }
  for (const each of seen) checkHeader(each, stored.get(each.nonce) ?? [], lost, wrongCost)
  return {
    calls: seen.length, answered: seen.filter((each) => each.status === 200 && each.whole).length, records: records.length,
    uncertain: records.filter((each) => each.quality === 'uncertain').length, lost, doubled, wrongCost,
  }
}

/** An answer whose cost the client has read must stand in the books at that cost. */
function checkHeader(seen: CallSeen, rows: readonly StoredRecord[], lost: string[], wrongCost: string[]): void {
  if (seen.status !== 200 || seen.eventId === '') return
  const row = rows.find((each) => each.eventId === seen.eventId)
  if (row === undefined) lost.push(`${seen.nonce}: answered as ${seen.eventId}, which is not stored`)
  else if (seen.whole && seen.cost !== '' && amountOf(seen.cost.split(' ')[0]!) !== row.cost) wrongCost.push(`${seen.nonce}: header ${seen.cost}, record ${row.cost} (${row.quality})`)
}

function groupBy<Item>(items: readonly Item[], name: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const list = groups.get(name(item))
    if (list === undefined) groups.set(name(item), [item])
    else list.push(item)
  }
  return groups
}
