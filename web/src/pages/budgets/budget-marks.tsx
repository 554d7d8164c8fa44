import { CircleAlert, ShieldCheck, TrendingUp, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { Badge } from '../../design/badge.tsx'
import { Quantity } from '../../design/quantity.tsx'
import { Since } from '../../design/figures.tsx'
import { formatShare } from '../../format/quantity.ts'
import { excessOf, exhaustionOf, landingRatio, standingOf, type Standing } from './budget-risk.ts'
import type { PacedBudget, PacedWindow } from './budget-queries.ts'

export const HardMark = ({ hard }: { readonly hard: boolean }): ReactNode =>
  hard ? <Badge icon={ShieldCheck} title="A call that could overrun it is refused before it leaves.">Hard</Badge> : <Badge title="Counted and shown; nothing is refused.">Soft</Badge>

const standings: Readonly<Record<Standing, { readonly word: string; readonly tone: 'bad' | 'warn' | 'good'; readonly icon?: typeof CircleAlert }>> = {
  exceeded: { word: 'Used up', tone: 'bad', icon: CircleAlert },
  leaving: { word: 'Runs out before the reset', tone: 'warn', icon: TrendingUp },
  close: { word: 'Close to its limit', tone: 'warn', icon: TriangleAlert },
  calm: { word: 'Within its limit', tone: 'good' },
}
export function StandingMark({ window }: { readonly window: PacedWindow }): ReactNode {
  const { word, tone, icon } = standings[standingOf(window)]
  return <Badge tone={tone} {...(icon === undefined ? {} : { icon })}>{word}</Badge>
}

/** Where a window is headed, in the fewest words that are true. */
export function Course({ budget, window }: { readonly budget: PacedBudget; readonly window: PacedWindow }): ReactNode {
  const excess = excessOf(window)
  if (excess !== null) return <span className="text-bad"><Quantity text={excess} of={budget} /> over</span>
  if (standingOf(window) === 'exceeded') return <span className="text-bad">used up</span>
  const exhaustion = exhaustionOf(window)
  if (exhaustion !== null) return <span className="text-warn" title={exhaustion.by === 'average' ? 'At the mean of this window so far.' : 'At the rate of the last 24 hours.'}>runs out <Since ms={exhaustion.atMs} /></span>
  const ratio = landingRatio(window)
  if (ratio === null) return <span className="text-ink-3" title={window.limit === '0' ? 'There is no limit to land at.' : 'Too early in the window to say.'}>too early</span>
  return <span className="text-ink-2" title="At the mean of this window so far.">lands at {formatShare(ratio)}</span>
}
