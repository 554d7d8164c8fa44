import type { UnpricedModel, UsedModel } from './model-queries.ts'

/** Calls without a whole price under one name a price is looked up by. */
export interface UnpricedGroup {
  readonly provider: string
  /** Name a price is looked up by. */
  readonly model: string
  /** Other names it was asked for by. */
  readonly requested: readonly string[]
  readonly calls: number
  readonly tokens: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly partial: boolean
}

/** What still lacks a price, most called first, and what has got one since. Calls with a price in part keep lacking the rest. */
export function unpricedGroups(rows: readonly UnpricedModel[], used: readonly Pick<UsedModel, 'known' | 'names' | 'model'>[]): { readonly open: readonly UnpricedGroup[]; readonly settled: readonly UnpricedGroup[] } {
  const groups = new Map<string, UnpricedGroup>()
  for (const row of rows) {
    const model = row.pricedAs === '' ? row.model : row.pricedAs
    const key = `${row.provider}/${model}`
    const found = groups.get(key)
    groups.set(key, {
      provider: row.provider, model, requested: [...new Set([...(found?.requested ?? []), ...(row.model === model ? [] : [row.model])])],
      calls: (found?.calls ?? 0) + row.calls, tokens: (found?.tokens ?? 0) + row.tokens,
      firstSeenMs: Math.min(found?.firstSeenMs ?? row.firstSeenMs, row.firstSeenMs), lastSeenMs: Math.max(found?.lastSeenMs ?? row.lastSeenMs, row.lastSeenMs),
      partial: row.pricing === 'partial' && (found?.partial ?? true),
    })
  }
  const known = new Set(used.filter((model) => model.known).flatMap((model) => [model.model, ...model.names]))
  const all = [...groups.values()].filter((group) => group.model !== '').toSorted((a, b) => b.calls - a.calls || (a.model < b.model ? -1 : 1))
  const isSettled = (group: UnpricedGroup): boolean => !group.partial && known.has(group.model)
  return { open: all.filter((group) => !isSettled(group)), settled: all.filter(isSettled) }
}
