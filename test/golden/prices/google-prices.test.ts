import { describe, expect, test } from 'vitest'
import { amountOf } from '../../../src/base/money.ts'
import { createPriceBook } from '../../../src/core/pricing/create-price-book.ts'
import type { ServiceMode } from '../../../src/core/pricing/price-entry.ts'
import type { Usage } from '../../../src/core/usage/usage.ts'
import { bundledPrices } from '../../../src/jobs/seed-prices.ts'

/** What Google's own API counts has a price in every modality: each case is quantity × price page, by hand. */
const book = createPriceBook(bundledPrices())
const price = (model: string, usage: Usage, at = '2026-11-23T00:00:00Z', mode: ServiceMode = 'standard'): ReturnType<typeof book.price> =>
  book.price({ orgId: 'acme', provider: 'google', model, usage, at: Date.parse(at), mode, geo: '' })

describe('Google', () => {
  test.each<readonly [string, string, Usage, string]>([
    ['sound at its own price', 'gemini-2.5-flash', { input_text: 1_000_000, input_audio: 1_000_000, cache_read_audio: 1_000_000, cache_read: 1_000_000 }, '1.43'],
    ['sound at the price of text', 'gemini-2.5-pro', { input_text: 50_000, input_audio: 50_000 }, '0.125'],
    ['sound in the higher tier', 'gemini-2.5-pro', { input_text: 100_000, input_audio: 100_000, cache_read_audio: 50_000, output_text: 1_000 }, '0.5275'],
    ['images and video as text', 'gemini-3.1-pro-preview', { input_image: 50_000, input_video: 50_000, output_reasoning: 10_000 }, '0.32'],
    ['images as answers', 'gemini-2.5-flash-image', { input_text: 1_000, output_image: 1_290, output_text: 100 }, '0.03925'],
    ['speech as an answer', 'gemini-2.5-flash-preview-tts', { input_text: 1_000, output_audio: 10_000 }, '0.1005'],
    ['introductory prices', 'gemini-3.8-flash', { input_text: 1_000_000, input_audio: 1_000_000, output_text: 1_000_000 }, '5.25'],
    ['embeddings of text, images and sound', 'gemini-embedding-2', { embedding: 1_000_000, input_image: 1_000_000, input_audio: 1_000_000 }, '7.15'],
    ['Gemini 4 at launch', 'gemini-4-argon', { input_text: 1_000_000, cache_read: 1_000_000, output_text: 100_000, output_reasoning: 900_000, web_search: 1 }, '12.114'],
    ['Gemini 4 has one tier', 'models/gemini-4-carbon', { input_text: 900_000 }, '1.8'],
  ])('%s: %s', (_name, model, usage, expected) => {
    const priced = price(model, usage)
    expect(priced.state).toBe('priced')
    expect(priced.cost).toBe(amountOf(expected))
  })

  test('announced prices hold from their instant on', () => {
    const usage = { input_text: 1_000_000, cache_read: 1_000_000, output_text: 1_000_000 }
    expect(price('gemini-4-argon', usage, '2026-11-30T23:59:59Z').cost).toBe(amountOf('12.1'))
    expect(price('gemini-4-argon', usage, '2026-12-01T00:00:00Z').cost).toBe(amountOf('24.2'))
    expect(price('gemini-3.8-flash', { input_audio: 1_000_000 }, '2027-01-01T00:00:00Z').cost).toBe(amountOf('1.5'))
  })

  test('sound in other modes follows text', () => {
    expect(price('gemini-3.5-flash', { input_audio: 1_000_000 }, '2026-11-23T00:00:00Z', 'flex').cost).toBe(amountOf('0.75'))
    expect(price('gemini-3.1-pro-preview', { input_audio: 100_000 }, '2026-11-23T00:00:00Z', 'priority').cost).toBe(amountOf('0.36'))
  })

  test('outputs have a bound', () => {
    for (const model of ['gemini-2.5-pro', 'gemini-2.5-flash', 'gemini-2.5-flash-lite', 'gemini-3.1-pro-preview', 'gemini-3.5-flash', 'gemini-3.6-flash', 'gemini-3.7-flash', 'gemini-3.8-flash', 'gemini-4-argon', 'gemini-4-carbon']) {
      expect(book.limits('google', model, Date.now()), model).toEqual({ contextTokens: 1_048_576, outputTokensMax: 65_536 })
    }
  })
})
