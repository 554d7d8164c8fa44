import { assert } from '../../base/assert.ts'
import type { EventConnection } from './connection.ts'
import { onClusterOf, type EngineLayout } from './migrate.ts'

/**
 * Rollups are projections of raw rows: a month of one that differs is written anew beside the table by the very SELECT that
 * feeds it, and takes the old partition's place in one step, so that readers see the old figures or the new ones.
 *
 *   compare → (same: done) → fill the stage from raw → swap the partition → drop the stage
 *
 * A run that dies leaves a stage behind, and the next one begins by dropping it. A batch stored between filling and swapping is
 * missed; the comparison finds that month again, so the caller repeats until nothing differs.
 */
const rollups = [{ table: 'usage_hourly', time: 'hour' }, { table: 'usage_daily', time: 'day' }] as const

/** Rebuilds what differs; the months (YYYYMM) in which something did. */
export async function rebuildRollups(connection: EventConnection, layout: EngineLayout): Promise<readonly string[]> {
  const rebuilt = new Set<string>()
  for (const { table, time } of rollups) {
    const months = await differingMonths(connection, table, time)
    if (months.length === 0) continue
    const feed = await feedOf(connection, `${table}_feed`)
    for (const month of months) {
      await rebuildMonth(connection, layout, table, feed, month)
      rebuilt.add(month)
    }
  }
  // Names are maxima: writing them again changes none that is right.
  if (rebuilt.size > 0) await connection.command(insertAgain('caller_name', await feedOf(connection, 'caller_name_feed')))
  return [...rebuilt].sort()
}

const ofRaw = 'count(), sum(toInt64(is_call)), sum(ifNull(cost, toDecimal128(0, 15))), sum(input_tokens + output_tokens)'
const ofRollup = 'sum(rows) AS counted, sum(calls), sum(cost), sum(input_tokens + output_tokens)'

/** Raw rows are read before and after: a month that moved in between is not known to be the same. */
async function differingMonths(connection: EventConnection, table: string, time: string): Promise<readonly string[]> {
  const raw = `SELECT toYYYYMM(hour) AS month, org_id, ${ofRaw} FROM usage_record FINAL GROUP BY month, org_id`
  const before = await figuresOf(connection, raw)
  const rollup = await figuresOf(connection, `SELECT toYYYYMM(${time}) AS month, org_id, ${ofRollup} FROM ${table} GROUP BY month, org_id HAVING counted != 0`)
  const after = await figuresOf(connection, raw)
  const places = [...new Set([...before.keys(), ...rollup.keys(), ...after.keys()])]
  const off = places.filter((place) => before.get(place) !== rollup.get(place) || before.get(place) !== after.get(place))
  return [...new Set(off.map((place) => place.slice(0, place.indexOf('|'))))].sort()
}

/** By month and organisation, as text to compare. */
async function figuresOf(connection: EventConnection, sql: string): Promise<ReadonlyMap<string, string>> {
  const rows = await connection.rows({ sql }, 'jobs')
  return new Map(rows.map(([month, org, ...sums]) => [`${String(month)}|${String(org)}`, sums.map(String).join(' ')]))
}

/** The SELECT of a materialized view as the engine has it, so that a rebuilt row is the row the feed would have written. */
async function feedOf(connection: EventConnection, view: string): Promise<string> {
  const [row] = await connection.rows({ sql: 'SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = {view:String}', params: { view } }, 'jobs')
  const feed = String(row?.[0] ?? '')
  assert(feed !== '', `the view ${view} must be there`)
  return feed
}

/** The feed's SELECT over one month of raw rows, each event once. */
function overMonth(feed: string, month: string): string {
  assert(/^\d{6}$/.test(month), 'a month is six digits')
  const parts = /^(SELECT .*) FROM \S*usage_record`? AS r (GROUP BY .*)$/s.exec(feed)
  assert(parts !== null, 'a rollup is fed by one SELECT over all of usage_record')
  return `${parts[1]!} FROM usage_record AS r FINAL WHERE toYYYYMM(hour) = ${month} ${parts[2]!}`
}

/** An engine that has seen the same block before would drop it. */
const insertAgain = (table: string, select: string): string => `INSERT INTO ${table} SETTINGS insert_deduplicate = 0 ${select}`

async function rebuildMonth(connection: EventConnection, layout: EngineLayout, table: string, feed: string, month: string): Promise<void> {
  const stage = `${table}_stage`
  const onCluster = onClusterOf(layout)
  const dropStage = `DROP TABLE IF EXISTS ${stage} ${onCluster} SYNC`
  await connection.command(dropStage)
  await connection.command(`CREATE TABLE ${stage} ${onCluster} AS ${table}`)
  await connection.command(insertAgain(stage, overMonth(feed, month)))
  const [row] = await connection.rows({ sql: `SELECT count() FROM ${stage}` }, 'jobs')
  // Replacing keeps what the rollup remembers of batches, so that one in doubt is still counted once when it is repeated; dropping
  // forgets it, and is for months without raw rows, which have no partition that could take the old one's place.
  const swap = Number(row?.[0]) > 0 ? `REPLACE PARTITION ${month} FROM ${stage}` : `DROP PARTITION ${month}`
  await connection.command(`ALTER TABLE ${table} ${swap}`)
  await connection.command(dropStage)
}
