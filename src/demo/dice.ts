/** Seeded chance: the same labels always give the same throws, so any hour can be told on its own and in any order. */
export interface Dice {
  /** Uniform in [0, 1). */
  readonly next: () => number
  readonly chance: (share: number) => boolean
  /** Whole number from `low` to `high`, both included. */
  readonly between: (low: number, high: number) => number
  readonly pick: <Item>(items: readonly Item[]) => Item
  readonly weighted: <Item>(items: readonly (readonly [Item, number])[]) => Item
  /** A positive factor around 1 whose logarithm is bell-shaped: waiting times and text lengths look like this. */
  readonly spread: (sigma: number) => number
  /** How many independent events fall into a stretch that expects `mean` of them. */
  readonly count: (mean: number) => number
  readonly hex: (length: number) => string
}

export function diceFor(...labels: readonly (string | number)[]): Dice {
  const next = generator(hashOf(labels.join('\n')))
  const bell = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  return {
    next,
    chance: (share) => next() < share,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (items) => items[Math.floor(next() * items.length)]!,
    weighted: (items) => {
      let left = next() * items.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [item, weight] of items) if ((left -= weight) < 0) return item
      return items.at(-1)![0]
    },
    spread: (sigma) => Math.exp(bell() * sigma),
    count: (mean) => countOf(next, bell, mean),
    hex: (length) => hexOf(next, length),
  }
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

/** Mulberry32: 32 bits of state are plenty for a few hundred throws per label. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Knuth's product for small means, the bell curve above. */
function countOf(next: () => number, bell: () => number, mean: number): number {
  if (mean <= 0) return 0
  if (mean > 30) return Math.max(0, Math.round(mean + bell() * Math.sqrt(mean)))
  const floor = Math.exp(-mean)
  let count = 0
  for (let product = next(); product > floor; product *= next()) count += 1
  return count
}

function hexOf(next: () => number, length: number): string {
  let text = ''
  while (text.length < length) text += Math.floor(next() * 0x1_0000_0000).toString(16).padStart(8, '0')
  return text.slice(0, length)
}

/** A UUIDv7 of this instant with bits from the dice instead of the system, so that telling the history again names the same events. */
export function diceUuid(dice: Dice, at: number): string {
  const time = at.toString(16).padStart(12, '0')
  const bits = dice.hex(18)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${bits.slice(0, 3)}-${'89ab'[dice.between(0, 3)]!}${bits.slice(3, 6)}-${bits.slice(6, 18)}`
}
