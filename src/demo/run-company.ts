import { randomUUID } from 'node:crypto'
import type { Log } from '../base/log.ts'
import { Receiver } from '../control/receive.ts'
import type { PriceData } from '../core/pricing/price-entry.ts'
import type { ControlStore, EventStore } from '../store/ports.ts'
import { firstSpan, laterSpan, makeBudgets } from './demo-budgets.ts'
import { readDemoFile, writeDemoFile, type DemoFile } from './demo-file.ts'
import type { World } from './history.ts'
import { liveOn } from './live-traffic.ts'
import type { DemoModel } from './models.ts'
import { createWorld, demoNodeId, tellSpan } from './tell-history.ts'

/** Shorter absences leave a gap that nobody would notice. */
const gapMsMin = 10 * 60_000
/** Longer ones are told only in part. */
const gapMsMax = 30 * 86_400_000

interface DemoDeps {
  readonly control: ControlStore
  readonly events: EventStore
  readonly list: PriceData
  readonly dataDir: string
  readonly hosts: Readonly<Record<DemoModel['provider'], string>>
  readonly gatewayUrl: string
  /** Ends it. */
  readonly signal: AbortSignal
  readonly log: Log
}

/** How often it is noted that live traffic runs. */
const noteEveryMs = 60_000

/** Tells the company's past, then lives on until told to stop. Only this process writes the demo's file once it runs. */
export async function runCompany(deps: DemoDeps): Promise<void> {
  const { world, file } = await bringUpToDate(deps)
  let current = file
  const note = (): void => {
    current = { ...current, liveUntilMs: Date.now() }
    writeDemoFile(deps.dataDir, current)
  }
  note()
  const timer = setInterval(note, noteEveryMs)
  try {
    await liveOn({ world, gatewayUrl: deps.gatewayUrl, secrets: file.secrets, signal: deps.signal, log: deps.log })
  } finally {
    clearInterval(timer)
    note()
  }
}

/**
 * Brings the company's past up to this instant: its first start tells ninety days and makes the budgets, a later one what
 * happened since live traffic last ran. Interrupted at any point, the next start goes on where it was.
 */
async function bringUpToDate(deps: DemoDeps): Promise<{ readonly world: World; readonly file: DemoFile }> {
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
    // Never into what was told: the same hours would tell the same calls.
    const fromMs = Math.max(file.liveUntilMs, nowMs - gapMsMax, ...file.spans.map((span) => span.toMs))
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
  return { world, file }
}
