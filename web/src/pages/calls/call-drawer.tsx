import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { explainQuery, type Explanation } from '../../api/queries.ts'
import { CopyButton, CopyId } from '../../design/copy.tsx'
import { Drawer } from '../../design/overlay.tsx'
import { ProblemState, Skeleton } from '../../design/state.tsx'
import { CallBudgets } from './call-budgets.tsx'
import { CallCostLines } from './call-cost-lines.tsx'
import { CallHead } from './call-head.tsx'
import { CallSiblings } from './call-siblings.tsx'
import { CallTimeline } from './call-timeline.tsx'
import { DrawerSection, Facts, type Fact } from './drawer-section.tsx'
import { RawUsage } from './raw-usage.tsx'

/** One call, explained to the digit. Its address can be sent to whoever asks. */
export function CallDrawer({ eventId, onClose, onOpen }: { readonly eventId: string | undefined; readonly onClose: () => void; readonly onOpen: (eventId: string) => void }): ReactNode {
  return (
    <Drawer
      open={eventId !== undefined} onOpenChange={(open) => { if (!open) onClose() }} title="Call"
      head={eventId !== undefined && <><CopyId id={eventId} label="Copy event id" /><CopyButton text={linkTo(eventId)} label="Copy link to this call" icon="link" /></>}
    >
      {eventId !== undefined && <Explained key={eventId} eventId={eventId} onOpen={onOpen} />}
    </Drawer>
  )
}

const linkTo = (eventId: string): string => `${location.origin}/calls?event=${eventId}`

function Explained({ eventId, onOpen }: { readonly eventId: string; readonly onOpen: (eventId: string) => void }): ReactNode {
  const { data, error, refetch } = useQuery(explainQuery(eventId))
  if (data === undefined) return error === null ? <DrawerSkeleton /> : <ProblemState error={error} onRetry={() => void refetch()} />
  const { record } = data
  return (
    <div className="flex flex-col gap-3 p-3 sm:p-4">
      <CallHead explanation={data} />
      {record.kind === 'refusal' && <CallBudgets explanation={data} />}
      {record.kind !== 'refusal' && <CallCostLines explanation={data} />}
      <Who explanation={data} />
      <What explanation={data} />
      <CallTimeline record={record} />
      {record.kind !== 'refusal' && data.budgets.length > 0 && <CallBudgets explanation={data} />}
      {data.siblings.length > 0 && <CallSiblings explanation={data} onOpen={onOpen} />}
      {data.sentences.length > 0 && (
        <DrawerSection title="In words">
          <ul className="flex list-disc flex-col gap-1 pl-4 text-sm text-ink-2 marker:text-ink-faint">{data.sentences.map((sentence) => <li key={sentence}>{sentence}</li>)}</ul>
        </DrawerSection>
      )}
      <RawUsage record={record} />
    </div>
  )
}

function Who({ explanation: { record } }: { readonly explanation: Explanation }): ReactNode {
  const { caller, attribution } = record
  const path = [caller.unitName, caller.teamName, caller.appName].filter((name) => name !== '')
  const facts: readonly Fact[] = [
    ['Key', caller.keyName], ['Cost centre', caller.costCentre || 'none'], ['User', attribution.user], ['Agent', attribution.agent],
    ['Workflow', attribution.workflow], ['Run', attribution.run], ['Parent run', attribution.parentRun], ['Step', attribution.step], ['Session', attribution.session],
  ]
  const tags = Object.entries(attribution.tags)
  return (
    <DrawerSection title="Who">
      <p className="mb-3 flex flex-wrap items-center gap-x-1.5 text-base font-medium">
        {path.length === 0 ? 'Unknown caller' : path.map((name, index) => <span key={`${index}${name}`} className="inline-flex gap-1.5">{index > 0 && <span aria-hidden className="text-ink-faint">/</span>}{name}</span>)}
      </p>
      <Facts facts={facts} />
      {tags.length > 0 && <p className="mt-3 flex flex-wrap gap-1.5">{tags.map(([name, value]) => <code key={name} className="rounded bg-sunken px-1.5 py-0.5 font-mono text-2xs text-ink-2">{name}={value}</code>)}</p>}
    </DrawerSection>
  )
}

function What({ explanation: { record } }: { readonly explanation: Explanation }): ReactNode {
  const facts: readonly Fact[] = [
    ['Provider', record.provider], ['Endpoint', record.endpoint], ['Tier', record.tier], ['Region', record.region], ['Host', record.host],
    ['Attempt', record.attempt > 0 ? `${record.attempt}${record.fallbackOf === '' ? '' : ', replaces an earlier one'}` : ''],
    ['Answer', record.stream ? 'streamed' : 'whole'], ['Price book', record.priceVersion], ['Provider status', record.upstreamStatus === 0 ? '' : String(record.upstreamStatus)],
    ['Provider request', record.upstreamRequestId],
  ]
  return (
    <DrawerSection title="What">
      <p className="mb-3 flex flex-wrap items-center gap-x-2 text-base font-medium">
        {record.requestedModel || 'No model'}
        {record.servedModel !== '' && record.servedModel !== record.requestedModel && <><span className="text-ink-3" aria-label="served by">→</span>{record.servedModel}</>}
      </p>
      <Facts facts={facts} />
    </DrawerSection>
  )
}

function DrawerSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-3 p-4">
      {['h-36', 'h-64', 'h-40', 'h-40'].map((height, index) => <div key={index} className={`rounded-xl border border-line bg-surface p-5 ${height}`}><Skeleton className="h-4 w-28" /><Skeleton className="mt-4 h-1/2 w-full" /></div>)}
    </div>
  )
}
