import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, rmSync, statfsSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { uuidv7 } from '../../src/base/ids.ts'
import { Journal } from '../../src/journal/journal.ts'
import { frameKinds, scanFrames } from '../../src/journal/frame.ts'
import { Installation, until } from '../support/installation.ts'
import { audit, sendCall, type CallSeen } from '../support/load.ts'
import { seededDice, seedOfRun } from '../support/dice.ts'

/* A full disk is a real one: a small tmpfs, which only root may mount. */
const mayMount = process.platform === 'linux' && process.getuid?.() === 0 && canMount()
if (!mayMount) console.log('disk: skipped, a small file system can only be mounted by root on Linux')

let disk: string

function canMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), 'tollgate-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' })
    execFileSync('umount', [path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}
const mount = (megabytes: number): void => { execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk]) }
const ballast = (): string => join(disk, 'ballast')
const freeBytes = (): number => { const { bavail, bsize } = statfsSync(disk); return bavail * bsize }
/** Leaves this much room on the disk, as someone else's file would; the gateway may be writing meanwhile. */
function leaveFree(bytes: number): void {
  const surplus = freeBytes() - bytes
  if (surplus < 0) {
    if (!existsSync(ballast())) return
    truncateSync(ballast(), Math.max(0, statSync(ballast()).size + surplus))
    return
  }
  for (let left = surplus; left > 0;) {
    const piece = Math.min(left, 64 * 1024)
    try {
      appendFileSync(ballast(), Buffer.alloc(piece))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      return
    }
    left -= piece
  }
}

beforeEach(() => { disk = mkdtempSync(join(tmpdir(), 'tollgate-disk-')) })
afterEach(() => {
  if (mayMount) execFileSync('umount', ['-l', disk], { stdio: 'ignore' })
  rmSync(disk, { recursive: true, force: true })
})

test.skipIf(!mayMount)('disk full: new calls are refused, calls in flight are booked, and space brings everything back', { timeout: 180_000 }, async () => {
  mount(64)
  const installation = await Installation.start({
    sim: { latencyMs: 20 }, gatewayDataDir: () => join(disk, 'gateway-data'), gatewayEnv: { TOLLGATE_JOURNAL_FREE_BYTES_MIN: String(4 * 1024 * 1024) },
  })
  const [gateway] = installation.gateways
  const { key } = installation
  const seen: CallSeen[] = []
  const send = async (fault?: string): Promise<CallSeen> => {
    const each = await sendCall(gateway!, { key, stream: seen.length % 2 === 0, ...(fault === undefined ? {} : { fault }) })
    seen.push(each)
    return each
  }
  try {
    await installation.addBudget({ name: 'all spend', limit: '100' })
    for (let i = 0; i < 20; i += 1) await send()
    const inFlight = Array.from({ length: 40 }, () => send('slow 3000'))
    await until('calls are in flight', async () => (await gateway!.metric('calls_in_flight')) === 40)
    leaveFree(0)
    await until('the gateway knows', async () => (await gateway!.metric('journal_full')) === 1)
    const refused = await send()
    expect({ status: refused.status, code: refused.code }).toEqual({ status: 503, code: 'journal_full' })
    // What the gateway gives up for their outcomes is taken as well: nothing can be written at all.
    leaveFree(0)
    const answered = await Promise.all(inFlight)
    expect(answered.map((each) => each.status)).toEqual(answered.map(() => 200))
    expect(freeBytes()).toBeLessThan(64 * 1024)
    expect((await send()).code).toBe('journal_full')
    rmSync(ballast())
    await until('calls are taken again', async () => (await send()).status === 200)
    await installation.untilDrained()
    const found = audit(seen, installation.sim.calls(), await installation.records())
    expect({ lost: found.lost, doubled: found.doubled, wrongCost: found.wrongCost, uncertain: found.uncertain }).toEqual({ lost: [], doubled: [], wrongCost: [], uncertain: 0 })
    expect((await installation.reconcile()).filter((finding) => !finding.ok)).toEqual([])
    // The same once more, with the process killed while it is full: what it had only in memory is booked as uncertain.
    const cut = Array.from({ length: 10 }, () => send('slow 1500'))
    await until('calls are in flight', async () => (await gateway!.metric('calls_in_flight')) === 10)
    leaveFree(0)
    await until('the gateway knows', async () => (await gateway!.metric('journal_full')) === 1)
    leaveFree(0)
    await Promise.all(cut)
    await gateway!.kill()
    rmSync(ballast())
    await gateway!.start()
    await installation.untilServing(gateway!)
    await until('calls are taken again', async () => (await send()).status === 200)
    await installation.untilDrained()
    const after = audit(seen, installation.sim.calls(), await installation.records())
    expect({ lost: after.lost, doubled: after.doubled }).toEqual({ lost: [], doubled: [] })
    expect(after.uncertain).toBeLessThanOrEqual(10)
    expect((await installation.reconcile()).filter((finding) => !finding.ok)).toEqual([])
  } finally {
    await installation.stop()
  }
})

test.skipIf(!mayMount)('a journal on a disk that fills and frees at random keeps every entry once, over restarts', { timeout: 120_000 }, async () => {
  mount(8)
  const seed = seedOfRun('disk')
  const dice = seededDice(seed)
  const directory = join(disk, 'journal')
  const open = (): Journal => new Journal({
    directory, durability: 'process', freeBytesMin: 1, reserveBytes: 4_096, blockBytesMax: 4_096, blockAgeMs: 10, segmentBytesMax: 16 * 1024, log: () => {},
  })
  const begun = new Set<string>()
  const ended = new Map<string, string>()
  const shipped = new Map<string, string[]>()
  let journal = open()
  const taken = new Set<string>()
  const ship = (): void => {
    for (let block = journal.nextToShip(); block !== null; block = journal.nextToShip()) {
      // A block whose acknowledgement was not kept comes again; as at the authority, its name says that it is known.
      const known = taken.has(`${block.segment}:${block.block}`)
      taken.add(`${block.segment}:${block.block}`)
      for (const frame of scanFrames(journal.readBlock(block)).frames) {
        if (!known && frame.kind === frameKinds.close) shipped.set(frame.id, [...(shipped.get(frame.id) ?? []), frame.payload])
      }
      journal.ack(block)
    }
  }
  for (let step = 0; step < 600; step += 1) {
    const roll = dice()
    if (roll < 0.25) leaveFree(Math.floor(dice() * 40_000))
    else if (roll < 0.35) rmSync(ballast(), { force: true })
    else if (roll < 0.37) {
      // A process that dies and comes back with room on the disk.
      await journal.flushed()
      rmSync(ballast(), { force: true })
      await sleep(60)
      await journal.flushed()
      journal.dispose()
      journal = open()
      for (const [id] of journal.orphans) if (!ended.has(id)) end(id)
    } else {
      const started = Array.from({ length: 1 + Math.floor(dice() * 12) }, () => uuidv7(Date.now()))
      const accepted = await Promise.all(started.map((id) => journal.openAttempt(id, JSON.stringify({ id, filling: 'a'.repeat(Math.floor(dice() * 3_000)) }))))
      for (const [index, id] of started.entries()) if (accepted[index]) begun.add(id)
      for (const id of begun) if (!ended.has(id) && dice() < 0.7) end(id)
    }
    if (step % 7 === 0) await sleep(10)
    ship()
  }
  function end(id: string): void {
    const payload = JSON.stringify({ id, filling: 'z'.repeat(Math.floor(dice() * 3_000)) })
    ended.set(id, payload)
    journal.close(id, payload, null)
  }
  rmSync(ballast(), { force: true })
  for (const id of begun) if (!ended.has(id)) end(id)
  await until('everything is shipped', () => {
    ship()
    return [...ended.keys()].every((id) => shipped.has(id))
  }, 30_000, () => `seed ${seed}: ${[...ended.keys()].filter((id) => !shipped.has(id)).length} of ${ended.size} are missing`)
  journal.dispose()
  expect(begun.size).toBeGreaterThan(100)
  expect([...shipped].filter(([id, payloads]) => payloads.length !== 1 || payloads[0] !== ended.get(id)).map(([id]) => id)).toEqual([])
})
