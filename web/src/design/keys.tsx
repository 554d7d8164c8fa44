import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'

/** Key caps for a shortcut written with spaces: "g o", "⌘ K". */
export function Keys({ keys, inverse = false }: { readonly keys: string; readonly inverse?: boolean }): ReactNode {
  return (
    <span className="inline-flex gap-0.5">
      {keys.split(' ').map((key) => (
        <kbd key={key} className={classNames('inline-flex h-4.5 min-w-4.5 items-center justify-center rounded border px-1 font-sans text-2xs leading-none', inverse ? 'border-current/30' : 'border-line-strong bg-surface text-ink-2')}>
          {key}
        </kbd>
      ))}
    </span>
  )
}
