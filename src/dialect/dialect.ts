import type { ErrorCode } from '../base/errors.ts'
import type { Result } from '../base/result.ts'
import type { ServiceMode } from '../core/pricing/price-entry.ts'
import type { Quality } from '../core/usage/usage-record.ts'
import type { Usage } from '../core/usage/usage.ts'

/**
 * A dialect turns a provider's bytes into usage, and our decisions into that provider's bytes. Pure: no I/O, no
 * clock. It is chosen by wire format × endpoint × model family, never by host.
 */
export interface Dialect {
  readonly id: string
  /**
   * The allow-listed endpoint for a normalised path below the provider's prefix ("/v1/chat/completions"), or null. `query`
   * has its "?", or is ''; dialects whose queries change what is answered read it.
   */
  endpoint(method: string, path: string, query?: string): Endpoint | null
  /** Reads the request once. `body` is the whole body as received. */
  readRequest(endpoint: Endpoint, body: Buffer): Result<RequestFacts, RequestFault>
  /** The body to send upstream: the caller's own bytes with only the splices that policy asks for. */
  spliceRequest(body: Buffer, facts: RequestFacts, splice: RequestSplice): Buffer
  /** Reads a whole (decompressed) answer. */
  readResponse(facts: RequestFacts, status: number, body: Buffer): UsageReading
  /** Reads an answer too large to keep, of which the beginning and the end are left. */
  readCutResponse(facts: RequestFacts, status: number, head: Buffer, tail: Buffer): UsageReading
  /** A reader for a streamed answer. */
  openStream(facts: RequestFacts, options: { readonly hideUsageChunk: boolean }): StreamReader
  /** The mode that a tier word means, where the provider names the tier in a header of the answer and not in its body. */
  modeOfTierHeader?(tier: string): ServiceMode
  /** The provider's own error body for one of our refusals. */
  refusal(code: ErrorCode, status: number, message: string, facts: Readonly<Record<string, unknown>>): { readonly contentType: string; readonly body: string }
}

export interface Endpoint {
  /** Stable name on the record: "chat.completions", "responses", "embeddings", "models", "http". */
  readonly name: string
  readonly kind: 'inference' | 'free' | 'opaque'
  /** The model, where the path names it. */
  readonly model?: string
  /** How the path or query asks for the answer to be streamed: as server-sent events, or as the elements of one JSON array. */
  readonly stream?: 'sse' | 'json'
  /** A sentence that says why this address is refused although its path is known, e.g. for a query that hides usage. */
  readonly refusedBecause?: string
}

export interface RequestFacts {
  readonly endpoint: Endpoint
  readonly model: string
  readonly stream: boolean
  /** The caller's own output cap in tokens per choice; null when none was sent. */
  readonly outputCap: number | null
  /** Number of choices (`n`), at least 1. */
  readonly choices: number
  /** Caller asked for usage in the stream, so the extra chunk is theirs. */
  readonly askedStreamUsage: boolean
  /** Bytes of text the provider will tokenise (whole body is a safe upper bound). */
  readonly inputBytes: number
  /** Server-side state (previous response, stored files, prompt ids): input cannot be bounded by the body. */
  readonly usesServerState: boolean
  /** Server tools, audio or image input/output, or anything else whose cost the body does not bound; '' when none. */
  readonly unboundedBecause: string
  readonly mayWriteCache: boolean
  readonly mode: ServiceMode
  readonly geo: string
  /** The dearest geography that the provider may choose by itself; absent = `geo`. */
  readonly geoAtMost?: string
  /** Searches that a server tool with a stated limit may make; absent = none. */
  readonly searchesMax?: number
  /** How often server tools may make the model read its context anew, the first reading included; absent = 1. */
  readonly turnsMax?: number
  /** End user and metadata the body itself names. */
  readonly user: string
  readonly metadata: Readonly<Record<string, string>>
}

export interface RequestFault {
  readonly code: ErrorCode
  readonly detail: string
}

export interface RequestSplice {
  /** Add `stream_options.include_usage` (or the dialect's like). */
  readonly addStreamUsage: boolean
  /** Set the output cap to this many tokens per choice; null leaves the body alone. */
  readonly outputCap: number | null
  /** Replace the model (alias, route prefix); null leaves it alone. */
  readonly model: string | null
}

export interface UsageReading {
  /** Null when the answer carries no usage object; an explicit zero is zero. */
  readonly usage: Usage | null
  readonly quality: Quality
  readonly servedModel: string
  readonly mode: ServiceMode
  /** The tier word as the provider returned it, '' when none. */
  readonly tier: string
  readonly geo: string
  /** Raw usage object as JSON text, '' when none. */
  readonly rawUsage: string
  readonly unknownKeys: readonly string[]
  /** "sum_mismatch", "negative_counter" …: kept and flagged, never dropped. */
  readonly notices: readonly string[]
  /** Decimal cost the provider stated, '' when none. */
  readonly statedCost: string
  /** '' or "malformed" / "truncated" / "provider_error". */
  readonly fault: string
  /** Bytes of generated text seen, for estimates when usage never came. */
  readonly outputBytesSeen: number
}

/** Fed every upstream read; says which bytes go to the client. Byte-transparent but for a hidden usage chunk. */
export interface StreamReader {
  /** Returns what to relay now: usually `chunk` itself. May hold back an incomplete event. */
  push(chunk: Buffer): Buffer
  /** After the last byte: what is still held back, and what was read. `complete` is false when upstream broke off. */
  end(complete: boolean): { readonly rest: Buffer; readonly reading: UsageReading }
}
