import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState, type FormEvent, type ReactNode } from 'react'
import { fieldErrors } from '../../api/problem.ts'
import { Button } from '../../design/button.tsx'
import { FormError, SelectField, TextField } from '../../design/field.tsx'
import { Drawer } from '../../design/overlay.tsx'
import { formatMoney } from '../../format/money.ts'
import { DrawerSection } from '../calls/drawer-section.tsx'
import { splitName } from './models-search.ts'
import { createOverride, pricesQuery, unpricedCallsQuery, type Component, type UsedModel } from './model-queries.ts'
import { emptyPriceDraft, overridesOf, priceErrors, type PriceDraft } from './price-draft.ts'
import { componentName, components, perName, priceLines, rateOf, unitOfComponent, type PriceLine } from './price-table.ts'

interface PriceFormProps {
  readonly name: string | undefined
  readonly open: boolean
  readonly used: readonly UsedModel[]
  readonly onDone: () => void
}

/** A contract price of the organisation, for one model, from now or later. */
export function PriceForm({ name, open, used, onDone }: PriceFormProps): ReactNode {
  const id = name === undefined ? null : splitName(name)
  const use = id === null ? undefined : used.find((model) => model.provider === id.provider && (model.model === id.model || model.names.includes(id.model)))
  // A known model is priced under its own name; an unknown one under the name it is called by.
  const priced = id === null ? null : { provider: id.provider, model: use?.known === true ? use.model : id.model }
  return (
    <Drawer open={open && priced !== null} onOpenChange={(next) => { if (!next) onDone() }} title="Contract price">
      {open && priced !== null && <Fields id={priced} names={use?.names ?? []} onDone={onDone} />}
    </Drawer>
  )
}

const usual: readonly Component[] = ['input_text', 'cache_read', 'output_text']

/** What the form offers: what has a price, and what recent calls used without one. */
function useComponents(id: { readonly provider: string; readonly model: string }, names: readonly string[]): { readonly lines: readonly PriceLine[]; readonly offered: readonly Component[] } {
  const prices = useQuery(pricesQuery(id.provider, id.model))
  const calls = useQuery(unpricedCallsQuery(names[0] ?? id.model))
  const lines = useMemo(() => priceLines(prices.data?.rows ?? [], Date.now()).filter((line) => Object.keys(line.conditions).length === 0), [prices.data])
  const offered = useMemo(() => {
    const seen = (calls.data?.rows ?? []).flatMap((record) => components.filter((component) => component !== 'request' && (record.usage[component] ?? 0) > 0))
    const priced = lines.map((line) => line.component)
    return [...new Set([...priced, ...seen, ...(priced.length + seen.length === 0 ? usual : [])])].toSorted((a, b) => components.indexOf(a) - components.indexOf(b))
  }, [lines, calls.data])
  return { lines, offered }
}

function Fields({ id, names, onDone }: { readonly id: { readonly provider: string; readonly model: string }; readonly names: readonly string[]; readonly onDone: () => void }): ReactNode {
  const cache = useQueryClient()
  const [draft, setDraft] = useState<PriceDraft>(emptyPriceDraft)
  const [added, setAdded] = useState<readonly Component[]>([])
  const [tried, setTried] = useState(false)
  const { lines, offered } = useComponents(id, names)
  const unitOf = (component: Component): string => lines.find((line) => line.component === component)?.unit ?? unitOfComponent(component)
  const shown = [...new Set([...offered, ...added])]
  const change = (part: Partial<PriceDraft>): void => setDraft((before) => ({ ...before, ...part }))
  const own = priceErrors(draft, Date.now())
  const saving = useMutation({
    mutationFn: async () => {
      // One after the other: each is a price of its own, and what was saved before a failure must not be sent twice.
      for (const body of overridesOf(draft, id, unitOf)) {
        await createOverride(body)
        setDraft((before) => ({ ...before, amounts: { ...before.amounts, [body.component]: '' } }))
      }
    },
    onSuccess: onDone,
    onSettled: () => cache.invalidateQueries({ queryKey: ['models'] }),
  })
  const errors = { ...fieldErrors(saving.error), ...(tried ? own : {}) }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (Object.keys(own).length === 0) saving.mutate()
    else requestAnimationFrame(() => document.querySelector<HTMLElement>('[role=dialog] [aria-invalid=true]')?.focus())
  }
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-3 p-3 sm:p-4">
      <section aria-label="Model" className="px-1 pt-1"><h2 className="text-xl font-semibold tracking-[-0.015em] break-words">{id.model}</h2><p className="label-quiet mt-0.5">{id.provider} · what you pay, instead of the list price</p></section>
      <DrawerSection title="Prices">
        <div className="grid grid-cols-1 gap-x-4 gap-y-3.5 sm:grid-cols-2">
          {shown.map((component) => <AmountField key={component} component={component} unit={unitOf(component)} line={lines.find((line) => line.component === component)} value={draft.amounts[component] ?? ''} currency={draft.currency} error={errors[component] ?? (errors['amounts'] !== undefined && component === shown[0] ? errors['amounts'] : undefined)} onChange={(value) => change({ amounts: { ...draft.amounts, [component]: value } })} />)}
        </div>
        <div className="mt-4 grid grid-cols-1 gap-x-4 gap-y-3.5 sm:grid-cols-2">
          <SelectField label="Another thing that is counted" value="" options={[{ value: '', label: 'Add…' }, ...components.filter((component) => !shown.includes(component)).map((component) => ({ value: component, label: `${componentName(component)}, per ${perName(unitOf(component))}` }))]} onChange={(event) => { if (event.target.value !== '') setAdded((before) => [...before, event.target.value as Component]) }} />
          <TextField label="Currency" maxLength={3} value={draft.currency} error={errors['currency']} hint="A model is priced in one currency at a time." onChange={(event) => change({ currency: event.target.value.toUpperCase() })} />
        </div>
        <p className="label-quiet mt-3">Leave a field empty to keep what applies now. “0” says it is free; empty says nothing.</p>
      </DrawerSection>
      <DrawerSection title="When">
        <div className="grid grid-cols-1 gap-x-4 gap-y-3.5 sm:grid-cols-2">
          <TextField label="From" type="datetime-local" value={draft.from} error={errors['validFrom']} hint="Empty = now. Calls that were made keep what they cost." onChange={(event) => change({ from: event.target.value })} />
          <TextField label="Until" type="datetime-local" value={draft.to} error={errors['validTo']} hint="Empty = until you end it, or another begins." onChange={(event) => change({ to: event.target.value })} />
        </div>
      </DrawerSection>
      <DrawerSection title="Where the figure comes from"><TextField label="Reason" value={draft.reason} maxLength={300} placeholder="Enterprise agreement 2026-114, annex B" error={errors['reason']} hint="Kept in the audit trail and shown beside the price." onChange={(event) => change({ reason: event.target.value })} /></DrawerSection>
      <div className="sticky bottom-0 -mx-3 -mb-3 flex flex-col gap-2 border-t border-line bg-surface px-4 py-3 sm:-mx-4 sm:-mb-4">
        {saving.error !== null && <FormError error={saving.error} />}
        <div className="flex justify-end gap-2"><Button onClick={onDone}>Cancel</Button><Button type="submit" variant="solid" disabled={saving.isPending}>{saving.isPending ? 'Saving…' : 'Save prices'}</Button></div>
      </div>
    </form>
  )
}

function AmountField({ component, unit, line, value, currency, error, onChange }: { readonly component: Component; readonly unit: string; readonly line: PriceLine | undefined; readonly value: string; readonly currency: string; readonly error: string | undefined; readonly onChange: (value: string) => void }): ReactNode {
  const { list, contract } = line ?? { list: null, contract: null }
  const now = [list === null ? '' : `List ${formatMoney(rateOf(list), list.currency)}`, contract === null ? '' : `contract now ${formatMoney(rateOf(contract), contract.currency)}`].filter((text) => text !== '').join(', ')
  const name = componentName(component)
  return <TextField label={`${name.charAt(0).toUpperCase()}${name.slice(1)}, ${currency || 'USD'} per ${perName(unit)}`} inputMode="decimal" autoComplete="off" value={value} error={error} hint={now === '' ? 'No price now.' : `${now}.`} onChange={(event) => onChange(event.target.value)} />
}
