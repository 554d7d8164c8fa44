import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CostQuery } from '../src/core/analytics/cost-query.ts'
import { startEngines } from '../src/engines/supervisor.ts'
import { createEventStore } from '../src/store/events/event-store.ts'

/**
 * Times the console's questions over generated records: 90 days, 50 teams, 400 apps, 2,000 keys, 60 models. Prints median and
 * slowest of the rounds; asserts nothing. BENCH_ROWS (default 2,000,000) and BENCH_ROUNDS (default 5).
 */
const rows = Number(process.env['BENCH_ROWS'] ?? 2_000_000)
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)
const day = 86_400_000
const end = Date.UTC(2026, 10, 1)
const start = end - 90 * day
const insertRows = 100_000

const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
const engines = await startEngines({ dataDir, postgres: false, log: () => {} })
const address = engines.events!
const store = createEventStore(address)

async function sql(text: string): Promise<string> {
  const answer = await fetch(`${address.url}/?database=${address.database}&max_execution_time=600`, {
    method: 'POST', body: text, headers: { 'x-clickhouse-user': address.username, 'x-clickhouse-key': address.password, 'x-tollgate-lane': 'jobs' },
  })
  const body = await answer.text()
  if (!answer.ok) throw new Error(body)
  return body.trim()
}

/** Keys belong to apps, apps to teams, and an app mostly keeps to a few models, as in life. */
const generate = (from: number, count: number): string => `
INSERT INTO usage_record (org_id, at, event_id, call_id, kind, is_call, occurred_at, first_byte_at, end_at, recorded_at, batch_id, unit_id, unit_name, team_id, team_name,
  app_id, app_name, key_id, key_name, cost_centre, node_path, end_user, workflow, run, session, provider, requested_model, served_model, endpoint, tier, usage,
  input_tokens, output_tokens, cache_read_tokens, quality, pricing, lines, cost, list_cost, currency, status, error_class)
SELECT 'org_a', fromUnixTimestamp64Milli(toInt64(${start} + intDiv(number * ${end - start}, ${rows})), 'UTC') AS at, generateUUIDv7(number), generateUUIDv4(number),
  if(h % 50 = 0, 'refusal', 'attempt'), 1, at, at + toIntervalMillisecond(200 + h % 300), at + toIntervalMillisecond(600 + h % 5000), at, concat('bench:1:', toString(intDiv(number, 1000))),
  concat('unit_', toString(k % 10)), concat('Unit ', toString(k % 10)), concat('team_', toString(k % 50)), concat('Team ', toString(k % 50)),
  concat('app_', toString(k % 400)), concat('App ', toString(k % 400)), concat('key_', toString(k)), 'production', concat('CC-', toString(k % 50)),
  ['org_a', concat('unit_', toString(k % 10)), concat('team_', toString(k % 50)), concat('app_', toString(k % 400))],
  concat('user_', toString(h % 100000)), if(k % 3 = 0, concat('flow_', toString(k % 100)), ''), concat('run_', toString(intDiv(number, 3))), concat('session_', toString(intDiv(number, 10))),
  concat('provider_', toString(m % 10)), concat('model_', toString(m)), concat('model_', toString(m), '-2026-01-01'), 'chat.completions', 'standard', map('input_text', toInt64(h % 4000), 'output_text', toInt64(h % 900)),
  h % 4000, h % 900, 0, 'final', if(m = 59, 'unpriced', 'priced'), '[]', if(m = 59, NULL, toDecimal128(h % 4000, 15) / 400000), if(m = 59, NULL, toDecimal128(h % 4000, 15) / 380000), 'USD', 200, if(h % 97 = 0, 'provider_error', '')
FROM (SELECT number + ${from} AS number, cityHash64(number) AS h, toUInt64(pow(h % 44721, 2) / 1000000) AS k, (k * 7 + h % 3) % 60 AS m FROM numbers(${count}))`

const question = (overrides: Partial<CostQuery>): CostQuery =>
  ({ measures: ['cost', 'calls', 'tokens', 'errors'], groupBy: [], filters: [], granularity: 'none', zone: 'UTC', fromMs: start, toMs: end, rowsMax: 1_000, ...overrides })
const month = { fromMs: end - 30 * day, toMs: end }
const ragged = { fromMs: end - 30 * day + 1_234_567, toMs: end - 765_432 }
const org = { orgId: 'org_a', nodeIds: null }
const team = { orgId: 'org_a', nodeIds: ['team_7'] }
const sample = { eventId: '', run: 'run_1000', session: 'session_1000' }
const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['totals, 90 days', () => store.costQuery(org, question({}))],
  ['day x model, 30 days', () => store.costQuery(org, question({ ...month, groupBy: ['model'], granularity: 'day', rowsMax: 5_000 }))],
  ['team x app, 30 days to the minute', () => store.costQuery(org, question({ ...ragged, groupBy: ['team', 'app'] }))],
  ['hour, one team, 7 days', () => store.costQuery(team, question({ fromMs: end - 7 * day, granularity: 'hour' }))],
  ['day x team in Berlin, 30 days', () => store.costQuery(org, question({ ...month, groupBy: ['team'], granularity: 'day', zone: 'Europe/Berlin', rowsMax: 5_000 }))],
  ['day in Kolkata (raw), 30 days', () => store.costQuery(org, question({ ...month, granularity: 'day', zone: 'Asia/Kolkata' }))],
  ['top 100 users (raw), 30 days', () => store.costQuery(org, question({ ...month, groupBy: ['user'], rowsMax: 100 }))],
  ['one workflow by run (raw), 7 days', () => store.costQuery(org, question({ fromMs: end - 7 * day, groupBy: ['run'], filters: [{ dimension: 'workflow', op: 'in', values: ['flow_3'] }], rowsMax: 100 }))],
  ['latency by model, 90 days', () => store.costQuery(org, question({ measures: ['latency_avg_ms', 'first_byte_avg_ms'], groupBy: ['model'] }))],
  ['newest 50 records', () => store.listRecords(org, { range: month, match: {} }, null, 50)],
  ['newest 50 of one key', () => store.listRecords(org, { range: month, match: { key: 'key_77' } }, null, 50)],
  ['newest 50 of a kind that never was', () => store.listRecords(org, { range: month, match: { kind: 'adjustment' } }, null, 50)],
  ['one session', () => store.listRecords(org, { range: { fromMs: start, toMs: end }, match: { session: sample.session } }, null, 50)],
  ['one record', () => store.getRecords(org, { eventId: sample.eventId })],
]

try {
  await store.migrate()
  const loadedFrom = performance.now()
  for (let from = 0; from < rows; from += insertRows) await sql(generate(from, Math.min(insertRows, rows - from)))
  const loadSeconds = (performance.now() - loadedFrom) / 1000
  sample.eventId = await sql(`SELECT toString(event_id) FROM usage_record WHERE run = 'run_1000' LIMIT 1`)
  const sizes = await sql(`SELECT table, sum(rows), formatReadableSize(sum(bytes_on_disk)) FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table FORMAT TSV`)
  console.log(`${rows} rows generated in ${loadSeconds.toFixed(0)} s on ${cpus().length} cores\n${sizes}\n`)
  for (const [name, ask] of cases) {
    const times: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const before = performance.now()
      await ask()
      times.push(performance.now() - before)
    }
    times.sort((a, b) => a - b)
    console.log(`${name.padEnd(40)} median ${times[Math.floor(rounds / 2)]!.toFixed(0).padStart(6)} ms   slowest ${times.at(-1)!.toFixed(0).padStart(6)} ms`)
  }
} finally {
  await store.close()
  await engines.stop()
  rmSync(dataDir, { recursive: true, force: true })
}
