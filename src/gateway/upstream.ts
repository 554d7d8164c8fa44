import { Pool } from 'undici'
import { limits } from '../config/limits.ts'
import type { ProviderRoute } from '../core/usage/provider-route.ts'

/** One connection pool per upstream origin, kept while it is used. */
export class Upstreams {
  readonly #pools = new Map<string, { readonly pool: Pool; readonly prefix: string }>()

  /** The pool of a route and the path prefix of its base URL. */
  of(route: ProviderRoute): { readonly pool: Pool; readonly prefix: string } {
    let upstream = this.#pools.get(route.baseUrl)
    if (upstream === undefined) {
      const url = new URL(route.baseUrl)
      const pool = new Pool(url.origin, {
        connections: limits.upstreamConnectionsMax, pipelining: 1, connect: { timeout: 10_000 }, keepAliveTimeout: 20_000, allowH2: false,
      })
      upstream = { pool, prefix: url.pathname.replace(/\/$/, '') }
      this.#pools.set(route.baseUrl, upstream)
    }
    return upstream
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(({ pool }) => pool.destroy()))
  }
}
