import { describe, expect, it } from 'vitest'
import { matching, nameOfModel, readModelsSearch, splitName } from './models-search.ts'
import { emptyPriceDraft, overridesOf, priceErrors } from './price-draft.ts'
import { conditionText, pastEntries, perName, priceLines, rateOf, validityText } from './price-table.ts'
import { unpricedGroups } from './unpriced.ts'
import type { PriceEntry, UnpricedModel } from './model-queries.ts'

const now = Date.UTC(2026, 10, 18)
const dayMs = 86_400_000
function entry(id: string, given: Partial<PriceEntry> = {}): PriceEntry {
  return {
    id, book: 'list', rank: 0, provider: 'openai', model: 'gpt-x', component: 'input_text', unit: 'token', per: 1_000_000, amount: '2.5', currency: 'USD', validFrom: null, validTo: null,
    recordedAt: 1, supersededAt: null, status: 'active', source: 'feed', conditions: {}, override: false, ...given,
  }
}
const contract = (id: string, given: Partial<PriceEntry> = {}): PriceEntry => entry(id, { book: 'contract', rank: 100, override: true, amount: '2', ...given })

describe('prices of a model', () => {
  it('put list beside contract, and say that a call pays the contract', () => {
    const [line, output] = priceLines([entry('list'), contract('own'), entry('out', { component: 'output_text', amount: '10' })], now)
    expect([line?.list?.id, line?.contract?.id, line?.effective?.id]).toEqual(['list', 'own', 'own'])
    expect([output?.contract, output?.effective?.id]).toEqual([null, 'out'])
  })
  it('keep what begins later apart, and leave out what ended', () => {
    const entries = [entry('list'), contract('later', { validFrom: now + dayMs }), contract('ended', { validTo: now - 1 }), contract('cancelled', { validFrom: now + dayMs, validTo: now }), entry('old', { supersededAt: 5 })]
    const [line] = priceLines(entries, now)
    expect([line?.effective?.id, line?.coming.map((each) => each.id)]).toEqual(['list', ['later']])
    expect(pastEntries(entries, now).map((each) => each.id)).toEqual(['cancelled', 'ended', 'old'])
  })
  it('let the newest of two contracts win, as the calculator does', () => {
    expect(priceLines([contract('first', { validFrom: now - 2 * dayMs }), contract('second', { validFrom: now - dayMs })], now)[0]?.effective?.id).toBe('second')
  })
  it('stand standard prices first, then tiers and modes under their conditions', () => {
    const big = { context: { from: { tokens: 200_000, comparator: 'gt' as const }, scope: 'cliff' as const } }
    const lines = priceLines([entry('big', { conditions: big }), entry('batch', { conditions: { mode: 'batch' } }), entry('plain')], now)
    expect(lines.map((line) => conditionText(line.conditions))).toEqual(['', 'batch', 'over 200k input tokens'])
  })
  it('are read per million tokens, exactly', () => {
    expect([rateOf({ amount: '2.5', per: 1_000_000, unit: 'token' }), rateOf({ amount: '0.0025', per: 1_000, unit: 'token' }), rateOf({ amount: '0.01', per: 1, unit: 'search' }), rateOf({ amount: '0.04', per: 1, unit: 'image' })]).toEqual(['2.5', '2.5', '10', '0.04'])
    expect([perName('token'), perName('search'), perName('image'), perName('second')]).toEqual(['1M tokens', '1,000 searches', 'image', 'hour'])
  })
  it('say their conditions and dates in words', () => {
    expect(conditionText({ mode: 'standard' })).toBe('')
    expect(conditionText({ geo: 'us', context: { from: { tokens: 128_000, comparator: 'gte' }, to: { tokens: 200_000, comparator: 'lte' }, scope: 'marginal' } })).toBe('in us, from 128k up to 200k input tokens, the part above')
    expect(validityText({ validFrom: null, validTo: null })).toBe('always')
  })
})

describe('what has no price', () => {
  const row = (given: Partial<UnpricedModel>): UnpricedModel => ({ provider: 'openai', model: 'own', pricedAs: 'own', calls: 1, tokens: 10, pricing: 'unpriced', firstSeenMs: now, lastSeenMs: now, ...given })
  it('is one line per name that a price is looked up by', () => {
    const { open } = unpricedGroups([row({ model: 'latest', pricedAs: 'latest-07', calls: 3, firstSeenMs: now - dayMs }), row({ model: 'newest', pricedAs: 'latest-07' }), row({ calls: 9 })], [])
    expect(open.map((group) => [group.model, group.calls, group.requested])).toEqual([['own', 9, []], ['latest-07', 4, ['latest', 'newest']]])
    expect(open[1]).toMatchObject({ firstSeenMs: now - dayMs, lastSeenMs: now, tokens: 20 })
  })
  it('is settled once the book knows the name; partly priced calls still lack the rest', () => {
    const used = [{ known: true, model: 'own', names: ['own', 'half'] }]
    const { open, settled } = unpricedGroups([row({}), row({ model: 'half', pricedAs: 'half', pricing: 'partial' })], used)
    expect([open.map((group) => group.model), settled.map((group) => group.model)]).toEqual([['half'], ['own']])
  })
})

describe('a contract price', () => {
  const draft = { ...emptyPriceDraft, amounts: { input_text: '1,000.50', output_text: ' ', image: '$0.04' }, reason: ' contract 7 ' }
  it('is sent per component, in the quantity it was typed for', () => {
    expect(priceErrors(draft, now)).toEqual({})
    expect(overridesOf(draft, { provider: 'openai', model: 'm' }, (component) => (component === 'image' ? 'image' : 'token'))).toEqual([
      { provider: 'openai', model: 'm', component: 'input_text', per: 1_000_000, amount: '1000.50', currency: 'USD', reason: 'contract 7', validTo: null },
      { provider: 'openai', model: 'm', component: 'image', per: 1, amount: '0.04', currency: 'USD', reason: 'contract 7', validTo: null },
    ])
  })
  it('says what is missing before it is sent', () => {
    expect(Object.keys(priceErrors(emptyPriceDraft, now))).toEqual(['amounts', 'reason'])
    expect(Object.keys(priceErrors({ ...draft, amounts: { input_text: '-1', cache_read: 'free' } }, now))).toEqual(['input_text', 'cache_read'])
    expect(Object.keys(priceErrors({ ...draft, from: '2020-01-01T00:00', to: '2019-01-01T00:00' }, now))).toEqual(['validFrom', 'validTo'])
    expect(priceErrors({ ...draft, amounts: { input_text: '0' } }, now)).toEqual({})
  })
})

describe('addresses', () => {
  it('name models with slashes in their names', () => {
    expect(splitName(nameOfModel({ provider: 'openrouter', model: 'meta/llama-3' }))).toEqual({ provider: 'openrouter', model: 'meta/llama-3' })
    expect(readModelsSearch({ view: 'book', range: '30d', find: 4, model: 'openai/gpt', form: 'price' })).toEqual({ view: 'book', find: '4', model: 'openai/gpt', form: 'price' })
    expect(readModelsSearch({ view: 'x', model: 'nothing', form: 'price' })).toEqual({})
  })
  it('find by every word, names of the traffic included', () => {
    const rows = [{ provider: 'openai', model: 'gpt-4o', names: ['gpt-4o-2024-08-06'] }, { provider: 'azure', model: 'gpt-4o' }]
    expect(matching(rows, 'OPENAI 08').map((row) => row.provider)).toEqual(['openai'])
    expect(matching(rows, ' ')).toHaveLength(2)
  })
})
