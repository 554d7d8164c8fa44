import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { UsageRecord } from '../../src/core/usage/usage-record.ts'
import { seededDice, seedOfRun } from '../support/dice.ts'
import { orgId, startInProcess, until, type InProcess } from '../support/in-process.ts'

/**
 * Many clients at once, each call with a fault, a pause or a disconnect drawn at random. However it goes: what reached
 * the provider is on record once, what the provider reported is what was recorded, and no hold outlives its call.
 */
let installation: InProcess
beforeAll(async () => {
  installation = await startInProcess({ retriesMax: 1, timeoutMs: 4_000, limits: { disconnectDrainMs: 1_000, upstreamDurationMaxMs: 5_000 } })
  await installation.putRule({ name: 'all spend', limit: 10n ** 21n })
  await installation.putRule({ name: 'requests of a user', limit: 1_000_000n, measure: 'requests', currency: '', per: ['user'] })
  await installation.putRule({ name: 'tokens', limit: 1_000_000_000n, measure: 'tokens', currency: '', selector: { provider: 'openai' } })
  await installation.adopted()
})
afterAll(() => installation.close())

const faults = ['', '', '', '', 'reset-before-headers', 'reset-mid-stream', 'error-500-once', 'error-503', 'rate-limit', 'malformed-json', 'truncated-json', 'no-usage', 'no-done', 'gzip', 'crlf', 'split-bytes 40', 'error-mid-stream', 'slow 60', 'slow-chunks 3', 'huge 500000', 'usage-every-chunk', 'tool']
const calls = 600
const workers = 24

test('whatever happens to a call, it is on record once', async () => {
  const dice = seededDice(seedOfRun('random lives'))
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => { unhandled.push(reason) }
  process.on('unhandledRejection', note)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < calls) await live(next += 1)
  }
  async function live(number: number): Promise<void> {
    const fault = faults[Math.floor(dice() * faults.length)]!
    const stream = dice() < 0.5
    const leaving = dice() < 0.25 ? AbortSignal.timeout(Math.floor(dice() * 80)) : undefined
    const readsMax = dice() < 0.2 ? Math.floor(dice() * 10) : Infinity
    const client = new OpenAI({
      apiKey: installation.key, baseURL: `${installation.gatewayUrl}${dice() < 0.5 ? '/v1' : '/openai/v1'}`, maxRetries: dice() < 0.1 ? 1 : 0,
      defaultHeaders: { 'x-sim-fault': fault, 'x-tollgate-user': `user-${Math.floor(dice() * 5)}` },
    })
    const options = leaving === undefined ? {} : { signal: leaving }
    try {
      if (dice() < 0.15) await client.embeddings.create({ model: 'text-embedding-3-small', input: `Text ${number}.` }, options)
      else if (dice() < 0.3) await drained(await client.responses.create({ model: 'gpt-5-mini', input: `Say ${number}.`, stream }, options), readsMax)
      else await drained(await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: `Say ${number}.` }], stream, ...(dice() < 0.5 ? { max_tokens: 40 } : {}) }, options), readsMax)
    } catch {
      // The client's own trouble; what counts is on record.
    }
  }
  await Promise.all(Array.from({ length: workers }, worker))
  await installation.quiet()
  await sleep(50)
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])

  const seen = installation.sim.calls()
  await until(async () => (await attempts()).length >= seen.length, 'every call of the provider is on record')
  await installation.stopGateway()
  const rows = await attempts()
  const sent = rows.filter((row) => row.errorClass !== 'unreachable' && !(row.upstreamStatus === 0 && row.quality === 'absent'))
  expect(sent).toHaveLength(seen.length)
  expect(new Set(rows.map((row) => row.eventId)).size).toBe(rows.length)
  for (const call of seen) {
    const own = rows.filter((row) => row.upstreamRequestId === `req_sim_${call.id}`)
    expect(own.length).toBeLessThanOrEqual(1)
    const row = own[0]
    if (row === undefined || row.quality !== 'final') continue
    const { counted } = call
    expect(row.usage).toMatchObject(call.path === '/v1/embeddings' ? { embedding: counted!.inputTokens } : { input_text: counted!.inputTokens - counted!.cachedTokens - counted!.cacheWriteTokens, output_text: counted!.outputTokens - counted!.reasoningTokens })
    expect(JSON.parse(row.rawUsage)).toEqual(call.reported)
  }
  for (const row of rows) {
    expect(rows.filter((other) => other.callId === row.callId && other.isCall)).toHaveLength(1)
    expect(row.notices).not.toContain('bound_breach')
    if (row.cost !== null && row.bound !== null) expect(row.cost <= row.bound).toBe(true)
  }
  const windows = await installation.control.windows(orgId, {})
  expect(windows.length).toBe(7)
  expect(windows.map((window) => window.leased)).toEqual(windows.map(() => 0n))
  const cost = windows.find((window) => window.limit === 10n ** 21n)!
  expect(cost.committed).toBe(rows.reduce((sum, row) => sum + (row.cost ?? 0n), 0n))
  expect(installation.complaints).toEqual([])
}, 120_000)

async function attempts(): Promise<readonly UsageRecord[]> {
  return (await installation.records(0)).filter((row) => row.kind === 'attempt')
}

/** Reads a stream, or the first few events of it. */
async function drained(answer: unknown, readsMax: number): Promise<void> {
  if (typeof answer !== 'object' || answer === null || !(Symbol.asyncIterator in answer)) return
  let read = 0
  for await (const _item of answer as AsyncIterable<unknown>) if ((read += 1) > readsMax) break
}
