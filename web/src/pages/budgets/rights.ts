import type { Nodes, Session } from '../../api/queries.ts'

/* What the console offers to whom; the API decides. A grant holds at its node and below. */
type Grants = Session['user']['grants']
const holders: readonly string[] = ['admin', 'finance']

/** Budgets somewhere. */
export const mayHold = (grants: Grants): boolean => grants.some((grant) => holders.includes(grant.role))

/** Budgets at this node; one of the whole organisation stands at its root. */
export function mayHoldAt(grants: Grants, nodeId: string | undefined, nodes: readonly Nodes['rows'][number][]): boolean {
  const path = nodes.find((node) => (nodeId === undefined ? node.parentId === null : node.id === nodeId))?.path ?? []
  return grants.some((grant) => holders.includes(grant.role) && path.includes(grant.nodeId))
}
