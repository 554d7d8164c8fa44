import { CircleAlert, RefreshCw, TriangleAlert, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { ApiProblem } from '../api/problem.ts'
import { Button } from './button.tsx'
import { classNames } from './class-names.ts'

/** A grey stand-in of the shape to come. */
export function Skeleton({ className }: { readonly className?: string }): ReactNode {
  return <div aria-hidden className={classNames('animate-shimmer rounded bg-hover', className)} />
}

export function Empty({ icon: Icon, title, children, page = false }: { readonly icon: LucideIcon; readonly title: string; readonly children?: ReactNode; /** True where it is all the page shows. */ readonly page?: boolean }): ReactNode {
  const Title = page ? 'h1' : 'p'
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-12 text-center">
      <span className="mb-1 inline-flex size-10 items-center justify-center rounded-full bg-sunken text-ink-3"><Icon aria-hidden className="size-5" /></span>
      <Title className="font-medium">{title}</Title>
      {children !== undefined && <div className="max-w-md text-sm text-ink-2">{children}</div>}
    </div>
  )
}

/** What went wrong in the server's own words, with what to do about it. */
export function ProblemState({ error, onRetry, title = 'Something did not work.' }: { readonly error: Error; readonly onRetry?: () => void; readonly title?: string }): ReactNode {
  const problem = error instanceof ApiProblem ? error : null
  return (
    <div role="alert" className="flex flex-col items-start gap-3 px-5 py-6">
      <div className="flex items-start gap-3">
        <CircleAlert aria-hidden className="mt-0.5 size-4.5 shrink-0 text-bad" />
        <div className="min-w-0">
          <p className="font-medium">{problem?.title ?? title}</p>
          <p className="mt-0.5 text-sm text-ink-2">{problem?.detail ?? error.message}</p>
          {problem !== null && <p className="mt-1 font-mono text-2xs text-ink-3">{problem.status} {problem.code}{problem.instance === '' ? '' : ` · ${problem.instance}`}</p>}
        </div>
      </div>
      {onRetry && <Button size="sm" icon={RefreshCw} onClick={onRetry} className="ml-7.5">Try again</Button>}
    </div>
  )
}

/** A line above content that is still true but not the whole story: stale, partial, restarting. */
export function Banner({ tone, children, action }: { readonly tone: 'warn' | 'info' | 'bad'; readonly children: ReactNode; readonly action?: ReactNode }): ReactNode {
  const tones = { warn: 'bg-warn-soft text-warn', info: 'bg-info-soft text-info', bad: 'bg-bad-soft text-bad' } as const
  return (
    <div role="status" className={classNames('flex flex-wrap items-center gap-x-3 gap-y-1 rounded-lg px-3.5 py-2 text-sm', tones[tone])}>
      <TriangleAlert aria-hidden className="size-4 shrink-0" />
      <span className="min-w-0 flex-1">{children}</span>
      {action}
    </div>
  )
}
