// oxlint-disable-next-line no-control-regex -- JSON strings exclude exactly these characters.
const token = /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y
/** The position is for people who look at their own body; longer ones are not walked for it. */
const charactersMax = 256 * 1024

/**
 * Character position at which `text` stops being JSON, or null when it is too long to walk. Only called for text that
 * `JSON.parse` has refused: its own messages often lack the position and may quote the caller's text.
 */
export function jsonFaultPosition(text: string): number | null {
  if (text.length > charactersMax) return null
  const open: string[] = []
  // What may come next: a value, a value or "]", a name, a name or "}", a colon, or what follows a value.
  let expected: 'value' | 'value_or_end' | 'name' | 'name_or_end' | 'colon' | 'after' = 'value'
  token.lastIndex = 0
  for (;;) {
    const before = token.lastIndex
    const match = token.exec(text)
    if (match === null) return skipBlankFrom(text, before)
    const sign = match[1]
    const at = token.lastIndex - (sign ?? match[2] ?? match[3] ?? '').length
    if (expected === 'colon') {
      if (sign !== ':') return at
      expected = 'value'
    } else if (expected === 'after') {
      if (open.length === 0) return at
      if (sign === ',') expected = open.at(-1) === '{' ? 'name' : 'value'
      else if ((sign === '}' && open.at(-1) === '{') || (sign === ']' && open.at(-1) === '[')) open.pop()
      else return at
    } else if (expected === 'name' || expected === 'name_or_end') {
      if (match[2] !== undefined) expected = 'colon'
      else if (sign === '}' && expected === 'name_or_end') {
        open.pop()
        expected = 'after'
      } else return at
    } else if (sign === undefined) expected = 'after'
    else if (sign === '{' || sign === '[') {
      open.push(sign)
      expected = sign === '{' ? 'name_or_end' : 'value_or_end'
    } else if (sign === ']' && expected === 'value_or_end') {
      open.pop()
      expected = 'after'
    } else return at
  }
}

function skipBlankFrom(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text[at]!)) at++
  return at
}
