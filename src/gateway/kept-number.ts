import { readFileSync, renameSync, writeFileSync } from 'node:fs'

/** One whole number that outlives the process, in a file of its own, replaced whole. */
export class KeptNumber {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** 0 when nothing was kept. */
  read(): number {
    try {
      const value = Number(readFileSync(this.#path, 'utf8'))
      return Number.isSafeInteger(value) && value > 0 ? value : 0
    } catch {
      return 0
    }
  }

  /** A disk that refuses it is the journal's to report. */
  keep(value: number): void {
    try {
      writeFileSync(`${this.#path}.next`, String(value))
      renameSync(`${this.#path}.next`, this.#path)
    } catch {
      return
    }
  }
}
