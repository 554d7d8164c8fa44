import type { UseQueryResult } from '@tanstack/react-query'
import { Boxes, SearchX } from 'lucide-react'
import { useMemo, type ReactNode } from 'react'
import type { ResponseOf } from '../../../../src/api/contract/contract.ts'
import { Sparkline } from '../../chart/sparkline.tsx'
import { Badge } from '../../design/badge.tsx'
import { Button } from '../../design/button.tsx'
import { DataTable, type DataColumn } from '../../design/data-table.tsx'
import { Count, Money } from '../../design/figures.tsx'
import { Empty, ProblemState, Skeleton } from '../../design/state.tsx'
import { compareDecimals } from '../../format/decimal.ts'
import { formatCount } from '../../format/quantity.ts'
import { compareRates, ContractMark, Rate, rateIn } from './model-cells.tsx'
import { matching, nameOfModel } from './models-search.ts'
import type { UsedModel } from './model-queries.ts'

interface Row extends UsedModel { readonly currency: string; readonly spark: readonly (string | null)[] }

/** Calls per day over the range, quiet days included. */
function sparkOf(model: UsedModel, range: { readonly fromMs: number; readonly toMs: number }): readonly (string | null)[] {
  const dayMs = 86_400_000
  const calls = new Map(model.days.map((each) => [each.dayMs, each.calls]))
  const values: string[] = []
  for (let at = Math.floor(range.fromMs / dayMs) * dayMs; at < range.toMs; at += dayMs) values.push(String(calls.get(at) ?? 0))
  return values
}

/** Calls that failed before they used anything cost nothing; beside calls without a price that zero says nothing. */
const costOf = (row: Row): string | null => (row.cost === '0' && row.unpricedCalls > 0 ? null : row.cost)

const columns: readonly DataColumn<Row>[] = [
  { id: 'model', header: 'Model', track: 'minmax(14rem,2fr)', cell: (row) => <ModelName row={row} />, compare: (a, b) => a.model.localeCompare(b.model) },
  { id: 'spark', header: 'Calls per day', track: '7rem', cell: (row) => <div aria-hidden className="h-6 w-24"><Sparkline values={row.spark} /></div> },
  { id: 'calls', header: 'Calls', track: '5.5rem', align: 'right', cell: (row) => <Count count={row.calls} />, compare: (a, b) => a.calls - b.calls },
  { id: 'tokens', header: 'Tokens', track: '5.5rem', align: 'right', cell: (row) => <Count count={row.tokens} />, compare: (a, b) => a.tokens - b.tokens },
  { id: 'cost', header: 'Cost', track: '7rem', align: 'right', cell: (row) => <Money decimal={costOf(row)} currency={row.currency} />, compare: (a, b) => compareDecimals(a.cost, b.cost) },
  { id: 'per-call', header: 'Per call', track: '6rem', align: 'right', cell: (row) => (costOf(row) === null || row.costPerCall === null ? <span className="text-ink-3">–</span> : <Money decimal={row.costPerCall} currency={row.currency} />), compare: (a, b) => compareDecimals(a.costPerCall, b.costPerCall) },
  { id: 'input', header: 'Input / 1M', track: '6rem', align: 'right', cell: (row) => <Rate rate={rateIn(row, 'input_text') ?? rateIn(row, 'embedding')} />, compare: (a, b) => compareRates('input_text')(a, b) },
  { id: 'output', header: 'Output / 1M', track: '6rem', align: 'right', cell: (row) => <Rate rate={rateIn(row, 'output_text')} />, compare: (a, b) => compareRates('output_text')(a, b) },
]

export function UsedTable({ query, find, inBook, selected, onOpen, onBook }: {
  readonly query: UseQueryResult<ResponseOf<'listUsedModels'>>
  readonly find: string
  /** How many models of the price book match what is looked for. */
  readonly inBook: number
  readonly selected: string | undefined
  readonly onOpen: (row: { readonly provider: string; readonly model: string }) => void
  readonly onBook: () => void
}): ReactNode {
  const { data, error, refetch } = query
  const rows = useMemo(() => matching(data?.rows ?? [], find).map((row): Row => ({ ...row, currency: data?.currency || 'USD', spark: data === undefined ? [] : sparkOf(row, data.range) })), [data, find])
  if (data === undefined) return error === null ? <TableSkeleton /> : <ProblemState error={error} onRetry={() => void refetch()} />
  if (data.rows.length === 0) return <Empty icon={Boxes} title="No model was called in this range.">Models appear here with their first call. The price book beside it lists what every known one costs.</Empty>
  if (rows.length === 0) {
    return (
      <Empty icon={SearchX} title={`No model in use is called “${find}”.`}>
        {inBook > 0 ? <Button size="sm" className="mt-2" onClick={onBook}>{inBook === 1 ? 'Show the one in the price book' : `Show ${inBook} in the price book`}</Button> : 'Neither is one in the price book.'}
      </Empty>
    )
  }
  return <DataTable label="Models in use" columns={columns} rows={rows} rowId={nameOfModel} onOpen={onOpen} initialSort={{ column: 'cost', descending: true }} selected={selected} minWidth="62rem" narrow={Narrow} className="max-h-none" />
}

function ModelName({ row }: { readonly row: Row }): ReactNode {
  return (
    <span className="flex min-w-0 items-center gap-2">
      <span className="truncate font-medium" title={row.names.join(', ')}>{row.model}</span>
      <span className="label-quiet shrink-0">{row.provider}</span>
      <Marks row={row} />
    </span>
  )
}

function Marks({ row }: { readonly row: Row }): ReactNode {
  const share = costOf(row) === null ? 'Unpriced' : 'Partly unpriced'
  return <>{row.unpricedCalls > 0 && <Badge tone="warn" title={`${formatCount(row.unpricedCalls)} calls have a part without a price.`}>{share}</Badge>}{row.overridden && <ContractMark />}</>
}

function Narrow(row: Row): ReactNode {
  return (
    <div className="flex flex-col gap-0.5">
      <div className="flex items-baseline justify-between gap-3"><span className="min-w-0 truncate font-medium">{row.model}</span><span className="shrink-0 font-medium"><Money decimal={costOf(row)} currency={row.currency} /></span></div>
      <div className="label-quiet flex items-center justify-between gap-3"><span className="flex min-w-0 items-center gap-1.5"><span>{row.provider}</span><Marks row={row} /></span><span className="shrink-0"><Count count={row.calls} /> calls{costOf(row) !== null && row.costPerCall !== null && <> · <Money decimal={row.costPerCall} currency={row.currency} /> each</>}</span></div>
    </div>
  )
}

export function TableSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-5 p-5">
      {Array.from({ length: 8 }, (_, index) => <div key={index} className="grid grid-cols-[2fr_1fr_1fr] gap-6"><Skeleton className="h-4" /><Skeleton className="h-4" /><Skeleton className="h-4" /></div>)}
    </div>
  )
}
