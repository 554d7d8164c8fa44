import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AuthorityClock } from '../base/clock.ts'
import { compileRule, planHolds, scopesOf, type CallBound, type CompiledRule } from '../core/entitlement/decide.ts'
import type { BudgetRule, CallFacts } from '../core/entitlement/rule.ts'
import type { SliceAnswer, SliceRequest } from '../control/sync-protocol.ts'
import { Leases } from './leases.ts'

const start = Date.UTC(2026, 10, 23, 23, 59, 50)
const call: CallFacts = {
  orgId: 'o', nodePath: ['o', 't'], unitId: '', teamId: 't', appId: 'a', keyId: 'k', costCentre: '', provider: 'openai', model: 'm', user: '', agent: '', workflow: '', run: '',
}
const rule = (id: string, change: Partial<BudgetRule> = {}): CompiledRule => compileRule({
  id, orgId: 'o', name: id, selector: {}, per: [], measure: 'requests', currency: '', window: { unit: 'day', zone: 'UTC' }, limit: 100n, hard: true, outputBound: 'inject',
  outputCapDefault: 1, unpriced: 'refuse', unbounded: 'refuse', ...change,
})

/** An authority in a few lines: one counter per window, every request remembered by its id. */
class TestAuthority {
  readonly left = new Map<string, bigint>()
  readonly asked: SliceRequest[] = []
  readonly granted = new Map<string, bigint>()
  away = false
  loseAnswers = 0
  readonly #limit: bigint

  constructor(limit: bigint) {
    this.#limit = limit
  }

  asks = 0

  async ask(slices: readonly SliceRequest[]): Promise<readonly SliceAnswer[]> {
    this.asks += 1
    if (this.away) throw new Error('away')
    const answers = slices.map((slice) => this.#one(slice))
    if (this.loseAnswers > 0) {
      this.loseAnswers -= 1
      throw new Error('answer lost')
    }
    return answers
  }

  #one(slice: SliceRequest): SliceAnswer {
    this.asked.push(slice)
    const window = `${slice.ruleId}|${slice.windowStart}`
    const left = this.left.get(window) ?? this.#limit
    const earlier = this.granted.get(slice.leaseId)
    const size = earlier ?? (BigInt(slice.need) > left ? 0n : BigInt(slice.want) < left ? BigInt(slice.want) : left)
    if (earlier === undefined) {
      this.granted.set(slice.leaseId, size)
      this.left.set(window, left - size)
    }
    const leased = this.#limit - this.left.get(window)!
    return { leaseId: slice.leaseId, granted: String(size), limit: String(this.#limit), committed: '0', leased: String(leased), gone: false }
  }
}

let leases: Leases
let returned: [string, bigint][]
const open = (authority: TestAuthority): void => {
  returned = []
  leases = new Leases(new AuthorityClock({ now: () => start, monotonicMs: () => performance.now() }), (slices) => authority.ask(slices), (windowId, amount) => { returned.push([windowId, amount]) })
}
const bound = (requests: number): CallBound => ({ cost: null, currency: 'USD', inputTokens: 0, outputTokens: 0, requests, unbounded: '' })
const reserve = async (rules: readonly CompiledRule[], amount = 1) => leases.reserve((at) => planHolds(scopesOf(rules, call, at), bound(amount)))
const isHeld = (outcome: Awaited<ReturnType<typeof reserve>>): boolean => 'gate' in outcome

beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] }) })
afterEach(() => {
  leases.close()
  vi.useRealTimers()
})

test('a thousand calls at once on a budget with room for ten: ten are held, the rest are told why', async () => {
  const authority = new TestAuthority(10n)
  open(authority)
  const outcomes = Promise.all(Array.from({ length: 1_000 }, () => reserve([rule('r')])))
  await vi.advanceTimersByTimeAsync(100)
  const held = (await outcomes).filter(isHeld)
  expect(held).toHaveLength(10)
  expect((await outcomes).filter((outcome) => 'denial' in outcome && outcome.denial.code === 'budget_exceeded')).toHaveLength(990)
  expect(authority.asked.length).toBeLessThan(20)
})

test('a call is held in every scope or in none', async () => {
  const authority = new TestAuthority(5n)
  authority.left.set(`tight|${Date.UTC(2026, 10, 23)}`, 2n)
  open(authority)
  const rules = [rule('wide'), rule('tight')]
  for (let i = 0; i < 2; i += 1) expect(isHeld(await reserve(rules))).toBe(true)
  const third = await reserve(rules)
  expect(third).toMatchObject({ denial: { code: 'budget_exceeded', scope: { compiled: { rule: { id: 'tight' } } } } })
  expect(leases.holdings.held(`wide|${Date.UTC(2026, 10, 23)}|`)).toBe(2n)
})

test('a lost answer is asked for again under the same id, so nothing is granted twice', async () => {
  const authority = new TestAuthority(10n)
  authority.loseAnswers = 2
  open(authority)
  const outcome = reserve([rule('r')], 4)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(isHeld(await outcome)).toBe(true)
  expect(new Set(authority.asked.slice(0, 3).map((slice) => slice.leaseId)).size).toBe(1)
  const total = [...authority.granted.values()].reduce((sum, size) => sum + size, 0n)
  expect(leases.holdings.available(`r|${Date.UTC(2026, 10, 23)}|`) + leases.holdings.held(`r|${Date.UTC(2026, 10, 23)}|`)).toBe(total)
})

test('with the authority away, what is held here still admits and the rest is refused in time', async () => {
  const authority = new TestAuthority(10n)
  open(authority)
  expect(isHeld(await reserve([rule('r')], 2))).toBe(true)
  leases.settle(`r|${Date.UTC(2026, 10, 23)}|`, 2n, 0n)
  authority.away = true
  expect(isHeld(await reserve([rule('r')], 2))).toBe(true)
  const outcome = reserve([rule('r')], 9)
  await vi.advanceTimersByTimeAsync(6_000)
  expect(await outcome).toMatchObject({ denial: { code: 'lease_unavailable' } })
})

test('a call that gave up does not hold up those that can be served', async () => {
  const authority = new TestAuthority(10n)
  open(authority)
  expect(isHeld(await reserve([rule('r')], 2))).toBe(true)
  leases.settle(`r|${Date.UTC(2026, 10, 23)}|`, 2n, 0n)
  authority.away = true
  const large = reserve([rule('r')], 9)
  const behind = reserve([rule('r')], 1)
  await vi.advanceTimersByTimeAsync(50)
  expect(isHeld(await behind)).toBe(true)
  expect(isHeld(await reserve([rule('r')], 1))).toBe(true)
  await vi.advanceTimersByTimeAsync(6_000)
  expect(await large).toMatchObject({ denial: { code: 'lease_unavailable' } })
})

test('thousands of windows without an answer are asked for together', async () => {
  const authority = new TestAuthority(10n)
  open(authority)
  authority.away = true
  const rules = Array.from({ length: 1_200 }, (_, index) => rule(`r${index}`, { window: { unit: 'month', zone: 'UTC' } }))
  const outcomes: ReturnType<typeof reserve>[] = []
  for (const [index, each] of rules.entries()) {
    outcomes.push(reserve([each]))
    if (index % 20 === 0) await vi.advanceTimersByTimeAsync(1)
  }
  await vi.advanceTimersByTimeAsync(6_000)
  const denied = (await Promise.all(outcomes)).filter((outcome) => 'denial' in outcome && outcome.denial.code === 'lease_unavailable')
  expect(denied).toHaveLength(1_200)
  expect(authority.asks).toBeLessThan(50)
  authority.away = false
  await vi.advanceTimersByTimeAsync(400)
  expect(new Set(authority.asked.map((slice) => slice.ruleId)).size).toBe(1_200)
  for (const each of rules.slice(0, 20)) expect(isHeld(await reserve([each]))).toBe(true)
})

test('idle slices are kept while the authority is away', async () => {
  const authority = new TestAuthority(10n)
  const monthly = rule('r', { window: { unit: 'month', zone: 'UTC' } })
  open(authority)
  expect(isHeld(await reserve([monthly], 2))).toBe(true)
  leases.settle(`r|${Date.UTC(2026, 10, 1)}|`, 2n, 0n)
  authority.away = true
  leases.setAway(true)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(returned).toEqual([])
  expect(isHeld(await reserve([monthly], 2))).toBe(true)
})

test('what was asked for in an epoch that has ended is not taken in the next', async () => {
  const authority = new TestAuthority(10n)
  authority.away = true
  open(authority)
  const outcome = reserve([rule('r')], 2)
  await vi.advanceTimersByTimeAsync(300)
  expect(leases.vacate()).toBe(true)
  authority.away = false
  leases.startAnew()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(isHeld(await outcome)).toBe(true)
  expect(leases.vacate()).toBe(false)
})

test('first come, first served: a small call does not overtake a large one that waits', async () => {
  const authority = new TestAuthority(10n)
  open(authority)
  expect(isHeld(await reserve([rule('r')], 8))).toBe(true)
  authority.away = true
  const order: string[] = []
  const large = reserve([rule('r')], 2).then(() => order.push('large'))
  const small = reserve([rule('r')], 1).then(() => order.push('small'))
  authority.away = false
  await vi.advanceTimersByTimeAsync(2_000)
  await Promise.all([large, small])
  expect(order).toEqual(['large', 'small'])
})

test('idle slices go back after a while, at once on recall, and when their window is over', async () => {
  const authority = new TestAuthority(100n)
  open(authority)
  const day = Date.UTC(2026, 10, 23)
  expect(isHeld(await reserve([rule('r')], 3))).toBe(true)
  leases.settle(`r|${day}|`, 3n, 1n)
  leases.recall([`r|${day}|`])
  expect(returned).toEqual([[`r|${day}|`, 2n]])
  expect(isHeld(await reserve([rule('r')], 3))).toBe(true)
  leases.settle(`r|${day}|`, 3n, 0n)
  await vi.advanceTimersByTimeAsync(12_000)
  expect(returned.reduce((sum, [, amount]) => sum + amount, 0n)).toBe([...authority.granted.values()].reduce((sum, size) => sum + size, 0n) - 1n)
  const tomorrow = await reserve([rule('r')], 1)
  expect('gate' in tomorrow && tomorrow.gate.holds[0]?.windowId).toBe(`r|${Date.UTC(2026, 10, 24)}|`)
})
