import { ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'

/** What most people leave as it is, folded away; `note` says what that is. */
export function Fold({ title, note, open = false, children }: { readonly title: string; readonly note?: string; readonly open?: boolean; readonly children: ReactNode }): ReactNode {
  return (
    <details open={open} className="group rounded-xl border border-line bg-surface">
      <summary className="flex list-none items-center gap-2 rounded-xl px-4 py-3 text-sm font-medium [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden className="size-3.5 text-ink-3 transition-transform group-open:rotate-90" />{title}
        {note !== undefined && <span className="font-normal text-ink-3 group-open:hidden">{note}</span>}
      </summary>
      <div className="border-t border-line p-4">{children}</div>
    </details>
  )
}
