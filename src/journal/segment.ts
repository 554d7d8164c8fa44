import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync, openSync, fsyncSync, closeSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { frameKinds, scanFrames, type Frame } from './frame.ts'

/** First bytes of a segment file: format name and version. */
export const segmentMagic = Buffer.from('TGJ1\n')
export const segmentFile = (segment: number): string => `${String(segment).padStart(10, '0')}.tgj`

/** Names a sealed block within a journal. */
export interface BlockRef {
  readonly segment: number
  readonly block: number
}
/** A sealed block: its place in the segment file and the checksum of its bytes. */
export interface SealedBlock extends BlockRef {
  readonly start: number
  readonly end: number
  readonly entries: number
  readonly crc: number
}
export const isAfter = (a: BlockRef, b: BlockRef): boolean => a.segment > b.segment || (a.segment === b.segment && a.block > b.block)

export interface SegmentContents {
  readonly segment: number
  readonly sealed: readonly SealedBlock[]
  /** Frames after the last seal. */
  readonly unsealed: readonly Frame[]
  readonly unsealedStart: number
  /** Opens that no close has ended, by id, including those carried in; payloads as written. */
  readonly open: ReadonlyMap<string, string>
  readonly validBytes: number
  readonly tornBytes: number
}

/** Reads one segment file. A torn tail is reported, not changed. */
export function readSegment(directory: string, segment: number): SegmentContents {
  const bytes = readFileSync(join(directory, segmentFile(segment)))
  if (!bytes.subarray(0, segmentMagic.length).equals(segmentMagic)) {
    return { segment, sealed: [], unsealed: [], unsealedStart: 0, open: new Map(), validBytes: 0, tornBytes: bytes.length }
  }
  const scan = scanFrames(bytes, segmentMagic.length)
  const sealed: SealedBlock[] = []
  const open = new Map<string, string>()
  let unsealed: Frame[] = []
  let unsealedStart = segmentMagic.length
  for (const frame of scan.frames) {
    if (frame.kind === frameKinds.seal) {
      sealed.push({ segment, ...(JSON.parse(frame.payload) as Omit<SealedBlock, 'segment'>) })
      unsealed = []
      unsealedStart = frame.end
      continue
    }
    if (frame.kind === frameKinds.close) open.delete(frame.id)
    else if (frame.kind === frameKinds.open || frame.kind === frameKinds.carry) open.set(frame.id, frame.payload)
    if (frame.kind === frameKinds.carry) unsealedStart = frame.end
    else unsealed.push(frame)
  }
  return { segment, sealed, unsealed, unsealedStart, open, validBytes: scan.validBytes, tornBytes: bytes.length - scan.validBytes }
}

/** Segment numbers present, ascending. */
export function listSegments(directory: string): number[] {
  return readdirSync(directory).filter((name) => /^\d{10}\.tgj$/.test(name)).map((name) => Number(name.slice(0, 10))).toSorted((a, b) => a - b)
}

/** Cuts a torn tail off, so that the next frame starts on a frame boundary. */
export function truncateSegment(directory: string, segment: number, bytes: number): void {
  truncateSync(join(directory, segmentFile(segment)), bytes)
}

const rewoundMark = 'rewound'

/** Marks a journal whose directory lost what the authority already has: it must not be written on. */
export function markRewound(directory: string): void {
  writeFileSync(join(directory, rewoundMark), '')
}

/** Moves a marked journal aside, so that the gateway goes on with a new one; true when it did. */
export function setRewoundAside(directory: string): boolean {
  if (!existsSync(join(directory, rewoundMark))) return false
  renameSync(directory, `${directory}.rewound-${Date.now()}`)
  return true
}

/** The journal's own UUID, made with the directory and never changed. */
export function journalIdentity(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'journal.json')
  if (existsSync(path)) return (JSON.parse(readFileSync(path, 'utf8')) as { journalId: string }).journalId
  const journalId = randomUUID()
  writeDurably(path, JSON.stringify({ journalId }))
  return journalId
}

const ackPath = (directory: string): string => join(directory, 'acked.json')

/** The last block the control plane confirmed; null before the first. */
export function readAcked(directory: string): BlockRef | null {
  if (!existsSync(ackPath(directory))) return null
  try {
    return JSON.parse(readFileSync(ackPath(directory), 'utf8')) as BlockRef
  } catch {
    return null // A lost note only repeats blocks, and repeating a block changes nothing.
  }
}
export function writeAcked(directory: string, acked: BlockRef): void {
  const path = ackPath(directory)
  writeFileSync(`${path}.next`, JSON.stringify({ segment: acked.segment, block: acked.block }))
  renameSync(`${path}.next`, path)
}

function writeDurably(path: string, text: string): void {
  writeFileSync(`${path}.next`, text, { mode: 0o600 })
  const file = openSync(`${path}.next`, 'r+')
  fsyncSync(file)
  closeSync(file)
  renameSync(`${path}.next`, path)
}
