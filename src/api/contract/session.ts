import { z } from 'zod'
import { limits } from '../../config/limits.ts'
import { roleNames, route } from './route.ts'
import { cursorQuery, idParams, instantIn, instantOut, nameText, nothing, pageOf } from './fields.ts'

const roleGrant = z.object({
  role: z.enum(roleNames).describe('admin: everything · finance: reads all, writes prices and budgets · team_owner: keys and apps below the node · viewer: reads.'),
  nodeId: z.string().min(1).max(200).describe('Node of the organisation tree the role holds at, and below it.'),
})
export const user = z.object({
  id: z.string().describe('User id.'),
  email: z.string().describe('Sign-in address, lower case.'),
  name: z.string().describe('Name shown to others.'),
  grants: z.array(roleGrant).describe('What the user may do, and where.'),
  disabled: z.boolean().describe('True when sign-in and tokens are refused.'),
})
export const session = z.object({
  user,
  organisation: z.object({ id: z.string().describe('Organisation id.'), name: z.string().describe('Organisation name.') }),
  kind: z.enum(['session', 'token']).describe('session: a browser cookie · token: a bearer credential.'),
  csrf: z.string().describe('Send it as X-CSRF-Token with every write of a cookie session; empty for tokens.'),
  expiresAt: instantOut.nullable().describe('When this credential ends, Unix milliseconds UTC; null = never.'),
})

const email = z.string().trim().toLowerCase().max(254).regex(/^[^\s@]+@[^\s@]+$/, 'Send an e-mail address.')
const password = z.string().min(12, 'Send a password of at least 12 characters.').max(200)

const login = z.union([
  z.strictObject({ token: z.string().min(8).max(200).describe('The one-time token of the first start, or an API token.') }),
  z.strictObject({
    email: email.describe('Sign-in address, at most 254 characters.'),
    password: z.string().min(1).max(200).describe('Password.'),
  }),
], { error: 'Send either {"token"} or {"email","password"}.' })

const createUser = z.strictObject({
  email: email.describe('Sign-in address, unique in the installation, at most 254 characters.'),
  name: nameText.describe('Name shown to others, 1–120 characters.'),
  password: password.exactOptional().describe('12–200 characters; absent = the user signs in by token only.'),
  grants: z.array(roleGrant).max(50).default([]).describe('Roles at nodes. Default none, at most 50.'),
})
const updateUser = z.strictObject({
  name: nameText.exactOptional().describe('New name, 1–120 characters.'),
  password: password.exactOptional().describe('New password, 12–200 characters.'),
  grants: z.array(roleGrant).max(50).exactOptional().describe('Replaces all grants; at most 50.'),
  disabled: z.boolean().exactOptional().describe('True refuses sign-in and tokens.'),
})
const createToken = z.strictObject({
  name: nameText.describe('What the token is for, 1–120 characters.'),
  expiresAt: instantIn.nullable().default(null).describe('When it ends, Unix milliseconds UTC. Default null = never.'),
})
export const token = z.object({
  id: z.string().describe('Token id, for deleting it.'),
  name: z.string().describe('What the token is for.'),
  createdAt: instantOut,
  expiresAt: instantOut.nullable().describe('When it ends, Unix milliseconds UTC; null = never.'),
})
const tokenCreated = token.extend({
  secret: z.string().nullable().describe('The token, shown once; null when this answer replays an Idempotency-Key.'),
})

const ownPassword = z.strictObject({
  current: z.string().min(1).max(200).exactOptional().describe('The password so far; needed where there is one.'),
  password: password.describe('New password, 12–200 characters.'),
})
const invitation = z.object({
  secret: z.string().nullable().describe('One-time token, shown once; null when this answer replays an Idempotency-Key. `<console>/?token=…` signs in with it.'),
  expiresAt: instantOut.describe('When it ends unused, Unix milliseconds UTC.'),
})

const admins = ['admin'] as const
export const sessionRoutes = {
  createSession: route({
    id: 'createSession', method: 'POST', path: '/api/v1/session', tag: 'session', role: 'public', status: 201,
    summary: `Signs in by token or password and sets the session cookie. At most ${limits.loginAttemptsPerMinuteMax} attempts a minute per address.`,
    body: login, response: session, secret: true,
  }),
  getSession: route({ id: 'getSession', method: 'GET', path: '/api/v1/session', tag: 'session', role: 'signed_in', summary: 'Who is signed in, with which grants.', response: session }),
  deleteSession: route({ id: 'deleteSession', method: 'DELETE', path: '/api/v1/session', tag: 'session', role: 'signed_in', summary: 'Signs out.', status: 204, produces: 'none', response: nothing }),
  setPassword: route({
    id: 'setPassword', method: 'PUT', path: '/api/v1/session/password', tag: 'session', role: 'signed_in', status: 204, produces: 'none',
    summary: `Sets your own password. At most ${limits.loginAttemptsPerMinuteMax} attempts a minute.`, body: ownPassword, response: nothing,
  }),
  listUsers: route({ id: 'listUsers', method: 'GET', path: '/api/v1/users', tag: 'users', role: admins, at: 'org', summary: 'Users of the organisation.', query: z.strictObject(cursorQuery), response: pageOf(user) }),
  createUser: route({ id: 'createUser', method: 'POST', path: '/api/v1/users', tag: 'users', role: admins, at: 'org', summary: 'Adds a user.', status: 201, body: createUser, response: user }),
  updateUser: route({ id: 'updateUser', method: 'PATCH', path: '/api/v1/users/{id}', tag: 'users', role: admins, at: 'org', summary: 'Changes a user.', params: idParams, body: updateUser, response: user }),
  inviteUser: route({ id: 'inviteUser', method: 'POST', path: '/api/v1/users/{id}/invitation', tag: 'users', role: admins, at: 'org', summary: 'Makes a token that signs the user in once, to be handed over.', status: 201, params: idParams, response: invitation, secret: true }),
  listTokens: route({ id: 'listTokens', method: 'GET', path: '/api/v1/tokens', tag: 'tokens', role: 'signed_in', summary: 'Your own API tokens.', query: z.strictObject(cursorQuery), response: pageOf(token) }),
  createToken: route({ id: 'createToken', method: 'POST', path: '/api/v1/tokens', tag: 'tokens', role: 'signed_in', summary: 'Creates an API token with your own grants.', status: 201, body: createToken, response: tokenCreated, secret: true }),
  deleteToken: route({ id: 'deleteToken', method: 'DELETE', path: '/api/v1/tokens/{id}', tag: 'tokens', role: 'signed_in', summary: 'Ends one of your API tokens.', status: 204, params: idParams, produces: 'none', response: nothing }),
}
