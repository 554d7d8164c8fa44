import { useId, type ReactNode } from 'react'

export function DrawerSection({ title, aside, children, flush = false }: { readonly title: string; readonly aside?: ReactNode; readonly children: ReactNode; readonly flush?: boolean }): ReactNode {
  const id = useId()
  return (
    <section aria-labelledby={id} className="rounded-xl border border-line bg-surface">
      <header className="flex items-center justify-between gap-3 px-4 pt-3 pb-2"><h3 id={id} className="text-xs font-medium text-ink-3">{title}</h3>{aside}</header>
      <div className={flush ? 'pb-1' : 'px-4 pb-4'}>{children}</div>
    </section>
  )
}

export type Fact = readonly [label: string, value: string]

/** Names and values in two columns; what was not said is left out. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }): ReactNode {
  return (
    <dl className="grid grid-cols-1 gap-x-6 gap-y-1.5 text-sm sm:grid-cols-2">
      {facts.filter(([, value]) => value !== '').map(([label, value]) => (
        <div key={label} className="flex min-w-0 gap-2"><dt className="w-28 shrink-0 text-ink-3">{label}</dt><dd className="min-w-0 break-words">{value}</dd></div>
      ))}
    </dl>
  )
}
