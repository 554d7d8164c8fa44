import type { FastifyReply } from 'fastify'
import { TollgateError } from '../../base/errors.ts'
import { limits } from '../../config/limits.ts'
import type { Credential, User } from '../../store/ports.ts'
import { hashPassword, isPassword, issueCredential, sha256Hex } from '../credentials.ts'
import type { ApiDeps } from '../deps.ts'
import { LoginLimit } from '../login-limit.ts'
import { invalidField } from '../problem.ts'
import { sessionCookie, type Handlers } from '../registrar.ts'

/** Sign-in, who am I, sign-out. */
export function sessionHandlers(deps: ApiDeps): Pick<Handlers, 'createSession' | 'getSession' | 'deleteSession' | 'setPassword'> {
  const { control, clock } = deps
  const attempts = new LoginLimit()
  return {
    async createSession({ body, request, reply }) {
      const nowMs = clock.now()
      attempts.take([`address ${request.ip}`, ...('email' in body ? [`email ${body.email}`] : [])], nowMs)
      const user = 'token' in body ? await userOfToken(deps, body.token, nowMs) : await userOfPassword(deps, body.email, body.password)
      if (!user || user.disabled) throw new TollgateError('unauthenticated', 'token' in body ? 'This token is not known, was used already, or has ended.' : 'E-mail or password is wrong.')
      const issued = await issueCredential(control, user, { id: user.id, name: user.name }, { kind: 'session', name: 'console', nowMs, expiresAt: nowMs + limits.sessionAgeMs })
      setCookie(deps, reply, issued.secret, limits.sessionAgeMs)
      return describe(deps, user, issued.credential)
    },
    async getSession({ principal }) {
      return describe(deps, principal.user, principal.credential)
    },
    async setPassword({ principal, body }) {
      const { user, credential } = principal
      if (credential.kind !== 'session') throw new TollgateError('forbidden', 'Only somebody signed in to the console sets a password; a token must not outlive itself by one.')
      attempts.take([`password ${user.id}`], clock.now())
      const login = await control.findLogin(user.email)
      const stored = login?.passwordHash ?? null
      if (stored !== null && !(body.current !== undefined && (await isPassword(stored, body.current)))) throw invalidField('current', 'This is not the password so far.')
      await control.updateUser(principal.orgId, user.id, { passwordHash: await hashPassword(body.password) }, principal.actor)
      return null
    },
    async deleteSession({ principal, reply }) {
      if (principal.credential.kind === 'session') await control.takeCredential(principal.credential.sha256, clock.now())
      setCookie(deps, reply, '', 0)
      return null
    },
  }
}

/** A one-time token is taken as it is used, so of two racing sign-ins one fails. An API token stays. */
async function userOfToken({ control }: ApiDeps, token: string, nowMs: number): Promise<User | null> {
  const sha256 = sha256Hex(token)
  const found = await control.findCredential(sha256, nowMs)
  if (!found || found.kind === 'session') return null
  const credential = found.kind === 'one_time' ? await control.takeCredential(sha256, nowMs) : found
  return credential === null ? null : control.getUser(credential.orgId, credential.userId)
}

async function userOfPassword({ control }: ApiDeps, email: string, password: string): Promise<User | null> {
  const login = await control.findLogin(email)
  return (await isPassword(login?.passwordHash ?? null, password)) ? (login?.user ?? null) : null
}

function setCookie({ settings }: ApiDeps, reply: FastifyReply, secret: string, ageMs: number): void {
  reply.setCookie(sessionCookie, secret, { path: '/', httpOnly: true, sameSite: 'lax', secure: settings.cookieSecure, maxAge: Math.floor(ageMs / 1000) })
}

async function describe({ control }: ApiDeps, user: User, credential: Credential) {
  const root = (await control.listNodes(user.orgId)).find((node) => node.parentId === null)
  return {
    user: { id: user.id, email: user.email, name: user.name, grants: user.grants, disabled: user.disabled },
    organisation: { id: user.orgId, name: root?.name ?? '' },
    kind: credential.kind === 'token' ? ('token' as const) : ('session' as const),
    csrf: credential.csrf, expiresAt: credential.expiresAt,
  }
}
