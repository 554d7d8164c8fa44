import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState, type FormEvent, type ReactNode } from 'react'
import { fieldErrors } from '../../api/problem.ts'
import { nodesQuery, readerZone, sessionQuery, type Nodes } from '../../api/queries.ts'
import { Button } from '../../design/button.tsx'
import { FormError, TextField } from '../../design/field.tsx'
import { Drawer } from '../../design/overlay.tsx'
import { Skeleton } from '../../design/state.tsx'
import { DrawerSection } from '../calls/drawer-section.tsx'
import { bodyOf, changeOf, draftErrors, draftOf, emptyDraft, suggestedName, type BudgetDraft } from './budget-draft.ts'
import { AtLimitFields } from './budget-form-limit.tsx'
import { CountFields, ScopeFields } from './budget-form-scope.tsx'
import { BudgetPreviewPanel } from './budget-preview.tsx'
import { createBudget, updateBudget, type PacedBudget } from './budget-queries.ts'
import { BudgetTerms } from './budget-terms.tsx'
import { mayHoldAt } from './rights.ts'

export interface DraftProps {
  readonly draft: BudgetDraft
  readonly change: (part: Partial<BudgetDraft>) => void
  readonly errors: Readonly<Record<string, string>>
}

interface BudgetFormProps {
  /** The budget to change; absent = a new one. */
  readonly budget: PacedBudget | undefined
  readonly open: boolean
  /** Node a new budget starts with. */
  readonly nodeId: string | undefined
  /** With the id of what was saved. */
  readonly onDone: (id?: string) => void
}

export function BudgetForm({ budget, open, nodeId, onDone }: BudgetFormProps): ReactNode {
  const nodes = useQuery(nodesQuery)
  return (
    <Drawer open={open} onOpenChange={(next) => { if (!next) onDone() }} title={budget === undefined ? 'New budget' : 'Edit budget'}>
      {open && (nodes.data === undefined ? <div className="p-4"><Skeleton className="h-64" /></div> : <Fields budget={budget} nodes={nodes.data.rows} nodeId={nodeId} onDone={onDone} />)}
    </Drawer>
  )
}

type OrgNodes = Nodes['rows']

function useDraft(budget: PacedBudget | undefined, nodes: OrgNodes, nodeId: string | undefined) {
  const session = useQuery(sessionQuery)
  const grants = session.data?.user.grants ?? []
  const root = nodes.find((node) => node.parentId === null)
  const offered = nodes.filter((node) => !node.archived && mayHoldAt(grants, node.id, nodes))
  const start = offered.some((node) => node.id === nodeId) ? nodeId! : (offered[0]?.id ?? root?.id ?? '')
  const [draft, setDraft] = useState<BudgetDraft>(() => (budget === undefined ? emptyDraft({ nodeId: start, zone: readerZone, currency: 'USD' }) : draftOf(budget, root?.id ?? '')))
  const change = (part: Partial<BudgetDraft>): void => setDraft((before) => ({ ...before, ...part }))
  return { draft, change, offered, rootId: root?.id ?? '' }
}

function Fields({ budget, nodes, nodeId, onDone }: { readonly budget: PacedBudget | undefined; readonly nodes: OrgNodes; readonly nodeId: string | undefined; readonly onDone: (id?: string) => void }): ReactNode {
  const cache = useQueryClient()
  const { draft, change, offered, rootId } = useDraft(budget, nodes, nodeId)
  const [tried, setTried] = useState(false)
  const suggestion = suggestedName(draft, nodes.find((node) => node.id === draft.nodeId)?.name ?? '')
  const name = draft.name.trim() === '' ? suggestion : draft.name
  const own = useMemo(() => draftErrors(draft), [draft])
  const saving = useMutation({
    mutationFn: () => (budget === undefined ? createBudget(bodyOf(draft, rootId, name)) : updateBudget(budget.id, { ...changeOf(draft), name: name.trim() })),
    onSuccess: (saved) => { void cache.invalidateQueries({ queryKey: ['budgets'] }); void cache.invalidateQueries({ queryKey: ['overview'] }); onDone(saved.id) },
  })
  const errors = { ...fieldErrors(saving.error), ...(tried ? own : {}) }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (Object.keys(own).length === 0) saving.mutate()
    else requestAnimationFrame(() => document.querySelector<HTMLElement>('[role=dialog] [aria-invalid=true]')?.focus())
  }
  const props: DraftProps = { draft, change, errors }
  const unplaced = saving.error !== null && !Object.keys(fieldErrors(saving.error)).some((field) => placed.has(field) || field.startsWith('selector.'))
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-3 p-3 sm:p-4">
      {budget === undefined ? <ScopeFields {...props} nodes={offered} rootId={rootId} /> : <BudgetTerms budget={budget} />}
      {budget !== undefined && <p className="label-quiet px-1">What it covers, counts and when it begins anew is fixed for its life, so that its history stays comparable. For another scope, add another budget.</p>}
      <CountFields {...props} fixed={budget !== undefined} />
      <AtLimitFields {...props} />
      <DrawerSection title="Name"><TextField label="What people call it" maxLength={120} value={draft.name} placeholder={suggestion} hint={budget === undefined && draft.name.trim() === '' ? `Left empty it is “${suggestion}”.` : undefined} error={errors['name']} onChange={(event) => change({ name: event.target.value })} /></DrawerSection>
      <BudgetPreviewPanel draft={draft} rootId={rootId} budget={budget} />
      <div className="sticky bottom-0 -mx-3 -mb-3 flex flex-col gap-2 border-t border-line bg-surface px-4 py-3 sm:-mx-4 sm:-mb-4">
        {unplaced && <FormError error={saving.error} />}
        {tried && Object.keys(own).length > 0 && <p role="status" className="text-xs text-bad">Something is missing above.</p>}
        <div className="flex justify-end gap-2">
          <Button onClick={() => onDone()}>Cancel</Button>
          <Button type="submit" variant="solid" disabled={saving.isPending}>{saving.isPending ? 'Saving…' : budget === undefined ? 'Create budget' : 'Save changes'}</Button>
        </div>
      </div>
    </form>
  )
}
/** Fields that show their own error. */
const placed: ReadonlySet<string> = new Set(['name', 'limit', 'currency', 'window.zone', 'outputCapDefault', 'per'])
