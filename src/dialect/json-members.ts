import { limits } from '../config/limits.ts'

/**
 * Where the members of one JSON object lie, as byte offsets into the caller's own bytes. Splices and usage texts are
 * cut along these offsets, so nothing is ever re-serialised. The walk checks nesting, not grammar: text that must be
 * valid JSON is parsed by `JSON.parse` as well.
 */
export interface JsonMember {
  /** The name's quotes included. */
  readonly nameStart: number
  readonly nameEnd: number
  readonly valueStart: number
  readonly valueEnd: number
  /** The name's text has an escape in it. */
  readonly escaped: boolean
}

export interface JsonObjectScan {
  /**
   * whole: the closing brace was found · cut: the bytes ended first, `members` holds the complete ones ·
   * too_deep: nesting passed the bound · not_object: no object starts here, or its members are not `"name": value`.
   */
  readonly state: 'whole' | 'cut' | 'too_deep' | 'not_object'
  readonly members: readonly JsonMember[]
  /** Offset of the opening brace. */
  readonly start: number
  /** Offset after the closing brace; only meaningful when whole. */
  readonly end: number
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** Returned instead of an offset when the bytes end inside a value, or nest too deep. */
const cut = -1
const tooDeep = -2

/** Members of the object that starts at `from` (leading white space allowed), nesting at most `depthMax` deep. */
export function scanObject(bytes: Buffer, from = 0, depthMax: number = limits.jsonDepthMax): JsonObjectScan {
  const members: JsonMember[] = []
  const start = skipBlank(bytes, from)
  const stop = (state: JsonObjectScan['state'], end: number): JsonObjectScan => ({ state, members, start, end })
  if (start >= bytes.length) return stop('cut', start)
  if (bytes[start] !== openBrace) return stop('not_object', start)
  let at = skipBlank(bytes, start + 1)
  if (bytes[at] === closeBrace) return stop('whole', at + 1)
  for (;;) {
    if (at >= bytes.length) return stop('cut', at)
    if (bytes[at] !== quote) return stop('not_object', at)
    const nameStart = at
    const nameEnd = endOfString(bytes, at)
    if (nameEnd < 0) return stop('cut', at)
    at = skipBlank(bytes, nameEnd)
    if (at >= bytes.length) return stop('cut', at)
    if (bytes[at] !== colon) return stop('not_object', at)
    const valueStart = skipBlank(bytes, at + 1)
    const valueEnd = endOfValue(bytes, valueStart, depthMax - 1)
    if (valueEnd < 0) return stop(valueEnd === tooDeep ? 'too_deep' : 'cut', valueStart)
    if (valueEnd === valueStart) return stop('not_object', valueStart)
    at = skipBlank(bytes, valueEnd)
    // A bare number at the end of the bytes may have lost digits, so it does not count as complete.
    if (at >= bytes.length) return stop('cut', at)
    members.push({ nameStart, nameEnd, valueStart, valueEnd, escaped: hasEscape(bytes, nameStart, nameEnd) })
    if (bytes[at] === closeBrace) return stop('whole', at + 1)
    if (bytes[at] !== comma) return stop('not_object', at)
    at = skipBlank(bytes, at + 1)
  }
}

/** The member's name, escapes resolved; null when its text is not a JSON string. */
export function nameOf(bytes: Buffer, member: JsonMember): string | null {
  const text = bytes.toString('utf8', member.nameStart, member.nameEnd)
  if (!text.includes('\\')) return text.slice(1, -1)
  const name = parseOrUndefined(text)
  return typeof name === 'string' ? name : null
}

/** The last member of this name, as `JSON.parse` would choose; null when there is none. */
export function findMember(bytes: Buffer, scan: JsonObjectScan, name: string): JsonMember | null {
  for (let i = scan.members.length - 1; i >= 0; i--) {
    const member = scan.members[i]!
    if (isNamed(bytes, member, name)) return member
  }
  return null
}

export const textOf = (bytes: Buffer, member: JsonMember): string => bytes.toString('utf8', member.valueStart, member.valueEnd)

/** The member's value, or undefined when it is not JSON. */
export const valueOf = (bytes: Buffer, member: JsonMember | null): unknown => (member === null ? undefined : parseOrUndefined(textOf(bytes, member)))

export function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Compares ASCII names byte by byte; only a name with an escape pays for decoding. */
function isNamed(bytes: Buffer, member: JsonMember, name: string): boolean {
  const start = member.nameStart + 1
  const length = member.nameEnd - 1 - start
  if (length === name.length) {
    let same = true
    for (let i = 0; i < length && same; i++) same = bytes[start + i] === name.charCodeAt(i)
    if (same) return true
  }
  return member.escaped && nameOf(bytes, member) === name
}

function hasEscape(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === backslash) return true
  return false
}

/** Offset after the value at `start`; `start` itself when there is no value; -1 when cut, -2 when too deep. */
export function endOfValue(bytes: Buffer, start: number, depthMax: number = limits.jsonDepthMax): number {
  const first = bytes[start]
  if (first === undefined) return cut
  if (first === quote) return endOfString(bytes, start)
  if (first === openBrace || first === openBracket) return endOfNested(bytes, start, depthMax)
  let at = start
  for (; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === comma || byte === closeBrace || byte === closeBracket || isBlank(byte)) break
  }
  return at
}

function endOfNested(bytes: Buffer, start: number, depthMax: number): number {
  let depth = 0
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === quote) {
      at = endOfString(bytes, at) - 1
      if (at < 0) return cut
    } else if (byte === openBrace || byte === openBracket) {
      if (++depth > depthMax) return tooDeep
    } else if (byte === closeBrace || byte === closeBracket) {
      if (--depth === 0) return at + 1
    }
  }
  return cut
}

/** Bytes walked by hand before the native search takes over: short strings and runs of escapes are dearer to search. */
const handWalk = 64

/** Offset after the closing quote of the string that opens at `open`, or -1 when the bytes end first. */
export function endOfString(bytes: Buffer, open: number): number {
  let at = open + 1
  for (;;) {
    const handEnd = Math.min(bytes.length, at + handWalk)
    for (; at < handEnd; at++) {
      const byte = bytes[at]
      if (byte === quote) return at + 1
      if (byte === backslash) at++
    }
    if (at >= bytes.length) return cut
    const found = bytes.indexOf(quote, at)
    if (found < 0) return cut
    let slashes = 0
    for (let back = found - 1; back >= at && bytes[back] === backslash; back--) slashes++
    at = found + 1
    if (slashes % 2 === 0) return at
  }
}

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

export function skipBlank(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && isBlank(bytes[at]!)) at++
  return at
}
