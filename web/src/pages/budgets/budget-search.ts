/** What the address of Budgets says; absent = the tree, nothing open. */
export interface BudgetSearch {
  readonly view?: 'risk'
  /** Budget whose details are open. */
  readonly budget?: string
  /** JSON of the values that name one of its windows. */
  readonly window?: string
  /** The form: a new budget, or the open one. */
  readonly form?: 'new' | 'edit'
  /** Node a new budget starts with. */
  readonly node?: string
}

/** Keeps what is known and well formed; a hand-edited address never breaks the page. */
export function readBudgetSearch(raw: Readonly<Record<string, unknown>>): BudgetSearch {
  const { view, budget, window, form, node } = raw
  const text = (value: unknown): value is string => typeof value === 'string' && value !== ''
  return {
    ...(view === 'risk' ? { view } : {}),
    ...(text(budget) ? { budget } : {}),
    ...(text(budget) && typeof window === 'string' ? { window } : text(budget) && Array.isArray(window) ? { window: JSON.stringify(window) } : {}),
    ...(form === 'new' || (form === 'edit' && text(budget)) ? { form } : {}),
    ...(text(node) ? { node } : {}),
  }
}
