/** TOLLGATE_FAULTS=long: hundreds of faults instead of a few. */
export const isLong = process.env['TOLLGATE_FAULTS'] === 'long'

/** The seed of this run, printed; TOLLGATE_SEED repeats an earlier one. */
export function seedOfRun(name: string): number {
  const seed = Number(process.env['TOLLGATE_SEED'] ?? Math.floor(Math.random() * 0x7fff_ffff))
  console.log(`${name}: seed ${seed} (TOLLGATE_SEED=${seed} repeats it)`)
  return seed
}

/** Mulberry32: uniform in [0, 1), the same sequence for the same seed. */
export function seededDice(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
