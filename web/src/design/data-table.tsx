/*
 * DataTable: every table of the console but the live tail.
 *
 *   <DataTable label="Teams" columns={columns} rows={rows} rowId={(row) => row.id} onOpen={(row) => …} />
 *
 * label        spoken name · columns: DataColumn[] · rows, rowId
 * onOpen       Enter, Space or a click on a row, which opens or closes where it gives false; links and buttons inside cells keep their own click
 * childrenOf   rows inside a row: it gets a disclosure, → opens it and ← closes it; `openAtFirst` shows them all, or says which
 * initialSort  {column, descending}; columns sort when they have `compare`
 * totals       true shows a last row with each column's `total`
 * narrow       how a row looks on a phone; without it the table scrolls sideways below `minWidth`
 * selected     id of the row whose details are open · empty: what stands in an empty table
 * height       'page' fills a flex column and scrolls inside; default 'content' grows to 40rem, then scrolls
 *
 * One tab stop for the rows: ↑ ↓ PageUp PageDown Home End move, the row's own element is `${tableId}-${rowId}`.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp, ChevronRight } from 'lucide-react'
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { nextSorting, shownRows, type ShownRow, type Sorting } from './table-rows.ts'
import { useWide } from './use-wide.ts'

export interface DataColumn<Row> {
  readonly id: string
  readonly header: ReactNode
  readonly cell: (row: Row) => ReactNode
  /** CSS grid track, e.g. "minmax(10rem,2fr)" or "7rem". */
  readonly track: string
  /** Figures stand right, in tabular numerals. Default left. */
  readonly align?: 'left' | 'right'
  /** Ascending order; absent = the column does not sort. */
  readonly compare?: (a: Row, b: Row) => number
  /** Shown in the totals row. */
  readonly total?: ReactNode
}

export interface DataTableProps<Row> {
  readonly label: string
  readonly columns: readonly DataColumn<Row>[]
  readonly rows: readonly Row[]
  readonly rowId: (row: Row) => string
  readonly onOpen?: (row: Row) => void | false
  readonly childrenOf?: (row: Row) => readonly Row[] | undefined
  readonly openAtFirst?: boolean | ((row: Row) => boolean)
  readonly initialSort?: Sorting
  readonly totals?: boolean
  readonly narrow?: (row: Row) => ReactNode
  readonly minWidth?: string
  readonly selected?: string | undefined
  readonly empty?: ReactNode
  readonly height?: 'content' | 'page'
  readonly className?: string
}

/** Rows beyond this are drawn only while they are in view. */
const plainRowsMax = 120
const wideRowPx = 40
const narrowRowPx = 64

export function DataTable<Row>(props: DataTableProps<Row>): ReactNode {
  const { label, columns, rows, empty, height = 'content', minWidth = '44rem', narrow, totals = false } = props
  const tableId = useId()
  const wide = useWide() || narrow === undefined
  const scroller = useRef<HTMLDivElement>(null)
  const [sorting, setSorting] = useState<Sorting | null>(props.initialSort ?? null)
  const { shown, opened, setOpen } = useShown(props, sorting)
  const { items, size, scrollTo } = useWindow(shown, scroller, wide)
  const { activeId, onKeyDown, onFocus, activate } = useRowKeys(shown, { scrollTo, setOpen, onOpen: props.onOpen, scroller })
  const template = columns.map((column) => column.track).join(' ')
  const isTree = props.childrenOf !== undefined
  if (rows.length === 0 && empty !== undefined) return empty
  return (
    <div
      ref={scroller} role={isTree ? 'treegrid' : 'grid'} aria-label={label} aria-rowcount={shown.length + 1 + (totals ? 1 : 0)} tabIndex={0} onKeyDown={onKeyDown} onFocus={onFocus} data-rows
      aria-activedescendant={items.some((item) => shown[item.index]?.id === activeId) ? `${tableId}-${activeId ?? ''}` : undefined}
      className={classNames('focus-inset group/rows relative overflow-auto overscroll-x-contain print:max-h-none print:overflow-visible', height === 'page' ? 'min-h-0 flex-1' : 'max-h-[40rem]', props.className)}
    >
      <div style={wide ? { minWidth } : {}} className="print:min-w-0!">
        <HeadRow columns={columns} template={template} wide={wide} sorting={sorting} onSort={(column) => setSorting(nextSorting(sorting, column.id, column.align === 'right'))} />
        <div role="rowgroup" className="relative" style={size === null ? {} : { height: size }}>
          {items.map((item) => {
            const line = shown[item.index]!
            return (
              <TableRow
                key={line.id} domId={`${tableId}-${line.id}`} line={line} index={item.index} {...(item.start === null ? {} : { top: item.start })} columns={columns} template={template} isTree={isTree}
                narrow={wide ? undefined : narrow} active={line.id === activeId} selected={line.id === props.selected} canOpen={props.onOpen !== undefined}
                onToggle={() => { activate(line.id); setOpen(line.id, !opened.has(line.id)) }} onOpen={() => { activate(line.id); if (props.onOpen?.(line.row) === false && line.open !== null) setOpen(line.id, !line.open) }}
              />
            )
          })}
        </div>
        {totals && <TotalsRow columns={columns} template={template} wide={wide} index={shown.length + 2} />}
      </div>
    </div>
  )
}

function useShown<Row>(props: DataTableProps<Row>, sorting: Sorting | null): { readonly shown: readonly ShownRow<Row>[]; readonly opened: ReadonlySet<string>; readonly setOpen: (id: string, open: boolean) => void } {
  const { rows, rowId, childrenOf, columns, openAtFirst = false } = props
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set())
  const opened = useMemo(() => {
    if (openAtFirst === false) return turned
    const all = new Set<string>()
    const collect = (list: readonly Row[]): void => {
      for (const row of list) {
        const id = rowId(row)
        if (turned.has(id) !== (openAtFirst === true || openAtFirst(row))) all.add(id)
        collect(childrenOf?.(row) ?? [])
      }
    }
    collect(rows)
    return all
  }, [turned, openAtFirst, rows, rowId, childrenOf])
  const shown = useMemo(() => {
    const compare = columns.find((column) => column.id === sorting?.column)?.compare ?? null
    return shownRows(rows, { rowId, childrenOf, compare, descending: sorting?.descending ?? false, opened })
  }, [rows, rowId, childrenOf, columns, sorting, opened])
  const setOpen = (id: string, open: boolean): void => setTurned((before) => {
    if (opened.has(id) === open) return before
    const next = new Set(before)
    if (!next.delete(id)) next.add(id)
    return next
  })
  return { shown, opened, setOpen }
}

interface Place { readonly index: number; readonly start: number | null }

/** Which rows are drawn and where; null starts mean that all of them are, in the flow of the page. */
function useWindow<Row>(shown: readonly ShownRow<Row>[], scroller: { readonly current: HTMLDivElement | null }, wide: boolean): { readonly items: readonly Place[]; readonly size: number | null; readonly scrollTo: (index: number) => void } {
  const long = shown.length > plainRowsMax
  const virtual = useVirtualizer({ count: long ? shown.length : 0, getScrollElement: () => scroller.current, estimateSize: () => (wide ? wideRowPx : narrowRowPx), overscan: 12 })
  useEffect(() => virtual.measure(), [wide, virtual])
  if (long) return { items: virtual.getVirtualItems().map((item) => ({ index: item.index, start: item.start })), size: virtual.getTotalSize(), scrollTo: (index) => virtual.scrollToIndex(index) }
  return {
    items: shown.map((_, index) => ({ index, start: null })), size: null,
    scrollTo: (index) => scroller.current?.querySelectorAll('[data-row]')[index]?.scrollIntoView({ block: 'nearest' }),
  }
}

interface KeyActions<Row> {
  readonly scrollTo: (index: number) => void
  readonly setOpen: (id: string, open: boolean) => void
  readonly onOpen: ((row: Row) => void | false) | undefined
  readonly scroller: { readonly current: HTMLDivElement | null }
}

function useRowKeys<Row>(shown: readonly ShownRow<Row>[], { scrollTo, setOpen, onOpen, scroller }: KeyActions<Row>): { readonly activeId: string | undefined; readonly onKeyDown: (event: KeyboardEvent) => void; readonly onFocus: () => void; readonly activate: (id: string) => void } {
  const [activeId, setActiveId] = useState<string>()
  const active = shown.findIndex((line) => line.id === activeId)
  const move = (to: number): void => {
    const next = Math.max(0, Math.min(shown.length - 1, to))
    setActiveId(shown[next]?.id)
    scrollTo(next)
  }
  const fold = (line: ShownRow<Row>, open: boolean): void => {
    if (line.open === !open) setOpen(line.id, open)
    else if (open && line.open === true) move(active + 1)
    else if (!open && line.parentId !== null) move(shown.findIndex((other) => other.id === line.parentId))
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    // Heads, links and buttons inside the table have keys of their own.
    if (event.target !== scroller.current || event.metaKey || event.ctrlKey || event.altKey) return
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / wideRowPx) - 2)
    const steps: Readonly<Record<string, number>> = { ArrowDown: active + 1, j: active + 1, ArrowUp: active - 1, k: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: shown.length - 1 }
    const to = steps[event.key]
    const line = shown[active]
    const folds = event.key === 'ArrowRight' || event.key === 'ArrowLeft'
    const opens = event.key === 'Enter' || event.key === ' '
    if (to === undefined && !folds && !opens) return
    event.preventDefault()
    if (to !== undefined) move(to)
    if (line === undefined) return
    if (folds) fold(line, event.key === 'ArrowRight')
    const opened = opens && onOpen !== undefined && onOpen(line.row) !== false
    if (opens && !opened && line.open !== null) setOpen(line.id, !line.open)
  }
  return { activeId, onKeyDown, onFocus: () => { if (active < 0) setActiveId(shown[0]?.id) }, activate: setActiveId }
}

function HeadRow<Row>({ columns, template, wide, sorting, onSort }: { readonly columns: readonly DataColumn<Row>[]; readonly template: string; readonly wide: boolean; readonly sorting: Sorting | null; readonly onSort: (column: DataColumn<Row>) => void }): ReactNode {
  return (
    <div role="rowgroup" className={classNames('sticky top-0 z-10 print:static', !wide && 'sr-only')}>
      <div role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }} className="grid h-9 items-center gap-x-4 border-b border-line bg-surface px-5 text-xs font-medium text-ink-3">
        {columns.map((column) => {
          const sorted = sorting?.column === column.id ? sorting : null
          const Arrow = sorted?.descending === false ? ArrowUp : ArrowDown
          return (
            <div key={column.id} role="columnheader" aria-sort={column.compare === undefined ? undefined : sorted === null ? 'none' : sorted.descending ? 'descending' : 'ascending'} className={classNames('min-w-0', column.align === 'right' && 'text-right')}>
              {column.compare === undefined || !wide ? column.header : (
                <button type="button" onClick={() => onSort(column)} className={classNames('group/head -mx-1 inline-flex max-w-full items-center gap-1 rounded px-1 py-0.5 whitespace-nowrap hover:text-ink', column.align === 'right' && 'flex-row-reverse', sorted !== null && 'text-ink')}>
                  <span className="truncate">{column.header}</span>
                  <Arrow aria-hidden className={classNames('size-3 shrink-0', sorted === null && 'opacity-0 group-hover/head:opacity-40')} />
                </button>
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

interface RowProps<Row> {
  readonly domId: string
  readonly line: ShownRow<Row>
  readonly index: number
  readonly top?: number
  readonly columns: readonly DataColumn<Row>[]
  readonly template: string
  readonly isTree: boolean
  readonly narrow: ((row: Row) => ReactNode) | undefined
  readonly active: boolean
  readonly selected: boolean
  readonly canOpen: boolean
  readonly onToggle: () => void
  readonly onOpen: () => void
}

function TableRow<Row>({ domId, line, index, top, columns, template, isTree, narrow, active, selected, canOpen, onToggle, onOpen }: RowProps<Row>): ReactNode {
  const onClick = (event: MouseEvent): void => {
    if (event.target instanceof Element && event.target.closest('a,button,input,select,label') !== null) return
    if (canOpen) onOpen()
    else if (line.open !== null) onToggle()
  }
  const place = top === undefined ? {} : { position: 'absolute' as const, insetInline: 0, top: 0, height: narrow === undefined ? wideRowPx : narrowRowPx, transform: `translateY(${top}px)` }
  return (
    <div
      id={domId} role="row" data-row aria-rowindex={index + 2} aria-selected={selected} {...(isTree ? { 'aria-level': line.level } : {})} {...(line.open === null ? {} : { 'aria-expanded': line.open })} tabIndex={-1}
      onClick={onClick} onKeyDown={() => undefined}
      style={{ ...place, ...(narrow === undefined ? { gridTemplateColumns: template, minHeight: wideRowPx } : {}) }}
      className={classNames(
        'border-b border-line text-sm focus-visible:outline-none print:break-inside-avoid', (canOpen || line.open !== null) && 'cursor-pointer hover:bg-hover',
        narrow === undefined ? 'grid items-center gap-x-4 px-5' : 'flex items-center px-4 py-2.5',
        selected && 'bg-selected hover:bg-selected', active && 'group-focus-visible/rows:shadow-[inset_2px_0_0_var(--focus)] group-focus-visible/rows:bg-hover',
      )}
    >
      {narrow === undefined ? columns.map((column, place) => (
        <div key={column.id} role={place === 0 ? 'rowheader' : 'gridcell'} className={classNames('min-w-0', column.align === 'right' && 'text-right', place === 0 && isTree && 'flex items-center gap-1')} style={place === 0 && line.level > 1 ? { paddingInlineStart: `${(line.level - 1) * 1.25}rem` } : {}}>
          {place === 0 && isTree && <Disclosure open={line.open} onToggle={onToggle} />}
          {place === 0 && isTree ? <span className="min-w-0 flex-1 truncate">{column.cell(line.row)}</span> : column.cell(line.row)}
        </div>
      )) : (
        <div role="gridcell" className="flex min-w-0 flex-1 items-center gap-1" style={{ paddingInlineStart: `${(line.level - 1) * 1.25}rem` }}>
          {isTree && <Disclosure open={line.open} onToggle={onToggle} />}
          <div className="min-w-0 flex-1">{narrow(line.row)}</div>
        </div>
      )}
    </div>
  )
}

/** Not a tab stop: arrows open and close the row from the keyboard. */
function Disclosure({ open, onToggle }: { readonly open: boolean | null; readonly onToggle: () => void }): ReactNode {
  if (open === null) return <span aria-hidden className="w-5 shrink-0 print:hidden" />
  return (
    <button type="button" tabIndex={-1} aria-label={open ? 'Close' : 'Open'} onClick={onToggle} className="-ml-1 inline-flex size-6 shrink-0 items-center justify-center rounded text-ink-3 hover:bg-sunken hover:text-ink print:hidden">
      <ChevronRight aria-hidden className={classNames('size-3.5 transition-transform', open && 'rotate-90')} />
    </button>
  )
}

function TotalsRow<Row>({ columns, template, wide, index }: { readonly columns: readonly DataColumn<Row>[]; readonly template: string; readonly wide: boolean; readonly index: number }): ReactNode {
  const shown = wide ? columns : columns.filter((column, place) => place === 0 || column.total !== undefined)
  return (
    <div role="rowgroup" className="sticky bottom-0 z-10 print:static">
      <div role="row" aria-rowindex={index} data-totals style={wide ? { gridTemplateColumns: template } : {}} className={classNames('min-h-10 items-center gap-x-4 border-t border-line-strong bg-surface text-sm font-semibold', wide ? 'grid px-5' : 'flex justify-between px-4')}>
        {shown.slice(0, wide ? undefined : 2).map((column, place) => <div key={column.id} role={place === 0 ? 'rowheader' : 'gridcell'} className={classNames('min-w-0', column.align === 'right' && 'text-right')}>{column.total ?? (place === 0 ? 'Total' : null)}</div>)}
      </div>
    </div>
  )
}
