import { useState, type FormEvent, type ReactNode } from 'react'
import type { BodyOf, OrgNode } from '../../../../src/api/contract/contract.ts'
import { api } from '../../api/client.ts'
import type { Session } from '../../api/queries.ts'
import { Button } from '../../design/button.tsx'
import { FormError, FormFoot, SelectField, TextField } from '../../design/field.tsx'
import { Modal } from '../../design/overlay.tsx'
import { Segmented } from '../../design/segmented.tsx'
import { useWrite } from './org-queries.ts'
import { childKinds } from './rights.ts'

type Kind = 'unit' | 'team' | 'app'
const kindLabels: Readonly<Record<Kind, string>> = { unit: 'Business unit', team: 'Team', app: 'App' }
const kindHints: Readonly<Record<Kind, string>> = {
  unit: 'Holds teams and other units; usually where a cost centre is.', team: 'Owns apps; its owner makes keys for them.', app: 'What calls: a service, a job, a product. Keys belong to it.',
}

/** "Retail / Search", from the nodes that are visible. */
export function pathName(nodes: readonly OrgNode[], node: Pick<OrgNode, 'path' | 'name'>): string {
  const names = node.path.map((id) => nodes.find((other) => other.id === id)).filter((step) => step !== undefined && step.kind !== 'org').map((step) => step!.name)
  return names.length === 0 ? node.name : names.join(' / ')
}

/** Adds a unit, a team or an app below `at`, or wherever the reader may. */
export function NodeForm({ at, nodes, session, onDone, onCancel }: { readonly at: string | null; readonly nodes: readonly OrgNode[]; readonly session: Session; readonly onDone: (node: OrgNode) => void; readonly onCancel: () => void }): ReactNode {
  const { grants } = session.user
  const kinds = (['unit', 'team', 'app'] as const).filter((kind) => nodes.some((node) => childKinds(grants, node).includes(kind) && (at === null || node.id === at)))
  const [chosen, setChosen] = useState<Kind>()
  const kind = chosen ?? kinds.at(-1) ?? 'app'
  const parents = nodes.filter((node) => childKinds(grants, node).includes(kind))
  const create = useWrite((body: BodyOf<'createNode'>) => api.post<OrgNode>('/api/v1/nodes', body), ['nodes'])
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string): string => String(form.get(name) ?? '')
    create.mutate({ kind, name: text('name'), parentId: text('parent'), costCentre: text('centre') }, { onSuccess: onDone })
  }
  return (
    <Modal open onOpenChange={(open) => { if (!open) onCancel() }} title={`Add ${kind === 'app' ? 'an app' : kind === 'unit' ? 'a business unit' : 'a team'}`}>
      <form onSubmit={submit} className="flex flex-col gap-4 px-5 pb-5">
        {kinds.length > 1 && <Segmented label="What to add" value={kind} options={kinds.map((value) => ({ value, label: kindLabels[value] }))} onChange={setChosen} />}
        <TextField label="Name" name="name" required maxLength={120} autoComplete="off" hint={kindHints[kind]} />
        <SelectField key={kind} label="Below" name="parent" defaultValue={at ?? parents[0]?.id} options={parents.map((node) => ({ value: node.id, label: pathName(nodes, node) }))} />
        <TextField label="Cost centre" name="centre" maxLength={60} autoComplete="off" hint="Empty takes that of the nearest node above." />
        <FormError error={create.error} />
        <FormFoot><Button onClick={onCancel}>Cancel</Button><Button type="submit" variant="solid" disabled={create.isPending}>Add</Button></FormFoot>
      </form>
    </Modal>
  )
}

/** Where a node of this kind may stand, itself and what is below it left out. */
function placesFor(node: OrgNode, nodes: readonly OrgNode[]): readonly OrgNode[] {
  const above: Readonly<Record<OrgNode['kind'], readonly OrgNode['kind'][]>> = { org: [], unit: ['org', 'unit'], team: ['org', 'unit'], app: ['team'] }
  return nodes.filter((other) => above[node.kind].includes(other.kind) && !other.archived && !other.path.includes(node.id))
}

/** Name, cost centre and place of a node. `mayAssign`: only an admin decides who pays and where it stands. */
export function NodeEdit({ node, nodes, mayAssign, onSaved }: { readonly node: OrgNode; readonly nodes: readonly OrgNode[]; readonly mayAssign: boolean; readonly onSaved: () => void }): ReactNode {
  const save = useWrite((body: BodyOf<'updateNode'>) => api.patch<OrgNode>(`/api/v1/nodes/${encodeURIComponent(node.id)}`, body), ['nodes', 'keys'])
  const places = placesFor(node, nodes)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const [name, centre, parent] = ['name', 'centre', 'parent'].map((field) => form.get(field))
    save.mutate({
      ...(typeof name === 'string' && name.trim() !== node.name ? { name } : {}),
      ...(typeof centre === 'string' && centre.trim() !== node.costCentre ? { costCentre: centre } : {}),
      ...(typeof parent === 'string' && parent !== node.parentId ? { parentId: parent } : {}),
    }, { onSuccess: onSaved })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <TextField label="Name" name="name" required maxLength={120} defaultValue={node.name} autoComplete="off" hint="History keeps the name it had at the time of each call." />
      {mayAssign && <TextField label="Cost centre" name="centre" maxLength={60} defaultValue={node.costCentre} placeholder={node.effectiveCostCentre} autoComplete="off" hint={node.costCentre === '' && node.effectiveCostCentre !== '' ? `Empty: takes ${node.effectiveCostCentre} from above. Applies to later calls.` : 'Empty takes that of the nearest node above. Applies to later calls.'} />}
      {mayAssign && node.parentId !== null && places.length > 0 && <SelectField label="Below" name="parent" defaultValue={node.parentId} options={places.map((place) => ({ value: place.id, label: pathName(nodes, place) }))} hint="Moving takes everything below along, for later calls." />}
      <FormError error={save.error} />
      <FormFoot><Button type="submit" disabled={save.isPending}>Save</Button></FormFoot>
    </form>
  )
}
