import { KeyRound, Plus, Search, SearchX } from 'lucide-react'
import { useMemo, useState, type ReactNode } from 'react'
import type { Session } from '../../api/queries.ts'
import { Button } from '../../design/button.tsx'
import { DataTable, type DataColumn } from '../../design/data-table.tsx'
import { Money } from '../../design/figures.tsx'
import { Keys } from '../../design/keys.tsx'
import { Picker } from '../../design/picker.tsx'
import { Banner, Empty } from '../../design/state.tsx'
import { useNow } from '../../design/use-now.ts'
import { compareDecimals } from '../../format/decimal.ts'
import { exactCount } from '../../format/quantity.ts'
import type { KeysSearch } from './keys-search.ts'
import { CostCentre, LastCall, RowName, Spent } from './org-marks.tsx'
import { flat, isUnassigned, narrowed, noUse, plus, shownKinds, shownNames, type OrgRow, type ShownKind } from './org-rows.ts'
import { childKinds, mayBuildAt } from './rights.ts'
import type { Org } from './use-org.ts'

const shownOptions = shownKinds.map((value) => ({ value, label: shownNames[value] }))

/** The organisation as a tree, from business units down to keys, with who pays and what was spent. */
export function OrgSection({ org, session, search, onChange, onNewKey, onNewNode }: {
  readonly org: Org
  readonly session: Session
  readonly search: KeysSearch
  readonly onChange: (change: Partial<Record<keyof KeysSearch, string | undefined>>) => void
  readonly onNewKey: () => void
  readonly onNewNode: () => void
}): ReactNode {
  const [text, setText] = useState('')
  const nowMs = useNow(60_000)
  const shown: ShownKind = search.shown ?? 'all'
  const rows = useMemo(() => narrowed(org.rows, { text, shown, nowMs }), [org.rows, text, shown, nowMs])
  const columns = useMemo(() => columnsOf(org), [org])
  const searching = text.trim() !== '' || shown !== 'all'
  const grants = session.user.grants
  const mayAdd = org.nodes.some((node) => childKinds(grants, node).length > 0)
  const mayKey = org.nodes.some((node) => node.kind === 'app' && !node.archived && mayBuildAt(grants, node.path))
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 px-4 pb-3 md:px-8">
        <SearchBox text={text} onText={setText} />
        <Picker label="Show" value={shown} options={shownOptions} clearable={false} onChange={(value) => onChange({ shown: value === 'all' ? undefined : value })} />
        <span className="flex-1 max-md:hidden" />
        {mayAdd && <Button icon={Plus} onClick={onNewNode}>Add</Button>}
        {mayKey && <Button variant="solid" icon={KeyRound} onClick={onNewKey}>New key</Button>}
      </div>
      <div className="flex flex-col gap-2 px-4 pb-3 empty:hidden md:px-8"><Notices org={org} shown={shown} onShow={() => onChange({ shown: 'unassigned' })} /></div>
      <section aria-label="Organisation" className="flex min-h-0 flex-1 flex-col overflow-hidden border-t border-line bg-surface md:mx-8 md:mb-7 md:rounded-xl md:border md:shadow-card">
        <DataTable
          key={searching ? 'searching' : 'all'} label="Organisation" height="page" minWidth="46rem" columns={columns} rows={rows} rowId={(row) => row.id} childrenOf={(row) => row.children}
          openAtFirst={(row) => searching || row.kind !== 'app' || (row.children.length > 0 && row.children.length <= 1 && org.byId.size < 24)}
          onOpen={(row) => onChange(row.kind === 'key' ? { key: row.id, node: undefined } : { node: row.id, key: undefined })} selected={search.key ?? search.node} narrow={(row) => <NarrowRow row={row} org={org} />}
          empty={<Empty icon={SearchX} title={searching ? 'Nothing matches.' : 'There is nothing here yet.'}>{searching ? 'Take a word away, or show everything.' : 'Units hold teams, teams hold apps, apps hold keys.'}</Empty>}
        />
      </section>
    </>
  )
}

function columnsOf(org: Org): readonly DataColumn<OrgRow>[] {
  return [
    { id: 'name', header: 'Name', track: 'minmax(16rem,3fr)', cell: (row) => <RowName row={row} />, compare: (a, b) => a.name.localeCompare(b.name) },
    { id: 'centre', header: 'Cost centre', track: 'minmax(7rem,1fr)', cell: (row) => <CostCentre row={row} />, compare: (a, b) => a.costCentre.localeCompare(b.costCentre) },
    { id: 'calls', header: 'Calls', track: '7rem', align: 'right', cell: (row) => (row.use.calls === 0 ? <span className="text-ink-3">–</span> : exactCount(row.use.calls)), compare: (a, b) => a.use.calls - b.use.calls },
    { id: 'spent', header: 'This month', track: '8rem', align: 'right', cell: (row) => <Spent row={row} currency={org.currency} pending={org.figuresPending} />, compare: (a, b) => compareDecimals(a.use.cost, b.use.cost) },
    { id: 'last', header: 'Last call', track: '8rem', align: 'right', cell: (row) => <LastCall row={row} pending={org.figuresPending} />, compare: (a, b) => (a.lastCallAt ?? 0) - (b.lastCallAt ?? 0) },
  ]
}

/** On a phone: what it is and what it spent on one line, who pays and when it called below. */
function NarrowRow({ row, org }: { readonly row: OrgRow; readonly org: Org }): ReactNode {
  return (
    <div className="flex min-w-0 flex-col gap-0.5">
      <div className="flex items-center justify-between gap-3"><span className="min-w-0 truncate"><RowName row={row} /></span><span className="shrink-0"><Spent row={row} currency={org.currency} pending={org.figuresPending} /></span></div>
      <div className="label-quiet flex items-center justify-between gap-3">{(row.costCentre !== '' || isUnassigned(row)) && <CostCentre row={row} />}<span className="ml-auto"><LastCall row={row} pending={org.figuresPending} /></span></div>
    </div>
  )
}

function SearchBox({ text, onText }: { readonly text: string; readonly onText: (text: string) => void }): ReactNode {
  return (
    <div className="relative min-w-0 max-md:basis-full md:w-80">
      <Search aria-hidden className="absolute top-2 left-2.5 size-4 text-ink-3" />
      <input
        data-filter type="text" aria-label="Find in the organisation" placeholder="Name, cost centre, end of a key…" value={text} autoComplete="off" onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => { if (event.key === 'Escape') { onText(''); event.currentTarget.blur() } }}
        className="h-8 w-full rounded-md border border-line-strong bg-surface pr-9 pl-8.5 text-sm"
      />
      <span className="absolute top-1.5 right-2 hidden md:block"><Keys keys="/" /></span>
    </div>
  )
}

/** What the tree alone does not say: cost that nobody carries, figures that are missing or of one currency only. */
function Notices({ org, shown, onShow }: { readonly org: Org; readonly shown: ShownKind; readonly onShow: () => void }): ReactNode {
  // Teams stand for their apps where the team itself has none.
  const orphans = flat(org.rows).filter(isUnassigned)
  const apps = orphans.filter((row) => row.kind === 'app')
  const cost = apps.reduce((sum, row) => plus(sum, row.use), noUse).cost
  return (
    <>
      {org.figuresFailed !== null && <Banner tone="warn">{org.figuresFailed.message} The tree is complete; its figures are not.</Banner>}
      {org.cut && <Banner tone="warn">There are more keys with calls than one answer carries: figures of the smallest are missing.</Banner>}
      {org.otherCurrencies.length > 0 && <Banner tone="info">Spend in {org.otherCurrencies.join(', ')} is in no figure here: these are {org.currency} only.</Banner>}
      {apps.length > 0 && shown !== 'unassigned' && (
        <Banner tone="warn" action={<Button size="sm" onClick={onShow}>Show {apps.length === 1 ? 'it' : 'them'}</Button>}>
          {apps.length === 1 ? '1 app has' : `${apps.length} apps have`} no cost centre{cost !== null && <>: <Money decimal={cost} currency={org.currency} /> this month is nobody's</>}.
        </Banner>
      )}
    </>
  )
}
