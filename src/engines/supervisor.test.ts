import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshDatabase, startTestEngines } from '../../test/support/engines.ts'
import { identifyProcess, isRunning, type ProcessIdentity, waitForExit } from '../base/process-identity.ts'
import { type Engines, type EventsAddress, startEngines } from './supervisor.ts'

let dataDir = ''
let open: Engines[] = []
const children: ChildProcess[] = []

beforeEach(() => { dataDir = mkdtempSync(join(tmpdir(), 'tollgate-supervisor-')) })
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(open.map(engines => engines.stop()))
  open = []
  rmSync(dataDir, { recursive: true, force: true })
})

async function start(options: { postgres?: boolean; events?: boolean } = {}): Promise<Engines> {
  const engines = await startEngines({ dataDir, log: () => {}, ...options })
  open.push(engines)
  return engines
}

async function ask(postgresUrl: string | null, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: postgresUrl ?? '', connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql)).rows as unknown[]
  } finally {
    await client.end()
  }
}

async function askEvents(events: EventsAddress | null, query: string): Promise<unknown[]> {
  if (events === null) throw new Error('the event engine was asked for')
  const client = createClient({ ...events, log: { level: ClickHouseLogLevel.OFF } })
  try {
    if (!query.startsWith('SELECT')) return [await client.command({ query })]
    return await (await client.query({ query, format: 'JSONEachRow' })).json()
  } finally {
    await client.close()
  }
}

/** Never with a pid that is unknown: signalling 0 would reach the whole process group. */
function kill(pid: number | undefined): ProcessIdentity {
  const identity = pid === undefined ? null : identifyProcess(pid)
  if (identity === null) throw new Error('the engine must be running')
  process.kill(identity.pid, 'SIGKILL')
  return identity
}

/** Asks until it is answered: what a client that reconnects sees. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 60_000
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await delay(50)
    }
  }
}

interface ParentFacts { readonly pids: { postgres: number; events: number }; readonly postgresUrl: string; readonly events: EventsAddress }

/** A process of its own that starts the engines and then does nothing, for killing. */
async function startParent(): Promise<{ child: ChildProcess; facts: ParentFacts }> {
  const supervisor = pathToFileURL(fileURLToPath(new URL('./supervisor.ts', import.meta.url))).href
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const script = `import { startEngines } from ${JSON.stringify(supervisor)}
    const engines = await startEngines({ dataDir: ${JSON.stringify(dataDir)}, log: () => {} })
    process.stdout.write(JSON.stringify({ pids: engines.pids(), postgresUrl: engines.postgresUrl, events: engines.events }) + '\\n')
    process.stdin.once('data', () => process.exit(3))
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--import', loader, '--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (data: Buffer) => resolve(data.toString()))
    child.once('exit', code => reject(new Error(`the parent ended with ${code}`)))
  })
  return { child, facts: JSON.parse(line) as ParentFacts }
}

describe('the engines', () => {
  it('start side by side, keep their data and addresses over a clean stop, and leave no process', async () => {
    const first = await start()
    const { postgres, events } = first.pids()
    await ask(first.postgresUrl, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)')
    await askEvents(first.events, 'CREATE TABLE kept ENGINE = MergeTree ORDER BY n AS SELECT 7 AS n')
    expect(await ask(first.postgresUrl, "SELECT current_setting('fsync') AS fsync, current_setting('server_version_num')::int / 10000 AS major"))
      .toEqual([{ fsync: 'on', major: 18 }])
    expect(await askEvents(first.events, "SELECT engine FROM system.databases WHERE name = 'tollgate'")).toEqual([{ engine: 'Atomic' }])
    await first.stop()
    await first.stop()
    expect([postgres, events].filter(pid => pid === undefined || identifyProcess(pid) !== null)).toEqual([])
    const second = await start()
    expect([second.postgresUrl, second.events]).toEqual([first.postgresUrl, first.events])
    expect(await ask(second.postgresUrl, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
    expect(await askEvents(second.events, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
  })

  it('keep their secrets from others, on disk and at the door', async () => {
    const engines = await start()
    expect(statSync(join(dataDir, 'engines.json')).mode & 0o077).toBe(0)
    const wrong = new URL(engines.postgresUrl ?? '')
    wrong.password = 'wrong'
    await expect(ask(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed')
    expect(await ask(engines.postgresUrl, "SELECT current_setting('listen_addresses') AS listen, current_setting('unix_socket_directories') AS sockets"))
      .toEqual([{ listen: '127.0.0.1', sockets: '' }])
    const hba = await ask(engines.postgresUrl, 'SELECT DISTINCT auth_method FROM pg_hba_file_rules')
    expect(hba).toEqual([{ auth_method: 'scram-sha-256' }])
  })

  it('come back at the same address with their data after kill -9', async () => {
    const engines = await start()
    await ask(engines.postgresUrl, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)')
    await askEvents(engines.events, 'CREATE TABLE kept ENGINE = MergeTree ORDER BY n AS SELECT 7 AS n')
    for (let round = 0; round < 2; round++) {
      const { postgres, events } = engines.pids()
      for (const pid of [postgres, events]) await waitForExit(kill(pid), 5_000)
      expect(await eventually(() => ask(engines.postgresUrl, 'SELECT n FROM kept'))).toEqual([{ n: 7 }])
      expect(await eventually(() => askEvents(engines.events, 'SELECT n FROM kept'))).toEqual([{ n: 7 }])
      expect(engines.pids().postgres).not.toBe(postgres)
      expect(engines.pids().events).not.toBe(events)
    }
  })

  it('hold every batch once, raw and rolled up, when the event engine is killed during inserts', async () => {
    const engines = await start({ postgres: false })
    const columns = '(id UInt64, cost Decimal(38, 15)) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 10000'
    await askEvents(engines.events, `CREATE TABLE raw ${columns}`)
    await askEvents(engines.events, 'CREATE TABLE sums (day UInt8, n SimpleAggregateFunction(sum, UInt64), cost SimpleAggregateFunction(sum, Decimal(38, 15))) ENGINE = AggregatingMergeTree ORDER BY day SETTINGS non_replicated_deduplication_window = 10000')
    await askEvents(engines.events, 'CREATE MATERIALIZED VIEW sums_view TO sums AS SELECT toUInt8(id % 7) AS day, toUInt64(count()) AS n, sum(cost) AS cost FROM raw GROUP BY day')
    const client = createClient({ ...engines.events, log: { level: ClickHouseLogLevel.OFF } })
    const insert = (batch: number) => client.insert({
      table: 'raw', format: 'JSONEachRow', values: Array.from({ length: 200 }, (_, row) => ({ id: batch * 200 + row, cost: '0.000000000000001' })),
      clickhouse_settings: { insert_deduplication_token: `journal:1:${batch}`, deduplicate_blocks_in_dependent_materialized_views: 1 },
    })
    let next = 0
    const batches = 240
    const writer = async (): Promise<void> => { for (let batch = next++; batch < batches; batch = next++) await eventually(() => insert(batch)) }
    const killer = async (): Promise<void> => {
      for (const at of [40, 110, 180]) {
        await eventually(() => (next < at ? Promise.reject(new Error(`${next} of ${batches} batches were sent`)) : Promise.resolve()))
        kill(engines.pids().events)
      }
    }
    await Promise.all([writer(), writer(), killer()])
    await client.close()
    const n = batches * 200
    expect(await askEvents(engines.events, 'SELECT toUInt32(count()) AS n, toUInt32(uniqExact(id)) AS ids, toString(sum(cost)) AS cost FROM raw')).toEqual([{ n, ids: n, cost: '0.000000000048' }])
    expect(await askEvents(engines.events, 'SELECT toUInt32(sum(n)) AS n, toString(sum(cost)) AS cost FROM sums')).toEqual([{ n, cost: '0.000000000048' }])
  })

  it('stay down when they are stopped while one is coming back', async () => {
    const engines = await start()
    const { postgres, events } = engines.pids()
    kill(postgres)
    kill(events)
    await delay(150)
    await engines.stop()
    await expect(ask(engines.postgresUrl, 'SELECT 1')).rejects.toThrow()
    await expect(askEvents(engines.events, 'SELECT 1')).rejects.toThrow()
    expect(engines.pids()).toEqual({})
  })

  it('start one alone', async () => {
    const engines = await start({ events: false })
    expect(engines.events).toBeNull()
    expect(Object.keys(engines.pids())).toEqual(['postgres'])
  })

  it('serve the contract suites of others', async () => {
    const engines = await startTestEngines()
    try {
      const url = await freshDatabase(engines.postgresUrl)
      expect(await ask(url, "SELECT count(*)::int AS n FROM information_schema.tables WHERE table_schema = 'public'")).toEqual([{ n: 0 }])
      expect(await askEvents(engines.events, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    } finally {
      await engines.stop()
    }
  })
})

describe('a data directory', () => {
  it('is refused to a second supervisor, which names the first', async () => {
    const engines = await start()
    await expect(startEngines({ dataDir, log: () => {} })).rejects.toThrow(`process ${process.pid}`)
    expect(await ask(engines.postgresUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(await askEvents(engines.events, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('is taken over from a killed parent, whose engines are ended', async () => {
    const { child, facts } = await startParent()
    await ask(facts.postgresUrl, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)')
    await askEvents(facts.events, 'CREATE TABLE kept ENGINE = MergeTree ORDER BY n AS SELECT 7 AS n')
    const orphan = identifyProcess(facts.pids.postgres)
    const eventsOrphan = identifyProcess(facts.pids.events)
    if (orphan === null || eventsOrphan === null) throw new Error('the engines must be running')
    child.kill('SIGKILL')
    await new Promise(resolve => child.once('exit', resolve))
    expect(isRunning(orphan)).toBe(true)
    const engines = await start()
    expect(isRunning(orphan)).toBe(false)
    expect(isRunning(eventsOrphan)).toBe(false)
    expect([engines.postgresUrl, engines.events]).toEqual([facts.postgresUrl, facts.events])
    expect(await ask(engines.postgresUrl, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
    expect(await askEvents(engines.events, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
  })

  it('lets the event engine go when its parent is killed', async () => {
    const { child, facts } = await startParent()
    const events = identifyProcess(facts.pids.events)
    if (events === null) throw new Error('the engine must be running')
    child.kill('SIGKILL')
    expect(await waitForExit(events, 20_000)).toBe(true)
  })

  it('is left by both engines when their parent exits without stopping them', async () => {
    const { child, facts } = await startParent()
    const identities = [facts.pids.postgres, facts.pids.events].map(identifyProcess)
    child.stdin?.write('exit\n')
    for (const identity of identities) expect(identity !== null && await waitForExit(identity, 20_000)).toBe(true)
  })

  it('with a stale pid file that names a stranger starts, and the stranger lives', async () => {
    await (await start({ events: false })).stop()
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'postgres'])
    children.push(stranger)
    writeFileSync(join(dataDir, 'postgres', 'postmaster.pid'), `${stranger.pid}\n${join(dataDir, 'postgres')}\n1\n1\n\n127.0.0.1\n\nready\n`)
    const engines = await start({ events: false })
    expect(await ask(engines.postgresUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(stranger.exitCode).toBeNull()
    expect(identifyProcess(stranger.pid ?? 0)).not.toBeNull()
  })

  it('without its secret file gets a new password, and keeps its data', async () => {
    const first = await start({ events: false })
    await ask(first.postgresUrl, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)')
    await first.stop()
    rmSync(join(dataDir, 'engines.json'))
    const second = await start({ events: false })
    expect(await ask(second.postgresUrl, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
    expect(new URL(second.postgresUrl ?? '').password).not.toBe(new URL(first.postgresUrl ?? '').password)
  })

  it('whose port was taken meanwhile gets another', async () => {
    const first = await start({ events: false })
    await first.stop()
    const port = Number(new URL(first.postgresUrl ?? '').port)
    const squatter = createServer().listen(port, '127.0.0.1')
    await new Promise(resolve => squatter.once('listening', resolve))
    const second = await start({ events: false })
    squatter.close()
    expect(Number(new URL(second.postgresUrl ?? '').port)).not.toBe(port)
    expect(await ask(second.postgresUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('with a cluster that was never finished starts with a whole one', async () => {
    await (await start({ events: false })).stop()
    renameSync(join(dataDir, 'postgres'), join(dataDir, 'postgres.new'))
    const engines = await start({ events: false })
    expect(await ask(engines.postgresUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('that an engine cannot use stops the other and is given back', async () => {
    writeFileSync(join(dataDir, 'events'), 'not a directory')
    await expect(startEngines({ dataDir, log: () => {} })).rejects.toThrow()
    expect(() => readFileSync(join(dataDir, 'engines.lock'))).toThrow()
    rmSync(join(dataDir, 'events'))
    const engines = await start()
    expect(await ask(engines.postgresUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })
})
