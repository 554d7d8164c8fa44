import type { CallRange, CallSearch } from '../calls/call-search.ts'
import type { Nodes } from '../../api/queries.ts'
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

const callRanges: Readonly<Record<Unit, CallRange>> = { hour: '1h', day: '24h', week: '7d', month: '30d', quarter: '90d', year: '90d' }

/** The calls a budget covers, or one of its windows, as the Calls page filters them. */
export function callsOf(budget: PacedBudget, window: PacedWindow | null, nodes: readonly Nodes['rows'][number][]): CallSearch {
  const { nodeId, keyId, provider, model, user, workflow } = budget.selector
  const kind = nodes.find((node) => node.id === nodeId)?.kind
  const picked: Record<string, string | undefined> = { key: keyId, provider, model, user, workflow }
  if (nodeId !== undefined && (kind === 'unit' || kind === 'team' || kind === 'app')) picked[kind] = nodeId
  const filterable: readonly string[] = ['unit', 'team', 'app', 'key', 'user', 'workflow', 'run', 'model', 'provider']
  for (const part of window?.tuple ?? []) if (filterable.includes(part.dimension) && part.id !== '') picked[part.dimension] = part.id
  return { ...Object.fromEntries(Object.entries(picked).filter(([, value]) => value !== undefined)), range: callRanges[budget.window.unit] }
}
