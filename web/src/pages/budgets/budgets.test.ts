import { describe, expect, it } from 'vitest'
import type { Nodes } from '../../api/queries.ts'
import { bodyOf, draftErrors, draftOf, emptyDraft, readLimit, suggestedName } from './budget-draft.ts'
import { compareRisk, countStandings, excessOf, exhaustionOf, passedThresholds, standingOf, worstWindow } from './budget-risk.ts'
import { readBudgetSearch } from './budget-search.ts'
import { budgetTree, tupleName, type BudgetLine } from './budget-tree.ts'
import { callsOf, exploreOf, windowName } from './budget-words.ts'
import { layOutBurn, summedUp } from './burn-layout.ts'
import type { BudgetBurn, PacedBudget, PacedWindow } from './budget-queries.ts'
import { mayHoldAt } from './rights.ts'

const dayMs = 86_400_000
const pace = (given: Partial<NonNullable<PacedWindow['pace']>> = {}): NonNullable<PacedWindow['pace']> =>
  ({ averagePerDay: '1', lastDay: '1', atAverage: { landing: '30', exhaustedAtMs: null }, atLastDay: { landing: '30', exhaustedAtMs: null }, ...given })
function window(committed: string, given: Partial<PacedWindow> = {}): PacedWindow {
  return { tuple: [], startMs: 0, resetsAt: 30 * dayMs, limit: '100', committed, leased: '0', remaining: '0', usedRatio: Number(committed) / 100, pace: pace(), ...given }
}
function budget(id: string, given: Partial<PacedBudget> = {}): PacedBudget {
  return {
    id, name: id, selector: {}, scopeName: 'Acme', per: [], measure: 'cost', currency: 'USD', window: { unit: 'month', zone: 'UTC' }, limit: '100', hard: true, outputBound: 'inject',
    outputCapDefault: 4096, unpriced: 'refuse', unbounded: 'refuse', windows: [window('10')], windowsCount: 1, ...given,
  }
}
const leaving = (atMs: number | null, lastDayAtMs: number | null = null): PacedWindow =>
  window('40', { pace: pace({ atAverage: { landing: '120', exhaustedAtMs: atMs }, atLastDay: { landing: '120', exhaustedAtMs: lastDayAtMs } }) })
const node = (id: string, parentId: string | null, kind: 'org' | 'unit' | 'team' | 'app', path: string[]): Nodes['rows'][number] => ({ id, parentId, kind, name: id, costCentre: '', effectiveCostCentre: '', archived: false, path })
const nodes = [node('acme', null, 'org', ['acme']), node('ops', 'acme', 'unit', ['acme', 'ops']), node('road', 'ops', 'team', ['acme', 'ops', 'road']), node('sales', 'acme', 'team', ['acme', 'sales'])]

describe('how a window stands', () => {
  it('is used up at the limit, leaving on the way past it, close from 80 % on', () => {
    expect([window('100'), window('100.000000000000001'), leaving(20 * dayMs), leaving(null, 9 * dayMs), window('80'), window('79.9')].map(standingOf)).toEqual(['exceeded', 'exceeded', 'leaving', 'leaving', 'close', 'calm'])
    expect(standingOf(window('0', { limit: '0', usedRatio: null }))).toBe('exceeded')
  })
  it('prefers what the mean says over what the last day says', () => {
    expect(exhaustionOf(leaving(20, 9))).toEqual({ atMs: 20, by: 'average' })
    expect(exhaustionOf(leaving(null, 9))).toEqual({ atMs: 9, by: 'lastDay' })
  })
  it('sorts by the worse standing first, then by share', () => {
    const sorted = [window('79'), window('130'), leaving(1), window('90'), window('101')].toSorted(compareRisk)
    expect(sorted.map((each) => each.committed)).toEqual(['79', '90', '40', '101', '130'])
  })
  it('names the excess exactly and the thresholds passed', () => {
    expect(excessOf(window('100.000000000000001'))).toBe('0.000000000000001')
    expect(excessOf(window('100'))).toBeNull()
    expect([window('49'), window('50'), window('85'), window('120')].map(passedThresholds)).toEqual([[], [0.5], [0.5, 0.8], [0.5, 0.8, 1]])
  })
  it('counts a budget once, by its riskiest window', () => {
    const per = budget('per', { per: ['user'], windows: [window('10'), window('120'), window('90')] })
    expect(worstWindow(per)?.committed).toBe('120')
    expect(countStandings([per, budget('calm'), budget('none', { windows: [] })])).toEqual({ exceeded: 1, leaving: 0, close: 0, calm: 2 })
  })
})

describe('the tree', () => {
  const shape = (lines: readonly BudgetLine[]): unknown => lines.map((line) => [line.id, ...(line.children.length > 0 ? [shape(line.children)] : [])])
  it('stands budgets under their nodes, leaves out empty ones, and lists windows inside budgets that have several', () => {
    const tuple = [{ dimension: 'user' as const, id: 'u1', name: 'u1' }]
    const tree = budgetTree([budget('users', { per: ['user'], windows: [window('1', { tuple })] }), budget('all'), budget('road cap', { selector: { nodeId: 'road' } })], nodes)
    expect(shape(tree)).toEqual([['node acme', [['all'], ['users', [['users ["u1"]']]], ['node ops', [['node road', [['road cap']]]]]]]])
  })
  it('keeps a budget in sight whose node is not', () => {
    expect(shape(budgetTree([budget('far', { selector: { nodeId: 'elsewhere' } })], nodes))).toEqual([['far']])
    expect(shape(budgetTree([budget('road cap', { selector: { nodeId: 'road' } })], nodes.slice(2, 3)))).toEqual([['node road', [['road cap']]]])
  })
  it('names a window by its values, and the lack of one', () => {
    expect(tupleName(window('1', { tuple: [{ dimension: 'user', id: 'u1', name: 'Ann' }, { dimension: 'cost_centre', id: '', name: '' }] }))).toBe('Ann · no cost centre')
  })
})

describe('the form', () => {
  const draft = emptyDraft({ nodeId: 'acme', zone: 'UTC', currency: 'USD' })
  it('reads limits as people type them and refuses what is no figure', () => {
    expect(['1,500.00', '$1 500', ' 0.5 ', '1500', '1.234,5', '-3', '', 'much', '1,5'].map(readLimit)).toEqual(['1500.00', '1500', '0.5', '1500', null, null, null, null, null])
    expect(Object.keys(draftErrors(draft))).toEqual(['limit'])
    expect(draftErrors({ ...draft, limit: '1.5', measure: 'tokens' })['limit']).toMatch(/whole/)
    expect(draftErrors({ ...draft, limit: '1', zone: 'Mars/Base' })).toHaveProperty(['window.zone'])
    expect(Object.keys(draftErrors({ ...draft, limit: '1', currency: 'usd', outputCapDefault: '0', zone: ' ' }))).toEqual(['currency', 'outputCapDefault', 'window.zone'])
  })
  it('sends the root as no selection and leaves empty conditions out', () => {
    expect(bodyOf({ ...draft, limit: '1,000', narrowed: { model: ' gpt-x ', user: ' ' } }, 'acme', ' Name ')).toMatchObject({ name: 'Name', selector: { model: 'gpt-x' }, limit: '1000', currency: 'USD' })
    expect(bodyOf({ ...draft, nodeId: 'road', limit: '5', measure: 'tokens' }, 'acme', 'n')).not.toHaveProperty('currency')
  })
  it('is the same budget after a round trip, and suggests a name', () => {
    const given = budget('b', { selector: { nodeId: 'road', workflow: 'triage' }, per: ['user'] })
    const back = bodyOf(draftOf(given, 'acme'), 'acme', given.name)
    expect(back).toMatchObject({ selector: given.selector, per: given.per, window: given.window, limit: given.limit, measure: 'cost', hard: true })
    expect(suggestedName(draftOf(given, 'acme'), 'Road')).toBe('Road, triage, each user, monthly')
  })
})

describe('use over time', () => {
  const burn: BudgetBurn = { startMs: 0, endMs: 10 * dayMs, granularity: 'day', refusals: 0, rows: [{ bucketMs: dayMs, used: '0.1' }, { bucketMs: 3 * dayMs, used: '0.2' }] }
  it('sums up exactly and stops at now', () => {
    expect(summedUp(burn, 3.5 * dayMs)).toEqual([{ atMs: 2 * dayMs, used: '0.1' }, { atMs: 3.5 * dayMs, used: '0.3' }])
  })
  it('rises only, is level where nothing happened, and keeps the limit in the drawing', () => {
    const layout = layOutBurn(burn, { limit: '1', landing: '0.6', nowMs: 5 * dayMs })
    expect(layout.line.every((place, index) => index === 0 || (place.x >= layout.line[index - 1]!.x && place.y >= layout.line[index - 1]!.y))).toBe(true)
    expect(layout.line.at(-1)?.x).toBe(0.5)
    expect(layout.limitY).toBeLessThan(1)
    expect(layout.course?.to.x).toBe(1)
  })
  it('cuts a course that leaves the drawing where it leaves, slope unchanged', () => {
    const { course } = layOutBurn(burn, { limit: '1', landing: '30.3', nowMs: 5 * dayMs })
    expect(course?.to.y).toBe(1)
    expect(course?.to.x).toBeGreaterThan(0.5)
    expect(course?.to.x).toBeLessThan(0.6)
  })
  it('draws nothing over nothing', () => {
    const layout = layOutBurn({ ...burn, rows: [] }, { limit: '0', landing: null, nowMs: 0 })
    expect([layout.line.every((place) => Number.isFinite(place.x) && Number.isFinite(place.y)), layout.course]).toEqual([true, null])
  })
})

describe('words and places', () => {
  it('names windows as the calendar does, in the budget\'s zone', () => {
    const november = Date.UTC(2026, 10, 1)
    expect(windowName('month', 'UTC', november, november + 30 * dayMs)).toBe('November 2026')
    expect(windowName('month', 'America/New_York', november + 4 * 3_600_000 - 1, november)).toBe('October 2026')
    expect(windowName('quarter', 'UTC', Date.UTC(2026, 9, 1), 0)).toBe('Q4 2026')
    expect(windowName('week', 'UTC', Date.UTC(2026, 10, 16), Date.UTC(2026, 10, 23))).toBe('16 Nov – 22 Nov')
  })
  it('opens exactly the calls that can be filtered by', () => {
    const given = budget('b', { selector: { nodeId: 'road', model: 'gpt-x' }, per: ['user', 'cost_centre'], window: { unit: 'day', zone: 'UTC' } })
    const tuple = [{ dimension: 'user' as const, id: 'u1', name: 'u1' }, { dimension: 'cost_centre' as const, id: 'CC', name: 'CC' }]
    expect(callsOf(given, window('1', { tuple }), nodes)).toEqual({ team: 'road', user: 'u1', cost_centre: 'CC', from: 0 })
    expect(callsOf(budget('all'), window('1'), nodes)).toEqual({ from: 0 })
    expect(exploreOf(given, window('1', { tuple }), nodes)).toEqual({ by: 'app,model', team: 'road', requested_model: 'gpt-x', user: 'u1', cost_centre: 'CC', range: '24h' })
    expect(exploreOf(budget('all', { measure: 'requests' }), window('1'), nodes)).toEqual({ measure: 'calls', range: 'month' })
  })
  it('reads an address and forgives the rest', () => {
    expect(readBudgetSearch({ view: 'risk', budget: 'b', window: ['u1'], form: 'edit' })).toEqual({ view: 'risk', budget: 'b', window: '["u1"]', form: 'edit' })
    expect(readBudgetSearch({ view: 'x', window: '[]', form: 'edit', budget: '' })).toEqual({})
  })
  it('offers changes at the own nodes and below only', () => {
    const finance = [{ role: 'finance' as const, nodeId: 'ops' }]
    expect([mayHoldAt(finance, 'road', nodes), mayHoldAt(finance, 'sales', nodes), mayHoldAt(finance, undefined, nodes), mayHoldAt([{ role: 'viewer', nodeId: 'acme' }], 'road', nodes)]).toEqual([true, false, false, false])
  })
})
