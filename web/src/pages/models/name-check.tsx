import { useQuery } from '@tanstack/react-query'
import { ArrowRight } from 'lucide-react'
import { useState, type FormEvent, type ReactNode } from 'react'
import { Button } from '../../design/button.tsx'
import { TextField } from '../../design/field.tsx'
import { Panel } from '../../design/panel.tsx'
import { Rate } from './model-cells.tsx'
import { resolveQuery } from './model-queries.ts'

/** What a name would be priced as: callers send aliases, snapshots and regional names. */
export function NameCheck({ onOpen }: { readonly onOpen: (id: { readonly provider: string; readonly model: string }) => void }): ReactNode {
  const [asked, setAsked] = useState<{ readonly provider: string; readonly model: string } | null>(null)
  const answer = useQuery({ ...resolveQuery(asked?.provider ?? '', asked?.model ?? ''), enabled: asked !== null })
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const [provider, model] = [String(form.get('provider')).trim(), String(form.get('name')).trim()]
    if (provider !== '' && model !== '') setAsked({ provider, model })
  }
  const standard = (answer.data?.entries ?? []).filter((entry) => Object.keys(entry.conditions).length === 0)
  return (
    <Panel title="What does a name cost?" note="As the gateway would price a call of it now" className="mt-5">
      <form onSubmit={submit} className="grid grid-cols-1 items-end gap-3 sm:grid-cols-[10rem_minmax(12rem,24rem)_auto]">
        <TextField label="Provider" name="provider" defaultValue="openai" autoComplete="off" />
        <TextField label="Model as callers send it" name="name" placeholder="gpt-4o-2024-08-06" autoComplete="off" mono />
        <Button type="submit" className="h-9 justify-self-start">Look it up</Button>
      </form>
      <div aria-live="polite" className="mt-3 text-sm empty:hidden">
        {asked !== null && answer.error !== null && <p className="text-bad">{answer.error.message}</p>}
        {asked !== null && answer.data !== undefined && (answer.data.model === null
          ? <p className="text-warn"><code className="font-mono text-xs">{answer.data.name}</code> stands for nothing in the price book. Its calls would be unpriced: a sibling’s price would be a guess, and guesses are not booked.</p>
          : (
            <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <code className="font-mono text-xs">{answer.data.name}</code><ArrowRight aria-hidden className="size-3.5 text-ink-3" />
              <button type="button" onClick={() => onOpen({ provider: answer.data.provider, model: answer.data.model ?? '' })} className="rounded font-medium text-accent hover:underline">{answer.data.provider}/{answer.data.model}</button>
              {(['input_text', 'output_text'] as const).map((component) => {
                const rate = standard.find((entry) => entry.component === component && entry.book === 'contract') ?? standard.find((entry) => entry.component === component)
                return rate && <span key={component} className="text-ink-2"><Rate rate={rate} /> per 1M {component === 'input_text' ? 'input' : 'output'}</span>
              })}
            </p>
          ))}
      </div>
    </Panel>
  )
}
