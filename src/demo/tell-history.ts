import type { Log } from '../base/log.ts'
import { createPriceBook } from '../core/pricing/create-price-book.ts'
import type { PriceData } from '../core/pricing/price-entry.ts'
import type { UsageRecord } from '../core/usage/usage-record.ts'
import type { Receiver } from '../control/receive.ts'
import type { ControlStore } from '../store/ports.ts'
import { sealBlock } from './blocks.ts'
import type { DemoFile, Span } from './demo-file.ts'
import { historyBetween, type World } from './history.ts'
import type { DemoModel } from './models.ts'
import { planOrganisation } from './organisation.ts'
import { contractEntries, storyFrom } from './story.ts'

const dayMs = 86_400_000
/** Days per block, newest first: what a first look asks for is there first. The last one repeats. */
const blockDays = [1, 2, 3]
export const demoNodeId = 'demo'

/** The company as its seed tells it, with prices as the price book has them. */
export function createWorld(orgId: string, file: DemoFile, list: PriceData, hosts: Readonly<Record<DemoModel['provider'], string>>): World {
  const story = storyFrom(file.seed, file.anchorMs)
  const book = createPriceBook({ ...list, entries: [...list.entries, ...contractEntries(story, orgId, list)] })
  return { story, organisation: planOrganisation(orgId), book, hosts }
}

/** A span in pieces, newest first, each a block of the demo's journal. */
export function* piecesOf(span: Span): Generator<{ readonly block: number; readonly fromMs: number; readonly toMs: number }> {
  let toMs = span.toMs
  for (let block = 0; toMs > span.fromMs; block += 1) {
    const fromMs = Math.max(span.fromMs, toMs - blockDays[Math.min(block, blockDays.length - 1)]! * dayMs)
    yield { block, fromMs, toMs }
    toMs = fromMs
  }
}

export function recordsOfPiece(world: World, span: Span, piece: { readonly fromMs: number; readonly toMs: number }): readonly UsageRecord[] {
  const spentOut = (teamId: string, at: number): boolean => span.spent.some((spent) => spent.teamId === teamId && at >= spent.fromMs && at < spent.toMs)
  return [...historyBetween(world, piece.fromMs, piece.toMs, spentOut)].sort((a, b) => a.at - b.at)
}

/** Sends a span's blocks the way a gateway's journal is received; those that were received before are not stored again. */
export async function tellSpan(control: ControlStore, receiver: Receiver, world: World, journalId: string, span: Span, log: Log): Promise<number> {
  const started = performance.now()
  let rows = 0
  let received: Promise<unknown> = Promise.resolve()
  for (const piece of piecesOf(span)) {
    const key = { journalId, segment: span.segment, block: piece.block }
    if (await control.hasBatch(key)) continue
    // The next block is made while the engines store the one before.
    const sealed = sealBlock(recordsOfPiece(world, span, piece))
    await received
    if (sealed.rows === 0) continue
    received = receiver.receive(key, sealed.bytes, sealed.checksum)
    received.catch(() => {}) // Heard where it is awaited.
    rows += sealed.rows
  }
  await received
  log('info', 'history told', { rows, days: Math.round((span.toMs - span.fromMs) / dayMs), ms: Math.round(performance.now() - started) })
  return rows
}
