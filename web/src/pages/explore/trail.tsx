import { ChevronRight, House, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { ascend, trailOf } from './drill.ts'
import { withoutFilter, type ExploreView } from './explore-search.ts'
import { dimensionNames } from './measures.ts'
import { useNames } from './use-names.ts'

/** The way down to where the view stands: a step leads back up to it, its cross takes only it away. */
export function Trail({ view, onChange }: { readonly view: ExploreView; readonly onChange: (view: ExploreView) => void }): ReactNode {
  const nameOf = useNames()
  const trail = trailOf(view)
  if (trail.length === 0) return null
  return (
    <nav aria-label="Narrowed to" className="shrink-0">
      <ol className="flex items-center gap-0.5 text-xs font-medium md:flex-wrap">
        <li><button type="button" onClick={() => onChange(ascend(view, null))} className="inline-flex h-7 items-center gap-1.5 rounded px-1.5 text-ink-2 hover:bg-hover hover:text-ink"><House aria-hidden className="size-3.5" />Everything</button></li>
        {trail.map(({ dimension, id }) => (
          <li key={dimension} className="inline-flex items-center gap-0.5">
            <ChevronRight aria-hidden className="size-3.5 shrink-0 text-ink-faint" />
            <span className="inline-flex h-7 items-center rounded-md bg-selected">
              <button type="button" onClick={() => onChange(ascend(view, dimension))} className="h-full rounded-md pl-2 whitespace-nowrap hover:text-ink"><span className="mr-1.5 font-normal text-ink-2">{dimensionNames[dimension]}</span>{nameOf(dimension, id)}</button>
              <button type="button" aria-label={`Clear ${dimensionNames[dimension]}`} onClick={() => onChange(withoutFilter(view, dimension))} className="mx-0.5 inline-flex size-5 items-center justify-center rounded text-ink-2 hover:text-ink"><X aria-hidden className="size-3" /></button>
            </span>
          </li>
        ))}
      </ol>
    </nav>
  )
}
