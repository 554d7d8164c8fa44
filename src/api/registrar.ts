import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { InvariantError } from '../base/assert.ts'
import { TollgateError } from '../base/errors.ts'
import type { IdempotencyKey, IdempotencyStore, ReadScope, Role } from '../store/ports.ts'
import { routeList, type InputOf, type RouteId, type Routes } from './contract/contract.ts'
import { roleNames, type RouteContract } from './contract/route.ts'
import { sameText } from './credentials.ts'
import type { ApiDeps } from './deps.ts'
import { findPrincipal, holdsAtRoot, requireAt, scopeOf, type Principal } from './principal.ts'
import { invalidField, parsePart } from './problem.ts'

/** What a handler may return: the response as its schema takes it, read only. */
type Loose<Value> = Value extends readonly (infer Item)[] ? readonly Loose<Item>[] : Value extends object ? { readonly [Member in keyof Value]: Loose<Value[Member]> } : Value

/** A request that has passed validation and rights; what a handler gets. */
export interface Ask<Id extends RouteId> extends InputOf<Id> {
  readonly principal: Routes[Id]['role'] extends 'public' ? null : Principal
  /** What may be read by the roles of this route. */
  readonly scope: ReadScope
  /** Refuses unless one of the route's roles is granted at the node or above it. */
  requireAt(nodeId: string): void
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}
type Handler<Id extends RouteId> = (ask: Ask<Id>) => Promise<Loose<z.input<Routes[Id]['response']>>>
/** One handler per route of the contract; the compiler refuses a route left out. */
export type Handlers = { readonly [Id in RouteId]: Handler<Id> }

type AnyHandler = (ask: Ask<RouteId>) => Promise<unknown>

export const sessionCookie = 'tollgate_session'
/** POST routes that only read; an Idempotency-Key has nothing to protect there. */
const readsByPost: ReadonlySet<string> = new Set(['query', 'exportQuery', 'previewBudget'] satisfies RouteId[])

/** Registers every route of the contract: rights, validation, idempotent writes, answers by schema. */
export function registerRoutes(app: FastifyInstance, deps: ApiDeps, handlers: Handlers, idempotency: IdempotencyStore): void {
  for (const contract of routeList) {
    const handler = handlers[contract.id as RouteId] as unknown as AnyHandler
    app.route({
      method: contract.method,
      url: contract.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      handler: async (request, reply) => {
        const principal = contract.role === 'public' ? null : await authenticate(deps, request, contract)
        const ask = readAsk(contract, principal, request, reply)
        const key = principal === null ? null : idempotencyKeyOf(contract, principal, request)
        if (key === null) return answer(contract, await handler(ask), reply)
        return answerOnce(contract, { store: idempotency, key, nowMs: deps.clock.now() }, () => handler(ask), request, reply)
      },
    })
  }
}

async function authenticate(deps: ApiDeps, request: FastifyRequest, contract: RouteContract): Promise<Principal> {
  const bearer = /^Bearer (\S{8,200})$/i.exec(request.headers.authorization ?? '')?.[1]
  const cookie = request.cookies[sessionCookie]
  const secret = bearer ?? cookie
  if (secret === undefined || secret === '') throw new TollgateError('unauthenticated')
  const principal = await findPrincipal(deps.control, secret, deps.clock.now())
  // A session's secret is a cookie and nothing else; as a bearer it would pass by the CSRF check.
  if (!principal || (principal.credential.kind === 'session') !== (bearer === undefined)) throw new TollgateError('unauthenticated')
  const csrf = request.headers['x-csrf-token']
  if (bearer === undefined && contract.method !== 'GET' && !sameText(typeof csrf === 'string' ? csrf : '', principal.credential.csrf)) throw new TollgateError('csrf_failed')
  requireRole(contract, principal)
  return principal
}

function requireRole(contract: RouteContract, principal: Principal): void {
  const { role } = contract
  if (role === 'public' || role === 'signed_in') return
  const held = contract.at === 'org' ? holdsAtRoot(principal, role) : principal.user.grants.some((grant) => role.includes(grant.role))
  if (!held) throw new TollgateError('forbidden', `It takes ${role.join(' or ')}${contract.at === 'org' ? ' at the organisation' : ''}.`)
}

function readAsk(contract: RouteContract, principal: Principal | null, request: FastifyRequest, reply: FastifyReply): Ask<RouteId> {
  const roles: readonly Role[] = typeof contract.role === 'string' ? roleNames : contract.role
  const nobody = (): Principal => { throw new InvariantError('a public route has no principal') }
  return {
    params: (contract.params ? parsePart(contract.params, request.params, 'params') : undefined) as never,
    query: (contract.query ? parsePart(contract.query, request.query ?? {}, 'query') : undefined) as never,
    body: (contract.body ? parsePart(contract.body, request.body ?? undefined, 'body') : undefined) as never,
    principal: principal as never,
    get scope() { return scopeOf(principal ?? nobody(), roles) },
    requireAt: (nodeId) => requireAt(principal ?? nobody(), roles, nodeId),
    request, reply,
  }
}

/** Sends what the schema lets through: a member the contract does not name never leaves. */
function answer(contract: RouteContract, value: unknown, reply: FastifyReply): FastifyReply | undefined {
  if (contract.produces === 'event-stream') return undefined
  const { status, body } = encode(contract, value)
  return send(contract, status, body, reply)
}

function encode(contract: RouteContract, value: unknown): { status: number; body: string } {
  if (contract.produces === 'none') return { status: contract.status, body: '' }
  if (contract.produces !== 'json') return { status: contract.status, body: String(value) }
  const parsed = contract.response.safeParse(value)
  if (!parsed.success) throw new InvariantError(`answer of ${contract.id} breaks its contract: ${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).slice(0, 3).join('; ')}`)
  return { status: contract.status, body: JSON.stringify(parsed.data) }
}

function send(contract: RouteContract, status: number, body: string, reply: FastifyReply): FastifyReply {
  reply.code(status).header('cache-control', 'no-store')
  if (contract.produces === 'json') reply.type('application/json; charset=utf-8')
  if (contract.produces === 'text') reply.type('text/plain; version=0.0.4; charset=utf-8')
  return contract.produces === 'none' ? reply.send() : reply.send(body)
}

function idempotencyKeyOf(contract: RouteContract, principal: Principal, request: FastifyRequest): IdempotencyKey | null {
  const key = request.headers['idempotency-key']
  if (key === undefined || contract.method === 'GET' || readsByPost.has(contract.id)) return null
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key)) throw invalidField('Idempotency-Key', 'Send 1–200 printable ASCII characters.')
  return { orgId: principal.orgId, principal: principal.user.id, route: contract.id, key }
}

/** Runs a write once per key and repeats its answer; a failed write forgets its key, so that it may be tried again. */
async function answerOnce(
  contract: RouteContract,
  once: { readonly store: IdempotencyStore; readonly key: IdempotencyKey; readonly nowMs: number },
  work: () => Promise<unknown>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const fingerprint = createHash('sha256').update(JSON.stringify([request.url, request.body ?? null])).digest('hex')
  const claim = await once.store.claim(once.key, fingerprint, once.nowMs)
  if (claim.state !== 'claimed' && claim.fingerprint !== fingerprint) throw new TollgateError('conflict', 'This Idempotency-Key was used for another request.')
  if (claim.state === 'pending') throw new TollgateError('conflict', 'The first request with this Idempotency-Key is still at work.')
  if (claim.answer) {
    reply.header('idempotent-replayed', 'true')
    return send(contract, claim.answer.status, claim.answer.body, reply)
  }
  let encoded: { status: number; body: string }
  try {
    encoded = encode(contract, await work())
  } catch (error) {
    await once.store.release(once.key)
    throw error
  }
  await once.store.answer(once.key, encoded.status, contract.secret ? withoutSecret(encoded.body) : encoded.body)
  return send(contract, encoded.status, encoded.body, reply)
}

/** A secret is shown once and stored nowhere, kept answers included. */
function withoutSecret(body: string): string {
  return JSON.stringify({ ...(JSON.parse(body) as Record<string, unknown>), secret: null })
}

