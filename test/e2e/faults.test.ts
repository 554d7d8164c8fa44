import { createServer, type AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { StoredRecord } from '../../src/store/ports.ts'
import { orgId, startInProcess, until, type InProcess } from '../support/in-process.ts'
import { startRawUpstream, type RawUpstream } from '../support/raw-upstream.ts'

/**
 * Everything that can go wrong between caller and provider: each attempt has exactly one record, of the right quality,
 * the caller sees an error its SDK understands, and no budget keeps a hold. Bounds are lowered so that they are met.
 */
let installation: InProcess
let raw: RawUpstream
beforeAll(async () => {
  installation = await startInProcess({ limits: { disconnectDrainMs: 2_000, upstreamDurationMaxMs: 4_000, upstreamIdleTimeoutMs: 1_500 } })
  raw = await startRawUpstream()
  const { url } = installation.sim
  await installation.putProvider({ name: 'retrying', baseUrl: url, priceAs: 'openai', retriesMax: 1 })
  await installation.putProvider({ name: 'impatient', baseUrl: url, priceAs: 'openai', timeoutMs: 300 })
  await installation.putProvider({ name: 'raw', baseUrl: raw.url, priceAs: 'openai' })
  await installation.putProvider({ name: 'nobody', baseUrl: 'http://127.0.0.1:1', priceAs: 'openai', retriesMax: 1 })
  await installation.putRule({ name: 'all spend', limit: 1_000_000_000_000_000_000n })
  await installation.adopted()
})
afterAll(async () => {
  await installation.close()
  await raw.close()
})
afterEach(() => installation.quiet())

const unhandled: unknown[] = []
const note = (reason: unknown): void => { unhandled.push(reason) }
process.on('unhandledRejection', note)
process.on('uncaughtExceptionMonitor', note)

const client = (base: string, fault = ''): OpenAI => new OpenAI({ apiKey: installation.key, baseURL: `${installation.gatewayUrl}${base}`, maxRetries: 0, defaultHeaders: { 'x-sim-fault': fault } })
let number = 0
/** A request that no other test sends. */
const chat = () => ({ model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: `Fault number ${number += 1}.` }], max_tokens: 60 })
const eventIdOf = (error: unknown): string => (error as InstanceType<typeof OpenAI.APIError>).headers!.get('x-tollgate-event-id')!

async function failing(promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error: unknown = await promise.then(() => null, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(OpenAI.APIError)
  return error as InstanceType<typeof OpenAI.APIError>
}
/** Reads a stream until it ends or breaks. */
async function broken(stream: AsyncIterable<unknown>): Promise<{ readonly chunks: number; readonly error: unknown }> {
  let chunks = 0
  try {
    for await (const _chunk of stream) chunks += 1
    return { chunks, error: null }
  } catch (error) {
    return { chunks, error }
  }
}
/** What the provider counted for its newest call, as this product writes it. */
function counted(): StoredRecord['usage'] {
  const { inputTokens, cachedTokens, outputTokens } = installation.sim.calls().at(-1)!.counted!
  return { input_text: inputTokens - cachedTokens, cache_read: cachedTokens, output_text: outputTokens, output_reasoning: 0, input_audio: 0, output_audio: 0 }
}

describe('the provider breaks', () => {
  test('before any answer: the bound is booked as uncertain', async () => {
    const error = await failing(client('/v1', 'reset-before-headers').chat.completions.create(chat()))
    expect(error).toMatchObject({ status: 502, code: 'upstream_reset' })
    const rows = await installation.recordsOf(eventIdOf(error))
    expect(rows).toMatchObject([{ isCall: true, quality: 'uncertain', errorClass: 'reset', status: 502, upstreamStatus: 0 }])
    expect(rows[0]!.cost).toBe(rows[0]!.bound)
    expect(rows[0]!.cost).toBeGreaterThan(0n)
  })

  test('before any answer, twice: each attempt has its record, one of them is the call', async () => {
    const error = await failing(client('/retrying/v1', 'reset-before-headers').chat.completions.create(chat()))
    const rows = await installation.recordsOf(eventIdOf(error), 2)
    expect(rows).toMatchObject([
      { isCall: true, attempt: 1, fallbackOf: '', quality: 'uncertain', errorClass: 'reset' },
      { isCall: false, attempt: 2, fallbackOf: rows[0]!.eventId, quality: 'uncertain', errorClass: 'reset', status: 502 },
    ])
  })

  test('in the middle of a body: an error, and an estimate', async () => {
    const error = await failing(client('/v1', 'reset-mid-stream').chat.completions.create(chat()))
    expect(error).toMatchObject({ status: 502, code: 'upstream_reset' })
    expect(await installation.recordsOf(eventIdOf(error))).toMatchObject([{ quality: 'estimated', pricing: 'priced', errorClass: 'truncated', upstreamStatus: 200, status: 502 }])
  })

  test('in the middle of a stream: the client sees that it broke', async () => {
    const { data, response } = await client('/v1', 'reset-mid-stream').chat.completions.create({ ...chat(), stream: true }).withResponse()
    const { chunks, error } = await broken(data)
    expect(chunks).toBeGreaterThan(3)
    expect(error).not.toBeNull()
    const [row] = await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)
    expect(row).toMatchObject({ quality: 'estimated', pricing: 'priced', errorClass: 'truncated', status: 200 })
    expect(row!.notices).toContain('usage_missing')
    expect(row!.cost).toBeLessThanOrEqual(row!.bound!)
  })

  test('never answers: a timeout, and the bound is booked as uncertain', async () => {
    const error = await failing(client('/impatient/v1', 'hang').chat.completions.create(chat()))
    expect(error).toMatchObject({ status: 504, code: 'upstream_timeout' })
    expect(await installation.recordsOf(eventIdOf(error))).toMatchObject([{ quality: 'uncertain', errorClass: 'timeout', status: 504 }])
  })

  test('is not there: tried again, and free', async () => {
    const error = await failing(client('/nobody/v1').chat.completions.create(chat()))
    expect(error).toMatchObject({ status: 502, code: 'upstream_unreachable' })
    const rows = await installation.recordsOf(eventIdOf(error), 2)
    expect(rows).toMatchObject([{ errorClass: 'unreachable', quality: 'absent', cost: 0n, isCall: true }, { errorClass: 'unreachable', quality: 'absent', cost: 0n, isCall: false }])
  })

  test('falls silent in the middle of a stream', async () => {
    const { data, response } = await client('/v1', 'slow-chunks 5000').chat.completions.create({ ...chat(), stream: true }).withResponse()
    expect((await broken(data)).error).not.toBeNull()
    expect(await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)).toMatchObject([{ errorClass: 'timeout', quality: 'estimated', status: 200 }])
  })

  test('streams without end: cut off at the longest a call may take', async () => {
    const { data, response } = await client('/v1', 'never-ending').chat.completions.create({ ...chat(), stream: true }).withResponse()
    expect((await broken(data)).error).not.toBeNull()
    const [row] = await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)
    expect(row).toMatchObject({ errorClass: 'timeout', quality: 'estimated' })
    expect(row!.cost).toBeLessThanOrEqual(row!.bound!)
    await until(async () => installation.sim.calls().at(-1)!.outcome === 'client_aborted', 'the provider is hung up on')
  })
})

describe('the provider refuses', () => {
  test.each([['error-400', 400], ['error-500', 500], ['error-503', 503], ['rate-limit 7', 429]] as const)('%s reaches the client as it is, and costs nothing', async (fault, status) => {
    const error = await failing(client('/v1', fault).chat.completions.create(chat()))
    expect(error.status).toBe(status)
    expect(error.headers!.get('retry-after')).toBe(status === 429 ? '7' : null)
    expect(await installation.recordsOf(eventIdOf(error))).toMatchObject([{ quality: 'absent', pricing: 'none', cost: 0n, errorClass: 'provider_error', status, upstreamStatus: status, isCall: true }])
  })

  test('once, then answers: two attempts on record, one call, the client sees only the answer', async () => {
    const { data, response } = await client('/retrying/v1', 'error-500-once').chat.completions.create(chat()).withResponse()
    expect(data.choices).toHaveLength(1)
    const rows = await installation.recordsOf(response.headers.get('x-tollgate-event-id')!, 2)
    expect(rows).toMatchObject([
      { attempt: 1, isCall: true, quality: 'absent', cost: 0n, errorClass: 'provider_error', upstreamStatus: 500 },
      { attempt: 2, isCall: false, quality: 'final', errorClass: '', status: 200, fallbackOf: rows[0]!.eventId, usage: counted() },
    ])
  })

  test('a stream once, then answers', async () => {
    const { data, response } = await client('/retrying/v1', 'error-500-once').chat.completions.create({ ...chat(), stream: true }).withResponse()
    expect(await broken(data)).toMatchObject({ error: null })
    expect(await installation.recordsOf(response.headers.get('x-tollgate-event-id')!, 2)).toMatchObject([{ quality: 'absent' }, { quality: 'final', usage: counted() }])
  })

  test('too many requests are not tried again behind the caller\'s back, who may do so', async () => {
    const body = chat()
    const retrying = new OpenAI({ apiKey: installation.key, baseURL: `${installation.gatewayUrl}/retrying/v1`, maxRetries: 2, defaultHeaders: { 'x-sim-fault': 'rate-limit-once 0' } })
    const before = installation.sim.calls().length
    await retrying.chat.completions.create(body)
    const calls = installation.sim.calls().slice(before)
    expect(calls.map((call) => call.status)).toEqual([429, 200])
  })

  test('in the middle of a stream', async () => {
    const { data, response } = await client('/v1', 'error-mid-stream').chat.completions.create({ ...chat(), stream: true }).withResponse()
    expect((await broken(data)).error).toBeInstanceOf(OpenAI.APIError)
    expect(await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)).toMatchObject([{ errorClass: 'provider_error', quality: 'estimated', status: 200 }])
  })
})

test("a broken connection is tried again by the official client, as it would be without us", async () => {
  const answers = ['', 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 14\r\n\r\n{"choices":[]}']
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(answers.shift() ?? ''))
  })
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done) })
  await installation.putProvider({ name: 'flaky', baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, priceAs: 'openai' })
  await installation.adopted()
  const patient = new OpenAI({ apiKey: installation.key, baseURL: `${installation.gatewayUrl}/flaky/v1`, maxRetries: 1 })
  await patient.chat.completions.create(chat())
  expect(answers).toEqual([])
  await new Promise((done) => server.close(done))
})

describe('the answer is odd', () => {
  test.each([['malformed-json', 'truncated', 'provisional'], ['truncated-json', 'malformed', 'estimated']] as const)('%s: passed on as it is, never counted as whole', async (fault, errorClass, quality) => {
    const answer = await client('/v1', fault).chat.completions.create(chat()).asResponse()
    const text = await answer.text()
    expect(() => JSON.parse(text) as unknown).toThrow()
    expect(await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)).toMatchObject([{ quality, pricing: 'priced', errorClass, status: 200 }])
  })

  test.each([true, false])('no usage (stream: %s): estimated, flagged, never free', async (stream) => {
    const answer = await client('/v1', 'no-usage').chat.completions.create({ ...chat(), stream }).asResponse()
    await answer.text()
    const [row] = await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)
    expect(row).toMatchObject({ quality: 'estimated', pricing: 'priced', errorClass: '' })
    expect(row!.notices).toContain('usage_missing')
    expect(row!.cost).toBeGreaterThan(0n)
    expect(row!.cost).toBeLessThanOrEqual(row!.bound!)
    if (!stream) expect(answer.headers.get('x-tollgate-cost-quality')).toBe('estimated')
  })

  test('a usage of zero is zero', async () => {
    const answer = await client('/v1', 'zero-usage').chat.completions.create(chat()).asResponse()
    expect(answer.headers.get('x-tollgate-cost')).toBe('0 USD')
    await answer.text()
    expect(await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)).toMatchObject([{ quality: 'final', cost: 0n, usage: { input_text: 0, output_text: 0 } }])
  })

  test.each([['gzip', false], ['gzip', true], ['no-done', true], ['split-bytes 61', true], ['crlf', true], ['usage-every-chunk', true], ['huge 3000000', false], ['huge 3000000', true]])('%s (stream: %s): metered as any other', async (fault, stream) => {
    const { data, response } = await client('/v1', fault).chat.completions.create({ ...chat(), stream }).withResponse()
    if (stream) expect((await broken(data as AsyncIterable<unknown>)).error).toBeNull()
    expect(await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)).toMatchObject([{ quality: 'final', pricing: 'priced', errorClass: '', status: 200, usage: counted() }])
  })

  const sse = Buffer.from(`data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini","choices":[{"index":0,"delta":{"content":"${'x'.repeat(2_000)}"}}]}\n\n`.repeat(50))
  test.each([
    ['a compressed stream that is cut', 'text/event-stream', gzipSync(sse).subarray(0, -20)],
    ['a compressed stream that is not compressed', 'text/event-stream', sse],
    ['a compressed body that is cut', 'application/json', gzipSync(Buffer.from('{"choices":[]}')).subarray(0, -9)],
    ['a compressed body that is not compressed', 'application/json', Buffer.from('{"choices":[]}')],
    ['a large compressed body that is cut', 'application/json', gzipSync(sse, { level: 0 }).subarray(0, -20)],
  ])('%s: one record, and nothing hangs', async (_name, type, bytes) => {
    raw.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' })
      response.end(bytes.length < 300_000 ? bytes : Buffer.concat([bytes, bytes, bytes]))
    }
    const before = (await installation.records(0)).length
    const stream = type === 'text/event-stream'
    await client('/raw/v1').chat.completions.create({ ...chat(), stream }).asResponse().then((answer) => answer.text()).catch(() => '')
    const rows = (await installation.records(before + 1)).slice(before)
    expect(rows).toMatchObject([{ kind: 'attempt', quality: 'estimated', pricing: 'priced', upstreamStatus: 200 }])
  })
})

describe('the provider counts oddly', () => {
  test.each([
    '{"prompt_tokens":1e300,"completion_tokens":1,"total_tokens":2}',
    '{"prompt_tokens":9007199254740993,"completion_tokens":9007199254740993}',
    '{"prompt_tokens":-5,"completion_tokens":3,"total_tokens":-2}',
    '{"prompt_tokens":1.5,"completion_tokens":"many"}',
    '{"prompt_tokens":10,"completion_tokens":5,"total_tokens":99,"prompt_tokens_details":{"cached_tokens":11}}',
    '{"prompt_tokens":10,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":500}}',
    '{"prompt_tokens":true,"completion_tokens":null,"total_tokens":[]}',
    '{}', '[]', '"lots"', '7', 'true',
    `{"prompt_tokens":10,"completion_tokens":5,"${'k'.repeat(5_000)}":1,"nested":{"deep":{"er":[{}]}}}`,
    `{"prompt_tokens":10,"completion_tokens":5,"__proto__":{"completion_tokens":1},"constructor":3}`,
    `{"prompt_tokens":10,"completion_tokens":5,"padding":"${'p'.repeat(100_000)}"}`,
  ])('%.70s: the answer passes, and is on record once', async (usage) => {
    for (const stream of [false, true]) {
      const body = stream
        ? `data: {"model":"gpt-4o-mini","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\ndata: {"model":"gpt-4o-mini","choices":[],"usage":${usage}}\n\ndata: [DONE]\n\n`
        : `{"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"hi"}}],"usage":${usage}}`
      raw.answer = (_request, response) => void response.writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' }).end(body)
      const answer = await client('/raw/v1').chat.completions.create({ ...chat(), stream }).asResponse()
      const text = await answer.text()
      if (stream) expect(text).toContain('[DONE]')
      else expect(text).toBe(body)
      const [row] = await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)
      expect(row).toMatchObject({ kind: 'attempt', status: 200, isCall: true })
      expect(row!.cost === null || row!.cost >= 0n).toBe(true)
      expect(row!.pricing).not.toBe('none')
      for (const count of Object.values(row!.usage)) expect(Number.isSafeInteger(count)).toBe(true)
    }
  })
})

describe('the answer is not one', () => {
  const ok = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
  test.each<[string, string, { readonly status: number; readonly errorClass: string }]>([
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', { status: 502, errorClass: 'reset' }],
    ['nothing but a status', 'HTTP/1.1 200', { status: 502, errorClass: 'reset' }],
    ['headers without end', `${ok}${'x-a: b\r\n'.repeat(20_000)}`, { status: 502, errorClass: 'reset' }],
    ['a header no client may see', `${ok}x-bad: a\u0001b\r\ncontent-length: 2\r\n\r\n{}`, { status: 502, errorClass: 'reset' }],
    ['less than it said', `${ok}content-length: 100\r\n\r\n{"a":1}`, { status: 502, errorClass: 'truncated' }],
    ['a length and chunks', `${ok}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, { status: 502, errorClass: 'reset' }],
    ['a broken chunk', `${ok}transfer-encoding: chunked\r\n\r\nzz\r\n{}`, { status: 502, errorClass: 'truncated' }],
    ['hints first', `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok}content-length: 2\r\n\r\n{}`, { status: 200, errorClass: '' }],
    ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', { status: 502, errorClass: 'reset' }],
    ['a status nobody knows', 'HTTP/1.1 799 What\r\ncontent-length: 2\r\n\r\n{}', { status: 799, errorClass: 'provider_error' }],
    ['a redirect', 'HTTP/1.1 307 Elsewhere\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n', { status: 307, errorClass: 'provider_error' }],
    ['an unknown coding', `${ok}content-encoding: zstd\r\ncontent-length: 2\r\n\r\n{}`, { status: 200, errorClass: '' }],
  ])('%s: one record, and an answer', async (_name, bytes, { status, errorClass }) => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(bytes, 'latin1'))
    })
    await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done) })
    const name = `tcp${number += 1}`
    await installation.putProvider({ name, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, priceAs: 'openai' })
    await installation.adopted()
    const answer = await fetch(`${installation.gatewayUrl}/${name}/v1/chat/completions`, {
      method: 'POST', redirect: 'manual', headers: { authorization: `Bearer ${installation.key}`, 'content-type': 'application/json' }, body: JSON.stringify(chat()),
    })
    await answer.text()
    expect(answer.status).toBe(status)
    expect(await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)).toMatchObject([{ kind: 'attempt', status, errorClass, isCall: true }])
    await new Promise((done) => server.close(done))
  })
})

describe('the client leaves', () => {
  test('before the first byte: the provider counted, so the call is on record at its cost', async () => {
    const records = (await installation.records(0)).length
    const leaving = new AbortController()
    const pending = client('/v1', 'slow 150').chat.completions.create(chat(), { signal: leaving.signal })
    await until(async () => installation.sim.calls().at(-1)!.faults.includes('slow'), 'the provider has the request')
    leaving.abort()
    await expect(pending).rejects.toBeInstanceOf(OpenAI.APIUserAbortError)
    const row = (await installation.records(records + 1)).at(-1)!
    expect(row).toMatchObject({ quality: 'final', pricing: 'priced', errorClass: 'client_gone', status: 499, upstreamStatus: 200, usage: counted() })
  })

  test('in the middle of a stream: it is read to its end', async () => {
    const { data, response } = await client('/v1', 'slow-chunks 2').chat.completions.create({ ...chat(), stream: true }).withResponse()
    for await (const _chunk of data) break
    expect(await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)).toMatchObject([{ quality: 'final', errorClass: 'client_gone', status: 200, usage: counted() }])
    expect(installation.sim.calls().at(-1)!.outcome).toBe('completed')
  })

  test('of a stream without end: it is hung up on, and estimated', async () => {
    const { data, response } = await client('/v1', 'never-ending').chat.completions.create({ ...chat(), stream: true }).withResponse()
    for await (const _chunk of data) break
    const [row] = await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)
    expect(row).toMatchObject({ quality: 'estimated', errorClass: 'client_gone', status: 200 })
    await until(async () => installation.sim.calls().at(-1)!.outcome === 'client_aborted', 'the provider is hung up on')
  })

  test('and does not read: the provider is slowed down, not the gateway filled', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x')
    let sent = 0
    raw.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const more = (): void => {
        while (sent < 200 && !response.destroyed) {
          sent += 1
          if (!response.write(piece)) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    }
    const answer = await client('/raw/v1').chat.completions.create(chat()).asResponse()
    await sleep(300)
    expect(sent).toBeLessThan(100)
    await answer.body!.cancel()
    await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)
  })
})

test('in the end: one record each, no hold left, every budget agrees with the records', async () => {
  const rows = await installation.records(40)
  expect(new Set(rows.map((row) => row.eventId)).size).toBe(rows.length)
  for (const row of rows) if (row.isCall) expect(rows.filter((other) => other.callId === row.callId && other.isCall)).toHaveLength(1)
  expect(rows.filter((row) => row.attempt === 1).every((row) => row.isCall)).toBe(true)
  await installation.stopGateway()
  const windows = await installation.control.windows(orgId, {})
  expect(windows).toHaveLength(1)
  expect(windows[0]!.leased).toBe(0n)
  expect(windows[0]!.committed).toBe((await installation.records(0)).reduce((sum, row) => sum + (row.cost ?? 0n), 0n))
  expect(await installation.control.listJournals()).toHaveLength(1)
  expect(installation.complaints).toEqual([])
  expect(unhandled).toEqual([])
})
