import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Plus, Wallet } from 'lucide-react'
import { useCallback, useMemo, type ReactNode } from 'react'
import { nodesQuery, sessionQuery } from '../../api/queries.ts'
import { Button } from '../../design/button.tsx'
import { DataTable } from '../../design/data-table.tsx'
import { Page } from '../../design/page.tsx'
import { Segmented } from '../../design/segmented.tsx'
import { Banner, Empty, ProblemState, Skeleton } from '../../design/state.tsx'
import { BudgetForm } from './budget-form.tsx'
import { budgetColumns, NarrowBudget } from './budget-columns.tsx'
import { pacedBudgetsQuery, type PacedBudget } from './budget-queries.ts'
import { countStandings, type StandingCounts } from './budget-risk.ts'
import type { BudgetSearch } from './budget-search.ts'
import { BudgetSheet } from './budget-sheet.tsx'
import { budgetLine, budgetTree, tupleText, type BudgetLine } from './budget-tree.ts'
import { mayHold } from './rights.ts'

export type SetBudgetSearch = (change: Partial<Record<keyof BudgetSearch, string | undefined>>) => void

/** Every budget along the organisation, what is used, held and left of it, and where it is headed. */
export function BudgetsPage(): ReactNode {
  const search = useSearch({ from: '/budgets' })
  const navigate = useNavigate({ from: '/budgets' })
  const setSearch: SetBudgetSearch = useCallback((change) => void navigate({ search: (before) => ({ ...before, ...change }) as BudgetSearch, replace: !('budget' in change || 'form' in change) }), [navigate])
  const budgets = useQuery(pacedBudgetsQuery)
  const session = useQuery(sessionQuery)
  const mayCreate = session.data !== undefined && mayHold(session.data.user.grants)
  const open = budgets.data?.find((budget) => budget.id === search.budget)
  const create = mayCreate && <Button variant="solid" icon={Plus} onClick={() => setSearch({ form: 'new', budget: undefined })}>New budget</Button>
  return (
    <Page title="Budgets" note={budgets.data === undefined ? undefined : noteOf(budgets.data)} actions={budgets.data !== undefined && budgets.data.length > 0 ? create : undefined}>
      {budgets.data === undefined
        ? <div className="rounded-xl border border-line bg-surface">{budgets.error === null ? <BudgetsSkeleton /> : <ProblemState error={budgets.error} onRetry={() => void budgets.refetch()} />}</div>
        : (
          <>
            {budgets.error !== null && <div className="mb-4"><Banner tone="warn">{budgets.error.message} These are the figures received last.</Banner></div>}
            {budgets.data.length === 0 ? <NoBudgets action={create} /> : <BudgetList budgets={budgets.data} search={search} setSearch={setSearch} />}
          </>
        )}
      <BudgetSheet budget={open} missing={search.budget !== undefined && budgets.data !== undefined && open === undefined} search={search} setSearch={setSearch} />
      <BudgetForm key={`${search.form ?? ''} ${search.budget ?? ''}`} budget={search.form === 'edit' ? open : undefined} open={mayCreate && (search.form === 'new' || (search.form === 'edit' && open !== undefined))} nodeId={search.node} onDone={(id) => setSearch({ form: undefined, node: undefined, ...(id === undefined ? {} : { budget: id, window: undefined }) })} />
    </Page>
  )
}

function noteOf(budgets: readonly PacedBudget[]): string {
  return `${budgets.length === 1 ? '1 budget' : `${budgets.length} budgets`}, ${budgets.filter((budget) => budget.hard).length} hard`
}

function BudgetList({ budgets, search, setSearch }: { readonly budgets: readonly PacedBudget[]; readonly search: BudgetSearch; readonly setSearch: SetBudgetSearch }): ReactNode {
  const nodes = useQuery(nodesQuery)
  const counts = useMemo(() => countStandings(budgets), [budgets])
  const byRisk = search.view === 'risk'
  const lines = useMemo(() => (byRisk || nodes.data === undefined ? budgets.map(budgetLine) : budgetTree(budgets, nodes.data.rows)), [byRisk, budgets, nodes.data])
  const onOpen = useCallback((line: BudgetLine): void | false => {
    if (line.kind === 'node') return false
    setSearch({ budget: line.budget.id, window: line.kind === 'window' ? tupleText(line.window) : undefined, form: undefined })
  }, [setSearch])
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <Standings counts={counts} />
        <Segmented label="Order" value={byRisk ? 'risk' : 'tree'} options={[{ value: 'tree', label: 'Organisation' }, { value: 'risk', label: 'By risk' }]} onChange={(view) => setSearch({ view: view === 'risk' ? view : undefined })} />
      </div>
      <div className="overflow-hidden rounded-xl border border-line bg-surface shadow-card">
        <DataTable
          key={byRisk ? 'risk' : 'tree'} label="Budgets" columns={budgetColumns} rows={lines} rowId={(line) => line.id} onOpen={onOpen} childrenOf={(line) => line.children}
          openAtFirst={(line) => line.kind === 'node'} {...(byRisk ? { initialSort: { column: 'risk', descending: true } } : {})} narrow={NarrowBudget} minWidth="66rem"
          selected={search.budget} className="max-h-none"
        />
      </div>
    </>
  )
}

function Standings({ counts }: { readonly counts: StandingCounts }): ReactNode {
  const parts = [
    { count: counts.exceeded, word: 'used up', dot: 'bg-bad', shape: 'rounded-[2px]' }, { count: counts.leaving, word: 'on course to run out', dot: 'bg-held', shape: 'rotate-45 rounded-[1px]' },
    { count: counts.close, word: 'close to the limit', dot: 'bg-held', shape: 'rounded-full' }, { count: counts.calm, word: 'within their limits', dot: 'bg-good', shape: 'rounded-full' },
  ]
  return (
    <ul aria-label="How budgets stand" className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
      {parts.filter((part) => part.count > 0).map((part) => (
        <li key={part.word} className="inline-flex items-center gap-2 whitespace-nowrap"><span aria-hidden className={`size-2 ${part.dot} ${part.shape}`} /><span><span className="font-semibold">{part.count}</span> <span className="text-ink-2">{part.word}</span></span></li>
      ))}
    </ul>
  )
}

function NoBudgets({ action }: { readonly action: ReactNode }): ReactNode {
  return (
    <div className="rounded-xl border border-line bg-surface">
      <Empty icon={Wallet} title="No budgets yet">
        <p>A budget says how much a team, an app, a user or a model may use in a day, a month or a quarter.</p>
        <p className="mt-2">A <span className="font-medium text-ink">hard</span> one refuses the call that could overrun it before it leaves; a <span className="font-medium text-ink">soft</span> one only counts. What was used before it existed counts from its first moment.</p>
        {action !== false && <div className="mt-5">{action}</div>}
      </Empty>
    </div>
  )
}

function BudgetsSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-5 p-5">
      {Array.from({ length: 9 }, (_, index) => <div key={index} className="grid grid-cols-[2fr_1.5fr_1fr] gap-6 md:grid-cols-[2.5fr_1.5fr_1fr_1fr_1fr]"><Skeleton className="h-4" /><Skeleton className="h-4" /><Skeleton className="h-4" /><Skeleton className="h-4 max-md:hidden" /><Skeleton className="h-4 max-md:hidden" /></div>)}
    </div>
  )
}
