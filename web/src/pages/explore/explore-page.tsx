import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { SearchX } from 'lucide-react'
import { useCallback, useMemo, useRef, type ReactNode } from 'react'
import { costQuery, readerZone, type CostAnswer } from '../../api/queries.ts'
import { Button } from '../../design/button.tsx'
import { classNames } from '../../design/class-names.ts'
import { Page } from '../../design/page.tsx'
import { Banner, Empty, ProblemState, Skeleton } from '../../design/state.tsx'
import { useNow } from '../../design/use-now.ts'
import { formatDay } from '../../format/time.ts'
import type { Span } from '../../format/range.ts'
import { CopyCall } from './copy-call.tsx'
import { callsOf, descend } from './drill.ts'
import { ExploreChart } from './explore-chart.tsx'
import { ExploreControls } from './explore-controls.tsx'
import { figuresOf, type ExploreFigures, type Group } from './explore-figures.ts'
import { firstView, grainOf, questionOf, rowsMax, searchOf, spanOfView, viewOf, type ExploreView } from './explore-search.ts'
import { ExploreTable } from './explore-table.tsx'
import { ExportMenu } from './export-menu.tsx'
import type { Step } from './measures.ts'

/** Any cost question: what, by whom, when, against when. The address holds all of it. */
export function ExplorePage(): ReactNode {
  const search = useSearch({ from: '/explore' })
  const navigate = useNavigate({ from: '/explore' })
  const view = useMemo(() => viewOf(search), [search])
  const now = useNow(30_000)
  const span = spanOfView(view, now)
  const question = questionOf(view, span, readerZone)
  const answer = useQuery({ ...costQuery(question), staleTime: 60_000 })
  const shown = useShown(view, span, answer.data)
  const setView = useCallback((next: ExploreView, how: { readonly replace?: boolean } = {}) => void navigate({ search: searchOf(next), replace: how.replace ?? false }), [navigate])
  const open = useCallback((steps: readonly Step[]) => {
    const next = descend(view, steps)
    if (next !== null) setView(next)
    else void navigate({ to: '/calls', search: callsOf(view, steps, span).search })
  }, [view, span, setView, navigate])
  return (
    <Page title="Explore" note={<Spans span={span} compared={shown?.compared ?? null} />} actions={<div className="flex gap-2"><CopyCall question={question} /><ExportMenu question={question} /></div>}>
      <ExploreControls view={view} span={span} nowMs={now} onChange={setView} />
      {answer.error !== null && shown !== null && <div className="mb-4"><Banner tone="warn" action={<Button size="sm" onClick={() => void answer.refetch()}>Try again</Button>}>{answer.error.message} These are the last figures received.</Banner></div>}
      {shown === null ? answer.error === null ? <ExploreSkeleton /> : <div className="rounded-xl border border-line bg-surface"><ProblemState error={answer.error} onRetry={() => void answer.refetch()} /></div>
        : <Shown shown={shown} busy={answer.isPending && shown.view !== view} onView={setView} onOpen={open} />}
    </Page>
  )
}

interface Asked { readonly view: ExploreView; readonly figures: ExploreFigures; readonly span: Span; readonly compared: Span | null; readonly otherCurrencies: readonly string[] }

/** The figures of the view, or of the one before while they are fetched: a page that goes blank on every click cannot be read. */
function useShown(view: ExploreView, span: Span, answer: CostAnswer | undefined): Asked | null {
  const last = useRef<Asked | null>(null)
  const { fromMs, toMs } = span
  const fresh = useMemo((): Asked | null => {
    if (answer === undefined) return null
    const asked = { fromMs, toMs }
    return { view, span: asked, figures: figuresOf(answer, { measure: view.measure, by: view.by, grain: grainOf(view, asked), nowMs: Date.now() }), compared: answer.compare?.range ?? null, otherCurrencies: answer.otherCurrencies }
  }, [view, fromMs, toMs, answer])
  if (fresh !== null) last.current = fresh
  return fresh ?? last.current
}

function Shown({ shown, busy, onView, onOpen }: { readonly shown: Asked; readonly busy: boolean; readonly onView: (view: ExploreView) => void; readonly onOpen: (steps: readonly Step[]) => void }): ReactNode {
  const { view, figures, span } = shown
  if (figures.total.get('calls') === 0n && figures.groups.length === 0) return <Nothing view={view} onView={onView} />
  const left = callsOf(view, [], span).left
  const openGroup = (group: Group): void => { if (group.steps.length > 0) onOpen(group.steps) }
  return (
    <div aria-busy={busy} className={classNames('flex flex-col gap-4 transition-opacity', busy && 'opacity-60')}>
      {figures.truncated && <Truncated view={view} onView={onView} />}
      {shown.otherCurrencies.length > 0 && <Banner tone="info">Spend in {shown.otherCurrencies.join(', ')} is in no figure here: these are {figures.currency} only, and nothing is converted.</Banner>}
      <ExploreChart view={view} span={span} figures={figures} onView={onView} onOpen={openGroup} />
      <ExploreTable view={view} span={span} figures={figures} onOpen={openGroup} notCarried={left} onView={onView} />
    </div>
  )
}

function Spans({ span, compared }: { readonly span: Span; readonly compared: Span | null }): ReactNode {
  const text = ({ fromMs, toMs }: Span): string => {
    const [first, last] = [formatDay(fromMs), formatDay(toMs - 1)]
    return first === last ? first : `${first} – ${last}`
  }
  return <>{text(span)}{compared !== null && `, against ${text(compared)}`}</>
}

function Truncated({ view, onView }: { readonly view: ExploreView; readonly onView: (view: ExploreView) => void }): ReactNode {
  return (
    <Banner tone="warn" action={view.grain === 'none' ? undefined : <Button size="sm" onClick={() => onView({ ...view, grain: 'none' })}>Whole range only</Button>}>
      This question has more than {rowsMax.toLocaleString('en-US')} rows. Totals are whole; what did not fit is summed as “Not listed” and is missing from the chart. Narrow it, take a level away, or choose longer steps.
    </Banner>
  )
}

function Nothing({ view, onView }: { readonly view: ExploreView; readonly onView: (view: ExploreView) => void }): ReactNode {
  const filtered = view.filters.length > 0
  return (
    <div className="rounded-xl border border-line bg-surface">
      <Empty icon={SearchX} title={filtered ? 'No calls match these filters in this range.' : 'No calls in this range.'}>
        <div className="mt-2 flex flex-wrap justify-center gap-2">
          {filtered && <Button onClick={() => onView({ ...view, filters: [] })}>Take the filters away</Button>}
          {view.range !== '90d' && <Button onClick={() => onView({ ...view, range: '90d', grain: null })}>Last 90 days</Button>}
          {!filtered && view.range === '90d' && <Button onClick={() => onView(firstView)}>Start over</Button>}
        </div>
      </Empty>
    </div>
  )
}

function ExploreSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-4">
      <div className="h-[26rem] rounded-xl border border-line bg-surface p-5"><Skeleton className="h-8 w-44" /><Skeleton className="mt-8 h-64 w-full" /></div>
      <div className="flex h-72 flex-col gap-5 rounded-xl border border-line bg-surface p-5">{[1, 2, 3, 4, 5].map((line) => <Skeleton key={line} className="h-5 w-full" />)}</div>
    </div>
  )
}
