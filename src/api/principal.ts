import { TollgateError } from '../base/errors.ts'
import type { Actor, ControlStore, Credential, ReadScope, Role, User } from '../store/ports.ts'
import { sha256Hex } from './credentials.ts'
import { OrgTree } from './org-tree.ts'

/** Who asks, with everything that decides what they may. */
export interface Principal {
  readonly orgId: string
  readonly user: User
  readonly actor: Actor
  readonly credential: Credential
  readonly tree: OrgTree
}

/** The principal behind a cookie or bearer secret; null when it is unknown, ended, or its user is disabled. */
export async function findPrincipal(control: ControlStore, secret: string, nowMs: number): Promise<Principal | null> {
  const credential = await control.findCredential(sha256Hex(secret), nowMs)
  if (!credential || credential.kind === 'one_time') return null
  const [user, nodes] = await Promise.all([control.getUser(credential.orgId, credential.userId), control.listNodes(credential.orgId)])
  if (!user || user.disabled) return null
  return { orgId: credential.orgId, user, actor: { id: user.id, name: user.name }, credential, tree: new OrgTree(nodes) }
}

/** True when one of the roles is granted at the organisation itself. */
export function holdsAtRoot(principal: Principal, roles: readonly Role[]): boolean {
  return principal.user.grants.some((grant) => roles.includes(grant.role) && principal.tree.isRootGrant(grant))
}

/** True when one of the roles is granted at the node or above it. Unknown nodes are nobody's. */
export function holdsAt(principal: Principal, roles: readonly Role[], nodeId: string): boolean {
  const path = principal.tree.pathOf(nodeId)
  return principal.user.grants.some((grant) => roles.includes(grant.role) && path.includes(grant.nodeId))
}

/** What the principal may read by these roles. */
export function scopeOf(principal: Principal, roles: readonly Role[]): ReadScope {
  if (holdsAtRoot(principal, roles)) return { orgId: principal.orgId, nodeIds: null }
  const nodeIds = principal.user.grants.filter((grant) => roles.includes(grant.role)).map((grant) => grant.nodeId)
  return { orgId: principal.orgId, nodeIds: [...new Set(nodeIds)] }
}

/** True when a caller path (organisation to app) lies within the scope. */
export function isInScope(scope: ReadScope, nodePath: readonly string[]): boolean {
  return scope.nodeIds === null || scope.nodeIds.some((nodeId) => nodePath.includes(nodeId))
}

/** Refuses as `forbidden` what the principal may see but not change, and as `not_found` what it may not even see. */
export function requireAt(principal: Principal, roles: readonly Role[], nodeId: string): void {
  if (holdsAt(principal, roles, nodeId)) return
  const visible = holdsAt(principal, ['admin', 'finance', 'team_owner', 'viewer'], nodeId)
  throw new TollgateError(visible ? 'forbidden' : 'not_found', visible ? `It takes ${roles.join(' or ')} at ${principal.tree.nameOf(nodeId)}.` : undefined)
}
