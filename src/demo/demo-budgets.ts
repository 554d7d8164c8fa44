import { periodAt } from '../base/period.ts'
import type { Amount } from '../base/money.ts'
import type { BudgetRule } from '../core/entitlement/rule.ts'
import type { BatchKey, ControlStore, EventStore } from '../store/ports.ts'
import { companyName, companyZone } from './company.ts'
import { demoActor } from './found-company.ts'
import { historyBetween, runawayWorkflow, type World } from './history.ts'
import { appIdOf, teamIdOf } from './organisation.ts'
import type { Span } from './demo-file.ts'

const unit: Amount = 10n ** 15n
/** Teams whose hard budget holds their calls, history told afterwards included. */
const hardTeams = ['Marketing', 'Support'] as const
const ruleIdOf = (team: string): string => `rule_${team.toLowerCase()}_month`

/** Two significant digits, as people set budgets; at least a cent, which is what a team has used by the first morning of a month. */
export function roundDown(amount: Amount): Amount {
  const rounded = (amount / stepOf(amount)) * stepOf(amount)
  return rounded < cent ? cent : rounded
}
export const roundUp = (amount: Amount): Amount => {
  const down = roundDown(amount)
  return down >= amount ? down : down + stepOf(amount)
}
const cent = unit / 100n
function stepOf(amount: Amount): Amount {
  let step = cent / 10n
  while (amount / step >= 100n) step *= 10n
  return step
}

const monthOf = (at: number): { readonly startMs: number; readonly endMs: number } => periodAt('month', companyZone, at)

/** Marketing's cap: a little below what the team would have used this month, so that it is spent by now. */
export function marketingLimit(world: World): Amount {
  const { anchorMs } = world.story
  let sum = 0n
  for (const usageRecord of ofTeam(world, 'Marketing', monthOf(anchorMs).startMs, anchorMs)) sum += usageRecord.cost ?? 0n
  return roundDown((sum * 92n) / 100n)
}

function ofTeam(world: World, team: string, fromMs: number, toMs: number): ReturnType<typeof historyBetween> {
  return historyBetween(world, fromMs, toMs, undefined, (app) => app.teamId === teamIdOf(team))
}

/** From when to when in a span a team's monthly limit admits nothing more, given what is left of it in the month the span begins in. */
function spentWithin(world: World, team: string, limit: Amount, leftAtFirst: Amount, fromMs: number, toMs: number): Span['spent'] {
  const found: Span['spent'][number][] = []
  for (let month = monthOf(fromMs); month.startMs < toMs; month = monthOf(month.endMs)) {
    let left = month.startMs < fromMs ? leftAtFirst : limit
    const end = Math.min(month.endMs, toMs)
    const records = [...ofTeam(world, team, Math.max(month.startMs, fromMs), end)].sort((a, b) => a.at - b.at)
    const first = records.find((usageRecord) => (left -= usageRecord.cost ?? 0n) < 0n)
    if (first !== undefined) found.push({ teamId: teamIdOf(team), fromMs: first.at, toMs: end })
  }
  return found
}

/** The first span ends at the anchor; of the budgets to come only Marketing's has been spent in it. */
export function firstSpan(world: World): Span {
  const { beginMs, anchorMs } = world.story
  const limit = marketingLimit(world)
  return { segment: 1, fromMs: beginMs, toMs: anchorMs, spent: spentWithin(world, 'Marketing', limit, limit, monthOf(anchorMs).startMs, anchorMs), done: false }
}

/** A later span tells what the company did while nobody ran it; hard budgets held meanwhile. */
export async function laterSpan(control: ControlStore, orgId: string, world: World, segment: number, fromMs: number, toMs: number): Promise<Span> {
  const spent: Span['spent'][number][] = []
  for (const team of hardTeams) {
    const rule = await control.getRule(orgId, ruleIdOf(team))
    if (rule === null || !rule.hard) continue
    const window = (await control.windows(orgId, { ruleId: rule.id, atMs: fromMs }))[0]
    spent.push(...spentWithin(world, team, rule.limit, window === undefined ? rule.limit : window.limit - window.committed - window.leased, fromMs, toMs))
  }
  return { segment, fromMs, toMs, spent, done: false }
}

type Words = Pick<BudgetRule, 'id' | 'name' | 'selector' | 'per' | 'window' | 'hard'>
const word = (id: string, name: string, selector: BudgetRule['selector'], more: Partial<Pick<Words, 'per' | 'hard'>> & { readonly every?: 'day' | 'month' } = {}): Words =>
  ({ id, name, selector, per: more.per ?? [], window: { unit: more.every ?? 'month', zone: companyZone }, hard: more.hard ?? false })

/** Budgets with how their limit follows from what the current window has used already. */
const budgets: readonly { readonly words: Words; readonly limitFor: (sums: readonly Amount[], world: World) => Amount }[] = [
  { words: word('rule_company_month', `${companyName}, all AI`, {}), limitFor: ([used = 0n]) => roundUp((used * 100n) / 72n) },
  { words: word('rule_claims_month', 'Claims', { nodeId: teamIdOf('Claims') }), limitFor: ([used = 0n]) => roundDown((used * 74n) / 100n) },
  { words: word(ruleIdOf('Marketing'), 'Marketing monthly cap', { nodeId: teamIdOf('Marketing') }, { hard: true }), limitFor: (_sums, world) => marketingLimit(world) },
  { words: word(ruleIdOf('Support'), 'Support', { nodeId: teamIdOf('Support') }, { hard: true }), limitFor: ([used = 0n]) => roundUp((used * 100n) / 86n) },
  { words: word('rule_developers_month', 'Developer tools', { nodeId: teamIdOf('Developer tools') }), limitFor: ([used = 0n]) => roundUp((used * 100n) / 58n) },
  { words: word('rule_editor_user_day', 'Editor assistant, per person', { nodeId: appIdOf('Editor assistant') }, { per: ['user'], every: 'day' }), limitFor: () => unit / 2n },
  { words: word('rule_claim_run_day', 'Claim assessment, per run', { workflow: runawayWorkflow }, { per: ['run'], every: 'day', hard: true }), limitFor: () => 5n * unit },
]

/** Creates them from what their current window already holds: a budget is the sum of its records from the first moment. */
export async function makeBudgets(control: ControlStore, events: EventStore, orgId: string, world: World): Promise<void> {
  for (const { words, limitFor } of budgets) {
    if ((await control.getRule(orgId, words.id)) !== null) continue
    const period = periodAt(words.window.unit, words.window.zone, await control.now())
    const draft: BudgetRule = {
      ...words, orgId, measure: 'cost', currency: 'USD', limit: 0n, outputBound: 'inject', outputCapDefault: 4_096, unpriced: 'allow', unbounded: 'allow',
    }
    const sums = (cut: readonly BatchKey[]): Promise<ReadonlyMap<string, bigint>> => events.sumByTuple(draft, { fromMs: period.startMs, toMs: period.endMs }, cut)
    const cut = (await control.listJournals()).flatMap((journal) => (journal.last === null ? [] : [journal.last]))
    const limit = limitFor([...(await sums(cut)).values()], world)
    await control.createRule({ ...draft, limit }, async (atCut) => [...(await sums(atCut))].map(([tuple, committed]) => ({ tuple, ...period, committed })), demoActor)
  }
}
