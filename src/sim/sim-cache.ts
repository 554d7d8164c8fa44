/** What the simulated provider keeps of prompts that asked to be cached: the hash of each prefix, nothing else. */
export class SimCache {
  readonly #prefixes = new Set<string>()

  holds(prefixHash: string): boolean {
    return this.#prefixes.has(prefixHash)
  }

  keep(prefixHash: string): void {
    this.#prefixes.add(prefixHash)
  }

  clear(): void {
    this.#prefixes.clear()
  }
}
