import { Link } from '@tanstack/react-router'
import { Activity, Pencil, Rocket } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { api } from '../../api/client.ts'
import type { Session } from '../../api/queries.ts'
import { Badge } from '../../design/badge.tsx'
import { Button } from '../../design/button.tsx'
import { CopyId } from '../../design/copy.tsx'
import { Money, Since } from '../../design/figures.tsx'
import { Banner } from '../../design/state.tsx'
import { useNow } from '../../design/use-now.ts'
import { exactCount } from '../../format/quantity.ts'
import { formatDayLong } from '../../format/time.ts'
import { DrawerSection } from '../calls/drawer-section.tsx'
import { Confirm } from './confirm.tsx'
import { FactGrid } from './facts.tsx'
import { KeyEdit } from './key-form.tsx'
import { pathName } from './node-form.tsx'
import { useWrite, type ApiKey } from './org-queries.ts'
import { LastCall, Spent } from './org-marks.tsx'
import type { OrgRow } from './org-rows.ts'
import { describePolicy } from './policy-text.ts'
import { mayBuildAt } from './rights.ts'
import type { Org } from './use-org.ts'

const inUseMs = 3_600_000

/** One key: what it did, what it may do, and its end. */
export function KeyDetails({ row, apiKey, org, session }: { readonly row: OrgRow; readonly apiKey: ApiKey; readonly org: Org; readonly session: Session }): ReactNode {
  const [editing, setEditing] = useState(false)
  const app = org.nodes.find((node) => node.id === apiKey.appId)
  const mayBuild = app !== undefined && mayBuildAt(session.user.grants, app.path)
  const rules = describePolicy(apiKey.policy)
  return (
    <div className="flex flex-col gap-3 p-3 sm:p-4">
      <DrawerSection title={app === undefined ? apiKey.appName : pathName(org.nodes, app)} aside={<StateBadge apiKey={apiKey} />}>
        <p className="mb-4 text-lg font-semibold">{apiKey.name} <code className="ml-1 font-mono text-xs font-normal text-ink-3">tg_…{apiKey.hint}</code></p>
        <FactGrid facts={[
          ['This month', <Spent key="s" row={row} currency={org.currency} pending={org.figuresPending} />],
          ['Calls', row.use.calls === 0 ? '–' : exactCount(row.use.calls)],
          ['Last call', <LastCall key="l" row={row} pending={org.figuresPending} />],
          ['Created', <Since key="c" ms={apiKey.createdAt} />],
          ['Ends', apiKey.expiresAt === null ? 'never' : formatDayLong(apiKey.expiresAt - 1)],
          ['Id', <CopyId key="i" id={apiKey.id} label="Copy key id" />],
        ]} />
        <div className="mt-4 flex flex-wrap gap-2">
          <Link to="/calls" search={{ key: apiKey.id, range: '30d' }} className={linkButton}><Activity aria-hidden className="size-3.5" />Its calls</Link>
          {apiKey.state === 'active' && <Link to="/get-started" search={{ key: apiKey.id }} className={linkButton}><Rocket aria-hidden className="size-3.5" />Snippets and live check</Link>}
        </div>
      </DrawerSection>
      <DrawerSection title="What it may do" aside={mayBuild && apiKey.state !== 'revoked' && !editing && <Button size="sm" variant="ghost" icon={Pencil} onClick={() => setEditing(true)}>Change</Button>}>
        {editing ? <KeyEdit apiKey={apiKey} onSaved={() => setEditing(false)} />
          : rules.length === 0 ? <p className="text-sm text-ink-2">Everything: any model of any provider, and whatever attribution its calls state.</p>
            : <ul className="flex list-disc flex-col gap-1 pl-4 text-sm text-ink-2 marker:text-ink-faint">{rules.map((rule) => <li key={rule}>{rule}</li>)}</ul>}
      </DrawerSection>
      {mayBuild && apiKey.state !== 'revoked' && <Revoke row={row} apiKey={apiKey} org={org} />}
      {apiKey.revokedAt !== null && <p className="px-1 text-sm text-ink-2">Revoked <Since ms={apiKey.revokedAt} />. It stays revoked; what it spent stays where it was booked.</p>}
    </div>
  )
}

export const linkButton = 'inline-flex h-7 items-center gap-1.5 rounded-md border border-line-strong bg-surface px-2.5 text-xs font-medium hover:bg-hover'

function StateBadge({ apiKey }: { readonly apiKey: ApiKey }): ReactNode {
  if (apiKey.state === 'revoked') return <Badge tone="bad">Revoked</Badge>
  return apiKey.state === 'expired' ? <Badge tone="warn">Expired</Badge> : <Badge tone="good">Active</Badge>
}

function Revoke({ row, apiKey, org }: { readonly row: OrgRow; readonly apiKey: ApiKey; readonly org: Org }): ReactNode {
  const [asking, setAsking] = useState(false)
  const nowMs = useNow(5_000)
  const revoke = useWrite(() => api.post<ApiKey>(`/api/v1/keys/${encodeURIComponent(apiKey.id)}/revoke`, undefined), ['keys'])
  const inUse = row.lastCallAt !== null && nowMs - row.lastCallAt < inUseMs
  return (
    <DrawerSection title="End it">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 flex-1 text-sm text-ink-2">Connected gateways refuse it within two seconds. This cannot be undone.</p>
        <Button onClick={() => setAsking(true)} className="text-bad!">Revoke key</Button>
      </div>
      <Confirm
        open={asking} title={`Revoke ${apiKey.name}?`} verb="Revoke key" busy={revoke.isPending} error={revoke.error} onCancel={() => setAsking(false)}
        onConfirm={() => revoke.mutate(undefined, { onSuccess: () => setAsking(false) })}
      >
        {inUse && row.lastCallAt !== null && <Banner tone="bad">It is in use: the last call came <Since ms={row.lastCallAt} />.</Banner>}
        <p>Every call of <strong className="text-ink">{apiKey.appName}</strong> that sends <code className="font-mono text-xs">tg_…{apiKey.hint}</code> stops: it is answered 401 <code className="font-mono text-xs">key_revoked</code> and costs nothing. Calls under way are finished.</p>
        <p>{row.use.calls === 0 ? 'It made no calls this month.' : <>It made {exactCount(row.use.calls)} calls this month, for <Money decimal={row.use.cost} currency={org.currency} />; they stay booked.</>} Other keys of the app go on.</p>
      </Confirm>
    </DrawerSection>
  )
}
