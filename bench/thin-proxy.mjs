// The yardstick for CPU per request: `node:http` in, `Pool.dispatch` out, the provider's key swapped in, usage read
// from the answer. No identity, prices, budgets, journal or retries. usage: thin-proxy.mjs PORT UPSTREAM_PORT
import { createServer } from 'node:http'
import { Pool } from 'undici'

const [port, upstreamPort] = process.argv.slice(2).map(Number)
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: 1_024, pipelining: 1 })
const dropped = new Set(['host', 'connection', 'content-length', 'authorization', 'transfer-encoding', 'keep-alive'])
const tailBytes = 1_024
export let tokens = 0

class Relay {
  constructor(response) {
    this.response = response
    this.chunks = []
    this.stream = false
  }
  onConnect() {}
  onHeaders(status, rawHeaders, resume) {
    const headers = []
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i].toString('latin1')
      const value = rawHeaders[i + 1].toString('latin1')
      const lower = name.toLowerCase()
      if (lower === 'content-type' && value.startsWith('text/event-stream')) this.stream = true
      if (lower === 'content-length' || !dropped.has(lower)) headers.push(name, value)
    }
    this.response.writeHead(status, headers)
    if (this.stream) this.response.flushHeaders()
    this.response.on('drain', resume)
    return true
  }
  onData(chunk) {
    if (!this.stream) {
      this.chunks.push(chunk)
      return true
    }
    this.chunks = [chunk.length >= tailBytes ? chunk : Buffer.concat([...this.chunks, chunk]).subarray(-tailBytes)]
    return this.response.write(chunk)
  }
  onComplete() {
    const body = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks)
    if (this.stream) {
      const at = body.lastIndexOf('"usage":{')
      if (at !== -1) tokens += JSON.parse(body.toString('utf8', at + 8, body.indexOf('\n', at) - 1)).total_tokens
      this.response.end()
      return
    }
    tokens += JSON.parse(body.toString('utf8')).usage?.total_tokens ?? 0
    this.response.end(body)
  }
  onError() {
    this.response.destroy()
  }
}

const server = createServer({ noDelay: true, highWaterMark: 64 * 1_024 }, (request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
    const headers = []
    const raw = request.rawHeaders
    for (let i = 0; i < raw.length; i += 2) if (!dropped.has(raw[i].toLowerCase())) headers.push(raw[i], raw[i + 1])
    headers.push('authorization', 'Bearer sk-mock', 'content-length', String(body.length))
    pool.dispatch({ method: request.method, path: request.url, headers, body }, new Relay(response))
  })
})
server.listen(port, '127.0.0.1', 2_048, () => process.stdout.write(`listening ${server.address().port}\n`))
