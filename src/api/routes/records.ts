import { TollgateError } from '../../base/errors.ts'
import { limits } from '../../config/limits.ts'
import type { UsageRecord } from '../../core/usage/usage-record.ts'
import type { ReadScope, RecordFilter, StoredRecord } from '../../store/ports.ts'
import type { ApiDeps } from '../deps.ts'
import { explain } from '../explain.ts'
import { asFile, type Cell } from '../exports.ts'
import { LiveTail } from '../live-tail.ts'
import { invalidField } from '../problem.ts'
import { describeRecord, summarise } from '../record-wire.ts'
import type { Ask, Handlers } from '../registrar.ts'

const dayMs = 86_400_000
type RecordHandlers = Pick<Handlers, 'listRecords' | 'exportRecords' | 'streamRecords' | 'getRecord' | 'explainRecord'>

export function recordHandlers(deps: ApiDeps): RecordHandlers {
  const { events, clock } = deps
  const tail = new LiveTail(deps.onRecords)
  const find = async (scope: ReadScope, eventId: string): Promise<StoredRecord> => {
    const [row] = await events.getRecords(scope, { eventId })
    if (!row) throw new TollgateError('not_found')
    return row
  }
  return {
    async listRecords({ query, scope }) {
      const { cursor, limit, order, ...words } = query
      const page = await events.listRecords(scope, { ...filterOf(words, clock.now()), order }, cursor ?? null, limit)
      return { rows: page.rows.map(summarise), next: page.next }
    },
    async exportRecords({ query, scope, reply }) {
      const { format, ...words } = query
      const nowMs = clock.now()
      const rows = await readAll(deps, scope, filterOf(words, nowMs))
      return asFile({ name: 'tollgate-records', columns: columns.map(([name]) => name), rows: rows.map((row) => columns.map(([, read]) => read(row))), generatedAtMs: nowMs }, format, reply)
    },
    async streamRecords({ query, scope, reply }) {
      if (!deps.onRecords) throw new TollgateError('not_found', 'This process receives no records.')
      // The contract checks answers of finished requests; a stream has none.
      tail.open(reply, (row) => isWanted(row, query, scope))
      return undefined as never
    },
    async getRecord({ params, scope }) {
      return describeRecord(await find(scope, params.eventId))
    },
    async explainRecord({ principal, params, scope }) {
      return explain(deps, principal, scope, await find(scope, params.eventId))
    },
  }
}

type Words = Omit<Ask<'exportRecords'>['query'], 'format'>

function filterOf(words: Words, nowMs: number): RecordFilter {
  const { fromMs, toMs = nowMs, ...match } = words
  const range = { fromMs: fromMs ?? toMs - dayMs, toMs }
  if (range.toMs <= range.fromMs) throw invalidField('toMs', 'The range must end after it begins.')
  if (range.toMs - range.fromMs > limits.queryRangeDaysMax * dayMs) throw invalidField('toMs', `The range is longer than ${limits.queryRangeDaysMax} days.`)
  return { range, match }
}

async function readAll({ events }: ApiDeps, scope: ReadScope, filter: RecordFilter): Promise<readonly StoredRecord[]> {
  const rows: StoredRecord[] = []
  for (let cursor: string | null = null; rows.length < limits.queryRowsMax;) {
    const page = await events.listRecords(scope, filter, cursor, Math.min(limits.pageRowsMax, limits.queryRowsMax - rows.length))
    rows.push(...page.rows)
    if (page.next === null) break
    cursor = page.next
  }
  return rows
}

function isWanted(row: UsageRecord, query: Ask<'streamRecords'>['query'], scope: ReadScope): boolean {
  const { caller } = row
  return (
    caller.orgId === scope.orgId && (scope.nodeIds === null || scope.nodeIds.some((id) => caller.nodePath.includes(id))) &&
    (query.kind === undefined || query.kind === row.kind) &&
    (query.team === undefined || query.team === caller.teamId) &&
    (query.app === undefined || query.app === caller.appId) &&
    (query.key === undefined || query.key === caller.keyId) &&
    (query.model === undefined || query.model === (row.servedModel === '' ? row.requestedModel : row.servedModel))
  )
}

const iso = (ms: number): string => new Date(ms).toISOString()
const columns: readonly (readonly [string, (row: StoredRecord) => Cell])[] = [
  ['at', (row) => iso(row.at)], ['event_id', (row) => row.eventId], ['call_id', (row) => row.callId], ['kind', (row) => row.kind],
  ['unit', (row) => row.caller.unitName], ['team', (row) => row.caller.teamName], ['app', (row) => row.caller.appName], ['key', (row) => row.caller.keyName],
  ['cost_centre', (row) => row.caller.costCentre], ['user', (row) => row.attribution.user], ['agent', (row) => row.attribution.agent],
  ['workflow', (row) => row.attribution.workflow], ['run', (row) => row.attribution.run], ['session', (row) => row.attribution.session],
  ['tags', (row) => JSON.stringify(row.attribution.tags)], ['provider', (row) => row.provider], ['requested_model', (row) => row.requestedModel],
  ['served_model', (row) => row.servedModel], ['endpoint', (row) => row.endpoint], ['usage', (row) => JSON.stringify(row.usage)],
  ['quality', (row) => row.quality], ['pricing', (row) => row.pricing], ['cost', (row) => summarise(row).cost], ['list_cost', (row) => summarise(row).listCost],
  ['currency', (row) => row.currency], ['status', (row) => row.status], ['error_class', (row) => row.errorClass],
]
