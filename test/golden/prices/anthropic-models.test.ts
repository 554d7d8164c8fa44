import { expect, test } from 'vitest'
import { formatAmount } from '../../../src/base/money.ts'
import { createPriceBook } from '../../../src/core/pricing/create-price-book.ts'
import type { Usage } from '../../../src/core/usage/usage.ts'
import { bundledPrices } from '../../../src/jobs/seed-prices.ts'

/** Figures from Anthropic's model pages of autumn 2026, worked out by hand. */
const book = createPriceBook(bundledPrices())
const cost = (model: string, usage: Usage, at = '2026-11-01T00:00:00Z', geo = 'global'): string | null => {
  const { cost: amount, state } = book.price({ orgId: 'acme', provider: 'anthropic', model, usage, at: Date.parse(at), mode: 'standard', geo })
  return amount === null || state !== 'priced' ? null : formatAmount(amount)
}

test('Haiku 5.5: a prompt of 100,000 tokens is the last one at the lower price, whatever it is made of', () => {
  expect(cost('claude-haiku-5-5', { input_text: 100_000, output_text: 1_000 })).toBe('0.0105')
  expect(cost('claude-haiku-5-5', { input_text: 60_000, cache_read: 40_000, output_text: 1_000 })).toBe('0.0069')
  expect(cost('claude-haiku-5-5', { input_text: 60_000, cache_read: 40_001, output_text: 1_000 })).toBe('0.03450005')
  expect(cost('claude-haiku-5-5', { input_text: 1, cache_write_5m: 60_000, cache_write_1h: 60_000, output_text: 0 })).toBe('0.0975005')
})

test('Sonnet 5.5: cache reads became cheaper on 7 October 2026', () => {
  expect(cost('claude-sonnet-5-5', { input_text: 1_000, cache_read: 10_000, output_text: 100 }, '2026-10-06T23:59:59Z')).toBe('0.005')
  expect(cost('claude-sonnet-5-5', { input_text: 1_000, cache_read: 10_000, output_text: 100 }, '2026-10-07T00:00:00Z')).toBe('0.004')
  expect(cost('claude-sonnet-5-5', { input_text: 1_000, cache_read: 10_000, output_text: 100, web_search: 2 }, '2026-10-07T00:00:00Z', 'us')).toBe('0.0244')
})

test('a model that nobody has published a price for stays unpriced', () => {
  expect(cost('claude-fable-5-2', { input_text: 1, output_text: 1 })).toBeNull()
})
