import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, type ReactNode } from 'react'
import { isUnauthenticated } from '../api/problem.ts'
import { sessionQuery } from '../api/queries.ts'
import { signIn, takeLinkToken } from '../api/sign-in.ts'
import { ProblemState } from '../design/state.tsx'
import { Mark } from '../shell/mark.tsx'
import { Shell } from '../shell/shell.tsx'
import { SignInPage } from './sign-in-page.tsx'

// Read once per page load: effects run twice in development, and the token works once.
let linkToken = takeLinkToken()

/** Waits for a one-time link to be exchanged, then shows the console to whom it knows and the sign-in page to others. */
export function SignedIn(): ReactNode {
  const cache = useQueryClient()
  const [exchanging, setExchanging] = useState(linkToken !== null)
  const [linkFailed, setLinkFailed] = useState<Error | null>(null)
  useEffect(() => {
    if (linkToken === null) return
    const token = linkToken
    linkToken = null
    signIn({ token })
      .then((session) => cache.setQueryData(sessionQuery.queryKey, session))
      .catch((error: Error) => setLinkFailed(error))
      .finally(() => setExchanging(false))
  }, [cache])
  const session = useQuery({ ...sessionQuery, enabled: !exchanging })
  if (session.data !== undefined) return <Shell session={session.data} />
  if (isUnauthenticated(session.error)) return <SignInPage failed={linkFailed} onSignedIn={(signedIn) => cache.setQueryData(sessionQuery.queryKey, signedIn)} />
  if (session.error !== null) {
    return <div className="mx-auto mt-[20vh] max-w-md rounded-xl border border-line bg-surface"><ProblemState error={session.error} onRetry={() => void session.refetch()} /></div>
  }
  return <div role="status" aria-label="Loading" className="flex h-dvh items-center justify-center"><Mark className="animate-shimmer size-10" /></div>
}
