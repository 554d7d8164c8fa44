import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'

export type Tone = 'quiet' | 'good' | 'warn' | 'bad' | 'info'
const tones: Readonly<Record<Tone, string>> = {
  quiet: 'bg-sunken text-ink-2',
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  info: 'bg-info-soft text-info',
}

/** A word with a tone; the icon or the word says what the colour says. */
export function Badge({ tone = 'quiet', icon: Icon, children, title }: { readonly tone?: Tone; readonly icon?: LucideIcon; readonly children: ReactNode; readonly title?: string }): ReactNode {
  return (
    <span title={title} className={classNames('inline-flex h-5 items-center gap-1 rounded px-1.5 text-2xs font-medium whitespace-nowrap', tones[tone])}>
      {Icon && <Icon aria-hidden className="size-3" />}
      {children}
    </span>
  )
}
