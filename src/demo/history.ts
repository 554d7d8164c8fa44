import type { Attribution, UsageRecord } from '../core/usage/usage-record.ts'
import { workflows, type StepPlan } from './company.ts'
import { diceFor, type Dice } from './dice.ts'
import { recordsOf, refusalOf, type DrawnCall, type Surroundings } from './draw-call.ts'
import type { DemoModelName } from './models.ts'
import type { Organisation, PlannedApp } from './organisation.ts'
import { localHour, shareOfDay, type LocalHour } from './rhythm.ts'
import { growthAt, modelAt, type Story } from './story.ts'

export const hourMs = 3_600_000
/** Longest a run is spread over, so that a stretch of history also holds what began before it. */
const runReachHours = 1

export interface World extends Surroundings { readonly story: Story; readonly organisation: Organisation }
/** True where a team's hard budget was spent: its calls were refused then. */
type SpentOut = (teamId: string, at: number) => boolean
const neverSpent: SpentOut = () => false

/**
 * Records of every call with `at` in [fromMs, toMs), oldest hour first. Each hour of each app is thrown with dice of its own, so
 * a stretch can be told again, in parts or for some apps, and the same calls come out.
 */
export function* historyBetween(world: World, fromMs: number, toMs: number, spentOut: SpentOut = neverSpent, only: (app: PlannedApp) => boolean = () => true): Generator<UsageRecord> {
  const apps = world.organisation.apps.filter(only)
  const within = (usageRecord: UsageRecord): boolean => usageRecord.at >= fromMs && usageRecord.at < toMs
  for (let hour = Math.floor(fromMs / hourMs) * hourMs - runReachHours * hourMs; hour < toMs; hour += hourMs) {
    const local = localHour(hour)
    for (const app of apps) for (const usageRecord of hourOf(world, app, hour, local, spentOut)) if (within(usageRecord)) yield usageRecord
  }
  const { runaway } = world.story
  if (runaway.fromMs < toMs && runaway.toMs > fromMs && apps.some((app) => app.plan.workflow === runawayWorkflow)) for (const usageRecord of runawayRun(world)) if (within(usageRecord)) yield usageRecord
}

function hourOf(world: World, app: PlannedApp, hourStartMs: number, local: LocalHour, spentOut: SpentOut): readonly UsageRecord[] {
  const { story } = world
  const dice = diceFor(story.seed, app.appId, hourStartMs)
  const mean = app.plan.daily * shareOfDay(app.plan.rhythm, local) * growthAt(story, app.team.growth, hourStartMs)
  const found: UsageRecord[] = []
  for (let left = dice.count(mean); left > 0; left -= 1) {
    const at = hourStartMs + Math.floor(dice.next() * hourMs)
    for (const call of drawCalls(dice, world, app, at)) found.push(...outcomeOf(dice, world, call, spentOut))
  }
  return found
}

/** What an app does at an instant: one call, or a workflow's run with a call for each step. */
export const drawCalls = (dice: Dice, world: World, app: PlannedApp, at: number): readonly DrawnCall[] =>
  (app.plan.workflow === undefined ? [singleCall(dice, world, app, at)] : runOf(dice, world, app, at))

function outcomeOf(dice: Dice, world: World, call: DrawnCall, spentOut: SpentOut): readonly UsageRecord[] {
  // A refused call throws no further dice of the others' outcome: each call's outcome has dice of its own.
  const own = diceFor(world.story.seed, call.app.appId, call.at, dice.hex(8))
  if (spentOut(call.app.teamId, call.at)) return [refusalOf(own, call, 'budget_exceeded', [`budget=${call.app.team.name} monthly cap`])]
  if (call.app.plan.name === 'Delay notices' && own.chance(0.03)) return [refusalOf(own, { ...call, model: 'gpt-5.1' }, 'model_not_allowed', [])]
  if (call.app.plan.name === 'Reply suggestions' && own.chance(0.008)) return [refusalOf(own, { ...call, model: 'opus' }, 'model_not_allowed', [])]
  return recordsOf(own, world, call)
}

function singleCall(dice: Dice, { story }: World, app: PlannedApp, at: number): DrawnCall {
  const { plan } = app
  const named: DemoModelName = dice.weighted(plan.models)
  const call = sized(dice, app, plan.input, plan.output)
  const cached = plan.name === 'Policy assistant' && at < story.cachingMs ? 0 : (plan.cached ?? 0)
  return {
    app, at, model: modelAt(story, named, shareOfApp(app), at), ...call, ...cacheOf(dice, call.input, cached, named), stream: dice.chance(plan.streams),
    attribution: attributionOf(dice, app, {}),
  }
}

/** Reads most of a repeated prompt from the cache; the first call after a pause writes it. */
function cacheOf(dice: Dice, input: number, share: number, model: DemoModelName): Pick<DrawnCall, 'cacheRead' | 'cacheWrite'> {
  const cacheable = Math.floor(input * share)
  if (cacheable < 1_024) return { cacheRead: 0, cacheWrite: 0 }
  const writes = model === 'sonnet' || model === 'haiku' || model === 'opus'
  if (dice.chance(0.12)) return { cacheRead: 0, cacheWrite: writes ? cacheable : 0 }
  return { cacheRead: cacheable, cacheWrite: 0 }
}

/** Prompts are cut before a context is full. */
const inputTokensMax = 110_000

const sized = (dice: Dice, app: PlannedApp, input: number, output: number): Pick<DrawnCall, 'input' | 'output'> => ({
  input: Math.min(inputTokensMax, Math.max(12, Math.round(input * dice.spread(0.42)))),
  output: output === 0 ? 0 : Math.max(2, Math.round(output * dice.spread(app.plan.streams > 0 ? 0.5 : 0.35))),
})

/** Apps of a team that moves to another model go one after the other. */
const shareOfApp = (app: PlannedApp): number => app.team.apps.indexOf(app.plan) / app.team.apps.length

function attributionOf(dice: Dice, app: PlannedApp, said: Partial<Pick<Attribution, 'agent' | 'workflow' | 'run' | 'parentRun' | 'step'>>): Attribution {
  const { plan, team } = app
  const user = plan.users === 0 ? '' : `u-${team.name.slice(0, 3).toLowerCase()}${String(1 + Math.floor(dice.next() ** 2 * plan.users)).padStart(3, '0')}`
  const session = user !== '' && plan.streams > 0.5 ? `s-${dice.hex(10)}` : ''
  const rule = [said.agent, said.workflow, said.run, user].some((value) => value !== undefined && value !== '')
    ? [...(user === '' ? [] : ['user=x-tollgate']), ...Object.keys(said).map((name) => `${name}=x-tollgate`), ...(session === '' ? [] : ['session=x-tollgate'])].join(',') : ''
  return {
    user, agent: '', workflow: '', run: '', parentRun: '', step: '', session,
    tags: { env: dice.chance(0.94) ? 'production' : 'staging', ...(plan.rhythm === 'customers' ? { market: dice.weighted([['nl', 5], ['de', 3], ['be', 2]] as const) } : {}) }, rule, ...said,
  }
}

/** A workflow's run: its steps in order, each once or more, under one run id; helpers of another agent have a run of their own below it. */
function runOf(dice: Dice, world: World, app: PlannedApp, startMs: number): readonly DrawnCall[] {
  const workflow = workflows.find((each) => each.name === app.plan.workflow)!
  const run = `run-${dice.hex(10)}`
  const user = attributionOf(dice, app, {})
  const first = workflow.steps[0]!.agent
  const calls: DrawnCall[] = []
  let at = startMs
  for (const step of workflow.steps) {
    const own = step.agent === first ? { run, parentRun: '' } : { run: `${run}.${step.agent}`, parentRun: run }
    const times = dice.between(...step.repeats)
    for (let turn = 0; turn < times; turn += 1) {
      calls.push(stepCall(dice, world, app, step, at, turn, { ...user, ...own, agent: step.agent, workflow: workflow.name, step: step.step, rule: 'user=x-tollgate,agent=x-tollgate,workflow=x-tollgate,run=x-tollgate,step=x-tollgate' }))
      at += dice.between(2_500, 24_000)
    }
  }
  return calls
}

function stepCall(dice: Dice, { story }: World, app: PlannedApp, step: StepPlan, at: number, turn: number, attribution: Attribution): DrawnCall {
  const call = sized(dice, app, step.input * (1 + turn * 0.35), step.output)
  return {
    app, at, model: modelAt(story, step.model, shareOfApp(app), at), ...call, ...cacheOf(dice, call.input, app.plan.cached ?? 0, step.model), stream: dice.chance(app.plan.streams * 0.4),
    attribution,
  }
}

export const runawayWorkflow = 'assess-claim'
/** Steps of the run that did not end. */
const runawaySteps = 260

/** One claim, one agent, two hours: every step reads all that the steps before it wrote. */
function* runawayRun(world: World): Generator<UsageRecord> {
  const { fromMs, toMs } = world.story.runaway
  const app = world.organisation.apps.find((each) => each.plan.workflow === runawayWorkflow)!
  const dice = diceFor(world.story.seed, 'runaway')
  const parentRun = `run-${dice.hex(10)}`
  const attribution: Attribution = {
    ...attributionOf(dice, app, {}), agent: 'evidence', workflow: runawayWorkflow, run: `${parentRun}.evidence`, parentRun, session: '', tags: { env: 'production', claim: 'HL-48213' },
    rule: 'user=x-tollgate,agent=x-tollgate,workflow=x-tollgate,run=x-tollgate,parentRun=x-tollgate,step=x-tollgate',
  }
  const pace = (toMs - fromMs) / runawaySteps
  for (let step = 0; step < runawaySteps; step += 1) {
    const at = Math.floor(fromMs + step * pace + dice.next() * pace * 0.6)
    const input = Math.round(9_000 + step * 560 + dice.next() * 900)
    // Near the end it is given the dearest model, "to finally settle it".
    const model: DemoModelName = step > runawaySteps - 30 ? 'opus' : 'sonnet'
    yield* recordsOf(diceFor(world.story.seed, 'runaway', step), world, {
      app, at, model, input, output: dice.between(420, 1_300), cacheRead: 0, cacheWrite: 0, stream: false, attribution: { ...attribution, step: `gather-${step + 1}` },
    })
  }
}
