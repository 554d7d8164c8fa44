import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { SearchX } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { sessionQuery, type Session } from '../../api/queries.ts'
import { Drawer } from '../../design/overlay.tsx'
import { PageHead } from '../../design/page-head.tsx'
import { Segmented } from '../../design/segmented.tsx'
import { Empty, ProblemState, Skeleton } from '../../design/state.tsx'
import { exactCount } from '../../format/quantity.ts'
import { AccessSection } from './access-section.tsx'
import { KeyDetails } from './key-drawer.tsx'
import type { KeysSearch, KeyView } from './keys-search.ts'
import { NewKeyDrawer } from './new-key-drawer.tsx'
import { NodeDetails } from './node-drawer.tsx'
import { NodeForm } from './node-form.tsx'
import { isEnded, type OrgRow } from './org-rows.ts'
import { OrgSection } from './org-section.tsx'
import { PeopleSection } from './people-section.tsx'
import { ProvidersSection } from './providers-section.tsx'
import { isOrgAdmin } from './rights.ts'
import { useOrg, type Org, type OrgState } from './use-org.ts'

type Change = Partial<Record<keyof KeysSearch, string | undefined>>

/** Who may call and who pays: the organisation with its keys, the providers behind them, and the people of the console. */
export function KeysPage(): ReactNode {
  const session = useQuery(sessionQuery)
  if (session.data === undefined) return null
  return <Views session={session.data} />
}

function Views({ session }: { readonly session: Session }): ReactNode {
  const search = useSearch({ from: '/keys' })
  const navigate = useNavigate({ from: '/keys' })
  const state = useOrg()
  const view: KeyView = search.view ?? 'org'
  const setSearch = (change: Change): void => void navigate({ search: (before) => ({ ...before, ...change }) as KeysSearch, replace: 'shown' in change })
  const views = [
    { value: 'org', label: 'Organisation' }, { value: 'providers', label: 'Providers' }, ...(isOrgAdmin(session) ? [{ value: 'people', label: 'People' }] as const : []), { value: 'access', label: 'Your access' },
  ] as const satisfies readonly { value: KeyView; label: string }[]
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="px-4 pt-5 md:px-8 md:pt-7">
        <PageHead title="Keys & org" {...(view === 'org' && state.org !== null ? { note: noteOf(state.org) } : {})}>
          <Segmented label="Part" value={view} options={views} onChange={(value) => setSearch({ view: value === 'org' ? undefined : value, node: undefined, key: undefined })} />
        </PageHead>
      </div>
      {view === 'org' && <OrgView state={state} session={session} search={search} setSearch={setSearch} />}
      {view === 'providers' && <ProvidersSection mayWrite={isOrgAdmin(session)} />}
      {view === 'people' && isOrgAdmin(session) && <PeopleSection session={session} nodes={state.org?.nodes ?? []} />}
      {view === 'access' && <AccessSection session={session} nodes={state.org?.nodes ?? []} />}
    </div>
  )
}

function noteOf(org: Org): string {
  const living = [...org.byId.values()].filter((row) => !isEnded(row))
  const count = (kind: OrgRow['kind'], one: string): string => {
    const found = living.filter((row) => row.kind === kind).length
    return `${exactCount(found)} ${one}${found === 1 ? '' : 's'}`
  }
  return `${count('key', 'active key')} of ${count('app', 'app')} in ${count('team', 'team')}`
}

function OrgView({ state, session, search, setSearch }: { readonly state: OrgState; readonly session: Session; readonly search: KeysSearch; readonly setSearch: (change: Change) => void }): ReactNode {
  const [newKey, setNewKey] = useState<{ readonly appId: string | null } | null>(null)
  const [newNode, setNewNode] = useState<{ readonly at: string | null } | null>(null)
  const { org } = state
  if (org === null) {
    return <section aria-label="Organisation" className="border-t border-line bg-surface md:mx-8 md:rounded-xl md:border">{state.error === null ? <Loading /> : <ProblemState error={state.error} onRetry={state.retry} />}</section>
  }
  const opened = org.byId.get(search.key ?? search.node ?? '')
  const close = (): void => setSearch({ key: undefined, node: undefined })
  const open = (row: OrgRow): void => setSearch(row.kind === 'key' ? { key: row.id, node: undefined } : { node: row.id, key: undefined })
  const asked = search.key !== undefined || search.node !== undefined
  return (
    <>
      <OrgSection org={org} session={session} search={search} onChange={setSearch} onNewKey={() => setNewKey({ appId: null })} onNewNode={() => setNewNode({ at: null })} />
      <Drawer open={asked && newKey === null && newNode === null} onOpenChange={(stays) => { if (!stays) close() }} title={search.key === undefined ? 'Organisation' : 'Key'}>
        {opened?.key != null && <KeyDetails key={opened.id} row={opened} apiKey={opened.key} org={org} session={session} />}
        {opened?.node != null && <NodeDetails key={opened.id} row={opened} node={opened.node} org={org} session={session} onOpen={open} onAdd={(at) => setNewNode({ at })} onNewKey={(appId) => setNewKey({ appId })} />}
        {asked && opened === undefined && <Empty icon={SearchX} title="There is nothing of this id here.">It may lie outside of what you may see.</Empty>}
      </Drawer>
      {newKey !== null && <NewKeyDrawer appId={newKey.appId} nodes={org.nodes} session={session} onClose={() => setNewKey(null)} />}
      {newNode !== null && <NodeForm at={newNode.at} nodes={org.nodes} session={session} onDone={(node) => { setNewNode(null); setSearch({ node: node.id, key: undefined }) }} onCancel={() => setNewNode(null)} />}
    </>
  )
}

function Loading(): ReactNode {
  return <div role="status" aria-label="Loading" className="flex flex-col gap-4 px-5 py-4">{Array.from({ length: 12 }, (_, index) => <Skeleton key={index} className="h-4 w-full" />)}</div>
}
