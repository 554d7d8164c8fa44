/**
 * Ranges as a reader names them, in the address and on the button: a preset's word, or two days "2026-10-01..2026-10-31",
 * both included. Days, weeks and months are those of the reader's clock.
 */
export const rangePresets = ['24h', '7d', '30d', '90d', 'month', 'last_month'] as const
export type RangePreset = (typeof rangePresets)[number]
export type RangeChoice = RangePreset | `${string}..${string}`
export const presetNames: Readonly<Record<RangePreset, string>> = {
  '24h': 'Last 24 hours', '7d': 'Last 7 days', '30d': 'Last 30 days', '90d': 'Last 90 days', month: 'This month', last_month: 'Last month',
}

export interface Span { readonly fromMs: number; readonly toMs: number }

const day = /^(\d{4})-(\d{2})-(\d{2})$/
const isPreset = (text: unknown): text is RangePreset => (rangePresets as readonly unknown[]).includes(text)

/** Midnight of a day written 2026-10-01, `later` days after it; null for what is no day. */
function midnightOf(text: string, later = 0): number | null {
  const [, year, month, date] = day.exec(text) ?? []
  if (year === undefined) return null
  const at = new Date(Number(year), Number(month) - 1, Number(date))
  // The 31st of February would quietly become a day of March.
  if (at.getMonth() !== Number(month) - 1 || at.getDate() !== Number(date)) return null
  return new Date(Number(year), Number(month) - 1, Number(date) + later).getTime()
}

/** Keeps what is a range; anything else is null. */
export function readRange(text: unknown): RangeChoice | null {
  if (isPreset(text)) return text
  if (typeof text !== 'string') return null
  const [first = '', last = '', ...more] = text.split('..')
  const [from, to] = [midnightOf(first), midnightOf(last)]
  return from === null || to === null || from > to || more.length > 0 ? null : `${first}..${last}`
}

/** The instants of a range, half-open. What still runs ends at `nowMs`. */
export function spanOf(choice: RangeChoice, nowMs: number): Span {
  const now = new Date(nowMs)
  const midnight = (dayOffset: number): number => new Date(now.getFullYear(), now.getMonth(), now.getDate() + dayOffset).getTime()
  const monthStart = (monthOffset: number): number => new Date(now.getFullYear(), now.getMonth() + monthOffset, 1).getTime()
  switch (choice) {
    case '24h': return { fromMs: new Date(nowMs - 24 * 3_600_000).setMinutes(0, 0, 0), toMs: nowMs }
    case '7d': return { fromMs: midnight(-6), toMs: nowMs }
    case '30d': return { fromMs: midnight(-29), toMs: nowMs }
    case '90d': return { fromMs: midnight(-89), toMs: nowMs }
    case 'month': return { fromMs: monthStart(0), toMs: Math.max(nowMs, monthStart(0) + 60_000) }
    case 'last_month': return { fromMs: monthStart(-1), toMs: monthStart(0) }
    default: return customSpan(choice, nowMs)
  }
}

function customSpan(choice: string, nowMs: number): Span {
  const [first = '', last = ''] = choice.split('..')
  const fromMs = midnightOf(first) ?? nowMs - 86_400_000
  const toMs = midnightOf(last, 1) ?? nowMs
  // A range that has begun ends now at the latest: nothing happened later.
  return { fromMs, toMs: fromMs < nowMs ? Math.min(toMs, nowMs) : toMs }
}

/** "2026-10-01" on the reader's clock. */
export function dayText(ms: number): string {
  const at = new Date(ms)
  return `${String(at.getFullYear()).padStart(4, '0')}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`
}
