import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { uuidv7 } from '../src/base/ids.ts'
import { decodeUsageRecord } from '../src/core/usage/usage-record-json.ts'
import type { UsageRecord } from '../src/core/usage/usage-record.ts'
import { blockHeaders } from '../src/control/sync-protocol.ts'
import { outcomeText } from '../src/gateway/entry-text.ts'
import { frameBytes, frameKinds, scanFrames, writeFrame } from '../src/journal/frame.ts'
import { readSegment } from '../src/journal/segment.ts'
import { cpuMs } from './processes.ts'
import type { Tollgate } from './targets.ts'

export interface Ingest {
  readonly perSecond: number
  /** CPU time per event of each process that takes part, microseconds. */
  readonly cpuUs: readonly { readonly name: string; readonly us: number }[]
}

/** Events per second that the control plane stores for good, one journal, one block after the other, over HTTP. */
export async function ingestRate(tollgate: Tollgate, template: UsageRecord, blocks: number, recordsPerBlock: number): Promise<Ingest> {
  const url = `http://127.0.0.1:${tollgate.controlPort}/sync`
  const authorization = `Bearer ${readFileSync(join(tollgate.dataDir, 'node.key'), 'utf8').trim()}`
  const journalId = randomUUID()
  const hello = await fetch(`${url}/hello`, { method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify({ journalId, lastEpoch: 0, version: 'bench' }) })
  if (!hello.ok) throw new Error(`hello: ${hello.status} ${await hello.text()}`)
  const { epoch } = (await hello.json()) as { epoch: number }
  const prepared = Array.from({ length: blocks }, () => blockOf(template, epoch, recordsPerBlock))
  const before = tollgate.beside.map(({ pid }) => cpuMs(pid))
  const startedAt = performance.now()
  for (const [block, bytes] of prepared.entries()) {
    const answer = await fetch(`${url}/block`, {
      method: 'POST', body: new Uint8Array(bytes), headers: {
        authorization, 'content-type': 'application/octet-stream', [blockHeaders.journal]: journalId, [blockHeaders.segment]: '1', [blockHeaders.block]: String(block),
        [blockHeaders.entries]: String(recordsPerBlock), [blockHeaders.crc]: String(crc32(bytes)),
      },
    })
    if (!answer.ok || !((await answer.json()) as { accepted: boolean }).accepted) throw new Error(`block ${block}: ${answer.status}`)
  }
  const events = blocks * recordsPerBlock
  const perSecond = (events * 1_000) / (performance.now() - startedAt)
  return { perSecond, cpuUs: tollgate.beside.map(({ name, pid }, index) => ({ name, us: ((cpuMs(pid) - before[index]!) * 1_000) / events })) }
}

function blockOf(template: UsageRecord, epoch: number, recordsPerBlock: number): Buffer {
  const now = Date.now()
  const entries = Array.from({ length: recordsPerBlock }, (): readonly [string, string] => {
    const eventId = uuidv7(now)
    return [eventId, outcomeText(epoch, { ...template, eventId, callId: uuidv7(now), at: now, occurredAt: now, firstByteAt: now + 5, endAt: now + 9 }, [])]
  })
  const bytes = Buffer.alloc(entries.reduce((sum, [, text]) => sum + frameBytes(frameKinds.close, Buffer.byteLength(text)), 0))
  let end = 0
  for (const [id, text] of entries) end = writeFrame(bytes, end, frameKinds.close, id, text)
  return bytes
}

/** A record as this installation's gateway writes it, read from its journal. */
export function templateRecord(dataDir: string): UsageRecord {
  const directory = join(dataDir, 'gateway', 'journal')
  const segment = readFileSync(join(directory, '0000000001.tgj'))
  for (const block of readSegment(directory, 1).sealed) {
    for (const frame of scanFrames(segment.subarray(block.start, block.end)).frames) {
      if (frame.kind !== frameKinds.close) continue
      const decoded = decodeUsageRecord((JSON.parse(frame.payload) as { record: unknown }).record)
      if (decoded.ok && decoded.value.kind === 'attempt') return decoded.value
    }
  }
  throw new Error('The journal holds no record.')
}
