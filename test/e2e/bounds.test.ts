import { gzipSync } from 'node:zlib'
import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemActor } from '../../src/api/credentials.ts'
import type { Limits } from '../../src/config/limits.ts'
import { orgId, startInProcess, until, type InProcess } from '../support/in-process.ts'
import { startRawUpstream, type RawUpstream } from '../support/raw-upstream.ts'

/** Every bound of a gateway, met: what is beyond it is refused or cut, in words, and what is within goes on. */
const lowered: Partial<Limits> = {
  callsInFlightMax: 3, bodyBytesHeldMax: 1_000_000, bufferedAnswerBytesMax: 20_000, answerTailBytesMax: 100_000, decompressedBytesMax: 1_000_000, disconnectDrainBytesMax: 300_000,
}
let installation: InProcess
let raw: RawUpstream
beforeAll(async () => {
  installation = await startInProcess({ limits: lowered })
  raw = await startRawUpstream()
  await installation.putProvider({ name: 'raw', baseUrl: raw.url, priceAs: 'openai' })
  await installation.adopted()
})
afterAll(async () => {
  expect(installation.complaints).toEqual([])
  await installation.close()
  await raw.close()
})
beforeEach(() => installation.quiet())

const client = (fault: string, base = '/v1', maxRetries = 0): OpenAI => new OpenAI({ apiKey: installation.key, baseURL: `${installation.gatewayUrl}${base}`, maxRetries, defaultHeaders: { 'x-sim-fault': fault } })
let number = 0
const chat = (padding = 0) => ({ model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: `${number += 1} ${'x'.repeat(padding)}` }], max_tokens: 20 })

describe('many at once', () => {
  test('more calls than the gateway takes: told to come back, and served when they do', async () => {
    const held = Array.from({ length: 3 }, () => client('slow 700').chat.completions.create(chat()))
    await until(async () => (await installation.metric('calls_in_flight')) === 3, 'three calls are in flight')
    await expect(client('').chat.completions.create(chat())).rejects.toMatchObject({ status: 503, code: 'overloaded' })
    await client('', '/v1', 3).chat.completions.create(chat())
    await Promise.all(held)
  })

  test('bodies count while their calls last, however many there are', async () => {
    const first = client('slow 400').chat.completions.create(chat(700_000))
    await until(async () => (await installation.metric('body_bytes_held')) > 700_000, 'the first body is held')
    await expect(client('').chat.completions.create(chat(700_000))).rejects.toMatchObject({ status: 503, code: 'overloaded' })
    await client('').chat.completions.create(chat(100_000))
    await first
    await installation.quiet()
    await client('').chat.completions.create(chat(700_000))
  })
})

describe('large answers', () => {
  const counted = () => {
    const { inputTokens, outputTokens } = installation.sim.calls().at(-1)!.counted!
    return { input_text: inputTokens, output_text: outputTokens }
  }
  test.each(['huge 30000', 'huge 90000', 'huge 400000', 'huge 400000, gzip'])('%s: metered from what is kept of it', async (fault) => {
    const { data, response } = await client(fault).chat.completions.create(chat()).withResponse()
    expect(data.choices[0]!.message.content!.length).toBeGreaterThan(30_000)
    const [row] = await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)
    expect(row).toMatchObject({ quality: 'final', pricing: 'priced', servedModel: 'gpt-4o-mini-2024-07-18', tier: 'default', usage: counted(), errorClass: '' })
    expect(JSON.parse(row!.rawUsage)).toEqual(data.usage)
  })
  test('broken off: seen by the client, estimated within its bound', async () => {
    const answer = await client('huge 400000, reset-mid-stream').chat.completions.create(chat()).asResponse()
    await expect(answer.text()).rejects.toThrow()
    const [row] = await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)
    expect(row).toMatchObject({ quality: 'estimated', errorClass: 'truncated', status: 200 })
    expect(row!.cost! <= row!.bound!).toBe(true)
  })
  test('a compressed answer that unpacks beyond every bound is passed on, not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(15_000_000, ' '))
    expect(bomb.length).toBeLessThan(lowered.bufferedAnswerBytesMax!)
    raw.answer = (_request, response) => void response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb)
    const answer = await client('', '/raw/v1').chat.completions.create(chat()).asResponse()
    expect((await answer.text()).length).toBe(15_000_000)
    expect(await installation.recordsOf(answer.headers.get('x-tollgate-event-id')!)).toMatchObject([{ quality: 'estimated', pricing: 'priced' }])
  })
  test('a compressed stream whose reader does not read is ended like any other', async () => {
    const slow = await startInProcess({ limits: { upstreamDurationMaxMs: 1_500 } })
    try {
      await slow.putProvider({ name: 'raw', baseUrl: raw.url, priceAs: 'openai' })
      await slow.adopted()
      const event = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(10_000)}"}}]}\n\n`
      raw.answer = (_request, response) => void response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }).end(gzipSync(event.repeat(3_000)))
      const answer = await fetch(`${slow.gatewayUrl}/raw/v1/chat/completions`, {
        method: 'POST', headers: { authorization: `Bearer ${slow.key}`, 'content-type': 'application/json' }, body: JSON.stringify({ ...chat(), stream: true }),
      })
      expect(await slow.recordsOf(answer.headers.get('x-tollgate-event-id')!)).toMatchObject([{ errorClass: 'timeout', quality: 'estimated' }])
      await slow.quiet()
      await answer.body!.cancel()
    } finally {
      await slow.close()
    }
  })
  test('whose reader left are read on for so many bytes, no more', async () => {
    let sent = 0
    raw.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const timer = setInterval(() => {
        sent += 50_000
        response.write(`data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(50_000)}"}}]}\n\n`)
      }, 1)
      response.on('close', () => clearInterval(timer))
    }
    const { data, response } = await client('', '/raw/v1').chat.completions.create({ ...chat(), stream: true }).withResponse()
    for await (const _chunk of data) break
    expect(await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)).toMatchObject([{ quality: 'estimated', errorClass: 'client_gone' }])
    const before = sent
    await sleep(100)
    expect(sent - before).toBeLessThanOrEqual(100_000)
  })
})

describe('a gateway', () => {
  test('that runs learns of a revoked key', async () => {
    const key = await installation.addKey({}, { id: 'key_doomed' })
    await installation.adopted()
    const doomed = new OpenAI({ apiKey: key, baseURL: `${installation.gatewayUrl}/v1`, maxRetries: 0 })
    await doomed.chat.completions.create(chat())
    await installation.control.updateKey(orgId, 'key_doomed', { revokedAt: Date.now() }, systemActor)
    await until(async () => await doomed.chat.completions.create(chat()).then(() => false, (error: { code?: string }) => error.code === 'key_revoked'), 'the key is refused')
  })

  test('that cannot write its journal takes no calls, and says so', async () => {
    const full = await startInProcess({ journalFreeBytesMin: Number.MAX_SAFE_INTEGER })
    try {
      await until(async () => (await full.metric('journal_full')) === 1, 'the journal is full')
      const answer = await fetch(`${full.gatewayUrl}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${full.key}` }, body: JSON.stringify(chat()) })
      expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('x-should-retry')]).toEqual([503, '10', 'true'])
      expect(await answer.json()).toMatchObject({ error: { code: 'journal_full', type: 'server_error' } })
      expect(full.sim.calls()).toHaveLength(0)
    } finally {
      await full.close()
    }
  })

  test('that stops finishes what it has begun, and refuses what is new', async () => {
    const stopping = await startInProcess()
    try {
      const own = new OpenAI({ apiKey: stopping.key, baseURL: `${stopping.gatewayUrl}/v1`, maxRetries: 0, defaultHeaders: { 'x-sim-fault': 'slow-chunks 4' } })
      const { data, response } = await own.chat.completions.create({ ...chat(), max_tokens: 60, stream: true }).withResponse()
      const stopped = stopping.stopGateway()
      await expect(own.chat.completions.create(chat())).rejects.toBeInstanceOf(OpenAI.APIError)
      let chunks = 0
      for await (const _chunk of data) chunks += 1
      expect(chunks).toBeGreaterThan(20)
      await stopped
      expect(await stopping.recordsOf(response.headers.get('x-tollgate-event-id')!)).toMatchObject([{ quality: 'final', errorClass: '', status: 200 }])
    } finally {
      await stopping.close()
    }
  })
})
