import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/*
 * Below the range that Linux (32768–60999) and macOS (49152–65535) give to outgoing connections: a port from there could
 * be taken by any client socket in the moment an engine restarts, and the engine must come back where its clients look.
 */
const portMin = 20_000
const portMax = 32_000
const triesMax = 200

/** The wanted loopback port if nobody listens there, else a random free one. */
export async function chooseFreePort(wanted: number | null, taken: readonly number[] = []): Promise<number> {
  if (wanted !== null && await isFree(wanted)) return wanted
  for (let tries = 0; tries < triesMax; tries++) {
    const port = randomInt(portMin, portMax)
    if (!taken.includes(port) && await isFree(port)) return port
  }
  throw new Error(`No free loopback port between ${portMin} and ${portMax}.`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
