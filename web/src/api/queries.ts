import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { CostAnswer, CostQueryInput, Explanation, Overview, ResponseOf, Session, SystemInfo } from '../../../src/api/contract/contract.ts'
import { api, rememberCsrf, withSearch } from './client.ts'
import { isPassing } from './problem.ts'

export type { Budget, BudgetWindow, CostAnswer, CostQueryInput, CostRow, Explanation, Overview, RecordSummary, Session, Statement, SystemInfo, UsageRecord } from '../../../src/api/contract/contract.ts'
export type Budgets = ResponseOf<'listBudgets'>
export type Nodes = ResponseOf<'listNodes'>
export type RecordPage = ResponseOf<'listRecords'>
/** Exact matches of the records list, as the API names them. */
export type RecordMatch = Readonly<Record<string, string>>

/** The reader's zone: days and months are cut where they live. */
export const readerZone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

/** Restarting engines are asked again for a while; everything else shows at once. */
export const retryPassing = (failures: number, error: unknown): boolean => isPassing(error) && failures < 3

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 5 * 60_000,
  queryFn: async ({ signal }) => {
    const session = await api.get<Session>('/api/v1/session', signal)
    rememberCsrf(session.csrf)
    return session
  },
})

export const systemQuery = queryOptions({
  queryKey: ['system'],
  staleTime: 30_000,
  refetchInterval: 30_000,
  queryFn: ({ signal }) => api.get<SystemInfo>('/api/v1/system', signal),
})

export const overviewQuery = queryOptions({
  queryKey: ['overview', readerZone],
  refetchInterval: 15_000,
  queryFn: ({ signal }) => api.get<Overview>(withSearch('/api/v1/overview', { zone: readerZone }), signal),
})

export const budgetsQuery = queryOptions({
  queryKey: ['budgets'],
  refetchInterval: 15_000,
  queryFn: ({ signal }) => api.get<Budgets>('/api/v1/budgets', signal),
})

export const nodesQuery = queryOptions({
  queryKey: ['nodes'],
  staleTime: 60_000,
  queryFn: ({ signal }) => api.get<Nodes>('/api/v1/nodes', signal),
})

/** A cost question; it only reads, POST because questions outgrow addresses. */
export const costQuery = (question: CostQueryInput) => queryOptions({
  queryKey: ['cost', question],
  queryFn: ({ signal }) => api.post<CostAnswer>('/api/v1/query', question, signal),
})

export interface RecordRange { readonly fromMs?: number | undefined; readonly toMs?: number | undefined }
export const recordsQuery = (match: RecordMatch, range: RecordRange, order: 'at' | 'cost') => infiniteQueryOptions({
  queryKey: ['records', match, range, order],
  initialPageParam: null as string | null,
  queryFn: ({ pageParam, signal }) => api.get<RecordPage>(withSearch('/api/v1/records', { ...match, ...range, order: order === 'at' ? undefined : order, limit: 100, cursor: pageParam }), signal),
  getNextPageParam: (page: RecordPage) => page.next,
})

export const explainQuery = (eventId: string) => queryOptions({
  queryKey: ['explain', eventId],
  queryFn: ({ signal }) => api.get<Explanation>(`/api/v1/records/${encodeURIComponent(eventId)}/explain`, signal),
})
