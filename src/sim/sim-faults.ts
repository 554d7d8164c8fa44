/**
 * Faults a test asks of the simulated provider, by request header `x-sim-fault: slow 200, no-usage`, by a directive in
 * the last user text (`[[sim: reset-mid-stream]]`), or by the model's name (`gpt-4o:sim-no-done`).
 */
export const simFaultNames = [
  /** Closes the connection before any answer. */
  'reset-before-headers',
  /** Never answers. */
  'hang',
  /** Breaks the connection after half of the body or stream. */
  'reset-mid-stream',
  /** 429 with `retry-after: N` seconds (default 1). */
  'rate-limit',
  /** As `rate-limit`, then good answers to the same request. */
  'rate-limit-once',
  'error-500',
  /** 500 to the first request of this content, then good answers. */
  'error-500-once',
  'error-503',
  'error-400',
  'malformed-json',
  /** A body cut in the middle, with a content-length to match. */
  'truncated-json',
  /** Waits N milliseconds before the headers. */
  'slow',
  /** Waits N milliseconds between chunks. */
  'slow-chunks',
  /** Sends content chunks until the client leaves. */
  'never-ending',
  'gzip',
  'no-usage',
  'no-done',
  'usage-every-chunk',
  /** An error event in the middle of the stream, which then ends. */
  'error-mid-stream',
  /** Writes the stream in pieces of N bytes (default 7). */
  'split-bytes',
  'crlf',
  /** Text of N bytes, whatever the token counts say. */
  'huge',
  'zero-usage',
  /** Wants to produce N tokens of visible text; the caller's cap still holds. */
  'output',
  /** Calls the first tool given. */
  'tool',
  /** Counts N web searches. */
  'search',
  /** Refuses the prompt in an answer of status 200, where the format can. */
  'blocked',
  /** Serves in the standard tier, whatever was asked for. */
  'standard-tier',
] as const
export type SimFault = (typeof simFaultNames)[number]

/** Faults with their number, null where none was given. */
export type SimFaults = ReadonlyMap<SimFault, number | null>

export function readFaults(header: string, model: string, lastText: string): SimFaults {
  const faults = new Map<SimFault, number | null>()
  const add = (text: string): void => {
    const [name = '', number] = text.trim().split(/[\s=]+/)
    if (!(simFaultNames as readonly string[]).includes(name)) return
    faults.set(name as SimFault, number === undefined || !/^\d+$/.test(number) ? null : Number(number))
  }
  for (const part of header.split(',')) add(part)
  for (const match of lastText.matchAll(/\[\[sim: ([^\]]{1,200})\]\]/g)) for (const part of match[1]!.split(',')) add(part)
  for (const part of model.split(':sim-').slice(1)) add(part)
  return faults
}

/** The model's name without fault suffixes. */
export const bareModel = (model: string): string => model.split(':sim-')[0]!
