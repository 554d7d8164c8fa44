import type { RequestFacts, StreamReader, UsageReading } from './dialect.ts'
import { answerFrom, answerInTail, isBlocked, nothing, readAnswer, readingOf, searchesIn, withSearches, type GeminiAnswer, type Searches } from './gemini-answer.ts'
import { JsonArrayElements } from './json-array-elements.ts'
import { endOfString, endOfValue, findMember, parseOrUndefined, scanObject, skipBlank, textOf, valueOf } from './json-members.ts'
import { isObject } from './overlap.ts'
import { dataOf, firstEventEnd } from './sse.ts'
import { SseEvents } from './sse-events.ts'

const usageName = Buffer.from('"usageMetadata"')
const candidatesCountName = Buffer.from('"candidatesTokenCount"')
const groundingName = Buffer.from('"groundingMetadata"')
const textName = Buffer.from('"text"')
const argsName = Buffer.from('"args"')
const none = Buffer.alloc(0)

/**
 * Reads a streamed answer while its bytes pass unchanged. Every chunk carries the usage up to there, so while the stream runs
 * a chunk is only searched for a few names; the last one that had usage is read when it ends.
 */
export class GeminiStream implements StreamReader {
  readonly #facts: RequestFacts
  readonly #cutter: SseEvents | JsonArrayElements
  /** The newest object with usage, the newest that counted candidates, and the newest of all. */
  #withUsage: Buffer | null = null
  #withCandidates: Buffer | null = null
  #latest: Buffer = none
  /** Usage of an object too large to hold, from its end. */
  #fromTail: GeminiAnswer | null = null
  #searches: Searches | null = null
  readonly #notices: string[] = []
  #outputBytes = 0

  constructor(facts: RequestFacts) {
    this.#facts = facts
    const takeTail = (tail: Buffer): void => this.#takeTail(tail)
    this.#cutter = facts.endpoint.stream === 'json' ? new JsonArrayElements((object) => this.#take(object), takeTail) : new SseEvents((events) => this.#readEvents(events), takeTail)
  }

  push(chunk: Buffer): Buffer {
    this.#cutter.push(chunk)
    return chunk
  }

  end(complete: boolean): { readonly rest: Buffer; readonly reading: UsageReading } {
    this.#cutter.end()
    return { rest: none, reading: this.#conclude(complete) }
  }

  /** One object in the data of each event. Google reports some errors as a bare object between them. */
  #readEvents(events: Buffer): void {
    for (let start = 0; start < events.length;) {
      const found = firstEventEnd(events, start)
      const end = found < 0 ? events.length : found
      const event = events.subarray(start, end)
      const data = dataOf(event) ?? (event[0] === 0x7b ? event : null)
      if (data !== null) this.#take(data)
      start = end
    }
  }

  #take(object: Buffer): void {
    this.#latest = object
    this.#outputBytes += generatedBytes(object)
    if (object.includes(usageName)) {
      this.#withUsage = object
      if (object.includes(candidatesCountName)) this.#withCandidates = object
    }
    if (this.#facts.unboundedBecause !== '' && object.includes(groundingName)) this.#addSearches(object)
  }

  #takeTail(tail: Buffer): void {
    if (!this.#notices.includes('sse_event_too_large')) this.#notices.push('sse_event_too_large')
    const answer = answerInTail(this.#facts, tail)
    if (answer === null) return
    this.#fromTail = answer
    this.#withUsage = null
    this.#withCandidates = null
  }

  #addSearches(object: Buffer): void {
    const found = searchesIn(this.#facts, valueOf(object, findMember(object, scanObject(object), 'candidates')))
    if (found === null) return
    const before = this.#searches
    this.#searches = before === null ? found : {
      queries: new Set([...before.queries, ...found.queries]), usedWeb: before.usedWeb || found.usedWeb, usedMaps: before.usedMaps || found.usedMaps,
    }
  }

  #conclude(complete: boolean): UsageReading {
    const last = readAnswer(this.#facts, this.#latest, scanObject(this.#latest))
    const read = this.#readUsage() ?? this.#fromTail
    const answer = withSearches(this.#facts, { ...(read ?? nothing), servedModel: read?.servedModel || last.servedModel }, this.#searches)
    const finished = this.#withUsage === this.#latest && hasFinished(this.#facts, this.#latest)
    const notices = [...new Set([...answer.notices, ...this.#notices, ...(read === null ? last.notices : [])])]
    const quality = answer.usage === null ? 'absent' : complete || finished ? 'final' : 'provisional'
    const fault = last.failed ? 'provider_error' : finished || (complete && answer.usage !== null) ? '' : 'truncated'
    return readingOf(this.#facts, { ...answer, notices }, last.failed && quality === 'final' ? 'provisional' : quality, fault, this.#outputBytes)
  }

  /**
   * The last usage object wins. One that lost the candidates' count again, as a closing chunk without content may, keeps the
   * counters it does not name from the last that had it: they only ever grow.
   */
  #readUsage(): GeminiAnswer | null {
    const object = this.#withUsage
    if (object === null) return null
    const answer = readAnswer(this.#facts, object, scanObject(object))
    const counted = this.#withCandidates
    if (counted === null || counted === object) return answer.usage === null ? null : answer
    const newest = usageOf(object)
    const earlier = usageOf(counted)
    if (newest === null || earlier === null || newest['candidatesTokenCount'] !== undefined || earlier['candidatesTokenCount'] === undefined) return answer.usage === null ? null : answer
    const merged = { ...earlier, ...newest, totalTokenCount: largest(earlier['totalTokenCount'], newest['totalTokenCount']) }
    return answerFrom(this.#facts, JSON.stringify(merged), merged, answer.servedModel, answer.failed, isBlocked(object, scanObject(object)))
  }
}

function usageOf(object: Buffer): Readonly<Record<string, unknown>> | null {
  const member = findMember(object, scanObject(object), 'usageMetadata')
  const usage = member === null ? null : parseOrUndefined(textOf(object, member))
  return isObject(usage) ? usage : null
}

const largest = (a: unknown, b: unknown): unknown => (typeof a === 'number' && typeof b === 'number' ? Math.max(a, b) : (b ?? a))

/** The object ends the answer: its only candidate gives a reason to stop, or the prompt was refused. */
function hasFinished(facts: RequestFacts, object: Buffer): boolean {
  const scan = scanObject(object)
  if (isBlocked(object, scan)) return true
  const candidates = valueOf(object, findMember(object, scan, 'candidates'))
  return facts.choices === 1 && Array.isArray(candidates) && candidates.some((candidate) => isObject(candidate) && typeof candidate['finishReason'] === 'string')
}

/** Bytes of generated text and of function arguments, for the estimate of a stream whose usage never came. */
function generatedBytes(object: Buffer): number {
  let sum = 0
  for (let at = object.indexOf(textName); at >= 0; at = object.indexOf(textName, at)) {
    at = afterColon(object, at + textName.length)
    if (object[at] !== 0x22) continue
    const end = endOfString(object, at)
    if (end < 0) break
    sum += end - at - 2
    at = end
  }
  for (let at = object.indexOf(argsName); at >= 0; at = object.indexOf(argsName, at)) {
    at = afterColon(object, at + argsName.length)
    const end = object[at] === 0x7b ? endOfValue(object, at) : -1
    if (end < 0) continue
    sum += end - at
    at = end
  }
  return sum
}

const afterColon = (bytes: Buffer, from: number): number => {
  const colon = skipBlank(bytes, from)
  return bytes[colon] === 0x3a ? skipBlank(bytes, colon + 1) : colon
}
