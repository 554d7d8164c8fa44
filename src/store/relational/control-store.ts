import { sql } from 'kysely'
import { limits } from '../../config/limits.ts'
import type { ControlStore, IdempotencyStore } from '../ports.ts'
import { createAccessStore } from './access-store.ts'
import { createChangeListener } from './change-listener.ts'
import { readVersion } from './change.ts'
import { createConfigStore } from './config-store.ts'
import type { Log } from '../../base/log.ts'
import { nowMs, openDatabase } from './database.ts'
import { createIdempotencyStore } from './idempotency-store.ts'
import { createLeaseStore } from './lease-store.ts'
import { migrate, readMigrations } from './migrate.ts'
import { createOrgStore } from './org-store.ts'
import { createPriceStore } from './price-store.ts'
import { createReceiveStore } from './receive-store.ts'
import { createRuleStore } from './rule-store.ts'
import { createSecretBox } from './secret-box.ts'

export interface ControlStoreOptions {
  /** postgres://user:password@host:port/database, PostgreSQL 15 or newer. */
  readonly url: string
  /** 32 bytes; seals provider credentials and settings. */
  readonly secretKey: Buffer
  /** Connections of this process over all lanes, the change listener's included. Default `postgresConnectionsMax`. */
  readonly connectionsMax?: number
  readonly log?: Log
}

/** The control store, and the answers of repeated writes beside it in the same database. */
export interface RelationalStore extends ControlStore {
  readonly idempotency: IdempotencyStore
}

/** The relational store over PostgreSQL. Connects when first asked; an engine that is away is `engine_unavailable`. */
export function createControlStore(options: ControlStoreOptions): RelationalStore {
  const log: Log = options.log ?? (() => undefined)
  const db = openDatabase({ url: options.url, connectionsMax: options.connectionsMax ?? limits.postgresConnectionsMax, log })
  const listener = createChangeListener(options.url, log)
  const box = createSecretBox(options.secretKey)
  return {
    ...createOrgStore(db),
    ...createAccessStore(db),
    ...createConfigStore(db, box),
    ...createPriceStore(db),
    ...createRuleStore(db),
    ...createLeaseStore(db),
    ...createReceiveStore(db),
    idempotency: createIdempotencyStore(db, box),
    migrate: async () => { await migrate(db.config, await readMigrations()) },
    snapshotVersion: () => readVersion(db.config, 'snapshot'),
    onChange: (changed) => { listener.onChange(changed) },
    async now() {
      const { rows } = await sql<{ now: number }>`SELECT ${nowMs} AS now`.execute(db.config)
      return rows[0]!.now
    },
    async close() {
      await Promise.all([listener.close(), db.close()])
    },
  }
}
