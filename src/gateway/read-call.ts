import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ErrorCode } from '../base/errors.ts'
import { uuidv7 } from '../base/ids.ts'
import { err, ok, type Result } from '../base/result.ts'
import type { CallFacts } from '../core/entitlement/rule.ts'
import { missingAttribution, readAttribution } from '../core/usage/attribution.ts'
import type { ProviderRoute } from '../core/usage/provider-route.ts'
import type { Attribution } from '../core/usage/usage-record.ts'
import type { SnapshotKey } from '../control/sync-protocol.ts'
import type { Dialect, Endpoint, RequestFacts } from '../dialect/dialect.ts'
import type { Call, GatewayContext } from './call.ts'
import { dialectOf, dialectShownBy, providerOf, type GatewayState } from './gateway-state.ts'
import { allows, identify } from './identify.ts'
import { refusal, type Refusal, type RefusedCall } from './refuse.ts'
import { readBody } from './read-body.ts'
import { readPath, type RequestPath } from './request-path.ts'

/** A call that goes no further: what to tell the caller, and what to record when the caller is known. */
export interface Unread {
  readonly refused: Refusal
  readonly dialect: Dialect | null
  readonly refusedCall: RefusedCall | null
}

/** Steps 1 to 3: accept, identify, read. */
export function readCall(gateway: GatewayContext, request: IncomingMessage, response: ServerResponse): Result<Call, Unread> | Promise<Result<Call, Unread>> {
  const occurredAt = gateway.clock.now()
  const stop = (code: ErrorCode, detail = '', retryAfterSeconds: number | null = null): Result<Call, Unread> =>
    err({ refused: refusal(code, detail, {}, retryAfterSeconds), dialect: dialectShownBy(request.headers), refusedCall: null })
  const path = readPath(request.url ?? '')
  if (path === null) return stop('path_invalid')
  const state = gateway.state()
  if (state === null) return stop('snapshot_missing', '', 1)
  if (gateway.draining()) return stop('draining', '', 1)
  const identified = identify(state, request.headers, path.key, occurredAt)
  if (!identified.ok) return stop(identified.error)
  return new Reading(gateway, request, response, state, identified.value, path, occurredAt).run()
}

class Reading {
  readonly #gateway: GatewayContext
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #state: GatewayState
  readonly #key: SnapshotKey
  readonly #path: RequestPath
  readonly #occurredAt: number
  readonly #callId: string
  #route: ProviderRoute | null = null
  #dialect: Dialect | null = null
  #endpoint: Endpoint | null = null
  #facts: RequestFacts | null = null
  #attribution: Attribution | null = null
  #bodyBytes = 0

  constructor(gateway: GatewayContext, request: IncomingMessage, response: ServerResponse, state: GatewayState, key: SnapshotKey, path: RequestPath, occurredAt: number) {
    this.#gateway = gateway
    this.#request = request
    this.#response = response
    this.#state = state
    this.#key = key
    this.#path = path
    this.#occurredAt = occurredAt
    this.#callId = uuidv7(occurredAt)
  }

  async run(): Promise<Result<Call, Unread>> {
    const request = this.#request
    const method = request.method ?? 'GET'
    const orgId = this.#key.caller.orgId
    // Only Anthropic has messages there, so its SDK may be pointed at the gateway's root as well.
    const head = this.#path.rest.startsWith('/v1/messages') && this.#path.head === 'v1' ? 'anthropic' : this.#path.head
    const openRoute = head === 'v1'
    const route = providerOf(this.#state, orgId, openRoute ? 'openai' : head) ?? null
    if (route === null && !openRoute) return this.#stop('provider_unknown', `Nothing is configured under "/${head}".`)
    this.#dialect = dialectOf(route ?? { dialect: 'openai' })
    this.#endpoint = this.#dialect.endpoint(method, this.#path.rest, this.#path.query)
    if (this.#endpoint === null) return this.#stop('endpoint_not_metered', `${method} ${this.#path.rest}`)
    const body = await readBody(this.#gateway, request, this.#endpoint.kind === 'opaque')
    if (!body.ok) return this.#stop(body.error.code, body.error.detail)
    this.#bodyBytes = body.value.length
    let isCall = false
    try {
      const result = this.#readBody(body.value, openRoute, route, method)
      isCall = result.ok
      return result
    } finally {
      if (!isCall) this.#gateway.counters.bodyBytesHeld -= this.#bodyBytes
    }
  }

  #readBody(body: Buffer, openRoute: boolean, route: ProviderRoute | null, method: string): Result<Call, Unread> {
    const { orgId } = this.#key.caller
    const read = this.#dialect!.readRequest(this.#endpoint!, body)
    if (!read.ok) return this.#stop(read.error.code, read.error.detail)
    // Behind one company key every stored id is every team's; until it is recorded who made which, none is served.
    if (read.value.usesServerState) return this.#stop('endpoint_not_metered', 'The request names state kept by the provider (a previous response, conversation, file or stored prompt), and who owns it is not recorded yet. Send the content itself.')
    const target = openRoute ? routeByModel(this.#state, orgId, read.value, route) : { route, upstreamModel: null, facts: read.value }
    this.#facts = target.facts
    this.#route = target.route
    if (target.route === null) return this.#stop('provider_unknown', `No provider serves model "${read.value.model}". Configure one, or use /<provider>/v1/….`)
    return this.#admit(target.route, target.facts, body, method, target.upstreamModel)
  }

  #admit(route: ProviderRoute, facts: RequestFacts, body: Buffer, method: string, upstreamModel: string | null): Result<Call, Unread> {
    const { policy, caller } = this.#key
    const attribution = readAttribution(this.#request.headers, facts, policy)
    this.#attribution = attribution
    if (!allows(policy, route.name, facts.model)) return this.#stop('model_not_allowed', facts.model === '' ? `Provider "${route.name}".` : `Model "${facts.model}" at provider "${route.name}".`)
    const missing = missingAttribution(attribution, policy)
    if (missing.length > 0) return this.#stop('attribution_required', `Send ${missing.map((name) => `x-tollgate-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`).join(', ')}.`)
    if (route.credential === null && route.dialect !== 'http') return this.#stop('provider_not_configured', `Provider "${route.name}".`)
    const entitlementFacts: CallFacts = {
      orgId: caller.orgId, nodePath: caller.nodePath, unitId: caller.unitId, teamId: caller.teamId, appId: caller.appId, keyId: caller.keyId,
      costCentre: caller.costCentre, provider: route.name, model: facts.model, user: attribution.user, agent: attribution.agent,
      workflow: attribution.workflow, run: attribution.run,
    }
    return ok({
      request: this.#request, response: this.#response, state: this.#state, key: this.#key, route, dialect: this.#dialect!, method,
      path: this.#path.rest + this.#path.query, body, facts, attribution, entitlementFacts, callId: this.#callId, occurredAt: this.#occurredAt, upstreamModel,
    })
  }

  #stop(code: ErrorCode, detail: string): Result<Call, Unread> {
    return err({
      refused: refusal(code, detail), dialect: this.#dialect,
      refusedCall: {
        key: this.#key, callId: this.#callId, occurredAt: this.#occurredAt, provider: this.#route?.name ?? this.#path.head, endpoint: this.#endpoint?.name ?? '',
        model: this.#facts?.model ?? '', stream: this.#facts?.stream ?? false, attribution: this.#attribution, requestBytes: this.#bodyBytes,
      },
    })
  }
}

/** `/v1/*` routes by model: "provider/model" names a provider, anything else is the OpenAI provider's. */
function routeByModel(state: GatewayState, orgId: string, facts: RequestFacts, fallback: ProviderRoute | null): { readonly route: ProviderRoute | null; readonly upstreamModel: string | null; readonly facts: RequestFacts } {
  const slash = facts.model.indexOf('/')
  if (slash > 0) {
    const named = providerOf(state, orgId, facts.model.slice(0, slash))
    if (named !== undefined && named.dialect === 'openai') {
      const model = facts.model.slice(slash + 1)
      return { route: named, upstreamModel: model, facts: { ...facts, model } }
    }
  }
  return { route: fallback, upstreamModel: null, facts }
}
