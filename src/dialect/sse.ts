/**
 * Server-sent events as byte ranges. Lines end in LF or CRLF and an empty line ends an event. (The standard also allows
 * a lone CR; no provider sends it, and such a stream would be relayed but read as one event.)
 */
const lf = 0x0a
const cr = 0x0d
const blankLf = Buffer.from('\n\n')
const blankCrlf = Buffer.from('\n\r\n')
const dataField = Buffer.from('data:')

/** True when the bytes end in an empty line. */
export function endsEvent(bytes: Buffer): boolean {
  const n = bytes.length
  if (bytes[n - 1] !== lf) return false
  return bytes[n - 2] === lf || (bytes[n - 2] === cr && bytes[n - 3] === lf)
}

/** Offset after the first event that ends at or after `from`, or -1. */
export function firstEventEnd(bytes: Buffer, from = 0): number {
  const plain = bytes.indexOf(blankLf, from)
  const bound = plain < 0 ? bytes.length : plain
  const carriage = bytes.indexOf(cr, from)
  if (carriage >= 0 && carriage <= bound) {
    const mixed = bytes.indexOf(blankCrlf, from)
    if (mixed >= 0 && (plain < 0 || mixed < plain)) return mixed + 3
  }
  return plain < 0 ? -1 : plain + 2
}

/** Offset after the last event that ends within the bytes, 0 when none does. */
export function lastEventEnd(bytes: Buffer): number {
  if (endsEvent(bytes)) return bytes.length
  const plain = bytes.lastIndexOf(blankLf)
  const mixed = bytes.lastIndexOf(blankCrlf)
  return Math.max(plain < 0 ? 0 : plain + 2, mixed < 0 ? 0 : mixed + 3)
}

/** As `firstEventEnd`, where the two bytes before `bytes` belong to the same event (-1 when there is none). */
export function eventEndAcross(secondLast: number, last: number, bytes: Buffer): number {
  if (last === lf && bytes[0] === lf) return 1
  if (last === lf && bytes[0] === cr && bytes[1] === lf) return 2
  if (secondLast === lf && last === cr && bytes[0] === lf) return 1
  return firstEventEnd(bytes)
}

/** What the event's data lines say, joined by LF; a part of `event` itself when there is one line, null when none. */
export function dataOf(event: Buffer): Buffer | null {
  let first: Buffer | null = null
  let more: Buffer[] | null = null
  for (let start = 0; start < event.length;) {
    const found = event.indexOf(lf, start)
    const next = found < 0 ? event.length : found + 1
    if (startsWithData(event, start)) {
      let end = found < 0 ? event.length : found
      if (end > start && event[end - 1] === cr) end--
      const from = start + dataField.length
      const line = event.subarray(event[from] === 0x20 && from < end ? from + 1 : from, end)
      if (first === null) first = line
      else (more ??= [first]).push(Buffer.from('\n'), line)
    }
    start = next
  }
  return more === null ? first : Buffer.concat(more)
}

function startsWithData(bytes: Buffer, at: number): boolean {
  if (at + dataField.length > bytes.length) return false
  for (let i = 0; i < dataField.length; i++) if (bytes[at + i] !== dataField[i]) return false
  return true
}
