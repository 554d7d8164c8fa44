import { errorCatalogue, type ErrorCode } from '../base/errors.ts'
import type { PriceBook } from '../core/pricing/price-book.ts'
import type { Attribution, UsageRecord } from '../core/usage/usage-record.ts'
import { outputTokens, type Usage } from '../core/usage/usage.ts'
import { diceUuid, type Dice } from './dice.ts'
import { demoModels, type DemoModel, type DemoModelName } from './models.ts'
import type { PlannedApp } from './organisation.ts'

/** A call that somebody made, before it is known how it went. */
export interface DrawnCall {
  readonly app: PlannedApp
  readonly at: number
  readonly model: DemoModelName
  readonly input: number
  readonly output: number
  /** Of the input, read from the cache and written to it. */
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly stream: boolean
  readonly attribution: Attribution
}
/** Prices as they were, and where the providers answered. */
export interface Surroundings { readonly book: PriceBook; readonly hosts: Readonly<Record<DemoModel['provider'], string>> }

/** One record per attempt, as a gateway would have written them. */
export function recordsOf(dice: Dice, surroundings: Surroundings, call: DrawnCall): readonly UsageRecord[] {
  const callId = diceUuid(dice, call.at)
  const fate = dice.next()
  if (fate < 0.012) {
    const failed = failure(dice, surroundings, call, callId)
    if (dice.chance(0.25)) return [failed]
    const again: DrawnCall = { ...call, at: failed.endAt + dice.between(180, 420) }
    return [failed, { ...success(dice, surroundings, again, callId), isCall: false, attempt: 2, fallbackOf: failed.eventId }]
  }
  const record = success(dice, surroundings, call, callId)
  if (fate < 0.0132) return [uncertain(surroundings, call, record)]
  if (fate < 0.0150 && call.stream) return [{ ...record, quality: 'provisional', errorClass: 'client_gone' }]
  if (fate >= 0.015 && fate < 0.0165) return [{ ...record, quality: 'estimated', rawUsage: '', notices: [...record.notices, 'usage_missing'] }]
  return [record]
}

/** A call that was answered by the gateway itself. */
export function refusalOf(dice: Dice, call: DrawnCall, code: ErrorCode, notices: readonly string[]): UsageRecord {
  const at = call.at + 1
  return {
    ...blank(dice, call, diceUuid(dice, at), diceUuid(dice, at)), kind: 'refusal', at, endAt: at, host: '', attempt: 0, servedModel: '', priceVersion: '',
    quality: 'absent', pricing: 'none', cost: 0n, listCost: 0n, status: errorCatalogue[code].status, upstreamStatus: 0, errorClass: 'refused', errorCode: code, notices,
    upstreamRequestId: '', responseBytes: 0,
  }
}

function blank(dice: Dice, call: DrawnCall, eventId: string, callId: string): UsageRecord {
  const model: DemoModel = demoModels[call.model]
  return {
    kind: 'attempt', eventId, callId, isCall: true, corrects: '', at: call.at, occurredAt: call.at - dice.between(0, 2), firstByteAt: 0, endAt: call.at,
    caller: call.app.caller, attribution: call.attribution,
    provider: model.provider, route: model.provider, host: '', region: '', requestedModel: model.requested, servedModel: model.served,
    endpoint: call.model === 'embedding' ? 'embeddings' : endpointOf[model.provider], tier: '', stream: call.stream, attempt: 1, fallbackOf: '',
    upstreamRequestId: `req_${dice.hex(16)}`, usage: {}, quality: 'final', pricing: 'none', lines: [], cost: null, listCost: null, currency: 'USD', statedCost: '', bound: null,
    priceVersion: '', status: 200, upstreamStatus: 200, errorClass: '', errorCode: '', requestBytes: call.input * 4 + 310, responseBytes: call.output * 4 + 420,
    requestHash: '', prefixHash: '', rawUsage: '', unknownUsageKeys: '', notices: [],
  }
}
const endpointOf: Readonly<Record<DemoModel['provider'], string>> = { openai: 'chat', anthropic: 'messages', gemini: 'generate_content' }

function success(dice: Dice, { book, hosts }: Surroundings, call: DrawnCall, callId: string): UsageRecord {
  const model: DemoModel = demoModels[call.model]
  const usage = usageOf(dice, model, call)
  const answer = book.price({ orgId: call.app.caller.orgId, provider: model.priceAs, model: model.served, usage, at: call.at, mode: 'standard', geo: '' })
  const firstTokenMs = Math.round((model.firstTokenMs + call.input / 60) * dice.spread(0.28))
  const speakingMs = Math.round(outputTokens(usage) * model.tokenMs * dice.spread(0.18))
  const endAt = call.at + firstTokenMs + speakingMs
  return {
    ...blank(dice, call, diceUuid(dice, call.at), callId), host: hosts[model.provider], usage,
    firstByteAt: call.stream ? call.at + firstTokenMs : endAt - dice.between(1, 6), endAt,
    pricing: answer.state, lines: answer.lines, cost: answer.cost, listCost: answer.listCost, currency: answer.currency, priceVersion: book.version,
    rawUsage: rawUsageOf(model, usage), notices: answer.notices ?? [],
  }
}

/** The provider's failure, with nothing counted. */
function failure(dice: Dice, { hosts }: Surroundings, call: DrawnCall, callId: string): UsageRecord {
  const model: DemoModel = demoModels[call.model]
  const status = dice.weighted([[429, 4], [model.provider === 'anthropic' ? 529 : 503, 4], [500, 2]] as const)
  const endAt = call.at + dice.between(60, 900)
  return {
    ...blank(dice, call, diceUuid(dice, call.at), callId), host: hosts[model.provider], servedModel: '', quality: 'absent', cost: 0n, listCost: 0n,
    status, upstreamStatus: status, errorClass: 'provider_error', firstByteAt: endAt - 1, endAt, responseBytes: 180,
  }
}

/** The connection broke after the call had left: nobody knows what was counted, so its bound is booked. */
function uncertain({ book }: Surroundings, call: DrawnCall, record: UsageRecord): UsageRecord {
  const model: DemoModel = demoModels[call.model]
  const outputTokensMax = Math.max(call.output * 2, 64)
  const bound = book.bound({
    orgId: call.app.caller.orgId, provider: model.priceAs, model: model.requested, inputTokensMax: call.input + 40, outputTokensMax, at: call.at, mode: 'standard', geo: '', mayWriteCache: false,
  })
  return {
    ...record, usage: { input_text: call.input + 40, output_text: outputTokensMax }, quality: 'uncertain', pricing: bound === null ? 'unpriced' : 'priced', lines: [],
    cost: bound?.cost ?? null, listCost: bound?.cost ?? null, bound: bound?.cost ?? null, firstByteAt: 0, endAt: call.at + 120_000, status: 502, upstreamStatus: 0,
    errorClass: 'timeout', servedModel: '', rawUsage: '', upstreamRequestId: '', responseBytes: 0, notices: [],
  }
}

function usageOf(dice: Dice, model: DemoModel, call: DrawnCall): Usage {
  if (call.model === 'embedding') return { embedding: call.input }
  const reasoning = model.reasons ? Math.round(call.output * (0.2 + dice.next() * 0.9)) : 0
  return {
    input_text: Math.max(call.input - call.cacheRead - call.cacheWrite, 1),
    ...(call.cacheRead > 0 ? { cache_read: call.cacheRead } : {}),
    ...(call.cacheWrite > 0 ? { cache_write_5m: call.cacheWrite } : {}),
    output_text: call.output,
    ...(reasoning > 0 ? { output_reasoning: reasoning } : {}),
  }
}

/** The usage object in the provider's own words. */
function rawUsageOf(model: DemoModel, usage: Usage): string {
  const [text, read, written, output, reasoning] = [usage.input_text ?? 0, usage.cache_read ?? 0, usage.cache_write_5m ?? 0, usage.output_text ?? 0, usage.output_reasoning ?? 0]
  if (usage.embedding !== undefined) return `{"prompt_tokens":${usage.embedding},"total_tokens":${usage.embedding}}`
  switch (model.provider) {
    case 'openai':
      return `{"prompt_tokens":${text + read},"completion_tokens":${output + reasoning},"total_tokens":${text + read + output + reasoning},"prompt_tokens_details":{"cached_tokens":${read},"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":${reasoning},"audio_tokens":0}}`
    case 'anthropic':
      return `{"input_tokens":${text},"cache_creation_input_tokens":${written},"cache_read_input_tokens":${read},"cache_creation":{"ephemeral_5m_input_tokens":${written},"ephemeral_1h_input_tokens":0},"output_tokens":${output},"service_tier":"standard"}`
    case 'gemini':
      return `{"promptTokenCount":${text + read},"candidatesTokenCount":${output},"totalTokenCount":${text + read + output + reasoning}${read > 0 ? `,"cachedContentTokenCount":${read}` : ''}${reasoning > 0 ? `,"thoughtsTokenCount":${reasoning}` : ''}}`
  }
}
