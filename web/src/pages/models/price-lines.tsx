import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState, type ReactNode } from 'react'
import { Badge } from '../../design/badge.tsx'
import { Button } from '../../design/button.tsx'
import { FormError, FormFoot } from '../../design/field.tsx'
import { Modal } from '../../design/overlay.tsx'
import { useNow } from '../../design/use-now.ts'
import { classNames } from '../../design/class-names.ts'
import { formatDayLong } from '../../format/time.ts'
import { formatShare } from '../../format/quantity.ts'
import { ratioOf, subtractDecimals } from '../../format/decimal.ts'
import { DrawerSection } from '../calls/drawer-section.tsx'
import { Rate } from './model-cells.tsx'
import { endOverride, type PriceEntry } from './model-queries.ts'
import { componentName, conditionText, pastEntries, perName, priceLines, rateOf, validityText, type PriceLine } from './price-table.ts'

/** List beside contract, and what a call pays now: the first of contract and list that there is. */
export function PriceLines({ entries, mayPrice }: { readonly entries: readonly PriceEntry[]; readonly mayPrice: boolean }): ReactNode {
  const nowMs = useNow(30_000)
  const lines = useMemo(() => priceLines(entries, nowMs), [entries, nowMs])
  const conditional = lines.filter((line) => conditionText(line.conditions) !== '')
  const plain = lines.filter((line) => conditionText(line.conditions) === '')
  const kinds = [...new Set(conditional.map((line) => line.conditions.mode ?? (line.conditions.context === undefined ? 'other' : 'long context')))].join(', ')
  const [showAll, setShowAll] = useState(false)
  const [ending, setEnding] = useState<PriceEntry | null>(null)
  return (
    <DrawerSection title="Prices now" flush>
      <div tabIndex={0} role="region" aria-label="Prices now" className="focus-inset overflow-x-auto">
        <table className="w-full min-w-[30rem] text-sm">
          <thead className="label-quiet">
            <tr className="border-b border-line"><th className="px-4 py-1.5 text-left font-medium">Counted</th><th className="px-2 py-1.5 text-right font-medium">List</th><th className="px-2 py-1.5 text-right font-medium">Contract</th><th className="px-4 py-1.5 text-right font-medium whitespace-nowrap">A call pays</th></tr>
          </thead>
          <tbody>{plain.map((line) => <Line key={line.id} line={line} mayPrice={mayPrice} onEnd={setEnding} />)}</tbody>
          {(showAll || plain.length === 0) && <tbody>{conditional.map((line) => <Line key={line.id} line={line} mayPrice={mayPrice} onEnd={setEnding} />)}</tbody>}
        </table>
      </div>
      {conditional.length > 0 && plain.length > 0 && <button type="button" aria-expanded={showAll} onClick={() => setShowAll(!showAll)} className="mx-4 my-2 rounded text-sm font-medium text-accent hover:underline">{showAll ? 'Hide prices under conditions' : `Show ${conditional.length} under conditions: ${kinds}`}</button>}
      {lines.length === 0 && <p className="px-4 pb-3 text-sm text-warn">Every price has ended. Calls of it are unpriced.</p>}
      <EndPrice entry={ending} onClose={() => setEnding(null)} />
    </DrawerSection>
  )
}

function Line({ line, mayPrice, onEnd }: { readonly line: PriceLine; readonly mayPrice: boolean; readonly onEnd: (entry: PriceEntry) => void }): ReactNode {
  const { list, contract, effective } = line
  const condition = conditionText(line.conditions)
  const discount = list !== null && contract !== null && list.currency === contract.currency ? ratioOf(subtractDecimals(rateOf(list), rateOf(contract)), rateOf(list)) : null
  return (
    <tr className="border-b border-line align-top last:border-b-0">
      <th scope="row" className="px-4 py-2.5 text-left font-normal">
        <span className="inline-block font-medium first-letter:uppercase">{componentName(line.component)}</span> <span className="text-ink-3">per {perName(line.unit)}</span>
        {condition !== '' && <span className="ml-2"><Badge>{condition}</Badge></span>}
        {effective !== null && <span className="label-quiet mt-0.5 block max-w-80 truncate" title={effective.source}>{validityText(effective)} · {effective.source.replace(/^override: /, '')}</span>}
        {line.coming.map((entry) => <Coming key={entry.id} entry={entry} mayPrice={mayPrice} onEnd={onEnd} />)}
      </th>
      <td className={classNames('px-2 py-2.5 text-right', contract !== null && 'text-ink-3')}><Rate rate={list ?? undefined} /></td>
      <td className="px-2 py-2.5 text-right">
        {contract === null ? <span className="text-ink-3">–</span> : <Rate rate={contract} />}
        {contract?.override === true && mayPrice && <button type="button" onClick={() => onEnd(contract)} className="mt-0.5 ml-auto block rounded text-xs text-ink-2 underline hover:text-ink">End it</button>}
      </td>
      <td className="px-4 py-2.5 text-right">
        <span className="font-semibold">{effective === null ? <span className="font-medium text-warn">unpriced</span> : <Rate rate={effective} />}</span>
        {discount !== null && discount !== 0 && <span className={classNames('block text-xs', discount > 0 ? 'text-good' : 'text-warn')}>{formatShare(Math.abs(discount))} {discount > 0 ? 'below' : 'above'} list</span>}
      </td>
    </tr>
  )
}

function Coming({ entry, mayPrice, onEnd }: { readonly entry: PriceEntry; readonly mayPrice: boolean; readonly onEnd: (entry: PriceEntry) => void }): ReactNode {
  return (
    <span className="mt-1 flex flex-wrap items-center gap-1.5 text-xs">
      <Badge tone="info">From {formatDayLong(entry.validFrom ?? 0)}</Badge><span className="font-medium"><Rate rate={entry} /></span><span className="text-ink-3">{entry.book}</span>
      {entry.override && mayPrice && <button type="button" onClick={() => onEnd(entry)} className="rounded text-ink-2 underline hover:text-ink">Cancel it</button>}
    </span>
  )
}

function EndPrice({ entry, onClose }: { readonly entry: PriceEntry | null; readonly onClose: () => void }): ReactNode {
  const cache = useQueryClient()
  const ending = useMutation({ mutationFn: (id: string) => endOverride(id), onSuccess: () => { onClose(); void cache.invalidateQueries({ queryKey: ['models'] }) } })
  const begun = entry !== null && (entry.validFrom ?? 0) <= Date.now()
  return (
    <Modal open={entry !== null} onOpenChange={(open) => { if (!open) { ending.reset(); onClose() } }} title={begun ? 'End this contract price?' : 'Cancel this contract price?'}>
      {entry !== null && (
        <div className="flex flex-col gap-3 px-5 pb-5">
          <p className="text-sm text-ink-2"><span className="font-medium text-ink"><Rate rate={entry} /> per {perName(entry.unit)} of {componentName(entry.component)}</span> {begun ? 'applies to no call from now on; the list price does, if there is one. Calls that were made keep what they cost.' : 'will not begin.'}</p>
          <FormError error={ending.error} />
          <FormFoot><Button onClick={onClose}>Keep it</Button><Button variant="solid" disabled={ending.isPending} onClick={() => ending.mutate(entry.id)}>{begun ? 'End it now' : 'Cancel it'}</Button></FormFoot>
        </div>
      )}
    </Modal>
  )
}

/** Prices that ended or were replaced; calls of their time keep them. */
export function PastPrices({ entries }: { readonly entries: readonly PriceEntry[] }): ReactNode {
  const past = pastEntries(entries, Date.now())
  if (past.length === 0) return null
  return (
    <DrawerSection title="Prices before" flush>
      <ul>{past.slice(0, 60).map((entry) => (
        <li key={`${entry.id}${entry.recordedAt}`} className="flex flex-wrap items-baseline justify-between gap-x-4 border-t border-line px-4 py-2 text-sm">
          <span><span className="inline-block first-letter:uppercase">{componentName(entry.component)}</span> <span className="text-ink-3">{[entry.book, conditionText(entry.conditions)].filter((text) => text !== '').join(', ')}</span></span>
          <span><Rate rate={entry} /> <span className="label-quiet">{entry.supersededAt !== null ? `replaced ${formatDayLong(entry.supersededAt)}` : validityText(entry)}</span></span>
        </li>
      ))}</ul>
    </DrawerSection>
  )
}
