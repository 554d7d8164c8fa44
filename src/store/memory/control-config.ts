import { TollgateError } from '../../base/errors.ts'
import type { PriceEntry } from '../../core/pricing/price-entry.ts'
import type { ConfigStore, PriceStore } from '../ports.ts'
import { auditLines } from '../relational/audit-lines.ts'
import { fingerprintOf, shortestAmount, versionId } from '../relational/price-version.ts'
import { announce, audited, compare, inOrg, nameOf, type ControlState, type StoredPrice } from './control-state.ts'

export function createMemoryConfigStore(state: ControlState): ConfigStore {
  return {
    listProviders: async (orgId) => inOrg(state.providers.values(), orgId, (provider) => provider.name),
    async putProvider(provider, actor) {
      const stored = provider.source === 'env' ? { ...provider, credential: null } : { ...provider }
      state.providers.set(nameOf(provider.orgId, provider.name), stored)
      audited(state, provider.orgId, actor, auditLines.providerPut(provider), 'snapshot')
    },
    async deleteProvider(orgId, name, actor) {
      if (!state.providers.delete(nameOf(orgId, name))) return false
      audited(state, orgId, actor, auditLines.providerDeleted(name), 'snapshot')
      return true
    },
    getSetting: async (orgId, name) => state.settings.get(nameOf(orgId, name)) ?? null,
    async putSetting(orgId, name, value, actor) {
      state.settings.set(nameOf(orgId, name), value)
      audited(state, orgId, actor, auditLines.settingPut(name), 'snapshot')
    },
  }
}

const overrideFeed = 'override'

export function createMemoryPriceStore(state: ControlState): PriceStore {
  const versionsOf = (feed: string, orgId: string, origin: string): readonly StoredPrice[] =>
    [...state.prices.values()].filter((item) => item.feed === feed && item.entry.orgId === orgId && item.origin === origin)
  const append = (feed: string, origin: string, entry: PriceEntry): void => {
    const name = nameOf(entry.orgId, entry.id)
    if (state.prices.has(name)) throw new TollgateError('conflict')
    state.prices.set(name, { feed, origin, entry: { ...entry, amount: shortestAmount(entry.amount) } })
  }
  const supersede = (item: StoredPrice, atMs: number): void => { item.entry = { ...item.entry, supersededAt: atMs } }
  const nextId = (feed: string, orgId: string, origin: string): string => versionId(origin, versionsOf(feed, orgId, origin).length + 1)
  return {
    async seed(source, entries, aliases, limits, recordedAt) {
      const wanted = new Map(entries.map((entry) => [nameOf(entry.orgId, entry.id), entry]))
      const live = [...state.prices.values()].filter((item) => item.feed === source && item.entry.supersededAt === null)
      const stands = (item: StoredPrice): boolean => {
        const entry = wanted.get(nameOf(item.entry.orgId, item.origin))
        return entry !== undefined && fingerprintOf(entry) === fingerprintOf(item.entry)
      }
      const gone = live.filter((item) => !stands(item))
      const kept = new Set(live.filter(stands).map((item) => nameOf(item.entry.orgId, item.origin)))
      for (const item of gone) supersede(item, recordedAt)
      const fresh = [...wanted].filter(([name]) => !kept.has(name)).map(([, entry]) => entry)
      for (const entry of fresh) {
        const id = nextId(source, entry.orgId, entry.id)
        append(source, entry.id, id === entry.id ? entry : { ...entry, id, recordedAt })
      }
      const same = JSON.stringify(state.names.get(source)) === JSON.stringify({ aliases, limits })
      state.names.set(source, { aliases, limits })
      if (gone.length > 0 || fresh.length > 0 || !same) announce(state, 'snapshot')
      return { added: fresh.length, superseded: gone.length }
    },
    async listEntries(filter) {
      const history = filter.model !== undefined || filter.ids !== undefined
      return [...state.prices.values()].map((item) => item.entry).filter((entry) =>
        (entry.orgId === '' || entry.orgId === filter.orgId)
        && (filter.provider === undefined || entry.provider === filter.provider)
        && (filter.model === undefined || entry.model === filter.model)
        && (filter.ids === undefined || filter.ids.includes(entry.id))
        && (history || (entry.supersededAt === null && (filter.atMs === undefined || entry.validTo === null || entry.validTo > filter.atMs))),
      ).sort((a, b) => compare(a.orgId, b.orgId) || compare(a.id, b.id))
    },
    listAliases: async () => [...state.names].sort(([a], [b]) => compare(a, b)).flatMap(([, names]) => names.aliases),
    listLimits: async () => [...state.names].sort(([a], [b]) => compare(a, b)).flatMap(([, names]) => names.limits),
    async putOverride(entry, actor) {
      append(overrideFeed, entry.id, entry)
      audited(state, entry.orgId, actor, auditLines.overridePut(entry), 'snapshot')
    },
    async endOverride(orgId, id, atMs, actor) {
      const item = state.prices.get(nameOf(orgId, id))
      if (item === undefined || item.feed !== overrideFeed || item.entry.supersededAt !== null) return false
      const { entry, origin } = item
      if (entry.validTo !== null && entry.validTo <= atMs) return false
      const now = state.clock.now()
      supersede(item, now)
      if (entry.validFrom === null || entry.validFrom < atMs) {
        append(overrideFeed, origin, { ...entry, id: nextId(overrideFeed, orgId, origin), validTo: atMs, recordedAt: now })
      }
      audited(state, orgId, actor, auditLines.overrideEnded(id, atMs), 'snapshot')
      return true
    },
  }
}
