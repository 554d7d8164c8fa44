import type { IncomingHttpHeaders } from 'node:http'
import type { SimAnswer } from './sim-answer.ts'
import type { SimCache } from './sim-cache.ts'
import type { SimFaults } from './sim-faults.ts'
import type { JsonObject } from './sim-generation.ts'

/** A request as one of the wire formats reads it. */
export interface SimAsk {
  readonly seed: string
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** With its "?", or ''. */
  readonly query: string
  readonly headers: IncomingHttpHeaders
  /** Parsed body; empty for GET. */
  readonly request: JsonObject
  readonly bodyText: string
  /** As asked, fault suffixes included; '' when the request names none. */
  readonly model: string
  /** Text of the last message: where a directive is looked for. */
  readonly lastText: string
  readonly faults: SimFaults
  /** Prompts written to the provider's cache since the start or the last reset. */
  readonly cache: SimCache
}

export type SimFailure = 'unparsable' | 'rate-limit' | 'error-500' | 'error-503' | 'error-400'

/** One wire format of the simulated provider. */
export interface SimFormat {
  /** True when the request is in this format; the first format that says so answers. */
  serves(path: string, headers: IncomingHttpHeaders): boolean
  modelOf(path: string, request: JsonObject): string
  lastTextOf(request: JsonObject): string
  answer(ask: SimAsk): SimAnswer
  /** An error as this provider words it. */
  failure(kind: SimFailure): SimAnswer
  /** The event that breaks a stream off in the middle, blank line included. */
  readonly errorFrame: string
  /** Headers that this provider adds to every answer. */
  headersFor(callId: number): Readonly<Record<string, string>>
}
