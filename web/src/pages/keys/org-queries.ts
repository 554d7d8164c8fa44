import { queryOptions, useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query'
import type { ApiKey, Provider, ResponseOf, Token, User } from '../../../../src/api/contract/contract.ts'
import { api, withSearch } from '../../api/client.ts'
import { costQuery, type Nodes, type RecordPage, type RecordSummary } from '../../api/queries.ts'

interface Paged<Row> { readonly rows: readonly Row[]; readonly next: string | null }
/** Lists of an organisation are short: all pages at once, so that they can be sorted and searched. */
async function allPages<Row>(path: string, signal: AbortSignal): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (let cursor: string | null = null; ;) {
    const page: Paged<Row> = await api.get<Paged<Row>>(withSearch(path, { limit: 500, cursor }), signal)
    rows.push(...page.rows)
    if (page.next === null) return rows
    cursor = page.next
  }
}

/** Archived ones included. */
export const allNodesQuery = queryOptions({
  queryKey: ['nodes', 'all'],
  queryFn: ({ signal }) => api.get<Nodes>('/api/v1/nodes?archived=true', signal),
})
export const keysQuery = queryOptions({ queryKey: ['keys'], queryFn: ({ signal }) => allPages<ApiKey>('/api/v1/keys', signal) })
export const activityQuery = queryOptions({
  queryKey: ['activity'],
  refetchInterval: 10_000,
  queryFn: ({ signal }) => api.get<ResponseOf<'listKeyActivity'>>('/api/v1/keys/activity', signal),
})
export const usersQuery = queryOptions({ queryKey: ['users'], queryFn: ({ signal }) => allPages<User>('/api/v1/users', signal) })
export const tokensQuery = queryOptions({ queryKey: ['tokens'], queryFn: ({ signal }) => allPages<Token>('/api/v1/tokens', signal) })
export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: ({ signal }) => api.get<ResponseOf<'listProviders'>>('/api/v1/providers', signal),
})

/** The month in the reader's zone by unit, team, app and key; its end lies ahead, so that the question stays the same all month. */
export function monthQuery(nowMs: number, zone: string) {
  const now = new Date(nowMs)
  const question = { measures: ['cost', 'calls'] as ('cost' | 'calls')[], groupBy: ['unit', 'team', 'app', 'key'] as ('unit' | 'team' | 'app' | 'key')[], fromMs: new Date(now.getFullYear(), now.getMonth(), 1).getTime(), toMs: new Date(now.getFullYear(), now.getMonth() + 1, 1).getTime(), zone, rowsMax: 10_000 }
  return { ...costQuery(question), refetchInterval: 15_000 }
}

/** Calls and failures of each provider over 24 hours; the range moves every five minutes. */
export function providerHealthQuery(nowMs: number) {
  const toMs = Math.ceil(nowMs / 300_000) * 300_000
  return { ...costQuery({ measures: ['calls', 'attempts', 'errors', 'cost'], groupBy: ['provider'], fromMs: toMs - 86_400_000, toMs, rowsMax: 500 }), refetchInterval: 15_000 }
}

/** The newest record of a key or a provider within 30 days. */
export const lastRecordQuery = (match: { readonly key?: string; readonly provider?: string }, sinceMs?: number) => queryOptions({
  queryKey: ['last record', match, sinceMs],
  queryFn: async ({ signal }): Promise<RecordSummary | null> => {
    const fromMs = sinceMs ?? Date.now() - 30 * 86_400_000
    return (await api.get<RecordPage>(withSearch('/api/v1/records', { ...match, fromMs, limit: 1 }), signal)).rows[0] ?? null
  },
})

/** A write, after which the named lists are read again. */
export function useWrite<Sent, Answer>(write: (sent: Sent) => Promise<Answer>, lists: readonly string[]): UseMutationResult<Answer, Error, Sent> {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: write,
    onSuccess: async () => { await Promise.all(lists.map((list) => cache.invalidateQueries({ queryKey: [list] }))) },
  })
}

export type KeyCreated = ResponseOf<'createKey'>
export type { ApiKey, Provider, Token, User }
