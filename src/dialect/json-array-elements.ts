import { limits } from '../config/limits.ts'

/** How much of an element too large to hold is kept to look for usage near its end. */
const tailBytes = 64 * 1024

/**
 * Cuts the bytes of one JSON array into its elements, wherever reads happened to end: Google's streams without `alt=sse`.
 * An object that stands alone is taken as well.
 */
export class JsonArrayElements {
  readonly #take: (object: Buffer) => void
  readonly #takeTail: (tail: Buffer) => void
  #held: Buffer[] = []
  #heldBytes = 0
  #isOversize = false
  #depth = 0
  #isInString = false
  #isEscaped = false

  /** `take` gets each whole element, `takeTail` the end of one that is too large. */
  constructor(take: (object: Buffer) => void, takeTail: (tail: Buffer) => void) {
    this.#take = take
    this.#takeTail = takeTail
  }

  push(chunk: Buffer): void {
    let start = this.#depth > 0 ? 0 : -1
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false
        else if (byte === 0x5c) this.#isEscaped = true
        else if (byte === 0x22) this.#isInString = false
      } else if (byte === 0x22) this.#isInString = this.#depth > 0
      else if (byte === 0x7b || (byte === 0x5b && this.#depth > 0)) {
        if (this.#depth === 0) start = at
        this.#depth++
      } else if ((byte === 0x7d || byte === 0x5d) && this.#depth > 0 && --this.#depth === 0) {
        this.#hold(chunk.subarray(start, at + 1))
        this.#close()
        start = -1
      }
    }
    if (start >= 0) this.#hold(chunk.subarray(start))
  }

  /** After the last byte: an element that is still open is taken as it is. */
  end(): void {
    if (this.#held.length > 0) this.#close()
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (!this.#isOversize && this.#heldBytes <= limits.sseEventBytesMax) return
    this.#isOversize = true
    while (this.#held.length > 1 && this.#heldBytes - this.#held[0]!.length >= tailBytes) this.#heldBytes -= this.#held.shift()!.length
  }

  #close(): void {
    const object = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held)
    if (this.#isOversize) this.#takeTail(object)
    else this.#take(object)
    this.#held = []
    this.#heldBytes = 0
    this.#isOversize = false
  }
}
