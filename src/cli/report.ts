import type { CostAnswer, CostRow, Statement } from '../api/contract/contract.ts'
import { costDimensions, type CostDimension } from '../core/analytics/cost-query.ts'
import { nearestTo } from '../config/config.ts'
import { withApi, type ApiClient } from './api-client.ts'
import { monthOf, rangeOf, zoneOf } from './calendar.ts'
import { UsageError, type Given } from './command-line.ts'
import { findNode } from './find-node.ts'
import { readableAmount, readableCount, readableInstant, showProgress, textTable, type TextColumn } from './text-table.ts'

const measures = ['cost', 'list_cost', 'calls', 'tokens', 'unpriced_calls'] as const

/** `tollgate report`: spend by team, app, model …, or a node's month as its statement. */
export async function runReport(given: Given): Promise<number> {
  if (given.is('json') && given.is('csv')) throw new UsageError('Give --json or --csv, not both.')
  const done = showProgress('adding up')
  const said = await withApi((api) => (given.text('statement') === undefined ? costReport(api, given) : statementReport(api, given))).finally(done)
  process.stdout.write(said.endsWith('\n') ? said : `${said}\n`)
  return 0
}

async function costReport(api: ApiClient, given: Given): Promise<string> {
  const groupBy = given.texts('by').length === 0 ? (['team'] as const) : given.texts('by').map((text) => dimensionOf('by', text))
  const { fromMs, toMs, zone } = rangeOf(given, Date.now())
  const rowsMax = Number(given.text('limit') ?? 1_000)
  if (!Number.isSafeInteger(rowsMax) || rowsMax < 1) throw new UsageError('--limit takes a whole number above zero.')
  const filters = []
  for (const text of given.texts('where')) filters.push(await filterOf(api, text))
  const question = { measures, groupBy, filters, fromMs, toMs, zone, rowsMax }
  if (given.is('csv')) return api.text('POST', '/api/v1/query/export', { format: 'csv' }, question)
  const answer = await api.send<CostAnswer>('POST', '/api/v1/query', question)
  return given.is('json') ? JSON.stringify(answer, null, 2) : reportText(answer, groupBy, zone)
}

function dimensionOf(flag: string, text: string): CostDimension {
  const found = costDimensions.find((dimension) => dimension === text.replaceAll('-', '_'))
  if (found !== undefined) return found
  const nearest = nearestTo(text, costDimensions)
  throw new UsageError(`--${flag} does not know "${text}"${nearest === null ? '.' : `; did you mean ${nearest}?`} It knows ${costDimensions.join(', ')}.`)
}

async function filterOf(api: ApiClient, text: string): Promise<{ readonly dimension: CostDimension; readonly op: 'in'; readonly values: readonly string[] }> {
  const split = text.indexOf('=')
  if (split < 1) throw new UsageError(`--where takes DIMENSION=VALUE, such as team=Checkout; "${text}" is neither.`)
  const dimension = dimensionOf('where', text.slice(0, split))
  const value = text.slice(split + 1)
  const named = dimension === 'unit' || dimension === 'team' || dimension === 'app'
  return { dimension, op: 'in', values: [named && value !== '' ? (await findNode(api, value, dimension)).id : value] }
}

const amount = (name: string): TextColumn => ({ name, amount: true })
const count = (name: string): TextColumn => ({ name, right: true })
const figureColumns = [amount('Cost'), amount('List'), count('Calls'), count('Tokens'), count('Unpriced calls')]

function reportText(answer: CostAnswer, groupBy: readonly CostDimension[], zone: string): string {
  const figures = (values: CostRow['values']): readonly string[] => [
    amountOf(values.cost, values.unpriced_calls), amountOf(values.list_cost, values.unpriced_calls), readableCount(Number(values.calls ?? 0)), readableCount(Number(values.tokens ?? 0)), readableCount(Number(values.unpriced_calls ?? 0)),
  ]
  const head = `${readableInstant(answer.range.fromMs)} – ${readableInstant(answer.range.toMs)}, ${zone}${answer.currency === '' ? '' : `, ${answer.currency}`}`
  if (answer.rows.length === 0) return `${head}\n\nNothing was used in this range.`
  const notes = [
    ...(answer.truncated ? [`Only the ${answer.rows.length} largest rows are shown; the total is of all. --limit N shows more.`] : []),
    ...(answer.otherCurrencies.length > 0 ? [`There is also cost in ${answer.otherCurrencies.join(', ')}; it is in no figure here.`] : []),
  ]
  const names = groupBy.map((dimension) => ({ name: dimension.replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase()) }))
  const table = textTable(
    [...names, ...figureColumns],
    answer.rows.map((row) => [...groupBy.map((dimension) => row.group[dimension]?.name || row.group[dimension]?.id || '(none)'), ...figures(row.values)]),
    [...groupBy.map((_, index) => (index === 0 ? 'Total' : '')), ...figures(answer.totals)],
  )
  return [head, '', table, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n')
}

/** What has no price is no nought: a sum of nothing priced is said in words. */
function amountOf(value: string | number | null | undefined, unpricedCalls: string | number | null | undefined): string {
  if (Number(unpricedCalls ?? 0) > 0 && (typeof value !== 'string' || value === '0')) return 'unpriced'
  return typeof value === 'string' ? readableAmount(value) : ''
}

async function statementReport(api: ApiClient, given: Given): Promise<string> {
  if (given.text('from') !== undefined || given.text('to') !== undefined || given.texts('by').length > 0) throw new UsageError('A statement is of a whole month: give --month, and neither --from, --to nor --by.')
  const zone = zoneOf(given)
  const month = given.text('month')
  if (month !== undefined) monthOf(month, zone)
  const question = { node: (await findNode(api, given.text('statement')!)).id, month, zone }
  if (given.is('csv')) return api.text('GET', '/api/v1/statements/export', { ...question, format: 'csv' })
  const statement = await api.get<Statement>('/api/v1/statements', question)
  return given.is('json') ? JSON.stringify(statement, null, 2) : statementText(statement)
}

function statementText(statement: Statement): string {
  const { node, totals, previous, state, asOfMs } = statement
  const tables = [
    ...(node.kind === 'org' || node.kind === 'unit' ? [['Team', statement.teams] as const] : []), ...(node.kind === 'app' ? [] : [['App', statement.apps] as const]),
    ['Workflow', statement.workflows] as const, ['Model', statement.models] as const, ['Cost centre', statement.costCentres] as const,
  ]
  return [
    `${node.path.map((step) => step.name).join(' / ')}`,
    `${statement.month}, ${statement.zone}${statement.currency === '' ? '' : `, ${statement.currency}`}${node.costCentre === '' ? '' : `, cost centre ${node.costCentre}`}`,
    `${state === 'running' ? 'Month so far' : 'Month complete, not closed'}, as of ${readableInstant(asOfMs)}`,
    ...tables.flatMap(([name, table]) => ['', tableText(name, table, totals)]),
    '', `Before (${readableInstant(previous.range.fromMs)} – ${readableInstant(previous.range.toMs)}): ${readableAmount(previous.totals.cost)} on ${readableCount(previous.totals.calls)} calls`,
    ...(totals.refusals > 0 ? [`Refused: ${readableCount(totals.refusals)} calls, which cost nothing`] : []),
    ...(totals.uncertainCost === '0' ? [] : [`Booked at its bound, outcome not known: ${readableAmount(totals.uncertainCost)}`]),
    ...statement.unpriced.map((row) => `No price (${row.pricing}): ${row.provider}/${row.model}, ${readableCount(row.calls)} calls, ${readableCount(row.tokens)} tokens; in no figure above`),
  ].join('\n')
}

/** Calls without a price do not make a line that was free. */
const pricedAmount = (decimal: string | null, of: Statement['totals']): string => (of.unpricedCalls > 0 && (decimal === null || decimal === '0') ? 'unpriced' : decimal === null ? '' : readableAmount(decimal))

function tableText(name: string, table: Statement['teams'], totals: Statement['totals']): string {
  const cells = (of: Statement['totals']): readonly string[] => [readableCount(of.calls), readableCount(of.tokens), pricedAmount(of.listCost, of), pricedAmount(of.cost, of), of.saving === null ? '' : readableAmount(of.saving)]
  return textTable(
    [{ name }, count('Calls'), count('Tokens'), amount('List'), amount('Contract'), amount('Difference')],
    [...table.lines.map((line) => [line.name || '(none)', ...cells(line)]), ...(table.rest === null ? [] : [['All others', ...cells(table.rest)]])],
    ['Total', ...cells(totals)],
  )
}
