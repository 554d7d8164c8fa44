const steps = [1, 2, 2.5, 5, 10] as const

/** Round values from at or below `low` to at or above `high`, zero among them, in about `count` steps. */
export function axisTicks(low: number, high: number, count = 5): readonly number[] {
  const [from, to] = [Math.min(0, low), Math.max(0, high)]
  if (to === from) return [0]
  const rough = (to - from) / count
  const scale = 10 ** Math.floor(Math.log10(rough))
  const step = scale * (steps.find((candidate) => candidate * scale >= rough * (1 - 1e-9)) ?? 10)
  const first = Math.floor(from / step + 1e-9)
  const last = Math.ceil(to / step - 1e-9)
  // Twelve digits drop what binary fractions add.
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)))
}
