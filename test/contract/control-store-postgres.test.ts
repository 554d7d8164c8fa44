import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { TollgateError } from '../../src/base/errors.ts'
import type { ControlStore } from '../../src/store/ports.ts'
import { openControlStore, startPostgres, type TestPostgres } from './control-store-engine.ts'
import { actor, apiKey, node, openBudget, price, provider, root, rule, user } from './control-store-samples.ts'

/** What only PostgreSQL can show: its schema, what stands on disk, other processes, and the server going away. */

let postgres: TestPostgres
let store: ControlStore
let url: string
let close: () => Promise<void>
beforeAll(async () => { postgres = await startPostgres() })
afterAll(() => postgres.stop())
beforeEach(async () => { ({ store, url, close } = await postgres.openStore()) })
afterEach(() => close())

async function query(text: string, parameters: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text, [...parameters])).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

describe('schema', () => {
  /** Tables of the installation and not of one organisation, each with its reason. */
  const installationTables: Readonly<Record<string, string>> = {
    schema_migration: 'the schema is one for all organisations',
    version_counter: 'a snapshot carries every organisation',
    gateway_node: 'a gateway serves every organisation',
    journal: 'a gateway writes one journal for every organisation it serves',
    batch: 'a block holds records of several organisations',
    quarantine: 'an unreadable frame names no organisation',
  }
  /** Indexes of tenant tables that org_id does not lead, each with its reason. */
  const indexesAcrossOrganisations: Readonly<Record<string, string>> = {
    api_key_sha256: 'a key is looked up by its hash, which tells the organisation; two organisations cannot hold one key',
    credential_sha256: 'a session or token is looked up by its hash, which tells the organisation',
    app_user_email: 'a person signs in by e-mail before the organisation is known',
    budget_rule_id: 'a window id on the wire names its rule and no organisation',
    lease_account_open: 'a new epoch closes the accounts of a journal in every organisation',
  }
  const indexes = () => query(`
    SELECT t.relname AS table, i.relname AS index, x.indisprimary AS primary,
      (SELECT attname FROM pg_attribute WHERE attrelid = t.oid AND attnum = x.indkey[0]) AS first
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = 'public' ORDER BY 1, 2`)

  it('has org_id first in every primary key and index of a tenant table', async () => {
    const astray = (await indexes()).filter((row) =>
      !(String(row['table']) in installationTables) && row['first'] !== 'org_id' && !(String(row['index']) in indexesAcrossOrganisations))
    expect(astray).toEqual([])
  })

  it('has a primary key on every table, and no exception without need', async () => {
    const rows = await indexes()
    const tables = await query(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`)
    const names = tables.map((row) => String(row['table_name']))
    expect(names.filter((name) => !rows.some((row) => row['table'] === name && row['primary'] === true))).toEqual([])
    expect(Object.keys(installationTables).filter((name) => !names.includes(name))).toEqual([])
    expect(Object.keys(indexesAcrossOrganisations).filter((name) => !rows.some((row) => row['index'] === name))).toEqual([])
  })

  it('keeps no amount in a type that rounds', async () => {
    const rows = await query(`SELECT table_name, column_name, data_type FROM information_schema.columns
      WHERE table_schema = 'public' AND data_type IN ('real', 'double precision', 'money')`)
    expect(rows).toEqual([])
  })
})

describe('migrations', () => {
  it('run once, whoever runs them and how often', async () => {
    const fresh = await postgres.freshUrl()
    const stores = Array.from({ length: 3 }, () => openControlStore(fresh))
    await Promise.all(stores.map((item) => item.migrate()))
    await stores[0]!.migrate()
    await stores[1]!.createNode(root('acme'), actor)
    expect(await stores[2]!.listOrgs()).toHaveLength(1)
    await Promise.all(stores.map((item) => item.close()))
  })

  it('refuse a migration that changed after it was applied', async () => {
    await query(`UPDATE schema_migration SET checksum = 'other' WHERE name = '0001_control.sql'`)
    await expect(store.migrate()).rejects.toThrow('Migration 0001_control.sql differs from the one applied')
  })

  it('refuse a database that a newer program has migrated', async () => {
    await query(`INSERT INTO schema_migration VALUES ('9999_future.sql', 'x', 0)`)
    await expect(store.migrate()).rejects.toThrow('9999_future.sql, which this version of Tollgate does not know')
  })
})

describe('secrets', () => {
  const everything = async (): Promise<string> => {
    const tables = await query(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`)
    const dumps = await Promise.all(tables.map((row) => query(`SELECT t.*, t::text AS whole FROM "${String(row['table_name'])}" t`)))
    return JSON.stringify(dumps, (_name, value: unknown) =>
      (value !== null && typeof value === 'object' && 'type' in value && value.type === 'Buffer' ? Buffer.from(value as never).toString('latin1') : value))
  }

  it('are on disk only sealed', async () => {
    await store.putProvider(provider({ name: 'openai', credential: { header: 'authorization', value: 'Bearer sk-plain-to-see' } }), actor)
    await store.putProvider(provider({ name: 'env', source: 'env', credential: { header: 'authorization', value: 'Bearer sk-from-the-environment' } }), actor)
    await store.putSetting('acme', 'hash_secret', 'setting-plain-to-see', actor)
    const dump = await everything()
    expect(dump).toContain('openai')
    expect(dump).not.toContain('plain-to-see')
    expect(dump).not.toContain('from-the-environment')
    expect(await query(`SELECT name FROM provider WHERE credential_sealed IS NOT NULL`)).toEqual([{ name: 'openai' }])
  })

  it('do not open under another key, nor in another row', async () => {
    await store.putProvider(provider({ name: 'a' }), actor)
    const other = openControlStore(url, { secretKey: Buffer.alloc(32, 8) })
    await expect(other.listProviders('acme')).rejects.toThrow("provider acme a does not open with this installation's secret key")
    await other.close()
    await store.putProvider(provider({ name: 'b', credential: { header: 'x-api-key', value: 'other' } }), actor)
    await query(`UPDATE provider SET credential_sealed = (SELECT credential_sealed FROM provider WHERE name = 'a') WHERE name = 'b'`)
    await expect(store.listProviders('acme')).rejects.toThrow('provider acme b')
  })
})

describe('audit', () => {
  it('stands or falls with its change, for every write that names a person', async () => {
    await openBudget(store)
    await store.createNode(node({ id: 'team' }), actor)
    await store.createKey(apiKey({ id: 'key_1' }), actor)
    await store.createUser(user({ id: 'user_1' }), null, actor)
    await store.putProvider(provider({ name: 'p' }), actor)
    await store.putOverride(price({ id: 'own', orgId: 'acme' }), actor)
    const dump = (): Promise<unknown> => Promise.all(['org_node', 'api_key', 'app_user', 'credential', 'provider', 'setting', 'price_entry', 'budget_rule', 'budget_window', 'version_counter', 'audit_entry']
      .map((table) => query(`SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM ${table} t`)))
    const writes: readonly (() => Promise<unknown>)[] = [
      () => store.createNode(node({ id: 'new' }), actor),
      () => store.updateNode('acme', 'team', { name: 'x' }, actor),
      () => store.createKey(apiKey({ id: 'key_2' }), actor),
      () => store.updateKey('acme', 'key_1', { revokedAt: 1 }, actor),
      () => store.createUser(user({ id: 'user_2' }), null, actor),
      () => store.updateUser('acme', 'user_1', { disabled: true }, actor),
      () => store.putCredential({ sha256: 's', kind: 'token', orgId: 'acme', userId: 'user_1', name: '', csrf: '', createdAt: 1, expiresAt: null }, actor),
      () => store.putProvider(provider({ name: 'q' }), actor),
      () => store.deleteProvider('acme', 'p', actor),
      () => store.putSetting('acme', 's', 'v', actor),
      () => store.putOverride(price({ id: 'other', orgId: 'acme' }), actor),
      () => store.endOverride('acme', 'own', 5, actor),
      () => store.createRule(rule({ id: 'r2' }), async () => [{ tuple: '', startMs: 0, endMs: 1, committed: 1n }], actor),
      () => store.updateRule('acme', 'rule_1', { limit: 5n }, actor),
      () => store.deleteRule('acme', 'rule_1', actor),
    ]
    await query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit is full'; END $$`)
    await query(`CREATE TRIGGER refuse BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse()`)
    const before = await dump()
    for (const write of writes) {
      await expect(write()).rejects.toThrow('audit is full')
      expect(await dump()).toEqual(before)
    }
    await query(`DROP TRIGGER refuse ON audit_entry`)
    for (const write of writes) await write()
    expect((await store.audit('acme', null, writes.length)).rows).toHaveLength(writes.length)
    expect(await dump()).not.toEqual(before)
  })
})

describe('prices', () => {
  it('seeds ten thousand entries and finds them there the next time', async () => {
    const entries = Array.from({ length: 10_000 }, (_, index) => price({ id: `entry ${index}`, model: `model ${index % 900}`, amount: `${index}.000000000000001` }))
    const aliases = Array.from({ length: 3_000 }, (_, index) => ({ provider: 'openai', pattern: `alias ${index}`, regex: false, model: 'm', validFrom: null, validTo: null }))
    expect(await store.seed('feed', entries, aliases, [], 1)).toEqual({ added: 10_000, superseded: 0 })
    expect(await store.seed('feed', entries, aliases, [], 2)).toEqual({ added: 0, superseded: 0 })
    expect(await store.seed('feed', entries.slice(1), aliases, [], 3)).toEqual({ added: 0, superseded: 1 })
    expect(await store.listEntries({ orgId: '' })).toHaveLength(9_999)
    expect(await store.listAliases()).toHaveLength(3_000)
  })

  it('is seeded by several processes at once as by one', async () => {
    const other = openControlStore(url)
    const entries = Array.from({ length: 50 }, (_, index) => price({ id: `entry ${index}` }))
    const seeded = await Promise.all([store, other, store, other].map((item) => item.seed('feed', entries, [], [], 1)))
    expect(seeded.map((item) => item.added).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 50])
    await other.close()
  })
})

describe('values PostgreSQL cannot hold', () => {
  it('are invalid, not an internal error', async () => {
    await expect(store.createNode(root('nul \0'), actor)).rejects.toMatchObject({ code: 'invalid' })
    await expect(store.createRule(rule({ id: 'r', limit: 10n ** 39n }), async () => [], actor)).rejects.toMatchObject({ code: 'invalid' })
  })
})

describe('changes', () => {
  it('are heard in other processes, also after the server was away', async () => {
    const other = openControlStore(url)
    const heard = vi.fn<() => void>()
    other.onChange(heard)
    await vi.waitFor(() => { expect(heard).toHaveBeenCalled() }, 10_000)
    heard.mockClear()
    await store.createNode(root('acme'), actor)
    await vi.waitFor(() => { expect(heard).toHaveBeenCalled() }, 10_000)
    await query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tollgate listener' AND datname = current_database()`)
    heard.mockClear()
    await vi.waitFor(() => { expect(heard).toHaveBeenCalled() }, 10_000)
    heard.mockClear()
    await store.createNode(node({ id: 'team' }), actor)
    await vi.waitFor(() => { expect(heard).toHaveBeenCalled() }, 10_000)
    await other.close()
  })
})

describe('the server away', () => {
  it('is an unavailable engine, from the first connection on', async () => {
    const nowhere = openControlStore('postgres://nobody@127.0.0.1:1/none')
    await expect(nowhere.now()).rejects.toMatchObject({ code: 'engine_unavailable' })
    await expect(nowhere.createNode(root('acme'), actor)).rejects.toMatchObject({ code: 'engine_unavailable' })
    await nowhere.close()
  })

  it('undoes a change whose connection breaks while it waits for something else', async () => {
    const creating = store.createRule(rule({ id: 'r' }), async () => {
      await query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tollgate config' AND datname = current_database()`)
      await vi.waitFor(async () => {
        expect(await query(`SELECT 1 FROM pg_stat_activity WHERE application_name = 'tollgate config' AND datname = current_database()`)).toEqual([])
      }, 10_000)
      return []
    }, actor)
    await expect(creating).rejects.toMatchObject({ code: 'engine_unavailable' })
    expect(await store.listRules('acme')).toEqual([])
  })

  it('breaks calls under way with that error and no other, and is forgotten when it is back', async () => {
    await store.createNode(root('acme'), actor)
    const ended = new AbortController()
    const failures: unknown[] = []
    const worker = async (name: string): Promise<void> => {
      for (let count = 0; !ended.signal.aborted; count++) {
        await store.createNode(node({ id: `${name} ${count}` }), actor).catch((error: unknown) => { failures.push(error) })
        await store.listOrgs().catch((error: unknown) => { failures.push(error) })
        if (failures.length > 0) await new Promise((resolve) => { setTimeout(resolve, 5) })
      }
    }
    const workers = ['a', 'b', 'c', 'd'].map(worker)
    const pid = postgres.pid()
    if (pid === undefined) throw new Error('PostgreSQL must be running')
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(() => { expect(failures.length).toBeGreaterThan(0) }, 20_000)
    await vi.waitFor(async () => { expect(await store.now()).toBeGreaterThan(0) }, { timeout: 60_000, interval: 100 })
    ended.abort()
    await Promise.all(workers)
    const strangers = failures.filter((error) => !(error instanceof TollgateError && error.code === 'engine_unavailable'))
    expect(strangers).toEqual([])
    // Every connection of every lane serves again.
    await Promise.all(Array.from({ length: 30 }, () => store.listOrgs()))
    await store.putNode({ id: 'g', name: 'g', sha256: 's' })
    expect(await store.openEpoch('g', 'j', 0, 1)).toMatchObject({ epoch: 1 })
    expect(await store.lastBatch('j')).toBeNull()
  })
})
