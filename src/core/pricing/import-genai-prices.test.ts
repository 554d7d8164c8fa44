import { describe, expect, it } from 'vitest'
import { createPriceBook } from './create-price-book.ts'
import { decimalOf, importGenaiPrices, type FeedModel, type FeedProvider } from './import-genai-prices.ts'

const model = (facts: Partial<FeedModel>): FeedModel => ({ id: 'm', match: { equals: 'm' }, prices: { input_mtok: 1 }, ...facts })
const load = (models: readonly FeedModel[], id = 'openai') => importGenaiPrices([{ id, models } satisfies FeedProvider], '9.9.9', 0)

describe('figures', () => {
  it.each([[2.5, '2.5'], [0, '0'], [3.625e-9, '0.000000003625'], [1e-7, '0.0000001'], [0.1, '0.1'], [600, '600'], [1e21, '1000000000000000000000'], [0.003625, '0.003625'], [1.5e-10, '0.00000000015']])('%d is "%s"', (figure, text) => {
    expect(decimalOf(figure)).toEqual({ ok: true, value: text })
  })

  it.each([1 / 3e9, Number.NaN, Number.POSITIVE_INFINITY, -1])('%d is refused, not rounded', (figure) => {
    expect(decimalOf(figure).ok).toBe(false)
  })

  it('that are refused are reported', () => {
    const loaded = load([model({ prices: { input_mtok: 1 / 3e9, output_mtok: 1 } })])
    expect(loaded.entries.map((entry) => entry.component)).toEqual(['output_text'])
    expect(loaded.skipped).toHaveLength(1)
  })

  it('keep their unit: hours are seconds per 3,600, searches per 1,000', () => {
    const loaded = load([model({ prices: { audio_hours: 0.111, input_audio_hours: 0.111, web_searches_kcount: 10, something_new: 3 } })])
    expect(loaded.entries.map(({ component, per, amount, unit }) => [component, per, amount, unit])).toEqual([['audio_second', 3600, '0.111', 'second'], ['web_search', 1000, '10', 'search']])
    expect(loaded.skipped).toEqual(['openai m something_new: no counter of ours'])
  })
})

describe('rows', () => {
  it('tiers are cliffs above their start, as the feed computes them', () => {
    const [base, tier] = load([model({ prices: { input_mtok: { base: 1, tiers: [{ start: 271_999, price: 2 }] } } })]).entries
    expect(base!.conditions).toEqual({})
    expect(tier!.conditions).toEqual({ context: { from: { tokens: 271_999, comparator: 'gt' }, scope: 'cliff' } })
  })

  it('dated rows end where the next begins', () => {
    const row = (start_date: string, price: number) => ({ constraint: { type: 'start_date' as const, start_date }, prices: { input_mtok: price } })
    const { entries } = load([model({ prices: [{ prices: { input_mtok: 1 } }, row('2026-01-01', 2), row('2026-06-01', 3)] })])
    const jan = Date.UTC(2026, 0, 1)
    const june = Date.UTC(2026, 5, 1)
    expect(entries.map(({ amount, validFrom, validTo }) => [amount, validFrom, validTo])).toEqual([['1', null, jan], ['2', jan, june], ['3', june, null]])
  })

  it('a clock row is a daily window in UTC and begins with the dated row before it', () => {
    const { entries } = load([model({
      prices: [
        { prices: { input_mtok: 1 } },
        { constraint: { type: 'start_date', start_date: '2026-08-17' }, prices: { input_mtok: 2 } },
        { constraint: { type: 'time_of_date', start_time: '16:30:00Z', end_time: '00:30:00Z' }, prices: { input_mtok: 4 } },
      ],
    })])
    expect(entries[2]).toMatchObject({ validFrom: Date.UTC(2026, 7, 17), validTo: null, conditions: { clock: [{ zone: 'UTC', fromMinute: 990, toMinute: 30 }] } })
    expect(entries[1]).toMatchObject({ validFrom: Date.UTC(2026, 7, 17), validTo: null })
  })

  it('have the same ids on every run and other ids for other figures', () => {
    const ids = (price: number) => load([model({ prices: { input_mtok: price } })]).entries.map((entry) => entry.id)
    expect(ids(1)).toEqual(ids(1))
    expect(ids(1)).not.toEqual(ids(2))
  })

  it('of an unknown provider are skipped and said so', () => {
    expect(load([model({})], 'brand-new')).toMatchObject({ entries: [], skipped: ['brand-new: provider is not known'] })
  })
})

describe('names', () => {
  const resolves = (models: readonly FeedModel[], name: string, id = 'openai') => {
    const { entries, aliases, limits } = load(models, id)
    return createPriceBook({ version: '', entries, aliases, limits }).resolve(id === 'aws' ? 'bedrock' : id, name, 0)
  }
  const prefixed = model({ id: 'gpt-4o', match: { starts_with: 'gpt-4o' } })

  it.each([['gpt-4o', 'gpt-4o'], ['gpt-4o-2024-08-06', 'gpt-4o'], ['gpt-4o-20240806', 'gpt-4o'], ['gpt-4o-mini', null], ['gpt-4o-mini-2024-08-06', null], ['gpt-4o-audio', null]])('a prefix takes "%s" to %s', (name, expected) => {
    expect(resolves([prefixed], name)).toBe(expected)
  })

  it('a snapshot with a row of its own keeps it, whatever the order', () => {
    const own = model({ id: 'gpt-4o-2024-05-13', match: { equals: 'gpt-4o-2024-05-13' } })
    expect(resolves([prefixed, own], 'gpt-4o-2024-05-13')).toBe('gpt-4o-2024-05-13')
    expect(resolves([own, prefixed], 'gpt-4o-2024-05-13')).toBe('gpt-4o-2024-05-13')
  })

  it.each([['claude-sonnet-4-20250514', 'claude-sonnet-4-0'], ['claude-sonnet-4-0', 'claude-sonnet-4-0'], ['claude-sonnet-4-2025', null], ['claude-sonnet-4-5-20250929', null]])('a prefix cut inside a date takes "%s" to %s', (name, expected) => {
    expect(resolves([model({ id: 'claude-sonnet-4-0', match: { starts_with: 'claude-sonnet-4-2025' } })], name)).toBe(expected)
  })

  it.each([['^m-\\d+$', 'm-12', 'm'], ['^m-\\d+', 'm-12', null], ['m-\\d+$', 'm-12', null]])('pattern %s takes "%s" to %s', (regex, name, expected) => {
    expect(resolves([model({ match: { regex } })], name)).toBe(expected)
  })

  it('Bedrock versions are part of the model', () => {
    const titan = model({ id: 'amazon.titan-embed-text-v1', match: { contains: 'amazon.titan-embed-text' } })
    expect(resolves([titan], 'amazon.titan-embed-text-v1:0', 'aws')).toBe('amazon.titan-embed-text-v1')
    expect(resolves([titan], 'amazon.titan-embed-text-v2:0', 'aws')).toBeNull()
  })

  it('Bedrock profiles of one model share it, the global one as a geo', () => {
    const { entries } = load([
      model({ id: 'regional.anthropic.claude-x-v1:0', match: { starts_with: 'anthropic.claude-x' }, prices: { input_mtok: 3.3 } }),
      model({ id: 'global.anthropic.claude-x-v1:0', match: { contains: 'global.anthropic.claude-x' }, prices: { input_mtok: 3 } }),
    ], 'aws')
    expect(entries.map((entry) => [entry.provider, entry.model, entry.amount, entry.conditions.geo])).toEqual([
      ['bedrock', 'anthropic.claude-x-v1:0', '3.3', undefined], ['bedrock', 'anthropic.claude-x-v1:0', '3', 'global'],
    ])
  })
})
