import type { Log } from '../base/log.ts'
import { closeSync, copyFileSync, existsSync, fdatasync, fdatasyncSync, ftruncateSync, openSync, readSync, renameSync, rmSync, statfsSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { assert } from '../base/assert.ts'
import { limits } from '../config/limits.ts'
import { frameBytes, frameKinds, writeFrame, type FrameKind } from './frame.ts'
import {
  isAfter, journalIdentity, listSegments, readAcked, readSegment, segmentFile, segmentMagic, truncateSegment, writeAcked,
  type BlockRef, type SealedBlock,
} from './segment.ts'

/**
 * The gateway's journal: an append-only log on local disk that the control plane reads block by block.
 *
 * A frame is *buffered* (this tick), then *written* (one write call for the whole tick; survives kill -9), then
 * *synced* (fdatasync; survives power loss). Frames belong to the current *block*, which is *sealed* at a size or
 * an age and never cut again; a sealed and synced block is *shippable*; the authority's answer makes it *acked*.
 *
 * Writing is synchronous and grouped at the end of the tick. Measured beside an asynchronous group write, it
 * costs one system call of a few microseconds into the page cache and no thread hop, which is what a call waits
 * for; the sync to disk is asynchronous.
 *
 * Full: when the disk refuses a write, or free space falls below `freeBytesMin`, `openAttempt` fails at once and
 * closes and notes wait in memory until space is back; a reserve file, given up at that moment, makes room for
 * the outcomes of calls in flight.
 */
export interface JournalOptions {
  readonly directory: string
  /** `process`: written before the call leaves. `disk`: synced before it leaves. */
  readonly durability: 'process' | 'disk'
  readonly freeBytesMin?: number
  readonly reserveBytes?: number
  readonly blockBytesMax?: number
  readonly blockAgeMs?: number
  readonly segmentBytesMax?: number
  readonly log: Log
}

/** How many times its age a block waits while another one is being shipped. */
const patientAge = 4

interface Pending {
  readonly kind: FrameKind
  readonly id: string
  readonly payload: string
  readonly done: ((written: boolean) => void) | null
}

export class Journal {
  readonly id: string
  readonly #options: Required<JournalOptions>
  readonly #directory: string
  #segment = 0
  #block = 0
  #file = -1
  #offset = 0
  #syncedOffset = 0
  #blockStart = 0
  #blockEntries = 0
  #blockCrc = 0
  #blockOpenedAt = 0
  #pending: Pending[] = []
  #stuck: Pending[] = []
  #flushing = false
  #afterFlush: (() => void)[] = []
  #full = false
  #closed = false
  #syncing = false
  #afterSync: (() => void)[] = []
  #timer: NodeJS.Timeout
  #buffer = Buffer.allocUnsafe(256 * 1024)
  #sealed: SealedBlock[] = []
  #acked: BlockRef | null
  #ackUnnoted = false
  #backlogBytes = 0
  #onSealed: () => void = () => {}
  readonly #open = new Map<string, string>()
  /** Attempts that an earlier process left open, by id, with the payload as written. */
  readonly orphans: ReadonlyMap<string, string>

  constructor(options: JournalOptions) {
    this.#options = {
      freeBytesMin: 64 * 1024 * 1024, reserveBytes: 16 * 1024 * 1024, blockBytesMax: limits.journalBlockBytesMax,
      blockAgeMs: limits.journalBlockAgeMs, segmentBytesMax: limits.journalSegmentBytesMax, ...options,
    }
    this.#directory = options.directory
    this.id = journalIdentity(this.#directory)
    this.#acked = readAcked(this.#directory)
    this.orphans = this.#recover()
    this.#makeReserve()
    this.#timer = setInterval(() => this.#tick(), Math.min(limits.journalSyncMs, this.#options.blockAgeMs))
  }

  /** True while new attempts are refused. */
  get full(): boolean {
    return this.#full || this.#backlogBytes > limits.journalBacklogBytesMax
  }
  /** Bytes sealed and not yet acked. */
  get backlogBytes(): number {
    return this.#backlogBytes
  }
  get acked(): BlockRef | null {
    return this.#acked
  }
  get lastSealed(): BlockRef | null {
    return this.#sealed.at(-1) ?? this.#acked
  }

  /** Begins an attempt. Resolves true once it is as durable as asked, false when the journal is full. */
  openAttempt(id: string, payload: string): Promise<boolean> {
    if (this.full || this.#closed) return Promise.resolve(false)
    return new Promise((resolve) => {
      this.#append({
        kind: frameKinds.open, id, payload,
        done: (written) => {
          if (!written) return resolve(false)
          this.#open.set(id, payload)
          if (this.#options.durability === 'process') return resolve(true)
          this.#afterSync.push(() => resolve(true))
          this.#sync()
        },
      })
    })
  }

  /** Ends an attempt, or records a fact that had none (`id` then opens nothing). `done` runs once it is written. */
  close(id: string, payload: string, done: (() => void) | null): void {
    this.#append({ kind: frameKinds.close, id, payload, done: () => { this.#open.delete(id); done?.() } })
  }

  /** A frame that stands alone. */
  note(payload: string): void {
    this.#append({ kind: frameKinds.note, id: '', payload, done: null })
  }

  /** Resolves once what was appended before is written; when the disk is full, once writing it was tried. */
  flushed(): Promise<void> {
    return this.#flushing ? new Promise((resolve) => { this.#afterFlush.push(resolve) }) : Promise.resolve()
  }

  /** True when the authority has blocks that this directory does not: it was restored from a copy, or lost its disk's tail. */
  isBehind(stored: BlockRef): boolean {
    return isAfter(stored, { segment: this.#segment, block: this.#block - 1 })
  }

  /** Called whenever a block has become shippable. */
  onSealed(listener: () => void): void {
    this.#onSealed = listener
  }

  /** The oldest block that is sealed, synced and not acked; null when there is none. */
  nextToShip(): SealedBlock | null {
    const block = this.#sealed[0]
    if (block === undefined) return null
    if (block.segment === this.#segment && block.end > this.#syncedOffset) return null
    return block
  }

  /** The block's bytes as sealed. */
  readBlock(block: SealedBlock): Buffer {
    const bytes = Buffer.allocUnsafe(block.end - block.start)
    const file = openSync(join(this.#directory, segmentFile(block.segment)), 'r')
    try {
      let read = 0
      while (read < bytes.length) {
        const n = readSync(file, bytes, read, bytes.length - read, block.start + read)
        assert(n > 0, `journal block ${block.segment}:${block.block} must be whole on disk`)
        read += n
      }
    } finally {
      closeSync(file)
    }
    assert(crc32(bytes) === block.crc, `journal block ${block.segment}:${block.block} must match its checksum`)
    return bytes
  }

  /** The authority has stored everything up to and including this block. */
  ack(acked: BlockRef): void {
    while (this.#sealed.length > 0 && !isAfter(this.#sealed[0]!, acked)) {
      const block = this.#sealed.shift()!
      this.#backlogBytes -= block.end - block.start
    }
    if (this.#acked === null || isAfter(acked, this.#acked)) {
      this.#ackUnnoted = true
      if (this.#acked?.segment !== acked.segment) this.#dropOldSegments(acked.segment)
      this.#acked = { segment: acked.segment, block: acked.block }
    }
  }

  /** Noted now and then: a restart that repeats some blocks changes nothing. */
  #noteAcked(): void {
    if (!this.#ackUnnoted || this.#acked === null) return
    try {
      writeAcked(this.#directory, this.#acked)
      this.#ackUnnoted = false
    } catch {
      // No room; tried again.
    }
  }

  /** Writes what is pending, seals, syncs. After it nothing more is taken. */
  async shutdown(): Promise<void> {
    this.#flush()
    if (this.#blockEntries > 0) this.#seal()
    this.#closed = true
    clearInterval(this.#timer)
    fdatasyncSync(this.#file)
    this.#syncedOffset = this.#offset
    this.#onSealed()
  }
  dispose(): void {
    clearInterval(this.#timer)
    this.#noteAcked()
    this.#closed = true
    if (this.#file >= 0) closeSync(this.#file)
    this.#file = -1
  }

  // ── writing ──────────────────────────────────────────────────────────────────────────────────────────────

  #append(pending: Pending): void {
    // A frame that cannot be read back would hide every one behind it.
    const { payload } = pending
    assert(payload.length * 3 < limits.journalFrameBytesMax || Buffer.byteLength(payload) < limits.journalFrameBytesMax - 64, 'a journal entry must fit its frame')
    this.#pending.push(pending)
    if (this.#flushing) return
    this.#flushing = true
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    this.#flushing = false
    this.#writePending()
    if (this.#afterFlush.length === 0) return
    const waiting = this.#afterFlush
    this.#afterFlush = []
    for (const done of waiting) done()
  }

  #writePending(): void {
    if (this.#file < 0) return
    const batch = this.#stuck.length > 0 ? [...this.#stuck, ...this.#pending] : this.#pending
    this.#stuck = []
    this.#pending = []
    if (batch.length === 0) return
    if (this.#offset >= this.#options.segmentBytesMax && !this.#full) this.#rotate()
    for (let from = 0; from < batch.length;) {
      const to = this.#endOfPart(batch, from)
      if (!this.#writePart(from === 0 && to === batch.length ? batch : batch.slice(from, to))) return this.#keepForLater(batch.slice(from))
      from = to
    }
  }

  /** A crowd's outcomes can come at once, after a crash or a full disk; a block must stay within what the authority takes. */
  #endOfPart(batch: readonly Pending[], from: number): number {
    let to = from
    for (let size = 0; to < batch.length && size < this.#options.blockBytesMax; to += 1) size += batch[to]!.payload.length
    return to
  }

  #writePart(batch: readonly Pending[]): boolean {
    const bytes = this.#encode(batch)
    if (!this.#write(bytes)) return false
    if (this.#blockEntries === 0) this.#blockOpenedAt = performance.now()
    this.#blockCrc = crc32(bytes, this.#blockCrc)
    this.#blockEntries += batch.length
    for (const pending of batch) pending.done?.(true)
    if (this.#offset - this.#blockStart >= this.#options.blockBytesMax) this.#seal()
    return true
  }

  #encode(batch: readonly Pending[]): Buffer {
    let room = 0
    // Three bytes per UTF-16 unit is the most UTF-8 can take.
    for (const { kind, payload } of batch) room += frameBytes(kind, payload.length * 3)
    if (room > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(room * 2)
    let end = 0
    for (const { kind, id, payload } of batch) end = writeFrame(this.#buffer, end, kind, id, payload)
    return this.#buffer.subarray(0, end)
  }

  /** One write; on failure the file is cut back to where it was, so that no torn frame stays in the middle. */
  #write(bytes: Buffer): boolean {
    try {
      let written = 0
      while (written < bytes.length) written += writeSync(this.#file, bytes, written, bytes.length - written, this.#offset + written)
      this.#offset += bytes.length
      return true
    } catch (error) {
      try {
        ftruncateSync(this.#file, this.#offset)
      } catch {
        // The next good write starts at the same offset and covers what is there.
      }
      if (!this.#full) this.#options.log('error', 'journal cannot be written; new calls are refused', { reason: String(error) })
      this.#setFull()
      return false
    }
  }

  #keepForLater(batch: readonly Pending[]): void {
    for (const pending of batch) {
      if (pending.kind === frameKinds.open) pending.done?.(false)
      else this.#stuck.push(pending)
    }
  }

  #setFull(): void {
    this.#full = true
    rmSync(join(this.#directory, 'reserve'), { force: true })
  }

  #makeReserve(): void {
    const path = join(this.#directory, 'reserve')
    if (existsSync(path) && statSync(path).size === this.#options.reserveBytes) return
    try {
      writeFileSync(path, Buffer.alloc(this.#options.reserveBytes))
    } catch {
      rmSync(path, { force: true })
    }
  }

  // ── time ─────────────────────────────────────────────────────────────────────────────────────────────────

  #ticks = 0
  #tick(): void {
    if (this.#stuck.length > 0) this.#flush()
    if (this.#blockEntries > 0 && performance.now() - this.#blockOpenedAt >= this.#sealAgeMs()) this.#seal()
    this.#sync()
    if (this.#ticks % 4 === 0) this.#noteAcked()
    if (this.#ticks++ % 20 === 0) this.#checkSpace()
  }

  #checkSpace(): void {
    const { bavail, bsize } = statfsSync(this.#directory)
    const free = bavail * bsize
    if (free < this.#options.freeBytesMin) {
      if (!this.#full) this.#options.log('error', 'disk is nearly full; new calls are refused', { freeBytes: free })
      this.#setFull()
    } else if (this.#full && this.#stuck.length === 0 && free > this.#options.freeBytesMin + this.#options.reserveBytes) {
      this.#full = false
      this.#makeReserve()
      this.#options.log('info', 'journal has room again; calls are taken', { freeBytes: free })
    }
  }

  #sync(): void {
    if (this.#syncing || this.#file < 0 || this.#syncedOffset === this.#offset) {
      if (!this.#syncing && this.#afterSync.length > 0 && this.#syncedOffset === this.#offset) this.#runAfterSync()
      return
    }
    this.#syncing = true
    const upTo = this.#offset
    const segment = this.#segment
    const waiting = this.#afterSync
    this.#afterSync = []
    fdatasync(this.#file, (error) => {
      this.#syncing = false
      if (error !== null) {
        this.#options.log('error', 'journal cannot be synced', { reason: String(error) })
        this.#afterSync.unshift(...waiting)
        return
      }
      if (segment === this.#segment) this.#syncedOffset = upTo
      for (const done of waiting) done()
      if (this.nextToShip() !== null) this.#onSealed()
      if (this.#afterSync.length > 0) this.#sync()
    })
  }

  #runAfterSync(): void {
    const waiting = this.#afterSync
    this.#afterSync = []
    for (const done of waiting) done()
  }

  /** While an earlier block is still under way the next one may grow: few large blocks cost the other side far less than many small ones. */
  #sealAgeMs(): number {
    return this.#sealed.length === 0 ? this.#options.blockAgeMs : this.#options.blockAgeMs * patientAge
  }

  // ── blocks and segments ──────────────────────────────────────────────────────────────────────────────────

  /** False when there is no room for the seal; the block then stays open. */
  #seal(): boolean {
    const block: SealedBlock = {
      segment: this.#segment, block: this.#block, start: this.#blockStart, end: this.#offset, entries: this.#blockEntries, crc: this.#blockCrc,
    }
    const { segment: _segment, ...text } = block
    const frame = this.#encode([{ kind: frameKinds.seal, id: '', payload: JSON.stringify(text), done: null }])
    if (!this.#write(frame)) return false
    this.#sealed.push(block)
    this.#backlogBytes += block.end - block.start
    this.#block += 1
    this.#blockStart = this.#offset
    this.#blockEntries = 0
    this.#blockCrc = 0
    this.#sync()
    return true
  }

  #rotate(): void {
    // Only sealed entries of a segment that has ended are ever shipped.
    if (this.#blockEntries > 0 && !this.#seal()) return
    fdatasyncSync(this.#file)
    const previous = this.#file
    try {
      this.#openSegment(this.#segment + 1)
    } catch (error) {
      this.#options.log('error', 'journal cannot start a new segment', { reason: String(error) })
      this.#file = previous
      this.#setFull()
      return
    }
    closeSync(previous)
    this.#runAfterSync()
  }

  /** A new segment starts with the attempts still open, so that a restart reads only the last segment. */
  #openSegment(segment: number): void {
    const path = join(this.#directory, segmentFile(segment))
    const file = openSync(`${path}.next`, 'w+', 0o600)
    const carried = [...this.#open].map(([id, payload]): Pending => ({ kind: frameKinds.carry, id, payload, done: null }))
    const frames = Buffer.concat([segmentMagic, this.#encode(carried)])
    try {
      // A disk that fills up in the middle writes less than it was given, without an error.
      for (let written = 0; written < frames.length;) written += writeSync(file, frames, written, frames.length - written, written)
      fdatasyncSync(file)
      // Renamed when its head is whole: a segment that can be seen has everything it carries.
      renameSync(`${path}.next`, path)
    } catch (error) {
      closeSync(file)
      rmSync(`${path}.next`, { force: true })
      throw error
    }
    this.#file = file
    this.#segment = segment
    this.#block = 0
    this.#offset = frames.length
    this.#syncedOffset = frames.length
    this.#blockStart = frames.length
    this.#blockEntries = 0
    this.#blockCrc = 0
  }

  #recover(): ReadonlyMap<string, string> {
    const segments = listSegments(this.#directory)
    const last = segments.at(-1)
    if (last === undefined) {
      this.#openSegment(1)
      return new Map()
    }
    for (const segment of segments) {
      if (segment !== last && this.#acked !== null && segment < this.#acked.segment) continue
      this.#takeSealed(readSegment(this.#directory, segment).sealed)
    }
    const contents = readSegment(this.#directory, last)
    if (contents.tornBytes > 0) {
      // Kept aside: a torn tail is what a crash leaves, but a flipped bit may have whole entries behind it.
      copyFileSync(join(this.#directory, segmentFile(last)), join(this.#directory, `${segmentFile(last)}.damaged-${contents.validBytes}`))
      this.#options.log('warn', 'journal had a torn tail; cut at the last whole entry, a copy is kept', { segment: last, tornBytes: contents.tornBytes })
      truncateSegment(this.#directory, last, contents.validBytes)
    }
    for (const [id, payload] of contents.open) this.#open.set(id, payload)
    assert(contents.validBytes > 0, `journal segment ${last} must begin with its format name`)
    this.#file = openSync(join(this.#directory, segmentFile(last)), 'r+')
    this.#segment = last
    this.#block = (contents.sealed.at(-1)?.block ?? -1) + 1
    this.#offset = contents.validBytes
    this.#blockStart = contents.unsealedStart
    this.#blockEntries = contents.unsealed.length
    fdatasyncSync(this.#file)
    this.#syncedOffset = this.#offset
    if (this.#blockEntries > 0) {
      this.#blockCrc = this.#crcOnDisk(this.#blockStart, this.#offset)
      this.#blockOpenedAt = performance.now()
    }
    return new Map(this.#open)
  }

  #takeSealed(sealed: readonly SealedBlock[]): void {
    for (const block of sealed) {
      if (this.#acked !== null && !isAfter(block, this.#acked)) continue
      this.#sealed.push(block)
      this.#backlogBytes += block.end - block.start
    }
  }

  #crcOnDisk(start: number, end: number): number {
    const bytes = Buffer.allocUnsafe(end - start)
    let read = 0
    while (read < bytes.length) {
      const n = readSync(this.#file, bytes, read, bytes.length - read, start + read)
      assert(n > 0, 'journal tail must be readable')
      read += n
    }
    return crc32(bytes)
  }

  #dropOldSegments(ackedSegment: number): void {
    for (const segment of listSegments(this.#directory)) {
      if (segment >= ackedSegment || segment >= this.#segment) return
      const path = join(this.#directory, segmentFile(segment))
      if (Date.now() - statSync(path).mtimeMs < limits.journalKeepAckedMs) return
      rmSync(path, { force: true })
    }
  }
}
