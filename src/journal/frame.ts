import { crc32 } from 'node:zlib'
import { limits } from '../config/limits.ts'

/**
 * The journal's frame: length u32 LE (of what follows the checksum), CRC-32 u32 LE, kind u8, then
 * for `open` and `close` 36 bytes of id, then the payload in UTF-8.
 *
 *   open   something began (an attempt); `close` with the same id ends it
 *   note   stands alone
 *   seal   ends a block: JSON {block, start, end, entries, crc}
 *   carry  first frames of a segment: opens not yet closed when the segment before it ended
 */
export const frameKinds = { open: 1, close: 2, note: 3, seal: 4, carry: 5 } as const
export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds]
export const idBytes = 36
const headBytes = 8

export interface Frame {
  readonly kind: FrameKind
  /** The id of open, close and carry frames; '' otherwise. */
  readonly id: string
  readonly payload: string
  /** Offset of the frame's first byte and of the byte after its last, in what was scanned. */
  readonly start: number
  readonly end: number
}

const hasId = (kind: number): boolean => kind === frameKinds.open || kind === frameKinds.close || kind === frameKinds.carry

/** Bytes the frame will take, given its payload's byte length. */
export const frameBytes = (kind: FrameKind, payloadBytes: number): number => headBytes + 1 + (hasId(kind) ? idBytes : 0) + payloadBytes

/** Writes one frame at `offset` of `target`, which must be large enough; returns the offset after it. */
export function writeFrame(target: Buffer, offset: number, kind: FrameKind, id: string, payload: string): number {
  const bodyStart = offset + headBytes
  target[bodyStart] = kind
  let cursor = bodyStart + 1
  if (hasId(kind)) cursor += target.write(id, cursor, idBytes, 'latin1')
  cursor += target.write(payload, cursor, 'utf8')
  target.writeUInt32LE(cursor - bodyStart, offset)
  target.writeUInt32LE(crc32(target.subarray(bodyStart, cursor)), offset + 4)
  return cursor
}

export interface Scan {
  readonly frames: readonly Frame[]
  /** Bytes of whole, valid frames; what follows is torn or foreign. */
  readonly validBytes: number
  readonly fault: '' | 'torn' | 'checksum' | 'length'
}

/** A frame in the bytes it was found in; its texts are made when they are asked for, because half of all frames are only passed over. */
class ScannedFrame implements Frame {
  readonly kind: FrameKind
  readonly start: number
  readonly end: number
  readonly #bytes: Buffer

  constructor(bytes: Buffer, start: number, end: number) {
    this.kind = bytes[start + headBytes] as FrameKind
    this.start = start
    this.end = end
    this.#bytes = bytes
  }

  get id(): string {
    const at = this.start + headBytes + 1
    return hasId(this.kind) ? this.#bytes.toString('latin1', at, at + idBytes) : ''
  }

  get payload(): string {
    return this.#bytes.toString('utf8', this.start + headBytes + 1 + (hasId(this.kind) ? idBytes : 0), this.end)
  }
}

/** Reads frames from `from` until the end or the first that is torn or fails its checksum. */
export function scanFrames(bytes: Buffer, from = 0): Scan {
  const frames: Frame[] = []
  let offset = from
  while (offset < bytes.length) {
    if (offset + headBytes > bytes.length) return { frames, validBytes: offset, fault: 'torn' }
    const length = bytes.readUInt32LE(offset)
    if (length === 0 || length > limits.journalFrameBytesMax) return { frames, validBytes: offset, fault: 'length' }
    const bodyStart = offset + headBytes
    const end = bodyStart + length
    if (end > bytes.length) return { frames, validBytes: offset, fault: 'torn' }
    if (crc32(bytes.subarray(bodyStart, end)) !== bytes.readUInt32LE(offset + 4)) return { frames, validBytes: offset, fault: 'checksum' }
    frames.push(new ScannedFrame(bytes, offset, end))
    offset = end
  }
  return { frames, validBytes: offset, fault: '' }
}
