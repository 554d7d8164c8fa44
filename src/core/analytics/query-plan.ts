import { TollgateError } from '../../base/errors.ts'
import { isZone } from '../../base/period.ts'
import {
  costDimensions, costMeasures, type CostAnswer, type CostDimension, type CostFilter, type CostQuery, type CostRow,
} from './cost-query.ts'
import { moneySums, orderSumsOf, readSum, sumNames, sumsOf, valuesOf, type SumName, type Sums } from './cost-sums.ts'
import { bucketStarts, coarsestSource, hourMs, segmentsOf, type Segment, type Source } from './query-range.ts'

/**
 * Turns a cost question and a scope into ClickHouse SQL, and the engine's rows into the answer. Identifiers come from the
 * tables below, values travel as parameters; the only literals written into SQL are our own integers. Organisation and
 * scope stand in every piece of every query.
 */

/** SQL with named ClickHouse parameters; the rows come back as arrays in the order of `columns`, numbers as strings. */
export interface PlannedQuery {
  readonly sql: string
  readonly params: Readonly<Record<string, string | readonly string[]>>
  readonly columns: readonly string[]
}

/** Who asks: an organisation and, unless null, the nodes whose subtrees may be seen. */
export interface QueryScope { readonly orgId: string; readonly nodeIds: readonly string[] | null }

export interface QueryBounds { readonly rowsMax: number; readonly groupsMax: number; readonly rangeDaysMax: number; readonly valuesMax: number }

export interface CostPlan {
  /** One row per currency: the whole question's sums. */
  readonly totals: PlannedQuery
  /** The grouped rows in one currency, one more than asked for; null when the question has no groups and no buckets. */
  rows(currency: string): PlannedQuery | null
}

/** Cells as the engine gives them: strings, except the names of columns that can be null. */
export type Cells = readonly unknown[]

export const dimensionColumns: Readonly<Record<CostDimension, string>> = {
  unit: 'unit_id', team: 'team_id', app: 'app_id', key: 'key_id', cost_centre: 'cost_centre', provider: 'provider', model: 'model',
  requested_model: 'requested_model', endpoint: 'endpoint', tier: 'tier', kind: 'kind', quality: 'quality', pricing: 'pricing',
  error_class: 'error_class', agent: 'agent', workflow: 'workflow', user: 'end_user', run: 'run', session: 'session',
}
/** Only raw rows know these. */
const rawDimensions: ReadonlySet<CostDimension> = new Set(['user', 'run', 'session'])
/** Grouped by id, shown by their latest name. */
const namedDimensions: ReadonlySet<CostDimension> = new Set(['unit', 'team', 'app', 'key'])

/** The engine's instants of whole seconds end in 2106. */
const instantMaxMs = Date.UTC(2105, 0, 1)

const tables: Readonly<Record<Source, string>> = { raw: 'usage_record FINAL', hourly: 'usage_hourly', daily: 'usage_daily' }
const timeColumns: Readonly<Record<Source, string>> = { raw: 'at', hourly: 'hour', daily: 'day' }

const zero = 'toDecimal128(0, 15)'
const answered = "kind IN ('attempt', 'cache_hit', 'ingested')"
const elapsed = (column: string): string => `toUnixTimestamp64Milli(${column}) - toUnixTimestamp64Milli(occurred_at)`
/** What one raw row adds to each sum; the feeds of the rollups say the same in SQL, and a test holds them together. */
const rawSums: Readonly<Record<SumName, string>> = {
  calls: 'toInt64(is_call)',
  attempts: "toInt64(kind = 'attempt')",
  errors: `toInt64(${answered} AND error_class != '')`,
  refusals: "toInt64(kind = 'refusal')",
  input_tokens: 'input_tokens',
  output_tokens: 'output_tokens',
  cache_read_tokens: 'cache_read_tokens',
  cache_write_tokens: 'cache_write_tokens',
  reasoning_tokens: 'reasoning_tokens',
  cost: `ifNull(cost, ${zero})`,
  cost_rows: 'toInt64(isNotNull(cost))',
  list_cost: `ifNull(list_cost, ${zero})`,
  list_cost_rows: 'toInt64(isNotNull(list_cost))',
  uncertain_cost: `if(quality = 'uncertain', ifNull(cost, ${zero}), ${zero})`,
  unpriced_calls: "toInt64(is_call AND pricing IN ('unpriced', 'partial'))",
  latency_ms: `if(${answered} AND end_at >= occurred_at, ${elapsed('end_at')}, 0)`,
  latency_rows: `toInt64(${answered} AND end_at >= occurred_at)`,
  first_byte_ms: `if(${answered} AND first_byte_at >= occurred_at, ${elapsed('first_byte_at')}, 0)`,
  first_byte_rows: `toInt64(${answered} AND first_byte_at >= occurred_at)`,
}

/** Checks the question and plans it. Throws TollgateError('invalid' | 'query_too_large'). */
export function planCost(scope: QueryScope, query: CostQuery, bounds: QueryBounds): CostPlan {
  checkCost(query, bounds)
  const { granularity } = query
  const starts = granularity === 'none' ? [] : bucketStarts(granularity, query.zone, query.fromMs, query.toMs, bounds.rowsMax)
  if (starts === null) throw new TollgateError('query_too_large', `The range holds more than ${bounds.rowsMax} buckets.`)
  const needsRaw = [...query.groupBy, ...query.filters.map((filter) => filter.dimension)].some((dimension) => rawDimensions.has(dimension))
  const segments = segmentsOf(query.fromMs, query.toMs, needsRaw ? 'raw' : coarsestSource(starts))
  const params: Record<string, string | readonly string[]> = { org: scope.orgId }
  const where = conditions(scope, query.filters, params)
  const sums = sumNames.filter((name) => query.measures.some((measure) => sumsOf[measure].includes(name) || orderSumsOf(measure).includes(name)))
  return {
    totals: totalsQuery(segments, where, sums, params),
    rows: (currency) =>
      query.groupBy.length === 0 && granularity === 'none'
        ? null
        : rowsQuery(query, segments, where, sums, { ...params, currency }, starts),
  }
}

/** Throws TollgateError('invalid') for a question that cannot be asked. */
export function checkCost(query: CostQuery, bounds: QueryBounds): void {
  const wrong = firstWrong(query, bounds)
  if (wrong !== null) throw new TollgateError('invalid', wrong)
}

function firstWrong(query: CostQuery, bounds: QueryBounds): string | null {
  const known: ReadonlySet<string> = new Set(costDimensions)
  if (query.measures.length === 0) return 'measures must name at least one measure.'
  for (const measure of query.measures) if (!(costMeasures as readonly string[]).includes(measure)) return `measure "${measure}" is unknown.`
  if (query.groupBy.length > bounds.groupsMax) return `groupBy takes at most ${bounds.groupsMax} dimensions.`
  if (new Set(query.groupBy).size !== query.groupBy.length) return 'groupBy names a dimension twice.'
  for (const dimension of query.groupBy) if (!known.has(dimension)) return `dimension "${dimension}" is unknown.`
  for (const filter of query.filters) {
    if (!known.has(filter.dimension)) return `dimension "${filter.dimension}" is unknown.`
    if (filter.op !== 'in' && filter.op !== 'not_in') return `filter operator "${String(filter.op)}" is unknown.`
  }
  const values = query.filters.reduce((count, filter) => count + filter.values.length, 0)
  if (values > bounds.valuesMax) return `filters take at most ${bounds.valuesMax} values.`
  if (!['none', 'hour', 'day', 'week', 'month'].includes(query.granularity)) return `granularity "${query.granularity}" is unknown.`
  if (!isZone(query.zone)) return `zone "${query.zone}" is not an IANA zone.`
  if (!Number.isSafeInteger(query.fromMs) || !Number.isSafeInteger(query.toMs) || query.fromMs < 0 || query.toMs > instantMaxMs) return 'fromMs and toMs are whole milliseconds between 1970 and 2105.'
  if (query.toMs < query.fromMs) return 'toMs lies before fromMs.'
  if (query.toMs - query.fromMs > bounds.rangeDaysMax * 86_400_000) return `the range is longer than ${bounds.rangeDaysMax} days.`
  if (!Number.isSafeInteger(query.rowsMax) || query.rowsMax < 1 || query.rowsMax > bounds.rowsMax) return `rowsMax lies between 1 and ${bounds.rowsMax}.`
  return null
}

export function conditions(scope: QueryScope, filters: readonly CostFilter[], params: Record<string, string | readonly string[]>): string {
  const parts = ['org_id = {org:String}']
  if (scope.nodeIds !== null) {
    params['nodes'] = scope.nodeIds
    parts.push('hasAny(node_path, {nodes:Array(String)})')
  }
  for (const [index, filter] of filters.entries()) {
    params[`f${index}`] = filter.values
    const has = `has({f${index}:Array(String)}, ${dimensionColumns[filter.dimension]})`
    parts.push(filter.op === 'in' ? has : `NOT ${has}`)
  }
  return parts.join(' AND ')
}

/** One table's share of the question: the columns asked for, one row per stored row. */
function piece(segment: Segment, columns: readonly string[], sums: readonly SumName[], where: string): string {
  const { source, fromMs, toMs } = segment
  const time = timeColumns[source]
  const sumColumns = sums.map((name) => (source === 'raw' ? `${rawSums[name]} AS sum_${name}` : `${name} AS sum_${name}`))
  const second = source === 'raw' ? 'intDiv(toUnixTimestamp64Milli(at), 1000)' : `toInt64(toUnixTimestamp(${time}))`
  const range =
    source === 'raw'
      ? `hour >= toDateTime(${Math.floor(fromMs / hourMs) * 3600}, 'UTC') AND hour < toDateTime(${Math.ceil(toMs / 1000)}, 'UTC') ` +
        `AND at >= fromUnixTimestamp64Milli(${fromMs}, 'UTC') AND at < fromUnixTimestamp64Milli(${toMs}, 'UTC')`
      : `${time} >= toDateTime(${fromMs / 1000}, 'UTC') AND ${time} < toDateTime(${toMs / 1000}, 'UTC')`
  const selected = [`${second} AS second`, ...columns.map((column) => `toString(${column}) AS d_${column}`), 'toString(currency) AS money', ...sumColumns]
  return `SELECT ${selected.join(', ')} FROM ${tables[source]} WHERE ${where} AND ${range}`
}

export function union(segments: readonly Segment[], columns: readonly string[], sums: readonly SumName[], where: string): string {
  // An empty range still asks, of the table that has every column, so that its answer has the shape of any other.
  const asked: readonly Segment[] = segments.length === 0 ? [{ source: 'raw', fromMs: 0, toMs: 0 }] : segments
  return asked.map((segment) => piece(segment, columns, sums, where)).join(' UNION ALL ')
}

function totalsQuery(segments: readonly Segment[], where: string, asked: readonly SumName[], params: PlannedQuery['params']): PlannedQuery {
  const sums: readonly SumName[] = asked.includes('cost_rows') ? asked : [...asked, 'cost_rows']
  const selected = ['money AS currency', ...sums.map((name) => `sum(sum_${name}) AS total_${name}`)]
  return {
    sql: `SELECT ${selected.join(', ')} FROM (${union(segments, [], sums, where)}) GROUP BY money ORDER BY money`,
    params,
    columns: ['currency', ...sums],
  }
}

function rowsQuery(
  query: CostQuery, segments: readonly Segment[], where: string, sums: readonly SumName[], params: PlannedQuery['params'], starts: readonly number[],
): PlannedQuery {
  const columns = query.groupBy.map((dimension) => dimensionColumns[dimension])
  const keys = [...(query.granularity === 'none' ? [] : [`${bucketOf(query, starts)} AS bucket`]), ...columns.map((column) => `d_${column}`)]
  const keyNames = [...(query.granularity === 'none' ? [] : ['bucket']), ...columns.map((column) => `d_${column}`)]
  const totals = sums.map((name) =>
    moneySums.has(name) ? `sumIf(sum_${name}, money = {currency:String}) AS total_${name}` : `sum(sum_${name}) AS total_${name}`)
  const order = [
    ...(query.granularity === 'none' ? [] : ['bucket']),
    `${orderSumsOf(query.measures[0]!).map((name) => `total_${name}`).join(' + ')} DESC`,
    ...columns.map((column) => `d_${column}`),
  ].join(', ')
  const grouped =
    `SELECT ${[...keys, ...totals].join(', ')} FROM (${union(segments, columns, sums, where)}) ` +
    `GROUP BY ${keyNames.join(', ')} ORDER BY ${order} LIMIT ${query.rowsMax + 1}`
  const named = query.groupBy.filter((dimension) => namedDimensions.has(dimension))
  const joins = named.map(
    (dimension) =>
      `LEFT JOIN (SELECT id, max(latest).3 AS name FROM caller_name WHERE org_id = {org:String} AND dimension = '${dimension}' GROUP BY id) ` +
      `AS ${dimension}_name ON ${dimension}_name.id = g.d_${dimensionColumns[dimension]}`)
  const answer = [...keyNames, ...named.map((dimension) => `${dimension}_name.name`), ...sums.map((name) => `total_${name}`)]
  return {
    sql: `SELECT ${answer.join(', ')} FROM (${grouped}) AS g ${joins.join(' ')} ORDER BY ${order}`,
    params,
    columns: [
      ...(query.granularity === 'none' ? [] : ['bucket']), ...query.groupBy, ...named.map((dimension) => `${dimension}.name`), ...sums,
    ],
  }
}

/** Seconds of the bucket's start. Whole-hour buckets are arithmetic; others are looked up among the zone's own starts. */
export function bucketOf(query: Pick<CostQuery, 'granularity'>, starts: readonly number[]): string {
  if (query.granularity === 'hour' && starts.every((start) => start % hourMs === 0)) return 'intDiv(second, 3600) * 3600'
  const seconds = starts.length === 0 ? [0] : starts.map((start) => start / 1000)
  return `roundDown(second, [${seconds.map((second) => `toInt64(${second})`).join(', ')}])`
}

/** The currency to answer in, and the others that have cost. `totals` as the engine answered the totals query. */
export function chooseCurrency(asked: string | undefined, priced: readonly string[]): { readonly currency: string; readonly others: readonly string[] } {
  const sorted = [...priced].sort()
  const currency = asked ?? (sorted.length === 1 ? sorted[0]! : sorted.includes('USD') ? 'USD' : (sorted[0] ?? ''))
  return { currency, others: sorted.filter((code) => code !== currency) }
}

/** Reads one answer row into sums; `columns` from its plan. */
export function sumsOfCells(columns: readonly string[], cells: Cells): Sums {
  const sums: Partial<Record<SumName, bigint>> = {}
  for (const [index, column] of columns.entries()) {
    if ((sumNames as readonly string[]).includes(column)) sums[column as SumName] = readSum(column as SumName, String(cells[index]))
  }
  return sums
}

/** The whole question's sums: counts over every currency, money in the chosen one. */
function totalSums(perCurrency: ReadonlyMap<string, Sums>, currency: string): Sums {
  const total: Partial<Record<SumName, bigint>> = {}
  for (const [code, sums] of perCurrency) {
    for (const name of sumNames) {
      if (moneySums.has(name) && code !== currency) continue
      total[name] = (total[name] ?? 0n) + (sums[name] ?? 0n)
    }
  }
  return total
}

/** Puts the engine's two answers together. `rows` null: the question has no groups, its one row is the total. */
export function answerOf(
  query: CostQuery, perCurrency: ReadonlyMap<string, Sums>, chosen: { readonly currency: string; readonly others: readonly string[] },
  rows: { readonly columns: readonly string[]; readonly cells: readonly Cells[] } | null,
): CostAnswer {
  const totals = valuesOf(query.measures, totalSums(perCurrency, chosen.currency))
  const all: readonly CostRow[] = rows === null ? [{ bucketMs: null, group: {}, values: totals }] : rows.cells.map((cells) => rowOf(query, rows.columns, cells))
  const others = chosen.others.length === 0 ? {} : { otherCurrencies: chosen.others }
  return { rows: all.slice(0, query.rowsMax), totals, truncated: all.length > query.rowsMax, currency: chosen.currency, ...others }
}

function rowOf(query: CostQuery, columns: readonly string[], cells: Cells): CostRow {
  const at = (column: string): string => {
    const index = columns.indexOf(column)
    return index < 0 ? '' : String(cells[index] ?? '')
  }
  const group: Partial<Record<CostDimension, { id: string; name: string }>> = {}
  for (const dimension of query.groupBy) {
    const id = at(dimension)
    group[dimension] = { id, name: namedDimensions.has(dimension) ? at(`${dimension}.name`) : id }
  }
  return {
    bucketMs: query.granularity === 'none' ? null : Number(at('bucket')) * 1000,
    group,
    values: valuesOf(query.measures, sumsOfCells(columns, cells)),
  }
}
