import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatAmount } from '../../src/base/money.ts'
import type { CostQuery } from '../../src/core/analytics/cost-query.ts'
import type { UsageRecord } from '../../src/core/usage/usage-record.ts'
import { answerByLoops } from '../../src/store/memory/cost-oracle.ts'
import { figuresOf, type ExploreFigures, type Group } from '../../web/src/pages/explore/explore-figures.ts'
import { askedMeasures, keptParts, addsUp, valueIn, type Dimension, type ExploreMeasure, type Measure } from '../../web/src/pages/explore/measures.ts'
import { seedOfRun, seededDice } from '../support/dice.ts'
import { sampleRecord } from '../support/records.ts'

/*
 * Explore's chart and table against plain sums over records: whatever is asked, every way of adding up what the page
 * shows gives the same figure, to the last digit.
 */

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
const hour = 3_600_000
const from = new Date(2026, 9, 20).getTime()
const to = from + 10 * 24 * hour
const dimensions: readonly Dimension[] = ['unit', 'team', 'app', 'model', 'workflow', 'cost_centre', 'provider', 'user']
const measures: readonly ExploreMeasure[] = ['cost', 'list_cost', 'calls', 'tokens', 'cost_per_call', 'latency_avg_ms', 'unpriced_calls', 'refusals']

const seed = seedOfRun('explore')
const dice = seededDice(seed)
const pick = (count: number): number => Math.floor(dice() * count)

/** Calls of a company: some unpriced, some refused, some without a workflow, amounts down to the last place. */
function someRecord(): UsageRecord {
  const [unit, team, app] = [pick(3), pick(4), pick(5)]
  const at = from - 10 * 24 * hour + Math.floor(dice() * 20 * 24 * hour)
  const fate = pick(12)
  const cost = BigInt(Math.floor(dice() ** 4 * 1e15)) * BigInt(1 + pick(30)) + BigInt(pick(1_000))
  const priced = fate > 1
  return sampleRecord({
    at, occurredAt: at, endAt: at + pick(9_000), kind: fate === 0 ? 'refusal' : 'attempt', isCall: fate !== 2,
    caller: { unitId: `u${unit}`, unitName: `Unit ${unit}`, teamId: `t${unit}${team}`, teamName: `Team ${team}`, appId: `a${unit}${team}${app}`, appName: `App ${app}`, costCentre: pick(3) === 0 ? '' : `CC-${unit}` },
    attribution: { workflow: pick(2) === 0 ? '' : `w${pick(6)}`, user: pick(3) === 0 ? '' : `user ${pick(20)}` },
    servedModel: `model-${pick(11)}`, provider: ['openai', 'anthropic'][pick(2)]!,
    usage: fate === 0 ? {} : { input_text: pick(9_000), output_text: pick(2_000) }, pricing: fate === 0 ? 'none' : fate === 1 ? 'unpriced' : 'priced',
    cost: priced ? cost : null, listCost: priced ? cost + BigInt(pick(7)) : null,
  })
}
const records = Array.from({ length: 600 }, someRecord)

interface Asked { readonly measure: ExploreMeasure; readonly by: readonly Dimension[]; readonly grain: 'hour' | 'day' | 'week' | 'month' | 'none'; readonly filters: CostQuery['filters']; readonly compare: boolean; readonly rowsMax: number }
const asked: fc.Arbitrary<Asked> = fc.record({
  measure: fc.constantFrom(...measures),
  by: fc.uniqueArray(fc.constantFrom(...dimensions), { maxLength: 3 }),
  grain: fc.constantFrom('hour', 'day', 'week', 'month', 'none'),
  filters: fc.uniqueArray(fc.record({ dimension: fc.constantFrom<'unit' | 'cost_centre' | 'workflow'>('unit', 'cost_centre', 'workflow'), op: fc.constantFrom('in' as const, 'not_in' as const), values: fc.subarray(['u0', 'u1', '', 'CC-0', 'CC-1', 'w1', 'w2'], { minLength: 1 }) }), { maxLength: 2, selector: (filter) => filter.dimension }),
  compare: fc.boolean(),
  rowsMax: fc.constantFrom(10_000, 10_000, 25),
})

function answerOf(view: Asked) {
  const query: CostQuery = { measures: askedMeasures(view.measure), groupBy: view.by, filters: view.filters, granularity: view.grain, zone, fromMs: from, toMs: to, rowsMax: view.rowsMax, currency: 'USD' }
  const scope = { orgId: 'org_a', nodeIds: null }
  const over = (range: { readonly fromMs: number; readonly toMs: number }) => {
    const { rows, totals, truncated } = answerByLoops(records, scope, { ...query, ...range })
    return { range: { fromMs: range.fromMs, toMs: range.toMs }, rows: rows.map((row) => ({ ...row, group: { ...row.group } })), totals, truncated }
  }
  return { ...over(query), currency: 'USD', otherCurrencies: [], compare: view.compare ? over({ fromMs: from - (to - from), toMs: from }) : null }
}
const shown = (view: Asked): ExploreFigures => figuresOf(answerOf(view), { measure: view.measure, by: view.by, grain: view.grain, nowMs: to + 30 * 24 * hour })

/** The page's own parts of a list of groups, added up. */
const partsSum = (groups: readonly Group[], part: Measure): bigint => groups.reduce((sum, group) => sum + (group.total.get(part) ?? 0n), 0n)
const sumOfTexts = (texts: readonly (string | null)[]): string => {
  const unit = (text: string): bigint => { const [whole = '0', fraction = ''] = text.replace('-', '').split('.'); return BigInt(whole + fraction.padEnd(15, '0')) * (text.startsWith('-') ? -1n : 1n) }
  return formatAmount(texts.reduce((sum, text) => sum + (text === null ? 0n : unit(text)), 0n))
}
const check = (property: (view: Asked) => void): void => fc.assert(fc.property(asked, property), { seed, numRuns: 120 })

describe('what Explore shows', () => {
  it('is what the records sum to', () => {
    check((view) => {
      const figures = shown(view)
      const direct = records.filter((row) => row.at >= from && row.at < to && view.filters.every((filter) => {
        const value = filter.dimension === 'unit' ? row.caller.unitId : filter.dimension === 'cost_centre' ? row.caller.costCentre : row.attribution.workflow
        return filter.values.includes(value) === (filter.op === 'in')
      }))
      expect(figures.total.get('cost') ?? 0n).toBe(direct.reduce((sum, row) => sum + (row.cost ?? 0n), 0n))
      expect(figures.total.get('calls')).toBe(BigInt(direct.filter((row) => row.isCall).length) * 10n ** 15n)
    })
  })

  it('adds up line by line and level by level, whatever was cut off', () => {
    check((view) => {
      if (view.by.length === 0) return
      const figures = shown(view)
      const levels = (groups: readonly Group[], whole: ReadonlyMap<Measure, bigint | null>): void => {
        for (const part of keptParts(view.measure)) expect(partsSum(groups, part)).toBe(whole.get(part) ?? 0n)
        for (const group of groups) if (group.inside.length > 0) levels(group.inside, group.total)
      }
      levels(figures.groups, figures.total)
    })
  })

  it('draws the same figures as it lists: series with the others come to each bucket and to the total', () => {
    check((view) => {
      const figures = shown(view)
      if (!addsUp(view.measure) || figures.truncated) return
      for (const [place, whole] of figures.wholes.entries()) expect(sumOfTexts(figures.series.map((series) => series.values[place] ?? null))).toBe(sumOfTexts([whole]))
      expect(sumOfTexts(figures.wholes)).toBe(sumOfTexts([valueIn(figures.total, view.measure)]))
      expect(sumOfTexts(figures.series.map((series) => series.total))).toBe(sumOfTexts([valueIn(figures.total, view.measure)]))
      for (const group of figures.groups) if (group.series !== null) expect(figures.series[group.series]!.total).toBe(valueIn(group.total, view.measure))
    })
  })

  it('makes the same ratios as the API does, group by group and of the whole', () => {
    check((view) => {
      if (addsUp(view.measure) || view.grain !== 'none' || view.by.length !== 1) return
      const [answer, figures] = [answerOf(view), shown(view)]
      const near = (mine: string | null, theirs: string | number | null | undefined): void => {
        if (typeof theirs === 'number') expect(Math.abs(Number(mine) - theirs)).toBeLessThanOrEqual(0.001)
        else expect(mine).toBe(theirs)
      }
      near(valueIn(figures.total, view.measure), answer.totals[view.measure])
      for (const row of answer.rows) near(valueIn(figures.groups.find((group) => group.steps[0]?.id === row.group[view.by[0]!]!.id)!.total, view.measure), row.values[view.measure])
    })
  })

  it('compares with what the records of the period before sum to', () => {
    check((view) => {
      if (!view.compare || view.rowsMax < 100) return
      const figures = shown(view)
      const before = answerOf(view).compare!
      expect(valueIn(figures.totalBefore, 'calls')).toBe(String(before.totals.calls))
      if (view.by.length > 0) expect(figures.groups.reduce((sum, group) => sum + (group.before?.get('cost') ?? 0n), 0n)).toBe(figures.totalBefore?.get('cost') ?? 0n)
    })
  })
})
