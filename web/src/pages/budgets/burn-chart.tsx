import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Quantity } from '../../design/quantity.tsx'
import { ProblemState, Skeleton } from '../../design/state.tsx'
import { useNow } from '../../design/use-now.ts'
import { formatDayIn } from '../../format/time.ts'
import { budgetBurnQuery, type BudgetBurn, type PacedBudget, type PacedWindow } from './budget-queries.ts'
import { layOutBurn, summedUp, type BurnPlace } from './burn-layout.ts'

const wide = 1000
const high = 300
const path = (places: readonly BurnPlace[]): string => places.map((place, index) => `${index === 0 ? 'M' : 'L'}${(place.x * wide).toFixed(1)} ${((1 - place.y) * high).toFixed(1)}`).join('')

/** Use over the window as one rising line against its limit, and where the mean so far leads. */
export function BurnChart({ budget, window }: { readonly budget: PacedBudget; readonly window: PacedWindow }): ReactNode {
  const tuple = budget.per.length === 0 ? null : window.tuple.map((part) => part.id)
  const { data, error, refetch } = useQuery(budgetBurnQuery(budget.id, tuple))
  const nowMs = useNow(60_000)
  if (data === undefined) return error === null ? <Skeleton className="h-44" /> : <ProblemState error={error} onRetry={() => void refetch()} />
  const layout = layOutBurn(data, { limit: window.limit, landing: window.pace?.atAverage?.landing ?? null, nowMs })
  const edge = (ms: number): string => (data.granularity === 'hour' && data.endMs - data.startMs < 2 * 86_400_000
    ? new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: budget.window.zone }).format(ms)
    : formatDayIn(ms === data.endMs ? ms - 1 : ms, budget.window.zone))
  const area = [...layout.line, { x: layout.line.at(-1)!.x, y: 0 }, { x: 0, y: 0 }]
  return (
    <figure>
      <div className="relative h-44" aria-hidden>
        <svg viewBox={`0 0 ${wide} ${high}`} preserveAspectRatio="none" className="absolute inset-0 h-full w-full overflow-visible">
          <path d={`${path(area)}Z`} className="fill-accent-soft" />
          {[0.5, 0.8].map((part) => <line key={part} x1={0} x2={wide} y1={(1 - layout.limitY * part) * high} y2={(1 - layout.limitY * part) * high} className="stroke-line" vectorEffect="non-scaling-stroke" />)}
          <line x1={0} x2={wide} y1={high} y2={high} className="stroke-line-strong" vectorEffect="non-scaling-stroke" />
          <line x1={0} x2={wide} y1={(1 - layout.limitY) * high} y2={(1 - layout.limitY) * high} className="stroke-bad" strokeWidth={1.5} vectorEffect="non-scaling-stroke" />
          {layout.course !== null && <path d={path([layout.course.from, layout.course.to])} className="fill-none stroke-ink-3" strokeWidth={1.5} strokeDasharray="4 4" vectorEffect="non-scaling-stroke" />}
          <path d={path(layout.line)} className="fill-none stroke-accent" strokeWidth={2} strokeLinejoin="round" vectorEffect="non-scaling-stroke" />
        </svg>
        <span className="absolute left-0 -translate-y-full pb-0.5 text-2xs font-medium text-bad" style={{ top: `${(1 - layout.limitY) * 100}%` }}>Limit <Quantity text={window.limit} of={budget} /></span>
        <span className="absolute size-2 -translate-1/2 rounded-full bg-accent ring-2 ring-surface" style={{ left: `${layout.line.at(-1)!.x * 100}%`, top: `${(1 - layout.line.at(-1)!.y) * 100}%` }} />
      </div>
      <figcaption className="label-quiet mt-1.5 flex justify-between gap-3">
        <span>{edge(data.startMs)}</span>
        <span className="inline-flex flex-wrap justify-center gap-x-4"><Key mark="h-0.5 w-4 bg-accent">Used</Key>{layout.course !== null && <Key mark="w-4 border-t-2 border-dashed border-ink-3">At the mean so far</Key>}</span>
        <span>{edge(data.endMs)}</span>
      </figcaption>
      <BurnTable burn={data} budget={budget} nowMs={nowMs} />
    </figure>
  )
}

const Key = ({ mark, children }: { readonly mark: string; readonly children: ReactNode }): ReactNode => <span className="inline-flex items-center gap-1.5"><span aria-hidden className={mark} />{children}</span>

function BurnTable({ burn, budget, nowMs }: { readonly burn: BudgetBurn; readonly budget: PacedBudget; readonly nowMs: number }): ReactNode {
  if (burn.rows.length === 0) return <p className="mt-2 text-sm text-ink-2">Nothing used in this window yet.</p>
  const sums = summedUp(burn, nowMs)
  const moment = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: budget.window.zone, ...(burn.granularity === 'hour' ? { hour: '2-digit', minute: '2-digit' } : {}) })
  return (
    <details className="mt-2">
      <summary className="w-fit text-xs font-medium text-ink-2 hover:text-ink">Show as a table</summary>
      <div tabIndex={0} role="region" aria-label="Use over time, as a table" className="focus-inset mt-2 max-h-56 overflow-y-auto">
        <table className="w-full text-sm">
          <thead className="label-quiet text-left"><tr><th className="py-1 font-medium">From</th><th className="py-1 text-right font-medium">Used</th><th className="py-1 text-right font-medium">Together</th></tr></thead>
          <tbody>{burn.rows.map((row, index) => (
            <tr key={row.bucketMs} className="border-t border-line"><td className="py-1">{moment.format(row.bucketMs)}</td><td className="py-1 text-right"><Quantity text={row.used} of={budget} /></td><td className="py-1 text-right"><Quantity text={sums[index]!.used} of={budget} /></td></tr>
          ))}</tbody>
        </table>
      </div>
    </details>
  )
}
