import type { PriceEntry } from '../../core/pricing/price-entry.ts'
import type { BudgetRule } from '../../core/entitlement/rule.ts'
import type { AccessStore, ApiKey, BudgetStore, Credential, OrgNode, OrgStore, Provider, User } from '../ports.ts'

/** What an audit row says of one change. Details are JSON and hold no secret, no hash of one and no password. */
export interface AuditLine {
  readonly action: string
  readonly subject: string
  readonly detail: unknown
}

type NodeChange = Parameters<OrgStore['updateNode']>[2]
type KeyChange = Parameters<OrgStore['updateKey']>[2]
type UserChange = Parameters<AccessStore['updateUser']>[2]
type RuleChange = Parameters<BudgetStore['updateRule']>[2]

export const auditLines = {
  nodeCreated: (node: OrgNode): AuditLine => ({
    action: 'node.create', subject: node.id,
    detail: { kind: node.kind, name: node.name, parentId: node.parentId, costCentre: node.costCentre },
  }),
  nodeUpdated: (before: OrgNode, change: NodeChange): AuditLine => ({
    action: change.archived === true ? 'node.archive' : 'node.update', subject: before.id, detail: changed(before, change),
  }),
  keyCreated: (key: ApiKey): AuditLine => ({
    action: 'key.create', subject: key.id,
    detail: { appId: key.appId, name: key.name, hint: key.hint, policy: key.policy, expiresAt: key.expiresAt },
  }),
  keyUpdated: (before: ApiKey, change: KeyChange): AuditLine => ({
    action: change.revokedAt === undefined ? 'key.update' : 'key.revoke', subject: before.id, detail: changed(before, change),
  }),
  userCreated: (user: User): AuditLine => ({
    action: 'user.create', subject: user.id, detail: { email: user.email, name: user.name, grants: user.grants, disabled: user.disabled },
  }),
  userUpdated: (before: User, change: UserChange): AuditLine => {
    const { passwordHash, ...visible } = change
    const detail = changed(before, visible)
    return { action: 'user.update', subject: before.id, detail: passwordHash === undefined ? detail : { ...detail, password: 'changed' } }
  },
  credentialCreated: (credential: Credential): AuditLine => ({
    action: `${credential.kind}.create`, subject: credential.userId, detail: { name: credential.name, expiresAt: credential.expiresAt },
  }),
  providerPut: (provider: Provider): AuditLine => {
    const { orgId: _org, credential, baseUrl, ...visible } = provider
    return {
      action: 'provider.put', subject: provider.name,
      detail: { ...visible, baseUrl: withoutSecrets(baseUrl), credentialHeader: credential?.header ?? null },
    }
  },
  providerDeleted: (name: string): AuditLine => ({ action: 'provider.delete', subject: name, detail: {} }),
  settingPut: (name: string): AuditLine => ({ action: 'setting.put', subject: name, detail: {} }),
  overridePut: (entry: PriceEntry): AuditLine => ({ action: 'price.override', subject: entry.id, detail: entry }),
  overrideEnded: (id: string, atMs: number): AuditLine => ({ action: 'price.end', subject: id, detail: { atMs } }),
  ruleCreated: (rule: BudgetRule): AuditLine => ({
    action: 'rule.create', subject: rule.id, detail: { ...rule, limit: rule.limit.toString() },
  }),
  ruleUpdated: (before: BudgetRule, change: RuleChange): AuditLine => ({
    action: 'rule.update', subject: before.id, detail: changed(before, change),
  }),
  ruleDeleted: (id: string): AuditLine => ({ action: 'rule.delete', subject: id, detail: {} }),
  committedCorrected: (windows: Parameters<BudgetStore['correctCommitted']>[1]): AuditLine => ({
    action: 'budget.correct', subject: '', detail: windows.map(({ ruleId, tuple, startMs, committed }) => ({ ruleId, tuple, startMs, committed: committed.toString() })),
  }),
} as const

/** Old and new value of every member given, as JSON. */
function changed(before: object, change: object): Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>> {
  const old = new Map(Object.entries(before))
  return Object.fromEntries(
    Object.entries(change)
      .filter(([, to]) => to !== undefined)
      .map(([name, to]) => [name, { from: plain(old.get(name)), to: plain(to) }]),
  )
}

const plain = (value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value ?? null)

/** A base URL without user, password and query, where people put credentials. */
function withoutSecrets(baseUrl: string): string {
  if (!URL.canParse(baseUrl)) return ''
  const url = new URL(baseUrl)
  return `${url.protocol}//${url.host}${url.pathname}`
}
