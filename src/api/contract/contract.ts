import type { z } from 'zod'
import { budgetRoutes } from './budgets.ts'
import { modelRoutes } from './models.ts'
import { orgRoutes } from './org.ts'
import { priceRoutes } from './prices.ts'
import { providerRoutes } from './providers.ts'
import { queryRoutes } from './query.ts'
import { recordRoutes } from './records.ts'
import type { RouteContract } from './route.ts'
import { sessionRoutes } from './session.ts'
import { statementRoutes } from './statements.ts'
import { systemRoutes } from './system.ts'
import type { apiKey, keyPolicy, orgNode } from './org.ts'
import type { budget, budgetWindow } from './budgets.ts'
import type { costAnswer, costQuery, costRow, overview } from './query.ts'
import type { explanation, recordSummary, usageRecord } from './records.ts'
import type { priceEntry } from './prices.ts'
import type { provider } from './providers.ts'
import type { statement } from './statements.ts'
import type { session, token, user } from './session.ts'
import type { auditEntry, system } from './system.ts'

/** The control API, as data: every route of the console, the CLI and the OpenAPI document. */
export const routes = {
  ...sessionRoutes, ...orgRoutes, ...providerRoutes, ...budgetRoutes, ...priceRoutes, ...modelRoutes, ...queryRoutes, ...statementRoutes, ...recordRoutes, ...systemRoutes,
} as const satisfies Record<string, RouteContract>
export const routeList: readonly RouteContract[] = Object.values(routes)

export type Routes = typeof routes
export type RouteId = keyof Routes
type Sent<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined
type Read<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined
/** What a client sends; members with a default may be left out. */
export type ParamsOf<Id extends RouteId> = Sent<Routes[Id]['params']>
export type QueryOf<Id extends RouteId> = Sent<Routes[Id]['query']>
export type BodyOf<Id extends RouteId> = Sent<Routes[Id]['body']>
/** What a client gets. */
export type ResponseOf<Id extends RouteId> = z.output<Routes[Id]['response']>
/** What a handler gets, validated and with defaults. */
export interface InputOf<Id extends RouteId> {
  readonly params: Read<Routes[Id]['params']>
  readonly query: Read<Routes[Id]['query']>
  readonly body: Read<Routes[Id]['body']>
}

/** problem+json (RFC 9457) with our stable code. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail?: string
  /** Request id, also in the log. */
  readonly instance: string
  /** For `invalid`: which field, and what to send. */
  readonly errors?: readonly { readonly field: string; readonly message: string }[]
  readonly facts?: Readonly<Record<string, string | number | null>>
}

export type Session = z.output<typeof session>
export type User = z.output<typeof user>
export type Token = z.output<typeof token>
export type OrgNode = z.output<typeof orgNode>
export type ApiKey = z.output<typeof apiKey>
export type KeyPolicy = z.output<typeof keyPolicy>
export type Provider = z.output<typeof provider>
export type Budget = z.output<typeof budget>
export type BudgetWindow = z.output<typeof budgetWindow>
export type PriceEntry = z.output<typeof priceEntry>
export type CostQueryInput = z.input<typeof costQuery>
export type CostAnswer = z.output<typeof costAnswer>
export type CostRow = z.output<typeof costRow>
export type Overview = z.output<typeof overview>
export type Statement = z.output<typeof statement>
export type RecordSummary = z.output<typeof recordSummary>
export type UsageRecord = z.output<typeof usageRecord>
export type Explanation = z.output<typeof explanation>
export type AuditEntry = z.output<typeof auditEntry>
export type SystemInfo = z.output<typeof system>
