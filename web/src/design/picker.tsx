import { Check, ChevronDown, X } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { classNames } from './class-names.ts'

export interface PickerOption { readonly value: string; readonly label: string; readonly note?: string }

/** A filter chip: pick one value from a searchable list, or clear it. */
export function Picker({ label, value, options, onChange, clearable = true }: {
  readonly label: string
  readonly value: string | undefined
  readonly options: readonly PickerOption[]
  readonly onChange: (value: string | undefined) => void
  /** False where some value always applies. */
  readonly clearable?: boolean
}): ReactNode {
  const [open, setOpen] = useState(false)
  const chosen = value === undefined ? undefined : (options.find((option) => option.value === value)?.label ?? (value === '' || value === '~' ? 'none' : value))
  const choose = (next: string | undefined): void => { onChange(next); setOpen(false) }
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <span className={classNames('inline-flex h-7 shrink-0 items-center rounded-md border text-xs font-medium', chosen === undefined ? 'border-line-strong border-dashed text-ink-2' : clearable ? 'border-transparent bg-selected text-ink' : 'border-line-strong bg-surface text-ink')}>
        <Popover.Trigger className="inline-flex h-full items-center gap-1.5 rounded-md px-2 whitespace-nowrap hover:text-ink">
          {chosen === undefined ? label : clearable ? <><span className="text-ink-2">{label}</span> {chosen}</> : chosen}
          {(chosen === undefined || !clearable) && <ChevronDown aria-hidden className="size-3 text-ink-3" />}
        </Popover.Trigger>
        {chosen !== undefined && clearable && (
          <button type="button" aria-label={`Clear ${label}`} onClick={() => choose(undefined)} className="mr-0.5 inline-flex size-5 items-center justify-center rounded text-ink-2 hover:text-ink">
            <X aria-hidden className="size-3" />
          </button>
        )}
      </span>
      <Popover.Portal>
        <Popover.Content aria-label={label} align="start" sideOffset={4} collisionPadding={12} className="animate-rise z-50 w-64 overflow-hidden rounded-lg border border-line bg-raised shadow-float">
          <OptionList label={label} options={options} value={value} onChoose={choose} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

function OptionList({ label, options, value, onChoose }: {
  readonly label: string
  readonly options: readonly PickerOption[]
  readonly value: string | undefined
  readonly onChoose: (value: string) => void
}): ReactNode {
  const [query, setQuery] = useState('')
  const [active, setActive] = useState(0)
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const shown = useMemo(() => options.filter((option) => option.label.toLowerCase().includes(query.toLowerCase())), [options, query])
  const move = (to: number): void => {
    const next = Math.max(0, Math.min(shown.length - 1, to))
    setActive(next)
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') { event.preventDefault(); move(active + 1) }
    if (event.key === 'ArrowUp') { event.preventDefault(); move(active - 1) }
    const option = shown[active]
    if (event.key === 'Enter' && option !== undefined) { event.preventDefault(); onChoose(option.value) }
  }
  return (
    <>
      <input
        role="combobox" aria-expanded aria-controls={id} aria-label={`Find ${label}`} aria-activedescendant={shown[active] && `${id}-${active}`}
        placeholder={`Find ${label.toLowerCase()}…`} value={query} onKeyDown={onKeyDown}
        onChange={(event) => { setQuery(event.target.value); setActive(0) }}
        className="h-9 w-full border-b border-line bg-transparent px-3 text-sm focus-visible:outline-none"
      />
      <div ref={list} id={id} role="listbox" aria-label={label} tabIndex={-1} className="max-h-64 overflow-y-auto p-1">
        {shown.map((option, index) => (
          <div
            key={option.value} id={`${id}-${index}`} role="option" aria-selected={option.value === value} tabIndex={-1}
            onClick={() => onChoose(option.value)} onKeyDown={onKeyDown} onMouseMove={() => setActive(index)}
            className={classNames('flex cursor-pointer items-center gap-2 rounded px-2 py-1.5 text-sm', index === active && 'bg-selected')}
          >
            <Check aria-hidden className={classNames('size-3.5 shrink-0', option.value !== value && 'invisible')} />
            <span className="min-w-0 flex-1 truncate">{option.label}</span>
            {option.note !== undefined && <span className="label-quiet">{option.note}</span>}
          </div>
        ))}
        {shown.length === 0 && <p className="px-3 py-4 text-center text-sm text-ink-3">Nothing of this name.</p>}
      </div>
    </>
  )
}
