import { TollgateError } from '../../base/errors.ts'
import { shortId } from '../../base/ids.ts'
import { limits } from '../../config/limits.ts'
import type { RoleGrant } from '../../store/ports.ts'
import { hashPassword, issueOneTimeToken } from '../credentials.ts'
import type { ApiDeps } from '../deps.ts'
import type { OrgTree } from '../org-tree.ts'
import { pageRows } from '../pages.ts'
import { invalidField } from '../problem.ts'
import type { Handlers } from '../registrar.ts'

export function userHandlers({ control, clock }: ApiDeps): Pick<Handlers, 'listUsers' | 'createUser' | 'updateUser' | 'inviteUser'> {
  return {
    async listUsers({ principal, query }) {
      const users = [...(await control.listUsers(principal.orgId))].sort((a, b) => a.email.localeCompare(b.email))
      return pageRows(users, (user) => user.id, query)
    },
    async createUser({ principal, body }) {
      requireNodes(principal.tree, body.grants)
      if (await control.findLogin(body.email)) throw new TollgateError('conflict', 'A user with this e-mail exists already.')
      const user = { orgId: principal.orgId, id: shortId('user'), email: body.email, name: body.name, grants: body.grants, disabled: false }
      await control.createUser(user, body.password === undefined ? null : await hashPassword(body.password), principal.actor)
      return user
    },
    async updateUser({ principal, params, body }) {
      const { password, ...words } = body
      if (words.grants) requireNodes(principal.tree, words.grants)
      if (params.id === principal.user.id) requireOwnAdmin(principal.tree, words)
      const change = password === undefined ? words : { ...words, passwordHash: await hashPassword(password) }
      const user = await control.updateUser(principal.orgId, params.id, change, principal.actor)
      if (!user) throw new TollgateError('not_found')
      return user
    },
    async inviteUser({ principal, params }) {
      const user = await control.getUser(principal.orgId, params.id)
      if (!user) throw new TollgateError('not_found')
      if (user.disabled) throw new TollgateError('conflict', 'This user is disabled; enable the user first.')
      const nowMs = clock.now()
      const expiresAt = nowMs + limits.invitationAgeMs
      return { secret: await issueOneTimeToken(control, user, nowMs, { actor: principal.actor, expiresAt }), expiresAt }
    },
  }
}

function requireNodes(tree: OrgTree, grants: readonly RoleGrant[]): void {
  for (const [index, grant] of grants.entries()) {
    if (!tree.get(grant.nodeId)) throw invalidField(`grants.${index}.nodeId`, `There is no node "${grant.nodeId}".`)
  }
}

/** Nobody locks the door from outside: the last admin would need the command line to come back. */
function requireOwnAdmin(tree: OrgTree, change: { readonly disabled?: boolean; readonly grants?: readonly RoleGrant[] }): void {
  if (change.disabled === true) throw new TollgateError('conflict', 'You cannot disable yourself; ask another admin.')
  if (change.grants && !change.grants.some((grant) => grant.role === 'admin' && tree.isRootGrant(grant))) {
    throw new TollgateError('conflict', 'You cannot take away your own admin grant; ask another admin.')
  }
}
