import { amountOf, formatAmount, type Amount } from '../../base/money.ts'
import { periodAt } from '../../base/period.ts'
import type { CostAnswer, CostDimension, CostQuery } from '../../core/analytics/cost-query.ts'
import type { ReadScope } from '../../store/ports.ts'
import { budgetsAtRisk } from '../budgets-at-risk.ts'
import { ratioOf } from '../budget-wire.ts'
import { previousPeriod, type Range } from '../compare-range.ts'
import type { ApiDeps } from '../deps.ts'
import { landMonth } from '../landing.ts'
import type { Handlers } from '../registrar.ts'

const dayMs = 86_400_000
const basisDaysMax = 14
const shownPerDimension = 5
/** Groups read per dimension; changes beyond the largest 500 are too small to show. */
const groupsMax = 500
const ranked = ['team', 'app', 'model'] as const
type Ranked = (typeof ranked)[number]

/** One answer for the Overview page: its figures are read at one instant, so they agree with each other. */
export function overviewHandlers(deps: ApiDeps): Pick<Handlers, 'getOverview'> {
  return {
    async getOverview({ principal, query, scope }) {
      const asOfMs = await deps.control.now()
      const month = periodAt('month', query.zone, asOfMs)
      const range = { fromMs: month.startMs, toMs: Math.max(asOfMs, month.startMs + 1) }
      const previous = previousPeriod(range, query.zone)
      const ask = asker(deps, scope, query.zone)
      const currency = (await ask(range, { measures: ['cost'] })).currency || 'USD'
      const money = { currency }
      const [days, daysBefore, unallocated, basis, groups, budgets] = await Promise.all([
        ask(range, { ...money, measures: ['cost', 'list_cost', 'calls', 'tokens', 'unpriced_calls', 'uncertain_cost'], granularity: 'day' }),
        ask(previous, { ...money, measures: ['cost', 'calls', 'tokens'], granularity: 'day' }),
        ask(range, { ...money, measures: ['cost'], filters: [{ dimension: 'cost_centre', op: 'in', values: [''] }] }),
        fullDays(ask, asOfMs, query.zone, currency),
        Promise.all(ranked.map((dimension) => compareGroups(ask, dimension, range, previous, currency))),
        budgetsAtRisk(deps, principal, scope, asOfMs),
      ])
      const cost = amountIn(days.totals.cost)
      const landing = landMonth(cost ?? 0n, basis, month.endMs - asOfMs)
      return {
        asOfMs, currency, zone: query.zone, period: range, previous, monthEndMs: month.endMs,
        spend: {
          current: textOf(cost), previous: textOf(amountIn(daysBefore.totals.cost)), list: textOf(amountIn(days.totals.list_cost)),
          changeRatio: changeOf(cost, amountIn(daysBefore.totals.cost)),
        },
        calls: { current: countOf(days.totals.calls), previous: countOf(daysBefore.totals.calls) },
        tokens: { current: countOf(days.totals.tokens), previous: countOf(daysBefore.totals.tokens) },
        series: seriesOf(days, daysBefore, { asOfMs, startMs: month.startMs, zone: query.zone }),
        forecast: describeLanding(landing),
        movers: groups.flatMap((group) => group.movers),
        top: groups.flatMap((group) => group.top),
        otherCurrencies: days.otherCurrencies ?? [],
        shares: sharesOf(days, unallocated, cost),
        budgetsAtRisk: budgets,
      }
    },
  }
}

type Asker = (range: Range, words: Partial<CostQuery>) => Promise<CostAnswer>

function asker({ events }: ApiDeps, scope: ReadScope, zone: string): Asker {
  return (range, words) => events.costQuery(scope, { measures: ['cost'], groupBy: [], filters: [], granularity: 'none', zone, rowsMax: groupsMax, ...words, fromMs: range.fromMs, toMs: range.toMs })
}

/** Money of an answer: a decimal string, or null where nothing is priced. */
const amountIn = (value: string | number | null | undefined): Amount | null => (typeof value === 'string' ? amountOf(value) : null)
const textOf = (amount: Amount | null): string | null => (amount === null ? null : formatAmount(amount))
const countOf = (value: string | number | null | undefined): number => Number(value ?? 0)
const changeOf = (current: Amount | null, before: Amount | null): number | null => (current === null || before === null || before <= 0n ? null : ratioOf(current - before, before))

/** Costs of the last full days, from the first one that has any cost on. */
async function fullDays(ask: Asker, asOfMs: number, zone: string, currency: string): Promise<readonly Amount[]> {
  const today = periodAt('day', zone, asOfMs).startMs
  const starts: number[] = []
  for (let day = today; starts.length < basisDaysMax;) {
    day = periodAt('day', zone, day - dayMs / 2).startMs
    starts.unshift(day)
  }
  const answer = await ask({ fromMs: starts[0] ?? today, toMs: today }, { currency, measures: ['cost'], granularity: 'day' })
  const costs = new Map(answer.rows.map((row) => [row.bucketMs, amountIn(row.values.cost) ?? 0n]))
  const first = starts.findIndex((start) => costs.has(start))
  return first < 0 ? [] : starts.slice(first).map((start) => costs.get(start) ?? 0n)
}

function describeLanding(landing: ReturnType<typeof landMonth>) {
  const label = landing.landing === null ? 'Not enough full days yet.' : `What is spent, plus the mean of the last ${landing.basisDays} full day(s) for the time left; the band is their mean deviation.`
  return { landing: textOf(landing.landing), low: textOf(landing.low), high: textOf(landing.high), method: 'daily_mean', label, basisDays: landing.basisDays }
}

function seriesOf(days: CostAnswer, daysBefore: CostAnswer, at: { readonly asOfMs: number; readonly startMs: number; readonly zone: string }) {
  const byDay = new Map(days.rows.map((row) => [row.bucketMs, row.values]))
  const before = [...daysBefore.rows].sort((a, b) => (a.bucketMs ?? 0) - (b.bucketMs ?? 0))
  const beforeStart = before[0]?.bucketMs ? periodAt('month', at.zone, before[0].bucketMs).startMs : 0
  // Days of the month before by their number, so that a missing day is a gap and not a shift.
  const byNumber = new Map(before.map((row) => [Math.round(((row.bucketMs ?? 0) - beforeStart) / dayMs), row.values]))
  const series = []
  for (let dayStart = at.startMs; dayStart <= at.asOfMs;) {
    const day = periodAt('day', at.zone, dayStart)
    const values = byDay.get(day.startMs)
    series.push({
      dayMs: day.startMs, cost: textOf(amountIn(values?.cost)) ?? (values ? null : '0'), calls: countOf(values?.calls),
      previousCost: textOf(amountIn(byNumber.get(series.length)?.cost)), complete: day.endMs <= at.asOfMs,
    })
    dayStart = day.endMs
  }
  return series
}

function sharesOf(days: CostAnswer, unallocated: CostAnswer, cost: Amount | null) {
  const total = cost ?? 0n
  const unpricedCalls = countOf(days.totals.unpriced_calls)
  const loose = amountIn(unallocated.totals.cost) ?? 0n
  const uncertain = amountIn(days.totals.uncertain_cost) ?? 0n
  return {
    unpriced: { calls: unpricedCalls, ratio: ratioOf(BigInt(unpricedCalls), BigInt(countOf(days.totals.calls))) },
    unallocated: { cost: formatAmount(loose), ratio: ratioOf(loose, total) },
    uncertain: { cost: formatAmount(uncertain), ratio: ratioOf(uncertain, total) },
  }
}

interface Group { readonly id: string; readonly name: string; readonly cost: Amount; readonly calls: number }

async function compareGroups(ask: Asker, dimension: Ranked, range: Range, previous: Range, currency: string) {
  const words = { currency, measures: ['cost', 'calls'] as const, groupBy: [dimension] }
  const [now, before] = await Promise.all([ask(range, words), ask(previous, words)])
  const current = groupsOf(now, dimension)
  const earlier = groupsOf(before, dimension)
  const ids = new Set([...current.keys(), ...earlier.keys()])
  const moves = [...ids].map((id) => {
    const cost = current.get(id)?.cost ?? 0n
    const costBefore = earlier.get(id)?.cost ?? 0n
    return { id, name: current.get(id)?.name ?? earlier.get(id)?.name ?? id, cost, costBefore, delta: cost - costBefore }
  }).filter((move) => move.delta !== 0n)
  return {
    movers: moves.sort((a, b) => descending(magnitude(a.delta), magnitude(b.delta))).slice(0, shownPerDimension)
      .map((move) => ({ dimension, id: move.id, name: move.name, current: formatAmount(move.cost), previous: formatAmount(move.costBefore), delta: formatAmount(move.delta) })),
    top: [...current.values()].sort((a, b) => descending(a.cost, b.cost)).slice(0, shownPerDimension)
      .map((group) => ({ dimension, id: group.id, name: group.name, cost: formatAmount(group.cost), calls: group.calls })),
  }
}

function groupsOf(answer: CostAnswer, dimension: CostDimension): ReadonlyMap<string, Group> {
  return new Map(answer.rows.map((row) => {
    const { id, name } = row.group[dimension] ?? { id: '', name: '' }
    return [id, { id, name: name === '' ? (id === '' ? `no ${dimension}` : id) : name, cost: amountIn(row.values.cost) ?? 0n, calls: countOf(row.values.calls) }]
  }))
}

const magnitude = (amount: Amount): Amount => (amount < 0n ? -amount : amount)
const descending = (a: bigint, b: bigint): number => (a < b ? 1 : a > b ? -1 : 0)
