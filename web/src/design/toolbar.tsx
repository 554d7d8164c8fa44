/*
 * Toolbar: what a page is narrowed by, in one row of chips and switches; on a phone the row scrolls sideways.
 *
 *   <Toolbar label="Filters" end={…}>…chips (Picker, RangePicker, Segmented)…</Toolbar>
 *
 * end  stands at the right: export, new, live · tight  another toolbar follows
 */
import type { ReactNode } from 'react'

export function Toolbar({ label, end, children, tight = false }: { readonly label: string; readonly end?: ReactNode; readonly children: ReactNode; readonly tight?: boolean }): ReactNode {
  return (
    <div role="group" aria-label={label} className={`flex flex-wrap items-center gap-x-4 gap-y-2 print:hidden ${tight ? 'mb-1' : 'mb-4'}`}>
      <div className="-mx-4 flex min-w-0 flex-1 items-center gap-1.5 overflow-x-auto px-4 py-1 [scrollbar-width:none] max-md:basis-full md:mx-0 md:flex-wrap md:px-0">{children}</div>
      {end !== undefined && <div className="flex shrink-0 items-center gap-2">{end}</div>}
    </div>
  )
}
