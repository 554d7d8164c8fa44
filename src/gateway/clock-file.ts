import { readFileSync, renameSync, writeFileSync } from 'node:fs'

const keepEveryMs = 5_000

/**
 * The authority's time as last heard, so that a gateway that starts with its wall clock set back and the control
 * plane away still never goes behind it.
 */
export class ClockFile {
  readonly #path: string
  #keptMs = 0

  constructor(path: string) {
    this.#path = path
  }

  /** ms UTC; 0 when nothing was kept. */
  read(): number {
    try {
      const ms = Number(readFileSync(this.#path, 'utf8'))
      return Number.isSafeInteger(ms) && ms > 0 ? ms : 0
    } catch {
      return 0
    }
  }

  /** Written at most every few seconds; a disk that refuses it is the journal's to report. */
  keep(nowMs: number): void {
    if (nowMs - this.#keptMs < keepEveryMs) return
    this.#keptMs = nowMs
    try {
      writeFileSync(`${this.#path}.next`, String(nowMs))
      renameSync(`${this.#path}.next`, this.#path)
    } catch {
      return
    }
  }
}
