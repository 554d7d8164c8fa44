import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { createGzip, gzipSync } from 'node:zlib'
import type { SimAnswer } from './sim-answer.ts'
import type { SimCallState } from './sim-call.ts'
import type { SimFaults } from './sim-faults.ts'
import type { SimFormat } from './sim-format.ts'

export interface DeliveryPace {
  readonly latencyMs: number
  readonly chunkDelayMs: number
}

/** Sends an answer with the faults asked for, and notes on the call how it ended. */
export async function deliver(answer: SimAnswer, faults: SimFaults, call: SimCallState, response: ServerResponse, pace: DeliveryPace, format: SimFormat): Promise<void> {
  response.on('close', () => {
    if (call.outcome === 'open') call.outcome = response.writableFinished ? 'completed' : 'client_aborted'
  })
  if (faults.has('hang')) return
  const latencyMs = faults.get('slow') ?? pace.latencyMs
  if (latencyMs > 0) await wait(latencyMs)
  if (faults.has('reset-before-headers')) return breakOff(call, response)
  if (answer.frames !== null) return deliverStream(answer, answer.frames, faults, call, response, faults.get('slow-chunks') ?? pace.chunkDelayMs, format)
  await deliverWhole(answer, faults, call, response, format)
}

async function deliverWhole(answer: SimAnswer, faults: SimFaults, call: SimCallState, response: ServerResponse, format: SimFormat): Promise<void> {
  let text = JSON.stringify(answer.body)
  if (answer.status === 200 && faults.has('malformed-json')) text = `${text.slice(0, Math.floor(text.length / 2))}<html>${text.slice(Math.floor(text.length / 2), -1)}`
  if (answer.status === 200 && faults.has('truncated-json')) text = text.slice(0, Math.floor(text.length * 0.6))
  const gzip = faults.has('gzip')
  const body = gzip ? gzipSync(text) : Buffer.from(text)
  response.writeHead(answer.status, {
    ...headersFor(answer, faults, call, format),
    'content-type': 'application/json',
    'content-length': body.length,
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  })
  if (!faults.has('reset-mid-stream')) {
    response.end(body)
    return
  }
  response.write(body.subarray(0, Math.floor(body.length / 2)))
  await wait(20)
  breakOff(call, response)
}

async function deliverStream(answer: SimAnswer, frames: readonly string[], faults: SimFaults, call: SimCallState, response: ServerResponse, delayMs: number, format: SimFormat): Promise<void> {
  const gzip = faults.has('gzip') ? createGzip() : null
  response.writeHead(200, { ...headersFor(answer, faults, call, format), 'content-type': answer.isJsonStream === true ? 'application/json; charset=UTF-8' : 'text/event-stream; charset=utf-8', ...(gzip === null ? {} : { 'content-encoding': 'gzip' }) })
  gzip?.pipe(response)
  const target = gzip ?? response
  const send = async (text: string): Promise<void> => {
    const bytes = Buffer.from(faults.has('crlf') ? text.replaceAll(/\r?\n/g, '\r\n') : text)
    const size = faults.has('split-bytes') ? Math.max(1, faults.get('split-bytes') ?? 7) : bytes.length
    for (let from = 0; from < bytes.length && !response.destroyed; from += size) {
      const room = target.write(bytes.subarray(from, from + size))
      if (!room) await Promise.race([once(target, 'drain'), once(response, 'close')])
      // Only a turn of the event loop makes separate writes arrive separately.
      if (size < bytes.length) await new Promise(setImmediate)
    }
  }
  const half = Math.floor(frames.length / 2)
  for (const [index, text] of frames.entries()) {
    if (response.destroyed) return
    if (index === half && faults.has('reset-mid-stream')) {
      await wait(20)
      return breakOff(call, response)
    }
    if (index === half && faults.has('error-mid-stream')) {
      // In an array the same error is one more element.
      await send(answer.isJsonStream === true ? `,\n${format.errorFrame.replace(/^data: /, '').trim()}\n]` : format.errorFrame)
      break
    }
    if (index === answer.repeatable && faults.has('never-ending')) {
      while (!response.destroyed) {
        await send(text)
        await wait(Math.max(delayMs, 2))
      }
      return
    }
    await send(text)
    if (delayMs > 0) await wait(delayMs)
  }
  target.end()
}

function headersFor(answer: SimAnswer, faults: SimFaults, call: SimCallState, format: SimFormat): Record<string, string> {
  return {
    ...format.headersFor(call.id),
    ...answer.headers,
    ...(answer.status === 429 ? { 'retry-after': String(faults.get('rate-limit') ?? faults.get('rate-limit-once') ?? 1) } : {}),
  }
}

function breakOff(call: SimCallState, response: ServerResponse): void {
  call.outcome = 'reset'
  response.socket?.resetAndDestroy()
  response.destroy()
}
