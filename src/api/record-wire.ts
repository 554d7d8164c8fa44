import { formatAmount, type Amount } from '../base/money.ts'
import type { CostLine, UsageRecord } from '../core/usage/usage-record.ts'
import type { StoredRecord } from '../store/ports.ts'

/** Usage records as the API answers them: amounts as decimals, everything else as stored. */

const textOf = (amount: Amount | null): string | null => (amount === null ? null : formatAmount(amount))

export function summarise(row: UsageRecord) {
  return {
    eventId: row.eventId, callId: row.callId, kind: row.kind, isCall: row.isCall, at: row.at, caller: row.caller, attribution: row.attribution,
    provider: row.provider, requestedModel: row.requestedModel, servedModel: row.servedModel, endpoint: row.endpoint, stream: row.stream,
    quality: row.quality, pricing: row.pricing, usage: row.usage, cost: textOf(row.cost), listCost: textOf(row.listCost), currency: row.currency,
    status: row.status, errorClass: row.errorClass, errorCode: row.errorCode,
    latencyMs: row.endAt > 0 && row.occurredAt > 0 ? Math.max(0, row.endAt - row.occurredAt) : null,
    firstByteMs: row.firstByteAt > 0 ? Math.max(0, row.firstByteAt - row.occurredAt) : null,
  }
}

export function describeLine(line: CostLine) {
  return {
    component: line.component, quantity: line.quantity, unit: line.unit, rate: line.rate, per: line.per,
    amount: textOf(line.amount), listAmount: textOf(line.listAmount), entryId: line.entryId, listEntryId: line.listEntryId,
  }
}

export function describeRecord(row: StoredRecord) {
  return {
    ...summarise(row), corrects: row.corrects, occurredAt: row.occurredAt, firstByteAt: row.firstByteAt, endAt: row.endAt, recordedAt: row.recordedAt,
    batchId: row.batchId, route: row.route, host: row.host, region: row.region, tier: row.tier, attempt: row.attempt, fallbackOf: row.fallbackOf,
    upstreamRequestId: row.upstreamRequestId, lines: row.lines.map(describeLine), statedCost: row.statedCost, bound: textOf(row.bound),
    priceVersion: row.priceVersion, upstreamStatus: row.upstreamStatus, requestBytes: row.requestBytes, responseBytes: row.responseBytes,
    rawUsage: row.rawUsage, unknownUsageKeys: row.unknownUsageKeys, notices: row.notices,
  }
}
