import { amountOf, divideHalfEven, formatAmount } from '../base/money.ts'

export interface TextColumn {
  readonly name: string
  readonly right?: boolean
  /** Amounts, under each other's decimal point. */
  readonly amount?: boolean
}

/** Columns of text for a terminal; the last row stands under a line when it is a total. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[], total?: readonly string[]): string {
  const places = columns.map((column, index) => (column.amount === true ? Math.max(0, ...[...rows, ...(total === undefined ? [] : [total])].map((row) => fractionOf(row[index] ?? ''))) : 0))
  const pointed = (row: readonly string[]): string[] => row.map((cell, index) => (places[index]! > 0 && cell.includes('.') ? cell + ' '.repeat(places[index]! - fractionOf(cell)) : cell))
  const body = rows.map(pointed)
  const foot = total === undefined ? [] : [pointed(total)]
  const all = [...body, ...foot]
  const widths = columns.map((column, index) => Math.max(column.name.length, ...all.map((row) => [...(row[index] ?? '')].length)))
  const lineOf = (cells: readonly string[]): string => cells.map((cell, index) => pad(cell, widths[index]!, columns[index]!.right === true || columns[index]!.amount === true)).join('  ').trimEnd()
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  return [lineOf(columns.map((column) => column.name)), rule, ...body.map(lineOf), ...foot.flatMap((row) => [rule, lineOf(row)])].join('\n')
}

const fractionOf = (cell: string): number => (cell.includes('.') ? cell.length - cell.indexOf('.') - 1 : 0)

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - [...text].length))
  return right ? space + text : text + space
}

/**
 * An amount to read: two decimals from one unit up, below it enough for three digits. What is not zero never reads as zero.
 * --json and --csv have every digit.
 */
export function readableAmount(decimal: string | null): string {
  if (decimal === null) return 'unpriced'
  const amount = amountOf(decimal)
  const magnitude = amount < 0n ? -amount : amount
  const zeros = 15 - magnitude.toString().length
  const places = magnitude === 0n || zeros < 0 ? 2 : Math.min(15, Math.max(2, zeros + 3))
  const step = 10n ** BigInt(15 - places)
  const [whole = '0', fraction = ''] = formatAmount(divideHalfEven(magnitude, step) * step).split('.')
  return `${amount < 0n ? '-' : ''}${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')}.${fraction.padEnd(2, '0')}`
}

export const readableCount = (count: number): string => count.toLocaleString('en-US')
export const readableDay = (ms: number | null): string => (ms === null ? '' : new Date(ms).toISOString().slice(0, 10))
export const readableInstant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** Says on standard error what long work is at, where a person watches; gives back what takes the line away. */
export function showProgress(text: string): () => void {
  if (!process.stderr.isTTY) return () => {}
  process.stderr.write(`\r\u001b[K${text} …`)
  return () => void process.stderr.write('\r\u001b[K')
}
