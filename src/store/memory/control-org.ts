import { TollgateError } from '../../base/errors.ts'
import type { AccessStore, ApiKey, Credential, OrgNode, OrgStore } from '../ports.ts'
import { auditLines } from '../relational/audit-lines.ts'
import { audited, compare, given, inOrg, nameOf, type ControlState } from './control-state.ts'

export function createMemoryOrgStore(state: ControlState): OrgStore {
  return {
    async listOrgs() {
      return [...state.nodes.values()].filter((node) => node.kind === 'org').sort((a, b) => compare(a.orgId, b.orgId) || compare(a.id, b.id))
    },
    listNodes: async (orgId) => inOrg(state.nodes.values(), orgId, (node) => node.id),
    async createNode(node, actor) {
      const name = nameOf(node.orgId, node.id)
      if (state.nodes.has(name)) throw new TollgateError('conflict')
      if (node.parentId !== null && node.parentId !== node.id) requireNode(state, node.orgId, node.parentId)
      state.nodes.set(name, { ...node })
      audited(state, node.orgId, actor, auditLines.nodeCreated(node), 'snapshot')
    },
    async updateNode(orgId, id, change, actor) {
      const before = state.nodes.get(nameOf(orgId, id))
      if (before === undefined) return null
      if (change.parentId !== undefined) {
        requireNode(state, orgId, change.parentId)
        if (isAtOrAbove(state, orgId, id, change.parentId)) throw new TollgateError('invalid')
      }
      const after: OrgNode = { ...before, ...given(change) }
      state.nodes.set(nameOf(orgId, id), after)
      audited(state, orgId, actor, auditLines.nodeUpdated(before, change), 'snapshot')
      return after
    },
    listKeys: async (orgId) => inOrg(state.keys.values(), orgId, (key) => key.id),
    async createKey(key, actor) {
      const taken = [...state.keys.values()].some((other) => other.sha256 === key.sha256)
      if (taken || state.keys.has(nameOf(key.orgId, key.id))) throw new TollgateError('conflict')
      requireNode(state, key.orgId, key.appId)
      state.keys.set(nameOf(key.orgId, key.id), { ...key })
      audited(state, key.orgId, actor, auditLines.keyCreated(key), 'snapshot')
    },
    async updateKey(orgId, id, change, actor) {
      const before = state.keys.get(nameOf(orgId, id))
      if (before === undefined) return null
      const after: ApiKey = { ...before, ...given(change), revokedAt: before.revokedAt ?? change.revokedAt ?? null }
      state.keys.set(nameOf(orgId, id), after)
      audited(state, orgId, actor, auditLines.keyUpdated(before, change), 'snapshot')
      return after
    },
    async audit(orgId, cursor, rowsMax, subject) {
      if (cursor !== null && !/^\d{1,15}$/.test(cursor)) throw new TollgateError('invalid')
      const older = state.audit.filter((entry) => entry.orgId === orgId && (subject === undefined || entry.subject === subject) && (cursor === null || Number(entry.id) < Number(cursor))).toReversed()
      const rows = older.slice(0, rowsMax)
      return { rows, next: older.length > rowsMax ? rows.at(-1)?.id ?? null : null }
    },
  }
}

function requireNode(state: ControlState, orgId: string, id: string): void {
  if (!state.nodes.has(nameOf(orgId, id))) throw new TollgateError('invalid')
}

function isAtOrAbove(state: ControlState, orgId: string, id: string, from: string): boolean {
  for (let at: string | null = from; at !== null; at = state.nodes.get(nameOf(orgId, at))?.parentId ?? null) {
    if (at === id) return true
  }
  return false
}

export function createMemoryAccessStore(state: ControlState): AccessStore {
  const unexpired = (credential: Credential | undefined, nowMs: number): Credential | null =>
    credential === undefined || (credential.expiresAt !== null && credential.expiresAt <= nowMs) ? null : credential
  return {
    listUsers: async (orgId) => inOrg([...state.users.values()].map((item) => item.user), orgId, (user) => user.id),
    async createUser(user, passwordHash, actor) {
      const taken = [...state.users.values()].some((other) => other.user.email.toLowerCase() === user.email.toLowerCase())
      if (taken || state.users.has(nameOf(user.orgId, user.id))) throw new TollgateError('conflict')
      state.users.set(nameOf(user.orgId, user.id), { user: { ...user }, passwordHash })
      audited(state, user.orgId, actor, auditLines.userCreated(user), 'nothing')
    },
    async updateUser(orgId, id, change, actor) {
      const before = state.users.get(nameOf(orgId, id))
      if (before === undefined) return null
      const { passwordHash, ...visible } = change
      const user = { ...before.user, ...given(visible) }
      state.users.set(nameOf(orgId, id), { user, passwordHash: passwordHash ?? before.passwordHash })
      audited(state, orgId, actor, auditLines.userUpdated(before.user, change), 'nothing')
      return user
    },
    async findLogin(email) {
      return [...state.users.values()].find((item) => item.user.email.toLowerCase() === email.toLowerCase()) ?? null
    },
    getUser: async (orgId, id) => state.users.get(nameOf(orgId, id))?.user ?? null,
    async putCredential(credential, actor) {
      if (state.credentials.has(credential.sha256)) throw new TollgateError('conflict')
      for (const other of state.credentials.values()) {
        const sameUser = other.orgId === credential.orgId && other.userId === credential.userId
        if (sameUser && unexpired(other, credential.createdAt) === null) state.credentials.delete(other.sha256)
      }
      state.credentials.set(credential.sha256, { ...credential })
      audited(state, credential.orgId, actor, auditLines.credentialCreated(credential), 'nothing')
    },
    findCredential: async (sha256, nowMs) => unexpired(state.credentials.get(sha256), nowMs),
    async takeCredential(sha256, nowMs) {
      const credential = state.credentials.get(sha256)
      state.credentials.delete(sha256)
      return unexpired(credential, nowMs)
    },
    async listCredentials(orgId, userId) {
      return [...state.credentials.values()].filter((item) => item.orgId === orgId && item.userId === userId)
        .sort((a, b) => compare(a.createdAt, b.createdAt) || compare(a.sha256, b.sha256))
    },
  }
}
