import { Ban, ShieldCheck } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Explanation } from '../../api/queries.ts'
import { Badge } from '../../design/badge.tsx'
import { BudgetBar } from '../../design/budget-bar.tsx'
import { Since } from '../../design/figures.tsx'
import { Quantity } from '../../design/quantity.tsx'
import { RefusalFacts } from './refusal-facts.tsx'
import { DrawerSection } from './drawer-section.tsx'

const remedies: Readonly<Record<string, string>> = {
  budget_exceeded: 'The most this call could have cost did not fit into what was left. Raise the limit, wait for the reset, or ask for less output.',
  bound_unknown: 'A hard budget covers this call and no upper bound of its cost can be proven. Cap the output, or let the budget allow such calls.',
  unpriced_under_budget: 'A hard budget covers this call and its model has no known price. Add a price, or let the budget allow such calls.',
  model_not_allowed: "The key's policy does not list this model.",
  rate_limited: 'The entitlement allows no more requests for now.',
  lease_unavailable: 'A hard budget covers this call and its lease could not be obtained in time.',
}

/** Windows the record counted in; for a refusal, the ones that stood in the way. */
export function CallBudgets({ explanation: { record, budgets } }: { readonly explanation: Explanation }): ReactNode {
  const refused = record.kind === 'refusal'
  const refusing = record.notices.find((notice) => notice.startsWith('budget='))?.slice('budget='.length)
  const shown = refused && budgets.some((budget) => budget.name === refusing) ? budgets.filter((budget) => budget.name === refusing) : budgets
  return (
    <DrawerSection title={refused ? 'Why it was refused' : 'Budgets it counted in'}>
      {refused && (
        <div className="mb-4 flex gap-3">
          <Ban aria-hidden className="mt-0.5 size-4.5 shrink-0 text-bad" />
          <div>
            <p className="text-sm"><span className="font-medium">Refused before it left, with {record.status}</span> <code className="font-mono text-xs text-ink-2">{record.errorCode}</code></p>
            <p className="mt-0.5 text-sm text-ink-2">{remedies[record.errorCode] ?? 'The gateway did not send this call to a provider.'}</p>
            <RefusalFacts notices={record.notices} />
          </div>
        </div>
      )}
      <ul className="flex flex-col gap-4">
        {shown.map((budget) => {
          const unknown = budget.measure === 'cost' && record.cost === null && record.pricing !== 'none'
          const about = budget.tuple.map((part) => part.name || 'none named').join(', ')
          return (
            <li key={`${budget.ruleId}${budget.startMs}${about}`}>
              <div className="flex items-center justify-between gap-3 text-sm">
                <span className="min-w-0 truncate font-medium">{budget.name}{about !== '' && <span className="font-normal text-ink-3"> · {about}</span>}</span>
                <span className="flex shrink-0 items-center gap-2">{!refused && <span className="text-ink-2">{unknown ? <span className="text-warn" title="An unknown cost cannot be counted.">not counted</span> : <>+<Quantity text={budget.counted} of={budget} /></>}</span>}{budget.hard && <Badge icon={ShieldCheck}>Hard</Badge>}</span>
              </div>
              <div className="my-1.5"><BudgetBar committed={budget.committed} held={budget.leased} limit={budget.limit} /></div>
              <p className="label-quiet flex flex-wrap justify-between gap-x-3">
                <span><Quantity text={budget.committed} of={budget} /> committed, <Quantity text={budget.leased} of={budget} /> held, <Quantity text={budget.remaining} of={budget} /> left of <Quantity text={budget.limit} of={budget} /></span>
                <span>resets <Since ms={budget.resetsAt} /></span>
              </p>
            </li>
          )
        })}
      </ul>
      {shown.length > 0 && <p className="label-quiet mt-3">{refused ? 'As it stands now.' : 'Windows as they stand now.'}</p>}
    </DrawerSection>
  )
}
