import { formatAmount } from '../base/money.ts'
import { limits } from '../config/limits.ts'
import type { CallBound, HoldPlan } from '../core/entitlement/decide.ts'
import type { Hold } from '../core/entitlement/holdings.ts'
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

/** A record while its attempt is under way; the outcome is written into it, because a copy of it is most of what a call allocates. */
export type RecordDraft = { -readonly [Member in keyof UsageRecord]: UsageRecord[Member] }

/** What is known before the call leaves: the record as it must stand if nothing is ever heard again. */
function provisionalRecord(call: Call, attempt: Attempt): RecordDraft {
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
function boundUsage({ inputTokens, outputTokens }: CallBound): Usage {
  if (inputTokens > 0 && outputTokens > 0) return { input_text: inputTokens, output_text: outputTokens }
  return inputTokens > 0 ? { input_text: inputTokens } : outputTokens > 0 ? { output_text: outputTokens } : noUsage
}

/** The journal entry that must be written before the call leaves. */
export function attemptEntry(call: Call, attempt: Attempt, epoch: number): AttemptWritten {
  const draft = provisionalRecord(call, attempt)
  const callText = encodeCallPart(draft)
  return { draft, callText, payload: attemptText(epoch, draft, attempt.holds, callText) }
}

/** An attempt's entry and what of it the outcome's entry repeats. */
interface AttemptWritten {
  readonly draft: RecordDraft
  readonly callText: string
  readonly payload: string
}

/** Turns what was heard into the final record, in the draft. Never fails: what cannot be known is booked as such. */
export function outcomeRecord(call: Call, attempt: Attempt, draft: RecordDraft, result: ExchangeResult, clientStatus: number): UsageRecord {
  const reading = bounded(result.reading)
  draft.firstByteAt = result.firstByteAt
  draft.endAt = result.endAt
  draft.upstreamStatus = result.upstreamStatus
  draft.status = clientStatus
  draft.responseBytes = result.responseBytes
  draft.upstreamRequestId = result.requestId
  draft.errorClass = errorClassOf(call, result)
  if (reading !== null) hear(draft, reading)
  if (!result.sent) return unused(draft)
  if (call.facts.endpoint.kind === 'opaque' && result.upstreamStatus > 0) return result.upstreamStatus < 500 ? notInference(call, draft) : unused(draft)
  if (reading?.usage != null) return priced(call, attempt, draft, reading.usage, reading.quality, result)
  if (isRefused(call, result)) return unused(draft)
  if (result.upstreamStatus === 0) return draft
  if (call.facts.endpoint.kind !== 'inference') return notInference(call, draft)
  draft.notices = [...draft.notices, 'usage_missing']
  return priced(call, attempt, draft, estimatedUsage(attempt, call, result), 'estimated', result)
}

function hear(draft: RecordDraft, reading: UsageReading): void {
  draft.servedModel = reading.servedModel
  draft.tier = reading.tier
  draft.rawUsage = reading.rawUsage
  draft.statedCost = reading.statedCost
  if (reading.unknownKeys.length > 0) draft.unknownUsageKeys = reading.unknownKeys.join(',').slice(0, unknownKeysTextMax)
  if (reading.notices.length > 0) draft.notices = [...draft.notices, ...reading.notices]
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
function unused(draft: RecordDraft): UsageRecord {
  draft.usage = noUsage
  draft.quality = 'absent'
  draft.pricing = 'none'
  draft.cost = 0n
  draft.listCost = 0n
  return draft
}

function notInference(call: Call, draft: RecordDraft): UsageRecord {
  if (call.facts.endpoint.kind === 'free') return unused(draft)
  const amount = priceOfCall(call)
  draft.usage = { request: 1 }
  draft.quality = 'final'
  draft.cost = amount
  draft.listCost = amount
  draft.pricing = amount === null ? 'none' : 'priced'
  if (amount === null) return draft
  const entryId = `route:${call.route.name}`
  const line: CostLine = {
    component: 'request', quantity: 1, unit: 'request', entryId, rate: call.route.callPrice, per: 1, amount, listAmount: amount, listEntryId: entryId,
  }
  draft.lines = [line]
  draft.currency = call.route.currency
  return draft
}

function priced(call: Call, attempt: Attempt, draft: RecordDraft, usage: Usage, quality: Quality, result: ExchangeResult): UsageRecord {
  const { reading } = result
  const served = reading?.servedModel || call.facts.model
  const priceAs = (model: string): PricedUsage => call.state.priceBook.price({
    orgId: draft.caller.orgId, provider: call.route.priceAs, model, usage, at: attempt.at, mode: reading?.mode ?? call.facts.mode, geo: reading?.geo || call.facts.geo,
  })
  const answer = priceAs(served)
  // A served name the book does not know, of a requested one it does: the requested one still says what was bought.
  const fallback = answer.state === 'unpriced' && served !== call.facts.model ? priceAs(call.facts.model) : null
  const best = fallback !== null && fallback.state !== 'unpriced' ? fallback : answer
  const breach = attempt.bound.cost !== null && best.cost !== null && best.cost > attempt.bound.cost && attempt.bound.unbounded === ''
  draft.usage = usage
  draft.quality = quality
  draft.pricing = best.state
  draft.lines = best.lines
  draft.cost = best.cost
  draft.listCost = best.listCost
  draft.currency = best.currency
  if (best === fallback || breach || best.notices !== undefined) {
    draft.notices = [...draft.notices, ...(best === fallback ? ['priced_by_requested_model'] : []), ...(breach ? ['bound_breach'] : []), ...(best.notices ?? [])]
  }
  return draft
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
  const settlements: Hold[] = []
  for (const { windowId, scope } of holds) settlements.push({ windowId, amount: quantityOf(scope.compiled.rule.measure, usageRecord) })
  if (usageRecord.notices.includes('bound_breach')) gateway.counters.boundBreaches += 1
  if (usageRecord.quality === 'uncertain') gateway.counters.uncertain += 1
  gateway.journal.close(attempt.eventId, outcomeText(gateway.epoch(), usageRecord, settlements, callText), () => {
    for (let i = 0; i < holds.length; i += 1) gateway.leases.settle(holds[i]!.windowId, holds[i]!.amount, settlements[i]!.amount)
  })
}

/** "0.0138 USD", or null when the record has no cost to tell. */
export const costHeader = (usageRecord: UsageRecord): string | null => (usageRecord.cost === null ? null : `${formatAmount(usageRecord.cost)} ${usageRecord.currency}`)
