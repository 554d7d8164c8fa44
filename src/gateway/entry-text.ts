import type { Hold } from '../core/entitlement/holdings.ts'
import { encodeUsageRecord } from '../core/usage/usage-record-json.ts'
import type { UsageRecord } from '../core/usage/usage-record.ts'

/**
 * `AttemptEntry` as the journal keeps it. Written as text, because a call writes two entries and most of both is its
 * record; `callText` is what the two have in common, when it is at hand.
 */
export const attemptText = (epoch: number, provisional: UsageRecord, holds: readonly Hold[], callText?: string): string =>
  `{"t":"attempt","eventId":"${provisional.eventId}","epoch":${epoch},"provisional":${encodeUsageRecord(provisional, callText)},"holds":${holdsText(holds)}}`

/** `OutcomeEntry` as the journal keeps it; a settlement's amount is what was used. */
export const outcomeText = (epoch: number, usageRecord: UsageRecord, settlements: readonly Hold[], callText?: string): string =>
  `{"t":"outcome","record":${encodeUsageRecord(usageRecord, callText)},"epoch":${epoch},"settlements":${holdsText(settlements)}}`

function holdsText(holds: readonly Hold[]): string {
  let text = '['
  for (const { windowId, amount } of holds) text += `${text === '[' ? '' : ','}{"windowId":${windowText(windowId)},"amount":"${amount}"}`
  return `${text}]`
}

/** Window names are long and few; the same ones stand in every entry. */
const windowTexts = new Map<string, string>()
const windowTextsMax = 10_000
function windowText(windowId: string): string {
  let text = windowTexts.get(windowId)
  if (text === undefined) {
    text = JSON.stringify(windowId)
    if (windowTexts.size >= windowTextsMax) windowTexts.clear()
    windowTexts.set(windowId, text)
  }
  return text
}
