import { z } from 'zod'
import { limits } from '../../config/limits.ts'
import { providerDialects } from '../../core/usage/provider-dialects.ts'
import { anyRole, route } from './route.ts'
import { moneyIn, nothing } from './fields.ts'

const providerName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'Send 1–40 lower-case letters, digits or hyphens, beginning with a letter.')
const headerName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'Send a header name such as "authorization".')
const printable = /^[\x20-\x7e]+$/

export const provider = z.object({
  name: z.string().describe('Path segment on the gateway: /<name>/….'),
  dialect: z.enum(providerDialects).describe('Wire format. openai, anthropic, gemini: metered by tokens · http: an opaque API, metered by call.'),
  baseUrl: z.string().describe('Upstream address.'),
  credentialHeader: z.string().nullable().describe('Header the stored credential is sent in; null when there is none. The secret itself is never answered.'),
  priceAs: z.string().describe('Provider name in the price book.'),
  region: z.string().describe("Region recorded on calls; '' = none."),
  callPrice: z.string().nullable().describe('Price of one call of an opaque API, decimal; null = none stated (unpriced, not free).'),
  currency: z.string().describe('Currency of callPrice, ISO 4217.'),
  timeoutMs: z.number().describe('Longest time to the first byte, milliseconds.'),
  retriesMax: z.number().describe('Retries before the first byte.'),
  enabled: z.boolean().describe('False: the gateway answers provider_unknown.'),
  source: z.enum(['env', 'file', 'api']).describe('Where it is configured; env and file are read only here.'),
})
const putProvider = z.strictObject({
  dialect: z.enum(providerDialects).describe('openai: an OpenAI-compatible API · anthropic: Claude · gemini: the Gemini API · http: any other API, metered by call.'),
  baseUrl: z.string().max(400).describe('http(s) address without query, fragment or user info; may carry a path prefix; at most 400 characters.'),
  allowPrivate: z.boolean().default(false).describe('true permits private, loopback, link-local and metadata addresses. Default false.'),
  credential: z.strictObject({
    header: headerName.describe('Header to send it in, e.g. "authorization", at most 64 characters.'),
    value: z.string().min(1).max(4_000).regex(printable, 'Send printable ASCII.').describe('Header value, e.g. "Bearer sk-…", at most 4,000 characters. Stored encrypted, never answered.'),
  }).nullable().exactOptional().describe('null removes the stored credential; absent keeps it, but a new address needs it again.'),
  priceAs: z.string().min(1).max(60).exactOptional().describe("Provider name in the price book. Default: anthropic and google for these dialects, else the provider's own name."),
  region: z.string().max(60).default('').describe("Region recorded on calls. Default ''."),
  callPrice: moneyIn.nullable().default(null).describe('For dialect http: price of one call, decimal, not negative. Default null = unpriced.'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'Send an ISO 4217 code such as "USD".').default('USD').describe('Currency of callPrice. Default USD.'),
  timeoutMs: z.int().min(1_000).max(limits.upstreamDurationMaxMs).default(limits.upstreamHeadersTimeoutMs)
    .describe(`Longest time to the first byte, milliseconds. Default ${limits.upstreamHeadersTimeoutMs}, 1,000–${limits.upstreamDurationMaxMs}.`),
  retriesMax: z.int().min(0).max(limits.upstreamAttemptsMax - 1).default(1).describe(`Retries before the first byte. Default 1, at most ${limits.upstreamAttemptsMax - 1}.`),
  enabled: z.boolean().default(true).describe('Default true.'),
})
const nameParams = z.object({ name: providerName.describe('Provider name, 1–40 of a–z, 0–9 and hyphen.') })

const admins = ['admin'] as const
export const providerRoutes = {
  listProviders: route({ id: 'listProviders', method: 'GET', path: '/api/v1/providers', tag: 'providers', role: anyRole, summary: 'Upstreams that gateways may call, without their secrets.', response: z.object({ rows: z.array(provider).describe('Providers by name.') }) }),
  putProvider: route({ id: 'putProvider', method: 'PUT', path: '/api/v1/providers/{name}', tag: 'providers', role: admins, at: 'org', summary: 'Adds or replaces an upstream: an LLM provider or an opaque HTTP API.', params: nameParams, body: putProvider, response: provider }),
  deleteProvider: route({ id: 'deleteProvider', method: 'DELETE', path: '/api/v1/providers/{name}', tag: 'providers', role: admins, at: 'org', summary: 'Removes an upstream.', params: nameParams, status: 204, produces: 'none', response: nothing }),
}
