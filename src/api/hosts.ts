const loopbackHosts: readonly string[] = ['localhost', '127.0.0.1', '[::1]']
/** Asked by probes and scrapers under whatever address they know; they tell nothing of an organisation. */
const probePaths: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])

/**
 * A page of another site can make its own name resolve to this machine and then talk to the console as its own origin
 * (DNS rebinding). The browser still sends that name as Host, so a name we do not serve is refused.
 * /sync is left out: gateways come under any address, and carry a node credential instead of a cookie.
 */
export function hostGuard(allowedHosts: readonly string[]): (host: string | undefined, path: string) => boolean {
  const served = new Set([...loopbackHosts, ...allowedHosts.map((host) => host.toLowerCase())])
  return (host, path) => {
    if (probePaths.has(path) || path.startsWith('/sync/')) return true
    return host !== undefined && served.has(withoutPort(host.toLowerCase()))
  }
}

const withoutPort = (host: string): string => host.replace(/:\d{1,5}$/, '')
