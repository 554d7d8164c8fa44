import { crc32 } from 'node:zlib'
import { encodeUsageRecord } from '../core/usage/usage-record-json.ts'
import type { UsageRecord } from '../core/usage/usage-record.ts'
import { frameBytes, frameKinds, writeFrame } from '../journal/frame.ts'

/** Records in the form in which a gateway ships them: frames of outcomes, sealed with a checksum. */
interface SealedHistory { readonly bytes: Buffer; readonly checksum: string; readonly rows: number }

export function sealBlock(records: readonly UsageRecord[]): SealedHistory {
  const payloads = records.map((usageRecord) => `{"t":"outcome","record":${encodeUsageRecord(usageRecord)},"epoch":1,"settlements":[]}`)
  const bytes = Buffer.allocUnsafe(payloads.reduce((sum, payload) => sum + frameBytes(frameKinds.close, payload.length * 3), 0))
  let end = 0
  for (const [index, payload] of payloads.entries()) end = writeFrame(bytes, end, frameKinds.close, records[index]!.eventId, payload)
  const sealed = bytes.subarray(0, end)
  return { bytes: sealed, checksum: String(crc32(sealed)), rows: records.length }
}
