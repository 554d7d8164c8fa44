import { TollgateError } from '../../base/errors.ts'
import { dialectDefaults } from '../../core/usage/provider-dialects.ts'
import type { Provider } from '../../store/ports.ts'
import { isInnerHost, resolveBySystem } from '../addresses.ts'
import type { ApiDeps } from '../deps.ts'
import { invalidField } from '../problem.ts'
import type { Ask, Handlers } from '../registrar.ts'

/** First path segments of the gateway and of this API that are not providers. */
const takenNames: ReadonlySet<string> = new Set(['v1', 'api', 'sync', 'healthz', 'readyz', 'metrics', 'openmeter', 'otlp', 'ingest', 'assets'])
/** Headers that belong to the connection or to us. */
const takenHeaders = /^(host|content-length|transfer-encoding|connection|cookie|te|trailer|upgrade|x-tollgate-.*)$/i

export function providerHandlers(deps: ApiDeps): Pick<Handlers, 'listProviders' | 'putProvider' | 'deleteProvider'> {
  const { control } = deps
  const find = async (orgId: string, name: string): Promise<Provider | null> => (await control.listProviders(orgId)).find((provider) => provider.name === name) ?? null
  return {
    async listProviders({ principal }) {
      const providers = [...(await control.listProviders(principal.orgId))].sort((a, b) => (a.name < b.name ? -1 : 1))
      return { rows: providers.map(describe) }
    },
    async putProvider({ principal, params, body }) {
      if (takenNames.has(params.name)) throw invalidField('name', `"${params.name}" is a path of Tollgate itself; choose another name.`)
      const stored = await find(principal.orgId, params.name)
      requireOurs(stored)
      const baseUrl = await readBaseUrl(deps, body.baseUrl, body.allowPrivate)
      if (body.callPrice !== null && body.dialect !== 'http') throw invalidField('callPrice', 'Only an opaque API (dialect http) is priced by call.')
      if (body.callPrice?.startsWith('-')) throw invalidField('callPrice', 'Send a price that is not negative.')
      const provider: Provider = {
        orgId: principal.orgId, name: params.name, dialect: body.dialect, baseUrl, credential: credentialOf(stored, baseUrl, body),
        priceAs: body.priceAs ?? dialectDefaults[body.dialect].priceAs ?? params.name, region: body.region, callPrice: body.callPrice, currency: body.currency,
        timeoutMs: body.timeoutMs, retriesMax: body.retriesMax, enabled: body.enabled, source: 'api',
      }
      await control.putProvider(provider, principal.actor)
      return describe(provider)
    },
    async deleteProvider({ principal, params }) {
      requireOurs(await find(principal.orgId, params.name))
      if (!(await control.deleteProvider(principal.orgId, params.name, principal.actor))) throw new TollgateError('not_found')
      return null
    },
  }
}

function requireOurs(stored: Provider | null): void {
  if (stored && stored.source !== 'api') throw new TollgateError('conflict', `This provider is configured in the ${stored.source === 'env' ? 'environment' : 'configuration file'}; change it there.`)
}

async function readBaseUrl(deps: ApiDeps, text: string, allowPrivate: boolean): Promise<string> {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.hostname === '') throw invalidField('baseUrl', 'Send an http or https address such as "https://api.example.com".')
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') throw invalidField('baseUrl', 'Send the address without user info, query and fragment.')
  if (!allowPrivate && (await isInnerHost(url.hostname, deps.resolveHost ?? resolveBySystem))) {
    throw invalidField('baseUrl', `"${url.hostname}" is a private, loopback, link-local or metadata address; send "allowPrivate": true if gateways shall call it.`)
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

/** Keeps a stored secret only for the place it was given for: a changed address must not receive it. */
function credentialOf(stored: Provider | null, baseUrl: string, body: Ask<'putProvider'>['body']): Provider['credential'] {
  const sent = body.credential
  if (sent !== undefined) {
    if (sent && takenHeaders.test(sent.header)) throw invalidField('credential.header', `A credential cannot travel in "${sent.header}".`)
    return sent && { header: sent.header.toLowerCase(), value: sent.value }
  }
  if (!stored?.credential) return null
  if (new URL(stored.baseUrl).origin !== new URL(baseUrl).origin) throw invalidField('credential', 'The address has changed; send the credential again, or null to remove it.')
  return stored.credential
}

function describe(provider: Provider) {
  return {
    name: provider.name, dialect: provider.dialect, baseUrl: provider.baseUrl, credentialHeader: provider.credential?.header ?? null,
    priceAs: provider.priceAs, region: provider.region, callPrice: provider.callPrice, currency: provider.currency,
    timeoutMs: provider.timeoutMs, retriesMax: provider.retriesMax, enabled: provider.enabled, source: provider.source,
  }
}
