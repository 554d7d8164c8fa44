import { ShieldCheck } from 'lucide-react'
import type { ReactNode } from 'react'
import { BudgetBar } from '../../design/budget-bar.tsx'
import { classNames } from '../../design/class-names.ts'
import type { DataColumn } from '../../design/data-table.tsx'
import { Since } from '../../design/figures.tsx'
import { Quantity } from '../../design/quantity.tsx'
import { compareDecimals } from '../../format/decimal.ts'
import { exactCount, formatCount, formatShare } from '../../format/quantity.ts'
import { compareRisk } from './budget-risk.ts'
import { Course, HardMark } from './budget-marks.tsx'
import type { PacedBudget, PacedWindow } from './budget-queries.ts'
import { tupleName, type BudgetLine } from './budget-tree.ts'
import { measureNames, perText, windowAdverbs } from './budget-words.ts'

const kindNames = { org: 'Company', unit: 'Business unit', team: 'Team', app: 'App' } as const

/** Lines without a window of their own stand after those with one, whichever way the table is sorted. */
function byWindow(compare: (a: PacedWindow, b: PacedWindow) => number): (a: BudgetLine, b: BudgetLine) => number {
  const windowOf = (line: BudgetLine): PacedWindow | null => (line.kind === 'node' ? worstBelow(line) : line.window)
  return (a, b) => {
    const [left, right] = [windowOf(a), windowOf(b)]
    if (left === null || right === null) return Number(left !== null) - Number(right !== null)
    return compare(left, right)
  }
}

function worstBelow(line: BudgetLine): PacedWindow | null {
  const windows = line.children.map((child) => (child.kind === 'node' ? worstBelow(child) : child.window)).filter((window) => window !== null)
  return windows.reduce<PacedWindow | null>((worst, window) => (worst === null || compareRisk(window, worst) > 0 ? window : worst), null)
}

const nameOf = (line: BudgetLine): string => (line.kind === 'node' ? line.node.name : line.kind === 'window' ? tupleName(line.window) : line.budget.name)
const lastDayOf = (window: PacedWindow): string => window.pace?.lastDay ?? '0'

export const budgetColumns: readonly DataColumn<BudgetLine>[] = [
  { id: 'name', header: 'Budget', track: 'minmax(17rem,3fr)', cell: (line) => <Name line={line} />, compare: (a, b) => nameOf(a).localeCompare(nameOf(b)) },
  { id: 'used', header: 'Used', track: 'minmax(11.5rem,1fr)', cell: (line) => withWindow(line, (budget, window) => <Used budget={budget} window={window} />), compare: byWindow((a, b) => (a.usedRatio ?? 0) - (b.usedRatio ?? 0)) },
  { id: 'held', header: 'Held', track: '4.5rem', align: 'right', cell: (line) => withWindow(line, (budget, window) => (window.leased === '0' ? <span className="text-ink-3">–</span> : <Bare text={window.leased} of={budget} />)), compare: byWindow((a, b) => compareDecimals(a.leased, b.leased)) },
  { id: 'left', header: 'Left', track: '6rem', align: 'right', cell: (line) => withWindow(line, (budget, window) => <span className={compareDecimals(window.remaining, '0') <= 0 ? 'text-bad' : ''}><Bare text={window.remaining} of={budget} /></span>), compare: byWindow((a, b) => compareDecimals(a.remaining, b.remaining)) },
  { id: 'rate', header: 'Per day', track: '7rem', align: 'right', cell: (line) => withWindow(line, (budget, window) => <Rate budget={budget} window={window} />), compare: byWindow((a, b) => compareDecimals(lastDayOf(a), lastDayOf(b))) },
  { id: 'risk', header: 'Headed for', track: '8.5rem', align: 'right', cell: (line) => withWindow(line, (budget, window) => <Course budget={budget} window={window} />), compare: byWindow(compareRisk) },
  { id: 'resets', header: 'Resets', track: '6rem', align: 'right', cell: (line) => withWindow(line, (budget, window) => <Resets budget={budget} window={window} />), compare: byWindow((a, b) => a.resetsAt - b.resetsAt) },
]

/** The figures of a budget with several windows are its riskiest one's; the name says so. */
function withWindow(line: BudgetLine, show: (budget: PacedBudget, window: PacedWindow) => ReactNode): ReactNode {
  if (line.kind === 'node') return null
  if (line.window === null) return <span className="text-ink-3">–</span>
  return show(line.budget, line.window)
}

function Name({ line }: { readonly line: BudgetLine }): ReactNode {
  if (line.kind === 'node') return <span className="inline-flex items-baseline gap-2"><span className="font-medium">{line.node.name}</span><span className="label-quiet">{kindNames[line.node.kind]}</span></span>
  if (line.kind === 'window') return <span className="text-ink-2">{tupleName(line.window)}</span>
  const { budget } = line
  return (
    <span className="inline-flex max-w-full items-center gap-2">
      {/* What a window is for is said where there is room: else it wraps into a second line, which is not shown. */}
      <span className="flex h-5 min-w-0 flex-wrap gap-x-2 overflow-hidden">
        <span className="max-w-full truncate font-medium" title={budget.name}>{budget.name}</span>
        {budget.per.length > 0 && <span className="label-quiet leading-5 whitespace-nowrap">each {perText(budget.per)} · {exactCount(budget.windowsCount)}</span>}
      </span>
      {budget.hard ? <span title="Hard: a call that could overrun it is refused before it leaves." className="shrink-0 text-ink-3"><ShieldCheck aria-hidden className="size-3.5" /><span className="sr-only">hard</span></span> : <HardMark hard={false} />}
    </span>
  )
}

/** A figure whose unit stands in the column of the limit. */
const Bare = ({ text, of }: { readonly text: string; readonly of: PacedBudget }): ReactNode => (of.measure === 'cost' ? <Quantity text={text} of={of} /> : <span title={`${text} ${measureNames[of.measure].toLowerCase()}`} className="whitespace-nowrap">{formatCount(Number(text))}</span>)

const Resets = ({ budget, window }: { readonly budget: PacedBudget; readonly window: PacedWindow }): ReactNode => (
  <span className="block leading-4"><span className="block"><Since ms={window.resetsAt} /></span><span className="block text-2xs text-ink-3">{windowAdverbs[budget.window.unit].toLowerCase()}</span></span>
)

function Used({ budget, window }: { readonly budget: PacedBudget; readonly window: PacedWindow }): ReactNode {
  return (
    <div className="flex items-center gap-3">
      <div className="w-16 shrink-0"><BudgetBar committed={window.committed} held={window.leased} limit={window.limit} /></div>
      <span className="min-w-0 truncate"><span className="font-medium">{window.usedRatio === null ? '–' : formatShare(window.usedRatio)}</span> <span className="text-ink-3">of <Quantity text={window.limit} of={budget} /></span></span>
    </div>
  )
}

/** The mean so far over the last day; one well above the mean is what somebody should know of. */
function Rate({ budget, window }: { readonly budget: PacedBudget; readonly window: PacedWindow }): ReactNode {
  const average = window.pace?.averagePerDay ?? null
  const hot = Number(average ?? 0) > 0 && Number(lastDayOf(window)) > Number(average) * 1.5
  return (
    <span className="block leading-4">
      <span className="block" title="Mean of this window so far.">{average === null ? <span className="text-ink-3">–</span> : <Bare text={average} of={budget} />}</span>
      <span className={classNames('block text-2xs', hot ? 'text-warn' : 'text-ink-3')} title={hot ? 'The last day: half as much again as the mean, or more.' : 'The last 24 hours.'}>24 h <Bare text={lastDayOf(window)} of={budget} /></span>
    </span>
  )
}

/** A budget on a phone: name, bar, and the two figures that decide. */
export function NarrowBudget(line: BudgetLine): ReactNode {
  if (line.kind === 'node') return <Name line={line} />
  const { window, budget } = line
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex items-baseline justify-between gap-3">
        <span className="min-w-0 truncate font-medium">{nameOf(line)}{line.kind === 'budget' && budget.per.length > 0 && <span className="font-normal text-ink-3"> · each {perText(budget.per)}</span>}</span>
        <span className="shrink-0 font-medium">{window === null || window.usedRatio === null ? '–' : formatShare(window.usedRatio)}</span>
      </div>
      {window !== null && <BudgetBar committed={window.committed} held={window.leased} limit={window.limit} />}
      {window !== null && <div className="label-quiet flex justify-between gap-3">{compareDecimals(window.remaining, '0') < 0 ? <span><Quantity text={window.committed} of={budget} /> of <Quantity text={window.limit} of={budget} /></span> : <span><Quantity text={window.remaining} of={budget} /> left of <Quantity text={window.limit} of={budget} /></span>}<Course budget={budget} window={window} /></div>}
    </div>
  )
}
