import { periodAt } from '../../base/period.ts'
import type { CostAnswer, CostDimension, CostMeasure, CostQuery, CostRow } from '../../core/analytics/cost-query.ts'
import { assembleSplit, sumsOfSplit, type CostSplit, type SplitQuery } from '../../core/analytics/cost-split.ts'
import { valuesOf, type SumName, type Sums } from '../../core/analytics/cost-sums.ts'
import type { UsageRecord } from '../../core/usage/usage-record.ts'
import { inputTokens, outputTokens, sumOf } from '../../core/usage/usage.ts'
import type { ReadScope } from '../ports.ts'

/** A cost question answered record by record, with none of the planner's SQL, segments or bucket lists. */
export function answerByLoops(organisation: readonly UsageRecord[], scope: ReadScope, query: CostQuery): CostAnswer {
  const asked = organisation.filter((row) => isAsked(row, scope, query))
  const { currency, others } = currenciesOf(asked, query.currency)
  const totals = valuesOf(query.measures, sum(asked, currency))
  const rows = query.groupBy.length === 0 && query.granularity === 'none' ? [{ bucketMs: null, group: {}, values: totals }] : grouped(organisation, asked, query, currency)
  return { rows: rows.slice(0, query.rowsMax), totals, truncated: rows.length > query.rowsMax, currency, ...(others.length === 0 ? {} : { otherCurrencies: others }) }
}

/** The cuts of a split, each grouped by itself. */
export function splitByLoops(organisation: readonly UsageRecord[], scope: ReadScope, query: SplitQuery): CostSplit {
  const asked = organisation.filter((row) => isAsked(row, scope, query))
  const chosen = currenciesOf(asked, query.currency)
  const names = sumsOfSplit(query.measures)
  const sumsOf = (rows: readonly UsageRecord[]): Sums => {
    const sums = sum(rows, chosen.currency)
    return Object.fromEntries(names.map((name) => [name, sums[name]]))
  }
  const question = { ...query, rowsMax: asked.length + 1 }
  const cut = (dimensions: readonly CostDimension[], granularity: 'none' | 'day') => groupsOf(asked, { ...question, groupBy: dimensions, granularity }, chosen.currency)
  return assembleSplit(query, {
    totals: asked.length === 0 ? {} : sumsOf(asked),
    days: cut([], 'day').map((group) => ({ startMs: group.bucketMs!, sums: sumsOf(group.rows) })),
    parts: query.parts.map((dimensions) => cut(dimensions, 'none').map((group) => ({ ids: group.ids, sums: sumsOf(group.rows) }))),
  }, chosen)
}

function currenciesOf(asked: readonly UsageRecord[], wanted: string | undefined): { readonly currency: string; readonly others: readonly string[] } {
  const currencies = [...new Set(asked.filter((row) => row.cost !== null).map((row) => row.currency))].sort()
  const only = currencies.length === 1 ? currencies[0]! : undefined
  const currency = wanted ?? only ?? (currencies.includes('USD') ? 'USD' : (currencies[0] ?? ''))
  return { currency, others: currencies.filter((code) => code !== currency) }
}

function isAsked(row: UsageRecord, scope: ReadScope, query: Pick<CostQuery, 'fromMs' | 'toMs' | 'filters'>): boolean {
  if (row.at < query.fromMs || row.at >= query.toMs) return false
  if (scope.nodeIds !== null && !row.caller.nodePath.some((node) => scope.nodeIds!.includes(node))) return false
  return query.filters.every((filter) => filter.values.includes(dimensionOf(filter.dimension, row)) === (filter.op === 'in'))
}

function grouped(organisation: readonly UsageRecord[], asked: readonly UsageRecord[], query: CostQuery, currency: string): readonly CostRow[] {
  return groupsOf(asked, query, currency).map((row) => ({
    bucketMs: row.bucketMs,
    group: Object.fromEntries(query.groupBy.map((dimension, index) => [dimension, { id: row.ids[index]!, name: nameOf(organisation, dimension, row.ids[index]!) }])),
    values: valuesOf(query.measures, row.sums),
  }))
}

/** Groups in the answer's order. */
function groupsOf(asked: readonly UsageRecord[], query: Pick<CostQuery, 'granularity' | 'zone' | 'groupBy' | 'measures'>, currency: string) {
  const groups = new Map<string, { bucketMs: number | null; ids: readonly string[]; rows: UsageRecord[] }>()
  for (const row of asked) {
    const bucketMs = query.granularity === 'none' ? null : periodAt(query.granularity, query.zone, row.at).startMs
    const ids = query.groupBy.map((dimension) => dimensionOf(dimension, row))
    const key = JSON.stringify([bucketMs, ids])
    const group = groups.get(key) ?? { bucketMs, ids, rows: [] }
    group.rows.push(row)
    groups.set(key, group)
  }
  const rows = [...groups.values()].map((group) => {
    const sums = sum(group.rows, currency)
    return { ...group, sums, order: orderOf(query.measures[0]!, sums) }
  })
  return rows.sort((a, b) => (a.bucketMs ?? 0) - (b.bucketMs ?? 0) || compare(b.order, a.order) || compareTexts(a.ids, b.ids))
}

/** Averages are ordered by the rows behind them, a ratio by its cost, everything else by itself. */
function orderOf(measure: CostMeasure, sums: Readonly<Record<SumName, bigint>>): bigint {
  switch (measure) {
    case 'tokens': return sums.input_tokens + sums.output_tokens
    case 'cost_per_call': return sums.cost
    case 'latency_avg_ms': return sums.latency_rows
    case 'first_byte_avg_ms': return sums.first_byte_rows
    default: return sums[measure]
  }
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
function compareTexts(a: readonly string[], b: readonly string[]): number {
  for (const [index, text] of a.entries()) {
    const order = Buffer.compare(Buffer.from(text), Buffer.from(b[index]!))
    if (order !== 0) return order
  }
  return 0
}

function sum(rows: readonly UsageRecord[], currency: string): Record<SumName, bigint> {
  const total = (pick: (row: UsageRecord) => bigint | number | boolean): bigint => rows.reduce((all, row) => all + BigInt(pick(row)), 0n)
  const money = (pick: (row: UsageRecord) => bigint | number | boolean): bigint => total((row) => (row.currency === currency ? pick(row) : 0n))
  const answered = (row: UsageRecord): boolean => row.kind === 'attempt' || row.kind === 'cache_hit' || row.kind === 'ingested'
  const tokens = (row: UsageRecord, ...components: Parameters<typeof sumOf>[1]): number => sumOf(row.usage, components)
  return {
    calls: total((row) => row.isCall),
    attempts: total((row) => row.kind === 'attempt'),
    errors: total((row) => answered(row) && row.errorClass !== ''),
    refusals: total((row) => row.kind === 'refusal'),
    input_tokens: total((row) => inputTokens(row.usage)),
    output_tokens: total((row) => outputTokens(row.usage)),
    cache_read_tokens: total((row) => tokens(row, 'cache_read', 'cache_read_audio', 'cache_read_image')),
    cache_write_tokens: total((row) => tokens(row, 'cache_write', 'cache_write_5m', 'cache_write_1h')),
    reasoning_tokens: total((row) => tokens(row, 'output_reasoning')),
    cost: money((row) => row.cost ?? 0n),
    cost_rows: money((row) => row.cost !== null),
    list_cost: money((row) => row.listCost ?? 0n),
    list_cost_rows: money((row) => row.listCost !== null),
    uncertain_cost: money((row) => (row.quality === 'uncertain' ? (row.cost ?? 0n) : 0n)),
    unpriced_calls: total((row) => row.isCall && (row.pricing === 'unpriced' || row.pricing === 'partial')),
    latency_ms: total((row) => (answered(row) && row.endAt >= row.occurredAt ? row.endAt - row.occurredAt : 0)),
    latency_rows: total((row) => answered(row) && row.endAt >= row.occurredAt),
    first_byte_ms: total((row) => (answered(row) && row.firstByteAt >= row.occurredAt ? row.firstByteAt - row.occurredAt : 0)),
    first_byte_rows: total((row) => answered(row) && row.firstByteAt >= row.occurredAt),
  }
}

/** The record's value of a dimension; '' where it has none. */
export function dimensionOf(dimension: CostDimension, row: UsageRecord): string {
  switch (dimension) {
    case 'unit': return row.caller.unitId
    case 'team': return row.caller.teamId
    case 'app': return row.caller.appId
    case 'key': return row.caller.keyId
    case 'cost_centre': return row.caller.costCentre
    case 'provider': return row.provider
    case 'model': return row.servedModel === '' ? row.requestedModel : row.servedModel
    case 'requested_model': return row.requestedModel
    case 'endpoint': return row.endpoint
    case 'tier': return row.tier
    case 'kind': return row.kind
    case 'quality': return row.quality
    case 'pricing': return row.pricing
    case 'error_class': return row.errorClass
    case 'agent': return row.attribution.agent
    case 'workflow': return row.attribution.workflow
    case 'user': return row.attribution.user
    case 'run': return row.attribution.run
    case 'session': return row.attribution.session
  }
}

/** The name an id had last, by (at, event id); ids without names are their own. */
function nameOf(organisation: readonly UsageRecord[], dimension: CostDimension, id: string): string {
  const names: Partial<Record<CostDimension, (row: UsageRecord) => string>> = {
    unit: (row) => row.caller.unitName, team: (row) => row.caller.teamName, app: (row) => row.caller.appName, key: (row) => row.caller.keyName,
  }
  const name = names[dimension]
  if (name === undefined) return id
  if (id === '') return ''
  let latest: UsageRecord | null = null
  for (const row of organisation) {
    if (dimensionOf(dimension, row) !== id) continue
    if (latest === null || row.at > latest.at || (row.at === latest.at && row.eventId > latest.eventId)) latest = row
  }
  return latest === null ? '' : name(latest)
}
