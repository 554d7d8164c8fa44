import { useQuery } from '@tanstack/react-query'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { BudgetBar } from '../../design/budget-bar.tsx'
import { Quantity } from '../../design/quantity.tsx'
import { Skeleton } from '../../design/state.tsx'
import { compareDecimals, ratioOf } from '../../format/decimal.ts'
import { exactCount, formatShare } from '../../format/quantity.ts'
import { DrawerSection } from '../calls/drawer-section.tsx'
import { bodyOf, isKnownZone, readLimit, type BudgetDraft } from './budget-draft.ts'
import { budgetPreviewQuery, type BudgetBody, type BudgetPreview, type PacedBudget } from './budget-queries.ts'
import { tupleName } from './budget-tree.ts'
import { perText, windowName, windowNames } from './budget-words.ts'

/** A value that has stood still for a moment. */
function useSettled<Value>(value: Value, key: string): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), 350)
    return () => clearTimeout(timer)
    // The key stands for the value, which is made anew each time.
  }, [key])
  return settled
}

/** What the budget would cover and has to count already, from the same records, before anything is saved. */
export function BudgetPreviewPanel({ draft, rootId, budget }: { readonly draft: BudgetDraft; readonly rootId: string; readonly budget: PacedBudget | undefined }): ReactNode {
  const limit = readLimit(draft.limit)
  const whole = limit !== null && (draft.measure === 'cost' || !limit.includes('.')) ? limit : '0'
  const body = bodyOf(draft, rootId, 'preview', whole)
  const asked: BudgetBody = useSettled({ ...body, outputCapDefault: 1 }, JSON.stringify(body))
  const { data, error, isFetching } = useQuery({ ...budgetPreviewQuery(asked), placeholderData: (before) => before })
  return (
    <DrawerSection title={budget === undefined ? 'Before you save' : 'With this limit'} aside={isFetching && data !== undefined ? <span className="label-quiet">Counting…</span> : undefined}>
      <div aria-live="polite">
        {data === undefined ? (error === null ? <Skeleton className="h-16" /> : <p className="text-sm text-ink-2">{error.message}</p>)
          : <Foreseen preview={data} draft={draft} limit={whole === '0' && limit !== '0' ? null : limit} />}
      </div>
    </DrawerSection>
  )
}

function Foreseen({ preview, draft, limit }: { readonly preview: BudgetPreview; readonly draft: BudgetDraft; readonly limit: string | null }): ReactNode {
  const of = { measure: draft.measure, currency: draft.currency }
  // What is typed may be half a zone; the figures are still those of the last whole one.
  const zone = isKnownZone(draft.zone.trim()) ? draft.zone.trim() : 'UTC'
  const name = (period: { readonly startMs: number; readonly endMs: number }): string => windowName(draft.unit, zone, period.startMs, period.endMs)
  const fullest = preview.windows[0]
  return (
    <div className="flex flex-col gap-3 text-sm">
      <p>
        It covers <span className="font-medium">{preview.scopeName}</span>, where <span className="font-medium"><Quantity text={preview.used} of={of} /></span> {preview.used === '1' ? 'was' : 'were'} used in {name(preview)} so far
        {draft.per.length > 0 && <>, by {preview.windowsCount === 1 ? 'one' : exactCount(preview.windowsCount)} {preview.windowsCount === 1 ? perText(draft.per) : `different values of ${perText(draft.per)}`}</>}. It counts from the first moment.
      </p>
      {limit !== null && fullest !== undefined && (
        <div>
          <BudgetBar committed={fullest.committed} held="0" limit={limit} />
          <p className="label-quiet mt-1.5">{draft.per.length > 0 && <>{tupleName(fullest)}, the fullest: </>}<Quantity text={fullest.committed} of={of} /> of <Quantity text={limit} of={of} />{fullest.usedRatio !== null && `, ${formatShare(fullest.usedRatio)}`}</p>
        </div>
      )}
      {limit !== null && <Verdict preview={preview} draft={draft} />}
      {preview.past.length > 0 && preview.past.every((period) => period.used === '0') && <p className="text-ink-2">Nothing was used in the {preview.past.length === 1 ? windowNames[draft.unit] : `${preview.past.length} ${windowNames[draft.unit]}s`} before.</p>}
      {preview.past.some((period) => period.used !== '0') && (
        <table className="w-full text-sm">
          <caption className="label-quiet pb-1 text-left">{draft.per.length > 0 ? 'The fullest one before' : 'The same before'}</caption>
          <tbody>{preview.past.map((period) => {
            const share = limit === null ? null : ratioOf(period.used, limit)
            return (
              <tr key={period.startMs} className="border-t border-line">
                <th scope="row" className="py-1.5 text-left font-normal text-ink-2">{name(period)}</th>
                <td className="py-1.5 text-right"><Quantity text={period.used} of={of} /></td>
                <td className={`w-40 py-1.5 text-right ${limit !== null && compareDecimals(period.used, limit) >= 0 && period.used !== '0' ? 'text-bad' : 'text-ink-3'}`}>{share === null ? '' : share >= 1 ? `would have run out` : formatShare(share)}</td>
              </tr>
            )
          })}</tbody>
        </table>
      )}
    </div>
  )
}

/** What saving does at once. */
function Verdict({ preview, draft }: { readonly preview: BudgetPreview; readonly draft: BudgetDraft }): ReactNode {
  const over = preview.overCount
  if (over === 0) return <p className="flex items-start gap-2 text-good"><CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0" />Nothing is refused when you save it.</p>
  const who = draft.per.length === 0 ? 'It is used up already' : `${exactCount(over)} of ${exactCount(preview.windowsCount)} are used up already`
  return (
    <p className="flex items-start gap-2 text-warn">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span>{who}. {draft.hard ? `${draft.per.length === 0 ? 'Its' : 'Their'} calls are refused from the moment you save it.` : 'Being soft, it refuses nothing.'}</span>
    </p>
  )
}
