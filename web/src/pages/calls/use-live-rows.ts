import { useCallback, useEffect, useRef, useState } from 'react'
import { withSearch } from '../../api/client.ts'
import type { RecordSummary } from '../../api/queries.ts'
import { covers, type CallSearch } from './call-search.ts'

/** How many arrived rows are kept; older ones are in the list itself. */
const liveRowsMax = 500
/** Rows that arrive within this time are drawn together. */
const drawEveryMs = 300

export type LiveState = 'connecting' | 'live' | 'paused' | 'offline'
export interface LiveRows {
  readonly state: LiveState
  /** Newest first. */
  readonly rows: readonly RecordSummary[]
  /** Arrived while paused. */
  readonly waiting: number
  /** Rows the server left out because this reader was too slow. */
  readonly dropped: number
  readonly toggle: () => void
}

/**
 * The live tail. Connected → rows are drawn as they come; paused → the stream stays open and rows wait, so that
 * resuming misses nothing. A broken stream reconnects by itself and says so meanwhile.
 */
export function useLiveRows(search: CallSearch): LiveRows {
  const [connected, setConnected] = useState<'connecting' | 'live' | 'offline'>('connecting')
  const [paused, setPaused] = useState(false)
  const [rows, setRows] = useState<readonly RecordSummary[]>([])
  const [waiting, setWaiting] = useState(0)
  const [dropped, setDropped] = useState(0)
  const inbox = useRef<RecordSummary[]>([])
  const pausedNow = useRef(false)
  const view = JSON.stringify({ ...search, event: undefined })

  const drain = useCallback(() => {
    if (inbox.current.length === 0) return
    if (pausedNow.current) { setWaiting(inbox.current.length); return }
    const arrived = inbox.current.toReversed()
    inbox.current = []
    setWaiting(0)
    setRows((shown) => [...arrived, ...shown].slice(0, liveRowsMax))
  }, [])

  useEffect(() => {
    const filters = JSON.parse(view) as CallSearch
    setRows([])
    inbox.current = []
    const kind = filters.status === 'refused' ? 'refusal' : undefined
    const stream = new EventSource(withSearch('/api/v1/records/stream', { kind, team: filters.team, app: filters.app, model: filters.model }))
    stream.addEventListener('open', () => setConnected('live'))
    stream.addEventListener('error', () => setConnected('offline'))
    stream.addEventListener('record', (event: MessageEvent<string>) => {
      const row = JSON.parse(event.data) as RecordSummary
      if (covers(filters, row)) inbox.current = [...inbox.current.slice(1 - liveRowsMax), row]
    })
    stream.addEventListener('dropped', (event: MessageEvent<string>) => setDropped((count) => count + countOf(event.data)))
    const timer = setInterval(drain, drawEveryMs)
    return () => { stream.close(); clearInterval(timer) }
  }, [view, drain])

  const toggle = useCallback(() => {
    pausedNow.current = !pausedNow.current
    setPaused(pausedNow.current)
    drain()
  }, [drain])
  return { state: paused ? 'paused' : connected, rows, waiting, dropped, toggle }
}

/** `dropped` carries a count, bare or as a member. */
function countOf(data: string): number {
  try {
    const value: unknown = JSON.parse(data)
    if (typeof value === 'number') return value
    const count = (value as { count?: unknown } | null)?.count
    return typeof count === 'number' ? count : 1
  } catch { return 1 }
}
