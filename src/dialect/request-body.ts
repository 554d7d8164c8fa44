import { isUtf8 } from 'node:buffer'
import { err, ok, type Result } from '../base/result.ts'
import { limits } from '../config/limits.ts'
import type { RequestFault } from './dialect.ts'
import { jsonFaultPosition } from './json-fault.ts'
import { nameOf, scanObject, type JsonObjectScan } from './json-members.ts'
import { isObject } from './overlap.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export interface RequestBody {
  readonly value: JsonObject
  readonly scan: JsonObjectScan
}

/**
 * Parses a request body. `decidingNames` are the top-level members that decide what a call can cost: twice the same one,
 * or one that differs only by letter case (some servers match names without case), and the provider may read the other,
 * so no bound could be proven. Faults name what is wrong, never quote the caller's text at length.
 */
export function parseRequestBody(body: Buffer, decidingNames: ReadonlySet<string>): Result<RequestBody, RequestFault> {
  if (body.length === 0) return malformed('The body is empty.')
  if (!isUtf8(body)) return malformed('The body is not valid UTF-8.')
  const scan = scanObject(body)
  if (scan.state === 'too_deep') return malformed(`The body nests deeper than ${limits.jsonDepthMax} levels.`)
  const text = body.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const position = jsonFaultPosition(text)
    return malformed(position === null ? 'The JSON is malformed.' : `The JSON is malformed at position ${position}${position >= text.length ? ', where it ends early' : ''}.`)
  }
  if (!isObject(value)) return malformed('The body must be a JSON object.')
  const names = Object.keys(value)
  for (const name of names) {
    if (!/[A-Z]/.test(name) || decidingNames.has(name)) continue
    const alike = likeName(name, decidingNames)
    if (alike !== null) return malformed(`The member "${name.slice(0, 60)}" differs from "${alike}" only by letter case.`)
  }
  // As many members as names means that no name came twice; only otherwise is it worth looking for the one.
  if (scan.members.length !== names.length) {
    const seen = new Set<string>()
    for (const member of scan.members) {
      const name = nameOf(body, member) ?? ''
      if (seen.has(name) && decidingNames.has(name)) return malformed(`The member "${name}" is given twice.`)
      seen.add(name)
    }
  }
  return ok({ value, scan })
}

function likeName(name: string, decidingNames: ReadonlySet<string>): string | null {
  const lower = name.toLowerCase()
  if (decidingNames.has(lower)) return lower
  for (const deciding of decidingNames) if (deciding.toLowerCase() === lower) return deciding
  return null
}

/** The model a body names, its type and length checked. */
export function readModel(model: unknown): Result<string, RequestFault> {
  if (typeof model !== 'string') return malformed(model === undefined ? 'The member "model" is missing.' : '"model" must be a string.')
  if (model.trim() === '') return malformed('"model" is empty.')
  return model.length > 512 ? malformed('"model" is longer than 512 characters.') : ok(model)
}

export const requestFault = (code: RequestFault['code'], detail: string): Result<never, RequestFault> => err({ code, detail })
export const malformed = (detail: string): Result<never, RequestFault> => requestFault('body_malformed', detail)
