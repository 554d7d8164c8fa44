import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { errorCatalogue, type ErrorCode } from '../../src/base/errors.ts'
import { limits } from '../../src/config/limits.ts'
import { startInProcess, type InProcess } from '../support/in-process.ts'
import { startRawUpstream } from '../support/raw-upstream.ts'

/**
 * Whatever is sent, the answer is a status, a stable code and a sentence, the process stands, and nothing is kept
 * afterwards: no call in flight, no body held, no rejection that nobody handles.
 */
let installation: InProcess
beforeAll(async () => {
  installation = await startInProcess({ limits: { headersTimeoutMs: 400, requestTimeoutMs: 800, keepAliveTimeoutMs: 5_000, bodyBytesMax: 12 * 1024 * 1024 } })
})
afterAll(async () => {
  await installation.close()
  expect(unhandled).toEqual([])
  expect(installation.complaints).toEqual([])
})
afterEach(async () => {
  await installation.quiet()
  // It still serves.
  const answer = await post(JSON.stringify(chat))
  expect(answer.status).toBe(200)
})

const unhandled: unknown[] = []
const note = (reason: unknown): void => { unhandled.push(reason) }
process.on('unhandledRejection', note)
process.on('uncaughtExceptionMonitor', note)

const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello.' }], max_tokens: 8 }
const path = '/v1/chat/completions'

interface Answer { readonly status: number; readonly headers: Headers; readonly text: string; readonly error: { readonly message: string; readonly code: string; readonly type: string } }
async function ask(method: string, target: string, body: string | Buffer | null, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await fetch(installation.gatewayUrl + target, {
    method, headers: { authorization: `Bearer ${installation.key}`, 'content-type': 'application/json', ...headers }, ...(body === null ? {} : { body }),
  })
  const text = await answer.text()
  const parsed = /json/.test(answer.headers.get('content-type') ?? '') && text !== '' ? (JSON.parse(text) as { error?: Answer['error'] }) : {}
  return { status: answer.status, headers: answer.headers, text, error: parsed.error ?? { message: '', code: '', type: '' } }
}
const post = (body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> => ask('POST', path, body, headers)

/** The refusal as the catalogue has it, with particulars; on record when the caller was known. */
function isRefused(answer: Answer, code: ErrorCode, detail = /./): void {
  const { status, text } = errorCatalogue[code]
  expect(answer.error.code).toBe(code)
  expect(answer.status).toBe(status)
  expect(answer.error.message).toContain(text)
  expect(answer.error.message).toMatch(detail)
  expect(answer.headers.get('x-tollgate-error')).toBe(code)
}

/** Raw bytes over a socket; resolves with all that came back once the other side closes, or after `silenceMs` of silence. */
function exchangeBytes(parts: readonly (string | Buffer)[], options: { readonly pauseMs?: number; readonly silenceMs?: number } = {}): Promise<string> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(installation.gatewayUrl)
    const socket = connect(Number(port), hostname)
    let text = ''
    let timer: NodeJS.Timeout | undefined
    const over = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(text)
    }
    const wait = (): void => {
      clearTimeout(timer)
      timer = setTimeout(over, options.silenceMs ?? 600)
    }
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      wait()
    })
    socket.on('close', over)
    socket.on('error', () => {})
    socket.on('connect', () => void (async () => {
      for (const part of parts) {
        if (socket.destroyed) return
        socket.write(part)
        if (options.pauseMs !== undefined) await sleep(options.pauseMs)
      }
      wait()
    })())
  })
}
const head = (line: string, headers: readonly string[] = []): string => `${line}\r\nhost: gateway\r\nauthorization: Bearer ${installation.key}\r\n${headers.map((each) => `${each}\r\n`).join('')}\r\n`
const whole = (body: string, extra: readonly string[] = []): string => head(`POST ${path} HTTP/1.1`, ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, ...extra]) + body
const statuses = (text: string): number[] => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]))

describe('bodies', () => {
  test.each<[string, string | Buffer, RegExp]>([
    ['nothing', '', /empty/],
    ['not JSON', '{"model":"gpt-4o-mini",', /position \d+/],
    ['two values', `${JSON.stringify(chat)} {}`, /position/],
    ['an array', '[]', /object/],
    ['a string', '"gpt-4o"', /object/],
    ['null', 'null', /object/],
    ['no model', '{"messages":[]}', /"model" is missing/],
    ['a model of the wrong type', '{"model":4,"messages":[]}', /"model" must be a string/],
    ['an empty model', '{"model":" ","messages":[]}', /empty/],
    ['a model name of a kilobyte', `{"model":"${'m'.repeat(1_024)}"}`, /512/],
    ['stream of the wrong type', '{"model":"gpt-4o","stream":"yes"}', /"stream"/],
    ['a negative cap', '{"model":"gpt-4o","max_tokens":-1}', /"max_tokens"/],
    ['half a choice', '{"model":"gpt-4o","n":0.5}', /"n"/],
    ['a cap beyond every number', '{"model":"gpt-4o","max_tokens":1e400}', /"max_tokens"/],
    ['stream options of the wrong type', '{"model":"gpt-4o","stream":true,"stream_options":[]}', /"stream_options"/],
    ['a member twice', '{"model":"gpt-4o-mini","model":"gpt-4o","messages":[]}', /"model" is given twice/],
    ['a member twice, once escaped', '{"model":"gpt-4o-mini","\\u006dodel":"gpt-4o","messages":[]}', /twice/],
    ['a member in two cases', '{"model":"gpt-4o-mini","Max_Tokens":9,"messages":[]}', /letter case/],
    ['nesting without end', `{"model":"gpt-4o","messages":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /deeper/],
    ['NUL bytes', '{"model":"gpt-4o\u0000"}', /position/],
    ['nothing but NUL bytes', Buffer.alloc(1_000), /position|malformed/],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]), /UTF-8/],
    ['random bytes', randomBytes(10_000), /UTF-8|JSON/],
    ['a gzip body', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), /UTF-8/],
    ['ten megabytes that are not JSON', `{"model":"gpt-4o","messages":[${'"x",'.repeat(2_500_000)}`, /malformed/],
  ])('%s is refused with its reason', async (_name, body, reason) => {
    const before = installation.sim.calls().length
    const answer = await post(body)
    isRefused(answer, 'body_malformed', reason)
    expect(answer.error.message.length).toBeLessThan(400)
    expect(installation.sim.calls().length).toBe(before)
    expect(await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)).toMatchObject([{ kind: 'refusal', errorCode: 'body_malformed', cost: 0n, status: 400 }])
  })

  test('numbers beyond every provider are bounded, refused by budgets, and break no record', async () => {
    const huge = { ...chat, model: 'nobody-knows-9', n: Number.MAX_SAFE_INTEGER, max_tokens: Number.MAX_SAFE_INTEGER }
    const upstream = await startRawUpstream()
    upstream.answer = (request) => void request.socket.destroy()
    await installation.putProvider({ name: 'rude', baseUrl: upstream.url, priceAs: 'openai' })
    await installation.adopted()
    for (const model of ['gpt-4o-mini', 'nobody-knows-9']) {
      const answer = await ask('POST', '/rude/v1/chat/completions', JSON.stringify({ ...huge, model }))
      isRefused(answer, 'upstream_reset')
      const [row] = await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)
      expect(row).toMatchObject({ quality: 'uncertain', usage: { output_text: Number.MAX_SAFE_INTEGER } })
    }
    const key = await installation.addKey({}, { id: 'key_huge' })
    await installation.putRule({ name: 'huge', limit: 10n ** 18n, selector: { keyId: 'key_huge' } })
    await installation.adopted()
    isRefused(await post(JSON.stringify({ ...huge, model: 'gpt-4o-mini' }), { authorization: `Bearer ${key}` }), 'budget_exceeded')
    await upstream.close()
  })

  test('ten megabytes of valid JSON pass as they are', async () => {
    const body = JSON.stringify({ ...chat, messages: [{ role: 'user', content: 'ä'.repeat(5 * 1024 * 1024) }] })
    const answer = await post(body)
    expect(answer.status).toBe(200)
    expect(installation.sim.calls().at(-1)!.body.length).toBe(body.length)
    expect(await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)).toMatchObject([{ quality: 'final', requestBytes: Buffer.byteLength(body) }])
  })

  test('a body that says it is too large is refused before it is sent', async () => {
    const text = await exchangeBytes([head(`POST ${path} HTTP/1.1`, ['content-type: application/json', `content-length: ${limits.bodyBytesMax * 10}`])])
    expect(statuses(text)).toEqual([413])
    expect(text).toContain('body_too_large')
    expect(text).toMatch(/connection: close/i)
  })

  test('a body that turns out too large is refused, whatever its sender does next', async () => {
    const piece = `40000\r\n${'x'.repeat(0x40000)}\r\n`
    const text = await exchangeBytes([head(`POST ${path} HTTP/1.1`, ['content-type: application/json', 'transfer-encoding: chunked']), ...Array.from({ length: 60 }, () => piece)], { pauseMs: 1 })
    expect(statuses(text)).toEqual([413])
    expect(text).toContain('body_too_large')
  })

  test.each([
    ['an unknown key', { authorization: 'Bearer tg_nobody' }, 'key_unknown'],
    ['a compressed body', { 'content-encoding': 'gzip' }, 'body_malformed'],
  ] as const)('with %s, even a large body gets its answer', async (_name, headers, code) => {
    for (let tries = 0; tries < 5; tries += 1) isRefused(await post('x'.repeat(8 * 1024 * 1024), headers), code)
  })

  test('chunked bodies are bodies', async () => {
    const body = JSON.stringify(chat)
    const parts = [...body].map((letter) => `1\r\n${letter}\r\n`)
    const text = await exchangeBytes([head(`POST ${path} HTTP/1.1`, ['content-type: application/json', 'transfer-encoding: chunked', 'connection: close']), ...parts, '0\r\n\r\n'])
    expect(statuses(text)).toEqual([200])
    expect(installation.sim.calls().at(-1)).toMatchObject({ body, headers: { 'content-length': String(body.length) } })
  })

  test('a broken chunk ends the connection with a sentence', async () => {
    const text = await exchangeBytes([head(`POST ${path} HTTP/1.1`, ['transfer-encoding: chunked']), 'zz\r\nhello\r\n'])
    expect(statuses(text)).toEqual([400])
    expect(text).toContain('header_invalid')
  })

  test('a body cut off by its sender leaves nothing behind', async () => {
    const { hostname, port } = new URL(installation.gatewayUrl)
    const socket = connect(Number(port), hostname)
    socket.write(head(`POST ${path} HTTP/1.1`, ['content-length: 1000000']) + 'x'.repeat(50_000))
    await sleep(50)
    socket.destroy()
    await installation.quiet()
    expect(await installation.newest('request_timeout')).toMatchObject({ kind: 'refusal', errorClass: 'refused', cost: 0n })
  })
})

describe('paths and methods', () => {
  test.each(['/v1/../admin', '/v1//chat/completions', '/v1/./chat/completions', '/v1/chat%2fcompletions', '/v1/%2e%2e/x', '/openai/%2E%2E/x', '/v1/chat\\completions', '/v1/%5c', '/v1/chat%00', `/v1/${'a'.repeat(3_000)}`, 'http://evil.example/v1/chat/completions', '*'])('%s is not in normal form', async (target) => {
    const text = await exchangeBytes([head(`POST ${target} HTTP/1.1`, ['content-length: 0', 'connection: close'])])
    expect(statuses(text)).toEqual([400])
    expect(text).toContain(target.startsWith('/v1/\u0000') ? 'header_invalid' : 'path_invalid')
  })

  test.each([
    ['GET', '/v1/chat/completions'], ['DELETE', '/v1/models/gpt-4o'], ['POST', '/v1/files'], ['GET', '/v1/files/file_1'], ['POST', '/v1/batches'], ['GET', '/v1/responses/resp_1'],
    ['POST', '/v1/chat/completions/'], ['POST', '/openai/chat/completions'], ['PUT', '/openai/v1/embeddings'], ['POST', '/v1'], ['HEAD', '/v1/models'],
  ])('%s %s is not metered, so it is not served', async (method, target) => {
    const before = installation.sim.calls().length
    const answer = await ask(method, target, method === 'POST' || method === 'PUT' ? '{}' : null)
    if (method === 'HEAD') expect(answer.status).toBe(403)
    else isRefused(answer, 'endpoint_not_metered', new RegExp(method))
    expect(installation.sim.calls().length).toBe(before)
  })

  test('an unknown provider or route is named', async () => {
    isRefused(await ask('POST', '/nobody/v1/chat/completions', '{}'), 'provider_unknown', /"\/nobody"/)
    isRefused(await ask('GET', '/', null), 'provider_unknown')
    isRefused(await ask('GET', '/constructor/v1/models', null), 'provider_unknown')
    isRefused(await ask('GET', '/__proto__', null), 'provider_unknown')
  })

  test('CONNECT is answered, not tunnelled', async () => {
    const text = await exchangeBytes([`CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\nauthorization: Bearer ${installation.key}\r\n\r\n`])
    expect(statuses(text)).toEqual([403])
    expect(text).toContain('endpoint_not_metered')
  })

  test('an upgrade that is offered with a call is not taken, and the call is served', async () => {
    const body = JSON.stringify(chat)
    const text = await exchangeBytes([whole(body, ['connection: Upgrade, HTTP2-Settings', 'upgrade: h2c', 'http2-settings: AAMAAABkAARAAAAAAAIAAAAA'])])
    expect(statuses(text)).toEqual([200])
    const socket = await exchangeBytes([head('GET /v1/realtime?model=gpt-4o HTTP/1.1', ['connection: upgrade', 'upgrade: websocket', 'sec-websocket-version: 13', 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=='])])
    expect(statuses(socket)).toEqual([403])
    expect(socket).toContain('endpoint_not_metered')
  })
})

describe('headers', () => {
  test('more than their bytes', async () => {
    const text = await exchangeBytes([head(`POST ${path} HTTP/1.1`, ['content-length: 2', `x-large: ${'x'.repeat(40_000)}`])])
    expect(statuses(text)).toEqual([431])
    expect(text).toContain('header_invalid')
  })
  test('more than their number: refused, because the rest would be dropped in silence', async () => {
    const flood = Array.from({ length: 400 }, (_, i) => `x-flood-${i}: 1`)
    const text = await exchangeBytes([head(`POST ${path} HTTP/1.1`, ['content-length: 2', ...flood]) + '{}'])
    expect(statuses(text)).toEqual([400])
    expect(text).toContain('header_invalid')
    expect(text).toContain(String(limits.headersMax))
  })
  test.each([
    ['no colon', 'nonsense'], ['a NUL', 'x-a: a\u0000b'], ['a bare CR', 'x-a: a\rb: c'], ['a blank in the name', 'x a: 1'], ['two lengths', 'content-length: 3'],
    ['length and chunks', 'transfer-encoding: chunked'], ['a space before the colon', 'x-a : 1'],
  ])('%s is refused', async (_name, line) => {
    const text = await exchangeBytes([head(`POST ${path} HTTP/1.1`, ['content-length: 2', line]) + '{}'])
    expect(statuses(text)).toEqual([400])
    expect(text).toContain('header_invalid')
  })
  test('values of a caller never become headers of ours', async () => {
    const answer = await post(JSON.stringify({ ...chat, model: 'gpt-4o-mini\r\nset-cookie: a=b' }), { 'x-tollgate-workflow': 'a%0d%0aset-cookie: b' })
    expect(answer.headers.get('set-cookie')).toBeNull()
    const text = await exchangeBytes([whole(JSON.stringify(chat), ['x-tollgate-run: one', ' x-injected: folded', 'connection: close'])])
    expect(text.toLowerCase()).not.toContain('\r\nx-injected')
  })
  test('an expectation is met, or refused', async () => {
    const body = JSON.stringify(chat)
    const text = await exchangeBytes([head(`POST ${path} HTTP/1.1`, [`content-length: ${body.length}`, 'expect: 100-continue', 'connection: close']), body], { pauseMs: 30 })
    expect(statuses(text)).toEqual([100, 200])
    expect(installation.sim.calls().at(-1)!.headers).not.toHaveProperty('expect')
    expect(statuses(await exchangeBytes([head(`POST ${path} HTTP/1.1`, ['content-length: 2', 'expect: miracles', 'connection: close']) + '{}']))).toEqual([417])
  })
})

describe('connections', () => {
  test('a sender of headers that dawdles is told so', async () => {
    const text = await exchangeBytes([`POST ${path} HTTP/1.1\r\nhost: gateway\r\n`, ...Array.from({ length: 30 }, (_, i) => `x-slow-${i}: 1\r\n`)], { pauseMs: 50 })
    expect(statuses(text)).toEqual([408])
    expect(text).toContain('request_timeout')
  })
  test('a sender of a body that dawdles is told so', async () => {
    const text = await exchangeBytes([head(`POST ${path} HTTP/1.1`, ['content-length: 1000']), ...Array.from({ length: 40 }, () => 'x')], { pauseMs: 50 })
    expect(statuses(text)).toEqual([408])
    expect(text).toContain('request_timeout')
  })
  test('two hundred connections that say nothing keep nobody else waiting', async () => {
    const { hostname, port } = new URL(installation.gatewayUrl)
    const silent = Array.from({ length: 200 }, () => connect(Number(port), hostname).on('error', () => {}))
    for (const socket of silent) socket.write('POST /v1/chat/completions HTTP/1.1\r\nx-half')
    expect((await post(JSON.stringify(chat))).status).toBe(200)
    for (const socket of silent) socket.destroy()
  })
  test('requests sent without waiting are answered in order', async () => {
    const text = await exchangeBytes([whole(JSON.stringify(chat)) + whole('{"model":') + whole(JSON.stringify(chat), ['connection: close'])])
    expect(statuses(text)).toEqual([200, 400, 200])
  })
  test('streams asked for without waiting come one after the other, each chunk framed', async () => {
    const streamed = JSON.stringify({ ...chat, stream: true })
    const text = await exchangeBytes([whole(streamed) + whole(streamed, ['connection: close'])])
    expect(statuses(text)).toEqual([200, 200])
    for (const answer of text.split('HTTP/1.1 200').slice(1)) {
      let rest = answer.slice(answer.indexOf('\r\n\r\n') + 4)
      let events = ''
      for (let length = -1; length !== 0;) {
        length = Number.parseInt(rest, 16)
        const start = rest.indexOf('\r\n') + 2
        events += rest.slice(start, start + length)
        expect(rest.slice(start + length, start + length + 2)).toBe('\r\n')
        rest = rest.slice(start + length + 2)
      }
      expect(rest).toBe('')
      expect(events.endsWith('data: [DONE]\n\n')).toBe(true)
    }
  })
  test('HTTP/1.0 is answered and closed; HTTP/2 without asking is refused', async () => {
    const body = JSON.stringify(chat)
    const text = await exchangeBytes([head(`POST ${path} HTTP/1.0`, ['content-type: application/json', `content-length: ${body.length}`]) + body])
    expect(text).toMatch(/^HTTP\/1\.1 200/)
    const streamed = JSON.stringify({ ...chat, stream: true })
    const stream = await exchangeBytes([head(`POST ${path} HTTP/1.0`, ['content-type: application/json', `content-length: ${streamed.length}`]) + streamed])
    expect(stream).toContain('data: [DONE]')
    expect(stream.toLowerCase()).not.toContain('transfer-encoding: chunked')
    expect(statuses(await exchangeBytes(['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']))).toEqual([400])
  })
  test('noise is refused', async () => {
    for (const noise of ['\u0016\u0003\u0001\u0002\u0000', 'GET\r\n\r\n', '\r\n\r\nhello\r\n\r\n']) expect(statuses(await exchangeBytes([noise]))).toEqual([400])
  })
})

describe('keys and policies', () => {
  test('none, unknown, revoked, expired', async () => {
    const revoked = await installation.addKey({}, { revokedAt: 1 })
    const expired = await installation.addKey({}, { expiresAt: 1 })
    await installation.adopted()
    const body = JSON.stringify(chat)
    const bare = await fetch(installation.gatewayUrl + path, { method: 'POST', body })
    expect([bare.status, ((await bare.json()) as { error: { code: string } }).error.code]).toEqual([401, 'key_missing'])
    isRefused(await post(body, { authorization: 'Bearer ' }), 'key_missing')
    isRefused(await post(body, { authorization: 'Bearer tg_unknown' }), 'key_unknown')
    isRefused(await post(body, { authorization: 'Basic dGc6dGc=' }), 'key_missing')
    isRefused(await post(body, { authorization: `Bearer ${revoked}` }), 'key_revoked')
    isRefused(await post(body, { authorization: `Bearer ${expired}` }), 'key_expired')
  })

  test('a key works wherever an SDK puts it', async () => {
    for (const name of ['x-api-key', 'api-key', 'x-goog-api-key']) {
      const answer = await fetch(installation.gatewayUrl + path, { method: 'POST', headers: { [name]: installation.key }, body: JSON.stringify(chat) })
      expect(answer.status).toBe(200)
      await answer.text()
      const { headers } = installation.sim.calls().at(-1)!
      expect(headers['authorization']).toBe('Bearer sk-upstream')
      expect(headers).not.toHaveProperty(name)
    }
  })

  test('models and providers outside the policy, as the SDK sees it', async () => {
    const key = await installation.addKey({ models: ['gpt-4o-mini', 'text-embedding-*'] })
    const elsewhere = await installation.addKey({ providers: ['anthropic'] })
    await installation.adopted()
    const client = (apiKey: string): OpenAI => new OpenAI({ apiKey, baseURL: `${installation.gatewayUrl}/v1`, maxRetries: 3 })
    const before = installation.sim.calls().length
    await expect(client(key).chat.completions.create({ model: 'gpt-4o', messages: [] })).rejects.toMatchObject({ status: 403, code: 'model_not_allowed', param: 'model', message: expect.stringContaining('"gpt-4o"') as string })
    await expect(client(elsewhere).chat.completions.create({ model: 'gpt-4o-mini', messages: [] })).rejects.toBeInstanceOf(OpenAI.PermissionDeniedError)
    expect(installation.sim.calls().length).toBe(before)
    await client(key).embeddings.create({ model: 'text-embedding-3-small', input: 'x' })
    expect(await installation.newest('model_not_allowed')).toMatchObject({ kind: 'refusal', status: 403, provider: 'openai' })
  })

  test('required attribution that is missing is named', async () => {
    const key = await installation.addKey({ required: ['workflow', 'parentRun', 'project'] })
    await installation.adopted()
    const headers = { authorization: `Bearer ${key}` }
    isRefused(await post(JSON.stringify(chat), headers), 'attribution_required', /x-tollgate-workflow, x-tollgate-parent-run/)
    const answer = await post(JSON.stringify(chat), { ...headers, 'x-tollgate-workflow': 'w', 'x-tollgate-parent-run': 'r', 'x-tollgate-tags': 'project=p' })
    expect(answer.status).toBe(200)
  })

  test('attribution that is too large is cut, and the call is served', async () => {
    const tags = Array.from({ length: 100 }, (_, i) => `${'k'.repeat(i === 0 ? 200 : 3)}${i}=${'v'.repeat(40)}`).join(',')
    const answer = await post(JSON.stringify({ ...chat, user: 'u'.repeat(5_000) }), { 'x-tollgate-workflow': 'w'.repeat(5_000), 'x-tollgate-tags': tags })
    const [row] = await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)
    expect(row!.attribution.workflow).toHaveLength(limits.attributionValueBytesMax)
    expect(row!.attribution.user).toHaveLength(limits.attributionValueBytesMax)
    expect(Object.keys(row!.attribution.tags)).toHaveLength(limits.tagsMax)
    for (const name of Object.keys(row!.attribution.tags)) expect(name.length).toBeLessThanOrEqual(limits.tagKeyBytesMax)
  })

  test('hostile attribution is text like any other', async () => {
    const answer = await post(JSON.stringify({ ...chat, metadata: { __proto__: 'x', constructor: 'y', 'a\u0000b': 'c\u0000d', "'; DROP TABLE": '1' } }), {
      'x-tollgate-tags': '__proto__=1,constructor=2,=3,a,=,x==y', baggage: 'tollgate.run=%E0%A4%A,tollgate.step=%00', 'x-portkey-metadata': '{"__proto__":{"user":"x"}',
    })
    const [row] = await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)
    expect(row!.attribution.tags['x']).toBe('=y')
    expect(row!.attribution.tags['ab']).toBe('cd')
    expect(({} as Record<string, unknown>)['user']).toBeUndefined()
  })
})

describe('state that the provider keeps', () => {
  test.each([
    ['/v1/responses', { model: 'gpt-4o-mini', input: 'Go on.', previous_response_id: 'resp_of_another_team' }],
    ['/v1/responses', { model: 'gpt-4o-mini', input: 'Go on.', conversation: 'conv_1' }],
    ['/v1/responses', { model: 'gpt-4o-mini', prompt: { id: 'pmpt_1' } }],
  ])('%s with %j is refused: one company key stands before every team', async (target, body) => {
    isRefused(await ask('POST', target, JSON.stringify(body)), 'endpoint_not_metered', /state kept by the provider/)
  })
})
