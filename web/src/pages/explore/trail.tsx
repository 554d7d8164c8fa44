import { ChevronRight, House } from 'lucide-react'
import type { ReactNode } from 'react'
import { ascend, trailOf } from './drill.ts'
import type { ExploreView } from './explore-search.ts'
import { dimensionNames } from './measures.ts'
import { useNames } from './use-names.ts'

/** The way down to where the view stands; every step leads back up to it. */
export function Trail({ view, onChange }: { readonly view: ExploreView; readonly onChange: (view: ExploreView) => void }): ReactNode {
  const nameOf = useNames()
  const trail = trailOf(view)
  if (trail.length === 0) return null
  return (
    <nav aria-label="Narrowed to" className="mb-3">
      <ol className="flex flex-wrap items-center gap-1 text-sm">
        <li><button type="button" onClick={() => onChange(ascend(view, null))} className="inline-flex h-7 items-center gap-1.5 rounded px-1.5 text-ink-2 hover:bg-hover hover:text-ink"><House aria-hidden className="size-3.5" />Everything</button></li>
        {trail.map(({ dimension, id }, place) => {
          const last = place === trail.length - 1
          return (
            <li key={dimension} className="inline-flex items-center gap-1">
              <ChevronRight aria-hidden className="size-3.5 text-ink-faint" />
              <button type="button" title={dimensionNames[dimension]} aria-current={last ? 'true' : undefined} onClick={() => onChange(ascend(view, dimension))} className={`h-7 rounded px-1.5 hover:bg-hover ${last ? 'font-medium text-ink' : 'text-ink-2 hover:text-ink'}`}>{nameOf(dimension, id)}</button>
            </li>
          )
        })}
      </ol>
    </nav>
  )
}
