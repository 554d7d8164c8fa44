import { describe, expect, it } from 'vitest'
import { ascend, callsOf, descend, searchOfValue, trailOf } from './drill.ts'
import { firstView, type ExploreView } from './explore-search.ts'
import type { Step } from './measures.ts'

const step = (dimension: Step['dimension'], id: string): Step => ({ dimension, id, name: id })
const pinned = (view: ExploreView | null): readonly string[] => trailOf(view!).map(({ dimension, id }) => `${dimension}=${id}`)

describe('drilling', () => {
  it('goes from unit to team, app and workflow, and from there to calls', () => {
    const unit = descend(firstView, [step('unit', 'retail')])!
    expect(unit.by).toEqual(['team'])
    const app = descend(unit, [step('team', 'search')])!
    expect(app.by).toEqual(['app'])
    const workflow = descend(app, [step('app', 'rerank')])!
    expect(workflow.by).toEqual(['workflow'])
    expect(pinned(workflow)).toEqual(['unit=retail', 'team=search', 'app=rerank'])
    expect(descend(workflow, [step('workflow', 'w')])).toBeNull()
  })
  it('takes an inner row with everything around it', () => {
    const view = descend(firstView, [step('unit', 'retail'), step('team', 'search')])!
    expect(pinned(view)).toEqual(['unit=retail', 'team=search'])
    expect(view.by).toEqual(['app'])
  })
  it('shows who pays inside whatever else was grouped by, leaving out what is known', () => {
    expect(descend({ ...firstView, by: ['model'] }, [step('model', 'm')])!.by).toEqual(['team'])
    expect(descend({ ...firstView, by: ['model'], filters: [{ dimension: 'team', op: 'in', values: ['t'] }] }, [step('model', 'm')])!.by).toEqual(['app'])
  })
  it('comes back up to any step', () => {
    const deep = descend(descend(descend(firstView, [step('unit', 'retail')])!, [step('team', 'search')])!, [step('app', 'rerank')])!
    expect(pinned(ascend(deep, 'unit'))).toEqual(['unit=retail'])
    expect(ascend(deep, 'unit').by).toEqual(['team'])
    expect(pinned(ascend(deep, null))).toEqual([])
    expect(ascend(deep, null).by).toEqual(['unit'])
    expect(ascend(deep, 'app')).toBe(deep)
  })
  it('begins at a value from elsewhere, this month, with what lies inside', () => {
    expect(searchOfValue('team', 'search')).toEqual({ range: 'month', team: 'search', by: 'app,workflow' })
    expect(searchOfValue('model', 'gpt-5')).toEqual({ range: 'month', model: 'gpt-5', by: 'team,app' })
    expect(searchOfValue('app', 'bot')).toEqual({ range: 'month', app: 'bot', by: 'workflow' })
  })
  it('hands the calls every filter they can carry, and names those they cannot', () => {
    const view: ExploreView = { ...firstView, filters: [{ dimension: 'team', op: 'in', values: ['t'] }, { dimension: 'model', op: 'not_in', values: ['m'] }, { dimension: 'tier', op: 'in', values: ['flex'] }] }
    expect(callsOf(view, [step('workflow', '')], { fromMs: 1, toMs: 9 })).toEqual({ search: { from: 1, to: 9, team: 't', workflow: '~' }, left: ['model', 'tier'] })
  })
})
