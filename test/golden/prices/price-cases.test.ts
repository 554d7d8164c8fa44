import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { amountOf, formatAmount } from '../../../src/base/money.ts'
import { createPriceBook } from '../../../src/core/pricing/create-price-book.ts'
import type { ServiceMode } from '../../../src/core/pricing/price-entry.ts'
import type { Usage, UsageComponent } from '../../../src/core/usage/usage.ts'
import { bundledPrices } from '../../../src/jobs/seed-prices.ts'

/** Reference calls, each verified against at least two catalogues of its own date; the file says how. */
interface PriceCase {
  readonly id: string
  readonly provider: string
  readonly model: string
  readonly usage: Readonly<Record<string, number>>
  readonly at: string
  readonly mode: ServiceMode
  readonly region?: string
  readonly expected_usd: string
  readonly tolerance_usd?: string
  readonly note: string
}

const components: Readonly<Record<string, UsageComponent>> = {
  input_tokens: 'input_text', output_tokens: 'output_text', input_audio_tokens: 'input_audio', output_audio_tokens: 'output_audio',
  cache_read_tokens: 'cache_read', cache_read_audio_tokens: 'cache_read_audio', cache_write_tokens: 'cache_write',
  cache_write_5m_tokens: 'cache_write_5m', cache_write_1h_tokens: 'cache_write_1h',
  web_searches: 'web_search', searches: 'rerank_search', audio_seconds: 'audio_second',
}

function usageOf(counters: PriceCase['usage']): Usage {
  const usage: Partial<Record<UsageComponent, number>> = {}
  for (const [name, quantity] of Object.entries(counters)) {
    const component = components[name]
    if (component === undefined) throw new Error(`unknown counter ${name}`)
    usage[component] = quantity
  }
  return usage
}

const file = JSON.parse(readFileSync(new URL('./price-cases.json', import.meta.url), 'utf8')) as { readonly count: number; readonly cases: readonly PriceCase[] }
const book = createPriceBook(bundledPrices())

describe('reference price cases', () => {
  it('are all here', () => {
    expect(file.cases).toHaveLength(file.count)
    expect(file.count).toBe(90)
  })

  it.each(file.cases)('$id $provider $model: $note', (reference) => {
    const answer = book.price({
      orgId: 'org', provider: reference.provider, model: reference.model, usage: usageOf(reference.usage),
      at: Date.parse(reference.at), mode: reference.mode, geo: reference.region ?? '',
    })
    expect(answer.state).toBe('priced')
    expect(answer.currency).toBe('USD')
    expect(answer.cost).toBe(answer.listCost)
    if (reference.tolerance_usd === undefined) {
      expect(formatAmount(answer.cost!)).toBe(reference.expected_usd)
      return
    }
    // The case states more places than an amount has; ours is that value quantised once.
    const expected = amountOf(reference.expected_usd.slice(0, '0.'.length + 15))
    const distance = answer.cost! > expected ? answer.cost! - expected : expected - answer.cost!
    expect(distance).toBeLessThanOrEqual(amountOf(reference.tolerance_usd))
  })
})
