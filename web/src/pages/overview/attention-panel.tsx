import { Link } from '@tanstack/react-router'
import { ChevronRight, CircleDashed, CircleHelp, Tag, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Overview } from '../../api/queries.ts'
import { Money } from '../../design/figures.tsx'
import { Panel } from '../../design/panel.tsx'
import { exactCount, formatShare } from '../../format/quantity.ts'
import { noCostCentre, type CallSearch } from '../calls/call-search.ts'

/** The shares of spend that the total does not say everything about; each opens its calls. */
export function AttentionPanel({ overview, className }: { readonly overview: Overview; readonly className?: string }): ReactNode {
  const { unpriced, unallocated, uncertain } = overview.shares
  return (
    <Panel title="Not settled" className={className ?? ''} flush>
      <ul className="pb-2">
        <Share icon={Tag} name="Unpriced" text="Calls with a part that has no known price" ratio={unpriced.ratio} search={{ pricing: 'incomplete', range: '30d' }}>
          {unpriced.calls === 1 ? '1 call' : `${exactCount(unpriced.calls)} calls`}
        </Share>
        <Share icon={CircleDashed} name="Unallocated" text="Cost without a cost centre" ratio={unallocated.ratio} search={{ cost_centre: noCostCentre, range: '30d' }}>
          <Money decimal={unallocated.cost} currency={overview.currency} />
        </Share>
        <Share icon={CircleHelp} name="Uncertain" text="Booked at the bound, the outcome is not known" ratio={uncertain.ratio} search={{ quality: 'uncertain', range: '30d' }}>
          <Money decimal={uncertain.cost} currency={overview.currency} />
        </Share>
      </ul>
    </Panel>
  )
}

function Share({ icon: Icon, name, text, ratio, search, children }: { readonly icon: LucideIcon; readonly name: string; readonly text: string; readonly ratio: number | null; readonly search: CallSearch; readonly children: ReactNode }): ReactNode {
  return (
    <li>
      <Link to="/calls" search={search} className="focus-inset group flex items-center gap-3.5 px-5 py-3 hover:bg-hover">
        <span className="inline-flex size-8 shrink-0 items-center justify-center rounded-lg bg-sunken text-ink-2"><Icon aria-hidden className="size-4" /></span>
        <span className="min-w-0 flex-1"><span className="block text-sm font-medium">{name}</span><span className="label-quiet block">{text}</span></span>
        <span className="text-right"><span className="block text-sm font-medium">{ratio === null ? '–' : formatShare(ratio)}</span><span className="label-quiet block">{children}</span></span>
        <ChevronRight aria-hidden className="size-4 shrink-0 text-ink-faint group-hover:text-ink-2" />
      </Link>
    </li>
  )
}
