import { AuthorityClock, systemClock } from '../src/base/clock.ts'
import { compileRule, planHolds, scopesOf, type CallBound } from '../src/core/entitlement/decide.ts'
import type { BudgetRule, CallFacts, RuleSelector } from '../src/core/entitlement/rule.ts'
import type { SliceRequest } from '../src/control/sync-protocol.ts'
import { Leases } from '../src/gateway/leases.ts'

const call: CallFacts = {
  orgId: 'org', nodePath: ['org', 'unit', 'team', 'app'], unitId: 'unit', teamId: 'team', appId: 'app', keyId: 'key', costCentre: '', provider: 'openai',
  model: 'gpt-4o-mini', user: '', agent: '', workflow: '', run: '',
}
const rule = (id: string, selector: RuleSelector, measure: BudgetRule['measure']): BudgetRule => ({
  id, orgId: 'org', name: id, selector, per: [], measure, currency: measure === 'cost' ? 'USD' : '', window: { unit: 'month', zone: 'UTC' }, limit: 10n ** 30n, hard: true,
  outputBound: 'inject', outputCapDefault: 4_096, unpriced: 'refuse', unbounded: 'refuse',
})
const bound: CallBound = { cost: 300_000_000_000n, currency: 'USD', inputTokens: 554, outputTokens: 256, requests: 1, unbounded: '' }

/** Median microseconds of one admission over four leased windows and its settlement: choose rules, plan holds, hold all, settle all. */
export async function admissionUs(rounds: number): Promise<number> {
  const answerAll = (slices: readonly SliceRequest[]) => slices.map((slice) => ({ leaseId: slice.leaseId, granted: String(10n ** 24n), limit: String(10n ** 30n), committed: '0', leased: String(10n ** 24n), gone: false }))
  const leases = new Leases(new AuthorityClock(systemClock), async (slices) => answerAll(slices), () => {})
  const rules = [rule('org', {}, 'cost'), rule('team', { nodeId: 'team' }, 'cost'), rule('app', { nodeId: 'app' }, 'cost'), rule('key', { keyId: 'key' }, 'tokens')].map(compileRule)
  const calls = 20_000
  const times: number[] = []
  for (let round = 0; round < rounds + 2; round += 1) {
    const startedAt = performance.now()
    for (let i = 0; i < calls; i += 1) {
      const reserved = await leases.reserve((at) => planHolds(scopesOf(rules, call, at), bound))
      if (!('gate' in reserved)) throw new Error('The bench must be admitted.')
      for (const hold of reserved.gate.holds) leases.settle(hold.windowId, hold.amount, hold.amount / 2n)
    }
    times.push(((performance.now() - startedAt) * 1_000) / calls)
  }
  leases.close()
  return times.slice(2).toSorted((a, b) => a - b)[Math.floor(rounds / 2)]!
}
