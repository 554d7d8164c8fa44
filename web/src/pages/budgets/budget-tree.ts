import type { Nodes } from '../../api/queries.ts'
import { worstWindow } from './budget-risk.ts'
import type { PacedBudget, PacedWindow } from './budget-queries.ts'

type OrgNode = Nodes['rows'][number]

/** A line of the table: a node that holds budgets, a budget, or one of the windows of a budget that has several. */
export type BudgetLine =
  | { readonly kind: 'node'; readonly id: string; readonly node: OrgNode; readonly children: readonly BudgetLine[] }
  | { readonly kind: 'budget'; readonly id: string; readonly budget: PacedBudget; readonly window: PacedWindow | null; readonly children: readonly BudgetLine[] }
  | { readonly kind: 'window'; readonly id: string; readonly budget: PacedBudget; readonly window: PacedWindow; readonly children: readonly BudgetLine[] }

export const tupleText = (window: Pick<PacedWindow, 'tuple'>): string => JSON.stringify(window.tuple.map((part) => part.id))
export const tupleName = (window: Pick<PacedWindow, 'tuple'>): string => window.tuple.map((part) => part.name || part.id || `no ${part.dimension.replace('_', ' ')}`).join(' · ')

export function budgetLine(budget: PacedBudget): BudgetLine {
  const several = budget.per.length > 0
  return {
    kind: 'budget', id: budget.id, budget, window: worstWindow(budget),
    children: several ? budget.windows.map((window) => ({ kind: 'window', id: `${budget.id} ${tupleText(window)}`, budget, window, children: [] })) : [],
  }
}

/** Budgets under the nodes they stand at, along the organisation; nodes with nothing in or below them are left out. */
export function budgetTree(budgets: readonly PacedBudget[], nodes: readonly OrgNode[]): readonly BudgetLine[] {
  const known = new Map(nodes.map((node) => [node.id, node]))
  const root = nodes.find((node) => node.parentId === null || !known.has(node.parentId))
  const homes = new Map<string, PacedBudget[]>()
  const homeless: PacedBudget[] = []
  for (const budget of budgets) {
    const home = budget.selector.nodeId ?? root?.id
    if (home === undefined || !known.has(home)) homeless.push(budget)
    else homes.set(home, [...(homes.get(home) ?? []), budget])
  }
  const below = new Map<string | null, OrgNode[]>()
  for (const node of nodes) {
    const parent = node.parentId !== null && known.has(node.parentId) ? node.parentId : null
    below.set(parent, [...(below.get(parent) ?? []), node])
  }
  const lineOf = (node: OrgNode): BudgetLine | null => {
    const inside = (below.get(node.id) ?? []).toSorted((a, b) => a.name.localeCompare(b.name)).flatMap((child) => lineOf(child) ?? [])
    const own = (homes.get(node.id) ?? []).toSorted(narrowLast).map(budgetLine)
    return own.length + inside.length === 0 ? null : { kind: 'node', id: `node ${node.id}`, node, children: [...own, ...inside] }
  }
  // A budget at a node that is out of sight is still a budget in sight.
  return [...(below.get(null) ?? []).flatMap((node) => lineOf(node) ?? []), ...homeless.map(budgetLine)]
}

/** The budget of the whole node before those of a user, a model, a workflow. */
function narrowLast(a: PacedBudget, b: PacedBudget): number {
  const narrowness = (budget: PacedBudget): number => Object.keys(budget.selector).filter((member) => member !== 'nodeId').length * 2 + budget.per.length
  return narrowness(a) - narrowness(b) || a.name.localeCompare(b.name)
}
