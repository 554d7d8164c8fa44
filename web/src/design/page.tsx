import type { ReactNode } from 'react'
import { PageHead } from './page-head.tsx'

/** The column every page stands in. `actions` stand at the right of the heading; `note` says what the page is about. */
export function Page({ title, note, actions, children }: { readonly title: string; readonly note?: ReactNode; readonly actions?: ReactNode; readonly children: ReactNode }): ReactNode {
  return (
    <div className="mx-auto w-full max-w-[82rem] px-4 py-5 md:px-8 md:py-7 print:max-w-none print:p-0">
      <PageHead title={title} {...(note === undefined ? {} : { note })}>{actions}</PageHead>
      {children}
    </div>
  )
}
