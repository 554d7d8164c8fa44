import type { IncomingMessage } from 'node:http'
import type { ErrorCode } from '../base/errors.ts'
import { err, ok, type Result } from '../base/result.ts'
import type { GatewayContext } from './call.ts'

const empty = Buffer.alloc(0)

/**
 * The whole request body, within bounds of size per call and of memory over all calls. The server bounds its time. A body
 * that is returned stays counted in `bodyBytesHeld`; whoever ends the call takes it off again.
 */
export function readBody(gateway: Pick<GatewayContext, 'counters' | 'limits'>, request: IncomingMessage, mayBeEncoded: boolean): Promise<Result<Buffer, { readonly code: ErrorCode; readonly detail: string }>> {
  const { counters, limits } = gateway
  const declared = Number(request.headers['content-length'] ?? 0)
  const encoding = request.headers['content-encoding']
  if (!mayBeEncoded && encoding !== undefined && encoding !== 'identity') return Promise.resolve(err({ code: 'body_malformed', detail: 'Send the body uncompressed.' }))
  if (declared > limits.bodyBytesMax) return Promise.resolve(err({ code: 'body_too_large', detail: `At most ${limits.bodyBytesMax} bytes.` }))
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    let isOver = false
    const end = (result: Result<Buffer, { readonly code: ErrorCode; readonly detail: string }>): void => {
      if (isOver) return
      isOver = true
      if (!result.ok) {
        // What still comes is read and dropped.
        request.removeAllListeners('data').resume()
        counters.bodyBytesHeld -= bytes
      }
      resolve(result)
    }
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      counters.bodyBytesHeld += chunk.length
      if (bytes > limits.bodyBytesMax) end(err({ code: 'body_too_large', detail: `At most ${limits.bodyBytesMax} bytes.` }))
      else if (counters.bodyBytesHeld > limits.bodyBytesHeldMax) end(err({ code: 'overloaded', detail: 'Too many large requests at once.' }))
      else chunks.push(chunk)
    })
    request.on('end', () => end(ok(chunks.length === 0 ? empty : chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes))))
    request.on('close', () => { if (!request.complete) end(err({ code: 'request_timeout', detail: 'The connection closed before the body was complete.' })) })
  })
}
