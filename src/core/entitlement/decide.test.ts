import { expect, test } from 'vitest'
import { compileRule, planHolds, scopesOf, type CallBound } from './decide.ts'
import { covers, tupleKey, type BudgetRule, type CallFacts } from './rule.ts'

const call: CallFacts = {
  orgId: 'o', nodePath: ['o', 'u', 't', 'a'], unitId: 'u', teamId: 't', appId: 'a', keyId: 'k', costCentre: 'cc', provider: 'openai', model: 'gpt-4o',
  user: 'ann', agent: '', workflow: 'w', run: '',
}
const rule = (change: Partial<BudgetRule> = {}): BudgetRule => ({
  id: 'r', orgId: 'o', name: 'Team', selector: { nodeId: 't' }, per: [], measure: 'cost', currency: 'USD', window: { unit: 'month', zone: 'UTC' }, limit: 100n,
  hard: true, outputBound: 'inject', outputCapDefault: 10, unpriced: 'refuse', unbounded: 'refuse', ...change,
})
const bound: CallBound = { cost: 7n, currency: 'USD', inputTokens: 100, outputTokens: 20, requests: 1, unbounded: '' }

test('a rule covers a call anywhere below its node, and never another organisation’s', () => {
  expect(covers(rule(), call)).toBe(true)
  expect(covers(rule({ selector: { nodeId: 'elsewhere' } }), call)).toBe(false)
  expect(covers(rule({ orgId: 'p', selector: {} }), call)).toBe(false)
  expect(covers(rule({ selector: { nodeId: 'u', model: 'gpt-4o', user: 'bob' } }), call)).toBe(false)
})

test('tuples cannot be confused with one another', () => {
  expect(tupleKey(rule({ per: ['user', 'agent'] }), { ...call, user: 'a","b', agent: '' })).not.toBe(tupleKey(rule({ per: ['user', 'agent'] }), { ...call, user: 'a', agent: 'b","' }))
})

test('only hard rules take leases, each in its own window', () => {
  const rules = [rule(), rule({ id: 's', hard: false }), rule({ id: 'h', per: ['user'], window: { unit: 'day', zone: 'UTC' } })].map(compileRule)
  const scopes = scopesOf(rules, call, Date.UTC(2026, 10, 23, 5))
  expect(scopes.map((scope) => scope.windowId)).toEqual([`r|${Date.UTC(2026, 10, 1)}|`, `h|${Date.UTC(2026, 10, 23)}|["ann"]`])
})

test('each measure holds its own bound', () => {
  const scopes = scopesOf((['cost', 'tokens', 'input_tokens', 'output_tokens', 'requests'] as const).map((measure) => compileRule(rule({ id: measure, measure }))), call, 0)
  const planned = planHolds(scopes, bound)
  expect('plan' in planned && planned.plan.holds.map((hold) => hold.amount)).toEqual([7n, 120n, 100n, 20n, 1n])
})

test('what cannot be proven is refused, unless the policy says otherwise and the record says so', () => {
  const scopes = scopesOf([compileRule(rule())], call, 0)
  expect(planHolds(scopes, { ...bound, unbounded: 'server tools' })).toMatchObject({ refusal: { code: 'bound_unknown', reason: 'server tools' } })
  expect(planHolds(scopes, { ...bound, cost: null })).toMatchObject({ refusal: { code: 'unpriced_under_budget' } })
  expect(planHolds(scopes, { ...bound, currency: 'EUR' })).toMatchObject({ refusal: { code: 'unpriced_under_budget' } })
  const lenient = scopesOf([compileRule(rule({ unpriced: 'allow', unbounded: 'allow' }))], call, 0)
  expect(planHolds(lenient, { ...bound, cost: null, unbounded: 'server tools' })).toEqual({ plan: { holds: [], notices: ['unbounded_allowed=r', 'unpriced_allowed=r'] } })
})

test('a budget of requests needs no price and no bound', () => {
  const scopes = scopesOf([compileRule(rule({ measure: 'requests' }))], call, 0)
  expect(planHolds(scopes, { ...bound, cost: null, unbounded: 'audio' })).toMatchObject({ plan: { holds: [{ amount: 1n }] } })
})
