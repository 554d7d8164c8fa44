import { useQuery } from '@tanstack/react-query'
import { CircleCheck, ShieldCheck, Wallet } from 'lucide-react'
import type { ReactNode } from 'react'
import { budgetsQuery, type Budget, type BudgetWindow, type Overview } from '../../api/queries.ts'
import { Badge } from '../../design/badge.tsx'
import { BudgetBar } from '../../design/budget-bar.tsx'
import { Since } from '../../design/figures.tsx'
import { Panel } from '../../design/panel.tsx'
import { Empty, ProblemState, Skeleton } from '../../design/state.tsx'
import { Quantity } from '../../design/quantity.tsx'
import { formatShare } from '../../format/quantity.ts'

type Risky = Overview['budgetsAtRisk'][number]

/** The widest budget first: it is what the organisation's spend is measured against. */
const widestOf = (budgets: readonly Budget[]): Budget | undefined =>
  budgets.find((budget) => Object.keys(budget.selector).length === 0 && budget.per.length === 0 && budget.measure === 'cost' && budget.windows.length > 0)

export function BudgetsPanel({ overview, className }: { readonly overview: Overview; readonly className?: string }): ReactNode {
  const budgets = useQuery(budgetsQuery)
  return (
    <Panel title="Budgets" className={className ?? ''} flush>
      {budgets.data !== undefined ? <BudgetList budgets={budgets.data.rows} risky={overview.budgetsAtRisk} />
        : budgets.error !== null ? <ProblemState error={budgets.error} onRetry={() => void budgets.refetch()} />
          : <div className="flex flex-col gap-4 p-5"><Skeleton className="h-24" /><Skeleton className="h-12" /><Skeleton className="h-12" /></div>}
    </Panel>
  )
}

function BudgetList({ budgets, risky }: { readonly budgets: readonly Budget[]; readonly risky: readonly Risky[] }): ReactNode {
  if (budgets.length === 0) return <Empty icon={Wallet} title="No budgets yet">A hard budget refuses the call that would overrun it, before it leaves.</Empty>
  const widest = widestOf(budgets)
  const window = widest?.windows[0]
  const others = risky.filter((budget) => budget.ruleId !== widest?.id)
  return (
    <>
      {widest !== undefined && window !== undefined && <WidestBudget budget={widest} window={window} />}
      <h3 className="px-5 pt-4 pb-1.5 text-xs font-medium text-ink-3">At risk</h3>
      {others.length === 0
        ? <p className="flex items-center gap-2 px-5 pb-5 text-sm text-ink-2"><CircleCheck aria-hidden className="size-4 text-good" />No {widest === undefined ? '' : 'other '}budget is near its limit or on the way past it.</p>
        : <ul className="pb-2">{others.slice(0, 5).map((budget) => <RiskyBudget key={`${budget.ruleId}${budget.startMs}${JSON.stringify(budget.tuple)}`} budget={budget} />)}</ul>}
    </>
  )
}

function WidestBudget({ budget, window }: { readonly budget: Budget; readonly window: BudgetWindow }): ReactNode {
  return (
    <div className="border-b border-line px-5 pb-4">
      <div className="flex items-baseline justify-between gap-3">
        <p className="truncate text-sm font-medium">{budget.name}</p>
        <HardMark hard={budget.hard} />
      </div>
      <p className="mt-2 mb-2.5 flex items-baseline gap-1.5">
        <span className="text-2xl font-semibold tracking-[-0.02em]">{window.usedRatio === null ? '–' : formatShare(window.usedRatio)}</span>
        <span className="text-sm text-ink-3">of <Quantity text={window.limit} of={budget} /> used</span>
      </p>
      <BudgetBar committed={window.committed} held={window.leased} limit={window.limit} />
      <dl className="mt-3 grid grid-cols-2 gap-x-4 gap-y-2 text-sm">
        <Fact swatch="bg-accent" label="Committed"><Quantity text={window.committed} of={budget} /></Fact>
        <Fact swatch="hatch text-held" label="Held"><Quantity text={window.leased} of={budget} /></Fact>
        <Fact swatch="bg-sunken ring-1 ring-line ring-inset" label="Remaining"><Quantity text={window.remaining} of={budget} /></Fact>
        <Fact label="Resets"><Since ms={window.resetsAt} /></Fact>
      </dl>
    </div>
  )
}

function Fact({ label, swatch, children }: { readonly label: string; readonly swatch?: string; readonly children: ReactNode }): ReactNode {
  return (
    <div>
      <dt className="label-quiet flex items-center gap-1.5">{swatch !== undefined && <span aria-hidden className={`size-2 rounded-full ${swatch}`} />}{label}</dt>
      <dd className="font-medium">{children}</dd>
    </div>
  )
}

function RiskyBudget({ budget }: { readonly budget: Risky }): ReactNode {
  const about = budget.tuple.map((part) => part.name || 'none named').join(', ')
  return (
    <li className="px-5 py-2">
      <div className="flex items-baseline justify-between gap-3 text-sm">
        <span className="min-w-0 truncate font-medium">{budget.name}{about !== '' && <span className="font-normal text-ink-3"> · {about}</span>}</span>
        <span className="shrink-0 font-medium">{budget.usedRatio === null ? '–' : formatShare(budget.usedRatio)}</span>
      </div>
      <div className="my-1.5"><BudgetBar committed={budget.committed} held={budget.leased} limit={budget.limit} /></div>
      <p className="label-quiet flex justify-between gap-3">
        <span><Quantity text={budget.remaining} of={budget} /> left of <Quantity text={budget.limit} of={budget} /></span>
        <span className="truncate">{budget.projectedRatio !== null && budget.projectedRatio > 1 ? <span className="text-warn">heading for {formatShare(budget.projectedRatio)}</span> : <>resets <Since ms={budget.resetsAt} /></>}</span>
      </p>
    </li>
  )
}

const HardMark = ({ hard }: { readonly hard: boolean }): ReactNode =>
  hard ? <Badge icon={ShieldCheck} title="A call that could overrun it is refused before it leaves.">Hard</Badge> : <Badge title="Counted and shown; nothing is refused.">Soft</Badge>
