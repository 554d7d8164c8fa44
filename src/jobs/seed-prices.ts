import { findProvider } from '@pydantic/genai-prices'
import { contentId, feedProviderNames, importGenaiPrices, type FeedProvider } from '../core/pricing/import-genai-prices.ts'
import { applyOverlay } from '../core/pricing/overlay/apply-overlay.ts'
import { overlay } from '../core/pricing/overlay/overlay.ts'
import type { PriceData } from '../core/pricing/price-entry.ts'
import type { PriceStore } from '../store/ports.ts'

/** Version of the bundled feed; a test holds it to the version installed. */
export const feedVersion = '0.1.8'
/** When this edition of the bundled prices was put together; entries are recorded then, on every machine alike. */
const editionMs = Date.UTC(2026, 10, 23)

/** The name under which the bundled prices are seeded. Overlay and feed are one source: the overlay's rows are computed from the feed's. */
const bundledSource = 'bundled'

/** The feed's providers by its public look-up; a provider it no longer has is left out. */
export function feedProviders(): readonly FeedProvider[] {
  return Object.keys(feedProviderNames).flatMap((id) => {
    const found = findProvider({ providerId: id })
    return found?.id === id ? [found as FeedProvider] : []
  })
}

let bundled: PriceData | null = null

/** Prices shipped with the product: the pinned feed with our corrections above it. Same content, same version, on every machine. */
export function bundledPrices(): PriceData {
  if (bundled === null) {
    const { entries, aliases, limits } = applyOverlay(importGenaiPrices(feedProviders(), feedVersion, editionMs), overlay, editionMs)
    bundled = { version: contentId('pv', { entries: entries.map((entry) => entry.id), aliases, limits }), entries, aliases, limits }
  }
  return bundled
}

/** Puts the bundled prices into the store; a second run of the same edition changes nothing, a new edition supersedes what it dropped. */
export async function seedPrices(store: PriceStore, nowMs: number): Promise<{ readonly added: number; readonly superseded: number }> {
  const { entries, aliases, limits } = bundledPrices()
  return store.seed(bundledSource, entries, aliases, limits, nowMs)
}
