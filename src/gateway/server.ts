import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { errorCatalogue, type ErrorCode } from '../base/errors.ts'
import type { GatewayContext } from './call.ts'
import { joinWrites } from './join-writes.ts'
import { serveCall } from './pipeline.ts'
import { refusal, respondRefusal } from './refuse.ts'

/** The gateway's HTTP server: bounds on headers and time, the operators' paths, and every other path a call. */
export function createGatewayServer(gateway: GatewayContext, operators: { ready(): boolean; metrics(): string }): Server {
  const { limits } = gateway
  const server = createServer({
    maxHeaderSize: limits.headerBytesMax, headersTimeout: limits.headersTimeoutMs, requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs, connectionsCheckingInterval: limits.connectionCheckMs, noDelay: true, highWaterMark: 64 * 1024,
  }, (request, response) => {
    switch (request.url) {
      case '/healthz': return answerText(response, 200, 'ok\n')
      case '/readyz': return operators.ready() ? answerText(response, 200, 'ready\n') : answerText(response, 503, 'waiting for the first snapshot\n')
      case '/metrics': return answerText(response, 200, operators.metrics())
      default: return handle(gateway, request, response)
    }
  })
  // One more than allowed is taken, to tell a flood, of which the parser drops the rest in silence.
  server.maxHeadersCount = limits.headersMax + 1
  server.on('connection', joinWrites)
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => answerBadRequest(error, socket, limits.headerBytesMax))
  // An offered "Upgrade" is left alone (some clients offer HTTP/2 with every call); a tunnel is none of our business.
  server.on('connect', (_request, socket: Socket) => endWith(socket, 'endpoint_not_metered', 'CONNECT'))
  return server
}

function handle(gateway: GatewayContext, request: IncomingMessage, response: ServerResponse): void {
  const { counters } = gateway
  if (request.rawHeaders.length > 2 * gateway.limits.headersMax) {
    respondRefusal(response, null, refusal('header_invalid', `There may be at most ${gateway.limits.headersMax} headers.`), null)
    return
  }
  if (counters.inFlight >= gateway.limits.callsInFlightMax) {
    respondRefusal(response, null, refusal('overloaded', '', {}, 1), null)
    return
  }
  counters.inFlight += 1
  void serve(gateway, request, response)
}

async function serve(gateway: GatewayContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await serveCall(gateway, request, response)
  } catch (error) {
    gateway.log('error', 'a call failed inside the gateway', { reason: error instanceof Error ? error.stack ?? error.message : String(error) })
    respondRefusal(response, null, refusal('internal'), null)
  } finally {
    gateway.counters.inFlight -= 1
  }
}

function answerText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

/** Requests that the parser refuses never become calls; they still get an answer that says why. */
function answerBadRequest(error: Error & { code?: string }, socket: Socket, headerBytesMax: number): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW': return endWith(socket, 'header_invalid', `Headers are limited to ${headerBytesMax} bytes.`, 431)
    case 'ERR_HTTP_REQUEST_TIMEOUT': return endWith(socket, 'request_timeout')
    case 'ECONNRESET': socket.destroy(); return
    default: return endWith(socket, 'header_invalid', 'The request is not valid HTTP/1.1.')
  }
}

function endWith(socket: Socket, code: ErrorCode, detail = '', statusOverride?: number): void {
  const { status, text } = errorCatalogue[code]
  const body = JSON.stringify({ error: { message: detail === '' ? text : `${text} ${detail}`, type: 'invalid_request_error', param: null, code } })
  socket.end(`HTTP/1.1 ${statusOverride ?? status} Refused\r\ncontent-type: application/json\r\nx-tollgate-error: ${code}\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}
