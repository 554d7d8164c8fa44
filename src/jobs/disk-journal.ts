import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { isAfter, listSegments, readAcked, readSegment, segmentFile, type BlockRef, type SealedBlock } from '../journal/segment.ts'

/**
 * A journal as it lies on disk, read beside the gateway that may be writing to it: nothing here changes a byte. What the
 * gateway was told is stored (`acked`) is read first, so that the stores, asked later, must have it.
 */
export interface DiskJournal {
  readonly directory: string
  readonly journalId: string
  readonly acked: BlockRef | null
  /** A copy that fell behind the authority; its newest blocks were never sent. */
  readonly setAside: boolean
}

/** Where a segment stops making sense. */
export interface Damage {
  readonly file: string
  readonly offset: number
  /** False for a tail that no acked block lies in: a write under way, or what a crash left. */
  readonly losesAcked: boolean
  readonly says: string
}

export interface DiskBlock {
  readonly place: SealedBlock
  readonly bytes: Buffer
}

/** Null when the directory holds no journal. */
export function openDiskJournal(directory: string): DiskJournal | null {
  const identity = join(directory, 'journal.json')
  if (!existsSync(identity)) return null
  const { journalId } = JSON.parse(readFileSync(identity, 'utf8')) as { journalId: string }
  return { directory, journalId, acked: readAcked(directory), setAside: basename(directory).includes('.rewound-') }
}

/** The journal in this directory and those that were set aside next to it. */
export function findDiskJournals(directory: string): readonly DiskJournal[] {
  const parent = dirname(directory)
  if (!existsSync(parent)) return []
  const names = readdirSync(parent).filter((name) => name === basename(directory) || name.startsWith(`${basename(directory)}.rewound-`)).sort()
  return names.map((name) => openDiskJournal(join(parent, name))).filter((journal) => journal !== null)
}

/** Sealed blocks in order, one segment in memory at a time. `onDamage` hears where reading had to stop in a segment. */
export function* sealedBlocks(journal: DiskJournal, onDamage: (damage: Damage) => void): Generator<DiskBlock> {
  const { directory, acked } = journal
  const segments = listSegments(directory)
  for (const segment of missingOf(segments, acked)) onDamage({ file: segmentFile(segment), offset: 0, losesAcked: true, says: 'the file is gone' })
  for (const segment of segments) {
    const read = readUnlessDropped(directory, segment)
    if (read === null) continue
    const { contents, file } = read
    const losesAcked = acked !== null && (segment < acked.segment ? contents.tornBytes > 0
      : segment === acked.segment && (contents.sealed.at(-1)?.block ?? -1) < acked.block)
    if (contents.tornBytes > 0 || losesAcked) {
      onDamage({ file: segmentFile(segment), offset: contents.validBytes, losesAcked, says: `${contents.tornBytes} bytes cannot be read` })
    }
    for (const place of contents.sealed) {
      const bytes = file.subarray(place.start, place.end)
      if (crc32(bytes) === place.crc) yield { place, bytes }
      else onDamage({ file: segmentFile(segment), offset: place.start, losesAcked: true, says: `block ${place.segment}:${place.block} does not match its checksum` })
    }
  }
}

export const isAcked = (journal: DiskJournal, place: BlockRef): boolean => journal.acked !== null && !isAfter(place, journal.acked)

/** Numbers that should be there: retention takes segments from the front only. */
function missingOf(segments: readonly number[], acked: BlockRef | null): readonly number[] {
  const present = new Set(segments)
  const last = Math.max(segments.at(-1) ?? 0, acked?.segment ?? 0)
  const missing: number[] = []
  for (let segment = segments[0] ?? last; segment <= last; segment += 1) if (segment > 0 && !present.has(segment)) missing.push(segment)
  return missing
}

/** Old segments go away while they are listed. The scan comes first: the file may be growing, and what was scanned stays. */
function readUnlessDropped(directory: string, segment: number): { readonly contents: ReturnType<typeof readSegment>; readonly file: Buffer } | null {
  try {
    const contents = readSegment(directory, segment)
    return { contents, file: contents.sealed.length === 0 ? Buffer.alloc(0) : readFileSync(join(directory, segmentFile(segment))) }
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return null
    throw error
  }
}
