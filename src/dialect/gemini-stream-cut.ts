import { dataOf, endsEvent, eventEndAcross, firstEventEnd, lastEventEnd } from './sse.ts'

/** Cuts a stream's bytes into its JSON objects, wherever reads happened to end. */
export interface StreamCutter {
  push(chunk: Buffer): void
  /** After the last byte: what is still open is taken as it is. */
  end(): void
}

/** How much of an object too large to hold is kept to look for usage near its end. */
const oversizeTailBytes = 64 * 1024

/** Bytes of one object that is not complete yet; past a bound only its end is kept. */
class OpenObject {
  readonly #bytesMax: number
  #pieces: Buffer[] = []
  #bytes = 0
  #isOversize = false

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0
  }

  add(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    if (!this.#isOversize && this.#bytes <= this.#bytesMax) return
    this.#isOversize = true
    while (this.#pieces.length > 1 && this.#bytes - this.#pieces[0]!.length >= oversizeTailBytes) this.#bytes -= this.#pieces.shift()!.length
  }

  take(): { readonly bytes: Buffer; readonly isOversize: boolean } {
    const taken = { bytes: this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces), isOversize: this.#isOversize }
    this.#pieces = []
    this.#bytes = 0
    this.#isOversize = false
    return taken
  }
}

type Take = (object: Buffer) => void

/** Server-sent events, one object in the data of each. Google reports some errors as a bare object between them. */
export class SseCutter implements StreamCutter {
  readonly #take: Take
  readonly #takeTail: Take
  readonly #open: OpenObject
  #secondLast = -1
  #last = -1

  constructor(take: Take, takeTail: Take, eventBytesMax: number) {
    this.#take = take
    this.#takeTail = takeTail
    this.#open = new OpenObject(eventBytesMax)
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    if (this.#open.isEmpty) return this.#fromBoundary(chunk)
    const end = eventEndAcross(this.#secondLast, this.#last, chunk)
    if (end < 0) return this.#hold(chunk)
    this.#open.add(chunk.subarray(0, end))
    this.#close()
    if (end < chunk.length) this.#fromBoundary(chunk.subarray(end))
  }

  end(): void {
    if (!this.#open.isEmpty) this.#close()
  }

  #fromBoundary(chunk: Buffer): void {
    const end = endsEvent(chunk) ? chunk.length : lastEventEnd(chunk)
    this.#readEvents(chunk.subarray(0, end))
    if (end < chunk.length) this.#hold(chunk.subarray(end))
  }

  #hold(bytes: Buffer): void {
    this.#secondLast = bytes.length > 1 ? bytes.at(-2)! : this.#last
    this.#last = bytes.at(-1)!
    this.#open.add(bytes)
  }

  #close(): void {
    const { bytes, isOversize } = this.#open.take()
    this.#secondLast = -1
    this.#last = -1
    if (isOversize) this.#takeTail(bytes)
    else this.#readEvents(bytes)
  }

  #readEvents(bytes: Buffer): void {
    for (let start = 0; start < bytes.length;) {
      const found = firstEventEnd(bytes, start)
      const end = found < 0 ? bytes.length : found
      const event = bytes.subarray(start, end)
      const data = dataOf(event)
      if (data !== null) this.#take(data)
      else if (event[0] === 0x7b) this.#take(event)
      start = end
    }
  }
}

/** The elements of one JSON array, which is how a stream comes without `alt=sse`; also one object that stands alone. */
export class JsonArrayCutter implements StreamCutter {
  readonly #take: Take
  readonly #takeTail: Take
  readonly #open: OpenObject
  #depth = 0
  #isInString = false
  #isEscaped = false

  constructor(take: Take, takeTail: Take, objectBytesMax: number) {
    this.#take = take
    this.#takeTail = takeTail
    this.#open = new OpenObject(objectBytesMax)
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
        this.#open.add(chunk.subarray(start, at + 1))
        this.#close()
        start = -1
      }
    }
    if (start >= 0) this.#open.add(chunk.subarray(start))
  }

  end(): void {
    if (!this.#open.isEmpty) this.#close()
  }

  #close(): void {
    const { bytes, isOversize } = this.#open.take()
    if (isOversize) this.#takeTail(bytes)
    else this.#take(bytes)
  }
}
