import { endOfString, skipBlank } from './json-members.ts'

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
