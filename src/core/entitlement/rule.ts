import type { CalendarUnit } from '../../base/period.ts'
import type { UsageRecord } from '../usage/usage-record.ts'

/** What a budget counts. `cost` in 1e-15 of `currency`; the others in whole units. */
export type Measure = 'cost' | 'tokens' | 'input_tokens' | 'output_tokens' | 'requests'
export const measures: readonly Measure[] = ['cost', 'tokens', 'input_tokens', 'output_tokens', 'requests']

/** Facts of a call that rules select and divide by; the same for a call to come and for its record. */
export interface CallFacts {
  readonly orgId: string
  readonly nodePath: readonly string[]
  readonly unitId: string
  readonly teamId: string
  readonly appId: string
  readonly keyId: string
  readonly costCentre: string
  readonly provider: string
  /** Requested model: known before the call, so that rule and record always agree. */
  readonly model: string
  readonly user: string
  readonly agent: string
  readonly workflow: string
  readonly run: string
}

/** Every given member must match. `nodeId` matches anywhere on the caller's path. Empty selects the whole organisation. */
export interface RuleSelector {
  readonly nodeId?: string
  readonly keyId?: string
  readonly provider?: string
  readonly model?: string
  readonly user?: string
  readonly agent?: string
  readonly workflow?: string
}

export type PerDimension = 'unit' | 'team' | 'app' | 'key' | 'user' | 'agent' | 'workflow' | 'run' | 'model' | 'provider' | 'cost_centre'
export const perDimensions: readonly PerDimension[] = ['unit', 'team', 'app', 'key', 'user', 'agent', 'workflow', 'run', 'model', 'provider', 'cost_centre']

export interface BudgetRule {
  readonly id: string
  readonly orgId: string
  readonly name: string
  readonly selector: RuleSelector
  /** One window instance per distinct value tuple; empty = one shared window. */
  readonly per: readonly PerDimension[]
  readonly measure: Measure
  /** Currency of a cost measure; '' otherwise. */
  readonly currency: string
  readonly window: { readonly unit: CalendarUnit; readonly zone: string }
  /** Whole units of the measure (1e-15 currency units for cost). */
  readonly limit: bigint
  /** Hard: committed + held never exceeds the limit. Soft: counted and shown only. */
  readonly hard: boolean
  /** What to do when the caller sends no output cap under a hard budget. */
  readonly outputBound: 'inject' | 'model_max' | 'refuse'
  /** Cap to inject, tokens per choice. */
  readonly outputCapDefault: number
  /** Calls whose model has no price under a hard cost budget. */
  readonly unpriced: 'refuse' | 'allow'
  /** Calls whose bound cannot be proven (server state, server tools, media). */
  readonly unbounded: 'refuse' | 'allow'
}

/** True when the rule covers the call. */
export function covers(rule: Pick<BudgetRule, 'orgId' | 'selector'>, call: CallFacts): boolean {
  const s = rule.selector
  return (
    rule.orgId === call.orgId &&
    (s.nodeId === undefined || call.nodePath.includes(s.nodeId)) &&
    (s.keyId === undefined || s.keyId === call.keyId) &&
    (s.provider === undefined || s.provider === call.provider) &&
    (s.model === undefined || s.model === call.model) &&
    (s.user === undefined || s.user === call.user) &&
    (s.agent === undefined || s.agent === call.agent) &&
    (s.workflow === undefined || s.workflow === call.workflow)
  )
}

const dimensionOf: Readonly<Record<PerDimension, (call: CallFacts) => string>> = {
  unit: (c) => c.unitId, team: (c) => c.teamId, app: (c) => c.appId, key: (c) => c.keyId,
  user: (c) => c.user, agent: (c) => c.agent, workflow: (c) => c.workflow, run: (c) => c.run,
  model: (c) => c.model, provider: (c) => c.provider, cost_centre: (c) => c.costCentre,
}

/** Values of the rule's `per` dimensions for this call, joined unambiguously; '' when the rule has none. */
export function tupleKey(rule: Pick<BudgetRule, 'per'>, call: CallFacts): string {
  if (rule.per.length === 0) return ''
  return JSON.stringify(rule.per.map((dimension) => dimensionOf[dimension](call)))
}

/** Names a window instance: (rule, tuple, start). */
export const windowId = (ruleId: string, tuple: string, startMs: number): string => `${ruleId}|${startMs}|${tuple}`

export function factsOfRecord(usageRecord: UsageRecord): CallFacts {
  const { caller, attribution } = usageRecord
  return {
    orgId: caller.orgId, nodePath: caller.nodePath, unitId: caller.unitId, teamId: caller.teamId, appId: caller.appId,
    keyId: caller.keyId, costCentre: caller.costCentre, provider: usageRecord.provider, model: usageRecord.requestedModel,
    user: attribution.user, agent: attribution.agent, workflow: attribution.workflow, run: attribution.run,
  }
}
