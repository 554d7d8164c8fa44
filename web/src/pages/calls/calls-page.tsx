import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Pause, Play, SearchX } from 'lucide-react'
import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react'
import { recordsQuery, type RecordSummary } from '../../api/queries.ts'
import { Button } from '../../design/button.tsx'
import { classNames } from '../../design/class-names.ts'
import { Banner, Empty, ProblemState, Skeleton } from '../../design/state.tsx'
import { PageHead } from '../../design/page-head.tsx'
import { exactCount } from '../../format/quantity.ts'
import { CallDrawer } from './call-drawer.tsx'
import { CallFilters, type SetSearch } from './call-filters.tsx'
import { filterCount, matchOf, rangeOf, type CallSearch } from './call-search.ts'
import { CallTable } from './call-table.tsx'
import { useLiveRows, type LiveRows } from './use-live-rows.ts'

/** Every record as it arrives, filtered by what the address says; one of them explained in a drawer. */
export function CallsPage(): ReactNode {
  const search = useSearch({ from: '/calls' })
  const navigate = useNavigate({ from: '/calls' })
  const byCost = search.order === 'cost'
  // What arrives is the newest; among the dearest it has its place only when it is asked for again.
  const live = useLiveRows(search, !byCost)
  const [openedAt] = useState(() => Date.now())
  const list = useInfiniteQuery(recordsQuery(matchOf(search), rangeOf(search, openedAt), search.order ?? 'at'))
  const setSearch: SetSearch = useCallback((change) => void navigate({ search: (before) => ({ ...before, ...change }) as CallSearch, replace: !('event' in change) }), [navigate])
  const rows = useMemo(() => {
    const listed = list.data?.pages.flatMap((page) => page.rows) ?? []
    return byCost ? listed : joined(live.rows, listed)
  }, [byCost, live.rows, list.data])
  const arrived = useMemo(() => new Set(live.rows.slice(0, 40).map((row) => row.eventId)), [live.rows])
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list
  const onEnd = useCallback(() => { if (hasNextPage && !isFetchingNextPage) void fetchNextPage() }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const onOpen = useCallback((event: string) => setSearch({ event }), [setSearch])
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="px-4 pt-5 md:px-8 md:pt-7"><PageHead title="Calls" note={list.data === undefined ? undefined : `${exactCount(rows.length)}${hasNextPage ? '+' : ''} ${filterCount(search) > 0 ? 'matching' : 'in range'}`} /></div>
      <CallFilters search={search} onChange={setSearch} live={!byCost && <LiveSwitch live={live} />} />
      {live.dropped > 0 && <div className="px-4 pb-3 md:px-8"><Banner tone="info">{exactCount(live.dropped)} calls came faster than this page could read and were left out of the tail. Reload to list them.</Banner></div>}
      {list.error !== null && rows.length > 0 && <div className="px-4 pb-3 md:px-8"><Banner tone="warn" action={<Button size="sm" onClick={() => void list.refetch()}>Try again</Button>}>{list.error.message}</Banner></div>}
      <section aria-label="List of calls" className="flex min-h-0 flex-1 flex-col border-t border-line bg-surface">
        {rows.length > 0 ? <CallTable rows={rows} selected={search.event} arrived={arrived} onOpen={onOpen} onEnd={onEnd} loadingMore={isFetchingNextPage} order={search.order ?? 'at'} onOrder={(order) => setSearch({ order: order === 'at' ? undefined : order })} />
          : list.isPending ? <TableSkeleton />
            : list.error !== null ? <ProblemState error={list.error} onRetry={() => void list.refetch()} />
              : <NoCalls filtered={filterCount(search) > 0} loading={isFetchingNextPage} />}
      </section>
      <CallDrawer eventId={search.event} onClose={() => setSearch({ event: undefined })} onOpen={onOpen} />
    </div>
  )
}

/** Live rows over listed ones, each record once, newest first. */
function joined(live: readonly RecordSummary[], listed: readonly RecordSummary[]): readonly RecordSummary[] {
  const seen = new Set<string>()
  const rows: RecordSummary[] = []
  for (const row of [...live, ...listed]) {
    if (seen.has(row.eventId)) continue
    seen.add(row.eventId)
    rows.push(row)
  }
  return rows.sort((a, b) => b.at - a.at || (a.eventId < b.eventId ? 1 : -1))
}

const stateWords = { live: 'Live', connecting: 'Connecting', offline: 'Reconnecting', paused: 'Paused' } as const

function LiveSwitch({ live }: { readonly live: LiveRows }): ReactNode {
  const paused = live.state === 'paused'
  const { toggle } = live
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLElement && ['INPUT', 'TEXTAREA'].includes(event.target.tagName)
      if (event.key === 'p' && !typing && !event.metaKey && !event.ctrlKey && document.querySelector('[role="dialog"]') === null) toggle()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [toggle])
  return (
    <Button onClick={toggle} title={paused ? 'Resume the live tail (p)' : 'Pause the live tail (p)'} icon={paused ? Play : Pause}>
      <span aria-hidden className={classNames('size-1.5 rounded-full', live.state === 'live' ? 'animate-beat bg-good' : paused ? 'bg-ink-faint' : 'bg-held')} />
      <span className="w-fit">{paused && live.waiting > 0 ? `${exactCount(live.waiting)} new` : stateWords[live.state]}</span>
    </Button>
  )
}

function NoCalls({ filtered, loading }: { readonly filtered: boolean; readonly loading: boolean }): ReactNode {
  if (loading) return <TableSkeleton />
  return (
    <Empty icon={SearchX} title={filtered ? 'No calls match these filters.' : 'No calls in this range.'}>
      {filtered ? 'Take a filter away or widen the range. New matching calls appear here as they arrive.' : 'New calls appear here as they arrive.'}
    </Empty>
  )
}

function TableSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-4 px-5 py-4">
      {Array.from({ length: 14 }, (_, index) => <Skeleton key={index} className="h-4 w-full" />)}
    </div>
  )
}
