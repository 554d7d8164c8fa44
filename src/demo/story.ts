import { DateTime } from 'luxon'
import { amountOf, formatAmount } from '../base/money.ts'
import type { PriceData, PriceEntry } from '../core/pricing/price-entry.ts'
import { companyZone } from './company.ts'
import type { DemoModelName } from './models.ts'

const dayMs = 86_400_000
export const historyDays = 90

/** What happens to the company, and when: every instant follows from the one at which the demo was first started. */
export interface Story {
  readonly seed: number
  /** First start; history ends and live traffic begins here. */
  readonly anchorMs: number
  readonly beginMs: number
  /** Support's apps move from gpt-4o to gpt-5-mini, app by app, between these. */
  readonly migration: { readonly fromMs: number; readonly toMs: number }
  /** The policy assistant starts to use the provider's cache. */
  readonly cachingMs: number
  /** A negotiated price for one model. */
  readonly contractMs: number
  /** An evidence agent that found no end. */
  readonly runaway: { readonly fromMs: number; readonly toMs: number }
}

export function storyFrom(seed: number, anchorMs: number): Story {
  const startOfDay = (daysAgo: number, hour: number): number => DateTime.fromMillis(anchorMs, { zone: companyZone }).minus({ days: daysAgo }).startOf('day').plus({ hours: hour }).toMillis()
  const runawayFrom = startOfDay(3, 13) + 1_260_000
  return {
    seed, anchorMs, beginMs: startOfDay(historyDays, 0),
    migration: { fromMs: startOfDay(47, 9), toMs: startOfDay(38, 9) },
    cachingMs: startOfDay(26, 11), contractMs: startOfDay(33, 0),
    runaway: { fromMs: runawayFrom, toMs: runawayFrom + 2 * 3_600_000 },
  }
}

/** The model a plan's name stands for at an instant: Support's move shows here and nowhere else. `share` ∈ [0, 1) says which app goes first. */
export function modelAt(story: Story, name: DemoModelName, share: number, at: number): DemoModelName {
  if (name !== 'gpt-4o') return name
  const { fromMs, toMs } = story.migration
  return (at - fromMs) / (toMs - fromMs) > share ? 'gpt-5-mini' : name
}

/** Weekly growth adds up to the team's share over the history, and goes on after it for a while. */
export const growthAt = (story: Story, growth: number, at: number): number => 1 + growth * Math.min((at - story.beginMs) / (historyDays * dayMs), 1.5)

const contractModel = 'claude-sonnet-4-5'
const contractRank = 100

/** The contract: 15 % below each list price that holds when it begins. */
export function contractEntries(story: Story, orgId: string, list: PriceData): readonly PriceEntry[] {
  const holding = list.entries.filter((entry) => entry.provider === 'anthropic' && entry.model === contractModel && entry.book === 'list' && entry.status === 'active'
    && entry.supersededAt === null && Object.keys(entry.conditions).length === 0 && entry.unit === 'token'
    && (entry.validFrom ?? 0) <= story.contractMs && (entry.validTo ?? Infinity) > story.contractMs)
  const best = new Map<string, PriceEntry>()
  for (const entry of holding) if ((best.get(entry.component)?.rank ?? -1) < entry.rank) best.set(entry.component, entry)
  return [...best.values()].map((entry) => ({
    ...entry, id: `price_demo_${entry.component}`, book: 'contract' as const, rank: contractRank, orgId,
    amount: formatAmount((amountOf(entry.amount) * 85n) / 100n), validFrom: story.contractMs, validTo: null, recordedAt: story.contractMs,
    source: 'override: Framework agreement 2026-114, 15 % below list',
  }))
}
