import { errorCatalogue } from '../base/errors.ts'
import { ok } from '../base/result.ts'
import type { Dialect, Endpoint, RequestFacts, StreamReader, UsageReading } from './dialect.ts'

const http: Endpoint = { name: 'http', kind: 'opaque' }
const nothingLeft = Buffer.alloc(0)

/**
 * Any HTTP API, metered by calls: every method and path is accepted, no body is ever parsed, bytes pass unchanged. A
 * call counts as one `request` when the upstream answered below 500: a refusal by the API's own rules (4xx) is a call
 * that it served, a failure of its own (5xx) is not one to charge anybody for.
 */
export const opaqueHttpDialect: Dialect = {
  id: 'http',
  endpoint: () => http,
  readRequest: (endpoint, body) => ok(factsOf(endpoint, body)),
  spliceRequest: (body) => body,
  readResponse: (_facts, status, body) => readingOf(status < 500, status < 400 ? '' : 'provider_error', body.length),
  readCutResponse: (_facts, status, head, tail) => readingOf(status < 500, status < 400 ? '' : 'provider_error', head.length + tail.length),
  openStream: () => new OpaqueStream(),
  refusal(code, status, message, facts) {
    const title = code in errorCatalogue ? errorCatalogue[code].text : message
    return { contentType: 'application/problem+json', body: JSON.stringify({ ...facts, type: 'about:blank', title, status, detail: message, code }) }
  },
}

function factsOf(endpoint: Endpoint, body: Buffer): RequestFacts {
  return {
    endpoint, model: '', stream: false, outputCap: 0, choices: 1, askedStreamUsage: false, inputBytes: body.length,
    usesServerState: false, unboundedBecause: '', mayWriteCache: false, mode: 'standard', geo: '', user: '', metadata: {},
  }
}

function readingOf(answered: boolean, fault: string, bytes: number): UsageReading {
  return {
    usage: answered ? { request: 1 } : null, quality: answered ? 'final' : 'absent',
    servedModel: '', mode: 'standard', tier: '', geo: '', rawUsage: '', unknownKeys: [], notices: [], statedCost: '',
    fault, outputBytesSeen: bytes,
  }
}

/** An upstream that began a stream has answered, so a broken one counts as well. */
class OpaqueStream implements StreamReader {
  #bytes = 0

  push(chunk: Buffer): Buffer {
    this.#bytes += chunk.length
    return chunk
  }

  end(complete: boolean): { readonly rest: Buffer; readonly reading: UsageReading } {
    return { rest: nothingLeft, reading: readingOf(true, complete ? '' : 'truncated', this.#bytes) }
  }
}
