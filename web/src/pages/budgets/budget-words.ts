import type { CallSearch } from '../calls/call-search.ts'
import { firstView, searchOf, type ExploreSearch, type ExploreView } from '../explore/explore-search.ts'
import type { CostQueryInput, Nodes } from '../../api/queries.ts'
import type { BudgetBody, PacedBudget, PacedWindow } from './budget-queries.ts'

type Unit = NonNullable<NonNullable<BudgetBody['window']>['unit']>
type Dimension = PacedBudget['per'][number]
type Measure = PacedBudget['measure']

export const windowNames: Readonly<Record<Unit, string>> = { hour: 'hour', day: 'day', week: 'week', month: 'month', quarter: 'quarter', year: 'year' }
export const windowAdverbs: Readonly<Record<Unit, string>> = { hour: 'Hourly', day: 'Daily', week: 'Weekly', month: 'Monthly', quarter: 'Quarterly', year: 'Yearly' }
export const measureNames: Readonly<Record<Measure, string>> = { cost: 'Cost', tokens: 'Tokens', input_tokens: 'Input tokens', output_tokens: 'Output tokens', requests: 'Requests' }
export const dimensionNames: Readonly<Record<Dimension, string>> = {
  unit: 'business unit', team: 'team', app: 'app', key: 'key', user: 'user', agent: 'agent', workflow: 'workflow', run: 'run', model: 'model', provider: 'provider', cost_centre: 'cost centre',
}
export const perText = (per: readonly Dimension[]): string => per.map((dimension) => dimensionNames[dimension]).join(' and ')

export const outputBoundNames = { inject: 'Set a cap on them', model_max: 'Reserve the model’s largest answer', refuse: 'Refuse them' } as const

/** Which name a window of the calendar goes by: "14:00", "18 Nov", "16 – 22 Nov", "November 2026", "Q4 2026", "2026". */
export function windowName(unit: Unit, zone: string, startMs: number, endMs: number): string {
  const say = (options: Intl.DateTimeFormatOptions, ms = startMs): string => new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone }).format(ms)
  const day = { day: 'numeric', month: 'short' } as const
  switch (unit) {
    case 'hour': return say({ ...day, hour: '2-digit', minute: '2-digit' })
    case 'day': return say({ weekday: 'short', ...day })
    case 'week': return `${say(day)} – ${say(day, endMs - 1)}`
    case 'month': return say({ month: 'long', year: 'numeric' })
    case 'quarter': return `Q${Math.ceil(Number(say({ month: 'numeric' })) / 3)} ${say({ year: 'numeric' })}`
    case 'year': return say({ year: 'numeric' })
  }
}

/** What the budget does at its limit, to whom, and what to do; said where it is reached. */
export function remedyOf(budget: PacedBudget, window: PacedWindow, resets: string): string {
  const whose = budget.per.length === 0 ? budget.scopeName : `${window.tuple.map((part) => part.name).join(', ')} in ${budget.scopeName}`
  if (!budget.hard) return `Nothing is refused: this budget only counts. Make it hard to stop calls of ${whose} at the limit, or raise it.`
  return `Every call of ${whose} that could cost anything is refused with 402 budget_exceeded until ${resets}. Raise the limit, make the budget soft, or wait for the reset.`
}

type Orgs = readonly Nodes['rows'][number][]

/** What a budget selects, by dimension, and what the window is for. */
function selectedBy(budget: PacedBudget, window: PacedWindow, nodes: Orgs): Readonly<Partial<Record<Dimension, string>>> {
  const { nodeId, keyId, provider, model, user, agent, workflow } = budget.selector
  const kind = nodes.find((node) => node.id === nodeId)?.kind
  const selected: [Dimension, string | undefined][] = [['key', keyId], ['provider', provider], ['model', model], ['user', user], ['agent', agent], ['workflow', workflow]]
  if (kind === 'unit' || kind === 'team' || kind === 'app') selected.push([kind, nodeId])
  for (const part of window.tuple) selected.push([part.dimension, part.id])
  return Object.fromEntries(selected.filter(([, value]) => value !== undefined))
}

/**
 * The calls a window counts, as far as the Calls page can filter: it knows models by the name they were
 * served under, budgets by the one they were asked for, so a model is left out there.
 */
export function callsOf(budget: PacedBudget, window: PacedWindow, nodes: Orgs): CallSearch {
  const { model: _asked, ...selected } = selectedBy(budget, window, nodes)
  return { ...Object.fromEntries(Object.entries(selected).filter(([, value]) => value !== '')), from: window.startMs }
}

const exploreRanges: Readonly<Record<Unit, ExploreView['range']>> = { hour: '24h', day: '24h', week: '7d', month: 'month', quarter: '90d', year: '90d' }
/** A budget's measure as cost questions name it. */
export const usedMeasures = { cost: 'cost', tokens: 'tokens', input_tokens: 'input_tokens', output_tokens: 'output_tokens', requests: 'calls' } as const satisfies Readonly<Record<Measure, ExploreView['measure']>>

type Selected = ReturnType<typeof selectedBy>
const filtersOf = (selected: Selected): { dimension: Exclude<Dimension, 'model'> | 'requested_model'; op: 'in'; values: [string] }[] =>
  Object.entries(selected).map(([dimension, value]) => ({ dimension: dimension === 'model' ? 'requested_model' : dimension as Exclude<Dimension, 'model'>, op: 'in', values: [value] }))

const makers = ['team', 'app', 'workflow', 'model'] as const
export type Maker = (typeof makers)[number]
/** By what a window's use can be told apart: what it is not pinned to already, and no team where an app is. */
export function makersOf(budget: PacedBudget, window: PacedWindow, nodes: Orgs): readonly Maker[] {
  const selected = selectedBy(budget, window, nodes)
  return makers.filter((maker) => selected[maker] === undefined && !(maker === 'team' && selected.app !== undefined))
}

/** What used the window so far, by one of them. */
export const questionOf = (budget: PacedBudget, window: PacedWindow, nodes: Orgs, maker: Maker, nowMs: number): CostQueryInput => ({
  measures: [usedMeasures[budget.measure]], groupBy: [maker], filters: filtersOf(selectedBy(budget, window, nodes)),
  fromMs: window.startMs, toMs: Math.min(Math.max(nowMs, window.startMs + 60_000), window.resetsAt), ...(budget.measure === 'cost' ? { currency: budget.currency } : {}),
})

/** The same in Explore, which knows every dimension a budget selects by. */
export function exploreOf(budget: PacedBudget, window: PacedWindow, nodes: Orgs): ExploreSearch {
  const selected = selectedBy(budget, window, nodes)
  const filters = filtersOf(selected)
  const by = selected.app !== undefined ? ['workflow', 'model'] as const : selected.team !== undefined ? ['app', 'model'] as const : selected.unit !== undefined ? ['team', 'app'] as const : firstView.by
  return searchOf({ ...firstView, measure: usedMeasures[budget.measure], by, filters, range: exploreRanges[budget.window.unit] })
}
