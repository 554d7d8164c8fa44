import { createServer, connect, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/**
 * A TCP link that a test can break: open → cut (connections are reset, new ones refused at once) or silent
 * (connections stay, nothing moves, new ones are accepted and never answered) → open again.
 */
export class Link {
  readonly port: number
  readonly #server: Server
  readonly #to: { readonly host: string; readonly port: number }
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #state: 'open' | 'cut' | 'silent' = 'open'

  private constructor(server: Server, to: { readonly host: string; readonly port: number }) {
    this.#server = server
    this.#to = to
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket) => this.#join(socket))
  }

  static async open(toPort: number): Promise<Link> {
    const server = createServer({ pauseOnConnect: true })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Link(server, { host: '127.0.0.1', port: toPort })
  }

  cut(): void {
    this.#state = 'cut'
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  silence(): void {
    this.#state = 'silent'
    for (const pair of this.#pairs) for (const socket of pair) socket.pause()
  }

  /** Connections that were silent end, as they would by a timeout; new ones pass. */
  heal(): void {
    this.cut()
    this.#state = 'open'
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #join(near: Socket): void {
    if (this.#state === 'cut') {
      near.destroy()
      return
    }
    const far = connect(this.#to)
    const pair = [near, far] as const
    this.#pairs.add(pair)
    const part = (): void => {
      near.destroy()
      far.destroy()
      this.#pairs.delete(pair)
    }
    for (const socket of pair) socket.on('error', part).on('close', part)
    far.setNoDelay(true)
    near.setNoDelay(true)
    if (this.#state === 'silent') return
    near.pipe(far).pipe(near)
  }
}
