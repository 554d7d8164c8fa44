import { z } from 'zod'
import { limits } from '../../config/limits.ts'

/** Field schemas that several resources share. Each states unit, default and bound. */

/** A sentence for a value of the wrong type only; bounds speak for themselves. */
export const whenWrongType = (sentence: string) => ({ error: (issue: { readonly code?: string | undefined }) => (issue.code === 'invalid_type' ? sentence : undefined) })

const decimalText = /^[+-]?\d{1,23}(\.\d{1,15})?$/

/** Money as people send it. */
export const moneyIn = z.string(whenWrongType('Send a decimal string such as "250.00".'))
  .regex(decimalText, 'Send a plain decimal with at most 15 places, such as "250.00"; no exponent, separator or symbol.')
/** Money as we answer it. */
export const moneyOut = z.string().describe('Exact decimal in the currency beside it, at most 15 places, e.g. "0.0138".')
export const moneyOrNull = moneyOut.nullable().describe('Exact decimal in the currency beside it; null where nothing could be priced (unknown, not zero).')

const yearsMs = 200 * 365 * 86_400_000
const wholeNumber = 'Send a whole number.'
export const instantIn = z.int(whenWrongType('Send a whole number: Unix milliseconds UTC.')).min(0).max(yearsMs)
export const instantInQuery = z.coerce.number(whenWrongType('Send a whole number: Unix milliseconds UTC.')).int(wholeNumber).min(0).max(yearsMs)
export const instantOut = z.number().describe('Unix milliseconds UTC.')

export const idText = z.string().min(1).max(200)
export const idParams = z.object({ id: idText.describe('Id of the resource, as its list gives it.') })
export const nameText = z.string().trim().min(1, 'Send a name of at least one character.').max(120)

export const zoneText = z.string().min(1).max(64).refine(isKnownZone, 'Send an IANA time zone such as "UTC" or "Europe/Berlin".')

function isKnownZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

export const cursorQuery = {
  cursor: z.string().max(400).exactOptional().describe('The `next` of the page before; absent = the first page.'),
  limit: z.coerce.number(whenWrongType(wholeNumber)).int(wholeNumber).min(1).max(limits.pageRowsMax).default(limits.pageRowsDefault)
    .describe(`Rows in the page. Default ${limits.pageRowsDefault}, at most ${limits.pageRowsMax}.`),
}

/** A page of rows. */
export const pageOf = <Row extends z.ZodType>(row: Row) => z.object({
  rows: z.array(row).describe('The rows of this page.'),
  next: z.string().nullable().describe('Send it as `cursor` for the following page; null on the last.'),
})

export const queryFlag = z.enum(['true', 'false'], { error: 'Send true or false.' }).transform((text) => text === 'true')

export const rangeIn = {
  fromMs: instantIn.describe('Start of the range, inclusive, Unix milliseconds UTC.'),
  toMs: instantIn.describe(`End of the range, exclusive, Unix milliseconds UTC; at most ${limits.queryRangeDaysMax} days after the start.`),
}
export const rangeInQuery = {
  fromMs: instantInQuery.describe('Start of the range, inclusive, Unix milliseconds UTC.'),
  toMs: instantInQuery.describe(`End of the range, exclusive, Unix milliseconds UTC; at most ${limits.queryRangeDaysMax} days after the start.`),
}
export const rangeOut = z.object({
  fromMs: instantOut.describe('Start, inclusive, Unix milliseconds UTC.'),
  toMs: instantOut.describe('End, exclusive, Unix milliseconds UTC.'),
})

export const nothing = z.null()
