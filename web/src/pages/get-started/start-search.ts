import { snippets, type SnippetId } from './snippets.ts'

/** What the address of Get started says: the SDK shown, and the key whose first call is awaited. */
export interface StartSearch {
  readonly sdk?: SnippetId
  readonly key?: string
}

export function readStartSearch(raw: Readonly<Record<string, unknown>>): StartSearch {
  const sdk = snippets.find((snippet) => snippet.id === raw['sdk'])?.id
  const { key } = raw
  return { ...(sdk === undefined ? {} : { sdk }), ...(typeof key === 'string' && key !== '' ? { key } : {}) }
}
