import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { chooseFreePort } from '../../src/engines/free-port.ts'
import { startSim } from '../../src/sim/start-sim.ts'
import { createEventStore } from '../../src/store/events/event-store.ts'
import { createControlStore } from '../../src/store/relational/control-store.ts'
import type { StoredRecord } from '../../src/store/ports.ts'
import { GatewayProcess, PlaneProcess, program, until } from '../support/installation.ts'
import { audit, sendCall, type CallSeen } from '../support/load.ts'

/*
 * `tollgate start` itself is killed with calls in flight: its children are orphans that still end their calls, and the
 * next start must neither meet them in the same directories nor need a person.
 */
test('the supervisor is killed with streams in flight and started again at once; what it supervises is killed as well', { timeout: 180_000 }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-start-'))
  const sim = await startSim({ latencyMs: 10 })
  const consolePort = await chooseFreePort(null)
  const port = await chooseFreePort(null, [consolePort])
  const env = {
    TOLLGATE_DATA_DIR: dataDir, TOLLGATE_GATEWAY_PORT: String(port), TOLLGATE_CONSOLE_PORT: String(consolePort), OPENAI_API_KEY: 'sim', OPENAI_BASE_URL: sim.url,
  }
  const start = new PlaneProcess('start', 'start', env, 'Tollgate is ready')
  // Never started by the test: the supervisor's own gateway, looked at from outside.
  const gateway = new GatewayProcess('gateway', port, dataDir, env)
  const seen: CallSeen[] = []
  try {
    await start.start()
    const key = readFileSync(join(dataDir, 'first-key'), 'utf8').trim()
    const send = async (fault?: string): Promise<CallSeen> => {
      const each = await sendCall(gateway, { key, stream: true, ...(fault === undefined ? {} : { fault }) })
      seen.push(each)
      return each
    }
    await until('it serves', async () => (await send()).status === 200)
    const inFlight = Array.from({ length: 12 }, () => send('output 60, slow-chunks 40'))
    await until('the provider has them', () => sim.calls().filter((call) => call.faults.includes('slow-chunks')).length === 12)
    await start.kill()
    await start.start()
    await until('it serves again', async () => (await send()).status === 200)
    const ended = await Promise.all(inFlight)
    expect(ended.map((each) => each.whole)).toEqual(ended.map(() => true))
    for (let i = 0; i < 5; i += 1) expect((await send()).status).toBe(200)
    // What it supervises comes back without it being told.
    for (const plane of ['control', 'gateway', 'postgres', 'events'] as const) {
      process.kill(pidsOf(start)[plane], 'SIGKILL')
      await until(`calls are served after the end of ${plane}`, async () => (await send()).status === 200)
    }
    await until('the control plane is ready', async () => (await request(`http://127.0.0.1:${consolePort}/readyz`)).statusCode === 200)
    await until('everything is received', async () => (await gateway.metric('calls_in_flight')) === 0 && gateway.drained())
    const records = await recordsOf(dataDir)
    const found = audit(seen, sim.calls(), records)
    expect({ lost: found.lost, doubled: found.doubled, wrongCost: found.wrongCost, uncertain: found.uncertain }).toEqual({ lost: [], doubled: [], wrongCost: [], uncertain: 0 })
    const doctor = await promisify(execFile)(process.execPath, [program, 'doctor', '--json'], { env: { ...process.env, ...env } })
    expect(JSON.parse(doctor.stdout)).toMatchObject({ ok: true })
  } finally {
    await start.stop()
    await sim.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
})

/** The processes of its last start, from the line in which it names them. */
function pidsOf(start: PlaneProcess): Readonly<Record<'control' | 'gateway' | 'postgres' | 'events', number>> {
  const line = start.lines.findLast((text) => text.includes('"pids"'))!
  return (JSON.parse(line) as { pids: Record<'control' | 'gateway' | 'postgres' | 'events', number> }).pids
}

async function recordsOf(dataDir: string): Promise<readonly StoredRecord[]> {
  const { eventsPort, eventsPassword, postgresPort, postgresPassword } = JSON.parse(readFileSync(join(dataDir, 'engines', 'engines.json'), 'utf8')) as {
    eventsPort: number; eventsPassword: string; postgresPort: number; postgresPassword: string
  }
  const control = createControlStore({ url: `postgres://tollgate:${postgresPassword}@127.0.0.1:${postgresPort}/tollgate`, secretKey: Buffer.alloc(32), log: () => {} })
  const events = createEventStore({ url: `http://127.0.0.1:${eventsPort}`, username: 'tollgate', password: eventsPassword, database: 'tollgate' })
  try {
    const [org] = await control.listOrgs()
    const { orgId } = org!
    return (await events.listRecords({ orgId, nodeIds: null }, { range: { fromMs: Date.now() - 86_400_000, toMs: Date.now() + 86_400_000 }, match: { kind: 'attempt' } }, null, 500)).rows
  } finally {
    await Promise.all([events.close(), control.close()])
  }
}
