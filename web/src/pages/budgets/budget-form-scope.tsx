import { useQuery } from '@tanstack/react-query'
import { queryOptions } from '@tanstack/react-query'
import { useId, useMemo, type ReactNode } from 'react'
import type { ResponseOf } from '../../../../src/api/contract/contract.ts'
import { api, withSearch } from '../../api/client.ts'
import { costQuery, type Nodes } from '../../api/queries.ts'
import { SelectField, TextField } from '../../design/field.tsx'
import { classNames } from '../../design/class-names.ts'
import { DrawerSection } from '../calls/drawer-section.tsx'
import { narrowNames, perMax, type NarrowName } from './budget-draft.ts'
import type { DraftProps } from './budget-form.tsx'
import { dimensionNames, measureNames, perText, windowAdverbs, windowNames } from './budget-words.ts'

const kindNames = { org: 'company', unit: 'business unit', team: 'team', app: 'app' } as const

const keysAtQuery = (nodeId: string) => queryOptions({
  queryKey: ['keys', 'at', nodeId],
  staleTime: 60_000,
  queryFn: ({ signal }) => api.get<ResponseOf<'listKeys'>>(withSearch('/api/v1/keys', { nodeId, limit: 500, state: 'active' }), signal),
})

/** Which calls the budget covers: where in the organisation, narrowed by what, and whether each of something has its own limit. */
export function ScopeFields({ draft, change, errors, nodes, rootId }: DraftProps & { readonly nodes: Nodes['rows']; readonly rootId: string }): ReactNode {
  const options = useMemo(() => nodes.map((node) => ({ value: node.id, label: `${'   '.repeat(Math.max(0, node.path.length - 1))}${node.name} (${kindNames[node.kind]})` })), [nodes])
  const turn = (dimension: keyof typeof dimensionNames): void => change({ per: draft.per.includes(dimension) ? draft.per.filter((other) => other !== dimension) : [...draft.per, dimension] })
  const narrowedCount = Object.values(draft.narrowed).filter((value) => value !== '').length
  return (
    <DrawerSection title="What it covers">
      <div className="flex flex-col gap-4">
        <SelectField label="Calls of" options={options} value={draft.nodeId} error={errors['selector.nodeId']} hint={draft.nodeId === rootId ? 'Every call of the company.' : 'Its calls, and those of everything below it.'} onChange={(event) => change({ nodeId: event.target.value, narrowed: { ...draft.narrowed, keyId: '' } })} />
        <details open={narrowedCount > 0}>
          <summary className="w-fit text-sm font-medium text-ink-2 hover:text-ink">Only some of them{narrowedCount > 0 && ` (${narrowedCount})`}</summary>
          <NarrowFields draft={draft} change={change} errors={errors} />
        </details>
        <fieldset>
          <legend className="text-sm font-medium">A limit of its own for each</legend>
          <div className="mt-1.5 flex flex-wrap gap-1.5">
            {(Object.keys(dimensionNames) as (keyof typeof dimensionNames)[]).map((dimension) => {
              const on = draft.per.includes(dimension)
              return <button key={dimension} type="button" aria-pressed={on} disabled={!on && draft.per.length >= perMax} onClick={() => turn(dimension)} className={classNames('h-7 rounded-md border px-2.5 text-xs font-medium disabled:opacity-40', on ? 'border-accent bg-accent-soft text-accent' : 'border-line-strong text-ink-2 hover:bg-hover')}>{dimensionNames[dimension]}</button>
            })}
          </div>
          <p className="label-quiet mt-1.5">{draft.per.length === 0 ? 'None chosen: one limit for all of these calls together.' : `Each ${perText(draft.per)} may use the whole limit by itself.`}</p>
        </fieldset>
      </div>
    </DrawerSection>
  )
}

const narrowLabels: Readonly<Record<NarrowName, string>> = { keyId: 'Key', model: 'Requested model', provider: 'Provider', user: 'User', agent: 'Agent', workflow: 'Workflow' }
const seenAs = { model: 'requested_model', provider: 'provider', user: 'user', agent: 'agent', workflow: 'workflow' } as const
const dayMs = 86_400_000

function NarrowFields({ draft, change, errors }: DraftProps): ReactNode {
  const keys = useQuery({ ...keysAtQuery(draft.nodeId), enabled: draft.nodeId !== '' })
  const keyOptions = [{ value: '', label: 'Any key' }, ...(keys.data?.rows ?? []).map((key) => ({ value: key.id, label: `${key.name} (${key.appName})` }))]
  const set = (name: NarrowName, value: string): void => change({ narrowed: { ...draft.narrowed, [name]: value } })
  return (
    <div className="mt-3 grid grid-cols-1 gap-3 sm:grid-cols-2">
      <SelectField label="Key" options={keyOptions} value={draft.narrowed.keyId ?? ''} error={errors['selector.keyId']} onChange={(event) => set('keyId', event.target.value)} />
      {narrowNames.filter((name) => name !== 'keyId').map((name) => <SeenField key={name} name={name} value={draft.narrowed[name] ?? ''} error={errors[`selector.${name}`]} onChange={(value) => set(name, value)} />)}
    </div>
  )
}

/** Free text, with the values seen in the last 30 days to choose from. */
function SeenField({ name, value, error, onChange }: { readonly name: Exclude<NarrowName, 'keyId'>; readonly value: string; readonly error: string | undefined; readonly onChange: (value: string) => void }): ReactNode {
  const id = useId()
  const toMs = Math.ceil(Date.now() / dayMs) * dayMs
  const seen = useQuery({ ...costQuery({ measures: ['calls'], groupBy: [seenAs[name]], fromMs: toMs - 30 * dayMs, toMs, rowsMax: 100 }), staleTime: 10 * 60_000 })
  const values = (seen.data?.rows ?? []).map((row) => row.group[seenAs[name]]?.id ?? '').filter((each) => each !== '')
  return (
    <>
      <TextField label={narrowLabels[name]} value={value} placeholder={`Any ${narrowLabels[name].toLowerCase()}`} list={id} autoComplete="off" error={error} onChange={(event) => onChange(event.target.value)} />
      <datalist id={id}>{values.map((each) => <option key={each} value={each} />)}</datalist>
    </>
  )
}

const zones = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : []

/** How much, of what, in which window. */
export function CountFields({ draft, change, errors, fixed }: DraftProps & { readonly fixed: boolean }): ReactNode {
  const id = useId()
  const isCost = draft.measure === 'cost'
  return (
    <DrawerSection title="How much">
      <div className="grid grid-cols-2 gap-3">
        <div className="col-span-2 grid grid-cols-[1fr_6rem] gap-3 sm:col-span-1">
          <TextField label="Limit" inputMode="decimal" autoComplete="off" required value={draft.limit} placeholder={isCost ? '250.00' : '1000000'} error={errors['limit']} onChange={(event) => change({ limit: event.target.value })} />
          {isCost ? <TextField label="Currency" maxLength={3} disabled={fixed} value={draft.currency} error={errors['currency']} onChange={(event) => change({ currency: event.target.value.toUpperCase() })} /> : <p className="self-end pb-2 text-sm text-ink-3">{measureNames[draft.measure].toLowerCase()}</p>}
        </div>
        {!fixed && (
          <>
            <div className="col-span-2 sm:col-span-1"><SelectField label="Of" value={draft.measure} options={Object.entries(measureNames).map(([value, label]) => ({ value, label }))} onChange={(event) => change({ measure: event.target.value as typeof draft.measure })} /></div>
            <SelectField label="Per" value={draft.unit} options={Object.entries(windowNames).map(([value, label]) => ({ value, label }))} hint={`Begins anew ${windowAdverbs[draft.unit].toLowerCase()}, by the calendar.`} onChange={(event) => change({ unit: event.target.value as typeof draft.unit })} />
            <TextField label="In the time zone" list={id} autoComplete="off" value={draft.zone} error={errors['window.zone']} hint="Where its midnight is." onChange={(event) => change({ zone: event.target.value })} />
            <datalist id={id}>{zones.map((zone) => <option key={zone} value={zone} />)}</datalist>
          </>
        )}
      </div>
    </DrawerSection>
  )
}
