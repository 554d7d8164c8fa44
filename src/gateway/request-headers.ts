import type { IncomingMessage } from 'node:http'
import type { ProviderRoute } from '../core/usage/provider-route.ts'

/** Never forwarded: hop-by-hop (RFC 9110 §7.6.1), credentials, cookies, and what only gateways read. */
const dropped: ReadonlySet<string> = new Set([
  'host', 'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding',
  'upgrade', 'expect', 'content-length', 'accept-encoding', 'authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'cookie', 'set-cookie',
  'x-portkey-metadata', 'cf-aig-metadata', 'baggage',
])
/** What would make a provider leave usage out of its answer, or take the call for another: Google's field mask, method overrides. */
const droppedForProviders: ReadonlySet<string> = new Set(['x-goog-fieldmask', 'x-http-method-override', 'x-http-method', 'x-method-override'])
const droppedPrefixes = ['x-tollgate-', 'helicone-', 'x-litellm-', 'x-portkey-', 'cf-aig-']
const isDropped = (name: string): boolean => dropped.has(name) || droppedPrefixes.some((prefix) => name.startsWith(prefix))

const readableEncodings: ReadonlySet<string> = new Set(['gzip', 'deflate', 'br', 'identity'])

/**
 * The caller's headers for the upstream, as the flat list undici takes, with the provider's credential in place of
 * the caller's. A stream is asked for uncompressed, because usage is read from the very bytes that are relayed.
 */
export function upstreamHeaders(request: IncomingMessage, route: ProviderRoute, stream: boolean, bodyBytes: number): string[] {
  const raw = request.rawHeaders
  const headers: string[] = []
  const hops = hopHeaders(request.headers.connection)
  const isProvider = route.dialect !== 'http'
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    if (!isDropped(name) && !(isProvider && droppedForProviders.has(name)) && name !== route.credential?.header && !hops.includes(name)) headers.push(raw[i]!, raw[i + 1]!)
  }
  headers.push('accept-encoding', stream ? 'identity' : acceptable(request.headers['accept-encoding']))
  if (route.credential !== null) headers.push(route.credential.header, route.credential.value)
  if (bodyBytes > 0) headers.push('content-length', String(bodyBytes))
  return headers
}

/** What the caller's `Connection` header names is for this hop alone. */
function hopHeaders(connection: string | undefined): readonly string[] {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return []
  return connection.toLowerCase().split(',').map((name) => name.trim())
}

function acceptable(acceptEncoding: string | string[] | undefined): string {
  if (typeof acceptEncoding !== 'string') return 'identity'
  const kept = acceptEncoding.split(',').map((part) => part.trim()).filter((part) => readableEncodings.has(part.split(';', 1)[0]!.trim().toLowerCase()))
  return kept.length === 0 ? 'identity' : kept.join(', ')
}

const droppedAnswers: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'proxy-authenticate', 'trailer', 'upgrade', 'set-cookie', 'content-length'])

/** An answer's headers without hop-by-hop ones, cookies and ours; content-length is set anew by whoever sends the body. */
export function answerHeaders(rawHeaders: readonly Buffer[]): { readonly list: string[]; readonly encoding: string; readonly type: string; readonly length: number; readonly requestId: string; readonly retryAfter: string; readonly tier: string } {
  const list: string[] = []
  let encoding = ''
  let type = ''
  let length = -1
  let requestId = ''
  let retryAfter = ''
  let tier = ''
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toString('latin1')
    const value = rawHeaders[i + 1]!.toString('latin1')
    const lower = name.toLowerCase()
    if (lower === 'content-length') length = Number(value)
    else if (lower === 'content-encoding') encoding = value.trim().toLowerCase()
    else if (lower === 'content-type') type = value.toLowerCase()
    else if (lower === 'x-request-id' || lower === 'request-id') requestId = value.slice(0, 128)
    else if (lower === 'retry-after') retryAfter = value
    else if (lower === 'x-gemini-service-tier') tier = value.slice(0, 64)
    if (droppedAnswers.has(lower) || lower.startsWith('x-tollgate-')) continue
    list.push(name, value)
  }
  return { list, encoding, type, length, requestId, retryAfter, tier }
}
