import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { orgId, startInProcess, until, type InProcess } from '../support/in-process.ts'
import { startRawUpstream, type RawUpstream } from '../support/raw-upstream.ts'

/** Level 1: any HTTP API behind a route is counted and timed, and its bytes pass as they are. */
let installation: InProcess
let raw: RawUpstream
beforeAll(async () => {
  installation = await startInProcess()
  raw = await startRawUpstream()
  await installation.putProvider({ name: 'maps', dialect: 'http', baseUrl: `${raw.url}/api/v3`, credential: null })
  await installation.putProvider({ name: 'paid', dialect: 'http', baseUrl: raw.url, credential: null, callPrice: '0.0025', currency: 'EUR' })
  await installation.adopted()
})
afterAll(async () => {
  await installation.close()
  await raw.close()
})
beforeEach(() => { raw.answer = (_request, response) => void response.end('ok') })

const binary = randomBytes(700_000)
const ask = (target: string, init: RequestInit = {}): Promise<Response> =>
  fetch(installation.gatewayUrl + target, { ...init, headers: { 'x-api-key': installation.key, ...(init.headers as Record<string, string> | undefined) } })
const eventIdOf = (answer: Response): string => answer.headers.get('x-tollgate-event-id')!

describe('counted and timed', () => {
  test('without a price: one request on record, no cost said', async () => {
    raw.answer = (_request, response) => void setTimeout(() => response.end('{"ok":true}'), 20)
    const answer = await ask('/maps/geocode/json?address=%C3%84%20b&x=1/2', { headers: { 'x-tollgate-workflow': 'w' } })
    expect(await answer.text()).toBe('{"ok":true}')
    expect(raw.seen.at(-1)).toMatchObject({ method: 'GET', url: '/api/v3/geocode/json?address=%C3%84%20b&x=1/2' })
    const [row] = await installation.recordsOf(eventIdOf(answer))
    expect(row).toMatchObject({ provider: 'maps', endpoint: 'http', kind: 'attempt', isCall: true, quality: 'final', pricing: 'none', cost: null, usage: { request: 1 }, requestedModel: '', responseBytes: 11 })
    expect(row!.attribution.workflow).toBe('w')
    expect(row!.endAt).toBeGreaterThanOrEqual(row!.firstByteAt)
    expect(row!.firstByteAt).toBeGreaterThan(row!.occurredAt)
    expect(answer.headers.get('x-tollgate-cost')).toBeNull()
  })

  test('with a price: each call costs it, to the digit and in its currency', async () => {
    const answer = await ask('/paid/search', { method: 'POST', body: 'q' })
    expect(answer.headers.get('x-tollgate-cost')).toBe('0.0025 EUR')
    const [row] = await installation.recordsOf(eventIdOf(answer))
    expect(row).toMatchObject({ quality: 'final', pricing: 'priced', cost: 2_500_000_000_000n, currency: 'EUR', usage: { request: 1 } })
    expect(await installation.api(`/api/v1/records/${eventIdOf(answer)}/explain`)).toMatchObject({ cost: '0.0025', sum: '0.0025', agrees: true })
  })

  test('facts that a stream may ask for are never added to a body that is relayed', async () => {
    raw.answer = (_request, response) => void response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(binary)
    const answer = await ask('/maps/tile', { headers: { 'x-tollgate-stream-facts': '1' } })
    expect(Buffer.from(await answer.arrayBuffer()).equals(binary)).toBe(true)
    // Without a declared length nothing would cut it off either.
    raw.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' })
      response.write(binary)
      response.end()
    }
    const chunked = await ask('/maps/tile', { headers: { 'x-tollgate-stream-facts': '1' } })
    expect(Buffer.from(await chunked.arrayBuffer()).equals(binary)).toBe(true)
  })

  test("the API's own refusals are calls, its failures are not", async () => {
    for (const [status, cost, request] of [[404, 2_500_000_000_000n, 1], [500, 0n, undefined]] as const) {
      raw.answer = (_request, response) => void response.writeHead(status).end('no')
      const answer = await ask('/paid/x')
      expect(answer.status).toBe(status)
      const [row] = await installation.recordsOf(eventIdOf(answer))
      expect(row).toMatchObject({ status, upstreamStatus: status, errorClass: 'provider_error', cost })
      expect(row!.usage.request).toBe(request)
    }
  })

  test('a budget of requests holds them', async () => {
    const key = await installation.addKey({}, { id: 'key_limited' })
    await installation.putRule({ name: 'two a month', measure: 'requests', currency: '', limit: 2n, selector: { keyId: 'key_limited' } })
    await installation.adopted()
    const statuses: number[] = []
    for (let i = 0; i < 4; i += 1) {
      const answer = await ask('/maps/x', { headers: { 'x-api-key': key } })
      statuses.push(answer.status)
      if (answer.status === 402) expect(await answer.json()).toMatchObject({ code: 'budget_exceeded', status: 402, budget: 'two a month' })
      else await answer.text()
    }
    expect(statuses).toEqual([200, 200, 402, 402])
    await until(async () => (await installation.control.windows(orgId, {})).some((window) => window.committed === 2n), 'two requests are committed')
  })
})

describe('byte for byte', () => {
  test.each(['PUT', 'PATCH', 'DELETE', 'POST'])('%s with a binary body, answered with a larger one', async (method) => {
    raw.answer = (_request, response, body) => void response.writeHead(201, { 'content-type': 'application/octet-stream', 'x-theirs': 'a, b' }).end(Buffer.concat([body, body]))
    const answer = await ask('/maps/blob', { method, body: binary, headers: { 'content-type': 'image/png' } })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('x-theirs')).toBe('a, b')
    expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.concat([binary, binary]))).toBe(true)
    const seen = raw.seen.at(-1)!
    expect(seen.method).toBe(method)
    expect(seen.body.equals(binary)).toBe(true)
    expect(seen.headers['content-type']).toBe('image/png')
    expect(await installation.recordsOf(eventIdOf(answer))).toMatchObject([{ requestBytes: binary.length, responseBytes: binary.length * 2, usage: { request: 1 } }])
  })

  test('an answer of twenty megabytes, compressed or not, is not changed and not kept', async () => {
    const large = randomBytes(20 * 1024 * 1024)
    for (const coding of ['identity', 'gzip']) {
      const sent = coding === 'gzip' ? gzipSync(large, { level: 1 }) : large
      raw.answer = (_request, response) => void response.writeHead(200, coding === 'gzip' ? { 'content-encoding': 'gzip' } : {}).end(sent)
      expect((await rawGet('/maps/large')).equals(sent)).toBe(true)
    }
    expect(await installation.metric('body_bytes_held')).toBe(0)
  })

  test('encoded bodies and streams stay encoded', async () => {
    const sent = gzipSync('data: hello\n\n')
    raw.answer = (_request, response) => void response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }).end(sent)
    expect((await rawGet('/maps/events')).equals(sent)).toBe(true)
    await (await ask('/maps/upload', { method: 'POST', body: sent, headers: { 'content-encoding': 'gzip' } })).arrayBuffer()
    expect(raw.seen.at(-1)!.body.equals(sent)).toBe(true)
    expect(raw.seen.at(-1)!.headers['content-encoding']).toBe('gzip')
  })

  test.each(['text/event-stream', 'application/x-ndjson', 'application/octet-stream'])('a stream of %s arrives as it is sent', async (type) => {
    let more: () => void = () => {}
    raw.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': type })
      response.write('{"first":1}\n')
      more = () => void response.end('{"second":2}\n')
    }
    const answer = await ask('/maps/stream')
    const reader = answer.body!.getReader()
    const first = await reader.read()
    expect(Buffer.from(first.value!).toString()).toBe('{"first":1}\n')
    more()
    const second = await reader.read()
    expect(Buffer.from(second.value!).toString()).toBe('{"second":2}\n')
    expect((await reader.read()).done).toBe(true)
    expect(await installation.recordsOf(eventIdOf(answer))).toMatchObject([{ quality: 'final', errorClass: '', usage: { request: 1 } }])
  })

  test('HEAD, 204 and 304 have no body, and say what they said', async () => {
    raw.answer = (request, response) => {
      if (request.method === 'HEAD') response.writeHead(200, { 'content-length': '1234', etag: '"a"' }).end()
      else response.writeHead(request.url!.endsWith('204') ? 204 : 304, { etag: '"a"' }).end()
    }
    const head = await ask('/maps/x', { method: 'HEAD' })
    expect([head.status, head.headers.get('etag'), head.headers.get('content-length')]).toEqual([200, '"a"', '1234'])
    expect((await ask('/maps/204')).status).toBe(204)
    expect((await ask('/maps/304', { headers: { 'if-none-match': '"a"' } })).status).toBe(304)
  })

  test('a redirect is the caller\'s to follow', async () => {
    raw.answer = (_request, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
    const answer = await ask('/maps/x', { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'http://169.254.169.254/'])
  })
})

/** The answer's bytes as they came over the wire. */
function rawGet(target: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    httpRequest(installation.gatewayUrl + target, { headers: { 'x-api-key': installation.key, 'accept-encoding': 'gzip' } }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => resolve(Buffer.concat(chunks)))
      answer.on('error', reject)
    }).on('error', reject).end()
  })
}
