import { DateTime } from 'luxon'
import { isZone, periodAt, type Period } from '../base/period.ts'
import type { Given } from './command-line.ts'
import { UsageError } from './command-line.ts'

export const machineZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

export function zoneOf(given: Given): string {
  const zone = given.text('zone') ?? machineZone()
  if (!isZone(zone)) throw new UsageError(`--zone "${zone}" is not an IANA zone such as Europe/Berlin.`)
  return zone
}

/** An instant from "2026-11-23", "2026-11-23T14:00" (in the zone) or an ISO instant with its own offset. */
export function instantOf(flag: string, text: string, zone: string): number {
  const at = DateTime.fromISO(text, { zone })
  if (!at.isValid) throw new UsageError(`--${flag} "${text}" is not a day or an instant such as 2026-11-23 or 2026-11-23T14:00Z.`)
  return at.toMillis()
}

export function monthOf(text: string, zone: string): Period {
  const at = /^\d{4}-\d{2}$/.test(text) ? DateTime.fromISO(`${text}-15T12:00`, { zone }) : null
  if (at === null || !at.isValid) throw new UsageError(`--month "${text}" is not a month such as 2026-11.`)
  return periodAt('month', zone, at.toMillis())
}

/** --month, or --from and --to (days are meant whole, so --to includes its day); by default the month so far. */
export function rangeOf(given: Given, nowMs: number): { readonly fromMs: number; readonly toMs: number; readonly zone: string } {
  const zone = zoneOf(given)
  const [month, from, to] = [given.text('month'), given.text('from'), given.text('to')]
  if (month !== undefined && (from !== undefined || to !== undefined)) throw new UsageError('Give --month, or --from and --to, not both.')
  if (month !== undefined) return { fromMs: monthOf(month, zone).startMs, toMs: monthOf(month, zone).endMs, zone }
  const fromMs = from === undefined ? periodAt('month', zone, nowMs).startMs : instantOf('from', from, zone)
  const toMs = to === undefined ? nowMs : /^\d{4}-\d{2}-\d{2}$/.test(to) ? periodAt('day', zone, instantOf('to', to, zone)).endMs : instantOf('to', to, zone)
  if (toMs <= fromMs) throw new UsageError('The range ends before it begins: --to lies before --from.')
  return { fromMs, toMs, zone }
}

/** When something ends: a day or instant, or a while from now such as 30d or 12h. */
export function endOf(flag: string, text: string, nowMs: number): number {
  const [, count, unit] = /^(\d{1,5})([dh])$/.exec(text) ?? []
  if (count !== undefined) return nowMs + Number(count) * (unit === 'd' ? 86_400_000 : 3_600_000)
  return instantOf(flag, text, machineZone())
}
