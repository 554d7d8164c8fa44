import type { Duplex } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

/** A decompressor for a content coding; null when there is nothing to undo, undefined when we cannot. */
export function inflaterFor(encoding: string): Duplex | null | undefined {
  switch (encoding) {
    case '': case 'identity': return null
    case 'gzip': case 'x-gzip': return createGunzip()
    case 'deflate': return createInflate()
    case 'br': return createBrotliDecompress()
    default: return undefined
  }
}

/** How much of a large answer's beginning is kept: enough for the members before the content. */
const headBytesMax = 64 * 1024

/**
 * What is kept of an answer that is too large to hold while it passes: all of it up to `tailBytesMax`, past that its
 * beginning and its end, decompressed. Providers put model and usage at one of the two.
 */
export class AnswerCopy {
  readonly #tailBytesMax: number
  readonly #inflater: Duplex | null
  #head: Buffer[] = []
  #headBytes = 0
  #tail: Buffer[] = []
  #tailBytes = 0
  #isCut = false
  #isUnreadable: boolean
  #onRoom: () => void = () => {}

  constructor(encoding: string, tailBytesMax: number) {
    this.#tailBytesMax = tailBytesMax
    const inflater = inflaterFor(encoding)
    this.#isUnreadable = inflater === undefined
    this.#inflater = inflater ?? null
    this.#inflater?.on('data', (chunk: Buffer) => this.#keep(chunk))
    this.#inflater?.on('error', () => {
      this.#isUnreadable = true
      this.#onRoom()
    })
    this.#inflater?.on('drain', () => this.#onRoom())
  }

  /** False when the copy falls behind; `onRoom` then runs once it has caught up. */
  push(chunk: Buffer, onRoom: () => void): boolean {
    if (this.#isUnreadable) return true
    if (this.#inflater === null) {
      this.#keep(chunk)
      return true
    }
    if (this.#inflater.write(chunk)) return true
    this.#onRoom = onRoom
    return false
  }

  /** Runs `done` once everything pushed has been read. */
  end(done: () => void): void {
    if (this.#inflater === null || this.#isUnreadable) return done()
    this.#inflater.once('end', done)
    this.#inflater.once('error', done)
    this.#inflater.end()
  }

  /** Null when the answer could not be decompressed. `tail` is null when `head` is the whole answer. */
  read(): { readonly head: Buffer; readonly tail: Buffer | null } | null {
    if (this.#isUnreadable) return null
    if (!this.#isCut) return { head: Buffer.concat([...this.#head, ...this.#tail]), tail: null }
    return { head: Buffer.concat(this.#head), tail: Buffer.concat(this.#tail) }
  }

  /** Frees what reading took; nothing is pushed or read after it. */
  close(): void {
    this.#inflater?.destroy()
  }

  #keep(chunk: Buffer): void {
    if (this.#headBytes < headBytesMax) {
      this.#head.push(chunk)
      this.#headBytes += chunk.length
      return
    }
    this.#tail.push(chunk)
    this.#tailBytes += chunk.length
    while (this.#tail.length > 1 && this.#tailBytes - this.#tail[0]!.length >= this.#tailBytesMax) {
      this.#tailBytes -= this.#tail.shift()!.length
      this.#isCut = true
    }
  }
}
