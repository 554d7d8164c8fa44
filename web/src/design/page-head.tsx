import type { ReactNode } from 'react'

/** The one heading of a page, with what it is about beside it and its actions at the right. */
export function PageHead({ title, note, children }: { readonly title: string; readonly note?: ReactNode; readonly children?: ReactNode }): ReactNode {
  return (
    <header className="mb-5 flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <h1 className="text-xl font-semibold tracking-[-0.015em]">{title}</h1>
        {note !== undefined && <p className="text-sm text-ink-3">{note}</p>}
      </div>
      {children}
    </header>
  )
}
