import type { IncomingHttpHeaders } from 'node:http'
import { compileRule, type CompiledRule } from '../core/entitlement/decide.ts'
import { createPriceBook } from '../core/pricing/create-price-book.ts'
import type { PriceBook } from '../core/pricing/price-book.ts'
import type { ProviderDialect } from '../core/usage/provider-dialects.ts'
import type { ProviderRoute } from '../core/usage/provider-route.ts'
import type { Snapshot, SnapshotKey } from '../control/sync-protocol.ts'
import { anthropicDialect } from '../dialect/anthropic.ts'
import type { Dialect } from '../dialect/dialect.ts'
import { geminiDialect } from '../dialect/gemini.ts'
import { openaiDialect } from '../dialect/openai.ts'
import { opaqueHttpDialect } from '../dialect/opaque-http.ts'

/** A snapshot compiled for look-ups; immutable, swapped whole. */
export interface GatewayState {
  readonly version: string
  readonly keys: ReadonlyMap<string, SnapshotKey>
  readonly priceBook: PriceBook
  readonly providers: ReadonlyMap<string, ProviderRoute>
  readonly rules: ReadonlyMap<string, readonly CompiledRule[]>
}

const providerKey = (orgId: string, name: string): string => `${orgId}/${name}`

export function compileSnapshot(snapshot: Snapshot): GatewayState {
  const rules = new Map<string, CompiledRule[]>()
  for (const wire of snapshot.rules) {
    const compiled = compileRule({ ...wire, limit: BigInt(wire.limit) })
    const list = rules.get(wire.orgId)
    if (list === undefined) rules.set(wire.orgId, [compiled])
    else list.push(compiled)
  }
  return {
    version: snapshot.version,
    keys: new Map(snapshot.keys.map((key) => [key.sha256, key])),
    priceBook: createPriceBook(snapshot.prices),
    providers: new Map(snapshot.providers.filter((route) => route.enabled).map((route) => [providerKey(route.orgId, route.name), route])),
    rules,
  }
}

export const providerOf = (state: GatewayState, orgId: string, name: string): ProviderRoute | undefined => state.providers.get(providerKey(orgId, name))

const dialects: Readonly<Record<ProviderDialect, Dialect>> = { openai: openaiDialect, anthropic: anthropicDialect, gemini: geminiDialect, http: opaqueHttpDialect }

export const dialectOf = (route: Pick<ProviderRoute, 'dialect'>): Dialect => dialects[route.dialect]

/** The wire format that the headers of a call show before its provider is known; null when they show none. */
export function dialectShownBy(headers: IncomingHttpHeaders): Dialect | null {
  if (headers['anthropic-version'] !== undefined) return anthropicDialect
  return headers['x-goog-api-key'] !== undefined || headers['x-goog-api-client'] !== undefined ? geminiDialect : null
}
