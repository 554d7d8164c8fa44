import type { ServerResponse } from 'node:http'
import { errorCatalogue, type ErrorCode } from '../base/errors.ts'
import { uuidv7 } from '../base/ids.ts'
import { formatAmount } from '../base/money.ts'
import type { Scope } from '../core/entitlement/decide.ts'
import type { Measure } from '../core/entitlement/rule.ts'
import type { UsageRecord } from '../core/usage/usage-record.ts'
import type { SliceAnswer, SnapshotKey } from '../control/sync-protocol.ts'
import type { Dialect } from '../dialect/dialect.ts'
import { openaiDialect } from '../dialect/openai.ts'
import type { Attribution } from '../core/usage/usage-record.ts'
import type { GatewayContext } from './call.ts'
import { outcomeText } from './entry-text.ts'

/** What a refused caller is told, in the shape its SDK shows. */
export interface Refusal {
  readonly code: ErrorCode
  readonly detail: string
  readonly facts: Readonly<Record<string, string | number | null>>
  readonly retryAfterSeconds: number | null
}
export const refusal = (code: ErrorCode, detail = '', facts: Refusal['facts'] = {}, retryAfterSeconds: number | null = null): Refusal => ({ code, detail, facts, retryAfterSeconds })

/** What is known of a refused call when it is refused; the record says as much. */
export interface RefusedCall {
  readonly key: SnapshotKey
  readonly callId: string
  readonly occurredAt: number
  readonly provider: string
  readonly endpoint: string
  readonly model: string
  readonly stream: boolean
  readonly attribution: Attribution | null
  readonly requestBytes: number
}

export function respondRefusal(response: ServerResponse, dialect: Dialect | null, refused: Refusal, eventId: string | null): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const { status, text } = errorCatalogue[refused.code]
  const message = refused.detail === '' ? text : `${text} ${refused.detail}`
  const { contentType, body } = (dialect ?? openaiDialect).refusal(refused.code, status, message, refused.facts)
  const headers: string[] = ['content-type', contentType, 'content-length', String(Buffer.byteLength(body)), 'x-tollgate-error', refused.code]
  if (eventId !== null) headers.push('x-tollgate-event-id', eventId)
  if (refused.retryAfterSeconds !== null) headers.push('retry-after', String(refused.retryAfterSeconds))
  // An unread body would be taken for the next request on this connection.
  if (!response.req.complete) headers.push('connection', 'close')
  // Official SDKs retry 408, 409, 429 and 5xx by themselves; a refusal that only a person can lift must not be retried. Where
  // the provider failed, they do as they would have done without us.
  if (!refused.code.startsWith('upstream_')) headers.push('x-should-retry', refused.retryAfterSeconds !== null || refused.code === 'overloaded' ? 'true' : 'false')
  response.writeHead(status, headers)
  response.end(body)
}

/** A refusal is a fact like any other: who was refused what, and why. Costs nothing, counts nothing. */
export function recordRefusal(gateway: GatewayContext, refusedCall: RefusedCall, refused: Refusal): string {
  const at = gateway.clock.now()
  const eventId = uuidv7(at)
  const none: Attribution = { user: '', agent: '', workflow: '', run: '', parentRun: '', step: '', session: '', tags: {}, rule: '' }
  const usageRecord: UsageRecord = {
    kind: 'refusal', eventId, callId: refusedCall.callId, isCall: true, corrects: '', at, occurredAt: refusedCall.occurredAt, firstByteAt: 0, endAt: at,
    caller: refusedCall.key.caller, attribution: refusedCall.attribution ?? none,
    provider: refusedCall.provider, route: refusedCall.provider, host: '', region: '', requestedModel: refusedCall.model, servedModel: '',
    endpoint: refusedCall.endpoint, tier: '', stream: refusedCall.stream, attempt: 0, fallbackOf: '', upstreamRequestId: '',
    usage: {}, quality: 'absent', pricing: 'none', lines: [], cost: 0n, listCost: 0n, currency: 'USD', statedCost: '', bound: null,
    priceVersion: '', status: errorCatalogue[refused.code].status, upstreamStatus: 0, errorClass: 'refused', errorCode: refused.code,
    requestBytes: refusedCall.requestBytes, responseBytes: 0, requestHash: '', prefixHash: '', rawUsage: '', unknownUsageKeys: '',
    notices: Object.entries(refused.facts).map(([name, value]) => `${name}=${value ?? ''}`),
  }
  gateway.journal.close(eventId, outcomeText(gateway.epoch(), usageRecord, []), null)
  gateway.counters.refusals += 1
  return eventId
}

const inMeasure = (measure: Measure, currency: string, quantity: bigint): string =>
  measure === 'cost' ? `${formatAmount(quantity)} ${currency}` : `${quantity} ${measure === 'requests' ? 'requests' : 'tokens'}`

/** Names scope, limit, used, held, reset time and remedy. */
export function budgetRefusal(code: 'budget_exceeded' | 'lease_unavailable', scope: Scope, need: bigint, answer: SliceAnswer | null): Refusal {
  const { rule } = scope.compiled
  const show = (quantity: bigint): string => inMeasure(rule.measure, rule.currency, quantity)
  const limit = answer === null ? rule.limit : BigInt(answer.limit)
  const used = answer === null ? null : BigInt(answer.committed)
  const held = answer === null ? null : BigInt(answer.leased)
  const resetsAt = new Date(scope.endMs).toISOString()
  const facts = {
    budget: rule.name, budget_id: rule.id, scope: scope.tuple === '' ? 'all' : scope.tuple, measure: rule.measure, limit: show(limit),
    used: used === null ? null : show(used), held: held === null ? null : show(held), needed: show(need), resets_at: resetsAt,
  }
  if (code === 'lease_unavailable') return refusal(code, `Budget "${rule.name}" could not be asked. Try again shortly.`, facts, 2)
  const detail = `Budget "${rule.name}": limit ${facts.limit}, used ${facts.used ?? '?'}, held ${facts.held ?? '?'}, this call may need ${facts.needed}. ` +
    `It resets at ${resetsAt}. Lower the output cap, or ask the budget's owner for an increase.`
  return refusal(code, detail, facts)
}
