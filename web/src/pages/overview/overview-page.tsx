import { usePrefetchQuery, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { budgetsQuery, overviewQuery, type Overview } from '../../api/queries.ts'
import { Since } from '../../design/figures.tsx'
import { Banner, ProblemState, Skeleton } from '../../design/state.tsx'
import { PageHead } from '../../design/page-head.tsx'
import { formatDayIn } from '../../format/time.ts'
import { AttentionPanel } from './attention-panel.tsx'
import { BudgetsPanel } from './budgets-panel.tsx'
import { FirstCall } from './first-call.tsx'
import { MoversPanel } from './movers-panel.tsx'
import { SpendPanel } from './spend-panel.tsx'

/** Where spend stands against budget and the comparable period, what moved it, and what is not settled yet. */
export function OverviewPage(): ReactNode {
  const { data, error, refetch } = useQuery(overviewQuery)
  // Asked for beside the figures, not after them.
  usePrefetchQuery(budgetsQuery)
  if (data === undefined) return error === null ? <OverviewSkeleton /> : <div className="mx-auto w-full max-w-[82rem] px-4 py-5 md:px-8 md:py-7"><PageHead title="Overview" /><div className="rounded-xl border border-line bg-surface"><ProblemState error={error} onRetry={() => void refetch()} /></div></div>
  if (data.calls.current === 0 && data.calls.previous === 0) return <FirstCall />
  return (
    <div className="mx-auto w-full max-w-[82rem] px-4 py-5 md:px-8 md:py-7">
      <PageHead title="Overview" note={periodOf(data)}>
        <span className="label-quiet">Updated <Since ms={data.asOfMs} /></span>
      </PageHead>
      {error !== null && <div className="mb-4"><Banner tone="warn">{error.message} These are the figures of <Since ms={data.asOfMs} />.</Banner></div>}
      {data.otherCurrencies.length > 0 && <div className="mb-4"><Banner tone="info">Spend in {data.otherCurrencies.join(', ')} is in no figure here: these are {data.currency} only, and nothing is converted.</Banner></div>}
      <div className="grid grid-cols-1 gap-4 lg:grid-cols-12">
        <SpendPanel overview={data} className="lg:col-span-8" />
        <BudgetsPanel overview={data} className="lg:col-span-4" />
        <MoversPanel overview={data} className="lg:col-span-8" />
        <AttentionPanel overview={data} className="lg:col-span-4" />
      </div>
    </div>
  )
}

function periodOf({ period, previous, zone }: Overview): string {
  const span = (range: Overview['period']): string => {
    const from = formatDayIn(range.fromMs, zone)
    const to = formatDayIn(range.toMs - 1, zone)
    return from === to ? from : `${from} – ${to}`
  }
  return `${span(period)}, against ${span(previous)}`
}

function OverviewSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading" className="mx-auto w-full max-w-[82rem] px-4 py-5 md:px-8 md:py-7">
      <PageHead title="Overview" />
      <div className="grid grid-cols-1 gap-4 lg:grid-cols-12">
        {['h-[30rem] lg:col-span-8', 'h-[30rem] lg:col-span-4', 'h-72 lg:col-span-8', 'h-72 lg:col-span-4'].map((shape) => (
          <div key={shape} className={`rounded-xl border border-line bg-surface p-5 ${shape}`}>
            <Skeleton className="h-4 w-32" /><Skeleton className="mt-5 h-10 w-56" /><Skeleton className="mt-6 h-1/2 w-full" />
          </div>
        ))}
      </div>
    </div>
  )
}
