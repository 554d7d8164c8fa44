import { queryOptions } from '@tanstack/react-query'
import type { BodyOf, ResponseOf } from '../../../../src/api/contract/contract.ts'
import { api, withSearch } from '../../api/client.ts'
import type { Budgets } from '../../api/queries.ts'

export type PacedBudget = Budgets['rows'][number]
export type PacedWindow = PacedBudget['windows'][number]
export type BudgetPreview = ResponseOf<'previewBudget'>
export type BudgetBurn = ResponseOf<'getBudgetBurn'>
export type BudgetBody = BodyOf<'createBudget'>
type BudgetChanges = ResponseOf<'listBudgetChanges'>
type BudgetWindows = ResponseOf<'listBudgetWindows'>

const pagesMax = 20
const windowsShownMax = 400

/** Every budget with its pace, page after page: a tree cannot be shown in parts. */
export const pacedBudgetsQuery = queryOptions({
  queryKey: ['budgets', 'paced'],
  refetchInterval: 15_000,
  queryFn: async ({ signal }): Promise<readonly PacedBudget[]> => {
    const rows: PacedBudget[] = []
    let cursor: string | null = null
    for (let page = 0; page < pagesMax; page += 1) {
      const answer: Budgets = await api.get<Budgets>(withSearch('/api/v1/budgets', { pace: true, limit: 200, cursor }), signal)
      rows.push(...answer.rows)
      cursor = answer.next
      if (cursor === null) break
    }
    return rows
  },
})

const pathOf = (id: string): string => `/api/v1/budgets/${encodeURIComponent(id)}`

export const budgetBurnQuery = (id: string, tuple: readonly string[] | null) => queryOptions({
  queryKey: ['budgets', 'burn', id, tuple],
  refetchInterval: 60_000,
  queryFn: ({ signal }) => api.get<BudgetBurn>(withSearch(`${pathOf(id)}/burn`, { tuple: tuple === null ? null : JSON.stringify(tuple) }), signal),
})
export const budgetWindowsQuery = (id: string) => queryOptions({
  queryKey: ['budgets', 'windows', id],
  queryFn: ({ signal }) => api.get<BudgetWindows>(withSearch(`${pathOf(id)}/windows`, { limit: windowsShownMax }), signal),
})
export const budgetChangesQuery = (id: string) => queryOptions({
  queryKey: ['budgets', 'changes', id],
  queryFn: ({ signal }) => api.get<BudgetChanges>(withSearch(`${pathOf(id)}/changes`, { limit: 50 }), signal),
})
export const budgetPreviewQuery = (body: BudgetBody) => queryOptions({
  queryKey: ['budgets', 'preview', body],
  staleTime: 60_000,
  retry: false,
  queryFn: ({ signal }) => api.post<BudgetPreview>('/api/v1/budgets/preview', body, signal),
})

export const createBudget = (body: BudgetBody): Promise<PacedBudget> => api.post<PacedBudget>('/api/v1/budgets', body)
export const updateBudget = (id: string, body: BodyOf<'updateBudget'>): Promise<PacedBudget> => api.patch<PacedBudget>(pathOf(id), body)
export const removeBudget = (id: string): Promise<null> => api.delete<null>(pathOf(id))
