import { ChevronDown, X } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { SearchList, type PickerOption } from './search-list.tsx'

export type { PickerOption } from './search-list.tsx'

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
          <SearchList label={label} options={options} chosen={new Set(value === undefined ? [] : [value])} onChoose={choose} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
