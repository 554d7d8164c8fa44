import { AppWindow, Archive, Building2, KeyRound, Layers, ShieldCheck, TriangleAlert, Users, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Badge } from '../../design/badge.tsx'
import { Money, Since } from '../../design/figures.tsx'
import { Skeleton } from '../../design/state.tsx'
import { describePolicy } from './policy-text.ts'
import { isUnassigned, type OrgRow } from './org-rows.ts'

export const kindIcons: Readonly<Record<OrgRow['kind'], LucideIcon>> = { org: Building2, unit: Layers, team: Users, app: AppWindow, key: KeyRound }
export const kindNames: Readonly<Record<OrgRow['kind'], string>> = { org: 'Organisation', unit: 'Business unit', team: 'Team', app: 'App', key: 'Key' }

/** What a row is, by icon and name, with its end if it has come to one. */
export function RowName({ row }: { readonly row: OrgRow }): ReactNode {
  const Icon = kindIcons[row.kind]
  const rules = row.key === null ? [] : describePolicy(row.key.policy)
  return (
    <span className="inline-flex max-w-full min-w-0 items-center gap-2 align-middle">
      <Icon aria-label={kindNames[row.kind]} role="img" className="size-3.5 shrink-0 text-ink-3" />
      <span className={row.kind === 'key' ? 'truncate' : 'truncate font-medium'}>{row.name}</span>
      {row.key !== null && <code className="shrink-0 font-mono text-2xs text-ink-3">…{row.key.hint}</code>}
      {rules.length > 0 && <span title={rules.join(' ')} className="shrink-0 text-ink-3"><ShieldCheck role="img" aria-label="Has a policy" className="size-3.5" /></span>}
      <EndBadge row={row} />
    </span>
  )
}

export function EndBadge({ row }: { readonly row: OrgRow }): ReactNode {
  if (row.node?.archived === true) return <Badge icon={Archive}>Archived</Badge>
  if (row.key?.state === 'revoked') return <Badge tone="bad">Revoked</Badge>
  if (row.key?.state === 'expired') return <Badge tone="warn">Expired</Badge>
  return null
}

/** Whose money it is: stated here in full ink, inherited quietly, and loud where nobody pays. */
export function CostCentre({ row }: { readonly row: OrgRow }): ReactNode {
  if (row.kind === 'key') return null
  if (isUnassigned(row)) return <Badge tone="warn" icon={TriangleAlert} title="Cost of its calls is unallocated.">None</Badge>
  if (row.costCentre === '') return <span className="text-ink-3">–</span>
  return row.ownCostCentre ? <span>{row.costCentre}</span> : <span className="text-ink-3" title="Inherited from above">{row.costCentre}</span>
}

export function Spent({ row, currency, pending }: { readonly row: OrgRow; readonly currency: string; readonly pending: boolean }): ReactNode {
  if (pending) return <Skeleton className="ml-auto h-3 w-14" />
  return row.use.calls === 0 && row.use.cost === null ? <span className="text-ink-3">–</span> : <Money decimal={row.use.cost} currency={currency} />
}

export function LastCall({ row, pending }: { readonly row: OrgRow; readonly pending: boolean }): ReactNode {
  if (pending) return <Skeleton className="ml-auto h-3 w-14" />
  if (row.lastCallAt !== null) return <Since ms={row.lastCallAt} />
  return <span className="text-ink-3">{row.kind === 'key' ? 'never' : '–'}</span>
}
