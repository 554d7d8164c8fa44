import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Activity, Ban, ChartNoAxesCombined, Pencil, Trash2 } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { nodesQuery, sessionQuery } from '../../api/queries.ts'
import { BudgetBar } from '../../design/budget-bar.tsx'
import { Button } from '../../design/button.tsx'
import { CopyButton } from '../../design/copy.tsx'
import { FormError, FormFoot } from '../../design/field.tsx'
import { Since } from '../../design/figures.tsx'
import { Drawer, Modal } from '../../design/overlay.tsx'
import { Quantity } from '../../design/quantity.tsx'
import { Empty } from '../../design/state.tsx'
import { exactCount, formatShare } from '../../format/quantity.ts'
import { formatMoment } from '../../format/time.ts'
import { DrawerSection } from '../calls/drawer-section.tsx'
import { BudgetMakers } from './budget-makers.tsx'
import { BudgetChanges, BudgetHistory, BudgetWindows } from './budget-records.tsx'
import { HardMark, StandingMark } from './budget-marks.tsx'
import { budgetBurnQuery, removeBudget, type PacedBudget, type PacedWindow } from './budget-queries.ts'
import { excessOf, exhaustionOf, landingRatio, passedThresholds, standingOf, thresholds, worstWindow } from './budget-risk.ts'
import type { BudgetSearch } from './budget-search.ts'
import { BudgetTerms } from './budget-terms.tsx'
import { tupleName, tupleText } from './budget-tree.ts'
import { callsOf, exploreOf, remedyOf, windowName } from './budget-words.ts'
import type { SetBudgetSearch } from './budgets-page.tsx'
import { BurnChart } from './burn-chart.tsx'
import { mayHoldAt } from './rights.ts'

/** One budget: where it stands, where it is headed, what it covers, and who changed it. */
export function BudgetSheet({ budget, missing, search, setSearch }: { readonly budget: PacedBudget | undefined; readonly missing: boolean; readonly search: BudgetSearch; readonly setSearch: SetBudgetSearch }): ReactNode {
  const open = (budget !== undefined || missing) && search.form === undefined
  return (
    <Drawer
      open={open} onOpenChange={(next) => { if (!next) setSearch({ budget: undefined, window: undefined }) }} title="Budget"
      head={budget !== undefined && <><CopyButton text={`${location.origin}/budgets?budget=${budget.id}`} label="Copy link to this budget" icon="link" /><Actions budget={budget} setSearch={setSearch} /></>}
    >
      {budget === undefined
        ? <Empty icon={Ban} title="There is no such budget.">It was removed, or it stands where you may not look.</Empty>
        : <Details key={budget.id} budget={budget} tuple={search.window} onWindow={(window) => setSearch({ window: tupleText(window) })} />}
    </Drawer>
  )
}

function Actions({ budget, setSearch }: { readonly budget: PacedBudget; readonly setSearch: SetBudgetSearch }): ReactNode {
  const session = useQuery(sessionQuery)
  const nodes = useQuery(nodesQuery)
  const [removing, setRemoving] = useState(false)
  if (session.data === undefined || nodes.data === undefined || !mayHoldAt(session.data.user.grants, budget.selector.nodeId, nodes.data.rows)) return null
  return (
    <span className="ml-auto flex gap-1.5">
      <Button size="sm" icon={Pencil} onClick={() => setSearch({ form: 'edit' })}>Edit</Button>
      <Button size="sm" variant="ghost" icon={Trash2} onClick={() => setRemoving(true)}>Remove</Button>
      <RemoveBudget budget={budget} open={removing} onOpenChange={setRemoving} onRemoved={() => setSearch({ budget: undefined, window: undefined })} />
    </span>
  )
}

/** What is asked about the budget itself is not asked again: it is gone. */
function RemoveBudget({ budget, open, onOpenChange, onRemoved }: { readonly budget: PacedBudget; readonly open: boolean; readonly onOpenChange: (open: boolean) => void; readonly onRemoved: () => void }): ReactNode {
  const cache = useQueryClient()
  const removal = useMutation({ mutationFn: () => removeBudget(budget.id), onSuccess: () => { onOpenChange(false); onRemoved(); void cache.invalidateQueries({ queryKey: ['budgets'], predicate: ({ queryKey }) => !queryKey.includes(budget.id) }) } })
  return (
    <Modal open={open} onOpenChange={onOpenChange} title={`Remove “${budget.name}”?`}>
      <div className="flex flex-col gap-3 px-5 pb-5">
        <p className="text-sm text-ink-2">{budget.hard ? 'Calls it covers are no longer refused, from within two seconds.' : 'It is no longer counted or shown.'} The records of what was used stay; the audit trail keeps who removed it. To stop refusing but keep counting, make it soft instead.</p>
        <FormError error={removal.error} />
        <FormFoot>
          <Button onClick={() => onOpenChange(false)}>Keep it</Button>
          <Button variant="solid" icon={Trash2} disabled={removal.isPending} onClick={() => removal.mutate()}>Remove budget</Button>
        </FormFoot>
      </div>
    </Modal>
  )
}

function Details({ budget, tuple, onWindow }: { readonly budget: PacedBudget; readonly tuple: string | undefined; readonly onWindow: (window: PacedWindow) => void }): ReactNode {
  const window = budget.windows.find((candidate) => tupleText(candidate) === tuple) ?? worstWindow(budget)
  return (
    <div className="flex flex-col gap-3 p-3 sm:p-4">
      {window === null
        ? <section className="px-1 pt-1"><h2 className="text-lg font-semibold">{budget.name}</h2><p className="mt-1 text-sm text-ink-2">Nothing it covers was used in this window yet, so there is nothing to count.</p></section>
        : <Standing budget={budget} window={window} />}
      {window !== null && standingOf(window) === 'exceeded' && <Exceeded budget={budget} window={window} />}
      {window !== null && <DrawerSection title={`Use, ${windowName(budget.window.unit, budget.window.zone, window.startMs, window.resetsAt)}`}><BurnChart budget={budget} window={window} /></DrawerSection>}
      {window !== null && <BudgetMakers key={tupleText(window)} budget={budget} window={window} />}
      {window !== null && <Pace budget={budget} window={window} />}
      {budget.per.length > 0 && <BudgetWindows budget={budget} chosen={window} onWindow={onWindow} />}
      <BudgetTerms budget={budget} />
      <BudgetHistory budget={budget} />
      <BudgetChanges budget={budget} />
    </div>
  )
}

function Standing({ budget, window }: { readonly budget: PacedBudget; readonly window: PacedWindow }): ReactNode {
  const nodes = useQuery(nodesQuery)
  const passed = passedThresholds(window)
  return (
    <section aria-label="Where it stands" className="px-1 pt-1 pb-2">
      <div className="flex flex-wrap items-center gap-2"><h2 className="text-base font-semibold">{budget.name}{budget.per.length > 0 && <span className="font-normal text-ink-2"> · {tupleName(window)}</span>}</h2><HardMark hard={budget.hard} /><StandingMark window={window} /></div>
      <p className="label-quiet mt-0.5">{budget.scopeName}</p>
      <p className="mt-3 flex flex-wrap items-baseline gap-x-2.5"><span className="text-display font-semibold tracking-[-0.03em]">{window.usedRatio === null ? '–' : formatShare(window.usedRatio)}</span><span className="text-sm text-ink-2">of <Quantity text={window.limit} of={budget} /> used</span></p>
      <div className="relative mt-2">
        <BudgetBar committed={window.committed} held={window.leased} limit={window.limit} />
        {thresholds.slice(0, -1).map((threshold) => <span key={threshold} aria-hidden className="absolute top-0 h-2 w-px bg-ink-faint" style={{ left: `${threshold * 100}%` }} />)}
      </div>
      <dl className="mt-3.5 grid grid-cols-2 gap-x-4 gap-y-3 text-sm sm:grid-cols-4">
        <Fact label="Committed" swatch="bg-accent"><Quantity text={window.committed} of={budget} /></Fact>
        <Fact label="Held by gateways" swatch="hatch text-held"><Quantity text={window.leased} of={budget} /></Fact>
        <Fact label="Left" swatch="bg-sunken ring-1 ring-line-strong ring-inset"><Quantity text={window.remaining} of={budget} /></Fact>
        <Fact label="Resets"><Since ms={window.resetsAt} /></Fact>
      </dl>
      <div className="mt-3.5 flex flex-wrap items-center justify-between gap-2">
        <p className="label-quiet">{passed.length === 0 ? 'No threshold passed yet: 50%, 80%, 100%.' : `Passed ${passed.map((threshold) => `${threshold * 100}%`).join(', ')}.`}</p>
        <span className="flex gap-4">
          <Link to="/explore" search={exploreOf(budget, window, nodes.data?.rows ?? [])} className="inline-flex items-center gap-1.5 rounded text-sm font-medium text-accent hover:underline"><ChartNoAxesCombined aria-hidden className="size-3.5" />Explore</Link>
          <Link to="/calls" search={callsOf(budget, window, nodes.data?.rows ?? [])} className="inline-flex items-center gap-1.5 rounded text-sm font-medium text-accent hover:underline"><Activity aria-hidden className="size-3.5" />Calls</Link>
        </span>
      </div>
    </section>
  )
}

const Fact = ({ label, swatch, children }: { readonly label: string; readonly swatch?: string; readonly children: ReactNode }): ReactNode => (
  <div><dt className="label-quiet flex items-center gap-1.5">{swatch !== undefined && <span aria-hidden className={`size-2 rounded-full ${swatch}`} />}{label}</dt><dd className="font-medium">{children}</dd></div>
)

function Exceeded({ budget, window }: { readonly budget: PacedBudget; readonly window: PacedWindow }): ReactNode {
  const nodes = useQuery(nodesQuery)
  const burn = useQuery(budgetBurnQuery(budget.id, budget.per.length === 0 ? null : window.tuple.map((part) => part.id)))
  const refusals = burn.data?.refusals ?? 0
  return (
    <section aria-label="What happens now" className="flex gap-3 rounded-xl bg-bad-soft px-4 py-3 text-sm">
      <Ban aria-hidden className="mt-0.5 size-4.5 shrink-0 text-bad" />
      <div className="min-w-0">
        <p className="font-medium text-bad">{budget.hard ? 'Calls are being refused' : 'Over its limit, and not refusing'}</p>
        <p className="mt-0.5 text-ink">{remedyOf(budget, window, formatMoment(window.resetsAt))}</p>
        {refusals > 0 && <Link to="/calls" search={{ ...callsOf(budget, window, nodes.data?.rows ?? []), status: 'refused' }} className="mt-1.5 inline-block font-medium text-bad underline">{refusals === 1 ? '1 call was refused' : `${exactCount(refusals)} calls were refused`} in this window</Link>}
      </div>
    </section>
  )
}

function Pace({ budget, window }: { readonly budget: PacedBudget; readonly window: PacedWindow }): ReactNode {
  const { pace } = window
  if (pace === undefined) return null
  const exhaustion = exhaustionOf(window)
  const ratio = landingRatio(window)
  const over = excessOf(window)
  return (
    <DrawerSection title="Pace">
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3 text-sm sm:grid-cols-4">
        <Fact label="Per day so far">{pace.averagePerDay === null ? '–' : <Quantity text={pace.averagePerDay} of={budget} />}</Fact>
        <Fact label="Last 24 hours"><Quantity text={pace.lastDay} of={budget} /></Fact>
        <Fact label="Lands at">{pace.atAverage === null ? '–' : <Quantity text={pace.atAverage.landing} of={budget} />}</Fact>
        <Fact label="At the last day’s rate"><Quantity text={pace.atLastDay.landing} of={budget} /></Fact>
      </dl>
      <p className="mt-3 text-sm text-ink-2">
        {over !== null ? <>It is <Quantity text={over} of={budget} /> past its limit.</>
          : exhaustion !== null ? <><span className="font-medium text-warn">Runs out on {formatMoment(exhaustion.atMs)}</span>, {exhaustion.by === 'average' ? 'at the mean of this window so far' : 'if the last 24 hours go on'}; it resets on {formatMoment(window.resetsAt)}.</>
            : ratio === null ? 'It is too early in the window to say where it lands.' : <>At the mean so far it lands at {formatShare(ratio)} of the limit when it resets on {formatMoment(window.resetsAt)}.</>}
      </p>
    </DrawerSection>
  )
}
