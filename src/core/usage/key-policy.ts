/** What a key's holder may do and say. */
export interface KeyPolicy {
  /** Model ids or "prefix*"; empty = all. */
  readonly models: readonly string[]
  /** Provider names; empty = all. */
  readonly providers: readonly string[]
  /** Attribution fields that must be present ("workflow", "user" …). */
  readonly required: readonly string[]
  /** Attribution fields fixed by the key, whatever the headers say. */
  readonly pinned: Readonly<Record<string, string>>
  /** Tag names allowed; null = all, empty = none. */
  readonly tags: readonly string[] | null
}

/** Allows everything and demands nothing. */
export const openPolicy: KeyPolicy = { models: [], providers: [], required: [], pinned: {}, tags: null }
