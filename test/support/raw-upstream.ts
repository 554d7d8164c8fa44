import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RawUpstream {
  readonly url: string
  /** What the next requests are answered with. */
  answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void
  /** Requests so far, as received. */
  readonly seen: readonly SeenRequest[]
  close(): Promise<void>
}
export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** An upstream that does byte for byte what a test says, where the simulated provider is too well behaved. */
export async function startRawUpstream(): Promise<RawUpstream> {
  const seen: SeenRequest[] = []
  const upstream: Pick<RawUpstream, 'answer'> = { answer: (_request, response) => void response.end('ok') }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
      upstream.answer(request, response, body)
    })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return Object.assign(upstream, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen,
    close: () => new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  })
}
