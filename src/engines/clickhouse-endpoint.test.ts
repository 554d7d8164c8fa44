import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { limits } from '../config/limits.ts'
import { type Engines, type EventsAddress, startEngines } from './supervisor.ts'

let dataDir = ''
let engines: Engines
let events: EventsAddress
let client: ClickHouseClient

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tollgate-endpoint-'))
  engines = await startEngines({ dataDir, postgres: false, log: () => {} })
  if (engines.events === null) throw new Error('the event engine was asked for')
  events = engines.events
  client = createClient({ ...events, max_open_connections: 30, log: { level: ClickHouseLogLevel.OFF } })
})
afterAll(async () => {
  await client?.close()
  await engines?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
beforeEach(async () => {
  await client.command({ query: 'DROP TABLE IF EXISTS calls SYNC' })
  await client.command({ query: 'CREATE TABLE calls (id UInt64, note String, cost Decimal(38, 15)) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100' })
})

interface RawAnswer { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: Buffer }

/** One request as bytes, without the client's own reading of it. */
function send(path: string, options: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {}): Promise<RawAnswer> {
  const headers = { 'X-ClickHouse-User': events.username, 'X-ClickHouse-Key': events.password, ...options.headers }
  return new Promise((resolve, reject) => {
    const outgoing = request(`${events.url}${path}`, { method: options.method ?? 'POST', headers, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }))
    })
    outgoing.once('error', reject)
    outgoing.end(options.body)
  })
}

async function rows<T>(query: string, more: object = {}): Promise<T[]> {
  return (await client.query({ query, format: 'JSONEachRow', ...more })).json<T>()
}
async function refusal(work: Promise<unknown>): Promise<ClickHouseError> {
  const error: unknown = await work.then(() => null, reason => reason)
  if (!(error instanceof ClickHouseError)) throw new Error(`expected a ClickHouse error, got ${String(error)}`)
  return error
}
const countCalls = async (): Promise<string> => String((await rows<{ n: unknown }>('SELECT count() AS n FROM calls'))[0]?.n)

describe('what one request leaves behind', () => {
  it('is no part of a failed result', async () => {
    const failing = `SELECT number, throwIf(number = 300000) FROM numbers(1000000) FORMAT JSON`
    for (let round = 0; round < 8; round++) {
      expect((await refusal(client.query({ query: failing.replace(' FORMAT JSON', ''), format: 'JSON' }))).code).toBe('395')
      const raw = await send('/', { body: 'SELECT 42 AS answer FORMAT JSONEachRow' })
      expect(raw.body.toString()).toBe('{"answer":42}\n')
    }
    const mixed = await Promise.all(Array.from({ length: 24 }, (_, n) =>
      n % 3 === 0 ? send('/', { body: failing }).then(answer => answer.status) : rows<{ n: number }>(`SELECT ${n} AS n`).then(found => found[0]?.n)))
    expect(mixed).toEqual(mixed.map((_, n) => (n % 3 === 0 ? 500 : n)))
  })

  it('is no deduplication token', async () => {
    const insert = (id: number, token?: string) => client.insert({
      table: 'calls', values: [{ id, note: 'n', cost: '1' }], format: 'JSONEachRow',
      ...(token === undefined ? {} : { clickhouse_settings: { insert_deduplication_token: token } }),
    })
    await insert(1, 'same')
    await insert(2, 'same')
    for (let id = 3; id < 11; id++) await insert(id)
    expect(await rows('SELECT groupArray(id) AS ids FROM (SELECT id FROM calls ORDER BY id)', { clickhouse_settings: { output_format_json_quote_64bit_integers: 1 } }))
      .toEqual([{ ids: ['1', '3', '4', '5', '6', '7', '8', '9', '10'] }])
  })

  it('is no setting, no SET or USE in the text, no temporary table', async () => {
    await rows('SELECT 1', { clickhouse_settings: { max_block_size: '77' } })
    await send('/?database=system', { body: 'SET max_block_size = 78' })
    await send('/', { body: 'USE system' })
    await send('/', { body: 'CREATE TEMPORARY TABLE held (n UInt8)' })
    for (let round = 0; round < 8; round++) {
      expect(await rows("SELECT currentDatabase() AS database, toString(getSetting('max_block_size')) AS size")).toEqual([{ database: 'tollgate', size: '65409' }])
      expect((await refusal(rows('SELECT * FROM held'))).type).toBe('UNKNOWN_TABLE')
    }
  })
})

describe('the bounds of an operation', () => {
  it('hold when the caller names none, and cannot be lifted', async () => {
    const ask = "SELECT toFloat64(getSetting('max_execution_time')) AS seconds, toFloat64(getSetting('max_memory_usage')) AS bytes"
    const standard = { seconds: limits.queryExecutionMs / 1000, bytes: limits.queryMemoryBytesMax }
    expect(await rows(ask)).toEqual([standard])
    expect(await rows(ask, { clickhouse_settings: { max_execution_time: 0, max_memory_usage: '0' } })).toEqual([standard])
    expect(await rows(ask, { clickhouse_settings: { max_execution_time: 1e9, max_memory_usage: '99999999999999' } }))
      .toEqual([{ seconds: limits.jobExecutionMsMax / 1000, bytes: limits.queryMemoryBytesMax }])
    expect(await rows(ask, { clickhouse_settings: { max_execution_time: 3, max_memory_usage: '5000000' } })).toEqual([{ seconds: 3, bytes: 5_000_000 }])
  })

  it('stop a query that runs too long or takes too much', async () => {
    const long = 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)'
    expect((await refusal(rows(long, { clickhouse_settings: { max_execution_time: 0.2 } }))).type).toBe('TIMEOUT_EXCEEDED')
    const large = 'SELECT uniqExact(number) FROM numbers(50000000)'
    expect((await refusal(rows(large, { clickhouse_settings: { max_memory_usage: '20000000' } }))).type).toBe('MEMORY_LIMIT_EXCEEDED')
    expect((await refusal(rows('SELECT number FROM numbers(1000000)', { clickhouse_settings: { max_result_bytes: '1000' } }))).type).toBe('TOO_MANY_ROWS_OR_BYTES')
    expect(await rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('refuse a body that is too large, packed or not', async () => {
    const body = Buffer.alloc(limits.eventEngineBodyBytesMax + 1, ' ')
    const packed = await send('/', { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(body) })
    expect(packed.status).toBe(413)
    expect(packed.headers['x-clickhouse-exception-code']).toBe('241')
    expect(await rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('let inserts through while reads wait', async () => {
    const slow = { clickhouse_settings: { max_execution_time: 4 } }
    const reads = Array.from({ length: 9 }, () => rows('SELECT sleepEachRow(0.2) FROM numbers(5) SETTINGS max_block_size = 1', slow).catch(() => []))
    let readsDone = 0
    for (const read of reads) void read.then(() => readsDone++)
    await client.insert({ table: 'calls', values: [{ id: 1, note: 'n', cost: '1' }], format: 'JSONEachRow' })
    expect(readsDone).toBeLessThan(9)
    await Promise.all(reads)
    expect(await countCalls()).toBe('1')
  })
})

describe('@clickhouse/client', () => {
  it('pings, and its wrong secret is refused', async () => {
    expect(await client.ping()).toEqual({ success: true })
    for (const wrong of [{ password: 'wrong' }, { username: 'default' }, { username: 'default', password: '' }]) {
      const stranger = createClient({ ...events, ...wrong, log: { level: ClickHouseLogLevel.OFF } })
      expect((await refusal(stranger.query({ query: 'SELECT 1' }))).type).toBe('AUTHENTICATION_FAILED')
      await stranger.close()
    }
    expect((await send('/?query=SELECT%201', { headers: { 'X-ClickHouse-Key': '' } })).status).toBe(403)
    const basic = `Basic ${Buffer.from(`${events.username}:${events.password}`).toString('base64')}`
    const answer = await new Promise<number>(resolve => {
      request(`${events.url}/?query=SELECT%201`, { headers: { authorization: basic }, agent: false }, response => { response.resume(); resolve(response.statusCode ?? 0) }).end()
    })
    expect(answer).toBe(200)
  })

  it('binds parameters as they are', async () => {
    const strings = ["it's", 'back\\slash', 'tab\tline\nend\r', 'é😀', '', "'; DROP TABLE calls; --", '{x:String}', '\\N']
    expect(await rows('SELECT {a:Array(String)} AS a', { query_params: { a: strings } })).toEqual([{ a: strings }])
    for (const text of strings) expect(await rows('SELECT {s:String} AS s', { query_params: { s: text } })).toEqual([{ s: text }])
    const exact = await rows('SELECT {d:Decimal(38, 15)} AS d, {n:UInt64} AS n, {z:Nullable(String)} AS z, {t:Identifier} AS t FROM numbers(1)', {
      query_params: { d: '12345678901234567890.123456789012345', n: '18446744073709551615', z: null, t: 'number' },
      clickhouse_settings: { output_format_json_quote_decimals: 1, output_format_json_quote_64bit_integers: 1 },
    })
    expect(exact).toEqual([{ d: '12345678901234567890.123456789012345', n: '18446744073709551615', z: null, t: '0' }])
    expect((await refusal(rows('SELECT {n:UInt8} AS n', { query_params: { n: 'x' } }))).type).toBe('BAD_QUERY_PARAMETER')
  })

  it('binds long lists, in the URL and in a form', async () => {
    const ids = Array.from({ length: 12_000 }, (_, n) => `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`)
    const query = 'SELECT length({ids:Array(UUID)}) AS n, {ids:Array(UUID)}[-1] AS last'
    expect(await rows(query, { query_params: { ids: ids.slice(0, 5_000) } })).toMatchObject([{ last: ids[4_999] }])
    expect(await rows(query, { query_params: { ids }, use_multipart_params: true })).toMatchObject([{ last: ids.at(-1) }])
  })

  it('inserts rows, columns, bytes and streams', async () => {
    await client.insert({ table: 'calls', values: [{ id: 1, note: 'a\n"b"', cost: '0.000000000000001' }, { id: 2, note: 'é', cost: '12345678901234567890.5' }], format: 'JSONEachRow' })
    await client.insert({ table: 'calls', values: [[3, 'c', '1.5']], format: 'JSONCompactEachRow' })
    await client.insert({ table: 'calls', values: [{ id: 4, note: 'd' }], columns: ['id', 'note'], format: 'JSONEachRow' })
    await client.command({ query: "INSERT INTO calls VALUES (5, 'e', 2)" })
    const csv = await send(`/?database=tollgate&query=${encodeURIComponent('INSERT INTO calls FORMAT CSV')}`, { body: '6,"f\n,g",3\n' })
    expect(JSON.parse(String(csv.headers['x-clickhouse-summary']))).toMatchObject({ written_rows: '1' })
    await send(`/?database=tollgate&query=${encodeURIComponent('INSERT INTO calls FORMAT TSV')}`, { body: '7\tg\t4\n', headers: {} })
    expect(await rows('SELECT id, note, cost FROM calls ORDER BY id', { clickhouse_settings: { output_format_json_quote_decimals: 1 } })).toEqual([
      { id: 1, note: 'a\n"b"', cost: '0.000000000000001' }, { id: 2, note: 'é', cost: '12345678901234567890.5' }, { id: 3, note: 'c', cost: '1.5' },
      { id: 4, note: 'd', cost: '0' }, { id: 5, note: 'e', cost: '2' }, { id: 6, note: 'f\n,g', cost: '3' }, { id: 7, note: 'g', cost: '4' },
    ])
    const empty = await send(`/?database=tollgate&query=${encodeURIComponent('INSERT INTO calls FORMAT JSONEachRow')}`, { body: '' })
    expect(empty.status).toBe(200)
    expect(await countCalls()).toBe('7')
    const binary = await send(`/?database=tollgate&query=${encodeURIComponent('INSERT INTO calls FORMAT RowBinary')}`, { body: Buffer.alloc(40) })
    expect(binary.headers['x-clickhouse-exception-code']).toBe('73')
  })

  it('maps errors to their codes', async () => {
    const cases: readonly (readonly [string, string])[] = [
      ['SELECT nothing', 'UNKNOWN_IDENTIFIER'], ['SELEKT 1', 'SYNTAX_ERROR'], ['SELECT * FROM absent', 'UNKNOWN_TABLE'],
      ["SELECT toUUID('x')", 'CANNOT_PARSE_UUID'], ['SELECT 1 SETTINGS no_such_setting = 1', 'UNKNOWN_SETTING'],
    ]
    for (const [query, type] of cases) expect((await refusal(rows(query))).type).toBe(type)
    expect((await refusal(rows('SELECT 1', { clickhouse_settings: { 'a=1; DROP TABLE calls': '1' } }))).type).toBe('UNKNOWN_SETTING')
    const bad = await refusal(client.insert({ table: 'calls', values: [{ id: 'x' }], format: 'JSONEachRow' }))
    expect(bad.message).toContain('row 1')
    expect(await countCalls()).toBe('0')
    expect((await send('/?query=INSERT%20INTO%20tollgate.calls%20VALUES%20(1,%27a%27,1)', { method: 'GET' })).headers['x-clickhouse-exception-code']).toBe('164')
  })

  it('speaks gzip both ways', async () => {
    const packed = createClient({ ...events, compression: { request: true, response: true }, log: { level: ClickHouseLogLevel.OFF } })
    await packed.insert({ table: 'calls', values: Array.from({ length: 5_000 }, (_, id) => ({ id, note: 'n'.repeat(50), cost: '0.1' })), format: 'JSONEachRow' })
    const found = await packed.query({ query: 'SELECT sum(cost) AS cost, count() AS n FROM calls', format: 'JSON', clickhouse_settings: { output_format_json_quote_decimals: 1 } })
    expect((await found.json<{ cost: string }>()).data[0]?.cost).toBe('500')
    expect((await refusal(packed.query({ query: 'SELEKT' }))).code).toBe('62')
    await packed.close()
  })

  it('is answered correctly by 20 at once, bound and plain', async () => {
    await client.insert({ table: 'calls', values: Array.from({ length: 100 }, (_, id) => ({ id, note: `note ${id}`, cost: '1' })), format: 'JSONEachRow' })
    for (let round = 0; round < 5; round++) {
      const found = await Promise.all(Array.from({ length: 20 }, (_, n) => n % 2 === 0
        ? rows<{ note: string }>('SELECT note FROM calls WHERE id = {id:UInt64}', { query_params: { id: n } })
        : rows<{ note: string }>(`SELECT note FROM calls WHERE id = ${n}`)))
      expect(found.map(result => result[0]?.note)).toEqual(found.map((_, n) => `note ${n}`))
    }
  })

  it('may leave before its answer', async () => {
    const left = new AbortController()
    const query = client.query({ query: 'SELECT sleepEachRow(0.2) FROM numbers(3)', abort_signal: left.signal })
    setTimeout(() => left.abort(), 50)
    await expect(query).rejects.toThrow()
    expect(await rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })
})

describe('a retried batch', () => {
  it('changes neither the raw table nor the rollup', async () => {
    await client.command({ query: 'DROP TABLE IF EXISTS by_note_view SYNC' })
    await client.command({ query: 'DROP TABLE IF EXISTS by_note SYNC' })
    await client.command({ query: 'CREATE TABLE by_note (note String, n SimpleAggregateFunction(sum, UInt64), cost SimpleAggregateFunction(sum, Decimal(38, 15))) ENGINE = AggregatingMergeTree ORDER BY note SETTINGS non_replicated_deduplication_window = 100' })
    await client.command({ query: 'CREATE MATERIALIZED VIEW by_note_view TO by_note AS SELECT note, toUInt64(count()) AS n, sum(cost) AS cost FROM calls GROUP BY note' })
    const values = Array.from({ length: 1_000 }, (_, id) => ({ id, note: `note ${id % 7}`, cost: '0.000000000000001' }))
    for (let attempt = 0; attempt < 4; attempt++) {
      await client.insert({ table: 'calls', values, format: 'JSONEachRow', clickhouse_settings: { insert_deduplication_token: 'journal:1:1', deduplicate_blocks_in_dependent_materialized_views: 1 } })
    }
    const quoted = { clickhouse_settings: { output_format_json_quote_decimals: 1, output_format_json_quote_64bit_integers: 1 } }
    expect(await rows('SELECT count() AS n, sum(cost) AS cost FROM calls', quoted)).toEqual([{ n: '1000', cost: '0.000000000001' }])
    expect(await rows('SELECT sum(n) AS n, sum(cost) AS cost FROM by_note', quoted)).toEqual([{ n: '1000', cost: '0.000000000001' }])
  })
})
