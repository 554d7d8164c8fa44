import { describe, expect, it } from 'vitest'
import { nextSorting, shownRows } from './table-rows.ts'

interface Node { readonly id: string; readonly size: number; readonly inside?: readonly Node[] }
const tree: readonly Node[] = [{ id: 'a', size: 1 }, { id: 'b', size: 3, inside: [{ id: 'b1', size: 1 }, { id: 'b2', size: 2 }] }, { id: 'c', size: 2, inside: [] }]
const shape = { rowId: (node: Node) => node.id, childrenOf: (node: Node) => node.inside, compare: (a: Node, b: Node) => a.size - b.size, descending: true }

describe('shownRows', () => {
  it('sorts each level by itself and opens only what is open', () => {
    expect(shownRows(tree, { ...shape, opened: new Set() }).map((shown) => [shown.id, shown.open])).toEqual([['b', false], ['c', null], ['a', null]])
    expect(shownRows(tree, { ...shape, opened: new Set(['b']) }).map((shown) => [shown.id, shown.level, shown.parentId])).toEqual([['b', 1, null], ['b2', 2, 'b'], ['b1', 2, 'b'], ['c', 1, null], ['a', 1, null]])
  })
  it('keeps the given order without a sorting', () => {
    expect(shownRows(tree, { ...shape, compare: null, opened: new Set() }).map((shown) => shown.id)).toEqual(['a', 'b', 'c'])
  })
})

describe('nextSorting', () => {
  it('starts as the column wants, then turns round', () => {
    const first = nextSorting(null, 'cost', true)
    expect(first).toEqual({ column: 'cost', descending: true })
    expect(nextSorting(first, 'cost', true)).toEqual({ column: 'cost', descending: false })
    expect(nextSorting(first, 'name', false)).toEqual({ column: 'name', descending: false })
  })
})
