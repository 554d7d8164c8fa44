/** Wire formats that a provider may speak. 'http' is any other API, metered by call. */
export const providerDialects = ['openai', 'anthropic', 'gemini', 'http'] as const
export type ProviderDialect = (typeof providerDialects)[number]

/** What a provider of a dialect has unless its configuration says otherwise. */
export interface DialectDefaults {
  /** Header that carries the credential; `authorization` gets "Bearer " before it. */
  readonly keyHeader: string
  /** The vendor's own address; null where many vendors speak the format, because a key must not go to the wrong one. */
  readonly baseUrl: string | null
  /** Name in the price book; null = the provider's own name. */
  readonly priceAs: string | null
}

export const dialectDefaults: Readonly<Record<ProviderDialect, DialectDefaults>> = {
  openai: { keyHeader: 'authorization', baseUrl: null, priceAs: null },
  anthropic: { keyHeader: 'x-api-key', baseUrl: 'https://api.anthropic.com', priceAs: 'anthropic' },
  gemini: { keyHeader: 'x-goog-api-key', baseUrl: 'https://generativelanguage.googleapis.com', priceAs: 'google' },
  http: { keyHeader: 'authorization', baseUrl: null, priceAs: null },
}
