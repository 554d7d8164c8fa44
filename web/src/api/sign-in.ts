import type { BodyOf } from '../../../src/api/contract/contract.ts'
import { api, rememberCsrf } from './client.ts'
import type { Session } from './queries.ts'

declare global {
  interface Window { __tollgateToken?: string }
}

export type Credentials = BodyOf<'createSession'>

/** Exchanges a token or a password for a session cookie. */
export async function signIn(credentials: Credentials): Promise<Session> {
  const session = await api.post<Session>('/api/v1/session', credentials)
  rememberCsrf(session.csrf)
  return session
}

/** The one-time token that boot.js took out of the address bar; it can be taken once. */
export function takeLinkToken(): string | null {
  const token = window.__tollgateToken ?? null
  delete window.__tollgateToken
  return token
}

export async function signOut(): Promise<void> {
  await api.delete<null>('/api/v1/session')
}
