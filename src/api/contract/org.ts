import { z } from 'zod'
import { anyRole, route } from './route.ts'
import { cursorQuery, idParams, idText, instantIn, instantOut, nameText, nothing, pageOf, queryFlag } from './fields.ts'

const nodeKinds = ['org', 'unit', 'team', 'app'] as const
const costCentre = z.string().trim().max(60).regex(/^[^\p{C}]*$/u, 'Send printable characters only.')

export const orgNode = z.object({
  id: z.string().describe('Node id.'),
  parentId: z.string().nullable().describe('Node above; null for the organisation.'),
  kind: z.enum(nodeKinds).describe('org ⊃ unit (nests) ⊃ team ⊃ app.'),
  name: z.string().describe('Name now; records keep the name at the time of the call.'),
  costCentre: z.string().describe("Cost centre of this node; '' = that of the nearest node above."),
  effectiveCostCentre: z.string().describe("The cost centre that applies after inheritance; '' = none."),
  archived: z.boolean().describe('True when no key may be created below it.'),
  path: z.array(z.string()).describe('Node ids from the organisation down to this node.'),
})
const createNode = z.strictObject({
  parentId: idText.describe('Node to put it under: a unit goes under org or unit, a team under org or unit, an app under a team.'),
  kind: z.enum(['unit', 'team', 'app']).describe('unit | team | app.'),
  name: nameText.describe('1–120 characters, unique among its siblings.'),
  costCentre: costCentre.default('').describe("At most 60 characters. Default '' = inherited."),
})
const updateNode = z.strictObject({
  name: nameText.exactOptional().describe('New name, 1–120 characters, unique among its siblings.'),
  costCentre: costCentre.exactOptional().describe("New cost centre, at most 60 characters; '' = inherited. Later calls only."),
  parentId: idText.exactOptional().describe('Moves the node and everything below it. Later calls only.'),
  archived: z.boolean().exactOptional().describe('false brings an archived node back.'),
})

const names = z.array(z.string().min(1).max(200)).max(200)
export const keyPolicy = z.strictObject({
  models: names.default([]).describe('Models allowed, ids or "prefix*". Default [] = all; at most 200.'),
  providers: names.default([]).describe('Providers allowed. Default [] = all; at most 200.'),
  required: z.array(z.enum(['user', 'agent', 'workflow', 'run', 'step', 'session'])).max(6).default([]).describe('Attribution fields each call must carry. Default none.'),
  pinned: z.record(z.string().regex(/^(user|agent|workflow|run|step|session|tag:.{1,64})$/, 'Send user, agent, workflow, run, step, session or "tag:<name>".'), z.string().max(256)).default({})
    .describe('Attribution fixed by the key whatever headers say. Default none; values at most 256 characters.'),
  tags: names.nullable().default(null).describe('Tag names allowed; null (default) = all, [] = none.'),
})
export const apiKey = z.object({
  id: z.string().describe('Key id.'),
  appId: z.string().describe('App the key belongs to; the app decides who pays.'),
  appName: z.string().describe('Name of the app now.'),
  teamName: z.string().describe('Name of its team now.'),
  name: z.string().describe('What the key is for.'),
  hint: z.string().describe('Last four characters of the secret, for recognising it.'),
  state: z.enum(['active', 'expired', 'revoked']).describe('Only an active key is served.'),
  policy: keyPolicy,
  createdAt: instantOut,
  expiresAt: instantOut.nullable().describe('When it ends, Unix milliseconds UTC; null = never.'),
  revokedAt: instantOut.nullable().describe('When it was revoked, Unix milliseconds UTC; null = it was not.'),
})
const createKey = z.strictObject({
  appId: idText.describe('App the key belongs to.'),
  name: nameText.describe('What the key is for, 1–120 characters.'),
  policy: keyPolicy.prefault({}).describe('What the holder may do and say. Default: everything, nothing required.'),
  expiresAt: instantIn.nullable().default(null).describe('When it ends, Unix milliseconds UTC. Default null = never.'),
})
const keyCreated = apiKey.extend({
  secret: z.string().nullable().describe('The key (tg_…, 160 random bits), shown once; null when this answer replays an Idempotency-Key.'),
})
const updateKey = z.strictObject({
  name: nameText.exactOptional().describe('New name, 1–120 characters.'),
  policy: keyPolicy.exactOptional().describe('Replaces the policy.'),
  expiresAt: instantIn.nullable().exactOptional().describe('New end, Unix milliseconds UTC; null = never.'),
})

const keyActivity = z.object({
  keyId: z.string().describe('Key id.'),
  appId: z.string().describe('App the key belongs to.'),
  lastCallAt: instantOut.nullable().describe('When it last called, refused calls included, Unix milliseconds UTC; null = never.'),
})

const builders = ['admin', 'team_owner'] as const
export const orgRoutes = {
  listNodes: route({
    id: 'listNodes', method: 'GET', path: '/api/v1/nodes', tag: 'organisation', role: anyRole, summary: 'The organisation tree within your grants, parents before children.',
    query: z.strictObject({ archived: queryFlag.default(false).describe('true includes archived nodes. Default false.') }),
    response: z.object({ rows: z.array(orgNode).describe('Nodes, parents first.') }),
  }),
  createNode: route({ id: 'createNode', method: 'POST', path: '/api/v1/nodes', tag: 'organisation', role: builders, summary: 'Adds a business unit, team or app. A team owner may add apps below the own node.', status: 201, body: createNode, response: orgNode }),
  updateNode: route({ id: 'updateNode', method: 'PATCH', path: '/api/v1/nodes/{id}', tag: 'organisation', role: builders, summary: 'Renames, moves, re-assigns or brings back a node. History keeps its names.', params: idParams, body: updateNode, response: orgNode }),
  deleteNode: route({ id: 'deleteNode', method: 'DELETE', path: '/api/v1/nodes/{id}', tag: 'organisation', role: builders, summary: 'Archives a node without living children or keys.', params: idParams, status: 204, produces: 'none', response: nothing }),
  listKeys: route({
    id: 'listKeys', method: 'GET', path: '/api/v1/keys', tag: 'keys', role: anyRole, summary: 'Keys within your grants, newest first.',
    query: z.strictObject({
      ...cursorQuery,
      nodeId: idText.exactOptional().describe('Only keys of apps at or below this node.'),
      state: z.enum(['active', 'expired', 'revoked']).exactOptional().describe('Only keys in this state.'),
    }),
    response: pageOf(apiKey),
  }),
  listKeyActivity: route({ id: 'listKeyActivity', method: 'GET', path: '/api/v1/keys/activity', tag: 'keys', role: anyRole, summary: 'When each key within your grants last called.', response: z.object({ rows: z.array(keyActivity).describe('Every key, revoked ones included.') }) }),
  createKey: route({ id: 'createKey', method: 'POST', path: '/api/v1/keys', tag: 'keys', role: builders, summary: 'Creates a key and shows its secret once.', status: 201, body: createKey, response: keyCreated, secret: true }),
  updateKey: route({ id: 'updateKey', method: 'PATCH', path: '/api/v1/keys/{id}', tag: 'keys', role: builders, summary: 'Changes name, policy or end of a key.', params: idParams, body: updateKey, response: apiKey }),
  revokeKey: route({ id: 'revokeKey', method: 'POST', path: '/api/v1/keys/{id}/revoke', tag: 'keys', role: builders, summary: 'Revokes a key for good; connected gateways refuse it within 2 s.', params: idParams, response: apiKey }),
}
