import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ShieldCheck, Wallet } from 'lucide-react'
import type { ReactNode } from 'react'
import { budgetsQuery, type Budget, type BudgetWindow, type Overview } from '../../api/queries.ts'
import { Badge } from '../../design/badge.tsx'
import { BudgetBar } from '../../design/budget-bar.tsx'
import { Snippet } from '../../design/copy.tsx'
import { Since } from '../../design/figures.tsx'
import { Panel } from '../../design/panel.tsx'
import { Empty, ProblemState, Skeleton } from '../../design/state.tsx'
import { Quantity } from '../../design/quantity.tsx'
import { compareDecimals, subtractDecimals } from '../../format/decimal.ts'
import { formatShare } from '../../format/quantity.ts'

type Risky = Overview['budgetsAtRisk'][number]

/** The widest budget first: it is what the organisation's spend is measured against. */
const widestOf = (budgets: readonly Budget[]): Budget | undefined =>
  budgets.find((budget) => Object.keys(budget.selector).length === 0 && budget.per.length === 0 && budget.measure === 'cost' && budget.windows.length > 0)

export function BudgetsPanel({ overview, className }: { readonly overview: Overview; readonly className?: string }): ReactNode {
  const budgets = useQuery(budgetsQuery)
  return (
    <Panel title="Budgets" className={className ?? ''} flush aside={<Link to="/budgets" className="rounded text-sm font-medium text-accent hover:underline">All budgets</Link>}>
      {budgets.data !== undefined ? <BudgetList budgets={budgets.data.rows} risky={overview.budgetsAtRisk} />
        : budgets.error !== null ? <ProblemState error={budgets.error} onRetry={() => void budgets.refetch()} />
          : <div className="flex flex-col gap-4 p-5"><Skeleton className="h-24" /><Skeleton className="h-12" /><Skeleton className="h-12" /></div>}
    </Panel>
  )
}

function BudgetList({ budgets, risky }: { readonly budgets: readonly Budget[]; readonly risky: readonly Risky[] }): ReactNode {
  if (budgets.length === 0) return <NoBudgets />
  const widest = widestOf(budgets)
  const window = widest?.windows[0]
  const others = risky.filter((budget) => budget.ruleId !== widest?.id).slice(0, rowsMax)
  const calm = fullest(budgets, new Set([widest?.id, ...risky.map((budget) => budget.ruleId)])).slice(0, rowsMax - others.length)
  const row = (budget: BudgetLine): ReactNode => <BudgetRow key={`${budget.ruleId}${budget.startMs}${JSON.stringify(budget.tuple)}`} budget={budget} />
  return (
    <>
      {widest !== undefined && window !== undefined && <WidestBudget budget={widest} window={window} projected={risky.find((budget) => budget.ruleId === widest.id)?.projectedRatio ?? null} />}
      {others.length > 0 && <><RowsHead>At risk</RowsHead><ul className="pb-2">{others.map(row)}</ul></>}
      {calm.length > 0 && <><RowsHead>{others.length > 0 ? 'Others, fullest first' : 'Within their limits, fullest first'}</RowsHead><ul className="pb-2">{calm.map(row)}</ul></>}
    </>
  )
}

const example = `POST /api/v1/budgets
{ "name": "Each team, monthly",
  "limit": "500.00",
  "per": ["team"] }`

function NoBudgets(): ReactNode {
  return (
    <Empty icon={Wallet} title="No budgets yet">
      <p>A hard budget refuses the call that would overrun it, before it leaves.</p>
      <div className="mt-4 text-left"><Snippet code={example} label="A budget by the API" /></div>
    </Empty>
  )
}

const rowsMax = 4

type BudgetLine = BudgetWindow & Pick<Risky, 'ruleId' | 'name' | 'measure' | 'currency' | 'projectedRatio'>

/** The fullest window of each budget that has nothing remarkable about it. */
function fullest(budgets: readonly Budget[], shown: ReadonlySet<string | undefined>): readonly BudgetLine[] {
  return budgets
    .filter((budget) => !shown.has(budget.id) && budget.windows.length > 0)
    .map((budget) => ({ ...budget.windows[0]!, ruleId: budget.id, name: budget.name, measure: budget.measure, currency: budget.currency, projectedRatio: null }))
    .sort((a, b) => (b.usedRatio ?? 0) - (a.usedRatio ?? 0))
}

const RowsHead = ({ children }: { readonly children: ReactNode }): ReactNode => <h3 className="px-5 pt-3.5 pb-1 text-xs font-medium text-ink-3">{children}</h3>

function WidestBudget({ budget, window, projected }: { readonly budget: Budget; readonly window: BudgetWindow; readonly projected: number | null }): ReactNode {
  return (
    <div className="border-b border-line px-5 pb-4">
      <div className="flex items-baseline justify-between gap-3">
        <Link to="/budgets" search={{ budget: budget.id }} className="truncate rounded text-sm font-medium hover:underline">{budget.name}</Link>
        <HardMark hard={budget.hard} />
      </div>
      <p className="mt-2 mb-2.5 flex items-baseline gap-1.5">
        <span className="text-2xl font-semibold tracking-[-0.02em]">{window.usedRatio === null ? '–' : formatShare(window.usedRatio)}</span>
        <span className="text-sm text-ink-3">of <Quantity text={window.limit} of={budget} /> used</span>
        {projected !== null && projected > 1 && <span className="ml-auto text-sm text-warn">heading for {formatShare(projected)}</span>}
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

/** The address of the budget's own page, at this window of it. */
const sheetOf = (budget: BudgetLine): { readonly budget: string; readonly window?: string } =>
  ({ budget: budget.ruleId, ...(budget.tuple.length > 0 ? { window: JSON.stringify(budget.tuple.map((part) => part.id)) } : {}) })

function BudgetRow({ budget }: { readonly budget: BudgetLine }): ReactNode {
  const over = compareDecimals(budget.committed, budget.limit) > 0
  const about = budget.tuple.map((part) => part.name || 'none named').join(', ')
  return (
    <li>
      <Link to="/budgets" search={sheetOf(budget)} className="focus-inset block px-5 py-2 hover:bg-hover">
        <span className="flex items-baseline justify-between gap-3 text-sm">
          <span className="min-w-0 truncate font-medium">{budget.name}{about !== '' && <span className="font-normal text-ink-3"> · {about}</span>}</span>
          <span className={over ? 'shrink-0 font-medium text-bad' : 'shrink-0 font-medium'}>{budget.usedRatio === null ? '–' : formatShare(budget.usedRatio)}</span>
        </span>
        <span className="my-1.5 block"><BudgetBar committed={budget.committed} held={budget.leased} limit={budget.limit} /></span>
        <span className="label-quiet flex justify-between gap-3">
          {over ? <span className="text-bad"><Quantity text={subtractDecimals(budget.committed, budget.limit)} of={budget} /> over <Quantity text={budget.limit} of={budget} /></span>
            : <span><Quantity text={budget.remaining} of={budget} /> left of <Quantity text={budget.limit} of={budget} /></span>}
          <span className="truncate">{budget.projectedRatio !== null && budget.projectedRatio > 1 ? <span className="text-warn">heading for {formatShare(budget.projectedRatio)}</span> : <>resets <Since ms={budget.resetsAt} /></>}</span>
        </span>
      </Link>
    </li>
  )
}

const HardMark = ({ hard }: { readonly hard: boolean }): ReactNode =>
  hard ? <Badge icon={ShieldCheck} title="A call that could overrun it is refused before it leaves.">Hard</Badge> : <Badge title="Counted and shown; nothing is refused.">Soft</Badge>
