import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { BudgetBar } from '../../design/budget-bar.tsx'
import { DataTable, type DataColumn } from '../../design/data-table.tsx'
import { Since } from '../../design/figures.tsx'
import { Quantity } from '../../design/quantity.tsx'
import { ProblemState, Skeleton } from '../../design/state.tsx'
import { compareDecimals } from '../../format/decimal.ts'
import { exactCount, formatShare } from '../../format/quantity.ts'
import { formatMoney } from '../../format/money.ts'
import { DrawerSection } from '../calls/drawer-section.tsx'
import { Course } from './budget-marks.tsx'
import { budgetChangesQuery, budgetWindowsQuery, type PacedBudget, type PacedWindow } from './budget-queries.ts'
import { tupleName, tupleText } from './budget-tree.ts'
import { dimensionNames, windowName } from './budget-words.ts'

/** The windows a budget with several has now, fullest first. */
export function BudgetWindows({ budget, chosen, onWindow }: { readonly budget: PacedBudget; readonly chosen: PacedWindow | null; readonly onWindow: (window: PacedWindow) => void }): ReactNode {
  const columns: readonly DataColumn<PacedWindow>[] = [
    { id: 'name', header: budget.per.map((dimension) => dimensionNames[dimension]).join(', '), track: 'minmax(8rem,1.4fr)', cell: (window) => <span className="block truncate font-medium">{tupleName(window)}</span>, compare: (a, b) => tupleName(a).localeCompare(tupleName(b)) },
    { id: 'used', header: 'Used', track: 'minmax(9rem,1.4fr)', cell: (window) => <UsedBar budget={budget} window={window} />, compare: (a, b) => (a.usedRatio ?? 0) - (b.usedRatio ?? 0) },
    { id: 'left', header: 'Left', align: 'right', track: '6rem', cell: (window) => <Quantity text={window.remaining} of={budget} />, compare: (a, b) => compareDecimals(a.remaining, b.remaining) },
    { id: 'course', header: 'Headed for', align: 'right', track: '8rem', cell: (window) => <Course budget={budget} window={window} /> },
  ]
  const more = budget.windowsCount - budget.windows.length
  return (
    <DrawerSection title={`Each ${budget.per.map((dimension) => dimensionNames[dimension]).join(' and ')}, fullest first`} flush aside={<span className="label-quiet">{exactCount(budget.windowsCount)}</span>}>
      {budget.windows.length === 0
        ? <p className="px-4 pb-3 text-sm text-ink-2">None yet: one begins with the first call that names {budget.per.length === 1 ? `a ${dimensionNames[budget.per[0]!]}` : 'them'}.</p>
        : <DataTable label="Windows of this budget" columns={columns} rows={budget.windows} rowId={tupleText} onOpen={onWindow} selected={chosen === null ? undefined : tupleText(chosen)} minWidth="34rem" className="max-h-80" narrow={(window) => <NarrowWindow budget={budget} window={window} />} />}
      {more > 0 && <p className="label-quiet px-4 py-2">and {exactCount(more)} less full ones</p>}
    </DrawerSection>
  )
}

const UsedBar = ({ budget, window }: { readonly budget: PacedBudget; readonly window: Pick<PacedWindow, 'committed' | 'leased' | 'limit' | 'usedRatio'> }): ReactNode => (
  <div className="flex items-center gap-2.5"><div className="w-16 shrink-0"><BudgetBar committed={window.committed} held={window.leased} limit={window.limit} /></div><span className="truncate"><span className="font-medium">{window.usedRatio === null ? '–' : formatShare(window.usedRatio)}</span> <span className="text-ink-3"><Quantity text={window.committed} of={budget} /></span></span></div>
)

function NarrowWindow({ budget, window }: { readonly budget: PacedBudget; readonly window: PacedWindow }): ReactNode {
  return <div className="flex items-center justify-between gap-3"><span className="min-w-0 truncate font-medium">{tupleName(window)}</span><span className="shrink-0"><UsedBar budget={budget} window={window} /></span></div>
}

/** Windows that have ended: used against the limit of their time. */
export function BudgetHistory({ budget }: { readonly budget: PacedBudget }): ReactNode {
  const { data, error, refetch } = useQuery(budgetWindowsQuery(budget.id))
  const current = new Set(budget.windows.map((window) => window.startMs))
  const past = (data?.rows ?? []).filter((window) => !current.has(window.startMs) && window.resetsAt <= Date.now())
  const byStart = new Map<number, typeof past>()
  for (const window of past) byStart.set(window.startMs, [...(byStart.get(window.startMs) ?? []), window])
  return (
    <DrawerSection title="Windows before" flush>
      {data === undefined ? (error === null ? <div className="px-4 pb-3"><Skeleton className="h-12" /></div> : <ProblemState error={error} onRetry={() => void refetch()} />)
        : past.length === 0 ? <p className="px-4 pb-3 text-sm text-ink-2">This is its first window.</p>
          : (
            <ul>{[...byStart].slice(0, 24).map(([startMs, windows]) => {
              const fullest = windows.reduce((most, window) => ((window.usedRatio ?? 0) > (most.usedRatio ?? 0) ? window : most))
              const over = windows.filter((window) => compareDecimals(window.committed, window.limit) >= 0).length
              return (
                <li key={startMs} className="grid grid-cols-[minmax(7rem,1fr)_minmax(9rem,1.6fr)_auto] items-center gap-3 border-t border-line px-4 py-2 text-sm">
                  <span className="truncate">{windowName(budget.window.unit, budget.window.zone, startMs, fullest.resetsAt)}{budget.per.length > 0 && <span className="text-ink-3"> · {windows.length}</span>}</span>
                  <UsedBar budget={budget} window={fullest} />
                  <span className={over > 0 ? 'text-bad' : 'text-ink-3'}>{over === 0 ? <>of <Quantity text={fullest.limit} of={budget} /></> : budget.per.length === 0 ? 'limit reached' : `${over} reached it`}</span>
                </li>
              )
            })}</ul>
          )}
    </DrawerSection>
  )
}

const actionNames = { create: 'created it', update: 'changed it', delete: 'removed it', correct: 'corrected what it counted' } as const
const fieldNames: Readonly<Record<string, string>> = { name: 'name', limit: 'limit', hard: 'refusing', outputBound: 'without an output cap', outputCapDefault: 'output cap', unpriced: 'without a price', unbounded: 'without a provable most' }

/** Who changed it, newest first. */
export function BudgetChanges({ budget }: { readonly budget: PacedBudget }): ReactNode {
  const { data, error, refetch } = useQuery(budgetChangesQuery(budget.id))
  const say = (field: string, value: string): string => (field === 'limit' && budget.measure === 'cost' ? formatMoney(value, budget.currency) : field === 'hard' ? (value === 'true' ? 'hard' : 'soft') : value)
  return (
    <DrawerSection title="Changes" flush>
      {data === undefined ? (error === null ? <div className="px-4 pb-3"><Skeleton className="h-10" /></div> : <ProblemState error={error} onRetry={() => void refetch()} />)
        : data.rows.length === 0 ? <p className="px-4 pb-3 text-sm text-ink-2">The trail knows nothing of it: it was made before the trail began.</p>
          : (
            <ul>{data.rows.map((change) => (
              <li key={`${change.at}${change.action}`} className="flex flex-wrap items-baseline justify-between gap-x-4 border-t border-line px-4 py-2 text-sm">
                <span><span className="font-medium">{change.actor}</span> {actionNames[change.action]}{change.changes.map((part) => <span key={part.field} className="text-ink-2"> · {fieldNames[part.field] ?? part.field} {say(part.field, part.from)} → {say(part.field, part.to)}</span>)}</span>
                <span className="label-quiet"><Since ms={change.at} /></span>
              </li>
            ))}</ul>
          )}
    </DrawerSection>
  )
}
