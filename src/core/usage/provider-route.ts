import type { ProviderDialect } from './provider-dialects.ts'

/** An upstream that gateways may call: an LLM provider or a plain HTTP API. */
export interface ProviderRoute {
  readonly orgId: string
  /** Path segment: /openai/…; also the price book's provider unless `priceAs` says otherwise. */
  readonly name: string
  readonly dialect: ProviderDialect
  /** e.g. https://api.openai.com (no trailing slash, may carry a path prefix). */
  readonly baseUrl: string
  readonly credential: { readonly header: string; readonly value: string } | null
  readonly priceAs: string
  readonly region: string
  /** For opaque HTTP: price of one call, decimal string, or null = no price asked for. */
  readonly callPrice: string | null
  readonly currency: string
  readonly timeoutMs: number
  readonly retriesMax: number
  readonly enabled: boolean
}
