import { cachedPeriod, type Period } from '../../base/period.ts'
import { covers, tupleKey, windowId, type BudgetRule, type CallFacts } from './rule.ts'
import type { Hold } from './holdings.ts'

/** A rule with its window function, compiled once per snapshot. */
export interface CompiledRule {
  readonly rule: BudgetRule
  readonly period: (atMs: number) => Period
  /** Scopes by tuple, as last asked for: a name put together anew would be hashed anew at every look-up. */
  readonly scopes: Map<string, Scope>
}

export const compileRule = (rule: BudgetRule): CompiledRule => ({ rule, period: cachedPeriod(rule.window.unit, rule.window.zone), scopes: new Map() })
const rememberedScopesMax = 10_000

/** Upper bounds of a call in each measure; cost is null when no price is known. */
export interface CallBound {
  readonly cost: bigint | null
  readonly currency: string
  readonly inputTokens: number
  readonly outputTokens: number
  readonly requests: number
  /** '' when proven; otherwise why it is not. */
  readonly unbounded: string
}

/** A window that a call must be admitted by. */
export interface Scope {
  readonly compiled: CompiledRule
  readonly tuple: string
  readonly windowId: string
  readonly startMs: number
  readonly endMs: number
}

/** The hard windows that cover a call at an instant, tightest order not implied. */
export function scopesOf(rules: readonly CompiledRule[], call: CallFacts, atMs: number): Scope[] {
  const scopes: Scope[] = []
  for (const compiled of rules) {
    if (!compiled.rule.hard || !covers(compiled.rule, call)) continue
    scopes.push(scopeOf(compiled, call, atMs))
  }
  return scopes
}

function scopeOf(compiled: CompiledRule, call: CallFacts, atMs: number): Scope {
  const { startMs, endMs } = compiled.period(atMs)
  const tuple = tupleKey(compiled.rule, call)
  const known = compiled.scopes.get(tuple)
  if (known !== undefined && known.startMs === startMs) return known
  const scope = { compiled, tuple, windowId: windowId(compiled.rule.id, tuple, startMs), startMs, endMs }
  if (known === undefined && compiled.scopes.size >= rememberedScopesMax) compiled.scopes.clear()
  compiled.scopes.set(tuple, scope)
  return scope
}

/** Why a scope cannot even be asked. */
export interface BoundRefusal {
  readonly code: 'bound_unknown' | 'unpriced_under_budget'
  readonly scope: Scope
  readonly reason: string
}

/** A hold that knows what it is held in. */
export interface ScopedHold extends Hold {
  readonly scope: Scope
}

export interface HoldPlan {
  readonly holds: readonly ScopedHold[]
  /** Policies that let something through unproven; they go on the record. */
  readonly notices: readonly string[]
}

/** Turns a bound into one hold per scope, or says which scope's policy refuses it. */
export function planHolds(scopes: readonly Scope[], bound: CallBound): { readonly plan: HoldPlan } | { readonly refusal: BoundRefusal } {
  const holds: ScopedHold[] = []
  const notices: string[] = []
  for (const scope of scopes) {
    const { rule } = scope.compiled
    const needsProof = rule.measure !== 'requests'
    if (needsProof && bound.unbounded !== '') {
      if (rule.unbounded === 'refuse') return { refusal: { code: 'bound_unknown', scope, reason: bound.unbounded } }
      notices.push(`unbounded_allowed=${rule.id}`)
    }
    const amount = holdAmount(scope, bound)
    if (amount === null) {
      if (rule.unpriced === 'refuse') return { refusal: { code: 'unpriced_under_budget', scope, reason: `no price in ${rule.currency}` } }
      notices.push(`unpriced_allowed=${rule.id}`)
      continue
    }
    holds.push({ scope, windowId: scope.windowId, amount })
  }
  return { plan: { holds, notices } }
}

function holdAmount(scope: Scope, bound: CallBound): bigint | null {
  const { measure, currency } = scope.compiled.rule
  switch (measure) {
    case 'cost': return bound.cost === null || bound.currency !== currency ? null : bound.cost
    case 'requests': return BigInt(bound.requests)
    case 'tokens': return BigInt(bound.inputTokens + bound.outputTokens)
    case 'input_tokens': return BigInt(bound.inputTokens)
    case 'output_tokens': return BigInt(bound.outputTokens)
  }
}
