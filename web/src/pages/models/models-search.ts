export const modelRanges = ['7d', '30d', '90d'] as const
export type ModelRange = (typeof modelRanges)[number]
export const modelRangeNames: Readonly<Record<ModelRange, string>> = { '7d': 'Last 7 days', '30d': 'Last 30 days', '90d': 'Last 90 days' }
const dayMs = 86_400_000
export const modelRangeMs: Readonly<Record<ModelRange, number>> = { '7d': 7 * dayMs, '30d': 30 * dayMs, '90d': 90 * dayMs }

/** What the address of Models & prices says; absent = models in use in the last 30 days, nothing open. */
export interface ModelsSearch {
  readonly view?: 'book'
  readonly range?: ModelRange
  readonly find?: string
  /** "provider/model" whose prices are open. */
  readonly model?: string
  /** The form for a contract price of the open model. */
  readonly form?: 'price'
}

/** Keeps what is known and well formed; a hand-edited address never breaks the page. */
export function readModelsSearch(raw: Readonly<Record<string, unknown>>): ModelsSearch {
  const { view, range, find, model, form } = raw
  const opened = typeof model === 'string' && /^[^/]+\/.+$/s.test(model)
  return {
    ...(view === 'book' ? { view } : {}),
    ...(modelRanges.includes(range as ModelRange) && range !== '30d' ? { range: range as ModelRange } : {}),
    ...(typeof find === 'string' && find !== '' ? { find } : typeof find === 'number' ? { find: String(find) } : {}),
    ...(opened ? { model } : {}),
    ...(opened && form === 'price' ? { form } : {}),
  }
}

export const nameOfModel = (id: { readonly provider: string; readonly model: string }): string => `${id.provider}/${id.model}`
/** Provider names hold no slash; model names may. */
export function splitName(name: string): { readonly provider: string; readonly model: string } {
  const slash = name.indexOf('/')
  return { provider: name.slice(0, slash), model: name.slice(slash + 1) }
}

/** Every word must be somewhere in "provider/model". */
export function matching<Model extends { readonly provider: string; readonly model: string; readonly names?: readonly string[] }>(rows: readonly Model[], find: string): readonly Model[] {
  const words = find.toLowerCase().split(/\s+/).filter((word) => word !== '')
  return words.length === 0 ? rows : rows.filter((row) => { const text = `${nameOfModel(row)} ${(row.names ?? []).join(' ')}`.toLowerCase(); return words.every((word) => text.includes(word)) })
}
