import { useCallback, useEffect, useRef, useState } from 'react'
import { withSearch } from '../../api/client.ts'
import type { RecordSummary } from '../../api/queries.ts'
import { covers, type CallSearch } from './call-search.ts'

/** How many arrived rows are kept; older ones are in the list itself. */
const liveRowsMax = 500
/** Rows that arrive within this time are drawn together. */
const drawEveryMs = 300
const reopenAfterMs = 5000

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
 * resuming misses nothing; not `on` → no stream, no rows. A broken stream reconnects by itself and says so meanwhile.
 */
export function useLiveRows(search: CallSearch, on: boolean): LiveRows {
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
    if (!on) return undefined
    const kind = filters.status === 'refused' ? 'refusal' : undefined
    const address = withSearch('/api/v1/records/stream', { kind, team: filters.team, app: filters.app, model: filters.model })
    const tail = openTail(address, {
      connected: setConnected,
      row: (row) => { if (covers(filters, row)) inbox.current = [...inbox.current.slice(1 - liveRowsMax), row] },
      dropped: (count) => setDropped((before) => before + count),
    })
    const timer = setInterval(drain, drawEveryMs)
    return () => { tail.close(); clearInterval(timer) }
  }, [view, drain, on])

  const toggle = useCallback(() => {
    pausedNow.current = !pausedNow.current
    setPaused(pausedNow.current)
    drain()
  }, [drain])
  return { state: paused ? 'paused' : connected, rows, waiting, dropped, toggle }
}

interface TailEvents {
  readonly connected: (state: 'live' | 'offline') => void
  readonly row: (row: RecordSummary) => void
  readonly dropped: (count: number) => void
}

/** A browser gives a stream up for good when it is refused, say with 503 during a restart; this one asks again. */
function openTail(address: string, events: TailEvents): { readonly close: () => void } {
  let stream: EventSource | null = null
  let retry: ReturnType<typeof setTimeout> | undefined
  const open = (): void => {
    const opened = new EventSource(address)
    stream = opened
    opened.addEventListener('open', () => events.connected('live'))
    opened.addEventListener('error', () => {
      events.connected('offline')
      if (opened.readyState === EventSource.CLOSED) retry = setTimeout(open, reopenAfterMs)
    })
    opened.addEventListener('record', (event: MessageEvent<string>) => events.row(JSON.parse(event.data) as RecordSummary))
    opened.addEventListener('dropped', (event: MessageEvent<string>) => events.dropped(countOf(event.data)))
  }
  open()
  return { close: () => { clearTimeout(retry); stream?.close() } }
}

/** `dropped` says how many rows were left out. */
function countOf(data: string): number {
  try {
    const value: unknown = JSON.parse(data)
    const rows = (value as { rows?: unknown } | null)?.rows
    return typeof rows === 'number' ? rows : 1
  } catch { return 1 }
}
