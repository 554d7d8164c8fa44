import type { CostDimension, CostFilter, CostMeasure } from './cost-query.ts'
import { moneySums, orderSumsOf, readSum, sumNames, sumsOf, type SumName, type Sums } from './cost-sums.ts'
import {
  bucketOf, checkCost, conditions, dimensionColumns, union, type Cells, type PlannedQuery, type QueryBounds, type QueryScope,
} from './query-plan.ts'
import { bucketStarts, coarsestSource, segmentsOf } from './query-range.ts'

/**
 * The same calls cut in several ways at once: by app, by model, by day. All cuts and the total come from one reading of
 * the rows, so that the lines of every cut add up to the same total however many calls arrive meanwhile.
 */
export interface SplitQuery {
  /** The first one orders the lines. */
  readonly measures: readonly CostMeasure[]
  /** One cut each: the dimensions its lines are told apart by. They may not name user, run or session. */
  readonly parts: readonly (readonly CostDimension[])[]
  readonly filters: readonly CostFilter[]
  /** IANA zone that days are cut in. */
  readonly zone: string
  /** Half-open range of `at`, ms UTC. */
  readonly fromMs: number
  readonly toMs: number
  /** Lines per part; what lies beyond is in its `rest`. */
  readonly linesMax: number
  /** As in a cost question. */
  readonly currency?: string
}

export interface SplitLine { readonly ids: readonly string[]; readonly sums: Sums }
export interface SplitPart {
  /** Largest first. */
  readonly lines: readonly SplitLine[]
  /** Total less the lines; null when the lines are all there are. */
  readonly rest: Sums | null
}
export interface CostSplit {
  readonly totals: Sums
  /** In the order of the question. */
  readonly parts: readonly SplitPart[]
  /** Days that have records, first to last. */
  readonly days: readonly { readonly startMs: number; readonly sums: Sums }[]
  readonly currency: string
  readonly otherCurrencies: readonly string[]
}

interface SplitPlan {
  /** One row per currency, for choosing one. */
  readonly currencies: PlannedQuery
  lines(currency: string): PlannedQuery
}

const totalPart = 0
const dayPart = 1
const firstPart = 2

/** Sums that the measures need, and those that tell an absent price from nothing. */
export function sumsOfSplit(measures: readonly CostMeasure[]): readonly SumName[] {
  return sumNames.filter((name) => measures.some((measure) => sumsOf[measure].includes(name) || orderSumsOf(measure).includes(name)))
}

/** Checks the question and plans it. Throws TollgateError('invalid' | 'query_too_large'). */
export function planSplit(scope: QueryScope, query: SplitQuery, bounds: QueryBounds): SplitPlan {
  const dimensions = [...new Set(query.parts.flat())]
  checkCost({ ...query, groupBy: dimensions, granularity: 'day', rowsMax: query.linesMax }, bounds)
  const starts = bucketStarts('day', query.zone, query.fromMs, query.toMs, bounds.rowsMax) ?? []
  const segments = segmentsOf(query.fromMs, query.toMs, coarsestSource(starts))
  const params: Record<string, string | readonly string[]> = { org: scope.orgId }
  const where = conditions(scope, query.filters, params)
  const sums = sumsOfSplit(query.measures)
  const columns = dimensions.map((dimension) => dimensionColumns[dimension])
  return {
    currencies: {
      sql: `SELECT money FROM (${union(segments, [], ['cost_rows'], where)}) GROUP BY money HAVING sum(sum_cost_rows) > 0 ORDER BY money`,
      params, columns: ['currency'],
    },
    lines: (currency) => ({
      sql: linesSql(query, union(segments, columns, sums, where), sums, bucketOf({ granularity: 'day' }, starts)),
      params: { ...params, currency }, columns: ['part', 'ids', ...sums],
    }),
  }
}

function linesSql(query: SplitQuery, rows: string, sums: readonly SumName[], bucket: string): string {
  const parts = [
    `(${totalPart}, CAST([], 'Array(String)'))`, `(${dayPart}, [toString(${bucket})])`,
    ...query.parts.map((dimensions, index) => `(${index + firstPart}, [${dimensions.map((dimension) => `d_${dimensionColumns[dimension]}`).join(', ')}])`),
  ]
  const totals = sums.map((name) =>
    moneySums.has(name) ? `sumIf(sum_${name}, money = {currency:String}) AS total_${name}` : `sum(sum_${name}) AS total_${name}`)
  const order = orderSumsOf(query.measures[0]!).map((name) => `total_${name}`).join(' + ')
  // A month has fewer days than a part may have lines, so no day is ever cut off.
  return (
    `SELECT toString(line.1) AS part, toJSONString(line.2) AS ids, ${totals.join(', ')} FROM (${rows}) ` +
    `ARRAY JOIN [${parts.join(', ')}] AS line GROUP BY line ORDER BY line.1, ${order} DESC, line.2 LIMIT ${Math.max(query.linesMax, 800) + 1} BY line.1`
  )
}

/** Reads the engine's lines into the answer. */
export function splitOf(query: SplitQuery, rows: { readonly columns: readonly string[]; readonly cells: readonly Cells[] }, chosen: { readonly currency: string; readonly others: readonly string[] }): CostSplit {
  const byPart: SplitLine[][] = Array.from({ length: firstPart + query.parts.length }, () => [])
  for (const cells of rows.cells) byPart[Number(cells[0])]!.push({ ids: JSON.parse(String(cells[1])) as string[], sums: readSums(rows.columns, cells) })
  return assembleSplit(query, { totals: byPart[totalPart]![0]?.sums ?? {}, days: byPart[dayPart]!.map(({ ids, sums }) => ({ startMs: Number(ids[0]) * 1_000, sums })), parts: byPart.slice(firstPart) }, chosen)
}

/** Cuts each part at its bound and says what lies beyond. */
export function assembleSplit(
  query: SplitQuery,
  whole: { readonly totals: Sums; readonly days: CostSplit['days']; readonly parts: readonly (readonly SplitLine[])[] },
  chosen: { readonly currency: string; readonly others: readonly string[] },
): CostSplit {
  return {
    totals: whole.totals,
    parts: whole.parts.map((all) => {
      const lines = all.slice(0, query.linesMax)
      return { lines, rest: all.length > lines.length ? lessLines(whole.totals, lines) : null }
    }),
    days: [...whole.days].sort((a, b) => a.startMs - b.startMs),
    currency: chosen.currency, otherCurrencies: chosen.others,
  }
}

function lessLines(totals: Sums, lines: readonly SplitLine[]): Sums {
  return Object.fromEntries(sumNames.filter((name) => totals[name] !== undefined).map((name) => [name, lines.reduce((rest, line) => rest - (line.sums[name] ?? 0n), totals[name] ?? 0n)]))
}

function readSums(columns: readonly string[], cells: Cells): Sums {
  return Object.fromEntries(sumNames.filter((name) => columns.includes(name)).map((name) => [name, readSum(name, String(cells[columns.indexOf(name)]))]))
}
