import { amountOf, formatAmount, type Amount } from '../../base/money.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { pricingStates, qualities, recordKinds, type CallerPath, type CostLine, type UsageRecord } from './usage-record.ts'
import { usageComponents } from './usage.ts'

/**
 * The journal's and the wire's form of a usage record: JSON with amounts as decimal strings, everything else as it
 * is. Written member by member, because this is done twice per call: a third of the cost of building a second
 * object and giving it to JSON.stringify. `decode` checks what later code relies on, so that one bad row is quarantined and never half stored.
 */
export function encodeUsageRecord(usageRecord: UsageRecord): string {
  const r = usageRecord
  const cost = amountText(r.cost)
  return (
    `{"kind":"${r.kind}","eventId":"${r.eventId}","callId":"${r.callId}","isCall":${r.isCall},"corrects":"${r.corrects}",` +
    `"at":${r.at},"occurredAt":${r.occurredAt},"firstByteAt":${r.firstByteAt},"endAt":${r.endAt},` +
    `"caller":${callerText(r.caller)},"attribution":${JSON.stringify(r.attribution)},` +
    `"provider":${quoted(r.provider)},"route":${quoted(r.route)},"host":${quoted(r.host)},"region":${quoted(r.region)},` +
    `"requestedModel":${quoted(r.requestedModel)},"servedModel":${quoted(r.servedModel)},"endpoint":${quoted(r.endpoint)},"tier":${quoted(r.tier)},` +
    `"stream":${r.stream},"attempt":${r.attempt},"fallbackOf":"${r.fallbackOf}","upstreamRequestId":${quoted(r.upstreamRequestId)},` +
    `"usage":${JSON.stringify(r.usage)},"quality":"${r.quality}","pricing":"${r.pricing}","lines":${linesText(r.lines)},` +
    `"cost":${cost},"listCost":${r.listCost === r.cost ? cost : amountText(r.listCost)},"currency":${quoted(r.currency)},"statedCost":${quoted(r.statedCost)},` +
    `"bound":${amountText(r.bound)},"priceVersion":${quoted(r.priceVersion)},"status":${r.status},"upstreamStatus":${r.upstreamStatus},` +
    `"errorClass":${quoted(r.errorClass)},"errorCode":${quoted(r.errorCode)},"requestBytes":${r.requestBytes},"responseBytes":${r.responseBytes},` +
    `"requestHash":${quoted(r.requestHash)},"prefixHash":${quoted(r.prefixHash)},"rawUsage":${quoted(r.rawUsage)},` +
    `"unknownUsageKeys":${quoted(r.unknownUsageKeys)},"notices":${r.notices.length === 0 ? '[]' : JSON.stringify(r.notices)}}`
  )
}

const quoted = (text: string): string => (text === '' ? '""' : JSON.stringify(text))
const amountText = (amount: Amount | null): string => (amount === null ? 'null' : `"${formatAmount(amount)}"`)

/** A caller is one object for as long as a snapshot lives, and a third of a record's text. */
const writtenCallers = new WeakMap<CallerPath, string>()
function callerText(caller: CallerPath): string {
  let text = writtenCallers.get(caller)
  if (text === undefined) {
    text = JSON.stringify(caller)
    writtenCallers.set(caller, text)
  }
  return text
}

/** Cost lines as JSON, amounts as decimal strings. */
export function linesText(lines: readonly CostLine[]): string {
  let text = '['
  for (const line of lines) {
    const amount = amountText(line.amount)
    text +=
      `${text === '[' ? '' : ','}{"component":"${line.component}","quantity":${line.quantity},"unit":"${line.unit}",` +
      `"entryId":${line.entryId === null ? 'null' : quoted(line.entryId)},"rate":${line.rate === null ? 'null' : quoted(line.rate)},"per":${line.per},` +
      `"amount":${amount},"listAmount":${line.listAmount === line.amount ? amount : amountText(line.listAmount)},` +
      `"listEntryId":${line.listEntryId === null ? 'null' : quoted(line.listEntryId)}}`
  }
  return `${text}]`
}

const texts = [
  'eventId', 'callId', 'corrects', 'provider', 'route', 'host', 'region', 'requestedModel', 'servedModel', 'endpoint', 'tier',
  'fallbackOf', 'upstreamRequestId', 'currency', 'statedCost', 'priceVersion', 'errorClass', 'errorCode', 'requestHash',
  'prefixHash', 'rawUsage', 'unknownUsageKeys',
] as const
const numbers = ['at', 'occurredAt', 'firstByteAt', 'endAt', 'attempt', 'status', 'upstreamStatus', 'requestBytes', 'responseBytes'] as const
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
  const lines = (value['lines'] as Loose[]).map((line) => ({ ...line, amount: amountOrNull(line['amount']), listAmount: amountOrNull(line['listAmount']) }) as unknown as CostLine)
  return ok({
    ...value, lines, cost: amountOrNull(value['cost']), listCost: amountOrNull(value['listCost']), bound: amountOrNull(value['bound']),
  } as unknown as UsageRecord)
}

const amountOrNull = (value: unknown): Amount | null => (value === null ? null : amountOf(value as string))

function firstWrong(value: Loose): string | null {
  for (const name of texts) if (typeof value[name] !== 'string') return `${name} is not text`
  for (const name of numbers) if (!Number.isSafeInteger(value[name])) return `${name} is not a whole number`
  if (!uuid.test(value['eventId'] as string)) return 'eventId is not a UUID'
  if (!uuid.test(value['callId'] as string)) return 'callId is not a UUID'
  if (!(recordKinds as readonly unknown[]).includes(value['kind'])) return 'kind is unknown'
  if (!(qualities as readonly unknown[]).includes(value['quality'])) return 'quality is unknown'
  if (!(pricingStates as readonly unknown[]).includes(value['pricing'])) return 'pricing is unknown'
  if (typeof value['isCall'] !== 'boolean' || typeof value['stream'] !== 'boolean') return 'isCall and stream are not booleans'
  for (const name of ['cost', 'listCost', 'bound']) if (!isAmount(value[name])) return `${name} is not a decimal or null`
  const { caller, attribution, usage, lines, notices } = value
  if (!isObject(caller) || !isStrings(caller['nodePath'])) return 'caller is malformed'
  for (const name of callerTexts) if (typeof caller[name] !== 'string') return `caller.${name} is not text`
  if (!isObject(attribution) || !isObject(attribution['tags'])) return 'attribution is malformed'
  for (const name of attributionTexts) if (typeof attribution[name] !== 'string') return `attribution.${name} is not text`
  for (const [name, tag] of Object.entries(attribution['tags'])) if (typeof tag !== 'string') return `tag ${name} is not text`
  if (!isObject(usage)) return 'usage is not an object'
  for (const [name, count] of Object.entries(usage)) {
    if (!components.has(name)) return `usage.${name} is not a component`
    if (!Number.isSafeInteger(count)) return `usage.${name} is not a whole number`
  }
  if (!isStrings(notices)) return 'notices are not texts'
  if (!Array.isArray(lines)) return 'lines are not a list'
  return lines.every(isLine) ? null : 'a cost line is malformed'
}

function isLine(line: unknown): boolean {
  return (
    isObject(line) && components.has(line['component'] as string) && Number.isSafeInteger(line['quantity']) &&
    isAmount(line['amount']) && isAmount(line['listAmount']) && Number.isSafeInteger(line['per']) && typeof line['unit'] === 'string' &&
    (line['rate'] === null || typeof line['rate'] === 'string') && (line['entryId'] === null || typeof line['entryId'] === 'string') &&
    (line['listEntryId'] === null || typeof line['listEntryId'] === 'string')
  )
}
