import { assert } from '../../base/assert.ts'
import { amountOf, formatAmount, type Amount } from '../../base/money.ts'
import { TollgateError } from '../../base/errors.ts'
import { limits } from '../../config/limits.ts'
import type { BudgetRule, Measure, PerDimension, RuleSelector } from '../../core/entitlement/rule.ts'
import type { BatchKey, ReadScope, RecordFilter, RecordOrder, TimeRange } from '../ports.ts'
import type { Statement } from './connection.ts'
import { recordColumns } from './record-row.ts'
import { clampInstant } from './storable-record.ts'

/**
 * The SQL over raw rows: pages, single records, budget sums. Columns come from the tables here, values are parameters, the
 * literals are our own integers and checked UUIDs.
 */

const matchColumns: Readonly<Record<keyof RecordFilter['match'], string>> = {
  kind: 'kind', unit: 'unit_id', team: 'team_id', app: 'app_id', key: 'key_id', provider: 'provider', model: 'model', endpoint: 'endpoint',
  quality: 'quality', pricing: 'pricing', user: 'end_user', agent: 'agent', workflow: 'workflow', run: 'run', session: 'session',
  cost_centre: 'cost_centre', error_class: 'error_class', call: 'toString(call_id)',
}
/** Filters an index finds quickly, so that the whole range is searched at once. */
const indexedMatches: ReadonlySet<string> = new Set(['run', 'session', 'call'])

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const isUuid = (text: string): boolean => uuid.test(text)
const selectRecord = `SELECT ${recordColumns.join(', ')} FROM usage_record FINAL`

/** The last row of a page; its cost is told where pages go by cost. */
export interface Cursor { readonly at: number; readonly eventId: string; readonly cost?: Amount | null }
export function writeCursor({ at, eventId, cost }: Cursor, order: RecordOrder): string {
  const place = order === 'at' ? `${at}:${eventId}` : `${at}:${eventId}:${cost == null ? '' : formatAmount(cost)}`
  return Buffer.from(place).toString('base64url')
}

/** Throws TollgateError('invalid') for a cursor that is not ours, or one of a list in another order. */
export function readCursor(text: string, order: RecordOrder): Cursor {
  const match = /^(\d{1,14}):([0-9a-f-]{36})(?::((?:-?\d{1,23}(?:\.\d{1,15})?)?))?$/.exec(Buffer.from(text, 'base64url').toString('latin1'))
  if (match === null || !isUuid(match[2]!) || (match[3] !== undefined) !== (order === 'cost')) throw new TollgateError('invalid', 'The cursor is not one of ours.')
  const [, at, eventId = '', cost = ''] = match
  return { at: Number(at), eventId, cost: cost === '' ? null : amountOf(cost) }
}

/** What the rows of a list stand by, and the place of one row in it. */
const orders: Readonly<Record<RecordOrder, { readonly columns: readonly string[]; readonly place: (row: Cursor) => readonly string[] }>> = {
  at: { columns: ['at', 'toString(event_id)'], place: ({ at, eventId }) => [`fromUnixTimestamp64Milli(${at}, 'UTC')`, `'${eventId.toLowerCase()}'`] },
  cost: {
    columns: ['isNotNull(cost)', 'ifNull(cost, toDecimal128(0, 15))', 'at', 'toString(event_id)'],
    place: (row) => [row.cost == null ? '0' : '1', `toDecimal128('${formatAmount(row.cost ?? 0n)}', 15)`, ...orders.at.place(row)],
  },
}

type Params = Record<string, string | readonly string[]>

/** Hours bound what is read from disk, milliseconds what is answered. */
function within(range: TimeRange): string {
  const fromMs = clampInstant(range.fromMs)
  const toMs = Math.max(fromMs, clampInstant(range.toMs))
  const hour = (ms: number): string => `toDateTime(${Math.floor(ms / 3_600_000) * 3_600}, 'UTC')`
  return `hour >= ${hour(fromMs)} AND hour <= ${hour(toMs)} AND at >= fromUnixTimestamp64Milli(${fromMs}, 'UTC') AND at < fromUnixTimestamp64Milli(${toMs}, 'UTC')`
}

function inScope(scope: ReadScope, params: Params): string {
  params['org'] = scope.orgId
  if (scope.nodeIds === null) return 'org_id = {org:String}'
  params['nodes'] = scope.nodeIds
  return 'org_id = {org:String} AND hasAny(node_path, {nodes:Array(String)})'
}

/**
 * One page or the part of one that lies in `range`. Which rows those are is found in the few columns that decide it, because
 * FINAL reads every column it is asked for of every row it looks at.
 */
export function pageStatement(scope: ReadScope, filter: RecordFilter, range: TimeRange, after: Cursor | null, rowsMax: number): Statement {
  const params: Params = {}
  const parts = [inScope(scope, params), within(range)]
  for (const [name, value] of Object.entries(filter.match)) {
    const column = matchColumns[name as keyof RecordFilter['match']]
    if (column === undefined) throw new TollgateError('invalid', `Records cannot be filtered by "${name}".`)
    if (name === 'call' && isUuid(value)) {
      parts.push(`call_id = toUUID('${value}')`)
      continue
    }
    if (name === 'pricing' && value === 'incomplete') {
      parts.push("pricing IN ('unpriced', 'partial')")
      continue
    }
    params[`m_${name}`] = value
    parts.push(`${column} = {m_${name}:String}`)
  }
  const { columns, place } = orders[filter.order ?? 'at']
  if (after !== null) parts.push(`(${columns.join(', ')}) < (${place(after).join(', ')})`)
  const greatestFirst = `ORDER BY ${columns.map((column) => `${column} DESC`).join(', ')}`
  const found = `SELECT hour, team_id, app_id, event_id FROM usage_record FINAL WHERE ${parts.join(' AND ')} ${greatestFirst} LIMIT ${rowsMax}`
  return { sql: `${selectRecord} WHERE org_id = {org:String} AND (hour, team_id, app_id, event_id) IN (${found}) ${greatestFirst}`, params }
}

/**
 * The range cut into pieces to search newest first, each six times as long as the one before: a page of recent rows is then
 * found without reading a year. Filters with an index take the range whole, and so does an order that time says nothing about.
 */
export function searchPieces(filter: RecordFilter, range: TimeRange): readonly TimeRange[] {
  if (filter.order === 'cost' || Object.keys(filter.match).some((name) => indexedMatches.has(name))) return [range]
  const pieces: TimeRange[] = []
  let toMs = range.toMs
  for (let length = 3_600_000; toMs > range.fromMs; length *= 6) {
    const fromMs = Math.max(range.fromMs, toMs - length)
    pieces.push({ fromMs, toMs })
    toMs = fromMs
  }
  return pieces
}

/** Null when nothing can match: no id given, or one that is no UUID. */
export function recordsStatement(scope: ReadScope, ids: { readonly eventId?: string; readonly callId?: string }): Statement | null {
  const given = Object.entries(ids).filter(([, id]) => id !== undefined)
  if (given.length === 0 || given.some(([, id]) => !isUuid(id))) return null
  const params: Params = {}
  const parts = [inScope(scope, params), ...given.map(([name, id]) => `${name === 'eventId' ? 'event_id' : 'call_id'} = toUUID('${id}')`)]
  return { sql: `${selectRecord} WHERE ${parts.join(' AND ')} ORDER BY at, toString(event_id) LIMIT ${limits.pageRowsMax}`, params }
}

const selectorColumns: Readonly<Record<Exclude<keyof RuleSelector, 'nodeId'>, string>> = {
  keyId: 'key_id', provider: 'provider', model: 'requested_model', user: 'end_user', agent: 'agent', workflow: 'workflow',
}
const perColumns: Readonly<Record<PerDimension, string>> = {
  unit: 'unit_id', team: 'team_id', app: 'app_id', key: 'key_id', user: 'end_user', agent: 'agent', workflow: 'workflow', run: 'run',
  model: 'requested_model', provider: 'provider', cost_centre: 'cost_centre',
}
/** core/entitlement/measure.ts in SQL; refusals add nothing. */
const measureSums: Readonly<Record<Measure, string>> = {
  cost: "sumIf(ifNull(cost, toDecimal128(0, 15)), kind != 'refusal')",
  requests: "sumIf(toInt64(is_call), kind != 'refusal')",
  tokens: "sumIf(input_tokens + output_tokens, kind != 'refusal')",
  input_tokens: "sumIf(input_tokens, kind != 'refusal')",
  output_tokens: "sumIf(output_tokens, kind != 'refusal')",
}
/** Reads a measure's sum in whole units. */
export const readMeasure = (measure: Measure, text: string): bigint => (measure === 'cost' ? amountOf(text) : BigInt(text))

/** Rows are the values of the rule's `per` dimensions in order, then the sum. Null when the cut is empty: nothing counts. */
export function tupleStatement(rule: BudgetRule, range: TimeRange, cut: readonly BatchKey[]): Statement | null {
  if (cut.length === 0) return null
  const params: Params = { org: rule.orgId }
  const parts = ['org_id = {org:String}', within(range)]
  for (const [name, value] of Object.entries(rule.selector)) {
    if (value === undefined) continue
    params[`s_${name}`] = value
    const column = selectorColumns[name as keyof typeof selectorColumns]
    parts.push(name === 'nodeId' ? 'has(node_path, {s_nodeId:String})' : `${column} = {s_${name}:String}`)
  }
  parts.push(beforeCut(cut, params))
  const per = rule.per.map((dimension, index) => `toString(${perColumns[dimension]}) AS per_${index}`)
  const group = per.length === 0 ? '' : ` GROUP BY ${rule.per.map((_dimension, index) => `per_${index}`).join(', ')}`
  return { sql: `SELECT ${[...per, `${measureSums[rule.measure]} AS amount`, 'count() AS counted'].join(', ')} FROM usage_record FINAL WHERE ${parts.join(' AND ')}${group} HAVING counted > 0`, params }
}

function beforeCut(cut: readonly BatchKey[], params: Params): string {
  params['cut'] = cut.map((key) => key.journalId)
  const numbers = (pick: (key: BatchKey) => number): string => `[${cut.map((key) => {
    assert(Number.isSafeInteger(pick(key)) && pick(key) >= 0, 'a cut names whole segments and blocks')
    return `toUInt64(${pick(key)})`
  }).join(', ')}]`
  const place = 'indexOf({cut:Array(String)}, toString(journal_id))'
  return `${place} > 0 AND (segment, block) <= (${numbers((key) => key.segment)}[${place}], ${numbers((key) => key.block)}[${place}])`
}

/** Ids per statement: ClickHouse refuses statements past 256 KiB. */
const idsPerStatement = 4_000

/** Which of these event ids another batch has stored already, looked for in the hours the rows fall into. */
export function duplicateStatements(batchId: string, rows: readonly { readonly orgId: string; readonly at: number; readonly eventId: string }[]): readonly Statement[] {
  const statements: Statement[] = []
  for (let start = 0; start < rows.length; start += idsPerStatement) {
    const part = rows.slice(start, start + idsPerStatement)
    const hours = [...new Set(part.map((row) => Math.floor(row.at / 3_600_000) * 3_600))].sort((a, b) => a - b)
    const ids = part.map((row) => {
      assert(isUuid(row.eventId), 'an event id must be a UUID')
      return `'${row.eventId}'`
    })
    statements.push({
      sql: `SELECT DISTINCT toString(event_id) FROM usage_record WHERE org_id IN {orgs:Array(String)} ` +
        `AND toUnixTimestamp(hour) IN (${hours.join(', ')}) AND hour >= toDateTime(${hours[0]}, 'UTC') AND hour <= toDateTime(${hours.at(-1)}, 'UTC') ` +
        `AND event_id IN (${ids.join(', ')}) AND batch_id != {batch:String}`,
      params: { orgs: [...new Set(part.map((row) => row.orgId))], batch: batchId },
    })
  }
  return statements
}
