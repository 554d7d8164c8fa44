import { Client } from 'pg'
import { limits } from '../../config/limits.ts'
import { changeChannel } from './change.ts'
import type { Log } from '../../base/log.ts'
import { connectionOptions } from './database.ts'

/**
 * Hears changes made by any process, on a connection of its own.
 *
 *   idle → (first listener) → connecting → listening → (connection breaks) → waiting → connecting …
 *   any → (close) → closed
 *
 * A change may happen before the connection stands or while it is away, so every connection counts as one.
 */
export interface ChangeListener {
  onChange(listener: () => void): void
  close(): Promise<void>
}

const firstBackoffMs = 100

export function createChangeListener(url: string, log: Log): ChangeListener {
  const listeners = new Set<() => void>()
  let client: Client | null = null
  let timer: NodeJS.Timeout | null = null
  let backoffMs = firstBackoffMs
  let state: 'idle' | 'connecting' | 'listening' | 'waiting' | 'closed' = 'idle'
  const closed = (): boolean => state === 'closed'

  const tell = (): void => { for (const listener of listeners) listener() }

  const retryLater = (broken: Client, reason: string): void => {
    if (closed() || client !== broken) return
    client = null
    state = 'waiting'
    log('warn', 'the change listener lost PostgreSQL', { reason, retryMs: backoffMs })
    void broken.end().catch(() => undefined)
    timer = setTimeout(() => { void connect() }, backoffMs)
    timer.unref()
    backoffMs = Math.min(backoffMs * 2, limits.postgresListenBackoffMaxMs)
  }

  const connect = async (): Promise<void> => {
    state = 'connecting'
    const fresh = new Client({ ...connectionOptions(url, 'tollgate listener'), connectionTimeoutMillis: limits.postgresConnectMs })
    client = fresh
    fresh.on('error', (error) => { retryLater(fresh, error.message) })
    fresh.on('end', () => { retryLater(fresh, 'connection ended') })
    fresh.on('notification', tell)
    try {
      await fresh.connect()
      await fresh.query(`LISTEN ${changeChannel}`)
    } catch (error) {
      retryLater(fresh, error instanceof Error ? error.message : String(error))
      return
    }
    if (closed()) { await fresh.end(); return }
    state = 'listening'
    backoffMs = firstBackoffMs
    tell()
  }

  return {
    onChange(listener) {
      listeners.add(listener)
      if (state === 'idle') void connect()
    },
    async close() {
      state = 'closed'
      if (timer !== null) clearTimeout(timer)
      await client?.end().catch(() => undefined)
    },
  }
}
