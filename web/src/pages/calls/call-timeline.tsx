import type { ReactNode } from 'react'
import type { UsageRecord } from '../../api/queries.ts'
import { exactMoment, formatClock } from '../../format/time.ts'
import { formatDuration } from '../../format/quantity.ts'
import { DrawerSection } from './drawer-section.tsx'

/** From acceptance to the last byte, in proportion; then when it was booked. */
export function CallTimeline({ record }: { readonly record: UsageRecord }): ReactNode {
  const total = Math.max(1, record.endAt - record.occurredAt)
  const first = record.firstByteAt === 0 ? null : record.firstByteAt - record.occurredAt
  const waited = first === null ? total : first
  const moments: readonly (readonly [string, number, string])[] = [
    ['Accepted', record.occurredAt, ''],
    ['Priced as of', record.at, 'selects price, budget window and period'],
    ...(first === null ? [] : [['First byte', record.firstByteAt, `+${formatDuration(first)}`] as const]),
    ['Ended', record.endAt, `+${formatDuration(total)}`],
    ['Recorded', record.recordedAt, `+${formatDuration(Math.max(0, record.recordedAt - record.occurredAt))}`],
  ]
  return (
    <DrawerSection title="When" aside={<span className="label-quiet">{formatDuration(total)}{first === null ? '' : `, first byte after ${formatDuration(first)}`}</span>}>
      <div role="img" aria-label={first === null ? `${formatDuration(total)} without a first byte` : `${formatDuration(waited)} to the first byte, then ${formatDuration(total - waited)}`} className="mb-3 flex h-2 gap-px overflow-hidden rounded-full bg-sunken">
        <div className="hatch bg-accent-soft text-[var(--series-5)]" style={{ width: `${(waited / total) * 100}%` }} />
        <div className="flex-1 bg-accent" />
      </div>
      <dl className="grid gap-y-1 text-sm">
        {moments.map(([label, ms, note]) => (
          <div key={label} className="flex gap-2"><dt className="w-28 shrink-0 text-ink-3">{label}</dt><dd title={exactMoment(ms)}>{formatClock(ms)}</dd>{note !== '' && <dd className="text-ink-3">{note}</dd>}</div>
        ))}
      </dl>
      <p className="label-quiet mt-3 break-all">Journal block <span className="font-mono text-2xs">{record.batchId}</span></p>
    </DrawerSection>
  )
}
