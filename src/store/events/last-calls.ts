import type { EventConnection } from './connection.ts'

/** When each key of an organisation last called, by key id, from the table of names: no record is read for it. */
export async function lastCallsByKey(connection: EventConnection, orgId: string): Promise<ReadonlyMap<string, number>> {
  const rows = await connection.rows({
    sql: `SELECT id, toUnixTimestamp64Milli(tupleElement(max(latest), 1)) FROM caller_name WHERE org_id = {org:String} AND dimension = 'key' GROUP BY id`,
    params: { org: orgId },
  })
  return new Map(rows.map(([id, at]) => [String(id), Number(at)]))
}
