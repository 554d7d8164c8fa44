import { createHash } from 'node:crypto'

/** A source of numbers in [0, 1) that depends only on its seed text. */
export type Dice = () => number

export function diceFor(seed: string): Dice {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0)
  // Mulberry32: small, quick, and good enough to vary lengths and words.
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** A whole number in [low, high]. */
export const between = (dice: Dice, low: number, high: number): number => low + Math.floor(dice() * (high - low + 1))

const words = [
  'the', 'cost', 'of', 'each', 'call', 'was', 'read', 'from', 'usage', 'and', 'then', 'priced', 'by', 'date', 'team', 'budget',
  'holds', 'while', 'a', 'stream', 'is', 'open', 'so', 'no', 'token', 'goes', 'free', 'naïve', 'über', '数字', '"quoted"', 'tab\there',
  'line\nbreak', '\\path', '{brace}', '😀', 'café', 'sum', 'equals', 'total',
]

/** Text of so many tokens, one entry per token. */
export function tokensOf(dice: Dice, count: number): string[] {
  const tokens: string[] = []
  for (let i = 0; i < count; i++) tokens.push(`${i === 0 ? '' : ' '}${words[Math.floor(dice() * words.length)]!}`)
  return tokens
}

/** How a tokenizer would roughly count: one token for four bytes, at least one. */
export const tokensInBytes = (bytes: number): number => Math.max(1, Math.ceil(bytes / 4))

/** A short id that depends only on the dice. */
export function idFrom(dice: Dice, prefix: string): string {
  let id = prefix
  for (let i = 0; i < 24; i++) id += '0123456789abcdefghijklmnopqrstuvwxyz'[Math.floor(dice() * 36)]!
  return id
}
