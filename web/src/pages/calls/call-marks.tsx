import { Ban, CircleCheck, CircleDot, CircleHelp, CircleX, Equal, Hourglass, Radio, Tag, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import type { RecordSummary } from '../../api/queries.ts'
import { Badge, type Tone } from '../../design/badge.tsx'
import { statusNames, statusOf } from './call-search.ts'

const refusalNames: Readonly<Record<string, string>> = {
  budget_exceeded: 'Over budget', bound_unknown: 'No bound', unpriced_under_budget: 'No price', model_not_allowed: 'Model denied',
  rate_limited: 'Rate limited', key_revoked: 'Key revoked', key_expired: 'Key expired', lease_unavailable: 'No lease', endpoint_not_metered: 'Not metered',
  attribution_required: 'Not attributed',
}

/** How the call ended, as a shape, a word and a status code. */
export function StatusMark({ row }: { readonly row: RecordSummary }): ReactNode {
  const status = statusOf(row)
  if (status === 'ok') return <span className="inline-flex items-center gap-1.5 text-ink-2"><CircleCheck aria-hidden className="size-3.5 text-good" />{row.status || 'OK'}</span>
  const refused = status === 'refused'
  const Icon = refused ? Ban : CircleX
  return (
    <span className="inline-flex items-center gap-1.5 font-medium whitespace-nowrap text-bad" title={`${row.status} ${row.errorCode || row.errorClass}`}>
      <Icon aria-hidden className="size-3.5" />{refused ? (refusalNames[row.errorCode] ?? 'Refused') : statusNames[status]}
    </span>
  )
}

interface Mark { readonly name: string; readonly text: string; readonly icon: LucideIcon; readonly tone: Tone }
const qualityMarks: Readonly<Partial<Record<RecordSummary['quality'], Mark>>> = {
  provisional: { name: 'Provisional', text: "An interim figure; the provider's closing one never came.", icon: Hourglass, tone: 'warn' },
  estimated: { name: 'Estimated', text: 'Counted by the gateway from what was relayed.', icon: Equal, tone: 'warn' },
  uncertain: { name: 'Uncertain', text: 'The outcome is not known; the bound is booked.', icon: CircleHelp, tone: 'bad' },
}
const pricingMarks: Readonly<Partial<Record<RecordSummary['pricing'], Mark>>> = {
  partial: { name: 'Partly priced', text: 'Some components have no known price.', icon: Tag, tone: 'warn' },
  unpriced: { name: 'Unpriced', text: 'No price is known for this; it is not free.', icon: Tag, tone: 'warn' },
}
const kindMarks: Readonly<Partial<Record<RecordSummary['kind'], Mark>>> = {
  adjustment: { name: 'Adjustment', text: 'Corrects an earlier record.', icon: CircleDot, tone: 'info' },
  cache_hit: { name: 'Cache hit', text: "Answered from the gateway's cache.", icon: CircleDot, tone: 'info' },
  ingested: { name: 'Ingested', text: 'Reported by another system.', icon: Radio, tone: 'info' },
}

const marksOf = (row: RecordSummary): readonly Mark[] => [kindMarks[row.kind], qualityMarks[row.quality], pricingMarks[row.pricing]].filter((mark) => mark !== undefined)

/** Everything about a record that its figures alone do not say. */
export function Marks({ row, full = false }: { readonly row: RecordSummary; readonly full?: boolean }): ReactNode {
  const marks = marksOf(row)
  if (marks.length === 0) return null
  return (
    <span className="inline-flex gap-1">
      {(full ? marks : marks.slice(0, 1)).map((mark) => <Badge key={mark.name} tone={mark.tone} icon={mark.icon} title={mark.text}>{mark.name}</Badge>)}
      {!full && marks.length > 1 && <Badge title={marks.slice(1).map((mark) => mark.name).join(', ')}>+{marks.length - 1}</Badge>}
    </span>
  )
}

/** The same as symbols, for a table cell beside a cost that itself says where there is no price. */
export function MarkSymbols({ row }: { readonly row: RecordSummary }): ReactNode {
  const marks = marksOf(row).filter((mark) => mark !== pricingMarks.unpriced)
  return marks.map(({ name, text, tone, icon: Icon }) => (
    <span key={name} role="img" aria-label={name} title={`${name}: ${text}`} className={toneText[tone]}><Icon aria-hidden className="size-3.5" /></span>
  ))
}
const toneText: Readonly<Record<Tone, string>> = { quiet: 'text-ink-2', good: 'text-good', warn: 'text-warn', bad: 'text-bad', info: 'text-info' }
