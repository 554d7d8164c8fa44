import { describe, expect, it } from 'vitest'
import { amountOf, formatAmount } from '../../base/money.ts'
import type { Usage } from '../usage/usage.ts'
import { createPriceBook } from './create-price-book.ts'
import type { PricedUsage, PriceQuestion } from './price-book.ts'
import type { ModelAlias, PriceConditions, PriceData, PriceEntry } from './price-entry.ts'

let next = 0
/** A list price per million of input text, unless told otherwise. */
const entry = (facts: Partial<PriceEntry>): PriceEntry => ({
  id: `e${(next += 1)}`, book: 'list', rank: 0, provider: 'openai', model: 'm', component: 'input_text', unit: 'token', per: 1_000_000, amount: '1',
  currency: 'USD', validFrom: null, validTo: null, recordedAt: 0, supersededAt: null, status: 'active', source: 'test', conditions: {}, orgId: '', ...facts,
})
const bookOf = (entries: readonly PriceEntry[], aliases: readonly ModelAlias[] = []) => {
  const data: PriceData = { version: 'v', entries, aliases, limits: [] }
  return createPriceBook(data)
}
const at = Date.UTC(2026, 7, 5, 12)
const ask = (entries: readonly PriceEntry[], usage: Usage, more: Partial<PriceQuestion> = {}): PricedUsage =>
  bookOf(entries).price({ orgId: 'org', provider: 'openai', model: 'm', usage, at, mode: 'standard', geo: '', ...more })
const cost = (answer: PricedUsage): string | null => (answer.cost === null ? null : formatAmount(answer.cost))
const million = 1_000_000

describe('context tiers', () => {
  const above = (tokens: number, comparator: 'gt' | 'gte', scope: 'cliff' | 'marginal' = 'cliff'): PriceConditions => ({ context: { from: { tokens, comparator }, scope } })

  it.each([
    ['gt', 199_999, '0.199999'], ['gt', 200_000, '0.2'], ['gt', 200_001, '0.400002'],
    ['gte', 199_999, '0.199999'], ['gte', 200_000, '0.4'], ['gte', 200_001, '0.400002'],
  ] as const)('%s at %d tokens costs %s', (comparator, quantity, expected) => {
    expect(cost(ask([entry({}), entry({ amount: '2', conditions: above(200_000, comparator) })], { input_text: quantity }))).toBe(expected)
  })

  it('are chosen by all input, cached included, and cover output too', () => {
    const entries = [
      entry({}), entry({ amount: '2', conditions: above(100, 'gt') }),
      entry({ component: 'cache_read', amount: '0.1' }), entry({ component: 'cache_read', amount: '0.2', conditions: above(100, 'gt') }),
      entry({ component: 'output_text', amount: '10' }), entry({ component: 'output_text', amount: '15', conditions: above(100, 'gt') }),
    ]
    expect(cost(ask(entries, { input_text: 1, cache_read: 100, output_text: 10 }))).toBe('0.000172')
    expect(cost(ask(entries, { input_text: 1, cache_read: 99, output_text: 10 }))).toBe('0.0001109')
  })

  it('take the highest that is reached', () => {
    const entries = [entry({ amount: '3', conditions: above(300, 'gt') }), entry({}), entry({ amount: '2', conditions: above(200, 'gt') })]
    expect(cost(ask(entries, { input_text: 250 }))).toBe('0.0005')
    expect(cost(ask(entries, { input_text: 301 }))).toBe('0.000903')
  })

  it('marginal covers only the part above, in a line of its own', () => {
    const answer = ask([entry({}), entry({ amount: '2', conditions: above(200_000, 'gt', 'marginal') })], { input_text: 300_000 })
    expect(answer.lines.map((line) => [line.quantity, line.rate])).toEqual([[200_000, '1'], [100_000, '2']])
    expect(cost(answer)).toBe('0.4')
    expect(cost(ask([entry({}), entry({ amount: '2', conditions: above(200_000, 'gt', 'marginal') })], { input_text: 200_000 }))).toBe('0.2')
  })
})

describe('dates', () => {
  const turn = Date.UTC(2026, 6, 30)
  const dated = [entry({ id: 'old', validTo: turn }), entry({ id: 'new', amount: '0.2', validFrom: turn })]

  it('are half-open: the last millisecond is old, the first is new', () => {
    expect(ask(dated, { input_text: million }, { at: turn - 1 }).lines[0]!.entryId).toBe('old')
    expect(ask(dated, { input_text: million }, { at: turn }).lines[0]!.entryId).toBe('new')
  })

  it('hold for one book asked back and forth', () => {
    const book = bookOf(dated)
    const at = (instant: number) => cost(book.price({ orgId: '', provider: 'openai', model: 'm', usage: { input_text: million }, at: instant, mode: 'standard', geo: '' }))
    expect([turn, turn - 1, turn + 1, turn - 1].map(at)).toEqual(['0.2', '1', '0.2', '1'])
  })

  it('outside every entry is unpriced', () => {
    expect(ask([entry({ validFrom: turn })], { input_text: 1 }, { at: turn - 1 }).state).toBe('unpriced')
  })

  it('of an alias choose the model', () => {
    const alias = (model: string, validFrom: number | null, validTo: number | null): ModelAlias => ({ provider: 'openai', pattern: 'm-latest', regex: false, model, validFrom, validTo })
    const book = bookOf([entry({}), entry({ model: 'm2', amount: '5' })], [alias('m', null, turn), alias('m2', turn, null)])
    const question = { orgId: '', provider: 'openai', model: 'M-Latest', usage: { input_text: million }, mode: 'standard', geo: '' } as const
    expect(cost(book.price({ ...question, at: turn - 1 }))).toBe('1')
    expect(cost(book.price({ ...question, at: turn }))).toBe('5')
    expect(book.resolve('openai', 'm-latest', turn)).toBe('m2')
  })

  it('only active entries that are not superseded count', () => {
    expect(ask([entry({ status: 'announced' })], { input_text: 1 }).state).toBe('unpriced')
    expect(ask([entry({ status: 'cancelled' })], { input_text: 1 }).state).toBe('unpriced')
    expect(ask([entry({ supersededAt: 1 })], { input_text: 1 }).state).toBe('unpriced')
  })
})

describe('books and ranks', () => {
  const list = entry({ id: 'list' })

  it('a contract beats list in cost and leaves the list cost', () => {
    const answer = ask([list, entry({ id: 'deal', book: 'contract', amount: '0.9', orgId: 'org', rank: 100 })], { input_text: million })
    expect(cost(answer)).toBe('0.9')
    expect(formatAmount(answer.listCost!)).toBe('1')
    expect(answer.lines[0]).toMatchObject({ entryId: 'deal', listEntryId: 'list', rate: '0.9' })
  })

  it("an override never leaks to another organisation, asked in either order", () => {
    const book = bookOf([list, entry({ book: 'contract', amount: '0.9', orgId: 'org', rank: 100 })])
    const of = (orgId: string) => cost(book.price({ orgId, provider: 'openai', model: 'm', usage: { input_text: million }, at, mode: 'standard', geo: '' }))
    expect(['org', 'sibling', 'org', ''].map(of)).toEqual(['0.9', '1', '0.9', '1'])
  })

  it("an organisation's own beats everyone's contract, whatever the rank", () => {
    const entries = [list, entry({ book: 'contract', amount: '0.5', rank: 200 }), entry({ book: 'contract', amount: '0.8', orgId: 'org', rank: 100 })]
    expect(cost(ask(entries, { input_text: million }))).toBe('0.8')
    expect(cost(ask(entries, { input_text: million }, { orgId: 'sibling' }))).toBe('0.5')
  })

  it('a higher rank beats a more specific lower one', () => {
    const tier: PriceConditions = { context: { from: { tokens: 10, comparator: 'gt' }, scope: 'cliff' } }
    expect(cost(ask([entry({ conditions: tier, amount: '9' }), entry({ rank: 10, amount: '3' })], { input_text: million }))).toBe('3')
  })

  it('a mark-up is no price', () => {
    expect(ask([entry({ book: 'markup' })], { input_text: 1 }).state).toBe('unpriced')
  })

  it('a contract in another currency prices in that currency and has no list cost', () => {
    const answer = ask([list, entry({ book: 'contract', currency: 'CNY', amount: '7', orgId: 'org' })], { input_text: million })
    expect(answer).toMatchObject({ currency: 'CNY', listCost: null })
    expect(cost(answer)).toBe('7')
  })
})

describe('missing prices', () => {
  it.each([
    ['output_reasoning', 'output_text'], ['cache_write_5m', 'cache_write'], ['cache_read', 'input_text'], ['embedding', 'input_text'],
  ] as const)('%s is priced as its parent %s', (component, parent) => {
    const answer = ask([entry({ component: parent, amount: '3' })], { [component]: million })
    expect(answer.state).toBe('priced')
    expect(cost(answer)).toBe('3')
  })

  it('a parent that stands in as an upper bound is said so; a vendor\'s own rule is not', () => {
    expect(ask([entry({})], { cache_read: 5 }).notices).toEqual(['cache_read priced as input_text'])
    expect(ask([entry({})], { input_text: 5 }).notices).toBeUndefined()
    expect(ask([entry({ component: 'output_text' })], { output_reasoning: 5 }).notices).toBeUndefined()
  })

  it.each(['input_audio', 'output_audio', 'output_image', 'cache_write', 'cache_write_1h', 'web_search'] as const)('%s never takes a text price', (component) => {
    const answer = ask([entry({}), entry({ component: 'output_text' })], { input_text: million, [component]: million })
    expect(answer.state).toBe('partial')
    expect(cost(answer)).toBe('1')
    expect(answer.lines[1]).toMatchObject({ component, quantity: million, entryId: null, rate: null, amount: null, listAmount: null })
  })

  it('cached audio costs at most fresh audio, never text', () => {
    expect(cost(ask([entry({}), entry({ component: 'input_audio', amount: '32' })], { cache_read_audio: million }))).toBe('32')
    expect(ask([entry({})], { cache_read_audio: million }).state).toBe('unpriced')
  })

  it('an image is text only where the vendor says so', () => {
    expect(ask([entry({})], { input_image: 1 }).state).toBe('priced')
    expect(bookOf([entry({ provider: 'somebody' })]).price({ orgId: '', provider: 'somebody', model: 'm', usage: { input_image: 1 }, at, mode: 'standard', geo: '' }).state).toBe('unpriced')
  })

  it('an unknown model is unpriced, not zero', () => {
    const answer = ask([entry({})], { input_text: 5 }, { model: 'm-new' })
    expect(answer).toMatchObject({ state: 'unpriced', model: null, cost: null, listCost: null })
    expect(answer.lines).toHaveLength(1)
  })

  it('none of an unpriced thing beside priced ones costs nothing', () => {
    expect(ask([entry({})], { input_text: 0, input_audio: 0 })).toMatchObject({ state: 'priced', cost: 0n })
    expect(ask([entry({})], { input_audio: 0 })).toMatchObject({ state: 'unpriced', cost: null })
  })

  it('a price of zero is a price', () => {
    expect(ask([entry({ amount: '0' })], { input_text: 5 })).toMatchObject({ state: 'priced', cost: 0n })
  })

  it('zero, absent and nothing at all differ', () => {
    expect(ask([entry({})], {})).toMatchObject({ state: 'none', cost: null, lines: [] })
    const zero = ask([entry({}), entry({ component: 'output_text' })], { input_text: 0, output_text: 0 })
    expect(zero).toMatchObject({ state: 'priced', cost: 0n })
    expect(zero.lines).toHaveLength(2)
    expect(ask([entry({})], { input_text: 5, output_audio: 0 }).lines).toHaveLength(1)
  })
})

describe('service modes', () => {
  const entries = [entry({}), entry({ component: 'output_text', amount: '4' }), entry({ amount: '2', conditions: { mode: 'priority' } }), entry({ component: 'web_search', unit: 'search', per: 1000, amount: '10' })]

  it('a mode without its own price is unpriced, never standard', () => {
    expect(ask(entries, { input_text: million }, { mode: 'batch' }).state).toBe('unpriced')
    const answer = ask(entries, { input_text: million, output_text: million }, { mode: 'priority' })
    expect(answer.state).toBe('partial')
    expect(cost(answer)).toBe('2')
  })

  it('a parent must be of the same mode', () => {
    expect(cost(ask(entries, { cache_read: million }, { mode: 'priority' }))).toBe('2')
    expect(ask(entries, { output_reasoning: million }, { mode: 'priority' }).state).toBe('unpriced')
  })

  it('fees of tools are the same in every mode', () => {
    expect(cost(ask(entries, { web_search: 1 }, { mode: 'flex' }))).toBe('0.01')
  })
})

describe('places and clocks', () => {
  it('a geo price applies where it is asked for, one of several included', () => {
    const entries = [entry({}), entry({ amount: '1.1', conditions: { geo: 'us,eu' } })]
    expect(cost(ask(entries, { input_text: million }, { geo: 'EU' }))).toBe('1.1')
    expect(cost(ask(entries, { input_text: million }, { geo: 'jp' }))).toBe('1')
    expect(cost(ask(entries, { input_text: million }))).toBe('1')
  })

  it('a clock price beats the plain one inside its window only', () => {
    const entries = [entry({}), entry({ amount: '2', conditions: { clock: [{ zone: 'UTC', days: [3], fromMinute: 60, toMinute: 240 }] } })]
    const wednesday = Date.UTC(2026, 7, 5)
    expect(cost(ask(entries, { input_text: million }, { at: wednesday + 60 * 60_000 }))).toBe('2')
    expect(cost(ask(entries, { input_text: million }, { at: wednesday + 60 * 60_000 - 1 }))).toBe('1')
    expect(cost(ask(entries, { input_text: million }, { at: wednesday + 240 * 60_000 }))).toBe('1')
  })
})

describe('quantities', () => {
  it('are quantised once, ties to even', () => {
    const half = (quantity: number) => ask([entry({ amount: '0.000000000000001', per: 2 })], { input_text: quantity }).cost
    expect([1, 2, 3, 5, 7].map(half)).toEqual([0n, 1n, 2n, 2n, 4n])
  })

  it('keep thirds exact until the line is written', () => {
    expect(cost(ask([entry({ component: 'audio_second', unit: 'second', per: 3600, amount: '0.111' })], { audio_second: 10 }))).toBe('0.000308333333333')
  })

  it('pay a minimum once anything is used', () => {
    const entries = [entry({ component: 'audio_second', unit: 'second', per: 1, amount: '1', conditions: { quantityMin: 10 } })]
    expect(ask(entries, { audio_second: 2 }).lines[0]).toMatchObject({ quantity: 10, amount: amountOf('10') })
    expect(cost(ask(entries, { audio_second: 11 }))).toBe('11')
    expect(cost(ask(entries, { audio_second: 0 }))).toBe('0')
  })

  it('carry 2e9 tokens without loss', () => {
    expect(cost(ask([entry({ amount: '0.000000003' })], { input_text: 2_000_000_001 }))).toBe('0.000006000000003')
  })

  it('a fee per request is charged on every call that did work; a count alone costs nothing', () => {
    const fee = entry({ component: 'request', unit: 'request', per: 1000, amount: '5' })
    expect(cost(ask([entry({}), fee], { input_text: million }))).toBe('1.005')
    expect(cost(ask([entry({}), fee], { input_text: million, request: 2 }))).toBe('1.01')
    expect(ask([entry({})], { input_text: million, request: 1 })).toMatchObject({ state: 'priced', lines: [{ component: 'input_text' }] })
    expect(ask([entry({})], { request: 1 }).state).toBe('unpriced')
  })

  it('deltas may be negative', () => {
    expect(cost(ask([entry({})], { input_text: -million }))).toBe('-1')
  })
})
