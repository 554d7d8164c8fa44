import type { FastifyReply } from 'fastify'

export type Cell = string | number | null
export interface Sheet {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** Shown below the rows; absent = none. */
  readonly totals?: readonly Cell[]
  readonly generatedAtMs: number
}

/**
 * A spreadsheet runs text that begins like a formula, and names, tags and models are chosen by callers. Such text gets
 * a leading apostrophe. Our own decimals keep their minus sign.
 */
export function escapeFormula(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
}

export function toCsv(sheet: Sheet): string {
  const lines = [sheet.columns, ...sheet.rows, ...(sheet.totals ? [sheet.totals] : [])]
  return lines.map((cells) => cells.map(csvCell).join(',')).join('\r\n') + '\r\n'
}

function csvCell(cell: Cell): string {
  if (cell === null) return ''
  const text = typeof cell === 'number' ? String(cell) : escapeFormula(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export function toJson(sheet: Sheet): string {
  const escaped = (cells: readonly Cell[]): Record<string, Cell> => Object.fromEntries(sheet.columns.map((column, index) => {
    const cell = cells[index] ?? null
    return [column, typeof cell === 'string' ? escapeFormula(cell) : cell]
  }))
  return JSON.stringify({ generatedAt: new Date(sheet.generatedAtMs).toISOString(), rows: sheet.rows.map(escaped), totals: sheet.totals ? escaped(sheet.totals) : null })
}

/** Sets type and file name, and gives the file's text. */
export function asFile(sheet: Sheet, format: 'csv' | 'json', reply: FastifyReply): string {
  const stamp = new Date(sheet.generatedAtMs).toISOString().slice(0, 19).replaceAll(':', '')
  reply.header('content-disposition', `attachment; filename="${sheet.name}-${stamp}.${format}"`)
  reply.header('x-generated-at', new Date(sheet.generatedAtMs).toISOString())
  reply.type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8')
  return format === 'csv' ? toCsv(sheet) : toJson(sheet)
}
