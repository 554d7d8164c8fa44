import { TollgateError } from '../base/errors.ts'
import { limits } from '../config/limits.ts'

const subjectsMax = 10_000
const minuteMs = 60_000

/** Counts sign-in attempts per subject (an address, an e-mail) in the last minute; refuses what is over the limit. */
export class LoginLimit {
  readonly #attempts = new Map<string, number[]>()

  take(subjects: readonly string[], nowMs: number): void {
    const tooMany = subjects.map((subject) => this.#count(subject, nowMs)).some((count) => count > limits.loginAttemptsPerMinuteMax)
    if (tooMany) throw new TollgateError('too_many_requests')
  }

  #count(subject: string, nowMs: number): number {
    const recent = (this.#attempts.get(subject) ?? []).filter((at) => at > nowMs - minuteMs)
    // Attempts beyond the limit are not kept, so that a flood costs no memory.
    if (recent.length <= limits.loginAttemptsPerMinuteMax) recent.push(nowMs)
    this.#attempts.delete(subject)
    this.#attempts.set(subject, recent)
    if (this.#attempts.size > subjectsMax) for (const oldest of this.#attempts.keys()) { this.#attempts.delete(oldest); break }
    return recent.length
  }
}
