import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import type { OrgNode } from '../../../../src/api/contract/contract.ts'
import { readerZone } from '../../api/queries.ts'
import { activityQuery, allNodesQuery, keysQuery, monthQuery } from './org-queries.ts'
import { flat, orgRows, type OrgRow } from './org-rows.ts'

export interface Org {
  readonly rows: readonly OrgRow[]
  readonly byId: ReadonlyMap<string, OrgRow>
  readonly nodes: readonly OrgNode[]
  readonly currency: string
  /** Figures that could not be read: the tree stands without them. */
  readonly figuresFailed: Error | null
  readonly figuresPending: boolean
  /** More keys than one answer carries: figures are of the dearest only. */
  readonly cut: boolean
  readonly otherCurrencies: readonly string[]
}
export interface OrgState { readonly org: Org | null; readonly error: Error | null; readonly retry: () => void }

/** The tree with its keys; the month's figures and last calls are added as they come, and their lack does not hide the tree. */
export function useOrg(): OrgState {
  const [openedAt] = useState(() => Date.now())
  const nodes = useQuery(allNodesQuery)
  const keys = useQuery(keysQuery)
  const activity = useQuery(activityQuery)
  const month = useQuery(monthQuery(openedAt, readerZone))
  const org = useMemo((): Org | null => {
    if (nodes.data === undefined || keys.data === undefined) return null
    const lastCalls = new Map((activity.data?.rows ?? []).flatMap((row) => (row.lastCallAt === null ? [] : [[row.keyId, row.lastCallAt] as const])))
    const rows = orgRows({ nodes: nodes.data.rows, keys: keys.data, lastCalls, month: month.data?.rows ?? [] })
    return {
      rows, byId: new Map(flat(rows).map((row) => [row.id, row])), nodes: nodes.data.rows, currency: month.data?.currency || 'USD',
      figuresFailed: month.error ?? activity.error, figuresPending: month.isPending || activity.isPending, cut: month.data?.truncated ?? false, otherCurrencies: month.data?.otherCurrencies ?? [],
    }
  }, [nodes.data, keys.data, activity.data, activity.error, activity.isPending, month.data, month.error, month.isPending])
  const retry = (): void => { for (const query of [nodes, keys, activity, month]) void query.refetch() }
  return { org, error: nodes.error ?? keys.error, retry }
}
