import { useQuery } from '@tanstack/react-query'
import { useMemo, type ReactNode } from 'react'
import { costQuery, nodesQuery, type CostAnswer } from '../../api/queries.ts'
import { Picker, type PickerOption } from '../../design/picker.tsx'
import { exactCount } from '../../format/quantity.ts'
import { formatDay } from '../../format/time.ts'
import { callRanges, callStatuses, filterCount, noCostCentre, rangeNames, statusNames, type CallSearch } from './call-search.ts'
import { FilterBox, type Suggestion } from './filter-box.tsx'

export type SetSearch = (change: Partial<Record<keyof CallSearch, string | undefined>>) => void

const pricingOptions: readonly PickerOption[] = [
  { value: 'priced', label: 'Priced' }, { value: 'incomplete', label: 'Unpriced, also in part' }, { value: 'partial', label: 'Partly priced' }, { value: 'unpriced', label: 'Unpriced' }, { value: 'none', label: 'Nothing to price' },
]
const qualityOptions: readonly PickerOption[] = [
  { value: 'final', label: 'Final' }, { value: 'provisional', label: 'Provisional' }, { value: 'estimated', label: 'Estimated' }, { value: 'uncertain', label: 'Uncertain' }, { value: 'absent', label: 'Absent' },
]
const statusOptions: readonly PickerOption[] = callStatuses.map((value) => ({ value, label: statusNames[value] }))
const orderOptions: readonly PickerOption[] = [{ value: 'at', label: 'Newest first' }, { value: 'cost', label: 'Dearest first' }]
const rangeOptions: readonly PickerOption[] = callRanges.map((value) => ({ value, label: rangeNames[value] }))

const hourMs = 3_600_000
/** Values seen in the last 30 days, most called first; the range moves once an hour so that the answer is cached. */
function useFacet(dimension: 'model' | 'workflow'): readonly PickerOption[] {
  const toMs = Math.ceil(Date.now() / hourMs) * hourMs
  const answer = useQuery({ ...costQuery({ measures: ['calls'], groupBy: [dimension], fromMs: toMs - 30 * 24 * hourMs, toMs, rowsMax: 200 }), staleTime: hourMs })
  return useMemo(() => facetOf(answer.data, dimension), [answer.data, dimension])
}

function facetOf(answer: CostAnswer | undefined, dimension: 'model' | 'workflow'): readonly PickerOption[] {
  const rows = (answer?.rows ?? []).filter((row) => (row.group[dimension]?.id ?? '') !== '')
  return rows
    .map((row) => ({ id: row.group[dimension]!.id, calls: Number(row.values.calls ?? 0) }))
    .sort((a, b) => b.calls - a.calls)
    .map(({ id, calls }) => ({ value: id, label: id, note: exactCount(calls) }))
}

export function CallFilters({ search, onChange, live }: { readonly search: CallSearch; readonly onChange: SetSearch; readonly live: ReactNode }): ReactNode {
  const nodes = useQuery(nodesQuery)
  const models = useFacet('model')
  const workflows = useFacet('workflow')
  const options = useMemo(() => {
    const of = (kind: 'unit' | 'team' | 'app'): readonly PickerOption[] => (nodes.data?.rows ?? []).filter((node) => node.kind === kind).map((node) => ({ value: node.id, label: node.name }))
    return { team: of('team'), app: of('app'), unit: of('unit'), model: models, workflow: workflows, status: statusOptions, quality: qualityOptions, pricing: pricingOptions }
  }, [nodes.data, models, workflows])
  const suggestions = useMemo(() => Object.entries(options).flatMap(([field, list]) => list.map((option): Suggestion => ({ field: field as keyof CallSearch, value: option.value, label: option.label }))), [options])
  const pick = (field: Exclude<keyof CallSearch, 'from' | 'to'>, label: string, list: readonly PickerOption[]): ReactNode => (
    <Picker label={label} value={search[field]} options={list} onChange={(value) => onChange({ [field]: value })} />
  )
  return (
    <div className="flex flex-col gap-2 px-4 pb-3 md:px-8">
      <div className="flex gap-2">
        <FilterBox suggestions={suggestions} onPick={(suggestion) => onChange({ [suggestion.field]: suggestion.value })} onEvent={(event) => onChange({ event })} />
        {live}
      </div>
      <div className="-mx-4 flex items-center gap-1.5 overflow-x-auto px-4 py-0.5 [scrollbar-width:none] md:mx-0 md:flex-wrap md:px-0">
        {search.from === undefined
          ? <Picker label="Range" value={search.range ?? '24h'} options={rangeOptions} onChange={(range) => onChange({ range })} clearable={false} />
          : <Picker label="Range" value="own" options={[{ value: 'own', label: ownRangeName(search.from, search.to) }]} onChange={() => onChange({ from: undefined, to: undefined })} />}
        <span className="md:hidden"><Picker label="Order" value={search.order ?? 'at'} options={orderOptions} onChange={(order) => onChange({ order: order === 'cost' ? order : undefined })} clearable={false} /></span>
        {search.unit !== undefined && pick('unit', 'Unit', options.unit)}
        {pick('team', 'Team', options.team)}
        {pick('app', 'App', options.app)}
        {pick('model', 'Model', options.model)}
        {pick('workflow', 'Workflow', options.workflow)}
        {pick('status', 'Status', statusOptions)}
        {pick('quality', 'Quality', qualityOptions)}
        {pick('pricing', 'Pricing', pricingOptions)}
        {(['agent', 'key', 'provider', 'endpoint', 'run', 'session', 'user', 'call'] as const).map((field) => search[field] !== undefined && <span key={field}>{pick(field, fieldNames[field], [])}</span>)}
        {search.cost_centre !== undefined && pick('cost_centre', 'Cost centre', [{ value: noCostCentre, label: 'None' }])}
        {filterCount(search) > 1 && (
          <button type="button" onClick={() => onChange(Object.fromEntries(Object.keys(search).filter((name) => !['range', 'from', 'to', 'order', 'event'].includes(name)).map((name) => [name, undefined])))} className="h-7 shrink-0 rounded-md px-2 text-xs font-medium text-ink-2 hover:text-ink">
            Clear all
          </button>
        )}
      </div>
    </div>
  )
}
const fieldNames = { agent: 'Agent', key: 'Key', provider: 'Provider', endpoint: 'Endpoint', run: 'Run', session: 'Session', user: 'User', call: 'Call' } as const

/** "24 Oct – 23 Nov". */
function ownRangeName(from: number, to: number | undefined): string {
  const [first, last] = [formatDay(from), to === undefined ? 'now' : formatDay(to - 1)]
  return first === last ? first : `${first} – ${last}`
}
