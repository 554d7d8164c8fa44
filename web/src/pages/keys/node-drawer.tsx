import { Link } from '@tanstack/react-router'
import { Activity, Archive, ArchiveRestore, ChevronRight, KeyRound, Pencil, Plus } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import type { OrgNode } from '../../../../src/api/contract/contract.ts'
import { api } from '../../api/client.ts'
import type { Session } from '../../api/queries.ts'
import { Button } from '../../design/button.tsx'
import { CopyId } from '../../design/copy.tsx'
import { exactCount } from '../../format/quantity.ts'
import { DrawerSection } from '../calls/drawer-section.tsx'
import { Confirm } from './confirm.tsx'
import { FactGrid } from './facts.tsx'
import { linkButton } from './key-drawer.tsx'
import { NodeEdit, pathName } from './node-form.tsx'
import { useWrite } from './org-queries.ts'
import { CostCentre, EndBadge, kindNames, LastCall, RowName, Spent } from './org-marks.tsx'
import { flat, isEnded, type OrgRow } from './org-rows.ts'
import { childKinds, mayAssign, mayBuildAt, mayChangeNode } from './rights.ts'
import type { Org } from './use-org.ts'

interface NodeDetailsProps {
  readonly row: OrgRow
  readonly node: OrgNode
  readonly org: Org
  readonly session: Session
  readonly onOpen: (row: OrgRow) => void
  readonly onAdd: (at: string) => void
  readonly onNewKey: (appId: string) => void
}

/** A unit, a team or an app: who pays, what it spent, what is in it. */
export function NodeDetails({ row, node, org, session, onOpen, onAdd, onNewKey }: NodeDetailsProps): ReactNode {
  const [editing, setEditing] = useState(false)
  const { grants } = session.user
  const path = pathName(org.nodes, node)
  const match = node.kind === 'org' ? null : { [node.kind]: node.id }
  return (
    <div className="flex flex-col gap-3 p-3 sm:p-4">
      <DrawerSection title={kindNames[row.kind]} aside={<EndBadge row={row} />}>
        <p className="text-lg font-semibold">{node.name}</p>
        {path !== node.name && <p className="label-quiet mt-0.5">{path}</p>}
        <div className="mt-4"><FactGrid facts={[
          ['Cost centre', <CostCentre key="c" row={row} />],
          ['This month', <Spent key="s" row={row} currency={org.currency} pending={org.figuresPending} />],
          ['Calls', row.use.calls === 0 ? '–' : exactCount(row.use.calls)],
          ['Last call', <LastCall key="l" row={row} pending={org.figuresPending} />],
          ['Active keys', exactCount(flat([row]).filter((each) => each.key?.state === 'active').length)],
          ['Id', <CopyId key="i" id={node.id} label="Copy id" />],
        ]} /></div>
        {match !== null && <div className="mt-4"><Link to="/calls" search={{ ...match, range: '30d' }} className={linkButton}><Activity aria-hidden className="size-3.5" />Its calls</Link></div>}
      </DrawerSection>
      <Inside row={row} node={node} session={session} onOpen={onOpen} onAdd={onAdd} onNewKey={onNewKey} />
      {mayChangeNode(grants, node) && !node.archived && (
        <DrawerSection title="Name, cost centre and place" aside={!editing && <Button size="sm" variant="ghost" icon={Pencil} onClick={() => setEditing(true)}>Change</Button>}>
          {editing ? <NodeEdit key={node.id} node={node} nodes={org.nodes} mayAssign={mayAssign(grants, node)} onSaved={() => setEditing(false)} />
            : <p className="text-sm text-ink-2">{node.costCentre === '' ? (node.effectiveCostCentre === '' ? 'No cost centre applies here.' : `Takes the cost centre ${node.effectiveCostCentre} from above.`) : `Its own cost centre: ${node.costCentre}.`}</p>}
        </DrawerSection>
      )}
      {mayChangeNode(grants, node) && node.kind !== 'org' && <End row={row} node={node} />}
    </div>
  )
}

function Inside({ row, node, session, onOpen, onAdd, onNewKey }: Omit<NodeDetailsProps, 'org'>): ReactNode {
  const { grants } = session.user
  const mayKey = node.kind === 'app' && !node.archived && mayBuildAt(grants, node.path)
  const add = childKinds(grants, node).length > 0 ? <Button size="sm" icon={Plus} onClick={() => onAdd(node.id)}>Add</Button>
    : mayKey ? <Button size="sm" icon={KeyRound} onClick={() => onNewKey(node.id)}>New key</Button> : null
  return (
    <DrawerSection title={node.kind === 'app' ? 'Keys' : 'Inside'} aside={add} flush>
      {row.children.length === 0 ? <p className="px-4 pb-3 text-sm text-ink-2">{node.kind === 'app' ? 'No key yet: nothing can call as this app.' : 'Nothing yet.'}</p> : (
        <ul>
          {row.children.map((child) => (
            <li key={child.id}>
              <button type="button" onClick={() => onOpen(child)} className="focus-inset flex min-h-9 w-full items-center gap-2 px-4 py-1.5 text-left text-sm hover:bg-hover">
                <span className={isEnded(child) ? 'min-w-0 flex-1 truncate text-ink-3' : 'min-w-0 flex-1 truncate'}><RowName row={child} /></span>
                <span className="label-quiet"><LastCall row={child} pending={false} /></span>
                <ChevronRight aria-hidden className="size-3.5 shrink-0 text-ink-3" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </DrawerSection>
  )
}

/** Archiving, which asks that nothing living stands below; or bringing it back. */
function End({ row, node }: { readonly row: OrgRow; readonly node: OrgNode }): ReactNode {
  const [asking, setAsking] = useState(false)
  const archive = useWrite(() => api.delete<null>(`/api/v1/nodes/${encodeURIComponent(node.id)}`), ['nodes', 'keys'])
  const restore = useWrite(() => api.patch<OrgNode>(`/api/v1/nodes/${encodeURIComponent(node.id)}`, { archived: false }), ['nodes', 'keys'])
  const nodesLeft = row.children.filter((child) => child.node !== null && !child.node.archived).length
  const keysLeft = row.children.filter((child) => child.key !== null && child.key.revokedAt === null).length
  const what = kindNames[row.kind].toLowerCase()
  if (node.archived) {
    return (
      <DrawerSection title="Archived">
        <div className="flex flex-wrap items-center justify-between gap-3"><p className="text-sm text-ink-2">Its history is kept and still counts.</p><Button icon={ArchiveRestore} disabled={restore.isPending} onClick={() => restore.mutate(undefined)}>Bring back</Button></div>
        {restore.error !== null && <p role="alert" className="mt-2 text-sm text-bad">{restore.error.message}</p>}
      </DrawerSection>
    )
  }
  const blocked = nodesLeft > 0 ? `Archive or move the ${nodesLeft} below it first.` : keysLeft > 0 ? `Revoke its ${keysLeft === 1 ? 'key' : `${keysLeft} keys`} first.` : null
  return (
    <DrawerSection title="End it">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 flex-1 text-sm text-ink-2">{blocked ?? `An archived ${what} takes no new keys. Its history is kept, and it can be brought back.`}</p>
        <Button icon={Archive} disabled={blocked !== null} onClick={() => setAsking(true)}>Archive</Button>
      </div>
      <Confirm open={asking} title={`Archive ${node.name}?`} verb={`Archive ${what}`} busy={archive.isPending} error={archive.error} onCancel={() => setAsking(false)} onConfirm={() => archive.mutate(undefined, { onSuccess: () => setAsking(false) })}>
        <p>Nothing stops that still calls: it has no active key. What it spent stays in every figure. It leaves this list, and no key can be made in it until it is brought back.</p>
      </Confirm>
    </DrawerSection>
  )
}
