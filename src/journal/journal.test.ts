import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { uuidv7 } from '../base/ids.ts'
import { scanFrames } from './frame.ts'
import { Journal } from './journal.ts'
import { markRewound, readSegment, setRewoundAside } from './segment.ts'

let directory: string
const opened: Journal[] = []
const start = (options: Partial<ConstructorParameters<typeof Journal>[0]> = {}): Journal => {
  const journal = new Journal({ directory, durability: 'process', reserveBytes: 1024, freeBytesMin: 1, log: () => {}, ...options })
  opened.push(journal)
  return journal
}
const id = (): string => uuidv7(1_790_000_000_000)
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const sealed = async (journal: Journal): Promise<void> => {
  while (journal.nextToShip() === null) await new Promise((resolve) => setTimeout(resolve, 5))
}

beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'tg-journal-')) })
afterEach(() => {
  for (const journal of opened.splice(0)) journal.dispose()
  rmSync(directory, { recursive: true, force: true })
})

test('an open attempt survives a process that dies, and is an orphan of the next one', async () => {
  const first = start()
  const kept = id()
  const closed = id()
  expect(await first.openAttempt(kept, '{"n":1}')).toBe(true)
  expect(await first.openAttempt(closed, '{"n":2}')).toBe(true)
  first.close(closed, '{"n":3}', null)
  await tick()
  first.dispose()
  expect([...start().orphans]).toEqual([[kept, '{"n":1}']])
})

test('a torn tail is cut and what was whole stays', async () => {
  const first = start()
  await first.openAttempt(id(), '{"whole":"ü€😀"}')
  first.dispose()
  appendFileSync(join(directory, '0000000001.tgj'), Buffer.from([40, 0, 0, 0, 9, 9, 9, 9, 1, 50, 50]))
  const second = start()
  expect([...second.orphans.values()]).toEqual(['{"whole":"ü€😀"}'])
  await second.shutdown()
  const block = second.nextToShip()!
  expect(scanFrames(second.readBlock(block)).frames.map((frame) => frame.payload)).toEqual(['{"whole":"ü€😀"}'])
})

test('a sealed block keeps its place, bytes and checksum across restarts until it is acked', async () => {
  const first = start()
  first.note('{"a":1}')
  await first.shutdown()
  const before = first.nextToShip()!
  const bytes = first.readBlock(before)
  first.dispose()
  const second = start()
  expect(second.nextToShip()).toEqual(before)
  expect(second.readBlock(before).equals(bytes)).toBe(true)
  expect(crc32(bytes)).toBe(before.crc)
  second.ack(before)
  second.dispose()
  const third = start()
  expect(third.nextToShip()).toBeNull()
  expect(third.acked).toEqual({ segment: before.segment, block: before.block })
  expect(third.id).toBe(first.id)
})

test('a new segment carries the attempts still open, and they are not shipped twice', async () => {
  const first = start({ segmentBytesMax: 200, blockAgeMs: 5 })
  const long = id()
  await first.openAttempt(long, '{"long":true}')
  for (let i = 0; i < 20; i += 1) {
    const short = id()
    await first.openAttempt(short, `{"i":${i}}`)
    first.close(short, `{"done":${i}}`, null)
    await tick()
  }
  await first.shutdown()
  expect(readdirSync(directory).filter((name) => name.endsWith('.tgj')).length).toBeGreaterThan(2)
  const shipped: string[] = []
  for (let block = first.nextToShip(); block !== null; block = first.nextToShip()) {
    shipped.push(...scanFrames(first.readBlock(block)).frames.map((frame) => frame.payload))
    first.ack(block)
  }
  expect(shipped.filter((payload) => payload === '{"long":true}')).toHaveLength(1)
  expect(shipped).toHaveLength(41)
  first.dispose()
  expect([...start().orphans.keys()]).toEqual([long])
})

test('blocks are sealed by age without further traffic', async () => {
  const journal = start({ blockAgeMs: 10 })
  journal.note('{}')
  await sealed(journal)
  expect(journal.nextToShip()).toMatchObject({ segment: 1, block: 0, entries: 1 })
})

test('with no free space attempts are refused at once while outcomes are kept', async () => {
  const journal = start({ freeBytesMin: Number.MAX_SAFE_INTEGER })
  journal.note('{"first":1}')
  while (!journal.full) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(await journal.openAttempt(id(), '{}')).toBe(false)
  journal.note('{"second":2}')
  await journal.shutdown()
  const block = journal.nextToShip()!
  expect(scanFrames(journal.readBlock(block)).frames.map((frame) => frame.payload)).toEqual(['{"first":1}', '{"second":2}'])
})

test('a flipped bit inside a segment is found, not read over', () => {
  start().dispose()
  const path = join(directory, '0000000001.tgj')
  const journal = start()
  journal.note('{"x":1}')
  return journal.shutdown().then(() => {
    journal.dispose()
    const bytes = readFileSync(path)
    bytes[20] = bytes[20]! ^ 1
    writeFileSync(path, bytes)
    expect(readSegment(directory, 1).tornBytes).toBeGreaterThan(0)
  })
})

test('a journal restored from an old copy knows that it is behind', async () => {
  const journal = start()
  journal.note('{}')
  await journal.shutdown()
  const last = journal.nextToShip()!
  expect(journal.isBehind(last)).toBe(false)
  expect(journal.isBehind({ segment: last.segment, block: last.block + 1 })).toBe(true)
  expect(journal.isBehind({ segment: last.segment + 1, block: 0 })).toBe(true)
  journal.dispose()
  markRewound(directory)
  expect(setRewoundAside(directory)).toBe(true)
  expect(start().id).not.toBe(journal.id)
  for (const name of readdirSync(tmpdir())) if (name.startsWith(`${basename(directory)}.rewound`)) rmSync(join(tmpdir(), name), { recursive: true })
})

test('a crowd of entries at once makes blocks of bounded size, and none is lost', async () => {
  const journal = start({ blockBytesMax: 4_096, segmentBytesMax: 64 * 1024 })
  const names = Array.from({ length: 200 }, () => id())
  for (const name of names) journal.close(name, JSON.stringify({ name, filling: 'x'.repeat(900) }), null)
  await journal.flushed()
  await journal.shutdown()
  const shipped: string[] = []
  for (let block = journal.nextToShip(); block !== null; block = journal.nextToShip()) {
    expect(block.end - block.start).toBeLessThan(2 * 4_096)
    for (const frame of scanFrames(journal.readBlock(block)).frames) shipped.push(frame.id)
    journal.ack(block)
  }
  expect(shipped).toEqual(names)
})

test('what was appended is in the file once it is said to be flushed', async () => {
  const journal = start()
  const name = id()
  journal.close(name, '{}', null)
  expect(readSegment(directory, 1).unsealed).toEqual([])
  await journal.flushed()
  expect(readSegment(directory, 1).unsealed.map((frame) => frame.id)).toEqual([name])
  await journal.flushed()
})
