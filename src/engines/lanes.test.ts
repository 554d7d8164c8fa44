import { describe, expect, it } from 'vitest'
import { type Lane, LaneFullError, Lanes } from './lanes.ts'

const limits = { runningMax: 3, laneRunningMax: { receive: 3, reads: 2, jobs: 1 }, laneWaitingMax: 4 }

/** Work that runs until it is told to end, and says when it began. */
function controlled(lanes: Lanes, lane: Lane, log: string[], name: string): { done: Promise<void>; end: () => void } {
  let end = (): void => {}
  const held = new Promise<void>(resolve => { end = resolve })
  const done = lanes.run(lane, async () => { log.push(name); await held })
  return { done, end: () => end() }
}
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('lanes', () => {
  it('leave a slot for inserts however many reads wait', async () => {
    const lanes = new Lanes(limits)
    const log: string[] = []
    const reads = ['r1', 'r2', 'r3', 'r4'].map(name => controlled(lanes, 'reads', log, name))
    const insert = controlled(lanes, 'receive', log, 'i1')
    await settle()
    expect(log).toEqual(['r1', 'r2', 'i1'])
    for (const work of [...reads, insert]) work.end()
    await Promise.all([...reads, insert].map(work => work.done))
    expect(lanes.depth()).toEqual({ receive: { running: 0, waiting: 0 }, reads: { running: 0, waiting: 0 }, jobs: { running: 0, waiting: 0 } })
  })

  it('give a free slot to the first lane that waits, in its own order', async () => {
    const lanes = new Lanes(limits)
    const log: string[] = []
    const full = ['a', 'b', 'c'].map(name => controlled(lanes, 'receive', log, name))
    const later = [controlled(lanes, 'jobs', log, 'job'), controlled(lanes, 'reads', log, 'read'), controlled(lanes, 'receive', log, 'd'), controlled(lanes, 'receive', log, 'e')]
    for (const work of full) { work.end(); await work.done; await settle() }
    expect(log).toEqual(['a', 'b', 'c', 'd', 'e', 'read'])
    for (const work of later) work.end()
    await Promise.all(later.map(work => work.done))
    expect(log.at(-1)).toBe('job')
  })

  it('refuse at once when a queue is full', async () => {
    const lanes = new Lanes(limits)
    const log: string[] = []
    const jobs = [1, 2, 3, 4, 5].map(n => controlled(lanes, 'jobs', log, `j${n}`))
    await expect(lanes.run('jobs', async () => {})).rejects.toThrow(LaneFullError)
    for (const work of jobs) work.end()
    await Promise.all(jobs.map(work => work.done))
  })

  it('drop a waiter that leaves and give back the slot of work that fails', async () => {
    const lanes = new Lanes(limits)
    const log: string[] = []
    const first = controlled(lanes, 'jobs', log, 'first')
    const left = new AbortController()
    const leaver = lanes.run('jobs', async () => { log.push('never') }, left.signal)
    left.abort(new Error('the client left'))
    await expect(leaver).rejects.toThrow('the client left')
    first.end()
    await first.done
    await expect(lanes.run('jobs', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    await lanes.run('jobs', async () => { log.push('after') })
    expect(log).toEqual(['first', 'after'])
  })
})
