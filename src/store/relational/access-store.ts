import { sql, type Selectable } from 'kysely'
import type { AccessStore, Credential, RoleGrant, User } from '../ports.ts'
import { auditLines } from './audit-lines.ts'
import { inAudited } from './change.ts'
import { jsonb, type Database } from './database.ts'
import type { Schema } from './schema.ts'

/** People, their sessions and API tokens. Nothing here is in a snapshot: gateways know no people. */
export function createAccessStore(db: Database): AccessStore {
  return {
    async listUsers(orgId) {
      const rows = await db.config.selectFrom('app_user').selectAll().where('org_id', '=', orgId).orderBy('id').execute()
      return rows.map(toUser)
    },
    createUser: (user, passwordHash, actor) => inAudited(db.config, { orgId: user.orgId, actor }, 'nothing', async (tx) => {
      await tx.insertInto('app_user').values({
        org_id: user.orgId, id: user.id, email: user.email, name: user.name, grants: jsonb(user.grants),
        disabled: user.disabled, password_hash: passwordHash,
      }).execute()
      return { value: undefined, audit: auditLines.userCreated(user) }
    }),
    updateUser: (orgId, id, change, actor) => inAudited(db.config, { orgId, actor }, 'nothing', async (tx) => {
      const before = await tx.selectFrom('app_user').selectAll().where('org_id', '=', orgId).where('id', '=', id).forNoKeyUpdate().executeTakeFirst()
      if (before === undefined) return { value: null, audit: null }
      const after = await tx.updateTable('app_user').set({
        name: change.name ?? before.name,
        grants: jsonb(change.grants ?? before.grants),
        disabled: change.disabled ?? before.disabled,
        password_hash: change.passwordHash ?? before.password_hash,
      }).where('org_id', '=', orgId).where('id', '=', id).returningAll().executeTakeFirstOrThrow()
      return { value: toUser(after), audit: auditLines.userUpdated(toUser(before), change) }
    }),
    async findLogin(email) {
      const row = await db.config.selectFrom('app_user').selectAll()
        .where(sql<boolean>`lower(email) = lower(${email})`).executeTakeFirst()
      return row === undefined ? null : { user: toUser(row), passwordHash: row.password_hash }
    },
    async getUser(orgId, id) {
      const row = await db.config.selectFrom('app_user').selectAll().where('org_id', '=', orgId).where('id', '=', id).executeTakeFirst()
      return row === undefined ? null : toUser(row)
    },
    putCredential: (credential, actor) => inAudited(db.config, { orgId: credential.orgId, actor }, 'nothing', async (tx) => {
      // A user's expired credentials go when a new one comes, so that sessions do not pile up.
      await tx.deleteFrom('credential').where('org_id', '=', credential.orgId).where('user_id', '=', credential.userId)
        .where('expires_at', '<=', credential.createdAt).execute()
      await tx.insertInto('credential').values({
        org_id: credential.orgId, sha256: credential.sha256, kind: credential.kind, user_id: credential.userId,
        name: credential.name, csrf: credential.csrf, created_at: credential.createdAt, expires_at: credential.expiresAt,
      }).execute()
      return { value: undefined, audit: auditLines.credentialCreated(credential) }
    }),
    async findCredential(sha256, nowMs) {
      const row = await db.config.selectFrom('credential').selectAll().where('sha256', '=', sha256).executeTakeFirst()
      return row === undefined ? null : unexpired(toCredential(row), nowMs)
    },
    async takeCredential(sha256, nowMs) {
      const row = await db.config.deleteFrom('credential').where('sha256', '=', sha256).returningAll().executeTakeFirst()
      return row === undefined ? null : unexpired(toCredential(row), nowMs)
    },
    async listCredentials(orgId, userId) {
      const rows = await db.config.selectFrom('credential').selectAll().where('org_id', '=', orgId).where('user_id', '=', userId)
        .orderBy('created_at').orderBy('sha256').execute()
      return rows.map(toCredential)
    },
  }
}

/** A credential ends at its expiry instant. */
const unexpired = (credential: Credential, nowMs: number): Credential | null =>
  credential.expiresAt !== null && credential.expiresAt <= nowMs ? null : credential

function toUser(row: Selectable<Schema['app_user']>): User {
  return { orgId: row.org_id, id: row.id, email: row.email, name: row.name, grants: row.grants as readonly RoleGrant[], disabled: row.disabled }
}

function toCredential(row: Selectable<Schema['credential']>): Credential {
  return {
    sha256: row.sha256, kind: row.kind as Credential['kind'], orgId: row.org_id, userId: row.user_id, name: row.name,
    csrf: row.csrf, createdAt: row.created_at, expiresAt: row.expires_at,
  }
}
