import { TollgateError } from '../../base/errors.ts'
import { periodAt, type Period } from '../../base/period.ts'
import { limits } from '../../config/limits.ts'
import type { CostDimension } from '../../core/analytics/cost-query.ts'
import type { CostSplit, SplitPart } from '../../core/analytics/cost-split.ts'
import type { Sums } from '../../core/analytics/cost-sums.ts'
import type { OrgNode, ReadScope } from '../../store/ports.ts'
import { ratioOf } from '../budget-wire.ts'
import { previousPeriod, type Range } from '../compare-range.ts'
import type { ApiDeps } from '../deps.ts'
import { asFile } from '../exports.ts'
import type { OrgTree } from '../org-tree.ts'
import { invalidField } from '../problem.ts'
import type { Ask, Handlers } from '../registrar.ts'
import { figuresOf, statementMeasures } from '../statement-figures.ts'
import { sheetDimensions, statementSheet } from '../statement-sheet.ts'

/** The tables of a statement, in the order of its split. */
const cuts = ['unit', 'team', 'app', 'workflow', 'model', 'cost_centre'] as const satisfies readonly CostDimension[]
const unpricedRowsMax = 100

export function statementHandlers(deps: ApiDeps): Pick<Handlers, 'getStatement' | 'exportStatement'> {
  const { events } = deps
  return {
    async getStatement(ask) {
      const asked = await readAsked(deps, ask)
      const { node, tree, scope, range, zone, asOfMs, period } = asked
      const before = previousPeriod(range, zone)
      const [split, unpriced] = await Promise.all([
        events.costSplit(scope, { measures: statementMeasures, parts: cuts.map((cut) => [cut]), filters: [], zone, ...range, linesMax: limits.statementLinesMax }),
        unpricedModels(deps, asked),
      ])
      const currency = split.currency === '' ? {} : { currency: split.currency }
      const previous = await events.costSplit(scope, { measures: statementMeasures, parts: [], filters: [], zone, ...before, linesMax: 1, ...currency })
      const [units, teams, apps, workflows, models, costCentres] = split.parts.map((part, index) => tableOf(part, nameIn(tree, cuts[index]!)))
      return {
        organisation: { id: tree.root?.id ?? '', name: tree.root?.name ?? '' }, node: describeNode(tree, node),
        month: asked.month, zone, period: { fromMs: period.startMs, toMs: period.endMs }, range, state: asked.ended ? 'ended' : 'running', asOfMs,
        currency: split.currency, otherCurrencies: split.otherCurrencies, totals: figuresOf(split.totals),
        previous: { range: before, totals: figuresOf(previous.totals), changeRatio: changeOf(split.totals, previous.totals) },
        units: units!, teams: teams!, apps: apps!, workflows: workflows!, models: models!, costCentres: costCentres!,
        days: daysOf(split, range, zone, asOfMs), unpriced,
      }
    },
    async exportStatement(ask) {
      const { node, tree, scope, range, zone, asOfMs, month, period } = await readAsked(deps, ask)
      const split = await events.costSplit(scope, { measures: statementMeasures, parts: [sheetDimensions], filters: [], zone, ...range, linesMax: limits.queryRowsMax })
      return asFile(statementSheet({ tree, node, month, period, range, asOfMs, split }), ask.query.format, ask.reply)
    },
  }
}

interface Asked {
  readonly tree: OrgTree
  readonly node: OrgNode
  readonly scope: ReadScope
  readonly month: string
  readonly zone: string
  readonly period: Period
  /** What of the month is counted. */
  readonly range: Range
  readonly ended: boolean
  readonly asOfMs: number
}

/** Rights at the node, then the month as the database's clock sees it. */
async function readAsked({ control }: ApiDeps, { principal, query, requireAt }: Ask<'getStatement'> | Ask<'exportStatement'>): Promise<Asked> {
  const { tree } = principal
  requireAt(query.node)
  const node = tree.get(query.node)
  if (!node) throw new TollgateError('not_found')
  const asOfMs = await control.now()
  const { zone } = query
  const period = query.month === undefined ? periodAt('month', zone, asOfMs) : monthOf(query.month, zone)
  if (period.startMs > asOfMs) throw invalidField('month', 'This month has not begun.')
  const ended = period.endMs <= asOfMs
  return {
    tree, node, scope: { orgId: principal.orgId, nodeIds: node.parentId === null ? null : [node.id] }, zone, period, ended, asOfMs,
    // A month is named by a day in its middle, which every zone agrees on.
    month: new Date((period.startMs + period.endMs) / 2).toISOString().slice(0, 7),
    range: { fromMs: period.startMs, toMs: ended ? period.endMs : Math.max(asOfMs, period.startMs + 1) },
  }
}

function monthOf(month: string, zone: string): Period {
  return periodAt('month', zone, Date.parse(`${month}-15T12:00:00Z`))
}

function tableOf(part: SplitPart, nameOf: (id: string) => string) {
  const lines = part.lines.map(({ ids: [id = ''], sums }) => ({ id, name: nameOf(id), ...figuresOf(sums) }))
  return { lines, rest: part.rest === null ? null : figuresOf(part.rest) }
}

/** Nodes by their name now; everything else is its own name. */
function nameIn(tree: OrgTree, cut: CostDimension): (id: string) => string {
  return (id) => (['unit', 'team', 'app'].includes(cut) ? (tree.get(id)?.name ?? id) : id)
}

function describeNode(tree: OrgTree, node: OrgNode) {
  const path = tree.pathOf(node.id).map((id) => tree.get(id)!).map(({ id, kind, name }) => ({ id, kind, name }))
  return { id: node.id, kind: node.kind, name: node.name, path, costCentre: tree.costCentreOf(node.id) }
}

function changeOf(now: Sums, before: Sums): number | null {
  const cost = before.cost ?? 0n
  return cost <= 0n || (now.cost_rows ?? 0n) === 0n ? null : ratioOf((now.cost ?? 0n) - cost, cost)
}

function daysOf(split: CostSplit, range: Range, zone: string, asOfMs: number) {
  const known = new Map(split.days.map((day) => [day.startMs, figuresOf(day.sums)]))
  const days = []
  for (let at = range.fromMs; at < range.toMs;) {
    const day = periodAt('day', zone, at)
    const figures = known.get(day.startMs)
    days.push({ dayMs: day.startMs, cost: figures === undefined ? '0' : figures.cost, calls: figures?.calls ?? 0, complete: day.endMs <= asOfMs })
    at = day.endMs
  }
  return days
}

async function unpricedModels({ events }: ApiDeps, { scope, zone, range }: Asked) {
  const answer = await events.costQuery(scope, {
    measures: ['calls', 'tokens'], groupBy: ['provider', 'requested_model', 'pricing'], granularity: 'none', zone,
    filters: [{ dimension: 'pricing', op: 'in', values: ['unpriced', 'partial'] }], ...range, rowsMax: unpricedRowsMax,
  })
  return answer.rows.filter((row) => Number(row.values.calls) > 0).map((row) => ({
    provider: row.group.provider?.id ?? '', model: row.group.requested_model?.id ?? '', calls: Number(row.values.calls), tokens: Number(row.values.tokens),
    pricing: row.group.pricing?.id === 'partial' ? ('partial' as const) : ('unpriced' as const),
  }))
}
