import { createColumnHelper } from '@tanstack/react-table'
import type { ReactNode } from 'react'
import type { RecordSummary } from '../../api/queries.ts'
import { Count, MoneyAligned } from '../../design/figures.tsx'
import { exactMoment, formatClock, formatDay } from '../../format/time.ts'
import { formatDuration } from '../../format/quantity.ts'
import { MarkSymbols, StatusMark } from './call-marks.tsx'

type Usage = RecordSummary['usage']
const sum = (usage: Usage, names: readonly (keyof Usage)[]): number | null => {
  const present = names.map((name) => usage[name]).filter((count) => count !== undefined)
  return present.length === 0 ? null : present.reduce((total, count) => total + count, 0)
}
const fresh = ['input_text', 'input_audio', 'input_image', 'input_video', 'embedding', 'cache_write', 'cache_write_5m', 'cache_write_1h'] as const
const cached = ['cache_read', 'cache_read_audio', 'cache_read_image'] as const
const output = ['output_text', 'output_reasoning', 'output_audio', 'output_image'] as const
/** Input side without cache reads; null where the provider said nothing. */
export const freshTokens = (usage: Usage): number | null => sum(usage, fresh)
export const cachedTokens = (usage: Usage): number | null => sum(usage, cached)
export const outputTokens = (usage: Usage): number | null => sum(usage, output)

const Tokens = ({ count }: { readonly count: number | null }): ReactNode => (count === null ? <span className="text-ink-faint">–</span> : <Count count={count} />)

/** A dated model name, its date quieter and left out where there is no room: "gpt-4.1" is what people look for. */
export function ModelName({ model }: { readonly model: string }): ReactNode {
  const date = /-20\d{2}-?\d{2}-?\d{2}$/.exec(model)?.[0] ?? ''
  if (date === '') return model
  // What does not fit wraps into a second line, which is not shown.
  return <span className="flex h-5 flex-wrap overflow-hidden"><span>{model.slice(0, -date.length)}</span><span className="text-ink-3">{date}</span></span>
}

export const modelOf = (row: RecordSummary): string => row.servedModel || row.requestedModel || row.endpoint
const today = (): string => new Date().toDateString()

const column = createColumnHelper<RecordSummary>()
/** `meta.track` is the column's width in the grid; `meta.align` its side. */
export const callColumns = [
  column.accessor('at', {
    header: 'Time', meta: { track: '6.75rem', align: 'left' },
    cell: ({ getValue }) => (
      <time dateTime={exactMoment(getValue())} title={exactMoment(getValue())} className="text-ink-2">
        {new Date(getValue()).toDateString() !== today() && <span className="text-ink-3">{formatDay(getValue())} </span>}
        {new Date(getValue()).toDateString() === today() ? formatClock(getValue()) : formatClock(getValue()).slice(0, 5)}
      </time>
    ),
  }),
  column.accessor((row) => row.caller.appName, {
    id: 'caller', header: 'Caller', meta: { track: 'minmax(10.5rem,1.7fr)', align: 'left' },
    cell: ({ row: { original } }) => (
      <span className="block truncate" title={[original.caller.unitName, original.caller.teamName, original.caller.appName, original.caller.keyName].filter(Boolean).join(' / ')}>
        {original.caller.appName || 'Unknown'} <span className="text-ink-3">{original.caller.teamName}</span>
      </span>
    ),
  }),
  column.accessor(modelOf, {
    id: 'model', header: 'Model', meta: { track: 'minmax(10.25rem,1.4fr)', align: 'left' },
    cell: ({ row: { original } }) => <span className="block truncate" title={`${original.provider} / ${modelOf(original)}`}><ModelName model={modelOf(original)} /></span>,
  }),
  column.accessor((row) => row.attribution.workflow, {
    id: 'workflow', header: 'Workflow', meta: { track: 'minmax(6.5rem,0.9fr)', align: 'left' },
    cell: ({ getValue, row: { original } }) => <span className="block truncate text-ink-2" title={[original.attribution.workflow, original.attribution.agent, original.attribution.run].filter(Boolean).join(' / ')}>{getValue() || <span className="text-ink-faint">–</span>}</span>,
  }),
  column.accessor((row) => freshTokens(row.usage), { id: 'in', header: 'In', meta: { track: '3.25rem', align: 'right' }, cell: ({ getValue }) => <Tokens count={getValue()} /> }),
  column.accessor((row) => cachedTokens(row.usage), { id: 'cached', header: 'Cached', meta: { track: '3.5rem', align: 'right' }, cell: ({ getValue }) => <span className="text-ink-3"><Tokens count={getValue()} /></span> }),
  column.accessor((row) => outputTokens(row.usage), { id: 'out', header: 'Out', meta: { track: '3.25rem', align: 'right' }, cell: ({ getValue }) => <Tokens count={getValue()} /> }),
  column.accessor('cost', { header: 'Cost', meta: { track: '7rem', align: 'right' }, cell: ({ row: { original } }) => <CallCost row={original} /> }),
  column.accessor('latencyMs', { header: 'Latency', meta: { track: '4.25rem', align: 'right' }, cell: ({ getValue }) => <span className="text-ink-2">{getValue() === null ? '–' : formatDuration(getValue() ?? 0)}</span> }),
  column.accessor('status', {
    header: 'Status', meta: { track: 'minmax(8.25rem,0.6fr)', align: 'left' },
    cell: ({ row: { original } }) => <span className="flex items-center gap-2"><StatusMark row={original} /><MarkSymbols row={original} /></span>,
  }),
]

/** A refusal cost nothing because it never left; an unknown price is not nothing. */
export function CallCost({ row }: { readonly row: RecordSummary }): ReactNode {
  if (costsNothing(row)) return <span className="pr-[6.6ch] text-ink-faint">–</span>
  if (row.cost !== null) return <MoneyAligned decimal={row.cost} currency={row.currency} />
  return <span className="text-warn" title="No price is known for this; it is not free.">unpriced</span>
}

/** True where there was nothing to pay for: never sent, or nothing to price. */
export const costsNothing = (row: RecordSummary): boolean => row.kind === 'refusal' || (row.cost === null && row.pricing === 'none')
