import { formatAmount } from '../base/money.ts'
import { windowId, type BudgetRule } from '../core/entitlement/rule.ts'
import { batchIdOf, type BatchKey, type ControlStore, type EventStore, type WindowState } from '../store/ports.ts'

/** One thing that should hold, and whether it does. */
export interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly detail: string
}

/** How often a consistent cut is tried while traffic moves it. */
const cutTriesMax = 50

/**
 * Proves that the stores tell one story: every batch that PostgreSQL counted has exactly its rows and its cost in
 * ClickHouse, rollups equal raw rows, no event id stands twice, each budget's committed amount is the sum of its
 * records at the same cut, and what windows say is leased is what the lease accounts say.
 */
export async function reconcile(control: ControlStore, events: EventStore): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const journal of await control.listJournals()) findings.push(await checkBatches(control, events, journal.journalId))
  findings.push(...(await checkTotals(events)))
  const quarantined = await control.listQuarantine()
  findings.push({ check: 'quarantine is empty', ok: quarantined.length === 0, detail: quarantined.length === 0 ? '' : `${quarantined.length} entries, first: ${quarantined[0]!.reason}` })
  for (const org of await control.listOrgs()) findings.push(...(await checkBudgets(control, events, org.orgId)))
  return findings
}

async function checkBatches(control: ControlStore, events: EventStore, journalId: string): Promise<Finding> {
  const check = `journal ${journalId}: batches in PostgreSQL and ClickHouse agree`
  const counted = new Map((await control.listBatches(journalId)).map((batch) => [batchIdOf(batch.key), batch]))
  let inDoubt = 0
  let rows = 0
  const stored = await events.batchTotals(journalId)
  const seen = new Set<string>()
  for (const total of stored) {
    seen.add(total.batchId)
    const batch = counted.get(total.batchId)
    if (batch === undefined) inDoubt += 1
    else if (batch.rows !== total.rows || batch.cost !== total.cost) {
      return { check, ok: false, detail: `${total.batchId}: ${batch.rows} rows, ${formatAmount(batch.cost)} against ${total.rows} rows, ${formatAmount(total.cost)}` }
    } else rows += total.rows
  }
  const lost = [...counted.values()].find((batch) => batch.rows > 0 && !seen.has(batchIdOf(batch.key)))
  if (lost !== undefined) return { check, ok: false, detail: `${batchIdOf(lost.key)}: ${lost.rows} rows are not in ClickHouse` }
  // One batch may stand between the insert and the transaction at this very moment.
  return { check, ok: inDoubt <= 1, detail: `${counted.size} batches, ${rows} rows, ${inDoubt} in doubt` }
}

async function checkTotals(events: EventStore): Promise<readonly Finding[]> {
  for (let tries = 0; ; tries += 1) {
    const { raw, hourly, daily, duplicateEventIds } = await events.totals()
    const same = [hourly, daily].every((rollup) => rollup.rows === raw.rows && rollup.calls === raw.calls && rollup.cost === raw.cost && rollup.tokens === raw.tokens)
    if (!same && tries < 5) continue
    const show = (name: string, total: typeof raw): string => `${name} ${total.rows} rows ${total.calls} calls ${formatAmount(total.cost)} ${total.tokens} tokens`
    return [
      { check: 'rollups equal raw records', ok: same, detail: same ? show('raw', raw) : [show('raw', raw), show('hourly', hourly), show('daily', daily)].join('; ') },
      { check: 'no event id stands twice', ok: duplicateEventIds === 0, detail: duplicateEventIds === 0 ? '' : `${duplicateEventIds} do` },
    ]
  }
}

/** Windows together with the journals' cut they belong to: read until nothing moved in between. */
async function windowsAtCut(control: ControlStore, orgId: string): Promise<{ readonly windows: readonly WindowState[]; readonly cut: readonly BatchKey[] } | null> {
  const cutNow = async (): Promise<readonly BatchKey[]> => (await control.listJournals()).flatMap((journal) => (journal.last === null ? [] : [journal.last]))
  for (let tries = 0; tries < cutTriesMax; tries += 1) {
    const before = await cutNow()
    const windows = await control.windows(orgId, {})
    const after = await cutNow()
    if (JSON.stringify(before) === JSON.stringify(after)) return { windows, cut: before }
  }
  return null
}

/** Windows of living rules, each with what its records up to the cut add up to. */
export async function sumWindows(
  control: ControlStore, events: EventStore, orgId: string, at: { readonly windows: readonly WindowState[]; readonly cut: readonly BatchKey[] },
): Promise<readonly { readonly rule: BudgetRule; readonly window: WindowState; readonly summed: bigint }[]> {
  const rules = new Map((await control.listRules(orgId)).map((rule) => [rule.id, rule]))
  const sums = new Map<string, ReadonlyMap<string, bigint>>()
  const found: { rule: BudgetRule; window: WindowState; summed: bigint }[] = []
  for (const window of at.windows) {
    const rule = rules.get(window.ruleId)
    if (rule === undefined) continue
    const sumKey = `${rule.id}|${window.startMs}`
    if (!sums.has(sumKey)) sums.set(sumKey, await events.sumByTuple(rule, { fromMs: window.startMs, toMs: window.endMs }, at.cut))
    found.push({ rule, window, summed: sums.get(sumKey)!.get(window.tuple) ?? 0n })
  }
  return found
}

async function checkBudgets(control: ControlStore, events: EventStore, orgId: string): Promise<readonly Finding[]> {
  const at = await windowsAtCut(control, orgId)
  if (at === null) return [{ check: 'budgets equal the sum of their records', ok: false, detail: 'no consistent cut could be read; try again with less traffic' }]
  const findings: Finding[] = []
  for (const { rule, window, summed } of await sumWindows(control, events, orgId, at)) {
    const check = `budget "${rule.name}" ${window.tuple} from ${new Date(window.startMs).toISOString()}`
    findings.push({ check: `${check}: committed is the sum of its records`, ok: summed === window.committed, detail: summed === window.committed ? String(summed) : `committed ${window.committed}, records ${summed}` })
    const within = !rule.hard || window.committed + window.leased <= window.limit
    findings.push({ check: `${check}: committed + leased ≤ limit`, ok: within, detail: `${window.committed} + ${window.leased} of ${window.limit}` })
  }
  const accounts = new Map<string, bigint>()
  for (const account of await control.leaseAccounts(orgId)) {
    const id = windowId(account.ruleId, account.tuple, account.startMs)
    accounts.set(id, (accounts.get(id) ?? 0n) + account.granted - account.settled - account.returned)
  }
  const leased = new Map((await control.windows(orgId, {})).map((window) => [windowId(window.ruleId, window.tuple, window.startMs), window.leased]))
  const off = [...leased].filter(([id, amount]) => amount !== (accounts.get(id) ?? 0n))
  findings.push({ check: 'leased is the sum of the lease accounts', ok: off.length === 0, detail: off.length === 0 ? '' : `${off.length} windows differ, first ${off[0]![0]}` })
  return findings
}
