/** Every bound in the product, unit in its name. Defaults; those marked (env) can be changed by configuration. */
export const limits = {
  // gateway: accept
  headerBytesMax: 32 * 1024,
  headersMax: 120,
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 65_000,
  /** How often connections are looked at for the timeouts above. */
  connectionCheckMs: 5_000,
  bodyBytesMax: 64 * 1024 * 1024,
  bodyBytesHeldMax: 1024 * 1024 * 1024,
  jsonDepthMax: 200,
  pathBytesMax: 2_048,
  callsInFlightMax: 10_000,
  // gateway: attribution
  attributionValueBytesMax: 256,
  tagsMax: 32,
  tagKeyBytesMax: 64,
  tagValueBytesMax: 256,
  // gateway: upstream
  upstreamConnectionsMax: 1_024,
  upstreamConnectTimeoutMs: 10_000,
  upstreamHeadersTimeoutMs: 120_000,
  upstreamIdleTimeoutMs: 120_000,
  upstreamDurationMaxMs: 30 * 60_000,
  upstreamAttemptsMax: 3,
  retryBackoffMs: 200,
  bufferedAnswerBytesMax: 256 * 1024,
  bufferedAnswerMs: 20,
  /** A usage object longer than this is not kept beside the counters read from it. */
  rawUsageCharactersMax: 64 * 1024,
  answerTailBytesMax: 4 * 1024 * 1024,
  sseEventBytesMax: 4 * 1024 * 1024,
  decompressedBytesMax: 64 * 1024 * 1024,
  disconnectDrainMs: 30_000,
  disconnectDrainBytesMax: 16 * 1024 * 1024,
  // gateway: leases
  rulesPerCallMax: 16,
  leaseWaitMs: 5_000,
  /** An authority that has not answered a lease or a pulse by then counts as away. */
  leaseAnswerMs: 2_500,
  leaseWaitersMax: 20_000,
  leaseSlicesPerAskMax: 500,
  leaseIdleReturnMs: 10_000,
  outputCapDefaultTokens: 4_096,
  // journal
  journalBlockBytesMax: 4 * 1024 * 1024,
  journalBlockAgeMs: 250,
  journalSegmentBytesMax: 64 * 1024 * 1024,
  journalSyncMs: 50,
  journalBacklogBytesMax: 8 * 1024 * 1024 * 1024,
  journalKeepAckedMs: 7 * 24 * 3_600_000,
  journalFrameBytesMax: 8 * 1024 * 1024,
  // sync
  syncPollMs: 20_000,
  syncTimeoutMs: 30_000,
  blockBytesMax: 16 * 1024 * 1024,
  shipBackoffMaxMs: 5_000,
  // control API
  apiBodyBytesMax: 1024 * 1024,
  pageRowsMax: 500,
  pageRowsDefault: 50,
  sessionAgeMs: 12 * 3_600_000,
  invitationAgeMs: 7 * 24 * 3_600_000,
  loginAttemptsPerMinuteMax: 10,
  idempotencyKeepMs: 24 * 3_600_000,
  idempotencyClaimMs: 60_000,
  // queries
  queryRowsMax: 10_000,
  queryGroupsMax: 6,
  statementLinesMax: 200,
  queryRangeDaysMax: 800,
  queryExecutionMs: 20_000,
  queryMemoryBytesMax: 2 * 1024 * 1024 * 1024,
  // engines
  engineStartMs: 30_000,
  engineRestartBackoffMaxMs: 10_000,
  engineStopMs: 15_000,
  eventEngineSessions: 4,
  /** Of the sessions above, how many each lane may hold: inserts always find one that dashboards cannot take. */
  eventEngineLaneSessions: { receive: 4, reads: 3, jobs: 1 },
  eventEngineLaneWaitingMax: 1_000,
  eventEngineBodyBytesMax: 64 * 1024 * 1024,
  eventEngineBufferedBytesMax: 256 * 1024 * 1024,
  eventEngineResultBytesMax: 256 * 1024 * 1024,
  eventEngineMarkCacheBytes: 512 * 1024 * 1024,
  /** A trivial query that takes longer means the event engine hangs; its process is ended and started again. */
  eventEngineSilenceMs: 60_000,
  jobExecutionMsMax: 60 * 60_000,
  postgresRecoveryMs: 10 * 60_000,
  eventDedupWindowBatches: 20_000,
  postgresConnectionsMax: 20,
  postgresConnectMs: 5_000,
  postgresStatementMs: 30_000,
  postgresLeaseStatementMs: 5_000,
  postgresIdleInTransactionMs: 30_000,
  postgresBackfillMs: 10 * 60_000,
  postgresListenBackoffMaxMs: 5_000,
} as const

/** The same bounds as plain values: what takes them can be run with tighter ones. */
export type Limits = { readonly [Name in keyof typeof limits]: (typeof limits)[Name] extends number ? number : (typeof limits)[Name] }
