import type { ChartNote } from '../../chart/series.ts'
import type { Span } from '../../format/range.ts'
import type { ExploreView } from './explore-search.ts'

const none: readonly ChartNote[] = []

/** Prices that changed inside the range. */
export function usePriceNotes(_view: ExploreView, _span: Span): readonly ChartNote[] {
  return none
}
