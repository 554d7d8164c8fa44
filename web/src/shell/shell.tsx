import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { FlaskConical, Search, TriangleAlert } from 'lucide-react'
import { useMemo, useState, type ReactNode } from 'react'
import { isPassing } from '../api/problem.ts'
import { systemQuery, type Session } from '../api/queries.ts'
import { signOut } from '../api/sign-in.ts'
import { Badge } from '../design/badge.tsx'
import { Keys } from '../design/keys.tsx'
import { Tip } from '../design/tip.tsx'
import { CommandPalette } from './command-palette.tsx'
import type { Destination } from './destinations.ts'
import { Mark } from './mark.tsx'
import { FootNavigation, SideNavigation } from './navigation.tsx'
import { ShortcutSheet } from './shortcut-sheet.tsx'
import { useShortcuts } from './shortcuts.ts'
import { UserMenu } from './user-menu.tsx'

/** The frame of every page: navigation at the left, or at the foot of a phone. */
export function Shell({ session }: { readonly session: Session }): ReactNode {
  const [paletteOpen, setPaletteOpen] = useState(false)
  const [sheetOpen, setSheetOpen] = useState(false)
  const navigate = useNavigate()
  const cache = useQueryClient()
  const actions = useMemo(() => ({
    openPalette: () => setPaletteOpen(true),
    openSheet: () => setSheetOpen(true),
    goTo: (place: Destination) => void navigate({ to: place.to }),
    leave: () => void signOut().catch(() => null).finally(() => { cache.clear(); location.assign('/') }),
  }), [navigate, cache])
  useShortcuts(actions)
  return (
    <div className="flex h-dvh flex-col md:flex-row print:block print:h-auto">
      <a href="#content" className="absolute -top-12 left-3 z-50 rounded-md bg-solid px-3 py-2 text-sm text-on-solid focus:top-3">Skip to content</a>
      <Sidebar session={session} onPalette={actions.openPalette} onSignOut={actions.leave} />
      <TopBar session={session} onPalette={actions.openPalette} onSignOut={actions.leave} />
      <main id="content" tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col overflow-y-auto focus-visible:outline-none print:overflow-visible">
        <EngineNotice />
        <Outlet />
      </main>
      <FootNavigation />
      <CommandPalette open={paletteOpen} onOpenChange={setPaletteOpen} onSheet={actions.openSheet} onSignOut={actions.leave} />
      <ShortcutSheet open={sheetOpen} onOpenChange={setSheetOpen} />
    </div>
  )
}

interface FrameProps { readonly session: Session; readonly onPalette: () => void; readonly onSignOut: () => void }

function Sidebar({ session, onPalette, onSignOut }: FrameProps): ReactNode {
  return (
    <aside className="hidden w-56 shrink-0 flex-col gap-5 border-r border-line px-3 py-4 md:flex print:hidden">
      <div className="flex items-center gap-2.5 px-1.5">
        <Mark className="size-7" />
        <div className="min-w-0">
          <p className="truncate text-sm leading-4 font-semibold">{session.organisation.name}</p>
          <p className="label-quiet">Tollgate</p>
        </div>
      </div>
      <button type="button" onClick={onPalette} className="flex h-8 items-center gap-2 rounded-md border border-line bg-surface px-2.5 text-sm text-ink-3 hover:border-line-strong">
        <Search aria-hidden className="size-3.5" /><span className="flex-1 text-left">Search</span><Keys keys="⌘ K" />
      </button>
      <SideNavigation />
      <div className="flex flex-col gap-2">
        <div className="px-1.5"><Environment /></div>
        <UserMenu name={session.user.name} email={session.user.email} onSignOut={onSignOut} />
      </div>
    </aside>
  )
}

function TopBar({ session, onPalette, onSignOut }: FrameProps): ReactNode {
  return (
    <header className="flex h-14 shrink-0 items-center gap-2.5 border-b border-line bg-surface px-4 md:hidden print:hidden">
      <Mark />
      <p className="min-w-0 truncate text-sm font-semibold">{session.organisation.name}</p>
      <Environment />
      <span className="flex-1" />
      <button type="button" aria-label="Search" onClick={onPalette} className="inline-flex size-9 items-center justify-center rounded-md text-ink-2"><Search aria-hidden className="size-4.5" /></button>
      <span className="shrink-0"><UserMenu name={session.user.name} email={session.user.email} onSignOut={onSignOut} compact /></span>
    </header>
  )
}

/** Says on every page whether the figures are real. */
function Environment(): ReactNode {
  const system = useQuery(systemQuery)
  if (system.data === undefined) return null
  if (!system.data.demo) return <Tip text={`Gateway at ${system.data.gatewayUrl}`}><span tabIndex={0}><Badge tone="good"><span aria-hidden className="size-1.5 rounded-full bg-current" />Live</Badge></span></Tip>
  return (
    <Tip text="All figures are made up: a simulated provider and a sample company. Open this to connect a real one.">
      <Link to="/get-started" className="rounded"><Badge tone="warn" icon={FlaskConical}>Demo data</Badge></Link>
    </Tip>
  )
}

/** Shown while the server cannot answer; pages below keep their last figures. */
function EngineNotice(): ReactNode {
  const system = useQuery(systemQuery)
  // The reason of a failed attempt shows before all attempts are used up.
  if (!isPassing(system.failureReason)) return null
  return (
    <div role="status" className="flex items-center gap-2.5 border-b border-line bg-warn-soft px-4 py-2 text-sm text-warn md:px-8">
      <TriangleAlert aria-hidden className="size-4 shrink-0" />
      <span>The server or its database engine is restarting. Figures here are the last ones received; the gateway goes on serving and recording.</span>
    </div>
  )
}
