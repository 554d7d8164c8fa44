import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openPolicy } from '../../src/core/usage/key-policy.ts'
import type { Credential, ControlStore } from '../../src/store/ports.ts'
import { actor, apiKey, node, price, provider, root, rule, sha256, user } from './control-store-samples.ts'

/** Opens an empty store; `close` ends it and drops what it kept. */
export type OpenControlStore = () => Promise<{ readonly store: ControlStore; close(): Promise<void> }>

/** What every control store must do about organisations, people, configuration and prices. */
export function describeControlStore(name: string, open: OpenControlStore): void {
  describe(`control store on ${name}`, () => {
    let store: ControlStore
    let close: () => Promise<void>
    beforeEach(async () => { ({ store, close } = await open()) })
    afterEach(() => close())

    describe('organisation tree', () => describeTree(() => store))
    describe('gateway keys', () => describeKeys(() => store))
    describe('audit', () => describeAudit(() => store))
    describe('people', () => describePeople(() => store))
    describe('credentials', () => describeCredentials(() => store))
    describe('providers and settings', () => describeConfig(() => store))
    describe('prices', () => describePrices(() => store))
    describe('versions', () => describeVersions(() => store))
  })
}

const failsWith = (code: string) => expect.objectContaining({ code })

function describeTree(store: () => ControlStore): void {
  it('keeps organisations apart and lists nodes in id order', async () => {
    for (const orgId of ['zeta', 'acme']) await store().createNode(root(orgId), actor)
    await store().createNode(node({ id: 'team_b', costCentre: '4711' }), actor)
    await store().createNode(node({ id: 'team_a' }), actor)
    expect((await store().listOrgs()).map((org) => org.orgId)).toEqual(['acme', 'zeta'])
    expect((await store().listNodes('acme')).map((item) => item.id)).toEqual(['acme', 'team_a', 'team_b'])
    expect((await store().listNodes('acme'))[2]).toEqual(node({ id: 'team_b', costCentre: '4711' }))
    expect((await store().listNodes('zeta')).map((item) => item.id)).toEqual(['zeta'])
  })

  it('refuses a taken id and a parent that is not there', async () => {
    await store().createNode(root('acme'), actor)
    await expect(store().createNode(root('acme'), actor)).rejects.toEqual(failsWith('conflict'))
    await expect(store().createNode(node({ id: 'team', parentId: 'nowhere' }), actor)).rejects.toEqual(failsWith('invalid'))
    await expect(store().createNode(node({ id: 'team', orgId: 'other', parentId: 'acme' }), actor)).rejects.toEqual(failsWith('invalid'))
    expect((await store().audit('acme', null, 10)).rows).toHaveLength(1)
  })

  it('changes what is given, archives, and answers null for an unknown id', async () => {
    await store().createNode(root('acme'), actor)
    await store().createNode(node({ id: 'team' }), actor)
    expect(await store().updateNode('acme', 'team', { name: 'Team', costCentre: '9' }, actor)).toEqual(node({ id: 'team', name: 'Team', costCentre: '9' }))
    expect(await store().updateNode('acme', 'team', { archived: true }, actor)).toMatchObject({ name: 'Team', archived: true })
    expect((await store().listNodes('acme'))[1]).toMatchObject({ name: 'Team', costCentre: '9', archived: true })
    expect(await store().updateNode('acme', 'nobody', { name: 'x' }, actor)).toBeNull()
    expect(await store().updateNode('other', 'team', { name: 'x' }, actor)).toBeNull()
  })

  it('moves a node and refuses to move it below itself', async () => {
    await store().createNode(root('acme'), actor)
    for (const [id, parentId] of [['a', 'acme'], ['b', 'a'], ['c', 'b']] as const) await store().createNode(node({ id, parentId, kind: 'unit' }), actor)
    await expect(store().updateNode('acme', 'a', { parentId: 'c' }, actor)).rejects.toEqual(failsWith('invalid'))
    await expect(store().updateNode('acme', 'a', { parentId: 'a' }, actor)).rejects.toEqual(failsWith('invalid'))
    expect(await store().updateNode('acme', 'c', { parentId: 'acme' }, actor)).toMatchObject({ parentId: 'acme' })
    expect(await store().updateNode('acme', 'a', { parentId: 'c' }, actor)).toMatchObject({ parentId: 'c' })
  })
}

function describeKeys(store: () => ControlStore): void {
  beforeEach(() => store().createNode(root('acme'), actor))

  it('gives a key back as it was created', async () => {
    const key = apiKey({ id: 'key_1', policy: { ...openPolicy, models: ['gpt-*'], pinned: { workflow: 'nightly' }, tags: [] }, expiresAt: 99_000 })
    await store().createKey(key, actor)
    expect(await store().listKeys('acme')).toEqual([key])
    expect(await store().listKeys('other')).toEqual([])
  })

  it('refuses one secret in two organisations', async () => {
    await store().createNode(root('other'), actor)
    await store().createKey(apiKey({ id: 'key_1' }), actor)
    await expect(store().createKey(apiKey({ id: 'key_2', orgId: 'other', appId: 'other', sha256: sha256('key_1') }), actor)).rejects.toEqual(failsWith('conflict'))
    await expect(store().createKey(apiKey({ id: 'key_3', appId: 'nowhere' }), actor)).rejects.toEqual(failsWith('invalid'))
  })

  it('sets and clears an expiry, and a revocation stays', async () => {
    await store().createKey(apiKey({ id: 'key_1', expiresAt: 5 }), actor)
    expect(await store().updateKey('acme', 'key_1', { name: 'one' }, actor)).toMatchObject({ name: 'one', expiresAt: 5 })
    expect(await store().updateKey('acme', 'key_1', { expiresAt: null }, actor)).toMatchObject({ expiresAt: null })
    expect(await store().updateKey('acme', 'key_1', { revokedAt: 70 }, actor)).toMatchObject({ revokedAt: 70 })
    expect(await store().updateKey('acme', 'key_1', { revokedAt: 80 }, actor)).toMatchObject({ revokedAt: 70 })
    expect(await store().listKeys('acme')).toMatchObject([{ id: 'key_1', revokedAt: 70 }])
    expect(await store().updateKey('acme', 'nothing', { name: 'x' }, actor)).toBeNull()
  })
}

function describeAudit(store: () => ControlStore): void {
  it('says who did what, newest first, page by page', async () => {
    await store().createNode(root('acme'), actor)
    for (const id of ['t1', 't2', 't3', 't4']) await store().createNode(node({ id }), { id: 'user_2', name: 'Bo' })
    await store().createNode(root('other'), actor)
    const first = await store().audit('acme', null, 2)
    expect(first.rows.map((row) => row.subject)).toEqual(['t4', 't3'])
    expect(first.rows[0]).toMatchObject({ orgId: 'acme', actor: { id: 'user_2', name: 'Bo' }, action: 'node.create', detail: { kind: 'team', name: 't4' } })
    const second = await store().audit('acme', first.next, 2)
    const third = await store().audit('acme', second.next, 2)
    expect([...second.rows, ...third.rows].map((row) => row.subject)).toEqual(['t2', 't1', 'acme'])
    expect(third.next).toBeNull()
    expect((await store().audit('acme', null, 10, 't2')).rows.map((row) => row.subject)).toEqual(['t2'])
    expect((await store().audit('other', null, 10, 't2')).rows).toEqual([])
    await expect(store().audit('acme', 'not a cursor', 2)).rejects.toEqual(failsWith('invalid'))
  })

  it('tells the old and the new value of a change', async () => {
    await store().createNode(root('acme'), actor)
    await store().updateNode('acme', 'acme', { name: 'Acme Corp' }, actor)
    const { rows } = await store().audit('acme', null, 1)
    expect(rows[0]).toMatchObject({ action: 'node.update', subject: 'acme', detail: { name: { from: 'acme', to: 'Acme Corp' } } })
  })

  it('holds no secret of anything it tells of', async () => {
    await store().createNode(root('acme'), actor)
    await store().createKey(apiKey({ id: 'key_1', sha256: sha256('SECRET-key') }), actor)
    await store().createUser(user({ id: 'user_1' }), 'SECRET-hash', actor)
    await store().updateUser('acme', 'user_1', { passwordHash: 'SECRET-hash-2' }, actor)
    await store().putCredential(credential({ sha256: 'SECRET-session', csrf: 'SECRET-csrf' }), actor)
    await store().putProvider(provider({ name: 'p', baseUrl: 'https://me:SECRET-url@api.example.com/v1?k=SECRET-query', credential: { header: 'x-api-key', value: 'SECRET-credential' } }), actor)
    await store().putSetting('acme', 'hash_secret', 'SECRET-setting', actor)
    const { rows } = await store().audit('acme', null, 50)
    expect(rows.map((row) => row.action).toSorted()).toEqual([
      'key.create', 'node.create', 'provider.put', 'session.create', 'setting.put', 'user.create', 'user.update'])
    const text = JSON.stringify(rows)
    expect(text).not.toContain('SECRET')
    expect(text).not.toContain(sha256('SECRET-key'))
    expect(rows.find((row) => row.action === 'provider.put')?.detail).toMatchObject({ baseUrl: 'https://api.example.com/v1', credentialHeader: 'x-api-key' })
  })
}

function describePeople(store: () => ControlStore): void {
  it('finds a login by e-mail whatever its case, in one organisation only', async () => {
    await store().createUser(user({ id: 'user_1', email: 'Ada@Example.com' }), 'hash one', actor)
    expect(await store().findLogin('ada@example.COM')).toEqual({ user: user({ id: 'user_1', email: 'Ada@Example.com' }), passwordHash: 'hash one' })
    expect(await store().findLogin('nobody@example.com')).toBeNull()
    await expect(store().createUser(user({ id: 'user_9', orgId: 'other', email: 'ada@example.com' }), null, actor)).rejects.toEqual(failsWith('conflict'))
  })

  it('changes grants, name and password one by one', async () => {
    await store().createUser(user({ id: 'user_1' }), null, actor)
    const grants = [{ role: 'admin', nodeId: 'acme' }, { role: 'team_owner', nodeId: 'team' }] as const
    expect(await store().updateUser('acme', 'user_1', { grants }, actor)).toEqual(user({ id: 'user_1', grants }))
    expect(await store().updateUser('acme', 'user_1', { passwordHash: 'two', disabled: true }, actor)).toMatchObject({ disabled: true, grants })
    expect(await store().findLogin('user_1@example.com')).toMatchObject({ passwordHash: 'two', user: { disabled: true } })
    expect(await store().getUser('acme', 'user_1')).toMatchObject({ grants })
    expect(await store().getUser('other', 'user_1')).toBeNull()
    expect(await store().updateUser('acme', 'user_2', { name: 'x' }, actor)).toBeNull()
    expect(await store().listUsers('acme')).toHaveLength(1)
  })
}

const credential = (given: Partial<Credential>): Credential => ({
  sha256: sha256('session'), kind: 'session', orgId: 'acme', userId: 'user_1', name: '', csrf: 'c', createdAt: 1_000, expiresAt: 2_000, ...given,
})

function describeCredentials(store: () => ControlStore): void {
  it('finds a credential until its expiry instant', async () => {
    await store().putCredential(credential({}), actor)
    expect(await store().findCredential(sha256('session'), 1_999)).toEqual(credential({}))
    expect(await store().findCredential(sha256('session'), 2_000)).toBeNull()
    expect(await store().findCredential(sha256('other'), 1_000)).toBeNull()
    await store().putCredential(credential({ sha256: sha256('token'), kind: 'token', expiresAt: null }), actor)
    expect(await store().findCredential(sha256('token'), 9e12)).toMatchObject({ kind: 'token' })
  })

  it('lets a one-time token be taken once, by one of many', async () => {
    await store().putCredential(credential({ sha256: sha256('once'), kind: 'one_time' }), actor)
    const taken = await Promise.all(Array.from({ length: 8 }, () => store().takeCredential(sha256('once'), 1_500)))
    expect(taken.filter((item) => item !== null)).toEqual([credential({ sha256: sha256('once'), kind: 'one_time' })])
    expect(await store().findCredential(sha256('once'), 1_500)).toBeNull()
  })

  it('takes an expired one-time token away without giving it', async () => {
    await store().putCredential(credential({ sha256: sha256('late'), kind: 'one_time' }), actor)
    expect(await store().takeCredential(sha256('late'), 2_000)).toBeNull()
    expect(await store().takeCredential(sha256('late'), 1_000)).toBeNull()
  })

  it('lists those of a user and forgets expired ones when a new one comes', async () => {
    await store().putCredential(credential({ sha256: sha256('old'), expiresAt: 1_500 }), actor)
    await store().putCredential(credential({ sha256: sha256('other user'), userId: 'user_2', expiresAt: 1_500 }), actor)
    await store().putCredential(credential({ sha256: sha256('new'), createdAt: 3_000, expiresAt: 9_000 }), actor)
    expect((await store().listCredentials('acme', 'user_1')).map((item) => item.sha256)).toEqual([sha256('new')])
    expect(await store().listCredentials('acme', 'user_2')).toHaveLength(1)
    expect(await store().listCredentials('other', 'user_1')).toEqual([])
  })
}

function describeConfig(store: () => ControlStore): void {
  it('gives a provider back with its credential, and replaces it whole', async () => {
    await store().putProvider(provider({ name: 'openai', callPrice: '0.0010' }), actor)
    expect(await store().listProviders('acme')).toEqual([provider({ name: 'openai', callPrice: '0.0010' })])
    await store().putProvider(provider({ name: 'openai', credential: null, enabled: false }), actor)
    expect(await store().listProviders('acme')).toEqual([provider({ name: 'openai', credential: null, enabled: false })])
    expect(await store().listProviders('other')).toEqual([])
  })

  it('never keeps the secret of a provider from the environment', async () => {
    await store().putProvider(provider({ name: 'openai', source: 'env' }), actor)
    expect(await store().listProviders('acme')).toEqual([provider({ name: 'openai', source: 'env', credential: null })])
  })

  it('deletes a provider once', async () => {
    await store().putProvider(provider({ name: 'openai' }), actor)
    expect(await store().deleteProvider('other', 'openai', actor)).toBe(false)
    expect(await store().deleteProvider('acme', 'openai', actor)).toBe(true)
    expect(await store().deleteProvider('acme', 'openai', actor)).toBe(false)
    expect(await store().listProviders('acme')).toEqual([])
  })

  it('keeps settings per organisation', async () => {
    await store().putSetting('acme', 'hash_secret', 'first', actor)
    await store().putSetting('acme', 'hash_secret', 'second ✓', actor)
    expect(await store().getSetting('acme', 'hash_secret')).toBe('second ✓')
    expect(await store().getSetting('', 'hash_secret')).toBeNull()
  })
}

function describePrices(store: () => ControlStore): void {
  const seed = (entries: readonly ReturnType<typeof price>[], recordedAt: number, source = 'feed') => store().seed(source, entries, [], [], recordedAt)

  it('adds once, and a second seed of the same changes nothing', async () => {
    const entries = [price({ id: 'a' }), price({ id: 'b', model: 'gpt-y', amount: '0.000000000000001', conditions: { mode: 'batch', context: { from: { tokens: 200_000, comparator: 'gt' }, scope: 'cliff' } } })]
    expect(await seed(entries, 6_000)).toEqual({ added: 2, superseded: 0 })
    const version = await store().snapshotVersion()
    expect(await seed(entries.map((entry) => ({ ...entry, amount: entry.amount === '2.5' ? '2.50' : entry.amount })), 7_000)).toEqual({ added: 0, superseded: 0 })
    expect(await store().snapshotVersion()).toBe(version)
    expect(await store().listEntries({ orgId: 'acme' })).toEqual(entries)
  })

  it('supersedes what the feed no longer has and leaves other feeds alone', async () => {
    await seed([price({ id: 'a' }), price({ id: 'b', model: 'gpt-y' })], 6_000)
    await seed([price({ id: 'c' })], 6_000, 'overlay')
    expect(await seed([price({ id: 'a' })], 8_000)).toEqual({ added: 0, superseded: 1 })
    expect((await store().listEntries({ orgId: '' })).map((entry) => entry.id)).toEqual(['a', 'c'])
    expect(await store().listEntries({ orgId: '', provider: 'openai', model: 'gpt-y' })).toEqual([price({ id: 'b', model: 'gpt-y', supersededAt: 8_000 })])
    expect(await store().listEntries({ orgId: '', ids: ['b'] })).toHaveLength(1)
  })

  it('appends a version when an id says something else, and when a dropped one comes back', async () => {
    await seed([price({ id: 'a' })], 6_000)
    expect(await seed([price({ id: 'a', amount: '3' })], 7_000)).toEqual({ added: 1, superseded: 1 })
    expect(await store().listEntries({ orgId: '', model: 'gpt-x' })).toEqual([
      price({ id: 'a', supersededAt: 7_000 }), price({ id: 'a~2', amount: '3', recordedAt: 7_000 })])
    await seed([], 8_000)
    expect(await seed([price({ id: 'a', amount: '3' })], 9_000)).toEqual({ added: 1, superseded: 0 })
    expect(await store().listEntries({ orgId: '' })).toEqual([price({ id: 'a~3', amount: '3', recordedAt: 9_000 })])
    expect(await seed([price({ id: 'a', amount: '3' })], 9_500)).toEqual({ added: 0, superseded: 0 })
  })

  it('leaves out what ended before an instant, unless one model is asked for', async () => {
    await seed([price({ id: 'past', validTo: 1_000 }), price({ id: 'now', validFrom: 1_000, validTo: 2_000 }), price({ id: 'next', validFrom: 2_000 })], 6_000)
    expect((await store().listEntries({ orgId: '', atMs: 1_000 })).map((entry) => entry.id)).toEqual(['next', 'now'])
    expect((await store().listEntries({ orgId: '', atMs: 2_000 })).map((entry) => entry.id)).toEqual(['next'])
    expect(await store().listEntries({ orgId: '', atMs: 9_000, model: 'gpt-x' })).toHaveLength(3)
    expect(await store().listEntries({ orgId: '', provider: 'anthropic' })).toEqual([])
  })

  it('replaces the names and limits of a feed as a whole', async () => {
    const alias = { provider: 'openai', pattern: 'gpt-x-2024', regex: false, model: 'gpt-x', validFrom: null, validTo: 9_000 }
    const limit = { provider: 'openai', model: 'gpt-x', contextTokens: 128_000, outputTokensMax: null }
    await store().seed('feed', [], [alias, { ...alias, pattern: 'gpt-.*', regex: true }], [limit], 1)
    await store().seed('overlay', [], [{ ...alias, provider: 'azure' }], [], 1)
    expect((await store().listAliases()).map((item) => item.pattern)).toEqual(['gpt-x-2024', 'gpt-.*', 'gpt-x-2024'])
    expect(await store().listLimits()).toEqual([limit])
    await store().seed('feed', [], [alias], [], 2)
    expect(await store().listAliases()).toEqual([alias, { ...alias, provider: 'azure' }])
    expect(await store().listLimits()).toEqual([])
  })

  it('shows an override to its organisation only', async () => {
    const override = price({ id: 'own', orgId: 'acme', book: 'contract', rank: 100 })
    await store().putOverride(override, actor)
    expect(await store().listEntries({ orgId: 'acme' })).toEqual([override])
    expect(await store().listEntries({ orgId: 'other' })).toEqual([])
    await expect(store().putOverride(override, actor)).rejects.toEqual(failsWith('conflict'))
    expect((await store().audit('acme', null, 1)).rows[0]).toMatchObject({ action: 'price.override', subject: 'own', detail: { amount: '2.5' } })
  })

  it('ends an override by a new version and keeps the old one', async () => {
    await store().putOverride(price({ id: 'own', orgId: 'acme' }), actor)
    await store().putOverride(price({ id: 'later', orgId: 'acme', validFrom: 9_000 }), actor)
    expect(await store().endOverride('other', 'own', 5_000, actor)).toBe(false)
    expect(await store().endOverride('acme', 'own', 5_000, actor)).toBe(true)
    expect(await store().endOverride('acme', 'own', 5_000, actor)).toBe(false)
    expect(await store().endOverride('acme', 'later', 9_000, actor)).toBe(true)
    const live = await store().listEntries({ orgId: 'acme' })
    expect(live).toMatchObject([{ id: 'own~2', validTo: 5_000, amount: '2.5' }])
    expect(await store().listEntries({ orgId: 'acme', ids: ['own'] })).toMatchObject([{ id: 'own', validTo: null }])
    await store().seed('feed', [price({ id: 'own' })], [], [], 1)
    expect(await store().endOverride('', 'own', 5_000, actor)).toBe(false)
  })
}

function describeVersions(store: () => ControlStore): void {
  it('grows with every change that a snapshot carries, and with no other', async () => {
    const grows = async (step: () => Promise<unknown>): Promise<bigint> => {
      const before = BigInt(await store().snapshotVersion())
      await step()
      return BigInt(await store().snapshotVersion()) - before
    }
    expect(await grows(() => store().createNode(root('acme'), actor))).toBe(1n)
    expect(await grows(() => store().updateNode('acme', 'acme', { name: 'x' }, actor))).toBe(1n)
    expect(await grows(() => store().createKey(apiKey({ id: 'key_1' }), actor))).toBe(1n)
    expect(await grows(() => store().updateKey('acme', 'key_1', { revokedAt: 5 }, actor))).toBe(1n)
    expect(await grows(() => store().putProvider(provider({ name: 'p' }), actor))).toBe(1n)
    expect(await grows(() => store().deleteProvider('acme', 'p', actor))).toBe(1n)
    expect(await grows(() => store().putSetting('acme', 's', 'v', actor))).toBe(1n)
    expect(await grows(() => store().putOverride(price({ id: 'o', orgId: 'acme' }), actor))).toBe(1n)
    expect(await grows(() => store().createRule(rule({ id: 'r' }), async () => [], actor))).toBe(1n)
    expect(await grows(() => store().updateRule('acme', 'r', { limit: 5n }, actor))).toBe(1n)
    expect(await grows(() => store().deleteRule('acme', 'r', actor))).toBe(1n)
    expect(await grows(() => store().createUser(user({ id: 'u' }), null, actor))).toBe(0n)
    expect(await grows(() => store().deleteProvider('acme', 'p', actor))).toBe(0n)
    expect(await grows(() => store().createNode(root('acme'), actor).catch(() => undefined))).toBe(0n)
  })

  it('tells listeners of a change', async () => {
    const heard = vi.fn<() => void>()
    store().onChange(heard)
    await store().createNode(root('acme'), actor)
    await vi.waitFor(() => { expect(heard).toHaveBeenCalled() }, 10_000)
    heard.mockClear()
    await store().createKey(apiKey({ id: 'key_1' }), actor)
    await vi.waitFor(() => { expect(heard).toHaveBeenCalled() }, 10_000)
  })

  it('has a clock in milliseconds', async () => {
    const now = await store().now()
    expect(Number.isSafeInteger(now)).toBe(true)
    expect(now).toBeGreaterThan(1_600_000_000_000)
  })
}
