import { ArrowRight } from 'lucide-react'
import { useState, type FormEvent, type ReactNode } from 'react'
import { signIn, type Credentials } from '../api/sign-in.ts'
import type { Session } from '../api/queries.ts'
import { ApiProblem } from '../api/problem.ts'
import { Button } from '../design/button.tsx'
import { Segmented } from '../design/segmented.tsx'
import { Mark } from '../shell/mark.tsx'

type Way = 'token' | 'password'
const ways = [{ value: 'token', label: 'Token' }, { value: 'password', label: 'Email' }] as const

export function SignInPage({ failed, onSignedIn }: { readonly failed: Error | null; readonly onSignedIn: (session: Session) => void }): ReactNode {
  const [way, setWay] = useState<Way>('token')
  const [error, setError] = useState<Error | null>(failed)
  const [busy, setBusy] = useState(false)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    signIn(credentialsOf(way, new FormData(event.currentTarget))).then(onSignedIn, setError).finally(() => setBusy(false))
  }
  return (
    <main className="flex min-h-dvh items-center justify-center px-5 py-10">
      <div className="w-full max-w-sm">
        <Mark className="size-11" />
        <h1 className="mt-6 text-2xl font-semibold tracking-[-0.02em]">Sign in to Tollgate</h1>
        <p className="mt-1.5 text-ink-2">What every AI call cost, and who pays.</p>
        <div className="mt-8"><Segmented label="Way to sign in" value={way} options={ways} onChange={(next) => { setWay(next); setError(null) }} /></div>
        <form onSubmit={submit} className="mt-5 flex flex-col gap-4">
          {way === 'token' ? (
            <Field key="token" name="token" label="Token" type="password" autoComplete="off" hint="The link printed at the first start carries it; API tokens work too." />
          ) : (
            <>
              <Field key="email" name="email" label="Email" type="email" autoComplete="username" />
              <Field key="password" name="password" label="Password" type="password" autoComplete="current-password" />
            </>
          )}
          {error !== null && <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-sm text-bad">{sentenceOf(error)}</p>}
          <Button type="submit" variant="solid" size="lg" disabled={busy} className="mt-1 w-full">{busy ? 'Signing in…' : 'Sign in'}{!busy && <ArrowRight aria-hidden className="size-4" />}</Button>
        </form>
      </div>
    </main>
  )
}

const textOf = (value: FormDataEntryValue | null): string => (typeof value === 'string' ? value.trim() : '')

function credentialsOf(way: Way, form: FormData): Credentials {
  if (way === 'token') return { token: textOf(form.get('token')) }
  return { email: textOf(form.get('email')), password: String(form.get('password') ?? '') }
}

/** A wrong credential reads as such; the server's general sentence is for API clients. */
function sentenceOf(error: Error): string {
  if (error instanceof ApiProblem && error.status === 401) return error.detail || 'This is not a valid credential. A one-time link works once; tokens may have ended.'
  return error.message
}

function Field({ name, label, type, autoComplete, hint }: { readonly name: string; readonly label: string; readonly type: string; readonly autoComplete: string; readonly hint?: string }): ReactNode {
  return (
    <label className="flex flex-col gap-1.5 text-sm font-medium">
      {label}
      <input name={name} type={type} autoComplete={autoComplete} required className="h-10 rounded-md border border-line-strong bg-surface px-3 text-base font-normal" />
      {hint !== undefined && <span className="label-quiet">{hint}</span>}
    </label>
  )
}
