import { createHash, timingSafeEqual } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { secret, shortId } from '../base/ids.ts'
import type { Actor, ControlStore, Credential, User } from '../store/ports.ts'

/** Secrets are stored as SHA-256: they carry 160 random bits, so a slow hash would add nothing. Passwords get argon2id. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Equal without telling by its time where they differ. */
export function sameText(left: string, right: string): boolean {
  return timingSafeEqual(createHash('sha256').update(left).digest(), createHash('sha256').update(right).digest())
}

export const hashPassword = (password: string): Promise<string> => hash(password)

let decoy: Promise<string> | null = null
/** Checks a password; an unknown user costs the same time as a known one. */
export async function isPassword(passwordHash: string | null, password: string): Promise<boolean> {
  if (passwordHash !== null) return verify(passwordHash, password)
  decoy ??= hash(secret('decoy_'))
  await verify(await decoy, password)
  return false
}

/** Token ids are the first 16 hex digits of the stored hash: enough to tell one user's tokens apart, useless as a secret. */
export const tokenId = (credential: Credential): string => credential.sha256.slice(0, 16)

export interface IssuedCredential {
  readonly secret: string
  readonly credential: Credential
}

/** Makes and stores a credential; its secret exists only in the answer. */
export async function issueCredential(
  control: ControlStore,
  user: User,
  actor: Actor,
  words: { readonly kind: Credential['kind']; readonly name: string; readonly nowMs: number; readonly expiresAt: number | null },
): Promise<IssuedCredential> {
  const prefix = { session: 'tgs_', token: 'tgt_', one_time: 'tgo_' }[words.kind]
  const text = secret(prefix)
  const credential: Credential = {
    sha256: sha256Hex(text), kind: words.kind, orgId: user.orgId, userId: user.id, name: words.name,
    csrf: words.kind === 'session' ? secret('csrf_') : '', createdAt: words.nowMs, expiresAt: words.expiresAt,
  }
  await control.putCredential(credential, actor)
  return { secret: text, credential }
}

/** Who acts when nobody is signed in: the first start, the command line. */
export const systemActor: Actor = { id: 'system', name: 'Tollgate' }

export interface FirstAdmin {
  /** The one-time sign-in token; null when the installation already has an organisation. */
  readonly token: string | null
  readonly orgId: string
}

/** On an empty installation: creates the organisation, its admin and a one-time token. Elsewhere it changes nothing. */
export async function ensureAdminToken(control: ControlStore, nowMs: number, words?: { readonly orgName?: string; readonly email?: string }): Promise<FirstAdmin> {
  const [existing] = await control.listOrgs()
  if (existing) {
    const users = await control.listUsers(existing.orgId)
    if (users.length > 0) return { token: null, orgId: existing.orgId }
  }
  const orgId = existing?.orgId ?? shortId('org')
  if (!existing) {
    await control.createNode({ orgId, id: orgId, parentId: null, kind: 'org', name: words?.orgName ?? 'My company', costCentre: '', archived: false }, systemActor)
  }
  const admin: User = {
    orgId, id: shortId('user'), email: words?.email ?? 'admin@localhost', name: 'Administrator',
    grants: [{ role: 'admin', nodeId: existing?.id ?? orgId }], disabled: false,
  }
  await control.createUser(admin, null, systemActor)
  return { token: await issueOneTimeToken(control, admin, nowMs), orgId }
}

/** A token that signs in once; for the first start and for an operator who lost access. */
export async function issueOneTimeToken(control: ControlStore, user: User, nowMs: number, given: { readonly actor: Actor; readonly expiresAt: number | null } = { actor: systemActor, expiresAt: null }): Promise<string> {
  const issued = await issueCredential(control, user, given.actor, { kind: 'one_time', name: 'one-time sign-in', nowMs, expiresAt: given.expiresAt })
  return issued.secret
}
