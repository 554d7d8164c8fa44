import type { Hold } from '../core/entitlement/holdings.ts'
import { encodeUsageRecord } from '../core/usage/usage-record-json.ts'
import type { UsageRecord } from '../core/usage/usage-record.ts'

/** `AttemptEntry` as the journal keeps it. Written as text, because a call writes two entries and most of both is its record. */
export const attemptText = (epoch: number, provisional: UsageRecord, holds: readonly Hold[]): string =>
  `{"t":"attempt","eventId":"${provisional.eventId}","epoch":${epoch},"provisional":${encodeUsageRecord(provisional)},"holds":${holdsText(holds)}}`

/** `OutcomeEntry` as the journal keeps it; a settlement's amount is what was used. */
export const outcomeText = (epoch: number, usageRecord: UsageRecord, settlements: readonly Hold[]): string =>
  `{"t":"outcome","record":${encodeUsageRecord(usageRecord)},"epoch":${epoch},"settlements":${holdsText(settlements)}}`

function holdsText(holds: readonly Hold[]): string {
  let text = '['
  for (const { windowId, amount } of holds) text += `${text === '[' ? '' : ','}{"windowId":${JSON.stringify(windowId)},"amount":"${amount}"}`
  return `${text}]`
}
