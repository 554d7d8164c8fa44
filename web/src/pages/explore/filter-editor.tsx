import { useQuery } from '@tanstack/react-query'
import { ArrowLeft, ListFilter, X } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useMemo, useRef, useState, type ReactNode } from 'react'
import { costQuery } from '../../api/queries.ts'
import { IconButton } from '../../design/button.tsx'
import { Keys } from '../../design/keys.tsx'
import { SearchList, type PickerOption } from '../../design/search-list.tsx'
import { Segmented } from '../../design/segmented.tsx'
import { formatCount } from '../../format/quantity.ts'
import type { Span } from '../../format/range.ts'
import type { SetView } from './explore-controls.tsx'
import { withFilter, withoutFilter, type ExploreFilter, type ExploreView } from './explore-search.ts'
import { dimensionIds, dimensionNames, nameOf, type Dimension } from './measures.ts'
import { useNames } from './use-names.ts'

interface EditorProps { readonly view: ExploreView; readonly span: Span; readonly onChange: SetView }

const panel = 'animate-rise z-50 w-72 overflow-hidden rounded-lg border border-line bg-raised shadow-float'
const dimensionOptions: readonly PickerOption[] = dimensionIds.map((value) => ({ value, label: dimensionNames[value] }))

/** Which dimension, then which of its values: both found by typing. */
export function AddFilter(props: EditorProps): ReactNode {
  const [open, setOpen] = useState(false)
  const [dimension, setDimension] = useState<Dimension | null>(null)
  return (
    <Popover.Root open={open} onOpenChange={(next) => { setOpen(next); if (next) setDimension(null) }}>
      <Popover.Trigger data-filter className="inline-flex h-7 shrink-0 items-center gap-1.5 rounded-md border border-line-strong bg-surface px-2 text-xs font-medium hover:bg-hover">
        <ListFilter aria-hidden className="size-3.5 text-ink-3" />Filter<span className="hidden md:inline-flex"><Keys keys="/" /></span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content aria-label="Add a filter" align="start" sideOffset={4} collisionPadding={12} className={panel}>
          {dimension === null
            ? <SearchList key="dimensions" label="Dimension" options={dimensionOptions} chosen={new Set(props.view.filters.map((filter) => filter.dimension))} onChoose={(next) => setDimension(next as Dimension)} />
            : <FilterBody {...props} dimension={dimension} onBack={() => setDimension(null)} />}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

export function FilterChip({ filter, ...props }: EditorProps & { readonly filter: ExploreFilter }): ReactNode {
  const nameIn = useNames()
  const { dimension, op, values } = filter
  const names = values.slice(0, 2).map((value) => nameIn(dimension, value)).join(', ')
  return (
    <Popover.Root>
      <span className="inline-flex h-7 shrink-0 items-center rounded-md bg-selected text-xs font-medium text-ink">
        <Popover.Trigger className="inline-flex h-full max-w-80 items-center gap-1.5 rounded-md px-2 whitespace-nowrap">
          <span className="text-ink-2">{dimensionNames[dimension]} {op === 'not_in' && <span className="text-bad">is not</span>}</span>
          <span className="truncate">{names}</span>{values.length > 2 && <span className="text-ink-2">+{values.length - 2}</span>}
        </Popover.Trigger>
        <button type="button" aria-label={`Clear ${dimensionNames[dimension]}`} onClick={() => props.onChange(withoutFilter(props.view, dimension))} className="mr-0.5 inline-flex size-5 items-center justify-center rounded text-ink-2 hover:text-ink"><X aria-hidden className="size-3" /></button>
      </span>
      <Popover.Portal>
        <Popover.Content aria-label={`Filter by ${dimensionNames[dimension]}`} align="start" sideOffset={4} collisionPadding={12} className={panel}><FilterBody {...props} dimension={dimension} /></Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

const ops = [{ value: 'in', label: 'is' }, { value: 'not_in', label: 'is not' }] as const

function FilterBody({ dimension, view, span, onChange, onBack }: EditorProps & { readonly dimension: Dimension; readonly onBack?: () => void }): ReactNode {
  const filter = view.filters.find((each) => each.dimension === dimension)
  const [op, setOp] = useState<ExploreFilter['op']>(filter?.op ?? 'in')
  const values = filter?.values ?? []
  const { options, loading } = useValues(view, span, dimension)
  // One step back undoes all that was ticked while the list was open.
  const changed = useRef(false)
  const set = (next: readonly string[], nextOp: ExploreFilter['op'] = op): void => {
    onChange(withFilter(view, { dimension, op: nextOp, values: next }), { replace: changed.current })
    changed.current = true
  }
  const toggle = (value: string): void => set(values.includes(value) ? values.filter((other) => other !== value) : [...values, value])
  return (
    <>
      <div className="flex h-11 items-center gap-2 pr-2 pl-3">
        {onBack !== undefined && <IconButton label="Other dimension" icon={ArrowLeft} onClick={onBack} className="-ml-2 size-7" />}
        <span className="min-w-0 flex-1 truncate text-sm font-medium">{dimensionNames[dimension]}</span>
        <Segmented label="Keep or leave out" value={op} options={ops} onChange={(next) => { setOp(next); if (values.length > 0) set(values, next) }} />
      </div>
      <SearchList key={dimension} label={dimensionNames[dimension]} multiple options={options} chosen={new Set(values)} onChoose={toggle} onOther={toggle} loading={loading} takesFocus />
    </>
  )
}

const valuesMax = 500

/** The values there are in this range under the other filters, most spent first; chosen ones stay listed whatever they cost. */
function useValues(view: ExploreView, span: Span, dimension: Dimension): { readonly options: readonly PickerOption[]; readonly loading: boolean } {
  const nameIn = useNames()
  const others = view.filters.filter((filter) => filter.dimension !== dimension).map(({ values, ...rest }) => ({ ...rest, values: [...values] }))
  const answer = useQuery({ ...costQuery({ measures: ['cost', 'calls'], groupBy: [dimension], filters: others, ...span, rowsMax: valuesMax }), staleTime: 5 * 60_000 })
  const chosen = view.filters.find((filter) => filter.dimension === dimension)?.values ?? []
  const listed = useMemo(() => (answer.data?.rows ?? []).map((row): PickerOption => {
    const { id, name } = row.group[dimension] ?? { id: '', name: '' }
    return { value: id, label: nameOf(dimension, id, name), note: formatCount(Number(row.values.calls ?? 0)) }
  }), [answer.data, dimension])
  const unlisted = chosen.filter((value) => !listed.some((option) => option.value === value)).map((value): PickerOption => ({ value, label: nameIn(dimension, value) }))
  return { options: [...unlisted, ...listed], loading: answer.isPending }
}
