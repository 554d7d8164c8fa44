import { shownKinds, type ShownKind } from './org-rows.ts'

export const keyViews = ['org', 'providers', 'people', 'access'] as const
export type KeyView = (typeof keyViews)[number]

/** What the address of Keys & org says; absent = the organisation. */
export interface KeysSearch {
  readonly view?: Exclude<KeyView, 'org'>
  readonly shown?: Exclude<ShownKind, 'all'>
  /** Node whose details are open. */
  readonly node?: string
  /** Key whose details are open. */
  readonly key?: string
}

/** Keeps what is known and well formed; a hand-edited address never breaks the page. */
export function readKeysSearch(raw: Readonly<Record<string, unknown>>): KeysSearch {
  const { view, shown, node, key } = raw
  return {
    ...(view !== 'org' && keyViews.includes(view as KeyView) ? { view: view as Exclude<KeyView, 'org'> } : {}),
    ...(shown !== 'all' && shownKinds.includes(shown as ShownKind) ? { shown: shown as Exclude<ShownKind, 'all'> } : {}),
    ...(typeof node === 'string' && node !== '' ? { node } : {}),
    ...(typeof key === 'string' && key !== '' ? { key } : {}),
  }
}
