import type { ReactNode } from 'react'
import { ratioOf } from '../format/decimal.ts'
import { formatShare } from '../format/quantity.ts'

/** Committed (solid), held (hatched) and what is left of a limit, as one bar with words for those who cannot see it. */
export function BudgetBar({ committed, held, limit }: { readonly committed: string; readonly held: string; readonly limit: string }): ReactNode {
  const used = ratioOf(committed, limit) ?? 0
  const reserved = ratioOf(held, limit) ?? 0
  const tone = used >= 1 ? 'bg-bad' : used + reserved >= 0.8 ? 'bg-held' : 'bg-accent'
  const usedWidth = Math.min(100, Math.max(used > 0 ? 0.6 : 0, used * 100))
  return (
    <div
      role="img"
      aria-label={`${formatShare(used)} committed, ${formatShare(reserved)} held`}
      className="flex h-2 w-full gap-px overflow-hidden rounded-full bg-sunken ring-1 ring-line ring-inset"
    >
      <div className={`h-full ${tone}`} style={{ width: `${usedWidth}%` }} />
      <div className="hatch h-full text-held" style={{ width: `${Math.min(100 - usedWidth, reserved * 100)}%` }} />
    </div>
  )
}
