import { readingOf, stringIn, usageOf } from './anthropic-answer.ts'
import type { RequestFacts, StreamReader, UsageReading } from './dialect.ts'
import { endOfString, findMember, scanObject, skipBlank, valueOf } from './json-members.ts'
import { isObject } from './overlap.ts'
import type { JsonObject } from './request-body.ts'
import { dataOf, firstEventEnd } from './sse.ts'
import { SseEvents } from './sse-events.ts'

/** Names whose string values are generated text, in content block deltas. Signatures are not. */
const generatedNames = ['"text":', '"partial_json":', '"thinking":'].map((name) => Buffer.from(name))
/** Names in the events that are read; where none of them stands, bytes only pass. Inside a JSON string their quotes would be escaped. */
const readNames = ['"usage"', '"message_stop"', '"error"'].map((name) => Buffer.from(name))
const none = Buffer.alloc(0)

/**
 * Reads a stream of Messages events while its bytes pass unchanged. `message_start` states input, cache and tier;
 * every `message_delta` states totals so far, so the later number replaces the earlier, member by member, and a null
 * keeps what stood.
 */
export class AnthropicStream implements StreamReader {
  readonly #facts: RequestFacts
  readonly #events = new SseEvents((events) => this.#read(events))
  #usage: JsonObject | null = null
  #servedModel = ''
  #outputBytes = 0
  /** A message_delta has replaced the opening's placeholder for output. */
  #hasOutput = false
  /** The message said why it ended, or that it ended. */
  #closed = false
  #failed = false

  constructor(facts: RequestFacts) {
    this.#facts = facts
  }

  push(chunk: Buffer): Buffer {
    this.#events.push(chunk)
    return chunk
  }

  end(complete: boolean): { readonly rest: Buffer; readonly reading: UsageReading } {
    this.#events.end()
    return { rest: none, reading: this.#conclude(complete) }
  }

  #read(events: Buffer): void {
    this.#outputBytes += generatedBytes(events)
    if (!readNames.some((name) => events.includes(name))) return
    for (let start = 0; start < events.length;) {
      const found = firstEventEnd(events, start)
      const end = found < 0 ? events.length : found
      const event = events.subarray(start, end)
      if (readNames.some((name) => event.includes(name))) this.#readEvent(event)
      start = end
    }
  }

  #readEvent(event: Buffer): void {
    const data = dataOf(event)
    if (data === null) return
    const scan = scanObject(data)
    switch (stringIn(data, scan, 'type')) {
      case 'message_start': {
        const message = findMember(data, scan, 'message')
        if (message === null) return
        const inner = scanObject(data, message.valueStart)
        this.#servedModel = stringIn(data, inner, 'model')
        this.#lay(valueOf(data, findMember(data, inner, 'usage')))
        return
      }
      case 'message_delta': {
        const delta = valueOf(data, findMember(data, scan, 'delta'))
        if (isObject(delta) && (delta['stop_reason'] ?? null) !== null) this.#closed = true
        this.#hasOutput = this.#lay(valueOf(data, findMember(data, scan, 'usage'))) || this.#hasOutput
        return
      }
      case 'message_stop':
        this.#closed = true
        return
      case 'error':
        this.#failed = true
        return
      default:
    }
  }

  /** Lays a later usage object over what is known; true when it states output. */
  #lay(usage: unknown): boolean {
    if (!isObject(usage)) return false
    const merged: Record<string, unknown> = { ...this.#usage }
    for (const [name, value] of Object.entries(usage)) if (value !== null || !Object.hasOwn(merged, name)) Object.defineProperty(merged, name, { value, enumerable: true, configurable: true, writable: true })
    this.#usage = merged
    return typeof usage['output_tokens'] === 'number'
  }

  #conclude(complete: boolean): UsageReading {
    const ended = this.#closed && (complete || this.#hasOutput)
    const fault = this.#failed ? 'provider_error' : ended ? '' : 'truncated'
    const read = this.#usage === null ? usageOf({}, '') : usageOf(this.#usage, this.#servedModel)
    const dropped = this.#events.dropped ? ['sse_event_too_large'] : []
    if (this.#usage === null || read.usage === null) return readingOf({ ...read, notices: this.#usage === null ? dropped : [...read.notices, ...dropped] }, 'absent', this.#servedModel, '', fault, this.#outputBytes)
    const rawUsage = JSON.stringify(this.#usage)
    if (this.#hasOutput) return readingOf({ ...read, notices: [...read.notices, ...dropped] }, ended ? 'final' : 'provisional', this.#servedModel, rawUsage, fault, this.#outputBytes)
    const usage = { ...read.usage, output_text: this.#estimatedOutput(read.usage.output_text ?? 0) }
    return readingOf({ ...read, usage, notices: [...read.notices, 'output_estimated', ...dropped] }, 'estimated', this.#servedModel, rawUsage, fault, this.#outputBytes)
  }

  /** The opening's count is a placeholder: the text seen says more, but never more than the caller's own cap. */
  #estimatedOutput(stated: number): number {
    const { outputCap, choices } = this.#facts
    const seen = Math.ceil(this.#outputBytes / 3)
    return Math.max(stated, outputCap === null ? seen : Math.min(seen, outputCap * choices))
  }
}

/** Bytes of generated text as escaped in JSON; only used when the provider's own count never came. */
function generatedBytes(bytes: Buffer): number {
  let sum = 0
  for (const name of generatedNames) {
    for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at)) {
      at = skipBlank(bytes, at + name.length)
      if (bytes[at] !== 0x22) continue
      const end = endOfString(bytes, at)
      if (end < 0) break
      sum += end - at - 2
      at = end
    }
  }
  return sum
}
