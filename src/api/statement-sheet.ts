import type { Period } from '../base/period.ts'
import type { CostDimension } from '../core/analytics/cost-query.ts'
import type { CostSplit } from '../core/analytics/cost-split.ts'
import type { Sums } from '../core/analytics/cost-sums.ts'
import type { OrgNode } from '../store/ports.ts'
import type { Range } from './compare-range.ts'
import type { Cell, Sheet } from './exports.ts'
import type { OrgTree } from './org-tree.ts'
import { figuresOf } from './statement-figures.ts'

/** What tells the rows of a statement's file apart. */
export const sheetDimensions = ['team', 'app', 'cost_centre', 'workflow', 'provider', 'model'] as const satisfies readonly CostDimension[]

interface Given {
  readonly tree: OrgTree
  readonly node: OrgNode
  readonly month: string
  readonly period: Period
  readonly range: Range
  readonly asOfMs: number
  readonly split: CostSplit
}
interface Row { readonly kind: 'usage' | 'rest' | 'total'; readonly ids: readonly string[]; readonly sums: Sums }
type Column = readonly [name: string, cell: (row: Row, given: Given) => Cell]

const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
const idOf = (row: Row, dimension: (typeof sheetDimensions)[number]): string | null => row.ids[sheetDimensions.indexOf(dimension)] || null
const figure = (name: keyof ReturnType<typeof figuresOf>) => (row: Row): Cell => figuresOf(row.sums)[name]
const nodeName = (dimension: 'team' | 'app') => (row: Row, { tree }: Given): Cell => {
  const id = idOf(row, dimension)
  return id === null ? null : (tree.get(id)?.name ?? id)
}
const describe = (row: Row): string =>
  row.kind === 'total' ? 'Total' : row.kind === 'rest' ? 'Everything beyond the rows above' : `Usage of ${idOf(row, 'model') ?? idOf(row, 'provider') ?? 'an HTTP API'}`

/**
 * Columns of FOCUS 1.4 by their own names, then ours with x_. A showback bills nobody, so BilledCost is 0 in every row; what
 * is to be borne stands in EffectiveCost. Absent values are empty cells.
 */
const columns: readonly Column[] = [
  ['BillingAccountId', (_, { tree }) => tree.root?.id ?? ''], ['BillingAccountName', (_, { tree }) => tree.root?.name ?? ''],
  ['SubAccountId', (row) => idOf(row, 'cost_centre')], ['SubAccountName', (row) => idOf(row, 'cost_centre')],
  ['BillingPeriodStart', (_, { period }) => instant(period.startMs)], ['BillingPeriodEnd', (_, { period }) => instant(period.endMs)],
  ['ChargePeriodStart', (_, { range }) => instant(range.fromMs)], ['ChargePeriodEnd', (_, { range }) => instant(range.toMs)],
  ['ChargeCategory', () => 'Usage'], ['ChargeFrequency', () => 'Usage-Based'], ['ChargeDescription', describe],
  ['ServiceProviderName', (row) => idOf(row, 'provider')], ['ServiceCategory', () => 'AI and Machine Learning'], ['ServiceName', () => 'Inference API'],
  ['BillingCurrency', (_, { split }) => split.currency], ['BilledCost', () => '0'],
  ['EffectiveCost', figure('cost')], ['ContractedCost', figure('cost')], ['ListCost', figure('listCost')],
  ['ConsumedQuantity', figure('tokens')], ['ConsumedUnit', () => 'Tokens'],
  ['x_RowType', (row) => row.kind], ['x_NodeId', (_, { node }) => node.id], ['x_NodeName', (_, { node }) => node.name],
  ['x_TeamId', (row) => idOf(row, 'team')], ['x_TeamName', nodeName('team')], ['x_AppId', (row) => idOf(row, 'app')], ['x_AppName', nodeName('app')],
  ['x_Workflow', (row) => idOf(row, 'workflow')], ['x_ModelId', (row) => idOf(row, 'model')],
  ['x_RequestCount', figure('calls')], ['x_RefusalCount', figure('refusals')], ['x_InputTokens', figure('inputTokens')], ['x_OutputTokens', figure('outputTokens')],
  ['x_Saving', figure('saving')], ['x_UncertainCost', figure('uncertainCost')], ['x_UnpricedCalls', figure('unpricedCalls')],
]

/** A statement as a file: its rows and the total add up by construction, because they were read together. */
export function statementSheet(given: Given): Sheet {
  const [part] = given.split.parts
  const rows: Row[] = (part?.lines ?? []).map(({ ids, sums }) => ({ kind: 'usage', ids, sums }))
  if (part?.rest) rows.push({ kind: 'rest', ids: [], sums: part.rest })
  const cells = (row: Row): Cell[] => columns.map(([, cell]) => cell(row, given))
  return {
    name: `tollgate-statement-${given.month}-${given.node.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '') || given.node.kind}`,
    columns: columns.map(([name]) => name), rows: rows.map(cells), totals: cells({ kind: 'total', ids: [], sums: given.split.totals }), generatedAtMs: given.asOfMs,
  }
}
