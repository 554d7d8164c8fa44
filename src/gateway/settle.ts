import { formatAmount } from '../base/money.ts'
import { limits } from '../config/limits.ts'
import type { CallBound, HoldPlan } from '../core/entitlement/decide.ts'
import { quantityOf } from '../core/entitlement/measure.ts'
import type { PricedUsage } from '../core/pricing/price-book.ts'
import { encodeCallPart } from '../core/usage/usage-record-json.ts'
import type { CostLine, Quality, UsageRecord } from '../core/usage/usage-record.ts'
import type { Usage } from '../core/usage/usage.ts'
import type { UsageReading } from '../dialect/dialect.ts'
import { priceOfCall } from './bound-call.ts'
import type { Call, GatewayContext } from './call.ts'
import { attemptText, outcomeText } from './entry-text.ts'
import type { ExchangeResult } from './relay.ts'

/** One try at an upstream: its identity, instant, bound and holds. */
export interface Attempt {
  readonly eventId: string
  readonly number: number
  readonly at: number
  readonly fallbackOf: string
  readonly bound: CallBound
  readonly holds: HoldPlan['holds']
  readonly notices: readonly string[]
}

const noUsage: Usage = {}

/** What is known before the call leaves: the record as it must stand if nothing is ever heard again. */
function provisionalRecord(call: Call, attempt: Attempt): UsageRecord {
  const { caller } = call.key
  const { bound } = attempt
  return {
    kind: 'attempt', eventId: attempt.eventId, callId: call.callId, isCall: attempt.number === 1, corrects: '',
    at: attempt.at, occurredAt: call.occurredAt, firstByteAt: 0, endAt: attempt.at,
    caller, attribution: call.attribution,
    provider: call.route.name, route: call.route.name, host: call.route.baseUrl, region: call.route.region,
    requestedModel: call.facts.model, servedModel: '', endpoint: call.facts.endpoint.name, tier: '', stream: call.facts.stream,
    attempt: attempt.number, fallbackOf: attempt.fallbackOf, upstreamRequestId: '',
    usage: boundUsage(bound), quality: 'uncertain', pricing: bound.cost === null ? 'unpriced' : 'priced', lines: [],
    cost: bound.cost, listCost: bound.cost, currency: bound.currency, statedCost: '', bound: bound.cost, priceVersion: call.state.version,
    status: 0, upstreamStatus: 0, errorClass: 'uncertain', errorCode: '', requestBytes: call.body.length, responseBytes: 0,
    requestHash: '', prefixHash: '', rawUsage: '', unknownUsageKeys: '', notices: attempt.notices,
  }
}

/** An uncertain call books its bound in every measure, so that token budgets hold as well as money budgets. */
const boundUsage = (bound: CallBound): Usage => ({
  ...(bound.inputTokens > 0 ? { input_text: bound.inputTokens } : {}),
  ...(bound.outputTokens > 0 ? { output_text: bound.outputTokens } : {}),
})

/** The journal entry that must be written before the call leaves. */
export function attemptEntry(call: Call, attempt: Attempt, epoch: number): AttemptWritten {
  const provisional = provisionalRecord(call, attempt)
  const callText = encodeCallPart(provisional)
  return { provisional, callText, payload: attemptText(epoch, provisional, attempt.holds, callText) }
}

/** An attempt's entry and what of it the outcome's entry repeats. */
interface AttemptWritten {
  readonly provisional: UsageRecord
  readonly callText: string
  readonly payload: string
}

/** Turns what was heard into the final record. Never fails: what cannot be known is booked as such. */
export function outcomeRecord(call: Call, attempt: Attempt, provisional: UsageRecord, result: ExchangeResult, clientStatus: number): UsageRecord {
  const reading = bounded(result.reading)
  const heard = {
    ...provisional,
    firstByteAt: result.firstByteAt, endAt: result.endAt, upstreamStatus: result.upstreamStatus, status: clientStatus,
    responseBytes: result.responseBytes, upstreamRequestId: result.requestId,
    servedModel: reading?.servedModel ?? '', tier: reading?.tier ?? '', rawUsage: reading?.rawUsage ?? '', statedCost: reading?.statedCost ?? '',
    unknownUsageKeys: reading?.unknownKeys.join(',').slice(0, unknownKeysTextMax) ?? '', errorClass: errorClassOf(call, result),
    notices: reading === null || reading.notices.length === 0 ? provisional.notices : [...provisional.notices, ...reading.notices],
  }
  if (!result.sent) return unused(heard)
  if (call.facts.endpoint.kind === 'opaque' && result.upstreamStatus > 0) return result.upstreamStatus < 500 ? notInference(call, heard) : unused(heard)
  if (reading?.usage != null) return priced(call, attempt, heard, reading.usage, reading.quality, result)
  if (isRefused(call, result)) return unused(heard)
  if (result.upstreamStatus === 0) return heard
  if (call.facts.endpoint.kind !== 'inference') return notInference(call, heard)
  return priced(call, attempt, { ...heard, notices: [...heard.notices, 'usage_missing'] }, estimatedUsage(attempt, call, result), 'estimated', result)
}

/** A redirect of a provider's call did no work either; of an opaque API it is an answer like any other. */
const isRefused = ({ facts }: Call, { upstreamStatus }: ExchangeResult): boolean => upstreamStatus >= (facts.endpoint.kind === 'opaque' ? 400 : 300)

/** A provider's words are as long as it likes; a record is not. */
function bounded(reading: UsageReading | null): UsageReading | null {
  if (reading === null) return null
  const tooLong = reading.rawUsage.length > limits.rawUsageCharactersMax
  const { servedModel, tier, statedCost } = reading
  if (!tooLong && servedModel.length <= namesMax && tier.length <= namesMax && statedCost.length <= namesMax) return reading
  return {
    ...reading, servedModel: servedModel.slice(0, namesMax), tier: tier.slice(0, namesMax), statedCost: statedCost.slice(0, namesMax),
    rawUsage: tooLong ? '' : reading.rawUsage, notices: tooLong ? [...reading.notices, 'raw_usage_dropped'] : reading.notices,
  }
}
/** Longest name a record keeps, characters: as long as the requested model may be. */
const namesMax = 512
const unknownKeysTextMax = 4_096

function errorClassOf(call: Call, result: ExchangeResult): string {
  if (result.fault !== '') return result.fault
  if (isRefused(call, result)) return 'provider_error'
  return result.reading?.fault || (result.clientGone ? 'client_gone' : '')
}

/** The provider counted nothing: final, nothing to price. */
const unused = (heard: UsageRecord): UsageRecord => ({ ...heard, usage: noUsage, quality: 'absent', pricing: 'none', lines: [], cost: 0n, listCost: 0n })

function notInference(call: Call, heard: UsageRecord): UsageRecord {
  if (call.facts.endpoint.kind === 'free') return unused(heard)
  const amount = priceOfCall(call)
  const base: UsageRecord = { ...heard, usage: { request: 1 }, quality: 'final' }
  if (amount === null) return { ...base, pricing: 'none', lines: [], cost: null, listCost: null }
  const entryId = `route:${call.route.name}`
  const line: CostLine = {
    component: 'request', quantity: 1, unit: 'request', entryId, rate: call.route.callPrice, per: 1, amount, listAmount: amount, listEntryId: entryId,
  }
  return { ...base, pricing: 'priced', lines: [line], cost: amount, listCost: amount, currency: call.route.currency }
}

function priced(call: Call, attempt: Attempt, heard: UsageRecord, usage: Usage, quality: Quality, result: ExchangeResult): UsageRecord {
  const { reading } = result
  const served = reading?.servedModel || call.facts.model
  const priceAs = (model: string): PricedUsage => call.state.priceBook.price({
    orgId: heard.caller.orgId, provider: call.route.priceAs, model, usage, at: attempt.at, mode: reading?.mode ?? call.facts.mode, geo: reading?.geo || call.facts.geo,
  })
  const answer = priceAs(served)
  // A served name the book does not know, of a requested one it does: the requested one still says what was bought.
  const fallback = answer.state === 'unpriced' && served !== call.facts.model ? priceAs(call.facts.model) : null
  const best = fallback !== null && fallback.state !== 'unpriced' ? fallback : answer
  const breach = attempt.bound.cost !== null && best.cost !== null && best.cost > attempt.bound.cost && attempt.bound.unbounded === ''
  return {
    ...heard, usage, quality, pricing: best.state, lines: best.lines, cost: best.cost, listCost: best.listCost, currency: best.currency,
    notices: [
      ...heard.notices, ...(best === fallback ? ['priced_by_requested_model'] : []), ...(breach ? ['bound_breach'] : []), ...(best.notices ?? []),
    ],
  }
}

/** Counted by us when the provider's figure never came: a third of the bytes, never more than the bound. */
function estimatedUsage(attempt: Attempt, call: Call, result: ExchangeResult): Usage {
  const outputBytes = result.reading?.outputBytesSeen ?? result.responseBytes
  const input = Math.min(Math.ceil(call.facts.inputBytes / 3), attempt.bound.inputTokens)
  const output = Math.min(Math.ceil(outputBytes / 3), Math.max(attempt.bound.outputTokens, 0))
  return { input_text: input, ...(attempt.bound.outputTokens > 0 ? { output_text: output } : {}) }
}

/** Writes the outcome; once it is in the journal the holds become settlements and the rest is free again. */
export function settle(gateway: GatewayContext, attempt: Attempt, usageRecord: UsageRecord, callText: string): void {
  const { holds } = attempt
  const settlements = holds.map((hold) => ({ windowId: hold.windowId, amount: quantityOf(hold.scope.compiled.rule.measure, usageRecord) }))
  if (usageRecord.notices.includes('bound_breach')) gateway.counters.boundBreaches += 1
  if (usageRecord.quality === 'uncertain') gateway.counters.uncertain += 1
  gateway.journal.close(attempt.eventId, outcomeText(gateway.epoch(), usageRecord, settlements, callText), () => {
    for (const [index, hold] of holds.entries()) gateway.leases.settle(hold.windowId, hold.amount, settlements[index]!.amount)
  })
}

/** "0.0138 USD", or null when the record has no cost to tell. */
export const costHeader = (usageRecord: UsageRecord): string | null => (usageRecord.cost === null ? null : `${formatAmount(usageRecord.cost)} ${usageRecord.currency}`)
