import { Plus, X } from 'lucide-react'
import type { ReactNode } from 'react'
import type { OrgNode, User } from '../../../../src/api/contract/contract.ts'
import { Button, IconButton } from '../../design/button.tsx'
import { pathName } from './node-form.tsx'

type Grant = User['grants'][number]
export const roleNames: Readonly<Record<Grant['role'], string>> = { admin: 'Admin', finance: 'Finance', team_owner: 'Team owner', viewer: 'Viewer' }
const roleHints: Readonly<Record<Grant['role'], string>> = {
  admin: 'Everything, providers and people included.', finance: 'Reads all; writes prices and budgets.', team_owner: 'Keys and apps below the node.', viewer: 'Reads.',
}
const select = 'h-9 min-w-0 rounded-md border border-line-strong bg-surface px-2.5 text-sm'

/** Roles at nodes; each holds at its node and everything below it. */
export function GrantFields({ grants, nodes, onChange }: { readonly grants: readonly Grant[]; readonly nodes: readonly OrgNode[]; readonly onChange: (grants: readonly Grant[]) => void }): ReactNode {
  const change = (index: number, part: Partial<Grant>): void => onChange(grants.map((grant, place) => (place === index ? { ...grant, ...part } : grant)))
  const places = nodes.filter((node) => !node.archived)
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 text-sm font-medium">Roles</legend>
      {grants.map((grant, index) => (
        // Two alike are merged by the server; the place is all that tells rows apart.
        <div key={index} className="flex items-center gap-2">
          <select aria-label={`Role ${index + 1}`} value={grant.role} onChange={(event) => change(index, { role: event.target.value as Grant['role'] })} className={`${select} w-32 shrink-0`}>
            {Object.entries(roleNames).map(([role, name]) => <option key={role} value={role}>{name}</option>)}
          </select>
          <span className="text-sm text-ink-3">at</span>
          <select aria-label={`Node of role ${index + 1}`} value={grant.nodeId} onChange={(event) => change(index, { nodeId: event.target.value })} className={`${select} flex-1`}>
            {places.map((node) => <option key={node.id} value={node.id}>{pathName(nodes, node)}</option>)}
          </select>
          <IconButton label={`Take role ${index + 1} away`} icon={X} onClick={() => onChange(grants.filter((_, place) => place !== index))} />
        </div>
      ))}
      {grants.length === 0 && <p className="text-sm text-ink-2">None: may sign in and sees nothing.</p>}
      <div><Button size="sm" icon={Plus} onClick={() => onChange([...grants, { role: 'viewer', nodeId: places[0]?.id ?? '' }])}>Add a role</Button></div>
      <ul className="label-quiet mt-1 flex flex-col gap-0.5">{Object.entries(roleHints).map(([role, hint]) => <li key={role}><strong className="font-medium text-ink-2">{roleNames[role as Grant['role']]}</strong>: {hint}</li>)}</ul>
    </fieldset>
  )
}

/** "Admin · Northwind, Viewer · Retail". */
export function GrantList({ grants, nodes }: { readonly grants: readonly Grant[]; readonly nodes: readonly OrgNode[] }): ReactNode {
  if (grants.length === 0) return <span className="text-ink-3">No role</span>
  const nameOf = (id: string): string => { const node = nodes.find((each) => each.id === id); return node === undefined ? 'a node that is gone' : pathName(nodes, node) }
  return <span className="block truncate">{grants.map((grant, index) => <span key={`${grant.role}${grant.nodeId}`}>{index > 0 && ', '}<span className="font-medium">{roleNames[grant.role]}</span> <span className="text-ink-3">· {nameOf(grant.nodeId)}</span></span>)}</span>
}
