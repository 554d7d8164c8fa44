import type { Amount } from '../base/money.ts'
import { err, ok, type Result } from '../base/result.ts'
import { compileRule, type CompiledRule } from '../core/entitlement/decide.ts'
import { quantityOf } from '../core/entitlement/measure.ts'
import { covers, factsOfRecord, tupleKey, windowId, type BudgetRule } from '../core/entitlement/rule.ts'
import { decodeUsageRecord } from '../core/usage/usage-record-json.ts'
import type { UsageRecord } from '../core/usage/usage-record.ts'
import { frameKinds, scanFrames } from '../journal/frame.ts'
import { batchIdOf, type BatchEffect, type BatchKey } from '../store/ports.ts'
import type { HoldEntry } from './sync-protocol.ts'

/** A block's contents, read once: records to store, and what moves in leases. */
export interface ReadBlock {
  readonly key: BatchKey
  readonly batchId: string
  readonly checksum: string
  readonly records: readonly UsageRecord[]
  readonly settlements: readonly Move[]
  readonly returns: readonly Move[]
  readonly epochs: readonly number[]
  readonly quarantined: readonly { readonly index: number; readonly reason: string; readonly payload: string }[]
}
interface Move { readonly windowId: string; readonly epoch: number; readonly amount: bigint }

/** Longest stretch of a bad frame kept for a person to look at. */
const quarantinePayloadChars = 4_096

/** Reads a block's frames. A frame that makes no sense is quarantined with its reason; the rest goes on. */
export function readBlock(key: BatchKey, bytes: Buffer, checksum: string): Result<ReadBlock, string> {
  const scan = scanFrames(bytes)
  if (scan.fault !== '') return err(`frame at byte ${scan.validBytes}: ${scan.fault}`)
  const records: UsageRecord[] = []
  const settlements: Move[] = []
  const returns: Move[] = []
  const epochs: number[] = []
  const quarantined: { index: number; reason: string; payload: string }[] = []
  for (const [index, frame] of scan.frames.entries()) {
    if (frame.kind !== frameKinds.close && frame.kind !== frameKinds.note) continue
    const reason = take(frame.payload, records, settlements, returns, epochs)
    if (reason !== null) quarantined.push({ index, reason, payload: frame.payload.slice(0, quarantinePayloadChars) })
  }
  return ok({ key, batchId: batchIdOf(key), checksum, records, settlements, returns, epochs, quarantined })
}

function take(payload: string, records: UsageRecord[], settlements: Move[], returns: Move[], epochs: number[]): string | null {
  let entry: { readonly t?: unknown; readonly epoch?: unknown; readonly record?: unknown; readonly settlements?: unknown; readonly windowId?: unknown; readonly amount?: unknown }
  try {
    entry = JSON.parse(payload) as typeof entry
  } catch {
    return 'not JSON'
  }
  const epoch = entry.epoch
  if (typeof epoch !== 'number' || !Number.isSafeInteger(epoch)) return 'epoch is not a whole number'
  switch (entry.t) {
    case 'outcome': {
      const decoded = decodeUsageRecord(entry.record)
      if (!decoded.ok) return decoded.error
      const moves = readMoves(entry.settlements, epoch)
      if (moves === null) return 'settlements are malformed'
      records.push(decoded.value)
      settlements.push(...moves)
      return null
    }
    case 'return': {
      const moves = readMoves([entry], epoch)
      if (moves === null) return 'return is malformed'
      returns.push(...moves)
      return null
    }
    case 'epoch': epochs.push(epoch); return null
    default: return `entry kind ${String(entry.t).slice(0, 40)} is unknown`
  }
}

function readMoves(value: unknown, epoch: number): Move[] | null {
  if (!Array.isArray(value)) return null
  const moves: Move[] = []
  for (const each of value as Partial<HoldEntry>[]) {
    if (typeof each.windowId !== 'string' || typeof each.amount !== 'string' || !/^-?\d{1,38}$/.test(each.amount)) return null
    moves.push({ windowId: each.windowId, epoch, amount: BigInt(each.amount) })
  }
  return moves
}

/** Compiled rules by organisation. */
export function rulesByOrg(rules: readonly BudgetRule[]): ReadonlyMap<string, readonly CompiledRule[]> {
  const byOrg = new Map<string, CompiledRule[]>()
  for (const rule of rules) {
    const list = byOrg.get(rule.orgId)
    if (list === undefined) byOrg.set(rule.orgId, [compileRule(rule)])
    else list.push(compileRule(rule))
  }
  return byOrg
}

/**
 * What a block changes in budgets. Committed amounts come from the records and today's rules, not from what the
 * gateway held, so that a budget is the sum of its records by construction; settlements only move leases.
 */
export function effectOf(block: ReadBlock, rules: ReadonlyMap<string, readonly CompiledRule[]>, receivedAt: number): BatchEffect {
  const commits = new Map<string, { orgId: string; ruleId: string; tuple: string; startMs: number; endMs: number; amount: bigint }>()
  let cost: Amount = 0n
  for (const usageRecord of block.records) {
    cost += usageRecord.cost ?? 0n
    const facts = factsOfRecord(usageRecord)
    for (const { rule, period } of rules.get(facts.orgId) ?? []) {
      if (!covers(rule, facts)) continue
      const amount = quantityOf(rule.measure, usageRecord)
      if (amount === 0n) continue
      const { startMs, endMs } = period(usageRecord.at)
      const tuple = tupleKey(rule, facts)
      const id = windowId(rule.id, tuple, startMs)
      const commit = commits.get(id)
      if (commit === undefined) commits.set(id, { orgId: facts.orgId, ruleId: rule.id, tuple, startMs, endMs, amount })
      else commit.amount += amount
    }
  }
  return {
    key: block.key, rows: block.records.length, cost, checksum: block.checksum, receivedAt,
    commits: [...commits.values()], settlements: summed(block.settlements), returns: summed(block.returns), epochs: block.epochs, quarantined: block.quarantined,
  }
}

function summed(moves: readonly Move[]): Move[] {
  const sums = new Map<string, { windowId: string; epoch: number; amount: bigint }>()
  for (const move of moves) {
    const id = `${move.epoch}|${move.windowId}`
    const sum = sums.get(id)
    if (sum === undefined) sums.set(id, { ...move })
    else sum.amount += move.amount
  }
  return [...sums.values()]
}
