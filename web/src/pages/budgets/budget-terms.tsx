import type { ReactNode } from 'react'
import { Quantity } from '../../design/quantity.tsx'
import { exactCount } from '../../format/quantity.ts'
import { DrawerSection, Facts, type Fact } from '../calls/drawer-section.tsx'
import type { PacedBudget } from './budget-queries.ts'
import { measureNames, outputBoundNames, perText, windowAdverbs, windowNames } from './budget-words.ts'

/** The rule in words, and what else it says. */
export function BudgetTerms({ budget }: { readonly budget: PacedBudget }): ReactNode {
  const allowed = (policy: 'refuse' | 'allow'): string => (policy === 'allow' ? 'let through' : 'refused')
  const facts: readonly Fact[] = [
    ['Covers', budget.scopeName], ['Counts', measureNames[budget.measure]], ['Begins anew', `${windowAdverbs[budget.window.unit].toLowerCase()}, ${budget.window.zone}`], ['A limit each', budget.per.length === 0 ? 'no, one for all together' : perText(budget.per)],
    ...(budget.hard ? [
      ['Uncapped calls', budget.outputBound === 'inject' ? `capped at ${exactCount(budget.outputCapDefault)} tokens` : outputBoundNames[budget.outputBound].toLowerCase()] as const,
      ['Unpriced models', allowed(budget.unpriced)] as const, ['Not boundable', allowed(budget.unbounded)] as const,
    ] : []),
  ]
  return (
    <DrawerSection title="Terms">
      <p className="mb-3 text-sm">
        Calls of <span className="font-medium">{budget.scopeName}</span>{budget.per.length > 0 && <>, <span className="font-medium">each {perText(budget.per)}</span> by itself,</>} may use <span className="font-medium"><Quantity text={budget.limit} of={budget} /></span> per {windowNames[budget.window.unit]}.
        {budget.hard ? ' A call that could overrun it is refused before it leaves.' : ' Beyond it, calls go on; it only counts.'}
      </p>
      <Facts facts={facts} />
    </DrawerSection>
  )
}
