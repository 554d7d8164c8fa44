import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { ArrowRight, Network, Tags, Wallet, type LucideIcon } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { sessionQuery, systemQuery, type Session } from '../../api/queries.ts'
import { Page } from '../../design/page.tsx'
import { freshSecret } from '../keys/fresh-secrets.ts'
import { keysQuery, type ApiKey } from '../keys/org-queries.ts'
import { DemoNote } from './demo-note.tsx'
import { FirstCallPanel } from './first-call-panel.tsx'
import { KeyStep } from './key-step.tsx'
import { SnippetChoice } from './snippet-choice.tsx'
import type { StartSearch } from './start-search.ts'

/** From nothing to the first priced call: a key, a program, and a check that it arrived. */
export function GetStartedPage(): ReactNode {
  const session = useQuery(sessionQuery)
  const system = useQuery(systemQuery)
  if (session.data === undefined) return null
  return (
    <Page title="Get started" note="Change the base URL and the key in any SDK; nothing else">
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-12">
        <div className="flex min-w-0 flex-col gap-4 lg:col-span-8"><Steps session={session.data} /></div>
        <div className="flex min-w-0 flex-col gap-4 lg:col-span-4">
          {system.data?.demo === true && <DemoNote />}
          <NextSteps />
        </div>
      </div>
    </Page>
  )
}

function Steps({ session }: { readonly session: Session }): ReactNode {
  const search = useSearch({ from: '/get-started' })
  const navigate = useNavigate({ from: '/get-started' })
  const [openedAt] = useState(() => Date.now())
  const keys = useQuery(keysQuery)
  const system = useQuery(systemQuery)
  const chosen = keys.data?.find((key) => key.id === search.key)
  const set = (change: { readonly sdk?: StartSearch['sdk']; readonly key?: string | undefined }): void => void navigate({ search: (before) => ({ ...before, ...change }) as StartSearch, replace: true })
  return (
    <>
      <Step number={1} title="A key">
        <p className="mb-3 max-w-prose text-sm text-ink-2">A key belongs to an app, an app to a team, and so every call has somebody who pays.</p>
        <KeyStep session={session} chosen={chosen} onChoose={(key) => set({ key })} />
      </Step>
      <Step number={2} title="A program">
        <SnippetChoice secret={freshSecret(chosen?.id)} sdk={search.sdk ?? 'openai-python'} onSdk={(sdk) => set({ sdk })} />
      </Step>
      <Step number={3} title="The first call">
        {chosen === undefined || system.data === undefined ? <p className="text-sm text-ink-2">Make a key or choose one, and its first call shows here as it ends: what it cost, to the digit, and why.</p>
          : <FirstCallPanel key={chosen.id} keyId={chosen.id} keyName={chosen.name} sinceMs={sinceOf(chosen, openedAt + (system.data === undefined ? 0 : system.data.nowMs - system.dataUpdatedAt))} />}
      </Step>
    </>
  )
}

const justMadeMs = 600_000

/** A key made a moment ago is watched from its making, so that a reload keeps its first call; any other from now. By the server's clock. */
const sinceOf = (key: ApiKey, nowMs: number): number => (nowMs - key.createdAt < justMadeMs ? Math.min(key.createdAt, nowMs) : nowMs)

function Step({ number, title, children }: { readonly number: number; readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <section aria-labelledby={`step-${number}`} className="rounded-xl border border-line bg-surface p-4 shadow-card md:p-5">
      <h2 id={`step-${number}`} className="mb-3 flex items-center gap-2.5 text-base font-semibold"><span className="inline-flex size-6 items-center justify-center rounded-full bg-accent-soft text-xs text-accent">{number}</span>{title}</h2>
      {children}
    </section>
  )
}

const next: readonly { readonly to: '/keys' | '/budgets' | '/models'; readonly icon: LucideIcon; readonly title: string; readonly text: string }[] = [
  { to: '/keys', icon: Network, title: 'Lay out your teams', text: 'Units, teams, apps and cost centres: who pays for what.' },
  { to: '/budgets', icon: Wallet, title: 'Set a budget', text: 'The call that would overrun it is refused before it leaves.' },
  { to: '/models', icon: Tags, title: 'Check your prices', text: 'List prices are bundled; put your contract over them.' },
]

function NextSteps(): ReactNode {
  return (
    <section aria-labelledby="next-steps" className="rounded-xl border border-line bg-surface shadow-card">
      <h2 id="next-steps" className="px-5 pt-4 pb-2 text-base font-semibold">Then</h2>
      <ul className="pb-2">
        {next.map((step) => (
          <li key={step.to}>
            <Link to={step.to} className="focus-inset group flex items-center gap-3 px-5 py-2.5 hover:bg-hover">
              <span className="inline-flex size-8 shrink-0 items-center justify-center rounded-lg bg-sunken text-ink-2"><step.icon aria-hidden className="size-4" /></span>
              <span className="min-w-0 flex-1"><span className="block text-sm font-medium">{step.title}</span><span className="label-quiet block">{step.text}</span></span>
              <ArrowRight aria-hidden className="size-3.5 text-ink-3" />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
