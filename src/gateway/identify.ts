import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { ErrorCode } from '../base/errors.ts'
import { err, ok, type Result } from '../base/result.ts'
import type { KeyPolicy } from '../core/usage/key-policy.ts'
import type { SnapshotKey } from '../control/sync-protocol.ts'
import type { GatewayState } from './gateway-state.ts'

/** Finds the Tollgate key wherever an SDK puts its key; the key alone decides who pays. */
export function identify(state: GatewayState, headers: IncomingHttpHeaders, queryKey: string, nowMs: number): Result<SnapshotKey, ErrorCode> {
  const text = keyText(headers) || queryKey
  if (text === '') return err('key_missing')
  const key = keyOf(state, text)
  if (key === undefined) return err('key_unknown')
  if (key.revoked) return err('key_revoked')
  if (key.expiresAt !== null && key.expiresAt <= nowMs) return err('key_expired')
  return ok(key)
}

/** Keys seen under this state, by their text: hashing is done once per key and snapshot. Only known keys are remembered. */
const seenKeys = new WeakMap<GatewayState, Map<string, SnapshotKey>>()
const seenKeysMax = 10_000

function keyOf(state: GatewayState, text: string): SnapshotKey | undefined {
  let seen = seenKeys.get(state)
  if (seen === undefined) seenKeys.set(state, (seen = new Map()))
  let key = seen.get(text)
  if (key === undefined && (key = state.keys.get(hash('sha256', text, 'hex'))) !== undefined) {
    if (seen.size >= seenKeysMax) seen.clear()
    seen.set(text, key)
  }
  return key
}

function keyText(headers: IncomingHttpHeaders): string {
  const bearer = headers.authorization
  if (bearer !== undefined && /^bearer \s*\S/i.test(bearer)) return bearer.slice(7).trim()
  for (const name of ['x-api-key', 'x-goog-api-key', 'api-key', 'x-tollgate-key']) {
    const value = headers[name]
    if (typeof value === 'string' && value !== '') return value.trim()
  }
  return ''
}

/** True when the policy lets this key use the model at this provider. Patterns are exact or end in "*". */
export function allows(policy: KeyPolicy, provider: string, model: string): boolean {
  if (policy.providers.length > 0 && !policy.providers.includes(provider)) return false
  if (policy.models.length === 0 || model === '') return true
  return policy.models.some((pattern) => (pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : pattern === model))
}
