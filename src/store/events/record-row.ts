import { formatAmount, parseAmount, type Amount } from '../../base/money.ts'
import { assert } from '../../base/assert.ts'
import type { CostLine, UsageRecord } from '../../core/usage/usage-record.ts'
import { inputTokens, outputTokens, sumOf, type Usage } from '../../core/usage/usage.ts'
import type { StoredRecord } from '../ports.ts'
import { wellFormed } from './storable-record.ts'

const amount = (value: Amount | null): string | null => (value === null ? null : formatAmount(value))

/** Cost lines as the column keeps them: JSON, amounts as decimal strings. */
const linesText = (lines: readonly CostLine[]): string => JSON.stringify(lines.map((line) => ({ ...line, amount: amount(line.amount), listAmount: amount(line.listAmount) })))

/**
 * A usage record as a row of the table `usage_record`: one list of columns with how each is written, so that the insert's
 * columns and values cannot drift apart.
 */
type Cell = string | number | null | readonly string[] | Readonly<Record<string, unknown>>
type Writer = (r: UsageRecord, batchId: string, recordedAt: number) => Cell

const writers: readonly (readonly [column: string, write: Writer])[] = [
  ['org_id', (r) => r.caller.orgId],
  ['at', (r) => r.at],
  ['event_id', (r) => r.eventId],
  ['call_id', (r) => r.callId],
  ['kind', (r) => r.kind],
  ['is_call', (r) => Number(r.isCall)],
  ['corrects', (r) => r.corrects],
  ['occurred_at', (r) => r.occurredAt],
  ['first_byte_at', (r) => r.firstByteAt],
  ['end_at', (r) => r.endAt],
  ['recorded_at', (_r, _batchId, recordedAt) => recordedAt],
  ['batch_id', (_r, batchId) => batchId],
  ['org_name', (r) => r.caller.orgName],
  ['unit_id', (r) => r.caller.unitId],
  ['unit_name', (r) => r.caller.unitName],
  ['team_id', (r) => r.caller.teamId],
  ['team_name', (r) => r.caller.teamName],
  ['app_id', (r) => r.caller.appId],
  ['app_name', (r) => r.caller.appName],
  ['key_id', (r) => r.caller.keyId],
  ['key_name', (r) => r.caller.keyName],
  ['cost_centre', (r) => r.caller.costCentre],
  ['node_path', (r) => r.caller.nodePath],
  ['end_user', (r) => r.attribution.user],
  ['agent', (r) => r.attribution.agent],
  ['workflow', (r) => r.attribution.workflow],
  ['run', (r) => r.attribution.run],
  ['parent_run', (r) => r.attribution.parentRun],
  ['step', (r) => r.attribution.step],
  ['session', (r) => r.attribution.session],
  ['tags', (r) => r.attribution.tags],
  ['attribution_rule', (r) => r.attribution.rule],
  ['provider', (r) => r.provider],
  ['route', (r) => r.route],
  ['host', (r) => r.host],
  ['region', (r) => r.region],
  ['requested_model', (r) => r.requestedModel],
  ['served_model', (r) => r.servedModel],
  ['endpoint', (r) => r.endpoint],
  ['tier', (r) => r.tier],
  ['stream', (r) => Number(r.stream)],
  ['attempt', (r) => r.attempt],
  ['fallback_of', (r) => r.fallbackOf],
  ['upstream_request_id', (r) => r.upstreamRequestId],
  ['usage', (r) => r.usage],
  ['input_tokens', (r) => inputTokens(r.usage)],
  ['output_tokens', (r) => outputTokens(r.usage)],
  ['cache_read_tokens', (r) => sumOf(r.usage, ['cache_read', 'cache_read_audio', 'cache_read_image'])],
  ['cache_write_tokens', (r) => sumOf(r.usage, ['cache_write', 'cache_write_5m', 'cache_write_1h'])],
  ['reasoning_tokens', (r) => sumOf(r.usage, ['output_reasoning'])],
  ['quality', (r) => r.quality],
  ['pricing', (r) => r.pricing],
  ['lines', (r) => linesText(r.lines)],
  ['cost', (r) => amount(r.cost)],
  ['list_cost', (r) => amount(r.listCost)],
  ['currency', (r) => r.currency],
  ['stated_cost', (r) => r.statedCost],
  ['bound', (r) => amount(r.bound)],
  ['price_version', (r) => r.priceVersion],
  ['status', (r) => r.status],
  ['upstream_status', (r) => r.upstreamStatus],
  ['error_class', (r) => r.errorClass],
  ['error_code', (r) => r.errorCode],
  ['request_bytes', (r) => r.requestBytes],
  ['response_bytes', (r) => r.responseBytes],
  ['request_hash', (r) => r.requestHash],
  ['prefix_hash', (r) => r.prefixHash],
  ['raw_usage', (r) => r.rawUsage],
  ['unknown_usage_keys', (r) => r.unknownUsageKeys],
  ['notices', (r) => r.notices],
]

export const recordColumns: readonly string[] = writers.map(([column]) => column)

const cellWriters: readonly Writer[] = writers.map(([, write]) => write)

/**
 * Storable records as the columns and the rows of an insert, one array of cells per line; instants are whole milliseconds, which the
 * engine reads as such. Columns in which no row says anything are left out: that is a third of them, and reading a cell costs the
 * engine more than its own default, which is the same.
 */
export function insertText(rows: readonly UsageRecord[], batchId: string, recordedAt: number): { readonly columns: readonly string[]; readonly lines: string } {
  const cells = rows.map((row) => cellWriters.map((write) => write(row, batchId, recordedAt)))
  const said = cellWriters.flatMap((_write, column) => (cells.every((row) => isDefault(row[column]!)) ? [] : [column]))
  const lines = cells.map((row, index) => {
    const line = JSON.stringify(said.map((column) => row[column]))
    // Lone surrogates have no UTF-8 form and would make the whole batch unstorable. JSON writes them as escapes, by which a line that may hold one is known.
    if (!line.includes('\\ud')) return line
    const clean = wellFormed(rows[index]) as UsageRecord
    return JSON.stringify(said.map((column) => cellWriters[column]!(clean, batchId, recordedAt)))
  })
  return { columns: said.map((column) => recordColumns[column]!), lines: lines.join('\n') }
}

const isDefault = (cell: Cell): boolean =>
  cell === '' || cell === 0 || cell === null || (typeof cell === 'object' && Object.keys(cell).length === 0)

/** Reads a row back; `cells` in the order of `recordColumns`, 64-bit integers and decimals as strings. */
export function recordOf(cells: readonly unknown[]): StoredRecord {
  const at = new Map(recordColumns.map((column, index) => [column, cells[index]]))
  const text = (column: string): string => String(at.get(column))
  const whole = (column: string): number => Number(at.get(column))
  const ms = (column: string): number => Date.parse(`${text(column).replace(' ', 'T')}Z`)
  return {
    kind: text('kind') as StoredRecord['kind'],
    eventId: text('event_id'), callId: text('call_id'), isCall: whole('is_call') === 1, corrects: text('corrects'),
    at: ms('at'), occurredAt: ms('occurred_at'), firstByteAt: ms('first_byte_at'), endAt: ms('end_at'),
    caller: {
      orgId: text('org_id'), orgName: text('org_name'), unitId: text('unit_id'), unitName: text('unit_name'),
      teamId: text('team_id'), teamName: text('team_name'), appId: text('app_id'), appName: text('app_name'),
      keyId: text('key_id'), keyName: text('key_name'), costCentre: text('cost_centre'), nodePath: at.get('node_path') as string[],
    },
    attribution: {
      user: text('end_user'), agent: text('agent'), workflow: text('workflow'), run: text('run'), parentRun: text('parent_run'),
      step: text('step'), session: text('session'), tags: at.get('tags') as Record<string, string>, rule: text('attribution_rule'),
    },
    provider: text('provider'), route: text('route'), host: text('host'), region: text('region'),
    requestedModel: text('requested_model'), servedModel: text('served_model'), endpoint: text('endpoint'), tier: text('tier'),
    stream: whole('stream') === 1, attempt: whole('attempt'), fallbackOf: text('fallback_of'), upstreamRequestId: text('upstream_request_id'),
    usage: Object.fromEntries(Object.entries(at.get('usage') as Record<string, unknown>).map(([name, count]) => [name, Number(count)])) as Usage,
    quality: text('quality') as StoredRecord['quality'], pricing: text('pricing') as StoredRecord['pricing'],
    lines: linesOf(text('lines')), cost: amountOrNull(at.get('cost')), listCost: amountOrNull(at.get('list_cost')),
    currency: text('currency'), statedCost: text('stated_cost'), bound: amountOrNull(at.get('bound')), priceVersion: text('price_version'),
    status: whole('status'), upstreamStatus: whole('upstream_status'), errorClass: text('error_class'), errorCode: text('error_code'),
    requestBytes: whole('request_bytes'), responseBytes: whole('response_bytes'),
    requestHash: text('request_hash'), prefixHash: text('prefix_hash'), rawUsage: text('raw_usage'),
    unknownUsageKeys: text('unknown_usage_keys'), notices: at.get('notices') as string[],
    batchId: text('batch_id'), recordedAt: ms('recorded_at'),
  }
}

function linesOf(json: string): readonly CostLine[] {
  const lines = JSON.parse(json) as readonly Readonly<Record<string, unknown>>[]
  return lines.map((line) => ({ ...line, amount: amountOrNull(line['amount']), listAmount: amountOrNull(line['listAmount']) }) as unknown as CostLine)
}

function amountOrNull(value: unknown): Amount | null {
  if (value === null || value === undefined) return null
  const parsed = parseAmount(String(value))
  assert(parsed.ok, 'a stored amount must be a decimal')
  return parsed.value
}
