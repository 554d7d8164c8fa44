/*
 * RangePicker: the range a page is about, as a chip with presets and two days of the reader's own.
 *
 *   <RangePicker value={choice} nowMs={now} onChange={setChoice} />
 *
 * value, onChange  a RangeChoice (format/range.ts); `spanOf(choice, now)` gives its instants, `readRange` reads an address
 */
import { Check, ChevronDown } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useState, type FormEvent, type ReactNode } from 'react'
import { dayText, presetNames, rangePresets, readRange, spanOf, type RangeChoice, type RangePreset } from '../format/range.ts'
import { formatDay } from '../format/time.ts'
import { Button } from './button.tsx'
import { classNames } from './class-names.ts'
import { TextField } from './field.tsx'

const isPreset = (choice: RangeChoice): choice is RangePreset => choice in presetNames

/** "Last 30 days", or "1 Oct – 31 Oct". */
export function rangeName(choice: RangeChoice, nowMs: number): string {
  if (isPreset(choice)) return presetNames[choice]
  const { fromMs, toMs } = spanOf(choice, nowMs)
  const [first, last] = [formatDay(fromMs), formatDay(toMs - 1)]
  return first === last ? first : `${first} – ${last}`
}

export function RangePicker({ value, nowMs, onChange }: { readonly value: RangeChoice; readonly nowMs: number; readonly onChange: (choice: RangeChoice) => void }): ReactNode {
  const [open, setOpen] = useState(false)
  const choose = (choice: RangeChoice): void => { onChange(choice); setOpen(false) }
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger aria-label={`Range: ${rangeName(value, nowMs)}`} className="inline-flex h-7 shrink-0 items-center gap-1.5 rounded-md border border-line-strong bg-surface px-2 text-xs font-medium whitespace-nowrap hover:bg-hover">
        {rangeName(value, nowMs)}<ChevronDown aria-hidden className="size-3 text-ink-3" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content aria-label="Range" align="start" sideOffset={4} collisionPadding={12} className="animate-rise z-50 w-64 rounded-lg border border-line bg-raised p-1 shadow-float">
          {rangePresets.map((preset) => (
            <button key={preset} type="button" aria-pressed={preset === value} onClick={() => choose(preset)} className="flex h-8 w-full items-center gap-2 rounded px-2 text-left text-sm hover:bg-hover">
              <Check aria-hidden className={classNames('size-3.5', preset !== value && 'invisible')} />{presetNames[preset]}
            </button>
          ))}
          <OwnDays value={value} nowMs={nowMs} onChoose={choose} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

function OwnDays({ value, nowMs, onChoose }: { readonly value: RangeChoice; readonly nowMs: number; readonly onChoose: (choice: RangeChoice) => void }): ReactNode {
  const [error, setError] = useState<string>()
  const { fromMs, toMs } = spanOf(value, nowMs)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const choice = readRange(`${String(form.get('first'))}..${String(form.get('last'))}`)
    if (choice === null) setError('The last day lies before the first.')
    else onChoose(choice)
  }
  return (
    <form onSubmit={submit} className="mt-1 flex flex-col gap-2.5 border-t border-line p-2 pt-3">
      <TextField label="First day" name="first" type="date" required defaultValue={dayText(fromMs)} error={error} />
      <TextField label="Last day" name="last" type="date" required defaultValue={dayText(toMs - 1)} />
      <Button type="submit" size="sm" className="self-end">Apply</Button>
    </form>
  )
}
