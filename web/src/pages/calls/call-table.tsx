import { flexRender, getCoreRowModel, useReactTable, type RowData } from '@tanstack/react-table'
import { ArrowDown } from 'lucide-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import type { RecordSummary } from '../../api/queries.ts'
import { classNames } from '../../design/class-names.ts'
import { Money } from '../../design/figures.tsx'
import { formatCount, formatDuration } from '../../format/quantity.ts'
import { formatMomentShort } from '../../format/time.ts'
import { useWide } from '../../design/use-wide.ts'
import { callColumns, cachedTokens, costsNothing, freshTokens, modelOf, outputTokens } from './call-columns.tsx'
import { Marks, StatusMark } from './call-marks.tsx'

declare module '@tanstack/react-table' {
  // The library fixes the interface's parameters; ours needs none of them.
  interface ColumnMeta<TData extends RowData, TValue> { readonly track: string; readonly align: 'left' | 'right'; readonly _?: [TData, TValue] }
}

const template = callColumns.map((column) => column.meta?.track ?? '1fr').join(' ')
const wideRowPx = 36
const narrowRowPx = 66

export interface CallTableProps {
  readonly rows: readonly RecordSummary[]
  readonly selected: string | undefined
  /** Rows that arrived live and light up once. */
  readonly arrived: ReadonlySet<string>
  readonly onOpen: (eventId: string) => void
  readonly onEnd: () => void
  readonly loadingMore: boolean
  readonly order: Order
  readonly onOrder: (order: Order) => void
}

/** The columns that the list can go by, greatest first. */
type Order = 'at' | 'cost'
const isOrder = (column: string): column is Order => column === 'at' || column === 'cost'

/** Virtualised rows with one tab stop: arrows, j and k move, Enter opens. */
export function CallTable(props: CallTableProps): ReactNode {
  const { rows, selected, onOpen, onEnd, loadingMore, arrived } = props
  const wide = useWide()
  const scroller = useRef<HTMLDivElement>(null)
  const [activeId, setActiveId] = useState<string | undefined>(selected)
  const table = useReactTable({ data: rows as RecordSummary[], columns: callColumns, getCoreRowModel: getCoreRowModel(), getRowId: (row) => row.eventId })
  const model = table.getRowModel().rows
  const virtual = useVirtualizer({ count: model.length, getScrollElement: () => scroller.current, estimateSize: () => (wide ? wideRowPx : narrowRowPx), overscan: 12, getItemKey: (index) => model[index]?.id ?? index })
  useEffect(() => virtual.measure(), [wide, virtual])
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => { if (model.length > 0 && last >= model.length - 20) onEnd() }, [last, model.length, onEnd])
  const active = model.findIndex((row) => row.id === activeId)
  const move = (to: number): void => {
    const next = Math.max(0, Math.min(model.length - 1, to))
    setActiveId(model[next]?.id)
    virtual.scrollToIndex(next)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLButtonElement) return
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / wideRowPx) - 2)
    const steps: Readonly<Record<string, number>> = { ArrowDown: active + 1, j: active + 1, ArrowUp: active - 1, k: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: model.length - 1 }
    const to = steps[event.key]
    if (to !== undefined && !event.metaKey && !event.ctrlKey) { event.preventDefault(); move(to) }
    if ((event.key === 'Enter' || event.key === ' ') && active >= 0) { event.preventDefault(); onOpen(model[active]!.id) }
  }
  return (
    <div
      ref={scroller} role="grid" aria-label="Calls" aria-rowcount={model.length + 1} tabIndex={0} onKeyDown={onKeyDown} data-rows
      aria-activedescendant={items.some((item) => item.index === active) ? `call-${activeId ?? ''}` : undefined}
      onFocus={() => { if (active < 0) setActiveId(model[0]?.id) }}
      className="focus-inset group/rows relative min-h-0 flex-1 overflow-auto overscroll-contain"
    >
      <div className={wide ? 'min-w-[70rem]' : ''}>
        {wide && <HeadRow table={table} order={props.order} onOrder={props.onOrder} />}
        <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = model[item.index]!
            return (
              <div
                key={row.id} id={`call-${row.id}`} role="row" aria-rowindex={item.index + 2} aria-selected={row.id === selected} tabIndex={-1}
                onClick={() => { setActiveId(row.id); onOpen(row.id) }} onKeyDown={() => undefined}
                style={{ height: item.size, transform: `translateY(${item.start}px)`, ...(wide ? { gridTemplateColumns: template } : {}) }}
                className={classNames(
                  'absolute inset-x-0 top-0 cursor-pointer border-b border-line text-sm hover:bg-hover focus-visible:outline-none',
                  wide ? 'grid items-center gap-x-3 px-8' : 'px-4 py-2.5',
                  row.id === selected && 'bg-selected hover:bg-selected', arrived.has(row.id) && 'animate-arrive',
                  row.id === activeId && 'group-focus-visible/rows:shadow-[inset_2px_0_0_var(--focus)]',
                )}
              >
                {wide ? row.getVisibleCells().map((cell) => (
                  <div key={cell.id} role="gridcell" className={classNames('min-w-0 truncate [&>*]:align-middle', cell.column.columnDef.meta?.align === 'right' && 'text-right', cell.column.id === 'status' && 'pl-3')}>{flexRender(cell.column.columnDef.cell, cell.getContext())}</div>
                )) : <NarrowRow row={row.original} />}
              </div>
            )
          })}
        </div>
        {loadingMore && <p role="status" className="py-4 text-center text-xs text-ink-3">Loading earlier calls…</p>}
      </div>
    </div>
  )
}

function HeadRow({ table, order, onOrder }: Pick<CallTableProps, 'order' | 'onOrder'> & { readonly table: ReturnType<typeof useReactTable<RecordSummary>> }): ReactNode {
  return (
    <div role="rowgroup" className="sticky top-0 z-10">
      <div role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }} className="grid h-8 items-center gap-x-3 border-b border-line bg-surface px-8 text-xs font-medium text-ink-3">
        {table.getFlatHeaders().map((header) => (
          <div key={header.id} role="columnheader" {...(header.id === order ? { 'aria-sort': 'descending' } : {})} className={header.column.columnDef.meta?.align === 'right' ? 'text-right' : header.id === 'status' ? 'pl-3' : ''}>
            {isOrder(header.id) ? <OrderButton column={header.id} order={order} onOrder={onOrder}>{flexRender(header.column.columnDef.header, header.getContext())}</OrderButton> : flexRender(header.column.columnDef.header, header.getContext())}
          </div>
        ))}
      </div>
    </div>
  )
}

function OrderButton({ column, order, onOrder, children }: Pick<CallTableProps, 'order' | 'onOrder'> & { readonly column: Order; readonly children: ReactNode }): ReactNode {
  return (
    <button type="button" title={column === 'cost' ? 'Dearest first' : 'Newest first'} onClick={() => onOrder(column)} className="inline-flex items-center gap-1 rounded hover:text-ink">
      {column === 'at' && children}
      <ArrowDown aria-hidden className={classNames('size-3', column !== order && 'text-ink-faint')} />
      {column === 'cost' && children}
    </button>
  )
}

/** Two lines for a phone: who and how much, then what and when. */
function NarrowRow({ row }: { readonly row: RecordSummary }): ReactNode {
  const counts = [freshTokens(row.usage), cachedTokens(row.usage), outputTokens(row.usage)]
  return (
    <div role="gridcell" className="flex flex-col gap-0.5">
      <div className="flex items-baseline justify-between gap-3">
        <span className="min-w-0 truncate font-medium">{row.caller.appName || 'Unknown'} <span className="font-normal text-ink-3">{modelOf(row)}</span></span>
        <span className="shrink-0 font-medium">{costsNothing(row) ? '–' : <Money decimal={row.cost} currency={row.currency} />}</span>
      </div>
      <div className="flex items-center justify-between gap-3 text-xs text-ink-3">
        <span className="truncate">{formatMomentShort(row.at)} · {counts.every((count) => count === null) ? 'no usage' : `${formatCount((counts[0] ?? 0) + (counts[1] ?? 0))} in, ${formatCount(counts[2] ?? 0)} out`}{row.latencyMs === null ? '' : ` · ${formatDuration(row.latencyMs)}`}</span>
        <span className="flex shrink-0 gap-1.5"><Marks row={row} /><StatusMark row={row} /></span>
      </div>
    </div>
  )
}
