import { useId, type ReactNode } from 'react'
import { classNames } from './class-names.ts'

/** A titled region of a page. `aside` stands at the right of the title. */
export function Panel({ title, note, aside, children, className, flush = false }: {
  readonly title: string
  readonly note?: ReactNode
  readonly aside?: ReactNode
  readonly children: ReactNode
  readonly className?: string
  /** Leaves out the padding, for tables that reach the border. */
  readonly flush?: boolean
}): ReactNode {
  const id = useId()
  return (
    <section aria-labelledby={id} className={classNames('flex min-w-0 flex-col rounded-xl border border-line bg-surface shadow-card', className)}>
      <header className="flex min-h-12 flex-wrap items-center justify-between gap-x-4 gap-y-2 px-5 pt-3.5 pb-2">
        <div className="flex min-w-0 flex-wrap items-baseline gap-x-2">
          <h2 id={id} className="text-base font-semibold tracking-[-0.006em]">{title}</h2>
          {note !== undefined && <span className="label-quiet">{note}</span>}
        </div>
        {aside}
      </header>
      <div className={classNames('flex min-w-0 flex-1 flex-col', !flush && 'px-5 pb-5')}>{children}</div>
    </section>
  )
}
