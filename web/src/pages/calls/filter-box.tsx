import { ListFilter } from 'lucide-react'
import { useId, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react'
import { classNames } from '../../design/class-names.ts'
import { Keys } from '../../design/keys.tsx'
import type { CallSearch } from './call-search.ts'

export interface Suggestion { readonly field: keyof CallSearch; readonly value: string; readonly label: string }
const shownMax = 8
const eventId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** One box for all filters: type a name, a word such as "refused", or paste an event id. */
export function FilterBox({ suggestions, onPick, onEvent }: { readonly suggestions: readonly Suggestion[]; readonly onPick: (suggestion: Suggestion) => void; readonly onEvent: (eventId: string) => void }): ReactNode {
  const [text, setText] = useState('')
  const [active, setActive] = useState(0)
  const [open, setOpen] = useState(false)
  const id = useId()
  const shown = useMemo(() => matching(suggestions, text), [suggestions, text])
  const pick = (suggestion: Suggestion): void => { onPick(suggestion); setText(''); setActive(0) }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === 'ArrowDown') { event.preventDefault(); setActive(Math.min(shown.length - 1, active + 1)) }
    if (event.key === 'ArrowUp') { event.preventDefault(); setActive(Math.max(0, active - 1)) }
    if (event.key === 'Escape') { setText(''); event.currentTarget.blur() }
    if (event.key !== 'Enter') return
    event.preventDefault()
    if (eventId.test(text.trim())) { onEvent(text.trim()); setText('') } else if (shown[active] !== undefined) pick(shown[active])
  }
  const expanded = open && text.trim() !== ''
  return (
    <div className="relative min-w-0 flex-1">
      <ListFilter aria-hidden className="absolute top-2 left-2.5 size-4 text-ink-3" />
      <input
        data-filter role="combobox" aria-label="Filter calls" aria-expanded={expanded} aria-controls={id} aria-activedescendant={expanded && shown[active] ? `${id}-${active}` : undefined}
        placeholder="Filter calls…" value={text} autoComplete="off" onKeyDown={onKeyDown}
        onFocus={() => setOpen(true)} onBlur={() => setOpen(false)} onChange={(event) => { setText(event.target.value); setActive(0) }}
        className="h-8 w-full rounded-md border border-line-strong bg-surface pr-9 pl-8.5 text-sm"
      />
      <span className="absolute top-1.5 right-2 hidden md:block"><Keys keys="/" /></span>
      <div id={id} role="listbox" aria-label="Filters" hidden={!expanded} className="absolute inset-x-0 top-9 z-20 max-w-md rounded-lg border border-line bg-raised p-1 shadow-float">
        {shown.map((suggestion, index) => (
          <div
            key={`${suggestion.field} ${suggestion.value}`} id={`${id}-${index}`} role="option" aria-selected={index === active} tabIndex={-1}
            onMouseDown={(event) => { event.preventDefault(); pick(suggestion) }} onMouseMove={() => setActive(index)}
            className={classNames('flex h-8 cursor-pointer items-center gap-2.5 rounded px-2.5 text-sm', index === active && 'bg-selected')}
          >
            <span className="w-16 text-xs text-ink-3">{suggestion.field}</span><span className="truncate">{suggestion.label}</span>
          </div>
        ))}
        {shown.length === 0 && <p className="px-2.5 py-2 text-sm text-ink-3">{eventId.test(text.trim()) ? 'Enter opens this call.' : 'Nothing of this name.'}</p>}
      </div>
    </div>
  )
}

function matching(suggestions: readonly Suggestion[], text: string): readonly Suggestion[] {
  const words = text.toLowerCase().split(/[\s:=]+/).filter(Boolean)
  if (words.length === 0) return []
  return suggestions.filter((suggestion) => words.every((word) => `${suggestion.field} ${suggestion.label}`.toLowerCase().includes(word))).slice(0, shownMax)
}
