import type { Selectable } from 'kysely'
import type { ConfigStore, Provider } from '../ports.ts'
import { auditLines } from './audit-lines.ts'
import { inAudited } from './change.ts'
import type { Database } from './database.ts'
import type { Schema } from './schema.ts'
import type { SecretBox } from './secret-box.ts'

/** Providers and settings. Credentials and setting values are sealed: either may be a secret. */
export function createConfigStore(db: Database, box: SecretBox): ConfigStore {
  return {
    async listProviders(orgId) {
      const rows = await db.config.selectFrom('provider').selectAll().where('org_id', '=', orgId).orderBy('name').execute()
      return rows.map((row) => toProvider(row, box))
    },
    putProvider: (provider, actor) => inAudited(db.config, { orgId: provider.orgId, actor }, 'snapshot', async (tx) => {
      const row = toRow(provider, box)
      await tx.insertInto('provider').values(row)
        .onConflict((conflict) => conflict.columns(['org_id', 'name']).doUpdateSet(row)).execute()
      return { value: undefined, audit: auditLines.providerPut(provider) }
    }),
    deleteProvider: (orgId, name, actor) => inAudited(db.config, { orgId, actor }, 'snapshot', async (tx) => {
      const gone = await tx.deleteFrom('provider').where('org_id', '=', orgId).where('name', '=', name).executeTakeFirst()
      const found = gone.numDeletedRows > 0n
      return { value: found, audit: found ? auditLines.providerDeleted(name) : null }
    }),
    async getSetting(orgId, name) {
      const row = await db.config.selectFrom('setting').select('sealed').where('org_id', '=', orgId).where('name', '=', name).executeTakeFirst()
      return row === undefined ? null : box.open(row.sealed, settingPlace(orgId, name))
    },
    putSetting: (orgId, name, value, actor) => inAudited(db.config, { orgId, actor }, 'snapshot', async (tx) => {
      const sealed = box.seal(value, settingPlace(orgId, name))
      await tx.insertInto('setting').values({ org_id: orgId, name, sealed })
        .onConflict((conflict) => conflict.columns(['org_id', 'name']).doUpdateSet({ sealed })).execute()
      return { value: undefined, audit: auditLines.settingPut(name) }
    }),
  }
}

const settingPlace = (orgId: string, name: string): readonly string[] => ['setting', orgId, name]
const providerPlace = (orgId: string, name: string): readonly string[] => ['provider', orgId, name]

function toRow(provider: Provider, box: SecretBox): Selectable<Schema['provider']> {
  // The environment keeps its own secrets; a copy in the database would outlive their rotation.
  const credential = provider.source === 'env' ? null : provider.credential
  return {
    org_id: provider.orgId, name: provider.name, dialect: provider.dialect, base_url: provider.baseUrl,
    credential_header: credential?.header ?? null,
    credential_sealed: credential === null ? null : box.seal(credential.value, providerPlace(provider.orgId, provider.name)),
    price_as: provider.priceAs, region: provider.region, call_price: provider.callPrice, currency: provider.currency,
    timeout_ms: provider.timeoutMs, retries_max: provider.retriesMax, enabled: provider.enabled, source: provider.source,
  }
}

function toProvider(row: Selectable<Schema['provider']>, box: SecretBox): Provider {
  const { credential_header: header, credential_sealed: sealed } = row
  return {
    orgId: row.org_id, name: row.name, dialect: row.dialect as Provider['dialect'], baseUrl: row.base_url,
    credential: header === null || sealed === null ? null : { header, value: box.open(sealed, providerPlace(row.org_id, row.name)) },
    priceAs: row.price_as, region: row.region, callPrice: row.call_price, currency: row.currency,
    timeoutMs: row.timeout_ms, retriesMax: row.retries_max, enabled: row.enabled, source: row.source as Provider['source'],
  }
}
