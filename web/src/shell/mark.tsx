import type { ReactNode } from 'react'

/** The product's mark: a gate with its counterweight. */
export function Mark({ className = 'size-6' }: { readonly className?: string }): ReactNode {
  return (
    <svg viewBox="0 0 32 32" aria-hidden className={className}>
      <rect width="32" height="32" rx="8" fill="var(--solid)" />
      <path d="M8 9h16M11 9v15M21 9v6" stroke="var(--on-solid)" strokeWidth="3" strokeLinecap="round" fill="none" />
      <circle cx="21" cy="21.5" r="2.4" fill="var(--series-1)" />
    </svg>
  )
}
