import { createPriceBook } from '../src/core/pricing/create-price-book.ts'
import type { PriceQuestion } from '../src/core/pricing/price-book.ts'
import type { PriceEntry } from '../src/core/pricing/price-entry.ts'
import { bundledPrices } from '../src/jobs/seed-prices.ts'

/**
 * Prices one call of seven components on a tiered model with an override, as a gateway would: names arrive as fresh
 * strings. Prints the median of rounds; asserts nothing.
 */
const data = bundledPrices()
const input = data.entries.find((entry) => entry.provider === 'openai' && entry.model === 'gpt-5.6-luna' && entry.component === 'input_text')!
const override: PriceEntry = { ...input, id: 'override', book: 'contract', rank: 100, amount: '0.18', validFrom: null, validTo: null, conditions: {}, orgId: 'acme' }
const extra = (component: PriceEntry['component'], amount: string): PriceEntry => ({ ...override, id: `extra-${component}`, component, amount })

const builtAt = performance.now()
const book = createPriceBook({ ...data, entries: [...data.entries, override, extra('input_audio', '32'), extra('output_audio', '64')] })
const buildMs = performance.now() - builtAt

const at = Date.UTC(2026, 10, 23)
const fresh = (text: string): string => Buffer.from(text).toString()
const question = (): PriceQuestion => ({
  orgId: fresh('acme'), provider: fresh('openai'), model: fresh('gpt-5.6-luna'), at, mode: 'standard', geo: '',
  usage: { input_text: 1_234, cache_read: 60_000, cache_write: 2_000, input_audio: 17, output_text: 812, output_reasoning: 640, output_audio: 9 },
})
const plain = (): PriceQuestion => ({ ...question(), orgId: fresh('other'), model: fresh('gpt-4o'), usage: { input_text: 1_234, output_text: 567 } })

function median(name: string, run: (index: number) => void): void {
  const calls = 20_000
  const rounds: number[] = []
  for (let round = 0; round < 15; round += 1) {
    const start = process.hrtime.bigint()
    for (let index = 0; index < calls; index += 1) run(index)
    rounds.push(Number(process.hrtime.bigint() - start) / calls)
  }
  rounds.sort((a, b) => a - b)
  console.log(`${name.padEnd(52)} ${(rounds[7]! / 1000).toFixed(3)} µs (best ${(rounds[0]! / 1000).toFixed(3)})`)
}

const pool = <Question>(make: () => Question): readonly Question[] => Array.from({ length: 512 }, make)
const seven = pool(question)
const two = pool(plain)
const bounds = pool(() => ({ orgId: fresh('acme'), provider: fresh('openai'), model: fresh('gpt-5.6-luna'), inputTokensMax: 300_000, outputTokensMax: 4_096, at, mode: 'standard' as const, geo: '', mayWriteCache: true }))

console.log(`${data.entries.length} entries, ${data.aliases.length} aliases; book built in ${buildMs.toFixed(1)} ms`)
let sum = 0n
median('price: 7 components, tiers, override', (index) => { sum += book.price(seven[index & 511]!).cost ?? 0n })
median('price: 2 components, no tier', (index) => { sum += book.price(two[index & 511]!).cost ?? 0n })
median('bound: tiers, cache writes', (index) => { sum += book.bound(bounds[index & 511]!)?.cost ?? 0n })
console.log(`checksum ${sum}`)
