import type { ErrorComponentProps } from '@tanstack/react-router'
import { ProblemState } from '../design/state.tsx'
import type { ReactNode } from 'react'

/** A page that failed to draw, with what it said; the navigation around it still works. */
export function BrokenPage({ error, reset }: ErrorComponentProps): ReactNode {
  return (
    <div className="mx-auto mt-10 w-full max-w-xl rounded-xl border border-line bg-surface">
      <ProblemState error={error instanceof Error ? error : new Error(String(error))} title="This page could not be shown." onRetry={reset} />
    </div>
  )
}
