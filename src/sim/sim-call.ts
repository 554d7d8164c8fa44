import type { SimUsage } from './sim-generation.ts'

/** One request as the provider saw it. */
export interface SimCall {
  readonly id: number
  readonly method: string
  readonly path: string
  /** With its "?", or ''. */
  readonly query: string
  /** As asked; '' when the request named none. */
  readonly model: string
  readonly authorization: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly status: number
  readonly stream: boolean
  readonly faults: readonly string[]
  /** What the provider counted and would bill, even when the client never learns it; null when nothing. */
  readonly counted: SimUsage | null
  /** The usage object the answer carried, null when none. */
  readonly reported: unknown
  /** open: still being answered · completed · reset: broken off by a fault · client_aborted. */
  readonly outcome: 'open' | 'completed' | 'reset' | 'client_aborted'
}
export type SimCallState = { -readonly [Name in keyof SimCall]: SimCall[Name] }
