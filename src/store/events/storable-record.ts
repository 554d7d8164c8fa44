import type { UsageRecord } from '../../core/usage/usage-record.ts'

/** The engine's hours end in 2106; an instant outside is moved to the edge and the record says so. */
const storedInstantMaxMs = Date.UTC(2105, 0, 1)
const clampedNotice = 'instant_clamped'

/** The record as every event store keeps it: instants outside the engine's range are clamped with a notice, so that no single row can make a batch unstorable. */
function storableRecord(usageRecord: UsageRecord): UsageRecord {
  const { at, occurredAt, firstByteAt, endAt } = usageRecord
  if (inRange(at) && inRange(occurredAt) && inRange(firstByteAt) && inRange(endAt)) return usageRecord
  return {
    ...usageRecord,
    at: clampInstant(at), occurredAt: clampInstant(occurredAt), firstByteAt: clampInstant(firstByteAt), endAt: clampInstant(endAt),
    notices: [...usageRecord.notices, clampedNotice],
  }
}

const inRange = (ms: number): boolean => ms >= 0 && ms <= storedInstantMaxMs

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

/** The same value with U+FFFD in place of every lone surrogate, which has no UTF-8 form; keys included. */
export function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = value.map(wellFormed)
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  let copy: Record<string, unknown> | null = null
  for (const [name, member] of Object.entries(value)) {
    const cleanName = wellFormed(name) as string
    const cleanMember = wellFormed(member)
    if (cleanName === name && cleanMember === member) continue
    copy ??= { ...(value as Record<string, unknown>) }
    if (cleanName !== name) delete copy[name]
    copy[cleanName] = cleanMember
  }
  return copy ?? value
}
