import { randomUUID } from 'node:crypto'
import type { Log } from '../base/log.ts'
import { Receiver } from '../control/receive.ts'
import type { PriceData } from '../core/pricing/price-entry.ts'
import type { ControlStore, EventStore } from '../store/ports.ts'
import { firstSpan, laterSpan, makeBudgets } from './demo-budgets.ts'
import { readDemoFile, writeDemoFile, type DemoFile } from './demo-file.ts'
import type { DemoModel } from './models.ts'
import { createWorld, demoNodeId, tellSpan } from './tell-history.ts'

/** Shorter absences leave a gap that nobody would notice. */
const gapMsMin = 10 * 60_000
/** Longer ones are told only in part. */
const gapMsMax = 30 * 86_400_000

export interface DemoDeps {
  readonly control: ControlStore
  readonly events: EventStore
  readonly list: PriceData
  readonly dataDir: string
  readonly hosts: Readonly<Record<DemoModel['provider'], string>>
  readonly log: Log
}

/**
 * Brings the company's past up to this instant: its first start tells ninety days and makes the budgets, a later one what
 * happened since live traffic last ran. Interrupted at any point, the next start goes on where it was.
 */
export async function bringUpToDate(deps: DemoDeps): Promise<void> {
  const { control, events, dataDir } = deps
  const [org] = await control.listOrgs()
  let file = readDemoFile(dataDir)
  if (org === undefined || file === null) throw new Error('There is no demo company here.')
  const world = createWorld(org.orgId, file, deps.list, deps.hosts)
  const save = (change: Partial<DemoFile>): void => {
    file = { ...file!, ...change }
    writeDemoFile(dataDir, file)
  }
  await control.putNode({ id: demoNodeId, name: 'demo history', sha256: randomUUID() })
  await control.openEpoch(demoNodeId, file.journalId, 0, await control.now())
  if (file.spans.length === 0) save({ spans: [firstSpan(world)] })
  const nowMs = await control.now()
  if (file.budgetsMade && nowMs - file.liveUntilMs > gapMsMin && file.spans.every((span) => span.done)) {
    const fromMs = Math.max(file.liveUntilMs, nowMs - gapMsMax)
    save({ spans: [...file.spans, await laterSpan(control, org.orgId, world, file.spans.length + 1, fromMs, nowMs)] })
  }
  const receiver = new Receiver(control, events, () => Date.now(), deps.log)
  for (const span of file.spans) {
    if (span.done) continue
    await tellSpan(control, receiver, world, file.journalId, span, deps.log)
    save({ spans: file.spans.map((each) => (each.segment === span.segment ? { ...each, done: true } : each)), liveUntilMs: Math.max(file.liveUntilMs, span.toMs) })
  }
  if (!file.budgetsMade) {
    await makeBudgets(control, events, org.orgId, world)
    save({ budgetsMade: true })
  }
}
