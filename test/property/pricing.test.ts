import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPriceBook } from '../../src/core/pricing/create-price-book.ts'
import type { PriceEntry, ServiceMode } from '../../src/core/pricing/price-entry.ts'
import type { Usage } from '../../src/core/usage/usage.ts'
import { bundledPrices } from '../../src/jobs/seed-prices.ts'

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31)
const data = bundledPrices()
const book = createPriceBook(data)

/** Models with a price for input and output, so that a bound can exist. */
const models = [...new Set(data.entries.filter((entry) => entry.component === 'output_text').map((entry) => `${entry.provider}\n${entry.model}`))].sort()
const model = fc.constantFrom(...models).map((key) => {
  const [provider, name] = key.split('\n')
  return { provider: provider!, model: name! }
})
const modes: readonly ServiceMode[] = ['standard', 'batch', 'flex', 'priority', 'fast']
const instant = fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2027, 1, 1) })
const geo = fc.constantFrom('', 'us', 'eu', 'global')
const shares = (parts: number) => fc.array(fc.nat(1000), { minLength: parts, maxLength: parts })

/** Whole parts of a total in proportion to weights; they never sum to more than it. */
const split = (total: number, weights: readonly number[]): number[] => {
  const sum = weights.reduce((a, b) => a + b, 0) || 1
  return weights.map((weight) => Math.floor((total * weight) / sum))
}

const call = fc.record({
  model, at: instant, geo, mode: fc.constantFrom(...modes), served: fc.boolean(), mayWriteCache: fc.boolean(),
  inputTokensMax: fc.oneof(fc.nat(5_000), fc.integer({ min: 190_000, max: 280_000 }), fc.nat(2_000_000)), outputTokensMax: fc.nat(200_000),
  used: fc.nat(1000), inputShares: shares(5), outputShares: shares(2),
})

describe(`pricing, seed ${seed}`, () => {
  it('never exceeds the bound', () => {
    let bounded = 0
    fc.assert(fc.property(call, ({ model: { provider, model: name }, at, geo: place, mode, served, mayWriteCache, inputTokensMax, outputTokensMax, used, inputShares, outputShares }) => {
      const bound = book.bound({ orgId: '', provider, model: name, inputTokensMax, outputTokensMax, at, mode, geo: place, mayWriteCache })
      if (bound === null) return
      bounded += 1
      const [text, read, write, write5m, write1h] = split(Math.floor((inputTokensMax * used) / 1000), mayWriteCache ? inputShares : [...inputShares.slice(0, 2), 0, 0, 0])
      const [output, reasoning] = split(outputTokensMax, outputShares)
      const usage: Usage = { input_text: text!, cache_read: read!, cache_write: write!, cache_write_5m: write5m!, cache_write_1h: write1h!, output_text: output!, output_reasoning: reasoning! }
      const priced = book.price({ orgId: '', provider, model: name, usage, at, mode: served ? mode : 'standard', geo: place })
      expect(priced.cost ?? 0n).toBeLessThanOrEqual(bound.cost)
      expect(priced.currency).toBe(bound.currency)
    }), { seed, numRuns: 3_000 })
    expect(bounded).toBeGreaterThan(500)
  })

  it('is the sum of its lines, each within half of 1e-15 of its exact quotient', () => {
    fc.assert(fc.property(model, instant, fc.nat(2_000_000), fc.nat(200_000), ({ provider, model: name }, at, input, output) => {
      const priced = book.price({ orgId: '', provider, model: name, usage: { input_text: input, output_text: output }, at, mode: 'standard', geo: '' })
      let sum = 0n
      for (const line of priced.lines) {
        if (line.amount === null) continue
        sum += line.amount
        const rate = BigInt(line.rate!.split('.')[0]! + (line.rate!.split('.')[1] ?? '').padEnd(15, '0'))
        const twice = 2n * (BigInt(line.quantity) * rate - line.amount * BigInt(line.per))
        expect(twice <= BigInt(line.per) && -twice <= BigInt(line.per)).toBe(true)
      }
      expect(priced.cost ?? 0n).toBe(sum)
    }), { seed, numRuns: 1_000 })
  })

  it('does not depend on the order of the data', () => {
    const shuffled = createPriceBook({ ...data, entries: data.entries.toReversed() })
    fc.assert(fc.property(model, instant, fc.constantFrom(...modes), geo, fc.nat(400_000), ({ provider, model: name }, at, mode, place, input) => {
      const question = { orgId: '', provider, model: name, usage: { input_text: input, cache_read: 7, output_text: 11 }, at, mode, geo: place }
      expect(shuffled.price(question)).toEqual(book.price(question))
    }), { seed, numRuns: 1_000 })
  })

  it("an organisation's override changes nothing for another", () => {
    const override: PriceEntry = {
      ...data.entries.find((entry) => entry.provider === 'openai' && entry.model === 'gpt-4o' && entry.component === 'input_text')!,
      id: 'override', book: 'contract', rank: 100, amount: '0.000001', orgId: 'mine',
    }
    const overridden = createPriceBook({ ...data, entries: [...data.entries, override] })
    fc.assert(fc.property(fc.nat(1_000_000), instant, fc.boolean(), (input, at, mineFirst) => {
      const ask = (orgId: string) => overridden.price({ orgId, provider: 'openai', model: 'gpt-4o', usage: { input_text: input + 1 }, at, mode: 'standard', geo: '' })
      const mine = mineFirst ? ask('mine') : null
      expect(ask('other')).toEqual(book.price({ orgId: 'other', provider: 'openai', model: 'gpt-4o', usage: { input_text: input + 1 }, at, mode: 'standard', geo: '' }))
      expect((mine ?? ask('mine')).lines[0]!.entryId).toBe('override')
    }), { seed, numRuns: 200 })
  })
})
