import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acquireDirectoryLock, DirectoryInUseError } from '../base/directory-lock.ts'
import { identifyProcess, waitForExit } from '../base/process-identity.ts'

let directory = ''
let path = ''
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'tollgate-lock-')); path = join(directory, 'engines.lock') })
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('the directory lock', () => {
  it('refuses a second holder and names the first', async () => {
    const lock = await acquireDirectoryLock(path)
    await expect(acquireDirectoryLock(path)).rejects.toThrow(DirectoryInUseError)
    await expect(acquireDirectoryLock(path)).rejects.toThrow(String(process.pid))
    lock.release()
    const next = await acquireDirectoryLock(path)
    next.release()
    next.release()
    expect(readdirSync(directory)).toEqual([])
  })

  it('is taken over from a process that died', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const dead = identifyProcess(child.pid ?? 0)
    if (dead === null) throw new Error('the child must be running')
    writeFileSync(path, JSON.stringify({ ...dead, token: 'dead' }))
    await expect(acquireDirectoryLock(path)).rejects.toThrow(`process ${dead.pid}`)
    child.kill('SIGKILL')
    expect(await waitForExit(dead, 5_000)).toBe(true)
    const lock = await acquireDirectoryLock(path)
    lock.release()
  })

  it('is taken over when another process got the dead holder\'s pid', async () => {
    writeFileSync(path, JSON.stringify({ pid: process.pid, startedAt: 'another time', token: 'dead' }))
    const lock = await acquireDirectoryLock(path)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject(identifyProcess(process.pid) ?? {})
    lock.release()
  })

  it('is taken over when its file is cut off, and when a claim was left behind', async () => {
    writeFileSync(path, '{"pid": 1')
    writeFileSync(`${path}.claim`, JSON.stringify({ pid: process.pid, startedAt: 'another time', token: 'dead' }))
    const lock = await acquireDirectoryLock(path)
    lock.release()
  })

  it('goes to exactly one of many who find it stale', async () => {
    writeFileSync(path, JSON.stringify({ pid: process.pid, startedAt: 'another time', token: 'dead' }))
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => acquireDirectoryLock(path)))
    expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1)
  })

  it('is not released by a holder that lost it', async () => {
    const lock = await acquireDirectoryLock(path)
    const other = JSON.stringify({ ...identifyProcess(process.pid), token: 'other' })
    writeFileSync(path, other)
    lock.release()
    expect(readFileSync(path, 'utf8')).toBe(other)
  })
})
