import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import type { BodyOf, KeyPolicy, OrgNode } from '../../../../src/api/contract/contract.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../design/button.tsx'
import { CheckField, FormError, FormFoot, SelectField, TextField } from '../../design/field.tsx'
import { dayText } from '../../format/range.ts'
import { Fold } from './fold.tsx'
import { pathName } from './node-form.tsx'
import { providersQuery, useWrite, type ApiKey, type KeyCreated } from './org-queries.ts'
import { attributionFields, readPolicy, writePolicy, type AttributionField, type PolicyErrors } from './policy-text.ts'

const openPolicy: KeyPolicy = { models: [], providers: [], required: [], pinned: {}, tags: null }
const tagRules = [{ value: 'all', label: 'All tags' }, { value: 'none', label: 'No tags' }, { value: 'only', label: 'Only these' }]

/** The end of the day that was picked, where the reader lives; null = never. */
function endOf(day: string): number | null {
  const [year, month, date] = day.split('-').map(Number)
  return year === undefined || month === undefined || date === undefined || day === '' ? null : new Date(year, month - 1, date + 1).getTime()
}

function typedPolicy(form: FormData): ReturnType<typeof readPolicy> {
  const text = (name: string): string => String(form.get(name) ?? '')
  return readPolicy({
    models: text('models'), providers: text('providers'), required: attributionFields.filter((field) => form.has(`required.${field}`)),
    pinned: text('pinned'), tagRule: text('tagRule') || 'all', tags: text('tags'),
  })
}

/** What the holder may do and say. Everything empty allows everything. */
function PolicyFields({ policy, errors }: { readonly policy: KeyPolicy; readonly errors: PolicyErrors }): ReactNode {
  const typed = writePolicy(policy)
  const [tagRule, setTagRule] = useState(typed.tagRule)
  const providers = useQuery(providersQuery).data?.rows.map((provider) => provider.name) ?? []
  return (
    <>
      <TextField label="Models" name="models" mono defaultValue={typed.models} error={errors.models} placeholder="gpt-4o*, claude-haiku-4-5" autoComplete="off" hint="Names or beginnings with a star, with commas. Empty allows all." />
      <TextField label="Providers" name="providers" mono defaultValue={typed.providers} autoComplete="off" placeholder={providers.slice(0, 2).join(', ')} hint={providers.length > 0 ? `Configured: ${providers.join(', ')}. Empty allows all.` : 'Empty allows all.'} />
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-1.5 text-sm font-medium">Each call must say its</legend>
        <div className="grid grid-cols-2 gap-2 sm:grid-cols-3">
          {attributionFields.map((field) => <CheckField key={field} label={field} name={`required.${field}`} defaultChecked={(typed.required as readonly AttributionField[]).includes(field)} />)}
        </div>
        <p className="label-quiet">A call without it is refused with <code className="font-mono">attribution_required</code>. Sent as <code className="font-mono">x-tollgate-…</code> or by the SDK's own fields.</p>
      </fieldset>
      <TextField label="Pinned" name="pinned" mono defaultValue={typed.pinned} error={errors.pinned} placeholder="workflow=checkout, tag:env=prod" autoComplete="off" hint="Booked so whatever the headers say: nobody can book onto another workflow." />
      <div className="grid grid-cols-[10rem_1fr] items-start gap-3">
        <SelectField label="Tags kept" name="tagRule" value={tagRule} onChange={(event) => setTagRule(event.target.value)} options={tagRules} />
        {tagRule === 'only' && <TextField label="Names" name="tags" mono defaultValue={typed.tags} error={errors.tags} placeholder="env, region" autoComplete="off" />}
      </div>
    </>
  )
}

const ExpiryField = ({ at, nowMs }: { readonly at: number | null; readonly nowMs: number }): ReactNode => (
  <TextField label="Ends after" name="ends" type="date" min={dayText(nowMs)} defaultValue={at === null ? '' : dayText(at - 1)} className="max-w-44" hint="Empty: it lasts until it is revoked." />
)

/** A new key. `apps` are those the reader may build in. */
export function NewKeyForm({ appId, apps, nodes, onCreated }: { readonly appId: string | null; readonly apps: readonly OrgNode[]; readonly nodes: readonly OrgNode[]; readonly onCreated: (key: KeyCreated) => void }): ReactNode {
  const [nowMs] = useState(() => Date.now())
  const [errors, setErrors] = useState<PolicyErrors>({})
  const create = useWrite((body: BodyOf<'createKey'>) => api.post<KeyCreated>('/api/v1/keys', body), ['keys', 'activity'])
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const typed = typedPolicy(form)
    setErrors(typed.errors)
    if (Object.keys(typed.errors).length > 0) return
    create.mutate({ appId: String(form.get('app')), name: String(form.get('name')), policy: typed.policy, expiresAt: endOf(String(form.get('ends') ?? '')) }, { onSuccess: onCreated })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4 p-4">
      <SelectField label="App" name="app" defaultValue={appId ?? apps[0]?.id} options={apps.map((app) => ({ value: app.id, label: pathName(nodes, app) }))} hint="The app decides who pays." />
      <TextField label="Name" name="name" required maxLength={120} autoComplete="off" placeholder="Production" hint="What it is for, for example where it runs." />
      <ExpiryField at={null} nowMs={nowMs} />
      <Fold title="What it may do" note="everything"><div className="flex flex-col gap-4"><PolicyFields policy={openPolicy} errors={errors} /></div></Fold>
      <FormError error={create.error} />
      <FormFoot><Button type="submit" variant="solid" disabled={create.isPending}>{create.isPending ? 'Creating…' : 'Create key'}</Button></FormFoot>
    </form>
  )
}

/** Name, end and policy of a key that is not revoked. */
export function KeyEdit({ apiKey, onSaved }: { readonly apiKey: ApiKey; readonly onSaved: () => void }): ReactNode {
  const [nowMs] = useState(() => Date.now())
  const [errors, setErrors] = useState<PolicyErrors>({})
  const save = useWrite((body: BodyOf<'updateKey'>) => api.patch<ApiKey>(`/api/v1/keys/${encodeURIComponent(apiKey.id)}`, body), ['keys'])
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const typed = typedPolicy(form)
    setErrors(typed.errors)
    if (Object.keys(typed.errors).length > 0) return
    const day = String(form.get('ends') ?? '')
    // An end that was not touched keeps its instant, whatever time of day it is.
    const unchanged = day === (apiKey.expiresAt === null ? '' : dayText(apiKey.expiresAt - 1))
    save.mutate({ name: String(form.get('name')), policy: typed.policy, ...(unchanged ? {} : { expiresAt: endOf(day) }) }, { onSuccess: onSaved })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <TextField label="Name" name="name" required maxLength={120} defaultValue={apiKey.name} autoComplete="off" />
      <ExpiryField at={apiKey.expiresAt} nowMs={nowMs} />
      <PolicyFields policy={apiKey.policy} errors={errors} />
      <FormError error={save.error} />
      <FormFoot><Button type="submit" disabled={save.isPending}>Save</Button></FormFoot>
    </form>
  )
}
