import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseAmount } from '../base/money.ts'
import { createPriceBook } from '../core/pricing/create-price-book.ts'
import { feedProviderNames, importGenaiPrices } from '../core/pricing/import-genai-prices.ts'
import { applyOverlay } from '../core/pricing/overlay/apply-overlay.ts'
import { overlay } from '../core/pricing/overlay/overlay.ts'
import { unitOf } from '../core/usage/usage.ts'
import type { PriceStore } from '../store/ports.ts'
import { bundledPrices, feedProviders, feedVersion, seedPrices } from './seed-prices.ts'

const data = bundledPrices()
const book = createPriceBook(data)
const at = Date.UTC(2026, 10, 23)

describe('the bundled prices', () => {
  it('come from the installed feed, all of its providers', () => {
    const directory = new URL('../../node_modules/@pydantic/genai-prices/', import.meta.url)
    const manifest = JSON.parse(readFileSync(new URL('package.json', directory), 'utf8')) as { readonly version: string }
    expect(manifest.version).toBe(feedVersion)
    const bundle = readFileSync(new URL('dist/index.js', directory), 'utf8')
    expect(feedProviders()).toHaveLength(bundle.match(/^ {4}api_pattern: /gm)!.length)
    expect(feedProviders()).toHaveLength(Object.keys(feedProviderNames).length)
  })

  it('are many, unique, decimal and in their component\'s unit', () => {
    expect(data.entries.length).toBeGreaterThan(5_000)
    expect(new Set(data.entries.map((entry) => entry.id)).size).toBe(data.entries.length)
    for (const entry of data.entries) {
      expect(parseAmount(entry.amount).ok).toBe(true)
      expect(entry.unit).toBe(unitOf(entry.component))
      expect(entry.source).not.toBe('')
      if (entry.validFrom !== null && entry.validTo !== null) expect(entry.validFrom).toBeLessThan(entry.validTo)
    }
  })

  it('have no alias to a model without entries or limits', () => {
    const known = new Set([...data.entries, ...data.limits].map(({ provider, model }) => `${provider}\n${model}`))
    const dangling = data.aliases.filter((alias) => !known.has(`${alias.provider}\n${alias.model}`))
    // Models that the feed lists without a price ("free", "moderation") keep their names and resolve to nothing.
    expect(dangling.filter((alias) => overlay.aliases.some((own) => own.model === alias.model))).toEqual([])
  })

  it('overlay: every step applies to something', () => {
    const merged = applyOverlay(importGenaiPrices(feedProviders(), feedVersion, 0), overlay, 0)
    expect(merged.skipped.filter((line) => line.startsWith('overlay'))).toEqual([])
  })

  it('overlay: every model a step names exists', () => {
    const feed = importGenaiPrices(feedProviders(), feedVersion, 0)
    const known = new Set([...applyOverlay(feed, overlay, 0).entries].map(({ provider, model }) => `${provider}\n${model}`))
    const missing = overlay.steps.flatMap((step) => (step.kind === 'stated' ? [] : (step.models ?? []).filter((model) => !known.has(`${step.kind === 'same' ? step.as : step.provider}\n${model}`))))
    expect(missing).toEqual([])
  })

  it.each([
    ['openai', 'gpt-4o-2024-08-06', 'gpt-4o'], ['openai', 'gpt-4o-2024-05-13', 'gpt-4o-2024-05-13'], ['openai', 'gpt-5-nano-2025-08-07', 'gpt-5-nano'],
    ['openai', 'ft:gpt-4o-mini-2024-07-18:acme::1', 'ft:gpt-4o-mini'], ['anthropic', 'claude-sonnet-4-5-20250929', 'claude-sonnet-4-5'],
    ['anthropic', 'claude-sonnet-4-20250514', 'claude-sonnet-4-0'], ['anthropic', 'claude-3-5-sonnet-latest', 'claude-3-5-sonnet'],
    ['google', 'models/gemini-2.0-flash-001', 'gemini-2.0-flash'], ['azure', 'gpt-4o-mini-2024-07-18', 'gpt-4o-mini'], ['mistral', 'mistral-large-latest', 'mistral-large-2512'],
    ['deepseek', 'deepseek-chat', 'deepseek-v4-flash'], ['groq', 'openai/gpt-oss-safeguard-20b', 'openai/gpt-oss-safeguard-20b'], ['bedrock', 'amazon.titan-embed-text-v2:0', 'amazon.titan-embed-text-v2:0'],
    ['openai', 'gpt-9', null], ['openai', 'gpt-4o-2031-01-01', null], ['anthropic', 'claude-sonnet-4-7', null],
  ])('%s %s is %s', (provider, name, model) => {
    expect(book.resolve(provider, name, at)).toBe(model)
  })

  it('know what the usual models can do at most', () => {
    expect(book.limits('openai', 'gpt-4o-2024-08-06', at)).toEqual({ contextTokens: 128_000, outputTokensMax: 16_384 })
    expect(book.limits('anthropic', 'claude-sonnet-4-5', at)).toMatchObject({ outputTokensMax: 64_000 })
    expect(book.limits('azure', 'gpt-4o', at)).toEqual({ contextTokens: 128_000, outputTokensMax: 16_384 })
    expect(book.limits('openai', 'gpt-9', at)).toEqual({ contextTokens: null, outputTokensMax: null })
  })

  it('are the same on every build', () => {
    const again = applyOverlay(importGenaiPrices(feedProviders(), feedVersion, 5), overlay, 5)
    expect(again.entries.map((entry) => entry.id)).toEqual(data.entries.map((entry) => entry.id))
  })

  it('are seeded as one source', async () => {
    const calls: unknown[][] = []
    const store = { seed: async (...facts: unknown[]) => { calls.push(facts); return { added: 1, superseded: 0 } } } as unknown as PriceStore
    expect(await seedPrices(store, 42)).toEqual({ added: 1, superseded: 0 })
    expect(calls).toEqual([['bundled', data.entries, data.aliases, data.limits, 42]])
  })
})
