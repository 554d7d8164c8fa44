import { randomBytes, randomFillSync } from 'node:crypto'

const pool = Buffer.allocUnsafe(16 * 256)
let poolOffset = pool.length
const hex: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * UUIDv7 (RFC 9562): 48 bits of `unixMs`, then 74 random bits. Sorts by time to the millisecond.
 * Random bytes are drawn 256 ids at a time, because a system call per id costs more than the id.
 */
export function uuidv7(unixMs: number): string {
  if (poolOffset === pool.length) {
    randomFillSync(pool)
    poolOffset = 0
  }
  const o = poolOffset
  poolOffset += 16
  const high = Math.floor(unixMs / 0x1_0000_0000)
  const low = unixMs >>> 0
  const h = hex
  return (
    h[(high >>> 8) & 0xff]! + h[high & 0xff]! + h[low >>> 24]! + h[(low >>> 16) & 0xff]! + '-' +
    h[(low >>> 8) & 0xff]! + h[low & 0xff]! + '-' +
    h[0x70 | (pool[o]! & 0x0f)]! + h[pool[o + 1]!]! + '-' +
    h[0x80 | (pool[o + 2]! & 0x3f)]! + h[pool[o + 3]!]! + '-' +
    h[pool[o + 4]!]! + h[pool[o + 5]!]! + h[pool[o + 6]!]! + h[pool[o + 7]!]! + h[pool[o + 8]!]! + h[pool[o + 9]!]!
  )
}

/** A short readable id, e.g. `team_5f2k…`: prefix plus 80 random bits in base32 (Crockford, lower case). */
export function shortId(prefix: string): string {
  return `${prefix}_${base32(randomBytes(10))}`
}

/** A secret with `bytes` × 8 random bits, e.g. `tg_…`. */
export function secret(prefix: string, bytes = 20): string {
  return `${prefix}${base32(randomBytes(bytes))}`
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
function base32(bytes: Buffer): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(value >>> bits) & 31]
    }
  }
  if (bits > 0) text += alphabet[(value << (5 - bits)) & 31]
  return text
}
