import { createHash } from 'node:crypto'

/** Characters of a tuple that still fit an index row beside the other columns (an index row holds about 2,700 bytes). */
const tupleKeyCharactersMax = 400

/**
 * A tuple as an index column: itself, or its digest when it is long. Tuples are '' or start with '[', so that no tuple reads
 * like a digest. Callers choose parts of a tuple, and a value too long for the index would stop a journal's stream.
 */
export function tupleKeyOf(tuple: string): string {
  if (tuple.length <= tupleKeyCharactersMax) return tuple
  return `sha256:${createHash('sha256').update(tuple).digest('hex')}`
}

/** A window id of the wire (rule.ts `windowId`) taken apart; null when it is none, so that a damaged frame changes nothing. */
export function parseWindowId(text: string): { readonly ruleId: string; readonly startMs: number; readonly tuple: string } | null {
  const match = /^([^|\0]+)\|(-?\d{1,15})\|([^\0]*)$/.exec(text)
  return match === null ? null : { ruleId: match[1]!, startMs: Number(match[2]!), tuple: match[3]! }
}

/** True for an id that a window id can carry. */
export const isRuleId = (id: string): boolean => /^[^|\0]+$/.test(id)
