import { queryOptions, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { ResponseOf } from '../../../../src/api/contract/contract.ts'
import { api, withSearch } from '../../api/client.ts'
import { costQuery } from '../../api/queries.ts'
import type { ChartNote } from '../../chart/series.ts'
import type { Span } from '../../format/range.ts'
import type { ExploreView } from './explore-search.ts'
import { measures } from './measures.ts'
import { notesOf } from './price-notes.ts'

const hourMs = 3_600_000
const changesMax = 200

const changedPrices = (fromMs: number, toMs: number) => queryOptions({
  queryKey: ['prices', 'changed', fromMs, toMs],
  staleTime: hourMs,
  queryFn: ({ signal }) => api.get<ResponseOf<'listPrices'>>(withSearch('/api/v1/prices', { startedFromMs: fromMs, startedToMs: toMs, limit: changesMax }), signal),
})

/** Prices that changed inside the range, of the models it is about: why a course of money bends. */
export function usePriceNotes(view: ExploreView, span: Span): readonly ChartNote[] {
  const money = measures[view.measure].kind === 'money'
  // Whole hours, so that the minute moving on asks nothing new.
  const [fromMs, toMs] = [Math.floor(span.fromMs / hourMs) * hourMs, Math.ceil(span.toMs / hourMs) * hourMs]
  const changed = useQuery({ ...changedPrices(fromMs, toMs), enabled: money })
  const filters = view.filters.map(({ values, ...rest }) => ({ ...rest, values: [...values] }))
  const called = useQuery({ ...costQuery({ measures: ['calls'], groupBy: ['model'], filters, fromMs, toMs, rowsMax: 500 }), staleTime: hourMs, enabled: money && (changed.data?.rows.length ?? 0) > 0 })
  return useMemo(() => notesOf(changed.data?.rows ?? [], (called.data?.rows ?? []).map((row) => row.group.model?.id ?? '')), [changed.data, called.data])
}
