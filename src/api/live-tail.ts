import type { FastifyReply } from 'fastify'
import { TollgateError } from '../base/errors.ts'
import type { UsageRecord } from '../core/usage/usage-record.ts'
import type { ApiDeps } from './deps.ts'
import { summarise } from './record-wire.ts'

const readersMax = 100
const heartbeatMs = 15_000
/** Bytes a reader may be behind before rows are dropped and counted instead of kept. */
const behindBytesMax = 256 * 1024

/**
 * Records as they arrive, as server-sent events. A slow reader loses rows and is told how many; it never holds memory
 * or slows the receiver.
 */
export class LiveTail {
  readonly #subscribe: ApiDeps['onRecords']
  #readers = 0

  constructor(subscribe: ApiDeps['onRecords']) {
    this.#subscribe = subscribe
  }

  open(reply: FastifyReply, wants: (row: UsageRecord) => boolean): void {
    if (this.#readers >= readersMax) throw new TollgateError('too_many_requests', `At most ${readersMax} live views at once.`)
    this.#readers++
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, { ...headersOf(reply), 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    raw.write('retry: 3000\n\n')
    let dropped = 0
    const unsubscribe = this.#subscribe?.((rows) => {
      for (const row of rows) {
        if (!wants(row)) continue
        if (raw.writableLength > behindBytesMax) { dropped++; continue }
        if (dropped > 0) raw.write(`event: dropped\ndata: ${JSON.stringify({ rows: dropped })}\n\n`)
        dropped = 0
        raw.write(`event: record\nid: ${row.eventId}\ndata: ${JSON.stringify(publicRow(row))}\n\n`)
      }
    })
    const heartbeat = setInterval(() => { raw.write(': still here\n\n') }, heartbeatMs)
    heartbeat.unref()
    raw.on('error', () => raw.destroy())
    raw.once('close', () => {
      this.#readers--
      clearInterval(heartbeat)
      unsubscribe?.()
    })
  }
}

/** The contract's caller has no organisation and no node path; a stream passes no schema, so they go here. */
function publicRow(row: UsageRecord) {
  const { orgId: _orgId, orgName: _orgName, nodePath: _nodePath, ...caller } = row.caller
  return { ...summarise(row), caller }
}

function headersOf(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]))
}
