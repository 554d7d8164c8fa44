import { invalidField } from './problem.ts'

/** A page of a list that is held whole: the cursor names the last row given, so rows that come or go shift nothing. */
export function pageRows<Row>(rows: readonly Row[], idOf: (row: Row) => string, page: { readonly cursor?: string; readonly limit: number }): { rows: Row[]; next: string | null } {
  const after = page.cursor === undefined ? null : readCursor(page.cursor)
  const from = after === null ? 0 : rows.findIndex((row) => idOf(row) === after) + 1
  if (after !== null && from === 0) throw invalidField('cursor', 'The row this cursor stood at is gone; begin again without one.')
  const slice = rows.slice(from, from + page.limit)
  const last = slice.at(-1)
  return { rows: slice, next: last !== undefined && from + page.limit < rows.length ? writeCursor(idOf(last)) : null }
}

const writeCursor = (id: string): string => Buffer.from(id, 'utf8').toString('base64url')
const readCursor = (cursor: string): string => Buffer.from(cursor, 'base64url').toString('utf8')
