import type { UseQueryResult } from '@tanstack/react-query'
import { SearchX } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ResponseOf } from '../../../../src/api/contract/contract.ts'
import { DataTable, type DataColumn } from '../../design/data-table.tsx'
import { Count } from '../../design/figures.tsx'
import { Empty, ProblemState } from '../../design/state.tsx'
import { compareRates, ContractMark, Rate, rateIn } from './model-cells.tsx'
import { nameOfModel } from './models-search.ts'
import type { BookModel, Component } from './model-queries.ts'
import { TableSkeleton } from './used-table.tsx'

const rateColumn = (component: Component, header: string): DataColumn<BookModel> =>
  ({ id: component, header, track: '7rem', align: 'right', cell: (row) => <Rate rate={rateIn(row, component)} />, compare: compareRates(component) })

const columns: readonly DataColumn<BookModel>[] = [
  { id: 'model', header: 'Model', track: 'minmax(14rem,2fr)', cell: (row) => <span className="flex min-w-0 items-center gap-2"><span className="truncate font-medium">{row.model}</span>{row.overridden && <ContractMark />}</span>, compare: (a, b) => a.model.localeCompare(b.model) },
  { id: 'provider', header: 'Provider', track: '8rem', cell: (row) => <span className="text-ink-2">{row.provider}</span>, compare: (a, b) => a.provider.localeCompare(b.provider) || a.model.localeCompare(b.model) },
  rateColumn('input_text', 'Input / 1M'), rateColumn('cache_read', 'Cached / 1M'), rateColumn('output_text', 'Output / 1M'),
  { id: 'context', header: 'Context', track: '6rem', align: 'right', cell: (row) => (row.contextTokens === null ? <span className="text-ink-3">–</span> : <Count count={row.contextTokens} />), compare: (a, b) => (a.contextTokens ?? -1) - (b.contextTokens ?? -1) },
  { id: 'more', header: 'Conditional', track: '6rem', align: 'right', cell: (row) => (row.conditional === 0 ? <span className="text-ink-3">–</span> : <span title="Further prices under conditions: tiers, modes, times of day.">{row.conditional}</span>), compare: (a, b) => a.conditional - b.conditional },
]

/** Every model the price book knows, called or not. */
export function BookTable({ query, selected, onOpen }: { readonly query: UseQueryResult<ResponseOf<'listModels'>>; readonly selected: string | undefined; readonly onOpen: (row: BookModel) => void }): ReactNode {
  if (query.data === undefined) return query.error === null ? <TableSkeleton /> : <ProblemState error={query.error} onRetry={() => void query.refetch()} />
  const { rows, next } = query.data
  return (
    <>
      <DataTable
        label="Price book" columns={columns} rows={rows} rowId={nameOfModel} onOpen={onOpen} initialSort={{ column: 'provider', descending: false }} selected={selected} minWidth="58rem"
        narrow={(row) => <div className="flex items-baseline justify-between gap-3"><span className="min-w-0"><span className="block truncate font-medium">{row.model}</span><span className="label-quiet">{row.provider}</span></span><span className="shrink-0 text-right"><Rate rate={rateIn(row, 'input_text')} /> <span className="text-ink-3">in</span><span className="block"><Rate rate={rateIn(row, 'output_text')} /> <span className="text-ink-3">out</span></span></span></div>}
        empty={<Empty icon={SearchX} title="The price book knows no such model.">A model that is not in it can still be called: its calls are unpriced until you set a price.</Empty>}
        className="max-h-[38rem]"
      />
      {next !== null && <p className="label-quiet border-t border-line px-5 py-2">The first {rows.length} by name. Search for the others.</p>}
    </>
  )
}
