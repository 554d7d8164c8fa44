/*
 * SearchList: a short list to pick from, found by typing. The body of every picker.
 *
 *   <SearchList label="Team" options={[{ value, label, note? }]} chosen={new Set(['search'])} onChoose={(value) => …} />
 *
 * multiple  rows have boxes and stay open; the caller keeps the set · onOther  takes text that is in no row (Enter or click)
 * takesFocus  where it follows another list in the same popover
 */
import { Check, Plus } from 'lucide-react'
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { classNames } from './class-names.ts'

export interface PickerOption { readonly value: string; readonly label: string; readonly note?: string }

interface SearchListProps {
  readonly label: string
  readonly options: readonly PickerOption[]
  readonly chosen: ReadonlySet<string>
  readonly onChoose: (value: string) => void
  readonly multiple?: boolean
  readonly onOther?: (text: string) => void
  readonly loading?: boolean
  /** Takes the focus when it appears in place of another list. */
  readonly takesFocus?: boolean
}

export function SearchList({ label, options, chosen, onChoose, multiple = false, onOther, loading = false, takesFocus = false }: SearchListProps): ReactNode {
  const [query, setQuery] = useState('')
  const [active, setActive] = useState(0)
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => { if (takesFocus) input.current?.focus() }, [takesFocus])
  const found = useMemo(() => options.filter((option) => option.label.toLowerCase().includes(query.trim().toLowerCase())), [options, query])
  const other = onOther !== undefined && query.trim() !== '' && !found.some((option) => option.value === query.trim()) ? query.trim() : null
  const count = found.length + (other === null ? 0 : 1)
  const move = (to: number): void => {
    const next = Math.max(0, Math.min(count - 1, to))
    setActive(next)
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' })
  }
  const choose = (index: number): void => {
    const option = found[index]
    if (option !== undefined) onChoose(option.value)
    else if (other !== null) { onOther?.(other); setQuery('') }
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') { event.preventDefault(); move(active + 1) }
    if (event.key === 'ArrowUp') { event.preventDefault(); move(active - 1) }
    if (event.key === 'Enter' && count > 0) { event.preventDefault(); choose(active) }
  }
  return (
    <>
      <input
        ref={input} role="combobox" aria-expanded aria-controls={id} aria-label={`Find ${label}`} aria-activedescendant={count > 0 ? `${id}-${active}` : undefined}
        placeholder={`Find ${label.toLowerCase()}…`} value={query} onKeyDown={onKeyDown} autoComplete="off"
        onChange={(event) => { setQuery(event.target.value); setActive(0) }}
        className="h-9 w-full border-b border-line bg-transparent px-3 text-sm focus-visible:outline-none"
      />
      <div ref={list} id={id} role="listbox" aria-label={label} aria-multiselectable={multiple} aria-busy={loading} tabIndex={-1} className="max-h-64 overflow-y-auto p-1">
        {found.map((option, index) => (
          <div
            key={option.value} id={`${id}-${index}`} role="option" aria-selected={chosen.has(option.value)} tabIndex={-1}
            onClick={() => onChoose(option.value)} onKeyDown={onKeyDown} onMouseMove={() => setActive(index)}
            className={classNames('flex cursor-pointer items-center gap-2 rounded px-2 py-1.5 text-sm', index === active && 'bg-selected')}
          >
            {multiple
              ? <span aria-hidden className={classNames('inline-flex size-4 shrink-0 items-center justify-center rounded border', chosen.has(option.value) ? 'border-accent bg-accent text-surface' : 'border-line-strong')}>{chosen.has(option.value) && <Check className="size-3" strokeWidth={3} />}</span>
              : <Check aria-hidden className={classNames('size-3.5 shrink-0', !chosen.has(option.value) && 'invisible')} />}
            <span className="min-w-0 flex-1 truncate">{option.label}</span>
            {option.note !== undefined && <span className="label-quiet">{option.note}</span>}
          </div>
        ))}
        {other !== null && (
          <div id={`${id}-${found.length}`} role="option" aria-selected={false} tabIndex={-1} onClick={() => choose(found.length)} onKeyDown={onKeyDown} onMouseMove={() => setActive(found.length)} className={classNames('flex cursor-pointer items-center gap-2 rounded px-2 py-1.5 text-sm', active === found.length && 'bg-selected')}>
            <Plus aria-hidden className="size-4 shrink-0 text-ink-3" /><span className="min-w-0 truncate">“{other}”</span>
          </div>
        )}
      </div>
      {count === 0 && <p role="status" className="px-3 py-4 text-center text-sm text-ink-3">{loading ? 'Looking…' : 'Nothing of this name.'}</p>}
    </>
  )
}
