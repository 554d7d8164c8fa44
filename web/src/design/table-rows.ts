/** A row as the table shows it: groups that are open are followed by what they hold. */
export interface ShownRow<Row> {
  readonly row: Row
  readonly id: string
  /** From 1. */
  readonly level: number
  /** Null where there is nothing to open. */
  readonly open: boolean | null
  readonly parentId: string | null
}

export interface Sorting { readonly column: string; readonly descending: boolean }

interface Shape<Row> {
  readonly rowId: (row: Row) => string
  readonly childrenOf?: ((row: Row) => readonly Row[] | undefined) | undefined
  readonly compare: ((a: Row, b: Row) => number) | null
  readonly descending: boolean
  readonly opened: ReadonlySet<string>
}

/** Sorts every level by itself and lays open groups out as one list. Equal rows keep their order. */
export function shownRows<Row>(rows: readonly Row[], shape: Shape<Row>, level = 1, parentId: string | null = null): readonly ShownRow<Row>[] {
  const { compare, descending } = shape
  const sorted = compare === null ? rows : rows.toSorted((a, b) => (descending ? compare(b, a) : compare(a, b)))
  return sorted.flatMap((row): readonly ShownRow<Row>[] => {
    const id = shape.rowId(row)
    const inside = shape.childrenOf?.(row)
    const open = inside === undefined || inside.length === 0 ? null : shape.opened.has(id)
    const shown: ShownRow<Row> = { row, id, level, open, parentId }
    return open === true && inside !== undefined ? [shown, ...shownRows(inside, shape, level + 1, id)] : [shown]
  })
}

/** The next sorting when a head is pressed: figures begin with the largest, then the other way round. */
export function nextSorting(now: Sorting | null, column: string, descendingFirst: boolean): Sorting {
  if (now?.column !== column) return { column, descending: descendingFirst }
  return { column, descending: !now.descending }
}
