import { defaultParseSearch, defaultStringifySearch } from '@tanstack/react-router'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rangePresets } from '../../format/range.ts'
import { comparisons, firstView, grainOf, grains, levelsMax, questionOf, readExploreSearch, searchOf, shapeOf, shapes, viewOf, withFilter, withoutFilter, type ExploreView } from './explore-search.ts'
import { dimensionIds, measureIds } from './measures.ts'

const hour = 3_600_000
/** Values as callers choose them: separators, signs of our own, numbers, JSON words and nothing at all. */
const value = fc.oneof(fc.string({ maxLength: 12, unit: 'grapheme' }), fc.constantFrom('', '~', '!', '!a', ',', 'a,b', '%', '%2C', '42', '1e3', 'true', 'null', '{}', '"quoted"', 'a b', '+', '&team=x', '#'))
const day = fc.integer({ min: 0, max: 4_000 }).map((days) => new Date(Date.UTC(2020, 0, 1 + days)).toISOString().slice(0, 10))
const views: fc.Arbitrary<ExploreView> = fc.record({
  measure: fc.constantFrom(...measureIds),
  by: fc.uniqueArray(fc.constantFrom(...dimensionIds), { maxLength: levelsMax }),
  filters: fc.uniqueArray(fc.record({ dimension: fc.constantFrom(...dimensionIds), op: fc.constantFrom('in' as const, 'not_in' as const), values: fc.uniqueArray(value, { minLength: 1, maxLength: 4 }) }), { maxLength: 4, selector: (filter) => filter.dimension }),
  range: fc.oneof(fc.constantFrom(...rangePresets), fc.tuple(day, day).map(([a, b]) => (a < b ? `${a}..${b}` as const : `${b}..${a}` as const))),
  grain: fc.constantFrom(null, ...grains),
  compare: fc.constantFrom(...comparisons),
  shape: fc.constantFrom(...shapes),
})

describe('the address of a view', () => {
  it('says all of it, through the router and back', () => {
    fc.assert(fc.property(views, (view) => {
      const address = defaultStringifySearch(searchOf(view))
      expect(viewOf(readExploreSearch(defaultParseSearch(address)))).toEqual(view)
    }), { numRuns: 500 })
  })
  it('is short where a view is the first one', () => expect(searchOf(firstView)).toEqual({}))
  it('reads as people would write it', () => {
    const view = viewOf({ measure: 'calls', by: 'team,model', team: '!search,~', model: 'gpt-5', range: '7d' })
    expect(view).toEqual({ ...firstView, measure: 'calls', by: ['team', 'model'], range: '7d', filters: [{ dimension: 'team', op: 'not_in', values: ['search', ''] }, { dimension: 'model', op: 'in', values: ['gpt-5'] }] })
    expect(searchOf(view)).toEqual({ measure: 'calls', by: 'team,model', team: '!search,~', model: 'gpt-5', range: '7d' })
  })
  it('never breaks on what makes no sense', () => {
    fc.assert(fc.property(fc.dictionary(fc.constantFrom('measure', 'by', 'range', 'grain', 'compare', 'shape', 'team', 'nonsense'), fc.jsonValue()), (raw) => {
      const view = viewOf(raw as Record<string, unknown>)
      expect(viewOf(searchOf(view))).toEqual(view)
    }))
    expect(viewOf({ by: 'team,team,nonsense', range: '2026-02-31..2026-03-01', grain: 'second', team: '!' })).toEqual({ ...firstView, by: ['team'] })
  })
})

describe('the question', () => {
  const span = { fromMs: Date.UTC(2026, 9, 24), toMs: Date.UTC(2026, 10, 23, 12) }
  it('asks for the chosen measure first, for what it is made of, and for the comparison', () => {
    const question = questionOf({ ...firstView, measure: 'latency_avg_ms' }, span, 'UTC')
    expect(question.measures?.[0]).toBe('latency_avg_ms')
    expect(question.measures).toEqual(expect.arrayContaining(['latency_ms', 'latency_rows', 'cost', 'calls']))
    expect(question).toMatchObject({ groupBy: ['unit', 'team'], granularity: 'day', compareTo: 'previous_period', ...span })
    expect(questionOf({ ...firstView, compare: 'none' }, span, 'UTC')).not.toHaveProperty('compareTo')
  })
  it('steps as suits the range, and never in more bars than fit', () => {
    expect(grainOf(firstView, span)).toBe('day')
    expect(grainOf(firstView, { fromMs: 0, toMs: 24 * hour })).toBe('hour')
    expect(grainOf({ ...firstView, grain: 'hour' }, span)).toBe('hour')
    expect(grainOf({ ...firstView, grain: 'hour' }, { fromMs: 0, toMs: 90 * 24 * hour })).toBe('day')
    expect(grainOf({ ...firstView, grain: 'none' }, span)).toBe('none')
  })
  it('does not stack averages', () => {
    expect(shapeOf({ ...firstView, measure: 'cost_per_call' })).toBe('line')
    expect(shapeOf(firstView)).toBe('stack')
  })
})

describe('filters', () => {
  it('are one per dimension, keep their place, and go when they are empty', () => {
    const one = withFilter(withFilter(firstView, { dimension: 'team', op: 'in', values: ['a'] }), { dimension: 'model', op: 'in', values: ['m'] })
    expect(withFilter(one, { dimension: 'team', op: 'not_in', values: ['b'] }).filters.map((filter) => [filter.dimension, filter.op])).toEqual([['team', 'not_in'], ['model', 'in']])
    expect(withFilter(one, { dimension: 'team', op: 'in', values: [] }).filters.map((filter) => filter.dimension)).toEqual(['model'])
    expect(withoutFilter(one, 'model').filters).toHaveLength(1)
  })
})
