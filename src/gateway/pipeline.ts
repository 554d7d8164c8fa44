import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { uuidv7 } from '../base/ids.ts'
import { planHolds, scopesOf, type Scope } from '../core/entitlement/decide.ts'
import type { UsageRecord } from '../core/usage/usage-record.ts'
import { boundCall, type BoundPlan } from './bound-call.ts'
import type { Call, GatewayContext } from './call.ts'
import { readCall } from './read-call.ts'
import { budgetRefusal, recordRefusal, refusal, respondRefusal, type Refusal } from './refuse.ts'
import { exchange, type ExchangeResult } from './relay.ts'
import { upstreamHeaders } from './request-headers.ts'
import { attemptEntry, costHeader, outcomeRecord, settle, type Attempt } from './settle.ts'

/**
 * A call's life at the gateway, steps 1 to 10 of docs/ARCHITECTURE.md. Each attempt reserves, is journalled, leaves,
 * and is settled; its hold is released in `settle`, after its outcome is in the journal, and nowhere else. Before
 * the attempt is in the journal nothing has left, so a refusal up to there only gives the hold back.
 */
export async function serveCall(gateway: GatewayContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  gateway.counters.calls += 1
  const read = await readCall(gateway, request, response)
  if (!read.ok) {
    const { refused, dialect, refusedCall } = read.error
    if (refusedCall === null) gateway.counters.unidentified += 1
    respondRefusal(response, dialect, refused, refusedCall === null ? null : recordRefusal(gateway, refusedCall, refused))
    return
  }
  const call = read.value
  let fallbackOf = ''
  try {
    for (let number = 1; ; number += 1) {
      const reserving = reserve(gateway, call, number, fallbackOf)
      const reserved = reserving instanceof Promise ? await reserving : reserving
      if ('refused' in reserved) return refuseCall(gateway, call, number, reserved.refused)
      const { attempt, plan, scopes } = reserved
      if (response.destroyed) return abandon(gateway, attempt)
      const { draft, callText, payload } = attemptEntry(call, attempt, gateway.epoch())
      if (!(await gateway.journal.openAttempt(attempt.eventId, payload))) {
        releaseUnsent(gateway, attempt)
        return refuseCall(gateway, call, number, refusal('journal_full', '', {}, 10))
      }
      gateway.counters.attempts += 1
      const mayRetry = number <= Math.min(call.route.retriesMax, gateway.limits.upstreamAttemptsMax - 1)
      const result = await forward(gateway, call, attempt, plan, scopes, mayRetry)
      const retry = mayRetry && isRetryable(result) && !response.destroyed
      const usageRecord = outcomeRecord(call, attempt, draft, result, retry ? 0 : clientStatus(result))
      settle(gateway, attempt, usageRecord, callText)
      // A cost that the caller has read must not become another one because this process dies.
      await gateway.journal.flushed()
      if (!retry) return finish(gateway, call, attempt, usageRecord, result, headersOf(gateway, attempt, plan, scopes))
      gateway.counters.retries += 1
      fallbackOf = attempt.eventId
      await sleep(gateway.limits.retryBackoffMs * number)
    }
  } finally {
    gateway.counters.bodyBytesHeld -= call.body.length
  }
}

interface Reserved {
  readonly attempt: Attempt
  readonly plan: BoundPlan
  readonly scopes: readonly Scope[]
}

type Reserving = Reserved | { readonly refused: Refusal }

/** Steps 4 and 5: bound the call, then hold the bound in every hard budget that covers it, or say which refuses. */
function reserve(gateway: GatewayContext, call: Call, number: number, fallbackOf: string): Reserving | Promise<Reserving> {
  const rules = call.state.rules.get(call.key.caller.orgId) ?? []
  let scopes: readonly Scope[] = []
  let plan!: BoundPlan
  const reserved = gateway.leases.reserve((at) => {
    scopes = scopesOf(rules, call.entitlementFacts, at)
    plan = boundCall(call, scopes, at, number)
    return planHolds(scopes, plan.bound)
  })
  const reserving = (answer: Awaited<typeof reserved>): Reserving => {
    if ('refusal' in answer) {
      const { code, scope, reason } = answer.refusal
      return { refused: refusal(code, `Budget "${scope.compiled.rule.name}": ${reason}.`, { budget: scope.compiled.rule.name, budget_id: scope.compiled.rule.id, reason }) }
    }
    if ('denial' in answer) {
      const { code, scope, need, answer: facts } = answer.denial
      return { refused: budgetRefusal(code, scope, need, facts) }
    }
    const { at, holds } = answer.gate
    const notices = plan.injectedCap === null ? answer.plan.notices : [...answer.plan.notices, `output_cap=${plan.injectedCap}`]
    return { attempt: { eventId: uuidv7(at), number, at, fallbackOf, bound: plan.bound, holds, notices }, plan, scopes }
  }
  return reserved instanceof Promise ? reserved.then(reserving) : reserving(reserved)
}

/** Steps 7 and 8: the call leaves and its answer is relayed while it is read. */
function forward(gateway: GatewayContext, call: Call, attempt: Attempt, plan: BoundPlan, scopes: readonly Scope[], mayRetry: boolean): Promise<ExchangeResult> {
  const { facts, dialect, route } = call
  const addStreamUsage = facts.stream && !facts.askedStreamUsage && facts.endpoint.kind === 'inference'
  const body = dialect.spliceRequest(call.body, facts, { addStreamUsage, outputCap: plan.injectedCap, model: call.upstreamModel })
  const { pool, prefix } = gateway.upstreams.of(route)
  return exchange({
    pool, response: call.response, dialect, facts, hideUsageChunk: addStreamUsage, clock: gateway.clock, limits: gateway.limits,
    request: {
      method: call.method as 'POST', path: prefix + call.path, body: body.length === 0 ? null : body,
      headers: upstreamHeaders(call.request, route, facts.stream, body.length),
      headersTimeout: route.timeoutMs, bodyTimeout: gateway.limits.upstreamIdleTimeoutMs,
    },
    extraHeaders: () => headersOf(gateway, attempt, plan, scopes),
    holdBack: (status) => mayRetry && retryableStatuses.has(status),
  })
}

/** Statuses that say "try again" before any byte reached the client. 429 is the client's to pace. */
const retryableStatuses: ReadonlySet<number> = new Set([500, 502, 503, 504, 529])
const isRetryable = (result: ExchangeResult): boolean =>
  !result.unfinished && (result.fault === 'unreachable' || result.fault === 'reset' || (result.fault === '' && retryableStatuses.has(result.upstreamStatus)))

const clientStatus = (result: ExchangeResult): number => {
  if (result.unfinished) return result.upstreamStatus
  if (result.clientGone) return 499
  switch (result.fault) {
    case '': return result.upstreamStatus
    case 'timeout': return 504
    default: return 502
  }
}

/** Step 10, towards the client: send what was held back, or close what was streamed. */
function finish(gateway: GatewayContext, call: Call, attempt: Attempt, usageRecord: UsageRecord, result: ExchangeResult, ours: readonly string[]): void {
  const { response } = call
  if (response.destroyed) {
    gateway.counters.clientsGone += 1
    return
  }
  if (result.unfinished) {
    if (result.fault !== '') response.destroy() // The client must see that the answer is not whole.
    else if (result.isEvents && call.request.headers['x-tollgate-stream-facts'] !== undefined) response.end(`: tollgate event-id=${attempt.eventId} cost=${costHeader(usageRecord) ?? 'unpriced'} quality=${usageRecord.quality}\n\n`)
    else response.end()
    return
  }
  if (result.held !== null && result.fault === '') {
    const cost = costHeader(usageRecord)
    const { status, headers, body, declaredBytes } = result.held
    const ending = cost !== null ? ['x-tollgate-cost', cost, 'x-tollgate-cost-quality', usageRecord.quality] : usageRecord.pricing === 'none' ? [] : ['x-tollgate-cost-quality', 'unpriced']
    const hasBody = !bodiless(call.method, status)
    // Asked for the head alone, the upstream says how long the body would be.
    const bodyBytes = hasBody ? body.length : call.method === 'HEAD' ? declaredBytes : -1
    response.writeHead(status, [...headers, ...ours, ...ending, ...(bodyBytes >= 0 ? ['content-length', String(bodyBytes)] : [])])
    response.end(hasBody ? body : undefined)
    return
  }
  const code = result.fault === 'timeout' ? 'upstream_timeout' : result.fault === 'unreachable' ? 'upstream_unreachable' : 'upstream_reset'
  respondRefusal(response, call.dialect, refusal(code, `Attempt ${attempt.number} of ${attempt.number}.`), attempt.eventId)
}

const bodiless = (method: string, status: number): boolean => method === 'HEAD' || status === 204 || status === 304

function refuseCall(gateway: GatewayContext, call: Call, number: number, refused: Refusal): void {
  const { facts, key, callId, occurredAt, attribution, route, body } = call
  const eventId = number > 1 ? null : recordRefusal(gateway, {
    key, callId, occurredAt, provider: route.name, endpoint: facts.endpoint.name, model: facts.model, stream: facts.stream, attribution, requestBytes: body.length,
  }, refused)
  respondRefusal(call.response, call.dialect, refused, eventId)
}

/** The client left while its call waited: nothing was sent, so nothing is owed. */
function abandon(gateway: GatewayContext, attempt: Attempt): void {
  gateway.counters.clientsGone += 1
  releaseUnsent(gateway, attempt)
}

function releaseUnsent(gateway: GatewayContext, attempt: Attempt): void {
  for (const hold of attempt.holds) gateway.leases.settle(hold.windowId, hold.amount, 0n)
}

function headersOf(gateway: GatewayContext, attempt: Attempt, plan: BoundPlan, scopes: readonly Scope[]): string[] {
  const headers = ['x-tollgate-event-id', attempt.eventId]
  if (plan.injectedCap !== null) headers.push('x-tollgate-output-cap', String(plan.injectedCap))
  const remaining = gateway.leases.tightest(scopes)
  if (remaining !== null) headers.push('x-tollgate-budget-remaining', remaining)
  return headers
}
