import type { CalendarUnit } from '../base/period.ts'
import type { CostDimension, CostFilter, CostMeasure, CostQuery, Granularity } from '../core/analytics/cost-query.ts'
import type { BudgetRule, Measure, PerDimension } from '../core/entitlement/rule.ts'
import type { ReadScope } from '../store/ports.ts'

/** A budget's calls as a cost question, so that rollups can answer what a rule's own selection would read rows for. */

const measureOf: Readonly<Record<Measure, CostMeasure>> = { cost: 'cost', tokens: 'tokens', input_tokens: 'input_tokens', output_tokens: 'output_tokens', requests: 'calls' }
const dimensionOf: Readonly<Record<PerDimension, CostDimension>> = {
  unit: 'unit', team: 'team', app: 'app', key: 'key', user: 'user', agent: 'agent', workflow: 'workflow', run: 'run', model: 'requested_model', provider: 'provider', cost_centre: 'cost_centre',
}
const granularityOf: Readonly<Record<CalendarUnit, Exclude<Granularity, 'none' | 'month'>>> = { hour: 'hour', day: 'hour', week: 'hour', month: 'day', quarter: 'day', year: 'week' }

/** The measure that counts what the budget counts. */
export const measureFor = (rule: Pick<BudgetRule, 'measure'>): CostMeasure => measureOf[rule.measure]
export const burnGranularity = (rule: Pick<BudgetRule, 'window'>) => granularityOf[rule.window.unit]

/** Where a rule's calls stand in the organisation: reading within its node selects as the rule does. */
export const coverageOf = (rule: Pick<BudgetRule, 'orgId' | 'selector'>): ReadScope =>
  ({ orgId: rule.orgId, nodeIds: rule.selector.nodeId === undefined ? null : [rule.selector.nodeId] })

/** What else a rule selects by; with `tuple` the calls of one of its windows. */
export function filtersOf(rule: Pick<BudgetRule, 'selector' | 'per'>, tuple: readonly string[] | null): readonly CostFilter[] {
  const { keyId, model, provider, user, agent, workflow } = rule.selector
  const selected = { key: keyId, requested_model: model, provider, user, agent, workflow }
  const filters: CostFilter[] = Object.entries(selected)
    .flatMap(([dimension, value]) => (value === undefined ? [] : [{ dimension: dimension as CostDimension, op: 'in' as const, values: [value] }]))
  if (tuple !== null) rule.per.forEach((dimension, index) => filters.push({ dimension: dimensionOf[dimension], op: 'in', values: [tuple[index] ?? ''] }))
  return filters
}

/** Use over time in one range. Refusals use nothing, and budgets of requests do not count them. */
export function burnQuestion(rule: BudgetRule, filters: readonly CostFilter[], range: { readonly fromMs: number; readonly toMs: number }): CostQuery {
  return {
    measures: [measureOf[rule.measure]], groupBy: [], filters: [...filters, { dimension: 'kind', op: 'not_in', values: ['refusal'] }],
    granularity: burnGranularity(rule), zone: rule.window.zone, ...range, rowsMax: 1_000, ...(rule.measure === 'cost' ? { currency: rule.currency } : {}),
  }
}
