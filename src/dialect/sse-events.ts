import { limits } from '../config/limits.ts'
import { endsEvent, eventEndAcross, lastEventEnd } from './sse.ts'

/** How much of an event too large to hold is kept to look for usage near its end. */
const tailBytes = 64 * 1024

/**
 * Collects the bytes of a stream of server-sent events until an event is whole. For readers that change nothing of
 * what passes.
 *
 *   between   everything so far was whole events
 *   inside    an event has begun; its bytes wait
 *   oversize  the event outgrew `sseEventBytesMax` and is dropped, but for its end where a reader wants that
 */
export class SseEvents {
  readonly #read: (events: Buffer) => void
  readonly #readTail: ((tail: Buffer) => void) | null
  #state: 'between' | 'inside' | 'oversize' = 'between'
  #held: Buffer[] = []
  #heldBytes = 0
  #secondLast = -1
  #last = -1
  /** Whether an event was too large to be read. */
  dropped = false

  /** `read` gets one or more whole events at a time, `readTail` the end of one that is too large. */
  constructor(read: (events: Buffer) => void, readTail: ((tail: Buffer) => void) | null = null) {
    this.#read = read
    this.#readTail = readTail
  }

  push(chunk: Buffer): void {
    let bytes = chunk
    if (bytes.length === 0) return
    if (this.#state !== 'between') {
      const end = eventEndAcross(this.#secondLast, this.#last, bytes)
      if (end < 0) return this.#hold(bytes)
      this.#close(bytes.subarray(0, end))
      bytes = bytes.subarray(end)
    }
    const end = endsEvent(bytes) ? bytes.length : lastEventEnd(bytes)
    if (end > 0) this.#read(end === bytes.length ? bytes : bytes.subarray(0, end))
    if (end < bytes.length) this.#hold(bytes.subarray(end))
  }

  /** The stream is over: an event without its empty line counts as well. */
  end(): void {
    if (this.#state !== 'between') this.#close(Buffer.alloc(0))
  }

  #hold(bytes: Buffer): void {
    const n = bytes.length
    this.#secondLast = n > 1 ? bytes[n - 2]! : this.#last
    this.#last = bytes[n - 1]!
    if (this.#state !== 'oversize') this.#state = 'inside'
    else if (this.#readTail === null) return
    this.#held.push(bytes)
    this.#heldBytes += n
    if (this.#state === 'inside' && this.#heldBytes <= limits.sseEventBytesMax) return
    this.#state = 'oversize'
    this.dropped = true
    if (this.#readTail === null) this.#held = []
    while (this.#held.length > 1 && this.#heldBytes - this.#held[0]!.length >= tailBytes) this.#heldBytes -= this.#held.shift()!.length
  }

  #close(bytes: Buffer): void {
    if (this.#state === 'oversize') this.#readTail?.(Buffer.concat([...this.#held, bytes]))
    const event = this.#state === 'oversize' ? null : Buffer.concat([...this.#held, bytes])
    this.#state = 'between'
    this.#held = []
    this.#heldBytes = 0
    this.#secondLast = -1
    this.#last = -1
    if (event !== null && event.length > 0) this.#read(event)
  }
}
