import { createHash } from 'node:crypto'
import type { BudgetRule } from '../../src/core/entitlement/rule.ts'
import type { PriceEntry } from '../../src/core/pricing/price-entry.ts'
import { openPolicy } from '../../src/core/usage/key-policy.ts'
import type { Actor, ApiKey, BatchEffect, BudgetStore, ControlStore, OrgNode, Provider, User } from '../../src/store/ports.ts'

/** Sample rows for the control store's tests; every builder takes what a test cares about. */
export const actor: Actor = { id: 'user_1', name: 'Ada' }
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Windows of the samples end here, well after any clock, so that they are open on every engine. */
export const farFutureMs = 4_000_000_000_000

export const node = (given: Partial<OrgNode> & Pick<OrgNode, 'id'>): OrgNode => ({
  orgId: 'acme', parentId: 'acme', kind: 'team', name: given.id, costCentre: '', archived: false, ...given,
})
export const root = (orgId: string): OrgNode => node({ orgId, id: orgId, parentId: null, kind: 'org' })

export const apiKey = (given: Partial<ApiKey> & Pick<ApiKey, 'id'>): ApiKey => ({
  orgId: 'acme', appId: 'acme', name: given.id, sha256: sha256(given.id), hint: 'wxyz', policy: openPolicy,
  createdAt: 1_000, expiresAt: null, revokedAt: null, ...given,
})

export const user = (given: Partial<User> & Pick<User, 'id'>): User => ({
  orgId: 'acme', email: `${given.id}@example.com`, name: given.id, grants: [{ role: 'viewer', nodeId: 'acme' }], disabled: false, ...given,
})

export const provider = (given: Partial<Provider> & Pick<Provider, 'name'>): Provider => ({
  orgId: 'acme', dialect: 'openai', baseUrl: 'https://api.example.com', credential: { header: 'authorization', value: 'Bearer sk-very-secret' },
  priceAs: given.name, region: '', callPrice: null, currency: 'USD', timeoutMs: 60_000, retriesMax: 2, enabled: true, source: 'api', ...given,
})

export const price = (given: Partial<PriceEntry> & Pick<PriceEntry, 'id'>): PriceEntry => ({
  book: 'list', rank: 0, provider: 'openai', model: 'gpt-x', component: 'input_text', unit: 'token', per: 1_000_000, amount: '2.5',
  currency: 'USD', validFrom: null, validTo: null, recordedAt: 5_000, supersededAt: null, status: 'active', source: 'test feed',
  conditions: {}, orgId: '', ...given,
})

export const rule = (given: Partial<BudgetRule> & Pick<BudgetRule, 'id'>): BudgetRule => ({
  orgId: 'acme', name: given.id, selector: {}, per: [], measure: 'cost', currency: 'USD', window: { unit: 'month', zone: 'UTC' },
  limit: 1_000n, hard: true, outputBound: 'inject', outputCapDefault: 4_096, unpriced: 'refuse', unbounded: 'refuse', ...given,
})

export type LeaseRequest = Parameters<BudgetStore['grantLease']>[0]
export const leaseRequest = (given: Partial<LeaseRequest> & Pick<LeaseRequest, 'leaseId'>): LeaseRequest => ({
  journalId: 'journal_1', epoch: 1, orgId: 'acme', ruleId: 'rule_1', tuple: '', startMs: 0, endMs: farFutureMs, need: 10n, want: 100n, ...given,
})

export const effect = (block: number, given: Partial<BatchEffect> = {}): BatchEffect => ({
  key: { journalId: 'journal_1', segment: 1, block }, rows: 1, cost: 5n, checksum: `sum ${block}`, receivedAt: 10_000 + block,
  commits: [], settlements: [], returns: [], epochs: [], quarantined: [], ...given,
})
export const commitOf = (amount: bigint, given: Partial<BatchEffect['commits'][number]> = {}): BatchEffect['commits'][number] => ({
  orgId: 'acme', ruleId: 'rule_1', tuple: '', startMs: 0, endMs: farFutureMs, amount, ...given,
})

/** Applies a block under the rules as they are now. */
export const apply = async (store: ControlStore, block: BatchEffect): Promise<boolean> => store.applyBatch(block, await store.rulesVersion())

/** An organisation with one open journal and one rule of limit 1,000. */
export async function openBudget(store: ControlStore, given: Partial<BudgetRule> = {}): Promise<void> {
  await store.createNode(root('acme'), actor)
  await store.createRule(rule({ id: 'rule_1', ...given }), async () => [], actor)
  await store.putNode({ id: 'gateway_1', name: 'gateway one', sha256: sha256('gateway_1') })
  await store.openEpoch('gateway_1', 'journal_1', 0, 1_000)
}
