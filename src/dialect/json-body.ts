import { isUtf8 } from 'node:buffer'
import { err, ok, type Result } from '../base/result.ts'
import { limits } from '../config/limits.ts'
import { jsonFaultPosition } from './json-fault.ts'
import { endOfString, scanObject, skipBlank } from './json-members.ts'
import { isObject } from './overlap.ts'

/** The body as one JSON object, or a sentence that says what is wrong without quoting the caller's text. */
export function readJsonBody(body: Buffer): Result<Readonly<Record<string, unknown>>, string> {
  if (body.length === 0) return err('The body is empty.')
  if (!isUtf8(body)) return err('The body is not valid UTF-8.')
  if (scanObject(body).state === 'too_deep') return err(`The body nests deeper than ${limits.jsonDepthMax} levels.`)
  const text = body.toString('utf8')
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? ok(value) : err('The body must be a JSON object.')
  } catch {
    const position = jsonFaultPosition(text)
    return err(position === null ? 'The JSON is malformed.' : `The JSON is malformed at position ${position}${position >= text.length ? ', where it ends early' : ''}.`)
  }
}

/**
 * The first name that one object of valid JSON gives twice, at any depth; null when none does. Two parsers may take
 * either value, so that what was read here need not be what the provider reads.
 */
export function repeatedName(bytes: Buffer): string | null {
  const open: (Set<string> | null)[] = []
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case 0x7b: open.push(new Set()); break
      case 0x5b: open.push(null); break
      case 0x7d: case 0x5d: open.pop(); break
      case 0x22: {
        const end = endOfString(bytes, at)
        if (end < 0) return null
        const names = open.at(-1)
        if (names instanceof Set && bytes[skipBlank(bytes, end)] === 0x3a) {
          const name = nameIn(bytes.toString('utf8', at, end))
          if (names.has(name)) return name
          names.add(name)
        }
        at = end - 1
        break
      }
      default:
    }
  }
  return null
}

const nameIn = (quoted: string): string => (quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1))
