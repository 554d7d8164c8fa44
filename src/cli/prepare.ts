import { ensureAdminToken, sha256Hex, systemActor } from '../api/credentials.ts'
import type { Log } from '../base/log.ts'
import { secret, shortId } from '../base/ids.ts'
import type { Config, ProviderConfig } from '../config/config.ts'
import { writeOwned } from '../config/secrets.ts'
import { companyName } from '../demo/company.ts'
import { readDemoFile, writeDemoFile } from '../demo/demo-file.ts'
import { foundCompany, newDemoFile } from '../demo/found-company.ts'
import { firstKeyTeamId } from '../demo/organisation.ts'
import { openPolicy } from '../core/usage/key-policy.ts'
import { bundledPrices, seedPrices } from '../jobs/seed-prices.ts'
import type { ControlStore, EventStore, Provider } from '../store/ports.ts'

/** What a first start made, for the person who started it. */
export interface Prepared {
  readonly demo: boolean
  /** One-time sign-in token of a new installation, else null. */
  readonly adminToken: string | null
  /** The first key of a new installation, else null. */
  readonly firstKey: string | null
}

/** Brings an installation up to this version: schema, prices, providers of environment and file; on an empty one an admin and a first key. */
export async function prepareInstallation(control: ControlStore, events: EventStore, config: Config, log: Log): Promise<Prepared> {
  await Promise.all([control.migrate(), events.migrate()])
  const nowMs = await control.now()
  const seeded = await seedPrices(control, nowMs)
  if (seeded.added > 0) log('info', 'list prices stored', seeded)
  const seed = process.env['TOLLGATE_DEMO_SEED']
  const admin = await ensureAdminToken(control, nowMs, seed === undefined ? {} : { orgName: companyName })
  const { orgId } = admin
  if ((await control.getSetting(orgId, 'hash_secret')) === null) await control.putSetting(orgId, 'hash_secret', secret('', 32), systemActor)
  if (config.nodeCredential !== null) {
    await control.putNode({ id: 'local', name: config.gateway.name, sha256: sha256Hex(config.nodeCredential) })
  }
  await putProviders(control, orgId, config)
  if (seed !== undefined) await prepareCompany(control, orgId, config, Number(seed), nowMs)
  const firstKey = admin.token === null ? null : await firstStart(control, orgId, nowMs, seed === undefined ? await firstTeam(control, orgId) : firstKeyTeamId)
  if (admin.token !== null) writeOwned(config.data_dir, 'admin-token', admin.token)
  if (firstKey !== null) writeOwned(config.data_dir, 'first-key', firstKey)
  return { demo: process.env['TOLLGATE_DEMO'] === '1', adminToken: admin.token, firstKey }
}

/** Environment and file own their providers: each start writes them as they stand. */
async function putProviders(control: ControlStore, orgId: string, config: Config): Promise<void> {
  const wanted: Provider[] = [
    // An entry of the file says more than a bare key in the environment, so of two with one name it is the one that stands.
    ...Object.entries(config.envProviders).filter(([name]) => !Object.hasOwn(config.providers, name)).map(([name, provider]) => providerOf(orgId, name, provider, 'env')),
    ...Object.entries(config.providers).map(([name, provider]) => providerOf(orgId, name, provider, 'file')),
  ]
  const stored = new Map((await control.listProviders(orgId)).map((provider) => [provider.name, provider]))
  for (const provider of wanted) {
    if (JSON.stringify(sorted(stored.get(provider.name))) !== JSON.stringify(sorted(provider))) await control.putProvider(provider, systemActor)
  }
}
const sorted = (provider: Provider | undefined): unknown => provider && Object.fromEntries(Object.entries(provider).toSorted(([a], [b]) => (a < b ? -1 : 1)))

function providerOf(orgId: string, name: string, provider: ProviderConfig, source: 'env' | 'file'): Provider {
  return {
    orgId, name, dialect: provider.dialect, baseUrl: provider.base_url.replace(/\/$/, ''),
    credential: credentialOf(provider),
    priceAs: provider.price_as ?? name, region: provider.region, callPrice: provider.call_price ?? null, currency: provider.currency,
    timeoutMs: provider.timeout_ms, retriesMax: provider.retries_max, enabled: true, source,
  }
}

/** What is sent upstream; an authorization header gets its scheme. */
export function credentialOf(provider: ProviderConfig | undefined): Provider['credential'] {
  if (provider?.api_key === undefined) return null
  const header = provider.key_header.toLowerCase()
  return { header, value: header === 'authorization' ? `Bearer ${provider.api_key}` : provider.api_key }
}

/** The demo's company: its tree and keys once, before anyone looks; its history comes from a process of its own. */
async function prepareCompany(control: ControlStore, orgId: string, config: Config, seed: number, nowMs: number): Promise<void> {
  if (readDemoFile(config.data_dir)?.spans.length) return
  const file = readDemoFile(config.data_dir) ?? newDemoFile(seed, nowMs)
  writeDemoFile(config.data_dir, file)
  await foundCompany(control, orgId, file, bundledPrices())
}

/** Business unit and team for the first call of an installation that is really new. */
async function firstTeam(control: ControlStore, orgId: string): Promise<string> {
  const [unit, team] = [shortId('unit'), shortId('team')]
  await control.createNode({ orgId, id: unit, parentId: orgId, kind: 'unit', name: 'Engineering', costCentre: '', archived: false }, systemActor)
  await control.createNode({ orgId, id: team, parentId: unit, kind: 'team', name: 'Platform', costCentre: '', archived: false }, systemActor)
  return team
}

/** A place to put the first call, and the key for it. */
async function firstStart(control: ControlStore, orgId: string, nowMs: number, teamId: string): Promise<string> {
  const app = shortId('app')
  await control.createNode({ orgId, id: app, parentId: teamId, kind: 'app', name: 'Getting started', costCentre: '', archived: false }, systemActor)
  const text = secret('tg_')
  await control.createKey({
    orgId, id: shortId('key'), appId: app, name: 'First key', sha256: sha256Hex(text), hint: text.slice(-4), policy: openPolicy,
    createdAt: nowMs, expiresAt: null, revokedAt: null,
  }, systemActor)
  return text
}
