import { CircleCheck, CircleX } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Explanation } from '../../api/queries.ts'
import { Badge } from '../../design/badge.tsx'
import { CopyButton } from '../../design/copy.tsx'
import { LedgerMoney } from '../../design/figures.tsx'
import { exactMoney, formatMoney } from '../../format/money.ts'
import { exactCount } from '../../format/quantity.ts'
import { formatDayLong } from '../../format/time.ts'
import { DrawerSection } from './drawer-section.tsx'

type Line = Explanation['lines'][number]
const componentName = (component: string): string => component.replaceAll('_', ' ')

/** quantity × rate ÷ per = amount, line by line, each with the price it used; the sum is checked before it is shown. */
export function CallCostLines({ explanation }: { readonly explanation: Explanation }): ReactNode {
  const { record, lines, unpriced, agrees, discount } = explanation
  if (lines.length === 0) return <DrawerSection title="Cost lines"><p className="text-sm text-ink-2">{record.quality === 'absent' ? 'The provider reported no usage, so there is nothing to price.' : 'No cost line was written for this record.'}</p></DrawerSection>
  return (
    <DrawerSection title="Cost lines" flush aside={<Agreement agrees={agrees && lines.every((line) => line.agrees !== false)} unknown={record.cost === null} />}>
      <ul>{lines.map((line, index) => <CostLine key={`${line.component}${index}`} line={line} currency={record.currency} />)}</ul>
      <div className="mx-4 mt-1 flex items-baseline justify-between gap-3 border-t-2 border-ink py-2.5">
        <span className="text-sm font-semibold">{unpriced.length > 0 && record.cost !== null ? 'Total of what is priced' : 'Total'}</span>
        {record.cost !== null && <span className="-ml-1.5 mr-auto inline-flex items-center gap-1 text-sm text-ink-3">{record.currency}<CopyButton text={record.cost} label="Copy total" className="-my-1" /></span>}
        <span className="text-sm font-semibold">{record.cost === null ? <span className="text-warn">not known</span> : <LedgerMoney decimal={record.cost} />}</span>
      </div>
      {discount !== null && discount !== '0' && record.listCost !== null && (
        <p className="flex justify-between gap-3 px-4 pb-2.5 text-xs text-ink-2">
          <span>List price <span title={exactMoney(record.listCost, record.currency)}>{formatMoney(record.listCost, record.currency)}</span></span>
          <span title={exactMoney(discount, record.currency)}>{formatMoney(discount, record.currency)} below list</span>
        </p>
      )}
      {record.bound !== null && <p className="flex justify-between gap-3 px-4 pb-2.5 text-xs text-ink-3"><span>Held before the call left, at most</span><span title={exactMoney(record.bound, record.currency)}>{formatMoney(record.bound, record.currency)}</span></p>}
      {record.statedCost !== '' && <p className="flex justify-between gap-3 px-4 pb-2.5 text-xs text-ink-3"><span>The provider itself said</span><span className="font-mono">{record.statedCost}</span></p>}
    </DrawerSection>
  )
}

const Agreement = ({ agrees, unknown }: { readonly agrees: boolean; readonly unknown: boolean }): ReactNode =>
  unknown ? null : agrees ? <Badge tone="good" icon={CircleCheck} title="Recomputing every line gives the stored amounts to the last digit, and they add up to the cost.">Recomputed, equal</Badge>
    : <Badge tone="bad" icon={CircleX} title="Recomputing gives another amount than the stored one.">Does not add up</Badge>

function CostLine({ line, currency }: { readonly line: Line; readonly currency: string }): ReactNode {
  return (
    <li className="px-4 py-2.5 [&+li]:border-t [&+li]:border-line">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="text-sm font-medium first-letter:uppercase">{componentName(line.component)}</span>
        {line.amount === null ? <span className="text-sm font-medium text-warn">unpriced</span> : <span className="text-sm"><LedgerMoney decimal={line.amount} /></span>}
      </div>
      <p className="mt-0.5 font-mono text-xs text-ink-2" title={line.formula}>
        {exactCount(line.quantity)} {line.quantity === 1 ? line.unit : `${line.unit}s`.replace('token_hours', 'token hours').replace('searchs', 'searches').replace('querys', 'queries')}
        {line.rate !== null && <> × {line.rate} {currency}{line.per !== 1 && <> ÷ {exactCount(line.per)}</>}</>}
      </p>
      <PriceOf line={line} currency={currency} />
    </li>
  )
}

function PriceOf({ line, currency }: { readonly line: Line; readonly currency: string }): ReactNode {
  if (line.entry === null && line.entryId === null) return <p className="mt-1 text-xs text-warn">No entry in the price book covers this.</p>
  const entry = line.entry
  const listDiffers = line.listAmount !== null && line.listAmount !== line.amount
  return (
    <div className="label-quiet mt-1 flex flex-wrap items-center gap-x-2 gap-y-0.5">
      {entry !== null && <span>{entry.book === 'contract' ? 'Contract' : entry.book === 'list' ? 'List' : 'Mark-up'} price, {entry.source}</span>}
      {entry !== null && <span>{validity(entry.validFrom, entry.validTo)}</span>}
      {entry !== null && Object.keys(entry.conditions).length > 0 && <span>{conditionText(entry.conditions)}</span>}
      {line.entryId !== null && <span className="inline-flex items-center font-mono text-2xs" title="Price entry">{line.entryId}<CopyButton text={line.entryId} label="Copy price entry id" className="-my-1" /></span>}
      {listDiffers && <span title={exactMoney(line.listAmount ?? '0', currency)}>list {formatMoney(line.listAmount ?? '0', currency)}</span>}
    </div>
  )
}

function validity(from: number | null, to: number | null): string {
  if (from === null && to === null) return 'always valid'
  if (to === null) return `valid since ${formatDayLong(from ?? 0)}`
  return from === null ? `valid until ${formatDayLong(to)}` : `valid ${formatDayLong(from)} to ${formatDayLong(to)}`
}

/** Mode and geography as words, anything else by its name. */
function conditionText(conditions: Readonly<Record<string, unknown>>): string {
  return Object.entries(conditions).map(([name, value]) => (typeof value === 'string' ? `${name} ${value}` : `${name} tier`)).join(', ')
}
