import type { SimUsage } from './sim-generation.ts'

/** An answer before faults are applied to it. */
export interface SimAnswer {
  readonly status: number
  readonly body: unknown
  /** Set for a stream: one SSE event each, blank line included. */
  readonly frames: readonly string[] | null
  /** The frames are the pieces of one JSON array. */
  readonly isJsonStream?: boolean
  /** Which frame may be repeated by `never-ending`. */
  readonly repeatable: number
  /** Headers of this answer beside the format's own. */
  readonly headers?: Readonly<Record<string, string>>
  /** What the provider counted, null when the call cost nothing. */
  readonly counted: SimUsage | null
  /** The usage object as sent to the client, null when none is. */
  readonly reported: unknown
  readonly model: string
}

export const frame = (data: unknown, name = ''): string => `${name === '' ? '' : `event: ${name}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`

export function errorAnswer(status: number, message: string, type: string, code: string | null, param: string | null = null): SimAnswer {
  return { status, body: { error: { message, type, param, code } }, frames: null, repeatable: 0, counted: null, reported: null, model: '' }
}
