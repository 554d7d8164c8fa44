import { Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Explanation } from '../../api/queries.ts'
import { Badge } from '../../design/badge.tsx'
import { CopyButton } from '../../design/copy.tsx'
import { exactMoney, formatMoney } from '../../format/money.ts'
import { exactMoment, formatMoment } from '../../format/time.ts'
import { Marks, StatusMark } from './call-marks.tsx'

/** What it cost, when, how it ended, and what is remarkable about it. */
export function CallHead({ explanation: { record, unpriced } }: { readonly explanation: Explanation }): ReactNode {
  return (
    <section aria-label="Cost" className="px-1 pt-2 pb-1">
      <div className="flex flex-wrap items-center gap-2 text-sm"><StatusMark row={record} /><Marks row={record} full /></div>
      <p className="mt-2 flex items-center gap-2 text-display font-semibold tracking-[-0.035em]">
        {record.kind === 'refusal' ? 'Not sent' : record.cost !== null ? formatMoney(record.cost, record.currency) : record.pricing === 'none' ? 'No cost' : <span className="text-warn">Unpriced</span>}
      </p>
      <p className="mt-0.5 flex flex-wrap items-center gap-x-2 text-sm text-ink-3">
        {record.cost !== null && record.kind !== 'refusal' && <span className="inline-flex items-center gap-0.5 font-mono text-xs text-ink-2">{exactMoney(record.cost, record.currency)}<CopyButton text={record.cost} label="Copy exact cost" /></span>}
        <time dateTime={exactMoment(record.at)} title={exactMoment(record.at)}>{formatMoment(record.at)}</time>
      </p>
      {unpriced.length > 0 && <p className="mt-3 flex gap-2 rounded-lg bg-warn-soft px-3 py-2 text-sm text-warn"><TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />No price is known for {unpriced.join(', ').replaceAll('_', ' ')}. It is counted and can be priced later; it is not free.</p>}
      {record.kind !== 'refusal' && record.notices.length > 0 && <p className="mt-3 flex flex-wrap gap-1.5">{record.notices.map((notice) => <NoticeBadge key={notice} notice={notice} />)}</p>}
    </section>
  )
}

/** Something that should not happen is a warning; what policy did on purpose is only said. */
function NoticeBadge({ notice }: { readonly notice: string }): ReactNode {
  const amiss = /breach|mismatch|drift|unknown|late|missing/.test(notice)
  return <Badge {...(amiss ? { icon: TriangleAlert, tone: 'warn' as const } : { icon: Info })}>{noticeText(notice)}</Badge>
}

/** "output_cap=4096" reads "output cap 4096". */
const noticeText = (notice: string): string => notice.replaceAll('_', ' ').replace('=', ' ')
