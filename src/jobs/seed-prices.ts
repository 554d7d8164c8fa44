import { findProvider } from '@pydantic/genai-prices'
import { contentId, feedProviderNames, importGenaiPrices, type FeedProvider } from '../core/pricing/import-genai-prices.ts'
import type { PriceData } from '../core/pricing/price-entry.ts'
import type { PriceStore } from '../store/ports.ts'

/** Version of the bundled feed; package.json pins the same. */
const feedVersion = '0.1.8'
/** When this edition of the bundled prices was put together; entries are recorded then, on every machine alike. */
const editionMs = Date.UTC(2026, 10, 23)

const sources = { feed: `genai-prices ${feedVersion}` } as const

/** The feed's providers by its public look-up; a provider it no longer has is left out. */
function feedProviders(): readonly FeedProvider[] {
  return Object.keys(feedProviderNames).flatMap((id) => {
    const found = findProvider({ providerId: id })
    return found?.id === id ? [found as FeedProvider] : []
  })
}

/** Prices shipped with the product: the pinned feed with our corrections above it. Same content, same version, on every machine. */
export function bundledPrices(): PriceData {
  const feed = importGenaiPrices(feedProviders(), feedVersion, editionMs)
  const data = { entries: feed.entries, aliases: feed.aliases, limits: feed.limits }
  return { version: contentId('pv', data), ...data }
}

/** Puts the bundled prices into the store; a second run of the same edition changes nothing. */
export async function seedPrices(store: PriceStore, nowMs: number): Promise<{ readonly added: number; readonly superseded: number }> {
  const { entries, aliases, limits } = bundledPrices()
  return store.seed(sources.feed, entries, aliases, limits, nowMs)
}
