import type { ReactNode } from 'react'
import type { Explanation } from '../../api/queries.ts'
import { Money } from '../../design/figures.tsx'
import { formatClock } from '../../format/time.ts'
import { modelOf } from './call-columns.tsx'
import { StatusMark } from './call-marks.tsx'
import { DrawerSection } from './drawer-section.tsx'

const kindNames = { attempt: 'Attempt', refusal: 'Refusal', cache_hit: 'Cache hit', ingested: 'Ingested', adjustment: 'Adjustment' } as const

/** Other records of the same call: retries, fallbacks, corrections. */
export function CallSiblings({ explanation: { siblings }, onOpen }: { readonly explanation: Explanation; readonly onOpen: (eventId: string) => void }): ReactNode {
  return (
    <DrawerSection title="Other records of this call" flush>
      <ul>
        {siblings.map((row) => (
          <li key={row.eventId}>
            <button type="button" onClick={() => onOpen(row.eventId)} className="focus-inset flex w-full items-center gap-3 px-4 py-2 text-left text-sm hover:bg-hover">
              <span className="text-ink-3">{formatClock(row.at)}</span><span>{kindNames[row.kind]}</span><span className="min-w-0 flex-1 truncate text-ink-2">{modelOf(row)}</span>
              <StatusMark row={row} /><span className="w-24 text-right"><Money decimal={row.cost} currency={row.currency} /></span>
            </button>
          </li>
        ))}
      </ul>
    </DrawerSection>
  )
}
