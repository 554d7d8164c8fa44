import { queryOptions, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight, Download, FileX2, Printer } from 'lucide-react'
import { useMemo, type ReactNode } from 'react'
import { api, withSearch } from '../../api/client.ts'
import { nodesQuery, readerZone, type Nodes, type Statement } from '../../api/queries.ts'
import { Button, IconButton } from '../../design/button.tsx'
import { CopyButton } from '../../design/copy.tsx'
import { Page } from '../../design/page.tsx'
import { PageHead } from '../../design/page-head.tsx'
import { Picker } from '../../design/picker.tsx'
import { Banner, Empty, ProblemState, Skeleton } from '../../design/state.tsx'
import { Toolbar } from '../../design/toolbar.tsx'
import { StatementDocument } from './statement-document.tsx'
import { monthAt, monthName, shiftMonth } from './statement-search.ts'

interface Question { readonly node: string; readonly month: string; readonly zone: string }
const statementQuery = (question: Question) => queryOptions({
  queryKey: ['statement', question],
  enabled: question.node !== '',
  queryFn: ({ signal }) => api.get<Statement>(withSearch('/api/v1/statements', { ...question }), signal),
})

/** A node's month as a document: chosen here, kept in the address, printed, taken along as a file. */
export function StatementPage(): ReactNode {
  const search = useSearch({ from: '/statement' })
  const nodes = useQuery(nodesQuery)
  const zone = search.zone ?? readerZone
  const latest = monthAt(Date.now(), zone)
  const question = { node: search.node ?? nodes.data?.rows[0]?.id ?? '', month: search.month ?? latest, zone }
  const { data, error, refetch, isPlaceholderData } = useQuery({ ...statementQuery(question), placeholderData: (before) => before })
  const failure = error ?? nodes.error
  if (nodes.data?.rows.length === 0) return <Page title="Statement"><Empty icon={FileX2} title="There is nothing here that you may see.">Ask an administrator for a role at your team.</Empty></Page>
  return (
    <div className="mx-auto w-full max-w-[82rem] px-4 py-5 md:px-8 md:py-7 print:max-w-none print:p-0">
      <div className="mx-auto w-full max-w-[54rem] print:hidden"><PageHead title="Statement" note="One node's month, for whoever pays" /></div>
      <StatementBar question={question} latest={latest} nodes={nodes.data?.rows ?? []} />
      {failure !== null && data !== undefined && !isPlaceholderData && <div className="mb-4 print:hidden"><Banner tone="warn">{failure.message}</Banner></div>}
      {data !== undefined && (failure === null || !isPlaceholderData)
        ? <div className={isPlaceholderData ? 'opacity-60 transition-opacity' : ''} aria-busy={isPlaceholderData}><StatementDocument statement={data} /></div>
        : failure !== null ? <div className="mx-auto w-full max-w-[54rem] rounded-xl border border-line bg-surface"><ProblemState error={failure} onRetry={() => void refetch()} /></div>
          : <StatementSkeleton />}
    </div>
  )
}

function StatementBar({ question, latest, nodes }: { readonly question: Question; readonly latest: string; readonly nodes: Nodes['rows'] }): ReactNode {
  const navigate = useNavigate({ from: '/statement' })
  const go = (change: Partial<Question>): void => void navigate({ search: (before) => ({ ...before, node: question.node, month: question.month, ...change }) })
  const options = useMemo(() => nodeOptions(nodes), [nodes])
  const months = useMemo(() => Array.from({ length: 13 }, (_, back) => shiftMonth(latest, -back)), [latest])
  const listed = months.includes(question.month) ? months : [question.month, ...months]
  const file = withSearch('/api/v1/statements/export', { ...question, format: 'csv' })
  return (
    <div className="mx-auto w-full max-w-[54rem]">
      <Toolbar
        label="Which statement"
        end={(
          <>
            <CopyButton text={location.origin + withSearch('/statement', { ...question })} label="Copy link" icon="link" className="size-8" />
            <Button icon={Printer} onClick={() => print()}>Print</Button>
            <a href={file} download className="inline-flex h-8 shrink-0 items-center justify-center gap-2 rounded-md border border-line-strong bg-surface px-3 text-sm font-medium text-ink hover:bg-hover"><Download aria-hidden className="size-3.5" />CSV</a>
          </>
        )}
      >
        <Picker label="Team or app" value={question.node} options={options} clearable={false} onChange={(node) => { if (node !== undefined) go({ node }) }} />
        <span className="inline-flex items-center">
          <IconButton label="Month before" icon={ChevronLeft} onClick={() => go({ month: shiftMonth(question.month, -1) })} />
          <Picker label="Month" value={question.month} options={listed.map((month) => ({ value: month, label: monthName(month) }))} clearable={false} onChange={(month) => { if (month !== undefined) go({ month }) }} />
          <IconButton label="Month after" icon={ChevronRight} disabled={question.month >= latest} onClick={() => go({ month: shiftMonth(question.month, 1) })} />
        </span>
      </Toolbar>
    </div>
  )
}

/** The tree, parents before their children; where a node stands is beside its name. */
function nodeOptions(nodes: Nodes['rows']): { readonly value: string; readonly label: string; readonly note: string }[] {
  const names = new Map(nodes.map((node) => [node.id, node.name]))
  const pathOf = (node: Nodes['rows'][number]): readonly string[] => node.path.map((id) => names.get(id)).filter((name) => name !== undefined)
  const placed = nodes.map((node) => ({ node, path: pathOf(node) })).sort((a, b) => a.path.join('\n').localeCompare(b.path.join('\n')))
  return placed.map(({ node, path }) => ({ value: node.id, label: node.name, note: path.length > 2 ? path.slice(1, -1).join(' / ') : node.kind === 'org' ? 'organisation' : node.kind }))
}

function StatementSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading" className="mx-auto w-full max-w-[54rem] rounded-xl border border-line bg-surface px-5 py-7 sm:px-12 sm:py-11">
      <Skeleton className="h-5 w-48" /><Skeleton className="mt-10 h-8 w-64" /><Skeleton className="mt-6 h-4 w-full" /><Skeleton className="mt-10 h-12 w-56" /><Skeleton className="mt-8 h-20 w-full" />
      {Array.from({ length: 8 }, (_, index) => <Skeleton key={index} className="mt-4 h-4 w-full" />)}
    </div>
  )
}
