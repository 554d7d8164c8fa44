import { describe, expect, it } from 'vitest'
import type { ApiKey, OrgNode } from '../../../../src/api/contract/contract.ts'
import type { CostRow } from '../../api/queries.ts'
import { flat, isIdle, narrowed, orgRows, type OrgFacts, type OrgRow } from './org-rows.ts'

const node = (id: string, parentId: string | null, kind: OrgNode['kind'], given: Partial<OrgNode> = {}): OrgNode =>
  ({ id, parentId, kind, name: id, costCentre: '', effectiveCostCentre: '', archived: false, path: [], ...given })
const key = (id: string, appId: string, given: Partial<ApiKey> = {}): ApiKey => ({
  id, appId, appName: appId, teamName: '', name: id, hint: 'abcd', state: 'active', createdAt: 0, expiresAt: null, revokedAt: null,
  policy: { models: [], providers: [], required: [], pinned: {}, tags: null }, ...given,
})
const spent = (unit: string, team: string, app: string, keyId: string, cost: string | null, calls = 1): CostRow => {
  const named = (id: string) => ({ id, name: id })
  return { bucketMs: null, group: { unit: named(unit), team: named(team), app: named(app), key: named(keyId) }, values: { cost, calls } }
}
const facts: OrgFacts = {
  nodes: [
    node('acme', null, 'org'), node('retail', 'acme', 'unit', { effectiveCostCentre: 'CC-1', costCentre: 'CC-1' }), node('inner', 'retail', 'unit', { effectiveCostCentre: 'CC-1' }),
    node('search', 'inner', 'team', { effectiveCostCentre: 'CC-1' }), node('ops', 'acme', 'team'), node('cron', 'ops', 'app'), node('rerank', 'search', 'app', { effectiveCostCentre: 'CC-1' }),
    node('old', 'ops', 'app', { archived: true }),
  ],
  keys: [key('k1', 'rerank'), key('k2', 'rerank', { state: 'revoked' }), key('k3', 'cron', { hint: 'zz99' })],
  lastCalls: new Map([['k1', 500], ['k2', 900]]),
  month: [spent('retail', 'search', 'rerank', 'k1', '0.000000000000001'), spent('retail', 'search', 'rerank', 'k2', '2'), spent('retail', 'search', 'rerank', 'k1', null, 3), spent('', 'ops', 'moved-away', 'k9', '5')],
}
const row = (id: string, rows = orgRows(facts)): OrgRow => flat(rows).find((each) => each.id === id)!
const ids = (rows: readonly OrgRow[]): readonly string[] => flat(rows).map((each) => each.id)

describe('the tree', () => {
  it('puts nodes below nodes and keys below apps, groups before what they hold', () => {
    expect(ids(orgRows(facts))).toEqual(['acme', 'retail', 'inner', 'search', 'rerank', 'k1', 'k2', 'ops', 'cron', 'k3', 'old'])
  })

  it('adds the month up exactly, by where records say they were', () => {
    expect(row('k1').use).toEqual({ cost: '0.000000000000001', calls: 4 })
    expect(row('rerank').use).toEqual({ cost: '2.000000000000001', calls: 5 })
    expect(row('inner').use).toEqual(row('search').use)
    expect(row('retail').use.cost).toBe('2.000000000000001')
    expect(row('ops').use.cost).toBe('5')
    expect(row('cron').use).toEqual({ cost: null, calls: 0 })
    expect(row('acme').use).toEqual({ cost: '7.000000000000001', calls: 6 })
  })

  it('a node called last when anything below it did', () => {
    expect([row('k1').lastCallAt, row('rerank').lastCallAt, row('acme').lastCallAt, row('cron').lastCallAt]).toEqual([500, 900, 900, null])
  })

  it('begins where sight begins', () => {
    const part = { ...facts, nodes: facts.nodes.filter((each) => ['search', 'rerank'].includes(each.id)) }
    expect(orgRows(part).map((each) => each.id)).toEqual(['search'])
  })
})

describe('narrowing', () => {
  const view = { text: '', shown: 'all', nowMs: 40 * 86_400_000 } as const
  it('leaves out what has ended unless asked', () => {
    expect(ids(narrowed(orgRows(facts), view))).not.toContain('k2')
    expect(ids(narrowed(orgRows(facts), view))).not.toContain('old')
    expect(ids(narrowed(orgRows(facts), { ...view, shown: 'ended' }))).toEqual(ids(orgRows(facts)))
  })

  it('finds by name, cost centre and the last characters of a key, with what stands above and below', () => {
    expect(ids(narrowed(orgRows(facts), { ...view, text: 'zz99' }))).toEqual(['acme', 'ops', 'cron', 'k3'])
    expect(ids(narrowed(orgRows(facts), { ...view, text: 'search' }))).toEqual(['acme', 'retail', 'inner', 'search', 'rerank', 'k1'])
    expect(narrowed(orgRows(facts), { ...view, text: 'nothing of it' })).toEqual([])
  })

  it('finds what nobody pays for, and keys that nobody uses', () => {
    expect(ids(narrowed(orgRows(facts), { ...view, shown: 'unassigned' }))).toEqual(['acme', 'ops', 'cron'])
    expect(ids(narrowed(orgRows(facts), { ...view, shown: 'unused' }))).toEqual(['acme', 'retail', 'inner', 'search', 'rerank', 'k1', 'ops', 'cron', 'k3'])
    expect(isIdle(row('k1'), 500 + 29 * 86_400_000)).toBe(false)
  })
})
