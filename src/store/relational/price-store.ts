import { sql, type Insertable, type Selectable, type Transaction } from 'kysely'
import type { ModelAlias, ModelLimits, PriceConditions, PriceEntry } from '../../core/pricing/price-entry.ts'
import type { UsageComponent, UsageUnit } from '../../core/usage/usage.ts'
import type { PriceStore } from '../ports.ts'
import { auditLines } from './audit-lines.ts'
import { announce, inAudited } from './change.ts'
import { advisory, inTransaction, jsonb, lockExclusive, nowMs, type Database } from './database.ts'
import { digest, fingerprintOf, shortestAmount, versionId } from './price-version.ts'
import type { Schema } from './schema.ts'

type EntryRow = Selectable<Schema['price_entry']>

/** Feed name of what operators enter themselves. */
const overrideFeed = 'override'

/** The price list: append-only versions of entries, names and limits of models. */
export function createPriceStore(db: Database): PriceStore {
  return {
    seed: (source, entries, aliases, limits, recordedAt) => inTransaction(db.config, async (tx) => {
      await lockExclusive(tx, advisory.seed)
      const live = await liveVersions(tx, source)
      const wanted = new Map(entries.map((entry) => [entryKey(entry.orgId, entry.id), { entry, fingerprint: fingerprintOf(entry) }]))
      const stands = (row: LiveVersion): boolean => wanted.get(entryKey(row.org_id, row.origin))?.fingerprint === row.fingerprint
      const gone = live.filter((row) => !stands(row))
      const kept = new Set(live.filter(stands).map((row) => entryKey(row.org_id, row.origin)))
      const fresh = [...wanted].filter(([key]) => !kept.has(key)).map(([, item]) => item)
      await supersede(tx, gone, recordedAt)
      await append(tx, source, fresh, recordedAt)
      const namesChanged = await replaceNames(tx, source, aliases, limits)
      if (gone.length > 0 || fresh.length > 0 || namesChanged) await announce(tx, 'snapshot')
      return { added: fresh.length, superseded: gone.length }
    }),
    async listEntries(filter) {
      let query = db.config.selectFrom('price_entry').selectAll().where('org_id', 'in', [...new Set(['', filter.orgId])])
      if (filter.provider !== undefined) query = query.where('provider', '=', filter.provider)
      if (filter.model !== undefined) query = query.where('model', '=', filter.model)
      if (filter.ids !== undefined) query = query.where(sql<boolean>`id = ANY(${[...filter.ids]}::text[])`)
      // One model or known ids: their history. A list of everything: what still applies.
      if (filter.model === undefined && filter.ids === undefined) {
        query = query.where('superseded_at', 'is', null)
        const { atMs } = filter
        if (atMs !== undefined) query = query.where((where) => where.or([where('valid_to', 'is', null), where('valid_to', '>', atMs)]))
      }
      const rows = await query.orderBy('org_id').orderBy('id').execute()
      return rows.map(toEntry)
    },
    async listAliases() {
      const rows = await db.config.selectFrom('model_alias').selectAll().orderBy('org_id').orderBy('feed').orderBy('position').execute()
      return rows.map(toAlias)
    },
    async listLimits() {
      const rows = await db.config.selectFrom('model_limits').selectAll().orderBy('org_id').orderBy('feed').orderBy('position').execute()
      return rows.map(toLimits)
    },
    putOverride: (entry, actor) => inAudited(db.config, { orgId: entry.orgId, actor }, 'snapshot', async (tx) => {
      await tx.insertInto('price_entry').values(toRow(entry, overrideFeed, entry.id, fingerprintOf(entry))).execute()
      return { value: undefined, audit: auditLines.overridePut(entry) }
    }),
    endOverride: (orgId, id, atMs, actor) => inAudited(db.config, { orgId, actor }, 'snapshot', async (tx) => {
      const before = await tx.selectFrom('price_entry').selectAll().where('org_id', '=', orgId).where('id', '=', id)
        .where('feed', '=', overrideFeed).where('superseded_at', 'is', null).forNoKeyUpdate().executeTakeFirst()
      if (before === undefined || (before.valid_to !== null && before.valid_to <= atMs)) return { value: false, audit: null }
      await endVersion(tx, before, atMs)
      return { value: true, audit: auditLines.overrideEnded(id, atMs) }
    }),
  }
}

const entryKey = (orgId: string, origin: string): string => JSON.stringify([orgId, origin])

type LiveVersion = Pick<EntryRow, 'org_id' | 'id' | 'origin' | 'fingerprint'>

function liveVersions(tx: Transaction<Schema>, feed: string): Promise<readonly LiveVersion[]> {
  return tx.selectFrom('price_entry').select(['org_id', 'id', 'origin', 'fingerprint'])
    .where('feed', '=', feed).where('superseded_at', 'is', null).execute()
}

async function supersede(tx: Transaction<Schema>, gone: readonly LiveVersion[], atMs: number): Promise<void> {
  if (gone.length === 0) return
  await sql`
    UPDATE price_entry p SET superseded_at = ${atMs}
    FROM unnest(${gone.map((row) => row.org_id)}::text[], ${gone.map((row) => row.id)}::text[]) AS g (org_id, id)
    WHERE p.org_id = g.org_id AND p.id = g.id`.execute(tx)
}

/** Rows of one INSERT; a statement takes 65,535 parameters and an entry has 21. */
const rowsPerInsert = 1_000

async function append(
  tx: Transaction<Schema>, feed: string, fresh: readonly { readonly entry: PriceEntry; readonly fingerprint: string }[], recordedAt: number,
): Promise<void> {
  if (fresh.length === 0) return
  const versions = await countVersions(tx, feed, fresh.map((item) => item.entry))
  const rows = fresh.map(({ entry, fingerprint }) => {
    const version = (versions.get(entryKey(entry.orgId, entry.id)) ?? 0) + 1
    const stored = version === 1 ? entry : { ...entry, id: versionId(entry.id, version), recordedAt }
    return toRow(stored, feed, entry.id, fingerprint)
  })
  for (let from = 0; from < rows.length; from += rowsPerInsert) {
    await tx.insertInto('price_entry').values(rows.slice(from, from + rowsPerInsert)).execute()
  }
}

async function countVersions(tx: Transaction<Schema>, feed: string, entries: readonly PriceEntry[]): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ org_id: string; origin: string; versions: number }>`
    SELECT p.org_id, p.origin, count(*) AS versions FROM price_entry p
    JOIN unnest(${entries.map((entry) => entry.orgId)}::text[], ${entries.map((entry) => entry.id)}::text[]) AS e (org_id, origin)
      ON p.org_id = e.org_id AND p.origin = e.origin
    WHERE p.feed = ${feed} GROUP BY p.org_id, p.origin`.execute(tx)
  return new Map(rows.map((row) => [entryKey(row.org_id, row.origin), row.versions]))
}

/** Supersedes an override and, when it applied before `atMs`, appends a version that ends there. */
async function endVersion(tx: Transaction<Schema>, before: EntryRow, atMs: number): Promise<void> {
  await tx.updateTable('price_entry').set({ superseded_at: nowMs }).where('org_id', '=', before.org_id).where('id', '=', before.id).execute()
  if (before.valid_from !== null && before.valid_from >= atMs) return
  const { versions } = await tx.selectFrom('price_entry').select(sql<number>`count(*)`.as('versions'))
    .where('org_id', '=', before.org_id).where('feed', '=', before.feed).where('origin', '=', before.origin).executeTakeFirstOrThrow()
  const ended = { ...toEntry(before), id: versionId(before.origin, versions + 1), validTo: atMs, supersededAt: null }
  await tx.insertInto('price_entry')
    .values({ ...toRow(ended, before.feed, before.origin, fingerprintOf(ended)), recorded_at: nowMs }).execute()
}

/** Names and limits of a feed are replaced as a whole, and only when something differs. True when they were. */
async function replaceNames(
  tx: Transaction<Schema>, feed: string, aliases: readonly ModelAlias[], limits: readonly ModelLimits[],
): Promise<boolean> {
  const fingerprint = digest({ aliases, limits })
  const stored = await tx.selectFrom('price_feed').select('fingerprint').where('org_id', '=', '').where('feed', '=', feed).executeTakeFirst()
  if (stored?.fingerprint === fingerprint) return false
  await tx.insertInto('price_feed').values({ org_id: '', feed, fingerprint })
    .onConflict((conflict) => conflict.columns(['org_id', 'feed']).doUpdateSet({ fingerprint })).execute()
  await tx.deleteFrom('model_alias').where('org_id', '=', '').where('feed', '=', feed).execute()
  await tx.deleteFrom('model_limits').where('org_id', '=', '').where('feed', '=', feed).execute()
  const aliasRows = aliases.map((alias, position) => ({
    org_id: '', feed, position, provider: alias.provider, pattern: alias.pattern, regex: alias.regex, model: alias.model,
    valid_from: alias.validFrom, valid_to: alias.validTo,
  }))
  const limitRows = limits.map((limit, position) => ({
    org_id: '', feed, position, provider: limit.provider, model: limit.model,
    context_tokens: limit.contextTokens, output_tokens_max: limit.outputTokensMax,
  }))
  for (let from = 0; from < aliasRows.length; from += rowsPerInsert) {
    await tx.insertInto('model_alias').values(aliasRows.slice(from, from + rowsPerInsert)).execute()
  }
  for (let from = 0; from < limitRows.length; from += rowsPerInsert) {
    await tx.insertInto('model_limits').values(limitRows.slice(from, from + rowsPerInsert)).execute()
  }
  return true
}

function toRow(entry: PriceEntry, feed: string, origin: string, fingerprint: string): Insertable<Schema['price_entry']> {
  return {
    org_id: entry.orgId, id: entry.id, feed, origin, fingerprint, book: entry.book, rank: entry.rank, provider: entry.provider,
    model: entry.model, component: entry.component, unit: entry.unit, per: entry.per, amount: entry.amount, currency: entry.currency,
    valid_from: entry.validFrom, valid_to: entry.validTo, recorded_at: entry.recordedAt, superseded_at: entry.supersededAt,
    status: entry.status, source: entry.source, conditions: jsonb(entry.conditions),
  }
}

function toEntry(row: EntryRow): PriceEntry {
  return {
    id: row.id, book: row.book as PriceEntry['book'], rank: row.rank, provider: row.provider, model: row.model,
    component: row.component as UsageComponent, unit: row.unit as UsageUnit, per: row.per, amount: shortestAmount(row.amount),
    currency: row.currency, validFrom: row.valid_from, validTo: row.valid_to, recordedAt: row.recorded_at,
    supersededAt: row.superseded_at, status: row.status as PriceEntry['status'], source: row.source,
    conditions: row.conditions as PriceConditions, orgId: row.org_id,
  }
}

const toAlias = (row: Selectable<Schema['model_alias']>): ModelAlias => ({
  provider: row.provider, pattern: row.pattern, regex: row.regex, model: row.model, validFrom: row.valid_from, validTo: row.valid_to,
})

const toLimits = (row: Selectable<Schema['model_limits']>): ModelLimits => ({
  provider: row.provider, model: row.model, contextTokens: row.context_tokens, outputTokensMax: row.output_tokens_max,
})
