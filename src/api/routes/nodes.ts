import { TollgateError } from '../../base/errors.ts'
import { shortId } from '../../base/ids.ts'
import type { NodeKind, OrgNode } from '../../store/ports.ts'
import type { ApiDeps } from '../deps.ts'
import { OrgTree } from '../org-tree.ts'
import { holdsAt, isInScope, type Principal } from '../principal.ts'
import { invalidField } from '../problem.ts'
import type { Handlers } from '../registrar.ts'

/** What may stand below what. */
const parentsOf: Readonly<Record<NodeKind, readonly NodeKind[]>> = { org: [], unit: ['org', 'unit'], team: ['org', 'unit'], app: ['team'] }

export function nodeHandlers({ control }: ApiDeps): Pick<Handlers, 'listNodes' | 'createNode' | 'updateNode' | 'deleteNode'> {
  return {
    async listNodes({ principal, query, scope }) {
      const { tree } = principal
      const visible = tree.nodes.filter((node) => isInScope(scope, tree.pathOf(node.id)) && (query.archived || !node.archived))
      const ordered = visible.map((node) => describe(tree, node)).sort((a, b) => a.path.length - b.path.length || a.name.localeCompare(b.name))
      return { rows: ordered }
    },
    async createNode({ principal, body, requireAt }) {
      const { tree } = principal
      const parent = tree.get(body.parentId)
      if (!parent) throw invalidField('parentId', `There is no node "${body.parentId}".`)
      requireAt(parent.id)
      requireAdminUnlessApp(principal, body.kind, parent.id)
      requirePlace(tree, body.kind, parent)
      requireFreeName(tree, parent.id, body.name, null)
      const node: OrgNode = { orgId: principal.orgId, id: shortId(body.kind), parentId: parent.id, kind: body.kind, name: body.name, costCentre: body.costCentre, archived: false }
      await control.createNode(node, principal.actor)
      return describe(new OrgTree([...tree.nodes, node]), node)
    },
    async updateNode({ principal, params, body, requireAt }) {
      const { tree } = principal
      const node = tree.get(params.id)
      if (!node) throw new TollgateError('not_found')
      requireAt(node.id)
      requireAdminUnlessApp(principal, node.kind, node.id)
      if (body.costCentre !== undefined && body.costCentre !== node.costCentre && !holdsAt(principal, ['admin'], node.id)) {
        throw new TollgateError('forbidden', 'It takes admin to change who pays.')
      }
      if (body.archived === true) throw invalidField('archived', 'Send DELETE to archive a node; here only false is taken.')
      if (body.parentId !== undefined && body.parentId !== node.parentId) requireMove(principal, node, body.parentId)
      if (body.name !== undefined) requireFreeName(tree, body.parentId ?? node.parentId, body.name, node.id)
      const changed = await control.updateNode(principal.orgId, node.id, body, principal.actor)
      if (!changed) throw new TollgateError('not_found')
      return describe(new OrgTree(tree.nodes.map((other) => (other.id === changed.id ? changed : other))), changed)
    },
    async deleteNode({ principal, params, requireAt }) {
      const { tree } = principal
      const node = tree.get(params.id)
      if (!node) throw new TollgateError('not_found')
      requireAt(node.id)
      requireAdminUnlessApp(principal, node.kind, node.id)
      if (node.parentId === null) throw new TollgateError('conflict', 'The organisation itself cannot be archived.')
      const child = tree.childrenOf(node.id).find((other) => !other.archived)
      if (child) throw new TollgateError('conflict', `"${child.name}" stands below it; archive or move that first.`)
      const keys = (await control.listKeys(principal.orgId)).filter((key) => key.appId === node.id && key.revokedAt === null)
      if (keys.length > 0) throw new TollgateError('conflict', `${keys.length} key(s) of it are not revoked; revoke them first.`)
      await control.updateNode(principal.orgId, node.id, { archived: true }, principal.actor)
      return null
    },
  }
}

/** Team owners build apps; who is a team and which unit it belongs to is the admin's. */
function requireAdminUnlessApp(principal: Principal, kind: NodeKind, nodeId: string): void {
  if (kind !== 'app' && !holdsAt(principal, ['admin'], nodeId)) throw new TollgateError('forbidden', 'It takes admin; a team owner may change apps only.')
}

function requirePlace(tree: OrgTree, kind: NodeKind, parent: OrgNode): void {
  if (!parentsOf[kind].includes(parent.kind)) throw invalidField('parentId', `A node of kind ${kind} goes under ${parentsOf[kind].join(' or ')}; "${parent.name}" is of kind ${parent.kind}.`)
  if (tree.pathOf(parent.id).some((id) => tree.get(id)?.archived)) throw invalidField('parentId', `"${parent.name}" is archived.`)
}

function requireMove(principal: Principal, node: OrgNode, parentId: string): void {
  const { tree } = principal
  const parent = tree.get(parentId)
  if (!parent || node.parentId === null) throw invalidField('parentId', parent ? 'The organisation itself cannot be moved.' : `There is no node "${parentId}".`)
  if (tree.isWithin(parentId, node.id)) throw invalidField('parentId', 'A node cannot stand below itself.')
  // Moving changes who pays, on both sides.
  if (!holdsAt(principal, ['admin'], parentId) || !holdsAt(principal, ['admin'], node.parentId)) throw new TollgateError('forbidden', 'It takes admin at the old and the new place.')
  requirePlace(tree, node.kind, parent)
}

function requireFreeName(tree: OrgTree, parentId: string | null, name: string, ownId: string | null): void {
  if (parentId === null) return
  const taken = tree.childrenOf(parentId).some((other) => other.id !== ownId && !other.archived && other.name.toLowerCase() === name.toLowerCase())
  if (taken) throw new TollgateError('conflict', `There is a "${name}" at this place already.`)
}

function describe(tree: OrgTree, node: OrgNode) {
  return {
    id: node.id, parentId: node.parentId, kind: node.kind, name: node.name, costCentre: node.costCentre,
    effectiveCostCentre: tree.costCentreOf(node.id), archived: node.archived, path: tree.pathOf(node.id),
  }
}
