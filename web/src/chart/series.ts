export interface ChartSeries {
  readonly id: string
  readonly name: string
  /** The grey remainder of everything that has no series of its own. */
  readonly rest: boolean
  /** Exact decimals, one per bucket; null where there was nothing. */
  readonly values: readonly (string | null)[]
  readonly total: string | null
}

/** What a chart marks on its time axis, e.g. a price that changed. */
export interface ChartNote { readonly atMs: number; readonly text: string }
