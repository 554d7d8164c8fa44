import { amountOf, formatAmount, type Amount } from '../../base/money.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { nothingSaid } from './attribution.ts'
import { pricingStates, qualities, recordKinds, type Attribution, type CallerPath, type CostLine, type UsageRecord } from './usage-record.ts'
import { usageComponents, type Usage, type UsageComponent } from './usage.ts'

/**
 * The journal's and the wire's form of a usage record: JSON with amounts as decimal strings, everything else as it
 * is. Members that say nothing ('', 0, false, null, an empty list) are left out, and of a cost line what equals its
 * contract side; `decode` puts them back. Written member by member, because this is done twice per call: a third of
 * the cost of building a second object and giving it to JSON.stringify. `decode` checks what later code relies on, so
 * that one bad row is quarantined and never half stored.
 *
 * `callText` is `encodeCallPart` of the same call, for whoever writes the call twice.
 */
export function encodeUsageRecord(usageRecord: UsageRecord, callText: string = encodeCallPart(usageRecord)): string {
  const r = usageRecord
  const cost = amountMember('cost', r.cost)
  return (
    `{${callText},"quality":"${r.quality}","pricing":"${r.pricing}"${text('corrects', r.corrects)}` +
    `${number('firstByteAt', r.firstByteAt)},"endAt":${r.endAt}${text('servedModel', r.servedModel)}${text('tier', r.tier)}` +
    `${text('upstreamRequestId', r.upstreamRequestId)}${usageMember(r.usage)}${linesMember(r.lines)}` +
    `${cost}${r.listCost === r.cost ? listAsCost : amountMember('listCost', r.listCost)}${text('currency', r.currency)}${text('statedCost', r.statedCost)}` +
    `${amountMember('bound', r.bound)}${number('status', r.status)}${number('upstreamStatus', r.upstreamStatus)}` +
    `${text('errorClass', r.errorClass)}${text('errorCode', r.errorCode)}${number('responseBytes', r.responseBytes)}${text('rawUsage', r.rawUsage)}` +
    `${text('unknownUsageKeys', r.unknownUsageKeys)}${r.notices.length === 0 ? '' : `,"notices":${JSON.stringify(r.notices)}`}}`
  )
}

/** What is known of a call before it leaves and never changes. */
type CallPart = Pick<UsageRecord, 'kind' | 'eventId' | 'callId' | 'isCall' | 'at' | 'occurredAt' | 'caller' | 'attribution' | 'provider' | 'route' | 'host' | 'region' |
  'requestedModel' | 'endpoint' | 'stream' | 'attempt' | 'fallbackOf' | 'requestBytes' | 'requestHash' | 'prefixHash' | 'priceVersion'>

/** The first members of the record's text, without its braces. */
export function encodeCallPart(call: CallPart): string {
  return (
    `"kind":"${call.kind}","eventId":"${call.eventId}","callId":"${call.callId}"${call.isCall ? ',"isCall":true' : ''},"at":${call.at},"occurredAt":${call.occurredAt},` +
    `"caller":${callerText(call.caller)}${attributionMember(call.attribution)}${text('provider', call.provider)}${text('route', call.route)}${text('host', call.host)}` +
    `${text('region', call.region)}${text('requestedModel', call.requestedModel)}${text('endpoint', call.endpoint)}${call.stream ? ',"stream":true' : ''}` +
    `,"attempt":${call.attempt}${text('fallbackOf', call.fallbackOf)}${number('requestBytes', call.requestBytes)}${text('requestHash', call.requestHash)}` +
    `${text('prefixHash', call.prefixHash)}${text('priceVersion', call.priceVersion)}`
  )
}

const text = (name: string, value: string): string => (value === '' ? '' : `,"${name}":${JSON.stringify(value)}`)
const number = (name: string, value: number): string => (value === 0 ? '' : `,"${name}":${value}`)
const amountMember = (name: string, amount: Amount | null): string => (amount === null ? '' : `,"${name}":"${formatAmount(amount)}"`)
/** Says that the list cost is the cost. */
const listAsCost = ',"listCost":true'

/** A caller is one object for as long as a snapshot lives, and a third of a record's text. */
const writtenCallers = new WeakMap<CallerPath, string>()
function callerText(caller: CallerPath): string {
  let written = writtenCallers.get(caller)
  if (written === undefined) {
    written = JSON.stringify(caller)
    writtenCallers.set(caller, written)
  }
  return written
}

function attributionMember(attribution: Attribution): string {
  if (attribution === nothingSaid) return ''
  let said = ''
  for (const name of attributionTexts) said += text(name, attribution[name])
  for (const _name in attribution.tags) {
    said += `,"tags":${JSON.stringify(attribution.tags)}`
    break
  }
  return said === '' ? '' : `,"attribution":{${said.slice(1)}}`
}

function usageMember(usage: Usage): string {
  let counts = ''
  for (const component in usage) counts += `${counts === '' ? '' : ','}"${component}":${usage[component as UsageComponent]!}`
  return counts === '' ? '' : `,"usage":{${counts}}`
}

function linesMember(lines: readonly CostLine[]): string {
  if (lines.length === 0) return ''
  let written = ''
  for (const line of lines) {
    written +=
      `${written === '' ? '' : ','}{"component":"${line.component}","quantity":${line.quantity},"unit":"${line.unit}","per":${line.per}` +
      `${line.entryId === null ? '' : `,"entryId":${JSON.stringify(line.entryId)}`}${line.rate === null ? '' : `,"rate":${JSON.stringify(line.rate)}`}${amountMember('amount', line.amount)}` +
      `${line.listAmount === line.amount ? '' : `,"listAmount":${amountOrNullText(line.listAmount)}`}${line.listEntryId === line.entryId ? '' : `,"listEntryId":${JSON.stringify(line.listEntryId)}`}}`
  }
  return `,"lines":[${written}]`
}
const amountOrNullText = (amount: Amount | null): string => (amount === null ? 'null' : `"${formatAmount(amount)}"`)

const texts = [
  'corrects', 'provider', 'route', 'host', 'region', 'requestedModel', 'servedModel', 'endpoint', 'tier', 'fallbackOf', 'upstreamRequestId', 'currency',
  'statedCost', 'priceVersion', 'errorClass', 'errorCode', 'requestHash', 'prefixHash', 'rawUsage', 'unknownUsageKeys',
] as const
const numbers = ['at', 'occurredAt', 'endAt', 'attempt'] as const
const optionalNumbers = ['firstByteAt', 'status', 'upstreamStatus', 'requestBytes', 'responseBytes'] as const
const callerTexts = ['orgId', 'orgName', 'unitId', 'unitName', 'teamId', 'teamName', 'appId', 'appName', 'keyId', 'keyName', 'costCentre'] as const
const attributionTexts = ['user', 'agent', 'workflow', 'run', 'parentRun', 'step', 'session', 'rule'] as const
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const decimal = /^-?\d{1,23}(\.\d{1,15})?$/
const components: ReadonlySet<string> = new Set(usageComponents)

type Loose = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Loose => typeof value === 'object' && value !== null && !Array.isArray(value)
const isAmount = (value: unknown): boolean => value === null || (typeof value === 'string' && decimal.test(value))
const isStrings = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === 'string')

/** Reads a record written by `encodeUsageRecord`; the error names the member that is wrong. */
export function decodeUsageRecord(value: unknown): Result<UsageRecord, string> {
  if (!isObject(value)) return err('record is not an object')
  const wrong = firstWrong(value)
  if (wrong !== null) return err(wrong)
  const v = value as unknown as Written
  const cost = amountOrNull(v.cost ?? null)
  const { lines, usage, notices, attribution } = v
  return ok({
    kind: v.kind, eventId: v.eventId, callId: v.callId, isCall: v.isCall ?? false, corrects: v.corrects ?? '',
    at: v.at, occurredAt: v.occurredAt, firstByteAt: v.firstByteAt ?? 0, endAt: v.endAt,
    caller: v.caller, attribution: attribution === undefined ? nothingSaid : { ...nothingSaid, ...attribution },
    provider: v.provider ?? '', route: v.route ?? '', host: v.host ?? '', region: v.region ?? '',
    requestedModel: v.requestedModel ?? '', servedModel: v.servedModel ?? '', endpoint: v.endpoint ?? '', tier: v.tier ?? '', stream: v.stream ?? false,
    attempt: v.attempt, fallbackOf: v.fallbackOf ?? '', upstreamRequestId: v.upstreamRequestId ?? '',
    usage: usage ?? {}, quality: v.quality, pricing: v.pricing, lines: lines === undefined ? [] : lines.map(lineOf),
    cost, listCost: v.listCost === true ? cost : amountOrNull(v.listCost ?? null), currency: v.currency ?? '', statedCost: v.statedCost ?? '',
    bound: amountOrNull(v.bound ?? null), priceVersion: v.priceVersion ?? '', status: v.status ?? 0, upstreamStatus: v.upstreamStatus ?? 0,
    errorClass: v.errorClass ?? '', errorCode: v.errorCode ?? '', requestBytes: v.requestBytes ?? 0, responseBytes: v.responseBytes ?? 0,
    requestHash: v.requestHash ?? '', prefixHash: v.prefixHash ?? '', rawUsage: v.rawUsage ?? '', unknownUsageKeys: v.unknownUsageKeys ?? '', notices: notices ?? [],
  })
}

/** The text's members once they have been checked: those that always stand, and those left out when they say nothing. */
type Always = 'kind' | 'eventId' | 'callId' | 'at' | 'occurredAt' | 'endAt' | 'caller' | 'attempt' | 'quality' | 'pricing'
type Money = 'cost' | 'listCost' | 'bound'
type Written = Pick<UsageRecord, Always> & Partial<Omit<UsageRecord, Always | Money | 'lines' | 'attribution'>> & {
  readonly cost?: string | null
  readonly listCost?: string | true | null
  readonly bound?: string | null
  readonly lines?: readonly Loose[]
  readonly attribution?: Partial<Attribution>
}

function lineOf(line: Loose): CostLine {
  const amount = amountOrNull(line['amount'] ?? null)
  const entryId = line['entryId'] ?? null
  return {
    component: line['component'], quantity: line['quantity'], unit: line['unit'], entryId, rate: line['rate'] ?? null, per: line['per'], amount,
    listAmount: line['listAmount'] === undefined ? amount : amountOrNull(line['listAmount']), listEntryId: line['listEntryId'] === undefined ? entryId : line['listEntryId'],
  } as CostLine
}

const amountOrNull = (value: unknown): Amount | null => (value === null ? null : amountOf(value as string))

function firstWrong(value: Loose): string | null {
  for (const name of texts) if (value[name] !== undefined && typeof value[name] !== 'string') return `${name} is not text`
  for (const name of numbers) if (!Number.isSafeInteger(value[name])) return `${name} is not a whole number`
  for (const name of optionalNumbers) if (value[name] !== undefined && !Number.isSafeInteger(value[name])) return `${name} is not a whole number`
  if (!uuid.test(String(value['eventId']))) return 'eventId is not a UUID'
  if (!uuid.test(String(value['callId']))) return 'callId is not a UUID'
  if (!(recordKinds as readonly unknown[]).includes(value['kind'])) return 'kind is unknown'
  if (!(qualities as readonly unknown[]).includes(value['quality'])) return 'quality is unknown'
  if (!(pricingStates as readonly unknown[]).includes(value['pricing'])) return 'pricing is unknown'
  const { isCall = false, stream = false, cost = null, listCost = null, bound = null, caller, attribution = nothingSaid, usage = {}, lines = [], notices = [] } = value
  if (typeof isCall !== 'boolean' || typeof stream !== 'boolean') return 'isCall and stream are not booleans'
  if (!isAmount(cost)) return 'cost is not a decimal or null'
  if (!isAmount(listCost) && listCost !== true) return 'listCost is not a decimal or null'
  if (!isAmount(bound)) return 'bound is not a decimal or null'
  if (!isObject(caller) || !isStrings(caller['nodePath'])) return 'caller is malformed'
  for (const name of callerTexts) if (typeof caller[name] !== 'string') return `caller.${name} is not text`
  if (!isObject(attribution)) return 'attribution is malformed'
  const said = wrongAttribution(attribution)
  if (said !== null) return said
  if (!isObject(usage)) return 'usage is not an object'
  for (const name in usage) {
    if (!components.has(name)) return `usage.${name} is not a component`
    if (!Number.isSafeInteger(usage[name])) return `usage.${name} is not a whole number`
  }
  if (!isStrings(notices)) return 'notices are not texts'
  if (!Array.isArray(lines)) return 'lines are not a list'
  return lines.every(isLine) ? null : 'a cost line is malformed'
}

function wrongAttribution(attribution: Loose): string | null {
  for (const name of attributionTexts) if (attribution[name] !== undefined && typeof attribution[name] !== 'string') return `attribution.${name} is not text`
  const { tags = {} } = attribution
  if (!isObject(tags)) return 'attribution is malformed'
  for (const name in tags) if (typeof tags[name] !== 'string') return `tag ${name} is not text`
  return null
}

function isLine(line: unknown): boolean {
  if (!isObject(line)) return false
  const { component, quantity, unit, per, entryId = null, rate = null, amount = null, listAmount = null, listEntryId = null } = line
  return (
    components.has(component as string) && Number.isSafeInteger(quantity) && isAmount(amount) && isAmount(listAmount) && Number.isSafeInteger(per) && typeof unit === 'string' &&
    [entryId, rate, listEntryId].every((value) => value === null || typeof value === 'string')
  )
}
