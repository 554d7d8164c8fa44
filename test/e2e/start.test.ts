import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chooseFreePort } from '../../src/engines/free-port.ts'
import { startSim, type Sim } from '../../src/sim/start-sim.ts'
import { until } from '../support/in-process.ts'

/** `tollgate start` as a person runs it: the built program, its own engines, Ctrl-C at the end. */
const program = resolve(process.env['TOLLGATE_TEST_PROGRAM'] ?? join(import.meta.dirname, '../../dist/main.js'))

class Started {
  readonly child: ChildProcess
  output = ''
  exitCode: number | null | undefined
  readonly gone: Promise<void>

  constructor(directory: string, env: NodeJS.ProcessEnv) {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TOLLGATE_|OPENAI_|VITEST|NODE_OPTIONS|NODE_ENV)/.test(name)))
    // A process group of its own, so that a signal to the group is what a terminal's Ctrl-C is.
    this.child = spawn(process.execPath, [program, 'start'], { cwd: directory, env: { ...inherited, ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.child.stdout!, this.child.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => { this.output += text })
    this.gone = new Promise((done) => this.child.once('close', (code) => {
      this.exitCode = code
      done()
    }))
  }

  /** Process ids as the program logged them once it served. */
  async pids(): Promise<readonly number[]> {
    let line: string | undefined
    await until(async () => {
      if (this.exitCode !== undefined) throw new Error(`it ended (${this.exitCode}):\n${this.output}`)
      return (line = this.output.split('\n').find((each) => each.includes('"pids"'))) !== undefined
    }, `it serves:\n${this.output}`, 90_000)
    return Object.values((JSON.parse(line!) as { pids: Record<string, number | null> }).pids).filter((pid): pid is number => typeof pid === 'number')
  }
  match(pattern: RegExp): string {
    return pattern.exec(this.output)?.[1] ?? ''
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

let directory: string
let sim: Sim
let env: NodeJS.ProcessEnv
let api: string
let running: Started | null = null
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-start-'))
  sim = await startSim()
  const gatewayPort = await chooseFreePort(null)
  const consolePort = await chooseFreePort(null, [gatewayPort])
  api = `http://127.0.0.1:${consolePort}`
  env = { TOLLGATE_GATEWAY_PORT: String(gatewayPort), TOLLGATE_CONSOLE_PORT: String(consolePort), TOLLGATE_LOG_LEVEL: 'info', OPENAI_API_KEY: 'sk-upstream', OPENAI_BASE_URL: `${sim.url}/v1` }
})
afterAll(async () => {
  if (running !== null && running.exitCode === undefined) {
    running.child.kill('SIGTERM')
    await running.gone
  }
  await sim.close()
  rmSync(directory, { recursive: true, force: true })
})

const start = (): Started => (running = new Started(directory, env))
async function call(key: string, content: string): Promise<string> {
  const client = new OpenAI({ apiKey: key, baseURL: `http://127.0.0.1:${env['TOLLGATE_GATEWAY_PORT']}/v1` })
  const { data, response } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }], max_tokens: 20 }).withResponse()
  expect(data.choices[0]!.message.content!.length).toBeGreaterThan(0)
  return response.headers.get('x-tollgate-event-id')!
}
async function signIn(token: string): Promise<string> {
  const answer = await fetch(`${api}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) })
  expect(answer.status).toBeLessThan(300)
  return answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ')
}
async function explained(cookie: string, eventId: string): Promise<{ readonly agrees: boolean; readonly cost: string; readonly record: { readonly usage: unknown; readonly caller: { readonly keyName: string } } }> {
  let answer!: Response
  await until(async () => (answer = await fetch(`${api}/api/v1/records/${eventId}/explain`, { headers: { cookie } })).status === 200, 'the record is stored')
  return answer.json() as never
}
async function endsCleanly(started: Started, pids: readonly number[]): Promise<void> {
  await started.gone
  expect(started.exitCode).toBe(0)
  expect(started.output).toContain('Stopped.')
  expect(pids.length).toBeGreaterThanOrEqual(5)
  expect(pids.filter(isAlive)).toEqual([])
  expect(started.output).not.toMatch(/"level":(50|60)/)
}

let key = ''
let cookie = ''
const eventIds: string[] = []

test('a configuration that is wrong ends it with a sentence, not a stack', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'tollgate-wrong-'))
  writeFileSync(join(elsewhere, 'tollgate.yaml'), 'gatway:\n  port: 1\n')
  const wrong = new Started(elsewhere, {})
  await wrong.gone
  expect(wrong.exitCode).toBe(1)
  expect(wrong.output).toContain('gatway: unknown key; did you mean "gateway"?')
  expect(wrong.output).not.toMatch(/\n\s+at /)
  expect(existsSync(join(elsewhere, 'tollgate-data'))).toBe(false)
  rmSync(elsewhere, { recursive: true })
})

test('in an empty directory: the printed key serves a call, whose record the console shows; Ctrl-C leaves nothing running', async () => {
  const started = start()
  const pids = await started.pids()
  key = started.match(/Bearer (tg_\w+)/)
  const eventId = await call(key, 'First.')
  eventIds.push(eventId)
  cookie = await signIn(started.match(/\?token=(\w+)/))
  const { agrees, record } = await explained(cookie, eventId)
  expect(agrees).toBe(true)
  expect(record.caller.keyName).toBe('First key')
  // The last call is made in the moment before the end: it is shipped, or kept.
  eventIds.push(await call(key, 'Second.'))
  process.kill(-started.child.pid!, 'SIGINT')
  await endsCleanly(started, pids)
})

test('started again: the same key, session and records, and no new secrets printed', async () => {
  const started = start()
  const pids = await started.pids()
  expect(started.output).not.toContain('?token=')
  expect(started.output).not.toContain(key)
  for (const eventId of eventIds) expect((await explained(cookie, eventId)).agrees).toBe(true)
  eventIds.push(await call(key, 'Third.'))
  expect((await explained(cookie, eventIds[2]!)).agrees).toBe(true)
  started.child.kill('SIGTERM')
  await endsCleanly(started, pids)
})

test('killed in the middle: its children end by themselves, and the next start has every call', async () => {
  const started = start()
  const pids = await started.pids()
  eventIds.push(await call(key, 'Fourth.'))
  started.child.kill('SIGKILL')
  await started.gone
  const again = start()
  const next = await again.pids()
  for (const eventId of eventIds) expect((await explained(cookie, eventId)).agrees).toBe(true)
  await until(async () => pids.filter(isAlive).length === 0, 'the children of the killed program are gone')
  process.kill(-again.child.pid!, 'SIGINT')
  await endsCleanly(again, next)
  expect(sim.calls()).toHaveLength(4)
})
