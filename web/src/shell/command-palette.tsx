import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ChartNoAxesCombined, CornerDownLeft, Keyboard, LogOut, Moon, Search, Sun, SunMoon, Tags, type LucideIcon } from 'lucide-react'
import { Dialog } from 'radix-ui'
import { useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { costQuery, nodesQuery } from '../api/queries.ts'
import { classNames } from '../design/class-names.ts'
import { Keys } from '../design/keys.tsx'
import { useReturnFocus } from '../design/use-return-focus.ts'
import type { ExploreSearch } from '../pages/explore/explore-search.ts'
import { destinations } from './destinations.ts'
import { setTheme } from './theme.ts'

interface Command {
  readonly name: string
  /** Where two may share a name. */
  readonly id?: string
  readonly group: string
  readonly icon: LucideIcon
  readonly keys?: string
  readonly run: () => void
}
const eventId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

interface PaletteProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly onSheet: () => void
  readonly onSignOut: () => void
}

/** Everything the console can do, by name; an event id pasted here opens that call. */
export function CommandPalette({ open, onOpenChange, onSheet, onSignOut }: PaletteProps): ReactNode {
  const focus = useReturnFocus()
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="animate-fade fixed inset-0 z-50 bg-overlay" />
        <Dialog.Content aria-describedby={undefined} {...focus} className="animate-rise fixed top-[14vh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-xl border border-line bg-raised shadow-float">
          <Dialog.Title className="sr-only">Command palette</Dialog.Title>
          <CommandList onDone={() => onOpenChange(false)} onSheet={onSheet} onSignOut={onSignOut} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function useCommands(query: string, onSheet: () => void, onSignOut: () => void): readonly Command[] {
  const navigate = useNavigate()
  const names = useNameCommands()
  return useMemo(() => {
    const text = query.trim()
    if (eventId.test(text)) return [{ name: `Open call ${text}`, group: 'Calls', icon: Search, run: () => void navigate({ to: '/calls', search: { event: text } }) }]
    const all: Command[] = [
      ...destinations.map((place) => ({ name: place.label, group: 'Go to', icon: place.icon, keys: `g ${place.letter}`, run: () => void navigate({ to: place.to }) })),
      { name: 'Calls without a price', group: 'Look at', icon: Search, run: () => void navigate({ to: '/calls', search: { pricing: 'incomplete' } }) },
      { name: 'Calls with uncertain cost', group: 'Look at', icon: Search, run: () => void navigate({ to: '/calls', search: { quality: 'uncertain' } }) },
      { name: 'Refused calls', group: 'Look at', icon: Search, run: () => void navigate({ to: '/calls', search: { status: 'refused' } }) },
      { name: 'Light theme', group: 'Theme', icon: Sun, run: () => setTheme('light') },
      { name: 'Dark theme', group: 'Theme', icon: Moon, run: () => setTheme('dark') },
      { name: 'Theme of the system', group: 'Theme', icon: SunMoon, run: () => setTheme('system') },
      { name: 'Keyboard shortcuts', group: 'Help', icon: Keyboard, keys: '?', run: onSheet },
      { name: 'Sign out', group: 'Session', icon: LogOut, run: onSignOut },
    ]
    const words = text.toLowerCase().split(/\s+/)
    const found = (command: Command): boolean => words.every((word) => `${command.group} ${command.name}`.toLowerCase().includes(word))
    // Names come once something is typed: nobody reads a list of all apps.
    return [...all, ...(text === '' ? [] : names)].filter(found).slice(0, shownMax)
  }, [query, names, navigate, onSheet, onSignOut])
}

const shownMax = 60
const nodeWords = { unit: 'Business unit', team: 'Team', app: 'App' } as const

/** Units, teams, apps and models by name; each opens Explore narrowed to it. */
function useNameCommands(): readonly Command[] {
  const navigate = useNavigate()
  const nodes = useQuery(nodesQuery)
  const toMs = Math.ceil(Date.now() / hourMs) * hourMs
  const models = useQuery({ ...costQuery({ measures: ['cost'], groupBy: ['model'], fromMs: toMs - 30 * 24 * hourMs, toMs, rowsMax: 200 }), staleTime: hourMs })
  return useMemo(() => {
    const explore = (search: ExploreSearch) => () => void navigate({ to: '/explore', search })
    return [
      ...(nodes.data?.rows ?? []).flatMap((node): Command[] => (node.kind === 'org' ? [] : [{ name: node.name, id: node.id, group: nodeWords[node.kind], icon: ChartNoAxesCombined, run: explore({ [node.kind]: node.id, by: insideOf[node.kind] }) }])),
      ...(models.data?.rows ?? []).flatMap((row): Command[] => { const id = row.group.model?.id ?? ''; return id === '' ? [] : [{ name: id, group: 'Model', icon: Tags, run: explore({ model: id, by: 'team' }) }] }),
    ]
  }, [nodes.data, models.data, navigate])
}
const hourMs = 3_600_000
const insideOf = { unit: 'team', team: 'app', app: 'workflow' } as const

function CommandList({ onDone, onSheet, onSignOut }: { readonly onDone: () => void; readonly onSheet: () => void; readonly onSignOut: () => void }): ReactNode {
  const [query, setQuery] = useState('')
  const [active, setActive] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const id = useId()
  const commands = useCommands(query, onSheet, onSignOut)
  const run = (command: Command): void => { onDone(); command.run() }
  const move = (to: number): void => {
    const next = (to + commands.length) % Math.max(1, commands.length)
    setActive(next)
    list.current?.querySelector(`#${CSS.escape(`${id}-${next}`)}`)?.scrollIntoView({ block: 'nearest' })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') { event.preventDefault(); move(active + 1) }
    if (event.key === 'ArrowUp') { event.preventDefault(); move(active - 1) }
    const command = commands[active]
    if (event.key === 'Enter' && command !== undefined) { event.preventDefault(); run(command) }
  }
  return (
    <>
      <div className="flex items-center gap-2.5 border-b border-line px-4">
        <Search aria-hidden className="size-4 shrink-0 text-ink-3" />
        <input
          role="combobox" aria-expanded aria-controls={id} aria-label="Command" aria-activedescendant={commands[active] && `${id}-${active}`}
          placeholder="A page, team, app or model, or an event id…" value={query} onKeyDown={onKeyDown}
          onChange={(event) => { setQuery(event.target.value); setActive(0) }}
          className="h-12 min-w-0 flex-1 bg-transparent text-base focus-visible:outline-none"
        />
        <Keys keys="Esc" />
      </div>
      <div ref={list} id={id} role="listbox" aria-label="Commands" className="max-h-[50vh] overflow-y-auto p-2">
        {commands.map((command, index) => (
          <div
            key={`${command.group} ${command.id ?? command.name}`} id={`${id}-${index}`} role="option" aria-selected={index === active} tabIndex={-1}
            onClick={() => run(command)} onKeyDown={onKeyDown} onMouseMove={() => setActive(index)}
            className={classNames('flex h-9 cursor-pointer items-center gap-3 rounded-md px-2.5 text-sm', index === active && 'bg-selected')}
          >
            <command.icon aria-hidden className="size-4 shrink-0 text-ink-3" />
            <span className="min-w-0 flex-1 truncate">{command.name}</span>
            {command.keys !== undefined ? <Keys keys={command.keys} /> : index === active ? <CornerDownLeft aria-hidden className="size-3.5 text-ink-3" /> : <span className="label-quiet">{command.group}</span>}
          </div>
        ))}
        {commands.length === 0 && <p className="px-3 py-8 text-center text-sm text-ink-3">No command of this name.</p>}
      </div>
    </>
  )
}
