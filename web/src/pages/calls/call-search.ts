import type { RecordMatch, RecordRange, RecordSummary } from '../../api/queries.ts'

/** Stands in the address for calls that nobody pays for yet. */
export const noCostCentre = 'none'
/** Stands in the address for calls that lack the field. */
const missing = '~'

/** Filters of the Calls page, all of them in the address so that a view can be sent to a colleague. */
export interface CallSearch {
  readonly unit?: string
  readonly team?: string
  readonly app?: string
  readonly key?: string
  readonly model?: string
  readonly provider?: string
  readonly workflow?: string
  readonly run?: string
  readonly user?: string
  readonly agent?: string
  readonly session?: string
  readonly endpoint?: string
  readonly status?: CallStatus
  readonly quality?: string
  readonly pricing?: string
  readonly call?: string
  /** A cost centre, or `noCostCentre`. */
  readonly cost_centre?: string
  readonly range?: CallRange
  /** An own range instead, Unix milliseconds; `to` is left out while it still runs. */
  readonly from?: number
  readonly to?: number
  /** Dearest first; left out while it is newest first. */
  readonly order?: 'cost'
  /** The call whose explanation is open. */
  readonly event?: string
}

export const callStatuses = ['ok', 'refused', 'provider_error', 'timeout', 'reset', 'unreachable', 'client_gone', 'truncated', 'malformed'] as const
export type CallStatus = (typeof callStatuses)[number]
export const statusNames: Readonly<Record<CallStatus, string>> = {
  ok: 'Succeeded', refused: 'Refused', provider_error: 'Provider error', timeout: 'Timed out', reset: 'Connection reset',
  unreachable: 'Unreachable', client_gone: 'Client left', truncated: 'Cut short', malformed: 'Unreadable',
}
export const callRanges = ['15m', '1h', '24h', '7d', '30d', '90d'] as const
export type CallRange = (typeof callRanges)[number]
export const rangeMs: Readonly<Record<CallRange, number>> = { '15m': 900_000, '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000, '90d': 7_776_000_000 }
export const rangeNames: Readonly<Record<CallRange, string>> = { '15m': 'Last 15 minutes', '1h': 'Last hour', '24h': 'Last 24 hours', '7d': 'Last 7 days', '30d': 'Last 30 days', '90d': 'Last 90 days' }

const matchNames = ['unit', 'team', 'app', 'key', 'model', 'provider', 'workflow', 'agent', 'run', 'user', 'session', 'endpoint', 'quality', 'pricing', 'call', 'cost_centre'] as const
type MatchName = (typeof matchNames)[number]

/** Keeps what is known and well formed; a hand-edited address never breaks the page. */
export function readCallSearch(raw: Readonly<Record<string, unknown>>): CallSearch {
  const kept: Record<string, string> = {}
  for (const name of [...matchNames, 'event'] as const) {
    const value = raw[name]
    if (typeof value === 'string' && value !== '') kept[name] = value
    if (typeof value === 'number') kept[name] = String(value)
  }
  const { status, range } = raw
  return {
    ...kept,
    ...(callStatuses.includes(status as CallStatus) ? { status: status as CallStatus } : {}),
    ...(callRanges.includes(range as CallRange) ? { range: range as CallRange } : {}),
    ...ownRange(raw['from'], raw['to']),
    ...(raw['order'] === 'cost' ? { order: 'cost' } : {}),
  }
}

const isInstant = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

function ownRange(from: unknown, to: unknown): Pick<CallSearch, 'from' | 'to'> {
  if (!isInstant(from)) return {}
  return isInstant(to) && to > from ? { from, to } : { from }
}

/** The filters as the records list names them. */
export function matchOf(search: CallSearch): RecordMatch {
  const match: Record<string, string> = {}
  for (const name of matchNames) if (search[name] !== undefined) match[name] = search[name] === missing ? '' : search[name]
  if (search.cost_centre === noCostCentre) match['cost_centre'] = ''
  if (search.status === 'refused') match['kind'] = 'refusal'
  else if (search.status !== undefined) match['error_class'] = search.status === 'ok' ? '' : search.status
  return match
}

/** `toMs` stays open so that the list ends now; the start moves in whole minutes, so that a question can be cached. */
export function rangeOf(search: CallSearch, nowMs: number): RecordRange {
  if (search.from !== undefined) return { fromMs: search.from, toMs: search.to }
  return { fromMs: Math.floor((nowMs - rangeMs[search.range ?? '24h']) / 60_000) * 60_000 }
}

export const filterCount = (search: CallSearch): number => matchNames.filter((name) => search[name] !== undefined).length + (search.status === undefined ? 0 : 1)

/** Whether a row is of the pricing state asked for; incomplete is unpriced or partly priced, as the API has it. */
const isPricing = (wanted: string, row: RecordSummary): boolean => (wanted === 'incomplete' ? row.pricing === 'unpriced' || row.pricing === 'partial' : row.pricing === wanted)

const memberOf: Readonly<Record<MatchName, (row: RecordSummary) => string>> = {
  unit: (row) => row.caller.unitId, team: (row) => row.caller.teamId, app: (row) => row.caller.appId, key: (row) => row.caller.keyId,
  model: (row) => row.servedModel || row.requestedModel, provider: (row) => row.provider, workflow: (row) => row.attribution.workflow,
  agent: (row) => row.attribution.agent, session: (row) => row.attribution.session, endpoint: (row) => row.endpoint,
  run: (row) => row.attribution.run, user: (row) => row.attribution.user, quality: (row) => row.quality, pricing: (row) => row.pricing, call: (row) => row.callId, cost_centre: (row) => row.caller.costCentre || noCostCentre,
}

/** Whether a row of the live tail belongs to this view; the stream itself knows fewer filters. */
export function covers(search: CallSearch, row: RecordSummary): boolean {
  if (search.status !== undefined && search.status !== statusOf(row)) return false
  if (search.from !== undefined && (row.at < search.from || row.at >= (search.to ?? Infinity))) return false
  return matchNames.every((name) => search[name] === undefined || (name === 'pricing' ? isPricing(search[name], row) : memberOf[name](row) === (search[name] === missing ? '' : search[name])))
}

export function statusOf(row: Pick<RecordSummary, 'kind' | 'errorClass'>): CallStatus {
  if (row.kind === 'refusal') return 'refused'
  if (row.errorClass === '') return 'ok'
  return callStatuses.find((status) => status === row.errorClass) ?? 'provider_error'
}
