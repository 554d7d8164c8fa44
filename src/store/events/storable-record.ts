import type { UsageRecord } from '../../core/usage/usage-record.ts'

/** The engine's hours end in 2106; an instant outside is moved to the edge and the record says so. */
const storedInstantMaxMs = Date.UTC(2105, 0, 1)
const clampedNotice = 'instant_clamped'

const loneSurrogate = /\p{Surrogate}/u

/**
 * The record as every event store keeps it, so that no single row can make a batch unstorable: lone surrogates become U+FFFD
 * (they have no UTF-8 form), and instants outside the engine's range are clamped with a notice.
 */
function storableRecord(usageRecord: UsageRecord): UsageRecord {
  const clean = cleanText(usageRecord) as UsageRecord
  const instants = [clean.at, clean.occurredAt, clean.firstByteAt, clean.endAt]
  if (instants.every((ms) => ms >= 0 && ms <= storedInstantMaxMs)) return clean
  return {
    ...clean,
    at: clampInstant(clean.at), occurredAt: clampInstant(clean.occurredAt),
    firstByteAt: clampInstant(clean.firstByteAt), endAt: clampInstant(clean.endAt),
    notices: [...clean.notices, clampedNotice],
  }
}

/** The rows of a batch as stored: the last one of an event id wins. */
export function storableRows(rows: readonly UsageRecord[]): readonly UsageRecord[] {
  const byEvent = new Map<string, UsageRecord>()
  for (const row of rows) {
    const clean = storableRecord(row)
    byEvent.delete(clean.eventId)
    byEvent.set(clean.eventId, clean)
  }
  return [...byEvent.values()]
}

export const clampInstant = (ms: number): number => Math.min(Math.max(Math.trunc(ms), 0), storedInstantMaxMs)

/** The same value unless a text in it has a lone surrogate; then a copy, keys included. */
function cleanText(value: unknown): unknown {
  if (typeof value === 'string') return loneSurrogate.test(value) ? value.replace(/\p{Surrogate}/gu, '\ufffd') : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = value.map(cleanText)
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  let copy: Record<string, unknown> | null = null
  for (const [name, member] of Object.entries(value)) {
    const cleanName = cleanText(name) as string
    const cleanMember = cleanText(member)
    if (cleanName === name && cleanMember === member) continue
    copy ??= { ...(value as Record<string, unknown>) }
    if (cleanName !== name) delete copy[name]
    copy[cleanName] = cleanMember
  }
  return copy ?? value
}
