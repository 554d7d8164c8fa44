import { TollgateError } from '../../base/errors.ts'
import { secret, shortId } from '../../base/ids.ts'
import type { ApiKey } from '../../store/ports.ts'
import type { KeyPolicy as WirePolicy } from '../contract/contract.ts'
import { sha256Hex } from '../credentials.ts'
import type { ApiDeps } from '../deps.ts'
import type { OrgTree } from '../org-tree.ts'
import { pageRows } from '../pages.ts'
import { isInScope } from '../principal.ts'
import { invalidField } from '../problem.ts'
import type { Handlers } from '../registrar.ts'

/** Random bytes of a key: 160 bits, above the 128 that keys promise. */
const keyBytes = 20

export function keyHandlers({ control, events, clock }: ApiDeps): Pick<Handlers, 'listKeys' | 'listKeyActivity' | 'createKey' | 'updateKey' | 'revokeKey'> {
  const find = async (orgId: string, id: string): Promise<ApiKey> => {
    const key = (await control.listKeys(orgId)).find((candidate) => candidate.id === id)
    if (!key) throw new TollgateError('not_found')
    return key
  }
  return {
    async listKeys({ principal, query, scope }) {
      const { tree } = principal
      const nowMs = clock.now()
      const keys = (await control.listKeys(principal.orgId)).filter((key) =>
        isInScope(scope, tree.pathOf(key.appId)) &&
        (query.nodeId === undefined || tree.isWithin(key.appId, query.nodeId)) &&
        (query.state === undefined || stateOf(key, nowMs) === query.state))
      const newestFirst = [...keys].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
      const page = pageRows(newestFirst, (key) => key.id, query)
      return { rows: page.rows.map((key) => describe(tree, key, nowMs)), next: page.next }
    },
    async listKeyActivity({ principal, scope }) {
      const [keys, lastCalls] = await Promise.all([control.listKeys(principal.orgId), events.lastCalls(principal.orgId)])
      const visible = keys.filter((key) => isInScope(scope, principal.tree.pathOf(key.appId)))
      return { rows: visible.map((key) => ({ keyId: key.id, appId: key.appId, lastCallAt: lastCalls.get(key.id) ?? null })) }
    },
    async createKey({ principal, body, requireAt }) {
      const { tree } = principal
      const app = tree.get(body.appId)
      if (!app || app.kind !== 'app') throw invalidField('appId', app ? `"${app.name}" is of kind ${app.kind}; a key belongs to an app.` : `There is no app "${body.appId}".`)
      requireAt(app.id)
      if (tree.pathOf(app.id).some((id) => tree.get(id)?.archived)) throw invalidField('appId', `"${app.name}" is archived.`)
      const nowMs = clock.now()
      requireFuture(body.expiresAt, nowMs)
      const text = secret('tg_', keyBytes)
      const key: ApiKey = {
        orgId: principal.orgId, id: shortId('key'), appId: app.id, name: body.name, sha256: sha256Hex(text), hint: text.slice(-4),
        policy: body.policy, createdAt: nowMs, expiresAt: body.expiresAt, revokedAt: null,
      }
      await control.createKey(key, principal.actor)
      return { ...describe(tree, key, nowMs), secret: text }
    },
    async updateKey({ principal, params, body, requireAt }) {
      const key = await find(principal.orgId, params.id)
      requireAt(key.appId)
      const nowMs = clock.now()
      if (key.revokedAt !== null) throw new TollgateError('conflict', 'A revoked key stays revoked; create another.')
      if (body.expiresAt !== undefined) requireFuture(body.expiresAt, nowMs)
      const changed = await control.updateKey(principal.orgId, key.id, body, principal.actor)
      if (!changed) throw new TollgateError('not_found')
      return describe(principal.tree, changed, nowMs)
    },
    async revokeKey({ principal, params, requireAt }) {
      const key = await find(principal.orgId, params.id)
      requireAt(key.appId)
      const nowMs = clock.now()
      const revoked = key.revokedAt === null ? await control.updateKey(principal.orgId, key.id, { revokedAt: nowMs }, principal.actor) : key
      if (!revoked) throw new TollgateError('not_found')
      return describe(principal.tree, revoked, nowMs)
    },
  }
}

function requireFuture(expiresAt: number | null, nowMs: number): void {
  if (expiresAt !== null && expiresAt <= nowMs) throw invalidField('expiresAt', 'Send an instant in the future, or null.')
}

function stateOf(key: ApiKey, nowMs: number): 'active' | 'expired' | 'revoked' {
  if (key.revokedAt !== null) return 'revoked'
  return key.expiresAt !== null && key.expiresAt <= nowMs ? 'expired' : 'active'
}

function describe(tree: OrgTree, key: ApiKey, nowMs: number) {
  const app = tree.get(key.appId)
  return {
    id: key.id, appId: key.appId, appName: app?.name ?? '', teamName: (app?.parentId ? tree.get(app.parentId)?.name : undefined) ?? '',
    name: key.name, hint: key.hint, state: stateOf(key, nowMs), policy: key.policy as WirePolicy,
    createdAt: key.createdAt, expiresAt: key.expiresAt, revokedAt: key.revokedAt,
  }
}
