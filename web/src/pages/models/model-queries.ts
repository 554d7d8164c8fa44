import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { BodyOf, ResponseOf } from '../../../../src/api/contract/contract.ts'
import { api, withSearch } from '../../api/client.ts'
import type { RecordPage } from '../../api/queries.ts'

export type UsedModel = ResponseOf<'listUsedModels'>['rows'][number]
export type BookModel = ResponseOf<'listModels'>['rows'][number]
export type UnpricedModel = ResponseOf<'listUnpriced'>['rows'][number]
export type PriceEntry = ResponseOf<'listPrices'>['rows'][number]
export type Component = PriceEntry['component']
type Resolved = ResponseOf<'resolveModel'>

/** Ranges move in whole minutes, so that an answer can be kept. */
const minuteMs = 60_000
const span = (rangeMs: number): { readonly fromMs: number; readonly toMs: number } => {
  const toMs = Math.ceil(Date.now() / minuteMs) * minuteMs
  return { fromMs: toMs - rangeMs, toMs }
}

export const usedModelsQuery = (rangeMs: number) => queryOptions({
  queryKey: ['models', 'used', rangeMs],
  refetchInterval: 30_000,
  queryFn: ({ signal }) => api.get<ResponseOf<'listUsedModels'>>(withSearch('/api/v1/models', span(rangeMs)), signal),
})
export const unpricedQuery = (rangeMs: number) => queryOptions({
  queryKey: ['models', 'unpriced', rangeMs],
  refetchInterval: 30_000,
  queryFn: ({ signal }) => api.get<ResponseOf<'listUnpriced'>>(withSearch('/api/v1/prices/unpriced', span(rangeMs)), signal),
})

/** Models of the price book that match, by name; as many as one answer holds. */
export const priceBookQuery = (search: string) => queryOptions({
  queryKey: ['models', 'book', search],
  staleTime: 60_000,
  placeholderData: keepPreviousData,
  queryFn: ({ signal }) => api.get<ResponseOf<'listModels'>>(withSearch('/api/v1/prices/models', { limit: 500, search: search === '' ? null : search }), signal),
})
export const modelQuery = (provider: string, model: string) => queryOptions({
  queryKey: ['models', 'limits', provider, model],
  staleTime: 60_000,
  queryFn: ({ signal }) => api.get<ResponseOf<'listModels'>>(withSearch('/api/v1/prices/models', { provider, model }), signal),
})

/** Every entry of one model, ended and superseded ones included. */
export const pricesQuery = (provider: string, model: string) => queryOptions({
  queryKey: ['models', 'prices', provider, model],
  queryFn: ({ signal }) => api.get<ResponseOf<'listPrices'>>(withSearch('/api/v1/prices', { provider, model, history: true, limit: 500 }), signal),
})
export const resolveQuery = (provider: string, model: string) => queryOptions({
  queryKey: ['models', 'resolve', provider, model],
  staleTime: 60_000,
  queryFn: ({ signal }) => api.get<Resolved>(withSearch('/api/v1/prices/resolve', { provider, model }), signal),
})
/** The latest calls of a model without a complete price: what they used is what needs one. */
export const unpricedCallsQuery = (model: string) => queryOptions({
  queryKey: ['models', 'unpriced calls', model],
  queryFn: ({ signal }) => api.get<RecordPage>(withSearch('/api/v1/records', { model, pricing: 'incomplete', limit: 20 }), signal),
})

export const createOverride = (body: BodyOf<'createOverride'>): Promise<PriceEntry> => api.post<PriceEntry>('/api/v1/prices/overrides', body)
export const endOverride = (id: string): Promise<null> => api.delete<null>(`/api/v1/prices/overrides/${encodeURIComponent(id)}`)
