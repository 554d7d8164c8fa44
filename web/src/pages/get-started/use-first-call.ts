import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { withSearch } from '../../api/client.ts'
import type { RecordSummary } from '../../api/queries.ts'
import { lastRecordQuery } from '../keys/org-queries.ts'

export interface FirstCallWatch {
  /** The newest call of the key since the watch began, else null. */
  readonly call: RecordSummary | null
  /** Whether the stream stands; without it the list is asked every few seconds. */
  readonly live: boolean
}

/** Calls arrive by the stream at once; the list fills in what came before it stood or while it was down. */
const askEveryMs = 4_000

/** Waits for a call by this key, and by no other, made after `sinceMs`. */
export function useFirstCall(keyId: string, sinceMs: number): FirstCallWatch {
  const [streamed, setStreamed] = useState<RecordSummary | null>(null)
  const [live, setLive] = useState(false)
  useEffect(() => {
    setStreamed(null)
    let stream: EventSource | null = null
    let again: ReturnType<typeof setTimeout> | undefined
    const open = (): void => {
      const opened = new EventSource(withSearch('/api/v1/records/stream', { key: keyId }))
      stream = opened
      opened.addEventListener('open', () => setLive(true))
      opened.addEventListener('record', (event: MessageEvent<string>) => setStreamed(JSON.parse(event.data) as RecordSummary))
      opened.addEventListener('error', () => {
        setLive(false)
        // A browser gives up a stream that was refused; this one asks again.
        if (opened.readyState === EventSource.CLOSED) again = setTimeout(open, askEveryMs)
      })
    }
    open()
    return () => { clearTimeout(again); stream?.close() }
  }, [keyId])
  const listed = useQuery({ ...lastRecordQuery({ key: keyId }, sinceMs), refetchInterval: streamed === null ? askEveryMs : false })
  const found = listed.data ?? null
  return { call: streamed === null || (found !== null && found.at > streamed.at) ? found : streamed, live }
}
