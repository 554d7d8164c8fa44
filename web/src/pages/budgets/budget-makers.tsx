import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronRight } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { costQuery, nodesQuery, type CostAnswer, type Nodes } from '../../api/queries.ts'
import { Quantity } from '../../design/quantity.tsx'
import { Segmented } from '../../design/segmented.tsx'
import { ProblemState, Skeleton } from '../../design/state.tsx'
import { addDecimals, decimalOrZero, ratioOf, subtractDecimals } from '../../format/decimal.ts'
import { formatShare } from '../../format/quantity.ts'
import { DrawerSection } from '../calls/drawer-section.tsx'
import { minuteOf } from '../explore/explore-search.ts'
import { nameOf } from '../explore/measures.ts'
import type { PacedBudget, PacedWindow } from './budget-queries.ts'
import { callsOf, makersOf, questionOf, usedMeasures, type Maker } from './budget-words.ts'

const makerNames: Readonly<Record<Maker, string>> = { team: 'Teams', app: 'Apps', workflow: 'Workflows', model: 'Models' }
const rowsShown = 5

/** What used a window, most first; a row leads to its calls, the dearest on top. */
export function BudgetMakers({ budget, window }: { readonly budget: PacedBudget; readonly window: PacedWindow }): ReactNode {
  const nodes = useQuery(nodesQuery)
  return nodes.data === undefined ? null : <MakersAt budget={budget} window={window} nodes={nodes.data.rows} />
}

interface MakersProps { readonly budget: PacedBudget; readonly window: PacedWindow; readonly nodes: Nodes['rows'] }

function MakersAt({ budget, window, nodes }: MakersProps): ReactNode {
  const choices = makersOf(budget, window, nodes)
  const [maker, setMaker] = useState(choices[0] ?? 'model')
  const [openedAt] = useState(() => minuteOf(Date.now()))
  const answer = useQuery({ ...costQuery(questionOf(budget, window, nodes, maker, openedAt)), placeholderData: keepPreviousData })
  return (
    <DrawerSection title="What used it" flush aside={choices.length > 1 && <Segmented label="Used by" value={maker} options={choices.map((value) => ({ value, label: makerNames[value] }))} onChange={setMaker} />}>
      {answer.data !== undefined ? <MakerRows budget={budget} window={window} nodes={nodes} answer={answer.data} />
        : answer.error !== null ? <ProblemState error={answer.error} onRetry={() => void answer.refetch()} />
          : <div role="status" aria-label="Loading" className="flex flex-col gap-4 px-4 pt-2 pb-4"><Skeleton className="h-4" /><Skeleton className="h-4" /><Skeleton className="h-4" /></div>}
    </DrawerSection>
  )
}

const rowShape = 'grid grid-cols-[minmax(0,1fr)_auto_3.25rem_1rem] sm:grid-cols-[minmax(0,1fr)_6rem_6.5rem_3.25rem_1rem] items-center gap-x-3 px-4 py-2 text-sm'

/** The answer says itself what it is grouped by: while another one is on its way the rows stay what they are. */
function MakerRows({ budget, window, nodes, answer }: MakersProps & { readonly answer: CostAnswer }): ReactNode {
  const measure = usedMeasures[budget.measure]
  const used = (values: CostAnswer['totals']): string => String(values[measure] ?? '0')
  const total = used(answer.totals)
  const shown = answer.rows.filter((row) => decimalOrZero(used(row.values)) !== 0n).slice(0, rowsShown)
  const rest = subtractDecimals(total, addDecimals(...shown.map((row) => used(row.values))))
  if (shown.length === 0) return <p className="px-4 pb-3 text-sm text-ink-2">Nothing yet.</p>
  return (
    <ul>
      {shown.map((row) => {
        const [maker, { id, name }] = Object.entries(row.group)[0] as [Maker, { id: string; name: string }]
        return (
          <li key={id}>
            <Link to="/calls" search={{ ...callsOf(budget, window, nodes), [maker]: id || '~', ...(budget.measure === 'cost' ? { order: 'cost' as const } : {}) }} className={`${rowShape} focus-inset group hover:bg-hover`}>
              <span className={id === '' ? 'truncate text-ink-2 italic' : 'truncate font-medium'}>{nameOf(maker, id, name)}</span>
              <Amount budget={budget} amount={used(row.values)} total={total} />
              <ChevronRight aria-hidden className="size-4 text-ink-faint group-hover:text-ink-2" />
            </Link>
          </li>
        )
      })}
      {decimalOrZero(rest) !== 0n && <li className={`${rowShape} text-ink-2`}><span>All others</span><Amount budget={budget} amount={rest} total={total} /></li>}
    </ul>
  )
}

function Amount({ budget, amount, total }: { readonly budget: PacedBudget; readonly amount: string; readonly total: string }): ReactNode {
  const ratio = ratioOf(amount, total) ?? 0
  return (
    <>
      <span aria-hidden className="h-1.5 overflow-hidden rounded-full bg-sunken max-sm:hidden"><span className="block h-full rounded-full bg-ink-3" style={{ width: `${Math.max(0, Math.min(100, ratio * 100))}%` }} /></span>
      <span className="text-right"><Quantity text={amount} of={budget} /></span>
      <span className="text-right text-ink-2">{formatShare(ratio)}</span>
    </>
  )
}
