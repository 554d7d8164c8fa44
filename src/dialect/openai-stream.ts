import { limits } from '../config/limits.ts'
import type { RequestFacts, StreamReader, UsageReading } from './dialect.ts'
import { endOfString, findMember, scanObject, skipBlank, textOf } from './json-members.ts'
import { readAnswerObject, readingOf, stringMember, usageInTail, type OpenaiAnswer } from './openai-answer.ts'
import { dataOf, endsEvent, eventEndAcross, firstEventEnd, lastEventEnd } from './sse.ts'

const usageName = Buffer.from('"usage"')
const deltaName = Buffer.from('"delta":')
const textName = Buffer.from('"text":')
const none = Buffer.alloc(0)
/** How much of an event too large to hold is kept to look for usage near its end. */
const oversizeTailBytes = 64 * 1024
/** How much of the stream's beginning is kept, to learn the model of a stream that broke. */
const beginningBytes = 8 * 1024

/**
 * Reads a stream of chat chunks or Responses events while its bytes pass. The common chunk — whole events, no usage
 * value — is searched for two names and passed on as it is; JSON is read only in events that carry usage.
 *
 *   between   everything so far was whole events
 *   inside    an event has begun; its bytes wait in `#held` (also withheld from the client when usage is hidden)
 *   oversize  the event outgrew `sseEventBytesMax`; it passes unheld, and only its tail is looked at
 */
export class OpenaiStream implements StreamReader {
  readonly #facts: RequestFacts
  readonly #hide: boolean
  readonly #textName: Buffer
  #state: 'between' | 'inside' | 'oversize' = 'between'
  #held: Buffer[] = []
  #heldBytes = 0
  #secondLast = -1
  #last = -1
  #first: Buffer | null = null
  #previous: Buffer = none
  #latest: Buffer = none
  #answer: OpenaiAnswer | null = null
  /** The usage seen is the closing one, not a running figure. */
  #closed = false
  #notices: string[] = []
  #outputBytes = 0

  constructor(facts: RequestFacts, hideUsageChunk: boolean) {
    this.#facts = facts
    // Responses carry usage in events that belong to the caller; there is no chunk of ours to hide.
    this.#hide = hideUsageChunk && facts.endpoint.name !== 'responses'
    this.#textName = facts.endpoint.name === 'completions' ? textName : deltaName
  }

  push(chunk: Buffer): Buffer {
    if (chunk.length === 0) return chunk
    if (this.#state === 'between') return this.#takeFromBoundary(chunk)
    const end = eventEndAcross(this.#secondLast, this.#last, chunk)
    if (end < 0) return this.#hold(chunk)
    const passed = this.#closeEvent(chunk.subarray(0, end))
    const rest = end === chunk.length ? none : this.#takeFromBoundary(chunk.subarray(end))
    return this.#hide ? joined(passed, rest) : chunk
  }

  end(complete: boolean): { readonly rest: Buffer; readonly reading: UsageReading } {
    let rest: Buffer = none
    if (this.#state !== 'between') {
      const passed = this.#closeEvent(none)
      if (this.#hide) rest = passed
    }
    return { rest, reading: this.#conclude(complete) }
  }

  /** Takes bytes that begin at an event's boundary; returns what to relay now. */
  #takeFromBoundary(chunk: Buffer): Buffer {
    if (endsEvent(chunk)) return this.#readEvents(chunk)
    const end = lastEventEnd(chunk)
    const passed = end === 0 ? none : this.#readEvents(chunk.subarray(0, end))
    const held = this.#hold(end === 0 ? chunk : chunk.subarray(end))
    return this.#hide ? joined(passed, held) : chunk
  }

  #hold(bytes: Buffer): Buffer {
    const n = bytes.length
    this.#secondLast = n > 1 ? bytes[n - 2]! : this.#last
    this.#last = bytes[n - 1]!
    this.#held.push(bytes)
    this.#heldBytes += n
    if (this.#state === 'oversize') {
      while (this.#held.length > 1 && this.#heldBytes - this.#held[0]!.length >= oversizeTailBytes) this.#heldBytes -= this.#held.shift()!.length
      return bytes
    }
    this.#state = 'inside'
    if (this.#heldBytes <= limits.sseEventBytesMax) return this.#hide ? none : bytes
    this.#state = 'oversize'
    this.#notices.push('sse_event_too_large')
    return this.#hide ? Buffer.concat(this.#held) : bytes
  }

  /** The event that was waiting ends with these bytes. */
  #closeEvent(bytes: Buffer): Buffer {
    const oversize = this.#state === 'oversize'
    const event = this.#held.length === 0 ? bytes : Buffer.concat([...this.#held, bytes])
    this.#state = 'between'
    this.#held = []
    this.#heldBytes = 0
    this.#secondLast = -1
    this.#last = -1
    if (!oversize) return this.#readEvents(event)
    this.#readTail(event)
    return bytes
  }

  /** Reads whole events; returns them, without the hidden one if it is among them. */
  #readEvents(bytes: Buffer): Buffer {
    if (this.#first === null) this.#first = Buffer.from(bytes.subarray(0, beginningBytes))
    this.#previous = this.#latest
    this.#latest = bytes
    this.#outputBytes += generatedBytes(bytes, this.#textName)
    if (!carriesUsage(bytes)) return this.#hide ? withoutNullUsage(bytes) : bytes
    let kept: Buffer[] | null = null
    let keptFrom = 0
    for (let start = 0; start < bytes.length;) {
      const found = firstEventEnd(bytes, start)
      const end = found < 0 ? bytes.length : found
      if (this.#readEvent(bytes.subarray(start, end))) {
        (kept ??= []).push(bytes.subarray(keptFrom, start))
        keptFrom = end
      }
      start = end
    }
    kept?.push(bytes.subarray(keptFrom))
    const passed = kept === null ? bytes : Buffer.concat(kept)
    return this.#hide ? withoutNullUsage(passed) : passed
  }

  /** Reads one event's usage, the later one replacing the earlier; true when the event is to be hidden. */
  #readEvent(event: Buffer): boolean {
    if (!carriesUsage(event)) return false
    const data = dataOf(event)
    if (data === null) return false
    const scan = scanObject(data)
    const inner = this.#facts.endpoint.name === 'responses' ? findMember(data, scan, 'response') : null
    const answer = readAnswerObject(this.#facts, data, inner === null ? scan : scanObject(data, inner.valueStart))
    if (answer.usage === null) {
      if (answer.rawUsage === '') for (const notice of answer.notices) this.#notices.push(notice)
      return false
    }
    this.#answer = answer
    if (this.#facts.endpoint.name === 'responses') {
      this.#closed = /^response\.(completed|incomplete|failed)$/.test(stringMember(data, scan, 'type'))
      return false
    }
    const choices = findMember(data, scan, 'choices')
    const text = choices === null ? '' : textOf(data, choices)
    const empty = /^\[\s*\]$/.test(text)
    this.#closed = empty || /"finish_reason"\s*:\s*"/.test(text)
    return this.#hide && empty && scan.state === 'whole'
  }

  #readTail(tail: Buffer): void {
    const answer = usageInTail(this.#facts, tail)
    if (answer === null) return
    this.#answer = answer
    this.#closed = true
  }

  #conclude(complete: boolean): UsageReading {
    const answer = this.#answer
    const failed = answer?.failed === true || [this.#previous, this.#latest].some(carriesError)
    const done = complete || this.#closed || isDone(this.#latest)
    const ended = this.#closed || isDone(this.#latest) || (complete && hasFinishReason(this.#latest))
    const opening = answer !== null && answer.servedModel !== '' && answer.tier !== '' ? null : this.#readOpening()
    const whole: OpenaiAnswer = {
      usage: null, rawUsage: '', unknownKeys: [], statedCost: '', failed,
      ...answer,
      servedModel: answer?.servedModel || opening?.servedModel || '',
      tier: answer?.tier || opening?.tier || '',
      notices: [...new Set([...(answer?.notices ?? []), ...this.#notices])],
    }
    const quality = whole.usage === null ? 'absent' : done ? 'final' : 'provisional'
    const over = ended || (complete && whole.usage !== null)
    return readingOf(whole, quality, failed ? 'provider_error' : over ? '' : 'truncated', this.#outputBytes)
  }

  /** Model and tier as the first or last events name them, for a stream whose usage never came. */
  #readOpening(): { readonly servedModel: string; readonly tier: string } {
    let servedModel = ''
    let tier = ''
    for (const bytes of [this.#first ?? none, this.#previous, this.#latest]) {
      for (const data of dataIn(bytes)) {
        const scan = scanObject(data)
        const inner = findMember(data, scan, 'response')
        const object = inner === null ? scan : scanObject(data, inner.valueStart)
        servedModel ||= stringMember(data, object, 'model')
        tier ||= stringMember(data, object, 'service_tier')
        if (servedModel !== '' && tier !== '') return { servedModel, tier }
      }
    }
    return { servedModel, tier }
  }
}

function joined(first: Buffer, second: Buffer): Buffer {
  if (first.length === 0) return second
  return second.length === 0 ? first : Buffer.concat([first, second])
}

/** True when a `"usage"` name stands before a value other than null. Inside a JSON string its quotes would be escaped. */
function carriesUsage(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(usageName); at >= 0; at = bytes.indexOf(usageName, at + 1)) {
    const colon = skipBlank(bytes, at + usageName.length)
    if (bytes[colon] === 0x3a && bytes[skipBlank(bytes, colon + 1)] !== 0x6e) return true
  }
  return false
}

/**
 * Asked for usage, a provider adds `"usage":null` to every other chunk; a caller who did not ask would not have met it.
 * Only this member is cut, with the comma that belongs to it.
 */
function withoutNullUsage(bytes: Buffer): Buffer {
  let kept: Buffer[] | null = null
  let keptFrom = 0
  for (let at = bytes.indexOf(usageName); at >= 0; at = bytes.indexOf(usageName, at + 1)) {
    const colon = skipBlank(bytes, at + usageName.length)
    const value = skipBlank(bytes, colon + 1)
    if (bytes[colon] !== 0x3a || bytes.toString('latin1', value, value + 4) !== 'null') continue
    let before = at - 1
    while (before > 0 && skipBlank(bytes, before) > before) before--
    const after = skipBlank(bytes, value + 4)
    const hasCommaBefore = bytes[before] === 0x2c
    ;(kept ??= []).push(bytes.subarray(keptFrom, hasCommaBefore ? before : at))
    keptFrom = !hasCommaBefore && bytes[after] === 0x2c ? after + 1 : value + 4
  }
  if (kept === null) return bytes
  kept.push(bytes.subarray(keptFrom))
  return Buffer.concat(kept)
}

/**
 * Bytes of generated text: string values of the deltas, as escaped in JSON. Names, ids, types and roles are left out by
 * their short member names. Good enough to estimate a stream whose usage never came; never used when it did.
 */
function generatedBytes(bytes: Buffer, name: Buffer): number {
  let sum = 0
  for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at)) {
    at = skipBlank(bytes, at + name.length)
    if (bytes[at] === 0x22) {
      const end = endOfString(bytes, at)
      if (end < 0) return sum
      sum += end - at - 2
      at = end
    } else if (bytes[at] === 0x7b) {
      let depth = 0
      let nameBytes = 0
      for (; at < bytes.length; at++) {
        const byte = bytes[at]!
        if (byte === 0x7b) depth++
        else if (byte === 0x7d && --depth === 0) break
        else if (byte === 0x22) {
          const end = endOfString(bytes, at)
          if (end < 0) return sum
          if (bytes[skipBlank(bytes, end)] === 0x3a) nameBytes = end - at - 2
          else if (nameBytes > 4) sum += end - at - 2
          at = end - 1
        }
      }
    }
  }
  return sum
}

function* dataIn(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const found = firstEventEnd(bytes, start)
    const end = found < 0 ? bytes.length : found
    const data = dataOf(bytes.subarray(start, end))
    if (data !== null) yield data
    start = end
  }
}

/** A chat chunk with an `error` object, an `error` event, or a Responses failure. */
function carriesError(bytes: Buffer): boolean {
  if (!bytes.includes('"error"') && !bytes.includes('response.failed')) return false
  for (const data of dataIn(bytes)) {
    const scan = scanObject(data)
    const error = findMember(data, scan, 'error')
    if (error !== null && data[error.valueStart] === 0x7b) return true
    if (/^(error|response\.failed)$/.test(stringMember(data, scan, 'type'))) return true
  }
  return false
}

const isDone = (bytes: Buffer): boolean => /(^|\n)data: ?\[DONE\]\s*$/.test(bytes.toString('latin1', Math.max(0, bytes.length - 64)))
const hasFinishReason = (bytes: Buffer): boolean => /"finish_reason"\s*:\s*"/.test(bytes.toString('latin1', Math.max(0, bytes.length - 4096)))
