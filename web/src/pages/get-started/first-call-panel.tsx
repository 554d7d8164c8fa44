import { Link } from '@tanstack/react-router'
import { ArrowRight, CircleCheck, CircleX } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import type { RecordSummary } from '../../api/queries.ts'
import { Money, Since } from '../../design/figures.tsx'
import { exactCount, formatDuration } from '../../format/quantity.ts'
import { Marks } from '../calls/call-marks.tsx'
import { FactGrid } from '../keys/facts.tsx'
import { useFirstCall } from './use-first-call.ts'

/** Waits for the key's call, then shows it: what it cost, who pays, and the way to its explanation. */
export function FirstCallPanel({ keyId, keyName, sinceMs }: { readonly keyId: string; readonly keyName: string; readonly sinceMs: number }): ReactNode {
  // What the watch began with, whatever is rendered later.
  const [since] = useState(sinceMs)
  const { call, live } = useFirstCall(keyId, since)
  return (
    <div role="status" aria-label="First call" className="rounded-xl border border-line bg-surface">
      {call === null ? (
        <p className="flex items-center gap-3 px-4 py-4 text-sm">
          <span aria-hidden className={`size-2 shrink-0 rounded-full ${live ? 'animate-beat bg-accent' : 'bg-held'}`} />
          <span><span className="font-medium">Waiting for a call by {keyName}…</span> <span className="text-ink-3">{live ? 'It shows here the moment it ends.' : 'Connecting.'}</span></span>
        </p>
      ) : <Arrived call={call} />}
    </div>
  )
}

const tokensOf = (call: RecordSummary): number => Object.entries(call.usage).reduce((sum, [name, count]) => (/^(input|output|cache|embedding)/.test(name) ? sum + (count ?? 0) : sum), 0)

function Arrived({ call }: { readonly call: RecordSummary }): ReactNode {
  const refused = call.kind === 'refusal'
  const failed = refused || call.errorClass !== ''
  return (
    <div className="animate-arrive rounded-xl p-4">
      <p className="flex items-center gap-2 text-sm font-medium">
        {failed ? <CircleX aria-hidden className="size-4 text-bad" /> : <CircleCheck aria-hidden className="size-4 text-good" />}
        {refused ? 'It arrived, and was refused' : failed ? 'It arrived, and the provider failed' : 'It arrived'}
        <span className="font-normal text-ink-3"><Since ms={call.at} /></span>
      </p>
      {failed ? (
        <p className="mt-2 text-sm text-ink-2"><code className="font-mono text-xs text-bad">{call.status || ''} {call.errorCode || call.errorClass}</code> {refused ? 'It cost nothing. Its explanation says why and what to do.' : 'The way to the gateway works; the provider did not answer well.'}</p>
      ) : (
        <>
          <p className="mt-2 flex flex-wrap items-center gap-x-3 text-display font-semibold tracking-[-0.03em]"><Money decimal={call.cost} currency={call.currency} /><span className="text-sm font-normal tracking-normal"><Marks row={call} full /></span></p>
          <div className="mt-4"><FactGrid facts={[
            ['Model', call.servedModel || call.requestedModel || call.endpoint], ['Tokens', exactCount(tokensOf(call))], ['Took', call.latencyMs === null ? '–' : formatDuration(call.latencyMs)],
            ['Pays', call.caller.teamName === '' ? call.caller.appName : `${call.caller.teamName} / ${call.caller.appName}`], ['Cost centre', call.caller.costCentre || 'none yet'], ['Workflow', call.attribution.workflow || 'none stated'],
          ]} /></div>
        </>
      )}
      <Link to="/calls" search={{ event: call.eventId }} className="mt-4 inline-flex items-center gap-1.5 text-sm font-medium text-accent hover:underline">
        {failed ? 'See why' : 'See every cost line of it'}<ArrowRight aria-hidden className="size-3.5" />
      </Link>
    </div>
  )
}
