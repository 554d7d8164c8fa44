import type { Log } from '../base/log.ts'
import type { PriceData, PriceEntry } from '../core/pricing/price-entry.ts'
import { canonicalProvider } from '../core/pricing/provider-names.ts'
import type { CallerPath } from '../core/usage/usage-record.ts'
import type { ProviderRoute } from '../core/usage/provider-route.ts'
import type { ApiKey, ControlStore, OrgNode } from '../store/ports.ts'
import type { Snapshot, SnapshotKey, WireRule } from './sync-protocol.ts'

/** How far back a price may have ended and still be sent: calls in flight and gateways that were away price at their own instant. */
const pastPricesMs = 24 * 3_600_000

/** The credential of a provider whose secret lives in this process's environment and is never stored. */
export type EnvCredential = (providerName: string) => ProviderRoute['credential']

/**
 * Builds and keeps the configuration that gateways run on, and tells those who wait when there is a newer one.
 * Only current and future prices travel, and only of providers that are configured.
 */
export class Snapshots {
  readonly #control: ControlStore
  readonly #now: () => number
  readonly #log: Log
  readonly #envCredential: EnvCredential
  #current: { readonly version: string; readonly text: string } | null = null
  #building: Promise<void> | null = null
  #stale = true
  readonly #waiters = new Set<() => void>()

  constructor(control: ControlStore, now: () => number, log: Log, envCredential: EnvCredential) {
    this.#control = control
    this.#now = now
    this.#log = log
    this.#envCredential = envCredential
    control.onChange(() => {
      this.#stale = true
      for (const wake of this.#waiters) wake()
    })
  }

  /** The snapshot's JSON once its version differs from `have`, or null after `waitMs`. */
  async newerThan(have: string, waitMs: number): Promise<string | null> {
    const deadline = performance.now() + waitMs
    for (;;) {
      await this.#refresh()
      if (this.#current !== null && this.#current.version !== have) return this.#current.text
      const left = deadline - performance.now()
      if (left <= 0) return null
      await new Promise<void>((resolve) => {
        // A notification can be lost with its connection, so the version is looked at every second as well.
        const timer = setTimeout(done, Math.min(left, 1_000))
        const waiters = this.#waiters
        function done(): void {
          clearTimeout(timer)
          waiters.delete(done)
          resolve()
        }
        waiters.add(done)
      })
    }
  }

  #refresh(): Promise<void> {
    this.#building ??= this.#build().finally(() => { this.#building = null })
    return this.#building
  }

  async #build(): Promise<void> {
    const version = await this.#control.snapshotVersion()
    if (!this.#stale && this.#current?.version === version) return
    if (this.#current?.version === version) {
      this.#stale = false
      return
    }
    this.#stale = false
    const started = performance.now()
    const snapshot = await buildSnapshot(this.#control, version, this.#now(), this.#envCredential)
    this.#current = { version, text: JSON.stringify(snapshot) }
    this.#log('info', 'snapshot built', { version, bytes: this.#current.text.length, keys: snapshot.keys.length, prices: snapshot.prices.entries.length, ms: Math.round(performance.now() - started) })
  }
}

export async function buildSnapshot(control: ControlStore, version: string, nowMs: number, envCredential: EnvCredential): Promise<Snapshot> {
  const orgNodes = await control.listOrgs()
  const orgs: { id: string; name: string; hashSecret: string }[] = []
  const keys: SnapshotKey[] = []
  const providers: Snapshot['providers'][number][] = []
  const rules: WireRule[] = []
  const entries: PriceEntry[] = []
  const seen = new Set<string>()
  for (const { orgId, name } of orgNodes) {
    orgs.push({ id: orgId, name, hashSecret: (await control.getSetting(orgId, 'hash_secret')) ?? '' })
    const nodes = new Map((await control.listNodes(orgId)).map((node) => [node.id, node]))
    for (const key of await control.listKeys(orgId)) {
      const caller = callerPath(nodes, key)
      if (caller !== null) keys.push({ sha256: key.sha256, caller, policy: key.policy, revoked: key.revokedAt !== null, expiresAt: key.expiresAt })
    }
    for (const { source, ...route } of await control.listProviders(orgId)) {
      providers.push(source === 'env' ? { ...route, credential: envCredential(route.name) } : route)
    }
    for (const rule of await control.listRules(orgId)) rules.push({ ...rule, limit: String(rule.limit) })
    for (const entry of await control.listEntries({ orgId, atMs: nowMs - pastPricesMs })) {
      if (seen.has(entry.id)) continue
      seen.add(entry.id)
      entries.push(entry)
    }
  }
  const priced = new Set(providers.map((route) => canonicalProvider(route.priceAs)))
  const prices: PriceData = {
    version, entries: entries.filter((entry) => priced.has(entry.provider)),
    aliases: (await control.listAliases()).filter((alias) => priced.has(alias.provider)),
    limits: (await control.listLimits()).filter((limit) => priced.has(limit.provider)),
  }
  return { version, orgs, keys, providers, rules, prices }
}

/** The path from the organisation to the key's app, with names as of now; null when the app is gone. */
export function callerPath(nodes: ReadonlyMap<string, OrgNode>, key: Pick<ApiKey, 'orgId' | 'id' | 'name' | 'appId'>): CallerPath | null {
  const path: OrgNode[] = []
  for (let node = nodes.get(key.appId); node !== undefined; node = node.parentId === null ? undefined : nodes.get(node.parentId)) path.unshift(node)
  const app = path.at(-1)
  if (app === undefined) return null
  const org = path.find((node) => node.kind === 'org')
  const unit = path.find((node) => node.kind === 'unit')
  const team = path.findLast((node) => node.kind === 'team')
  return {
    orgId: key.orgId, orgName: org?.name ?? '', unitId: unit?.id ?? '', unitName: unit?.name ?? '', teamId: team?.id ?? '', teamName: team?.name ?? '',
    appId: app.id, appName: app.name, keyId: key.id, keyName: key.name,
    costCentre: path.findLast((node) => node.costCentre !== '')?.costCentre ?? '', nodePath: path.map((node) => node.id),
  }
}
