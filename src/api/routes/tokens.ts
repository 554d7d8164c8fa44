import { TollgateError } from '../../base/errors.ts'
import type { Credential } from '../../store/ports.ts'
import { issueCredential, tokenId } from '../credentials.ts'
import type { ApiDeps } from '../deps.ts'
import { pageRows } from '../pages.ts'
import { invalidField } from '../problem.ts'
import type { Handlers } from '../registrar.ts'

/** A person's own API tokens; they carry that person's grants and end with the person. */
export function tokenHandlers({ control, clock }: ApiDeps): Pick<Handlers, 'listTokens' | 'createToken' | 'deleteToken'> {
  const tokensOf = async (orgId: string, userId: string): Promise<readonly Credential[]> =>
    (await control.listCredentials(orgId, userId)).filter((credential) => credential.kind === 'token')
  return {
    async listTokens({ principal, query }) {
      const page = pageRows(await tokensOf(principal.orgId, principal.user.id), tokenId, query)
      return { rows: page.rows.map(describe), next: page.next }
    },
    async createToken({ principal, body }) {
      const nowMs = clock.now()
      if (body.expiresAt !== null && body.expiresAt <= nowMs) throw invalidField('expiresAt', 'Send an instant in the future, or null.')
      const issued = await issueCredential(control, principal.user, principal.actor, { kind: 'token', name: body.name, nowMs, expiresAt: body.expiresAt })
      return { ...describe(issued.credential), secret: issued.secret }
    },
    async deleteToken({ principal, params }) {
      const token = (await tokensOf(principal.orgId, principal.user.id)).find((credential) => tokenId(credential) === params.id)
      if (!token) throw new TollgateError('not_found')
      await control.takeCredential(token.sha256, clock.now())
      return null
    },
  }
}

function describe(credential: Credential) {
  return { id: tokenId(credential), name: credential.name, createdAt: credential.createdAt, expiresAt: credential.expiresAt }
}
