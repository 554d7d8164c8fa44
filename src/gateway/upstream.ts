import { buildConnector, Pool } from 'undici'
import { limits } from '../config/limits.ts'
import type { ProviderRoute } from '../core/usage/provider-route.ts'
import { joinWrites } from './join-writes.ts'

const connect = buildConnector({ timeout: limits.upstreamConnectTimeoutMs, allowH2: false })
/** The usual connector; its sockets write a request's head and body at once. */
const connectJoined: buildConnector.connector = (options, done) => connect(options, (...answer) => {
  if (answer[0] === null) joinWrites(answer[1])
  done(...answer)
})

/** One connection pool per upstream origin, kept while it is used. */
export class Upstreams {
  readonly #pools = new Map<string, { readonly pool: Pool; readonly prefix: string }>()

  /** The pool of a route and the path prefix of its base URL. */
  of(route: ProviderRoute): { readonly pool: Pool; readonly prefix: string } {
    let upstream = this.#pools.get(route.baseUrl)
    if (upstream === undefined) {
      const url = new URL(route.baseUrl)
      const pool = new Pool(url.origin, {
        connections: limits.upstreamConnectionsMax, pipelining: 1, connect: connectJoined, keepAliveTimeout: 20_000,
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
