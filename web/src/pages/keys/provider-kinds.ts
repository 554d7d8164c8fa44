import type { BodyOf, Provider } from '../../../../src/api/contract/contract.ts'

/** What the form offers: a dialect with the address and header a vendor is known by. */
export interface ProviderKind {
  readonly id: 'openai' | 'anthropic' | 'gemini' | 'compatible' | 'http'
  readonly label: string
  readonly dialect: Provider['dialect']
  /** Name it is offered under; '' = the reader's choice. */
  readonly name: string
  /** The vendor's own address; '' where many vendors speak the format. */
  readonly baseUrl: string
  readonly header: string
  readonly hint: string
  readonly example: string
}
export const providerKinds: readonly ProviderKind[] = [
  { id: 'openai', label: 'OpenAI', dialect: 'openai', name: 'openai', baseUrl: 'https://api.openai.com', header: 'authorization', hint: 'Chat completions, Responses and embeddings. Models without a provider in their name go here.', example: 'sk-…' },
  { id: 'anthropic', label: 'Anthropic', dialect: 'anthropic', name: 'anthropic', baseUrl: 'https://api.anthropic.com', header: 'x-api-key', hint: 'Messages and token counting, as the Anthropic SDKs send them.', example: 'sk-ant-…' },
  { id: 'gemini', label: 'Google Gemini', dialect: 'gemini', name: 'gemini', baseUrl: 'https://generativelanguage.googleapis.com', header: 'x-goog-api-key', hint: 'generateContent and its stream, as the Google GenAI SDKs send them.', example: 'AIza…' },
  { id: 'compatible', label: 'OpenAI-compatible', dialect: 'openai', name: '', baseUrl: '', header: 'authorization', hint: 'Groq, Mistral, DeepSeek, Together, vLLM, Ollama and whatever else speaks the OpenAI format.', example: 'gsk_…' },
  { id: 'http', label: 'Any HTTP API', dialect: 'http', name: '', baseUrl: '', header: 'authorization', hint: 'Counted by call, at a price per call if you state one.', example: 'the header’s whole value' },
]

export const kindOf = (provider: Pick<Provider, 'dialect' | 'name'>): ProviderKind =>
  providerKinds.find((kind) => kind.dialect === provider.dialect && (kind.name === provider.name || kind.name === '')) ?? providerKinds.find((kind) => kind.dialect === provider.dialect) ?? providerKinds[0]!

/** An LLM key travels with its scheme; the value of an opaque API's header is the reader's own. */
export const headerValue = (kind: ProviderKind, header: string, secret: string): string =>
  kind.dialect !== 'http' && header.toLowerCase() === 'authorization' && !/^\w+ /.test(secret) ? `Bearer ${secret}` : secret

const innerHost = /^(localhost|127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|\[|[^.]+$)|\.(local|localhost|internal|intranet|lan|svc)$/i
/** Whether an address looks private, so that the tick for it is shown at once. The server decides. */
export function looksPrivate(address: string): boolean {
  return URL.canParse(address) && innerHost.test(new URL(address).hostname)
}

/** What to send to change only whether a provider is served. Its secret stays where it is. */
export function asEnabled(provider: Provider, enabled: boolean): BodyOf<'putProvider'> {
  const { dialect, baseUrl, priceAs, region, callPrice, currency, timeoutMs, retriesMax } = provider
  // The address was let in once, by this switch or without need of it.
  return { dialect, baseUrl, priceAs, region, callPrice, currency, timeoutMs, retriesMax, enabled, allowPrivate: looksPrivate(baseUrl) }
}
