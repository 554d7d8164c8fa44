import type { ApiKey, OrgNode } from '../../../../src/api/contract/contract.ts'
import type { CostRow } from '../../api/queries.ts'
import { addDecimals } from '../../format/decimal.ts'

/** A line of the organisation: a node, or a key below its app. */
export interface OrgRow {
  readonly id: string
  readonly kind: OrgNode['kind'] | 'key'
  readonly name: string
  readonly node: OrgNode | null
  readonly key: ApiKey | null
  /** What applies here; '' = nobody pays. */
  readonly costCentre: string
  /** True where the cost centre is stated here and not inherited. */
  readonly ownCostCentre: boolean
  readonly use: Use
  readonly lastCallAt: number | null
  readonly children: readonly OrgRow[]
}
/** Cost and calls of the month; cost null = nothing could be priced. */
export interface Use { readonly cost: string | null; readonly calls: number }
export const noUse: Use = { cost: null, calls: 0 }

export interface OrgFacts {
  readonly nodes: readonly OrgNode[]
  readonly keys: readonly ApiKey[]
  /** Last call by key id. */
  readonly lastCalls: ReadonlyMap<string, number>
  /** The month grouped by unit, team, app and key. */
  readonly month: readonly CostRow[]
}

export function plus(a: Use, b: Use): Use {
  return { cost: a.cost === null ? b.cost : b.cost === null ? a.cost : addDecimals(a.cost, b.cost), calls: a.calls + b.calls }
}

/**
 * What each unit, team, app and key used. Records keep the place they had when they were made, so a team that moved leaves
 * its past with the old unit, exactly as Explore has it. A unit inside another has no figure of its own in the records and
 * is added up from what stands below it now.
 */
function useByPlace(month: readonly CostRow[]): ReadonlyMap<string, Use> {
  const sums = new Map<string, Use>()
  for (const { group, values } of month) {
    const use: Use = { cost: typeof values.cost === 'string' ? values.cost : null, calls: Number(values.calls ?? 0) }
    for (const kind of ['unit', 'team', 'app', 'key'] as const) {
      const id = group[kind]?.id ?? ''
      if (id !== '') sums.set(id, plus(sums.get(id) ?? noUse, use))
    }
  }
  return sums
}

const nodeOrder: Readonly<Record<OrgRow['kind'], number>> = { org: 0, unit: 1, team: 2, app: 3, key: 4 }
const byPlace = (a: OrgRow, b: OrgRow): number => nodeOrder[a.kind] - nodeOrder[b.kind] || a.name.localeCompare(b.name)

function groupedBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) groups.set(nameOf(item), [...(groups.get(nameOf(item)) ?? []), item])
  return groups
}

/** The tree as far as it is visible: what has no visible parent is a root. */
export function orgRows(facts: OrgFacts): readonly OrgRow[] {
  const used = useByPlace(facts.month)
  const visible = new Set(facts.nodes.map((node) => node.id))
  const below = groupedBy(facts.nodes, (node) => node.parentId ?? '')
  const keysOf = groupedBy(facts.keys, (key) => key.appId)
  const keyRow = (key: ApiKey, app: OrgNode): OrgRow => ({
    id: key.id, kind: 'key', name: key.name, node: null, key, costCentre: app.effectiveCostCentre, ownCostCentre: false,
    use: used.get(key.id) ?? noUse, lastCallAt: facts.lastCalls.get(key.id) ?? null, children: [],
  })
  const rowOf = (node: OrgNode): OrgRow => {
    const children = [...(below.get(node.id) ?? []).map(rowOf), ...(keysOf.get(node.id) ?? []).map((key) => keyRow(key, node))].sort(byPlace)
    const summed = children.reduce((sum, child) => plus(sum, child.use), noUse)
    const last = Math.max(0, ...children.map((child) => child.lastCallAt ?? 0))
    return {
      id: node.id, kind: node.kind, name: node.name, node, key: null, costCentre: node.effectiveCostCentre, ownCostCentre: node.costCentre !== '',
      use: node.kind === 'org' ? facts.month.reduce((sum, row) => plus(sum, { cost: typeof row.values.cost === 'string' ? row.values.cost : null, calls: Number(row.values.calls ?? 0) }), noUse) : (used.get(node.id) ?? summed),
      lastCallAt: last === 0 ? null : last, children,
    }
  }
  return facts.nodes.filter((node) => node.parentId === null || !visible.has(node.parentId)).map(rowOf).sort(byPlace)
}

export const shownKinds = ['all', 'unassigned', 'unused', 'ended'] as const
export type ShownKind = (typeof shownKinds)[number]
export const shownNames: Readonly<Record<ShownKind, string>> = {
  all: 'Everything active', unassigned: 'Without a cost centre', unused: 'Keys idle for 30 days', ended: 'Also revoked and archived',
}
const idleMs = 30 * 86_400_000

export const isEnded = (row: OrgRow): boolean => row.node?.archived === true || (row.key !== null && row.key.state !== 'active')
/** A team or an app whose calls nobody pays for. */
export const isUnassigned = (row: OrgRow): boolean => (row.kind === 'team' || row.kind === 'app') && row.costCentre === '' && !isEnded(row)
export const isIdle = (row: OrgRow, nowMs: number): boolean => row.key?.state === 'active' && nowMs - Math.max(row.lastCallAt ?? 0, row.key.createdAt) > idleMs

const matches = (row: OrgRow, words: readonly string[]): boolean => {
  const text = [row.name, row.costCentre, row.kind, row.key?.hint ?? '', row.id].join(' ').toLowerCase()
  return words.every((word) => text.includes(word))
}

/** Rows that match, with what stands above them and everything below them; of these, those the view is about. */
export function narrowed(rows: readonly OrgRow[], view: { readonly text: string; readonly shown: ShownKind; readonly nowMs: number }): readonly OrgRow[] {
  const words = view.text.toLowerCase().split(/\s+/).filter(Boolean)
  const wanted = (row: OrgRow): boolean => (view.shown === 'unassigned' ? isUnassigned(row) : view.shown === 'unused' ? isIdle(row, view.nowMs) : true)
  const keep = (row: OrgRow, inMatch: boolean): readonly OrgRow[] => {
    if (view.shown !== 'ended' && isEnded(row)) return []
    const here = inMatch || matches(row, words)
    const children = row.children.flatMap((child) => keep(child, here))
    return children.length > 0 || (here && wanted(row)) ? [{ ...row, children }] : []
  }
  return rows.flatMap((row) => keep(row, false))
}

/** Every row, parents first. */
export const flat = (rows: readonly OrgRow[]): readonly OrgRow[] => rows.flatMap((row) => [row, ...flat(row.children)])
