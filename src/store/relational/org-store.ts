import { sql, type Selectable, type Transaction } from 'kysely'
import { TollgateError } from '../../base/errors.ts'
import type { KeyPolicy } from '../../core/usage/key-policy.ts'
import type { ApiKey, AuditEntry, NodeKind, OrgNode, OrgStore } from '../ports.ts'
import { auditLines } from './audit-lines.ts'
import { inAudited } from './change.ts'
import { jsonb, type Database } from './database.ts'
import type { Schema } from './schema.ts'

/** Organisation tree, gateway keys and the audit trail. */
export function createOrgStore(db: Database): OrgStore {
  return {
    async listOrgs() {
      const rows = await db.config.selectFrom('org_node').selectAll().where('kind', '=', 'org').orderBy('org_id').orderBy('id').execute()
      return rows.map(toNode)
    },
    async listNodes(orgId) {
      const rows = await db.config.selectFrom('org_node').selectAll().where('org_id', '=', orgId).orderBy('id').execute()
      return rows.map(toNode)
    },
    createNode: (node, actor) => inAudited(db.config, { orgId: node.orgId, actor }, 'snapshot', async (tx) => {
      await tx.insertInto('org_node').values({
        org_id: node.orgId, id: node.id, parent_id: node.parentId, kind: node.kind, name: node.name,
        cost_centre: node.costCentre, archived: node.archived,
      }).execute()
      return { value: undefined, audit: auditLines.nodeCreated(node) }
    }),
    updateNode: (orgId, id, change, actor) => inAudited(db.config, { orgId, actor }, 'snapshot', async (tx) => {
      if (change.parentId !== undefined) await refuseCycle(tx, orgId, id, change.parentId)
      const before = await tx.selectFrom('org_node').selectAll().where('org_id', '=', orgId).where('id', '=', id).forNoKeyUpdate().executeTakeFirst()
      if (before === undefined) return { value: null, audit: null }
      const after = await tx.updateTable('org_node').set({
        name: change.name ?? before.name,
        cost_centre: change.costCentre ?? before.cost_centre,
        parent_id: change.parentId ?? before.parent_id,
        archived: change.archived ?? before.archived,
      }).where('org_id', '=', orgId).where('id', '=', id).returningAll().executeTakeFirstOrThrow()
      return { value: toNode(after), audit: auditLines.nodeUpdated(toNode(before), change) }
    }),
    async listKeys(orgId) {
      const rows = await db.config.selectFrom('api_key').selectAll().where('org_id', '=', orgId).orderBy('id').execute()
      return rows.map(toKey)
    },
    createKey: (key, actor) => inAudited(db.config, { orgId: key.orgId, actor }, 'snapshot', async (tx) => {
      await tx.insertInto('api_key').values({
        org_id: key.orgId, id: key.id, app_id: key.appId, name: key.name, sha256: key.sha256, hint: key.hint,
        policy: jsonb(key.policy), created_at: key.createdAt, expires_at: key.expiresAt, revoked_at: key.revokedAt,
      }).execute()
      return { value: undefined, audit: auditLines.keyCreated(key) }
    }),
    updateKey: (orgId, id, change, actor) => inAudited(db.config, { orgId, actor }, 'snapshot', async (tx) => {
      const before = await tx.selectFrom('api_key').selectAll().where('org_id', '=', orgId).where('id', '=', id).forNoKeyUpdate().executeTakeFirst()
      if (before === undefined) return { value: null, audit: null }
      const after = await tx.updateTable('api_key').set({
        name: change.name ?? before.name,
        policy: jsonb(change.policy ?? before.policy),
        expires_at: change.expiresAt === undefined ? before.expires_at : change.expiresAt,
        // A key stays revoked from its first revocation on.
        revoked_at: before.revoked_at ?? change.revokedAt ?? null,
      }).where('org_id', '=', orgId).where('id', '=', id).returningAll().executeTakeFirstOrThrow()
      return { value: toKey(after), audit: auditLines.keyUpdated(toKey(before), change) }
    }),
    async audit(orgId, cursor, rowsMax, subject) {
      const before = readCursor(cursor)
      let query = db.config.selectFrom('audit_entry').selectAll().where('org_id', '=', orgId)
      if (before !== null) query = query.where('id', '<', before)
      if (subject !== undefined) query = query.where('subject', '=', subject)
      const rows = await query.orderBy('id', 'desc').limit(rowsMax + 1).execute()
      const page = rows.slice(0, rowsMax).map(toAudit)
      return { rows: page, next: rows.length > rowsMax ? page.at(-1)?.id ?? null : null }
    },
  }
}

/** Moves of one organisation run one after another, because two legal moves together can close a circle. */
async function refuseCycle(tx: Transaction<Schema>, orgId: string, id: string, parentId: string): Promise<void> {
  await tx.selectFrom('org_node').select('id').where('org_id', '=', orgId).where('parent_id', 'is', null).orderBy('id').forNoKeyUpdate().execute()
  const { rows } = await sql<{ id: string }>`
    WITH RECURSIVE above AS (
      SELECT id, parent_id FROM org_node WHERE org_id = ${orgId} AND id = ${parentId}
      UNION
      SELECT n.id, n.parent_id FROM org_node n JOIN above a ON n.org_id = ${orgId} AND n.id = a.parent_id
    ) SELECT id FROM above WHERE id = ${id}`.execute(tx)
  if (rows.length > 0) throw new TollgateError('invalid', 'A node cannot be moved below itself.')
}

/** The cursor is the id of the last row seen; null starts at the newest. */
function readCursor(cursor: string | null): number | null {
  if (cursor === null) return null
  if (!/^\d{1,15}$/.test(cursor)) throw new TollgateError('invalid', 'The cursor is not one this list gave.')
  return Number(cursor)
}

function toNode(row: Selectable<Schema['org_node']>): OrgNode {
  return {
    orgId: row.org_id, id: row.id, parentId: row.parent_id, kind: row.kind as NodeKind, name: row.name,
    costCentre: row.cost_centre, archived: row.archived,
  }
}

function toKey(row: Selectable<Schema['api_key']>): ApiKey {
  return {
    orgId: row.org_id, id: row.id, appId: row.app_id, name: row.name, sha256: row.sha256, hint: row.hint,
    policy: row.policy as KeyPolicy, createdAt: row.created_at, expiresAt: row.expires_at, revokedAt: row.revoked_at,
  }
}

function toAudit(row: Selectable<Schema['audit_entry']>): AuditEntry {
  return {
    id: String(row.id), orgId: row.org_id, at: row.at, actor: { id: row.actor_id, name: row.actor_name },
    action: row.action, subject: row.subject, detail: row.detail,
  }
}
