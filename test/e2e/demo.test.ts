import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chooseFreePort } from '../../src/engines/free-port.ts'
import { writeDemoFile } from '../../src/demo/demo-file.ts'
import { newDemoFile } from '../../src/demo/found-company.ts'
import { program } from '../support/installation.ts'

/** The demo as a person starts it: its company, its past through the same receiver as real traffic, and its present. */
const waitMs = 150_000
const dayMs = 86_400_000
const directory = mkdtempSync(join(tmpdir(), 'tollgate-demo-'))
const dataDir = join(directory, 'data-demo')
let env: Record<string, string>
let running: ChildProcess | null = null
let said = ''

beforeAll(async () => {
  const gatewayPort = await chooseFreePort(null)
  const consolePort = await chooseFreePort(null, [gatewayPort])
  const inherited = Object.entries(process.env).filter(([name]) => !/^(TOLLGATE_|OPENAI_|ANTHROPIC_|GEMINI_|VITEST|NODE_OPTIONS|NODE_ENV)/.test(name)).map(([name, value]) => [name, value ?? ''])
  env = { ...Object.fromEntries(inherited), TOLLGATE_DATA_DIR: join(directory, 'data'), TOLLGATE_GATEWAY_PORT: String(gatewayPort), TOLLGATE_CONSOLE_PORT: String(consolePort) }
})
afterAll(async () => {
  await stop()
  rmSync(directory, { recursive: true, force: true })
})

async function start(...args: readonly string[]): Promise<void> {
  said = ''
  running = spawn(process.execPath, [program, ...args], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [running.stdout!, running.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => { said += text })
  await until(() => said.includes('Tollgate is ready'))
}

async function stop(): Promise<void> {
  const child = running
  running = null
  if (child === null || child.exitCode !== null) return
  const gone = new Promise<void>((done) => child.once('exit', () => done()))
  child.kill('SIGTERM')
  await gone
}

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + waitMs; !holds();) {
    if (Date.now() > deadline) throw new Error(`It did not come about:\n${said.slice(-4_000)}`)
    await sleep(100)
  }
}

interface DemoNotes { readonly seed: number; readonly spans: readonly { readonly done: boolean }[]; readonly budgetsMade: boolean; readonly liveUntilMs: number }
const notes = (): DemoNotes => JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8')) as DemoNotes

function doctor(): { readonly ok: boolean; readonly findings: readonly { readonly check: string; readonly ok: boolean; readonly detail: string }[] } {
  const { stdout, stderr } = spawnSync(process.execPath, [program, 'doctor', '--json'], { cwd: directory, env, encoding: 'utf8' })
  if (!stdout.startsWith('{')) throw new Error(`doctor said: ${stdout}${stderr}`)
  return JSON.parse(stdout) as ReturnType<typeof doctor>
}
const rowsOf = (report: ReturnType<typeof doctor>): number => Number(/raw (\d+) rows/.exec(report.findings.find(({ check }) => check === 'rollups equal raw records')?.detail ?? '')?.[1])

test('a demo tells its history once, lives on, and doctor proves all of it', async () => {
  // As if first started days ago, so that there is a past for the next test to be away in.
  mkdirSync(dataDir)
  writeDemoFile(dataDir, newDemoFile(41, Date.now() - 3 * dayMs))
  await start('demo', '--seed', '41')
  await until(() => existsSync(join(dataDir, 'demo.json')) && notes().budgetsMade)
  expect(statSync(join(dataDir, 'demo.json')).mode & 0o777).toBe(0o600)
  const told = Number(/"rows":(\d+),"days":\d+,"ms":\d+,"msg":"history told"/.exec(said)?.[1])
  expect(told).toBeGreaterThan(40_000)
  let report = doctor()
  await until(() => rowsOf(report = doctor()) > told)
  expect(report.findings.filter(({ ok }) => !ok)).toEqual([])
  expect(report.findings.some(({ check }) => check.includes('Halden Logistics, all AI'))).toBe(true)
  await stop()

  const before = rowsOf(report)
  await start('demo')
  await until(() => notes().liveUntilMs > Date.now() - 5_000)
  expect(notes()).toMatchObject({ seed: 41, spans: [{ done: true }], budgetsMade: true })
  expect(said).not.toContain('history told')
  const after = doctor()
  expect(after.ok).toBe(true)
  expect(rowsOf(after) - before).toBeLessThan(1_000)
  await stop()
})

test('days of absence are told at the next start, and hard budgets held meanwhile', async () => {
  writeFileSync(join(dataDir, 'demo.json'), JSON.stringify({ ...notes(), liveUntilMs: Date.now() - 2 * dayMs }))
  await start('demo')
  await until(() => notes().spans.length === 2 && notes().spans.every((span) => span.done))
  expect(said).toContain('history told')
  expect(doctor().findings.filter(({ ok }) => !ok)).toEqual([])
  await stop()
})

test('another seed needs a fresh start, and only a demo is thrown away', async () => {
  const refused = spawnSync(process.execPath, [program, 'demo', '--seed', '42'], { cwd: directory, env, encoding: 'utf8' })
  expect(refused.status).not.toBe(0)
  expect(refused.stderr).toContain('seed 41')
  const foreign = join(directory, 'own-demo')
  mkdirSync(foreign)
  writeFileSync(join(foreign, 'precious'), '')
  const kept = spawnSync(process.execPath, [program, 'demo', '--fresh'], { cwd: directory, env: { ...env, TOLLGATE_DATA_DIR: join(directory, 'own') }, encoding: 'utf8' })
  expect(kept.stderr).toContain('left alone')
  expect(existsSync(join(foreign, 'precious'))).toBe(true)
})
