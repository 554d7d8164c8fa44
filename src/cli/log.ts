import { pino } from 'pino'
import type { Log } from '../base/log.ts'

/** One JSON line per fact on standard error; TOLLGATE_LOG_LEVEL chooses how much (default info; warn where a person watches). */
export function createLog(plane: string): Log {
  const logger = pino({ level: process.env['TOLLGATE_LOG_LEVEL'] ?? (process.stderr.isTTY ? 'warn' : 'info'), base: { plane } }, pino.destination({ fd: 2, sync: true }))
  return (level, message, detail) => logger[level](detail ?? {}, message)
}
