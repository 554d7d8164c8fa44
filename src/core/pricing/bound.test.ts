import { describe, expect, it } from 'vitest'
import { formatAmount } from '../../base/money.ts'
import { createPriceBook } from './create-price-book.ts'
import type { BoundQuestion } from './price-book.ts'
import type { PriceEntry } from './price-entry.ts'

let next = 0
const entry = (facts: Partial<PriceEntry>): PriceEntry => ({
  id: `b${(next += 1)}`, book: 'list', rank: 0, provider: 'openai', model: 'm', component: 'input_text', unit: 'token', per: 1_000_000, amount: '1',
  currency: 'USD', validFrom: null, validTo: null, recordedAt: 0, supersededAt: null, status: 'active', source: 'test', conditions: {}, orgId: '', ...facts,
})
const slack = 0.000000000000032
const base = [entry({}), entry({ component: 'output_text', amount: '4' })]
const bound = (entries: readonly PriceEntry[], more: Partial<BoundQuestion> = {}): number | null => {
  const book = createPriceBook({ version: '', entries, aliases: [], limits: [] })
  const answer = book.bound({ orgId: 'org', provider: 'openai', model: 'm', inputTokensMax: 1_000_000, outputTokensMax: 1_000_000, at: Date.UTC(2026, 7, 5, 2), mode: 'standard', geo: '', mayWriteCache: false, ...more })
  return answer === null ? null : Number(formatAmount(answer.cost))
}
const isAbout = (actual: number | null, expected: number): void => expect(actual).toBeCloseTo(expected + slack, 14)

describe('the bound', () => {
  it('is input at the dearest input rate and output at the dearest output rate', () => {
    isAbout(bound(base), 5)
    isAbout(bound([...base, entry({ component: 'output_reasoning', amount: '6' })]), 7)
    isAbout(bound([...base, entry({ component: 'cache_read', amount: '0.1' })]), 5)
  })

  it('counts cache writes only where the request may write', () => {
    const entries = [...base, entry({ component: 'cache_write', amount: '1.25' }), entry({ component: 'cache_write_1h', amount: '2' })]
    isAbout(bound(entries), 5)
    isAbout(bound(entries, { mayWriteCache: true }), 6)
  })

  it('takes the dearest tier that the input can reach, and no other', () => {
    const tier = { context: { from: { tokens: 200_000, comparator: 'gt' }, scope: 'cliff' } } as const
    const entries = [...base, entry({ amount: '2', conditions: tier }), entry({ component: 'output_text', amount: '9', conditions: tier })]
    isAbout(bound(entries), 11)
    isAbout(bound(entries, { inputTokensMax: 200_000 }), 4.2)
  })

  it('keeps the base rate in view where the higher tier is the cheaper one', () => {
    isAbout(bound([...base, entry({ amount: '0.5', conditions: { context: { from: { tokens: 10, comparator: 'gt' }, scope: 'cliff' } } })]), 5)
  })

  it('is the dearer of the mode asked for and standard', () => {
    const flex = [entry({ amount: '0.5', conditions: { mode: 'flex' } }), entry({ component: 'output_text', amount: '2', conditions: { mode: 'flex' } })]
    const priority = [entry({ amount: '2', conditions: { mode: 'priority' } }), entry({ component: 'output_text', amount: '8', conditions: { mode: 'priority' } })]
    isAbout(bound([...base, ...flex], { mode: 'flex' }), 5)
    isAbout(bound([...base, ...priority], { mode: 'priority' }), 10)
  })

  it('is unknown where any part has no price', () => {
    expect(bound([])).toBeNull()
    expect(bound([base[0]!])).toBeNull()
    expect(bound(base, { mode: 'priority' })).toBeNull()
    expect(bound(base, { model: 'm2' })).toBeNull()
  })

  it('asks for no output price where there can be no output', () => {
    isAbout(bound([base[0]!], { outputTokensMax: 0 }), 1)
  })

  it('includes a fee per request, the override of the caller and the clock at the instant', () => {
    isAbout(bound([...base, entry({ component: 'request', unit: 'request', per: 1, amount: '3' })]), 8)
    isAbout(bound([...base, entry({ book: 'contract', amount: '7', orgId: 'org' })]), 11)
    isAbout(bound([...base, entry({ book: 'contract', amount: '7', orgId: 'sibling' })]), 5)
    const clock = [{ zone: 'UTC', days: [3], fromMinute: 60, toMinute: 240 }]
    isAbout(bound([...base, entry({ amount: '2', conditions: { clock } })]), 6)
    isAbout(bound([...base, entry({ amount: '2', conditions: { clock } })], { at: Date.UTC(2026, 7, 5, 5) }), 5)
  })

  it('counts the searches that a server tool may make', () => {
    const entries = [...base, entry({ component: 'web_search', unit: 'search', per: 1_000, amount: '10' })]
    isAbout(bound(entries, { searchesMax: 3 }), 5.03)
    isAbout(bound(entries), 5)
    expect(bound(base, { searchesMax: 3 })).toBeNull()
  })
})
