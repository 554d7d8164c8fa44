import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

/** Address ranges that are not the public internet: RFC 1918, 6598, 4193, loopback, link-local (metadata services), reserved. */
const inner = new BlockList()
for (const [address, bits] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24],
  ['192.168.0.0', 16], ['198.18.0.0', 15], ['224.0.0.0', 4], ['240.0.0.0', 4],
] as const) inner.addSubnet(address, bits, 'ipv4')
for (const [address, bits] of [['::', 127], ['fc00::', 7], ['fe80::', 10], ['ff00::', 8], ['64:ff9b::', 96]] as const) inner.addSubnet(address, bits, 'ipv6')

/** True for an address a public upstream cannot have. IPv4 inside IPv6 is judged as IPv4. */
function isInnerAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 0) return false
  return inner.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** Names that only mean something on the inside. */
const innerName = /^(?:[^.]+|.*\.(?:local|localhost|internal|intranet|lan|home\.arpa|svc|cluster\.local))$/i

/**
 * True when an upstream host is, or resolves to, an inner address. A name that does not resolve here is taken as it is
 * written: the gateways may stand on a network where it does.
 */
export async function isInnerHost(urlHost: string, resolve: (host: string) => Promise<readonly string[]>): Promise<boolean> {
  const host = urlHost.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (isIP(host) !== 0) return isInnerAddress(host)
  if (innerName.test(host)) return true
  return (await resolve(host)).some(isInnerAddress)
}

export async function resolveBySystem(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map((found) => found.address)
  } catch {
    return []
  }
}
