import { findMember, textOf, type JsonMember, type JsonObjectScan } from './json-members.ts'

/** Replace the bytes [start, end) by `text`. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Notes what has to change for the member to have this value (JSON text); one that is missing goes to `added`. */
export function setMember(body: Buffer, scan: JsonObjectScan, name: string, value: string, edits: Edit[], added: string[]): void {
  const member = findMember(body, scan, name)
  if (member === null) added.push(`"${name}":${value}`)
  else if (textOf(body, member) !== value) edits.push({ start: member.valueStart, end: member.valueEnd, text: value })
}

export const isNull = (body: Buffer, member: JsonMember): boolean => textOf(body, member) === 'null'

/** Members (`"name":value`) put behind the last one of an object. */
export function appendTo(scan: JsonObjectScan, added: readonly string[]): Edit {
  const last = scan.members.at(-1)
  const at = last === undefined ? scan.start + 1 : last.valueEnd
  return { start: at, end: at, text: `${last === undefined ? '' : ','}${added.join(',')}` }
}

/** The bytes with the edits made; edits do not overlap. */
export function applyEdits(body: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = []
  let from = 0
  // Where an insertion follows a replaced value, both start and end there: the replacement ends first.
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    parts.push(body.subarray(from, edit.start), Buffer.from(edit.text, 'utf8'))
    from = edit.end
  }
  parts.push(body.subarray(from))
  return Buffer.concat(parts)
}
