/** Which statement is shown; all of it in the address, so that a colleague opens the same one. */
export interface StatementSearch {
  readonly node?: string
  /** YYYY-MM; left out: the month that runs. */
  readonly month?: string
  /** IANA zone the month is cut in; left out: the reader's. */
  readonly zone?: string
}

const monthText = /^20\d\d-(0[1-9]|1[0-2])$/

/** Keeps what is well formed; a hand-edited address never breaks the page. */
export function readStatementSearch(raw: Readonly<Record<string, unknown>>): StatementSearch {
  const { node, month, zone } = raw
  return {
    ...(typeof node === 'string' && node !== '' ? { node } : {}),
    ...(typeof month === 'string' && monthText.test(month) ? { month } : {}),
    ...(typeof zone === 'string' && isZone(zone) ? { zone } : {}),
  }
}

function isZone(zone: string): boolean {
  try { return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '' } catch { return false }
}

/** YYYY-MM of an instant in a zone. */
export function monthAt(ms: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, year: 'numeric', month: '2-digit' }).formatToParts(ms)
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}`
}

/** The month `by` months later, or earlier below zero. */
export function shiftMonth(month: string, by: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number - 1 + by, 15)).toISOString().slice(0, 7)
}

const monthWords = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' })
/** "November 2026". */
export const monthName = (month: string): string => monthWords.format(Date.parse(`${month}-15T12:00:00Z`))
