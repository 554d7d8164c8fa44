import type { LucideIcon } from 'lucide-react'
import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { Tip } from './tip.tsx'

const variants = {
  solid: 'bg-solid text-on-solid hover:opacity-90 disabled:opacity-40',
  outline: 'border border-line-strong bg-surface text-ink hover:bg-hover disabled:opacity-40',
  ghost: 'text-ink-2 hover:bg-hover hover:text-ink disabled:opacity-40',
} as const
const sizes = { sm: 'h-7 px-2.5 text-xs gap-1.5', md: 'h-8 px-3 text-sm gap-2', lg: 'h-10 px-4 text-base gap-2' } as const

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly variant?: keyof typeof variants
  readonly size?: keyof typeof sizes
  readonly icon?: LucideIcon
}

export function Button({ variant = 'outline', size = 'md', icon: Icon, className, children, ...rest }: ButtonProps): ReactNode {
  return (
    <button
      type="button"
      className={classNames('inline-flex shrink-0 items-center justify-center rounded-md font-medium whitespace-nowrap transition-colors', variants[variant], sizes[size], className)}
      {...rest}
    >
      {Icon && <Icon aria-hidden className="size-3.5 shrink-0" />}
      {children}
    </button>
  )
}

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly label: string
  readonly icon: LucideIcon
  /** Shown beside the label in the tooltip, e.g. "⌘ K". */
  readonly shortcut?: string
}

/** A square button with an icon; its label is what screen readers say and the tooltip shows. */
export function IconButton({ label, icon: Icon, shortcut, className, ...rest }: IconButtonProps): ReactNode {
  return (
    <Tip text={label} {...(shortcut === undefined ? {} : { shortcut })}>
      <button
        type="button"
        aria-label={label}
        className={classNames('inline-flex size-8 shrink-0 items-center justify-center rounded-md text-ink-2 transition-colors hover:bg-hover hover:text-ink disabled:opacity-40', className)}
        {...rest}
      >
        <Icon aria-hidden className="size-4" />
      </button>
    </Tip>
  )
}
