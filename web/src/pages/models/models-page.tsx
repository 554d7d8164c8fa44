import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { useCallback, useEffect, useState, type ReactNode } from 'react'
import { sessionQuery } from '../../api/queries.ts'
import { Page } from '../../design/page.tsx'
import { Picker } from '../../design/picker.tsx'
import { Segmented } from '../../design/segmented.tsx'
import { Banner } from '../../design/state.tsx'
import { Toolbar } from '../../design/toolbar.tsx'
import { exactCount } from '../../format/quantity.ts'
import { BookTable } from './book-table.tsx'
import { ModelSheet } from './model-sheet.tsx'
import { modelRangeMs, modelRangeNames, modelRanges, nameOfModel, type ModelsSearch } from './models-search.ts'
import { priceBookQuery, unpricedQuery, usedModelsQuery } from './model-queries.ts'
import { NameCheck } from './name-check.tsx'
import { PriceForm } from './price-form.tsx'
import { UnpricedPanel } from './unpriced-panel.tsx'
import { UsedTable } from './used-table.tsx'

export type SetModelsSearch = (change: Partial<Record<keyof ModelsSearch, string | undefined>>) => void

/** Every model of the traffic with what it costs, every price of the book, and what has no price yet. */
export function ModelsPage(): ReactNode {
  const search = useSearch({ from: '/models' })
  const navigate = useNavigate({ from: '/models' })
  const setSearch: SetModelsSearch = useCallback((change) => void navigate({ search: (before) => ({ ...before, ...change }) as ModelsSearch, replace: !('model' in change || 'form' in change || 'view' in change) }), [navigate])
  const range = search.range ?? '30d'
  const rangeMs = modelRangeMs[range]
  const used = useQuery(usedModelsQuery(rangeMs))
  const unpriced = useQuery(unpricedQuery(rangeMs))
  const find = useSettled(search.find ?? '')
  const book = useQuery({ ...priceBookQuery(find), enabled: search.view === 'book' || find !== '' })
  const session = useQuery(sessionQuery)
  const mayPrice = session.data?.user.grants.some((grant) => (grant.role === 'admin' || grant.role === 'finance') && grant.nodeId === session.data.organisation.id) ?? false
  const onOpen = useCallback((id: { readonly provider: string; readonly model: string }) => setSearch({ model: nameOfModel(id), form: undefined }), [setSearch])
  return (
    <Page title="Models &amp; prices" note={used.data === undefined ? undefined : `${exactCount(used.data.rows.length)} in use, ${modelRangeNames[range].toLowerCase()}`}>
      {used.error !== null && used.data !== undefined && <div className="mb-4"><Banner tone="warn">{used.error.message} These are the figures received last.</Banner></div>}
      {used.data?.truncated === true && <div className="mb-4"><Banner tone="info">There were more models and days than one answer holds; the smallest are left out. Choose a shorter range.</Banner></div>}
      {(used.data?.otherCurrencies.length ?? 0) > 0 && <div className="mb-4"><Banner tone="info">Spend in {used.data?.otherCurrencies.join(', ')} is in no figure here, and nothing is converted.</Banner></div>}
      {unpriced.data !== undefined && unpriced.data.rows.length > 0 && (
        <UnpricedPanel rows={unpriced.data.rows} used={used.data?.rows ?? []} mayPrice={mayPrice} onOpen={onOpen} onPrice={(id) => setSearch({ model: nameOfModel(id), form: 'price' })} />
      )}
      <Toolbar label="Models" end={<Segmented label="Show" value={search.view ?? 'used'} options={[{ value: 'used', label: 'In use' }, { value: 'book', label: 'Price book' }]} onChange={(view) => setSearch({ view: view === 'book' ? view : undefined })} />}>
        <label className="relative w-52 shrink-0 sm:w-64">
          <span className="sr-only">Find a model</span>
          <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-3.5 text-ink-3" />
          <input data-filter type="search" placeholder="Find a model or provider…" value={search.find ?? ''} onChange={(event) => setSearch({ find: event.target.value || undefined })} className="h-7.5 w-full rounded-md border border-line-strong bg-surface pr-2 pl-8 text-sm" />
        </label>
        {search.view !== 'book' && <Picker label="Range" value={range} clearable={false} options={modelRanges.map((value) => ({ value, label: modelRangeNames[value] }))} onChange={(value) => setSearch({ range: value })} />}
      </Toolbar>
      <div className="overflow-hidden rounded-xl border border-line bg-surface shadow-card">
        {search.view === 'book'
          ? <BookTable query={book} selected={search.model} onOpen={onOpen} />
          : <UsedTable query={used} find={search.find ?? ''} inBook={find === '' ? 0 : (book.data?.rows.length ?? 0)} selected={search.model} onOpen={onOpen} onBook={() => setSearch({ view: 'book' })} />}
      </div>
      <NameCheck onOpen={onOpen} />
      <ModelSheet name={search.model} open={search.model !== undefined && search.form === undefined} used={used.data?.rows ?? []} currency={used.data?.currency ?? ''} rangeName={modelRangeNames[range]} mayPrice={mayPrice} onClose={() => setSearch({ model: undefined })} onPrice={() => setSearch({ form: 'price' })} />
      <PriceForm key={`${search.model ?? ''} ${search.form ?? ''}`} name={search.model} open={mayPrice && search.form === 'price'} used={used.data?.rows ?? []} onDone={() => setSearch({ form: undefined })} />
    </Page>
  )
}

/** What is typed, once it has stood still for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), 250)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}
