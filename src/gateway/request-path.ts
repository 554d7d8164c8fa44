import { limits } from '../config/limits.ts'

/** A request target in normal form. */
export interface RequestPath {
  /** First segment: "v1", or a provider's or route's name. */
  readonly head: string
  /** Path as the upstream will see it, query not included. */
  readonly rest: string
  /** With its "?", or ''; without the Tollgate key. */
  readonly query: string
  /** The Tollgate key, where a `key` parameter carried one; else ''. */
  readonly key: string
}

const forbidden = /\/\/|\\|%2f|%5c|%2e|%00|#/i

/**
 * Splits a request target, or null when it is not in normal form. Absolute-form, dot segments, doubled or encoded
 * slashes are refused rather than repaired, because the upstream might repair them differently.
 */
export function readPath(target: string): RequestPath | null {
  if (target.length > limits.pathBytesMax || target[0] !== '/') return null
  const question = target.indexOf('?')
  const path = question === -1 ? target : target.slice(0, question)
  if (forbidden.test(path) || hasDotSegment(path) || !isPrintable(target)) return null
  const slash = path.indexOf('/', 1)
  const head = slash === -1 ? path.slice(1) : path.slice(1, slash)
  const { query, key } = question === -1 ? noQuery : withoutKey(target.slice(question + 1))
  return { head, rest: head === 'v1' ? path : slash === -1 ? '/' : path.slice(slash), query, key }
}

const noQuery = { query: '', key: '' }

/**
 * Google's clients may send their key as `?key=`. One of ours is taken out here, so that it reaches no upstream; any other
 * parameter stays byte for byte.
 */
function withoutKey(query: string): { readonly query: string; readonly key: string } {
  let key = ''
  const kept = query.split('&').filter((pair) => {
    // Decodes what is malformed as well.
    const value = new URLSearchParams(pair).get('key')
    if (value === null || !value.startsWith('tg_')) return true
    key = value
    return false
  })
  return { query: kept.length === 0 ? '' : `?${kept.join('&')}`, key }
}

function hasDotSegment(path: string): boolean {
  return path.includes('/.') && path.split('/').some((segment) => segment === '.' || segment === '..')
}

function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code <= 0x20 || code >= 0x7f) return false
  }
  return true
}
