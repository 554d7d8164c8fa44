import type { OrgNode } from '../../../../src/api/contract/contract.ts'
import type { RoleName } from '../../../../src/api/contract/route.ts'
import type { Session } from '../../api/queries.ts'

/*
 * What the console offers to whom. The API decides; this only keeps buttons away that it would refuse. A grant holds at its
 * node and below.
 */
type Grants = Session['user']['grants']
interface Place { readonly kind: OrgNode['kind']; readonly path: readonly string[] }

export const holdsAt = (grants: Grants, roles: readonly RoleName[], path: readonly string[]): boolean =>
  grants.some((grant) => roles.includes(grant.role) && path.includes(grant.nodeId))

/** Keys, and apps, below an own node. */
export const mayBuildAt = (grants: Grants, path: readonly string[]): boolean => holdsAt(grants, ['admin', 'team_owner'], path)
/** Units and teams are the admin's; a team owner may change apps. */
export const mayChangeNode = (grants: Grants, node: Place): boolean => (node.kind === 'app' ? mayBuildAt(grants, node.path) : holdsAt(grants, ['admin'], node.path))
/** Who pays, and where a node stands, decides only an admin. */
export const mayAssign = (grants: Grants, node: Pick<Place, 'path'>): boolean => holdsAt(grants, ['admin'], node.path)

/** What may be put below a node, by what kinds there are and by who asks. */
export function childKinds(grants: Grants, node: Place & { readonly archived: boolean }): readonly ('unit' | 'team' | 'app')[] {
  if (node.archived) return []
  if (node.kind === 'org' || node.kind === 'unit') return holdsAt(grants, ['admin'], node.path) ? ['unit', 'team'] : []
  return node.kind === 'team' && mayBuildAt(grants, node.path) ? ['app'] : []
}

/** People and providers belong to the organisation as a whole: an admin there has both. */
export const isOrgAdmin = (session: Session): boolean => session.user.grants.some((grant) => grant.role === 'admin' && grant.nodeId === session.organisation.id)
