/** An embedded engine cannot work on this machine; the sentence says what to set instead. */
export class EngineUnavailableError extends Error {
  override readonly name = 'EngineUnavailableError'
}

/** The way out that every such error names. */
export const remedyOf = (engine: 'postgres' | 'events'): string =>
  engine === 'postgres'
    ? 'Set TOLLGATE_POSTGRES_URL to a PostgreSQL server (15 or newer) instead.'
    : 'Set TOLLGATE_CLICKHOUSE_URL to a ClickHouse server instead.'
