import { periodAt, type Period } from '../../base/period.ts'
import type { BudgetRule } from '../../core/entitlement/rule.ts'
import type { AuditEntry, WindowState } from '../../store/ports.ts'
import { burnGranularity, burnQuestion, coverageOf, filtersOf, measureFor } from '../budget-question.ts'
import { findRule, requireSelected, ruleFrom } from '../budget-rules.ts'
import { currentWindows, describeWindow, homeOf, quantityText, scopeNameOf } from '../budget-wire.ts'
import type { ApiDeps } from '../deps.ts'
import { storedCut } from '../last-day-use.ts'
import { invalidField } from '../problem.ts'
import type { Handlers } from '../registrar.ts'

const previewedWindowsMax = 5
const pastWindowsMax = 3
const pastReachMs = 400 * 86_400_000

/** What a budget would do, did over time, and who changed it: read only, beside the budgets themselves. */
export function budgetInsightHandlers({ control, events }: ApiDeps): Pick<Handlers, 'previewBudget' | 'getBudgetBurn' | 'listBudgetChanges'> {
  return {
    async previewBudget({ principal, body, requireAt }) {
      await requireSelected(control, principal, body.selector)
      requireAt(homeOf(body, principal.tree))
      const rule = ruleFrom('preview', principal, body)
      const [nowMs, cut, keys] = await Promise.all([control.now(), storedCut(control), control.listKeys(principal.orgId)])
      const names = { tree: principal.tree, keys }
      const [current, ...past] = await Promise.all(periodsBack(rule, nowMs).map(async (period) => ({
        period, sums: await events.sumByTuple(rule, { fromMs: period.startMs, toMs: period.endMs }, cut),
      })))
      const sums = current?.sums ?? new Map<string, bigint>()
      const period = periodAt(rule.window.unit, rule.window.zone, nowMs)
      const windows = currentWindows(rule, [...sums].map(([tuple, committed]): WindowState => ({ orgId: rule.orgId, ruleId: rule.id, tuple, ...period, limit: rule.limit, committed, leased: 0n })), nowMs)
      return {
        scopeName: scopeNameOf(rule, names), ...period,
        used: quantityText(rule.measure, [...sums.values()].reduce((total, each) => total + each, 0n)),
        windows: windows.slice(0, previewedWindowsMax).map((window) => describeWindow(rule, window, names)),
        windowsCount: windows.length,
        overCount: windows.filter((window) => window.committed >= window.limit).length,
        past: past.map((before) => describePast(rule, before.period, [...before.sums.values()])),
      }
    },
    async getBudgetBurn({ principal, params, query, scope }) {
      const rule = await findRule(control, principal, scope, params.id)
      const period = periodAt(rule.window.unit, rule.window.zone, await control.now())
      const range = { fromMs: period.startMs, toMs: period.endMs }
      const filters = filtersOf(rule, query.tuple === undefined ? null : readTuple(rule, query.tuple))
      const [used, refused] = await Promise.all([
        events.costQuery(coverageOf(rule), burnQuestion(rule, filters, range)),
        events.costQuery(coverageOf(rule), { measures: ['refusals'], groupBy: [], filters, granularity: 'none', zone: rule.window.zone, ...range, rowsMax: 1 }),
      ])
      const measure = measureFor(rule)
      return {
        ...period, granularity: burnGranularity(rule), refusals: Number(refused.totals.refusals ?? 0),
        rows: used.rows.map((row) => ({ bucketMs: row.bucketMs ?? period.startMs, used: String(row.values[measure] ?? '0') })),
      }
    },
    async listBudgetChanges({ principal, params, query, scope }) {
      const rule = await findRule(control, principal, scope, params.id)
      const page = await control.audit(principal.orgId, query.cursor ?? null, query.limit, rule.id)
      return { rows: page.rows.map((entry) => describeChange(rule, entry)), next: page.next }
    },
  }
}

/** The current window and those before it, newest first, as far back as is worth reading. */
function periodsBack(rule: BudgetRule, nowMs: number): readonly Period[] {
  const periods = [periodAt(rule.window.unit, rule.window.zone, nowMs)]
  while (periods.length <= pastWindowsMax) {
    const before = periodAt(rule.window.unit, rule.window.zone, periods.at(-1)!.startMs - 1)
    if (nowMs - before.startMs > pastReachMs) break
    periods.push(before)
  }
  return periods
}

function describePast(rule: BudgetRule, period: Period, sums: readonly bigint[]) {
  return {
    ...period,
    used: quantityText(rule.measure, sums.reduce((most, each) => (each > most ? each : most), 0n)),
    windowsCount: rule.per.length === 0 ? 1 : sums.length,
    overCount: sums.filter((sum) => sum >= rule.limit).length,
  }
}

function readTuple(rule: BudgetRule, text: string): readonly string[] {
  let tuple: unknown = null
  try { tuple = JSON.parse(text) } catch { /* refused below, with what else is no tuple */ }
  if (Array.isArray(tuple) && tuple.length === rule.per.length && tuple.every((value) => typeof value === 'string')) return tuple
  throw invalidField('tuple', `Send a JSON array of ${rule.per.length} strings, the values of ${rule.per.join(', ') || 'nothing'}.`)
}

type Change = Readonly<Record<string, { readonly from?: unknown; readonly to?: unknown }>>
const actions = { 'rule.create': 'create', 'rule.update': 'update', 'rule.delete': 'delete' } as const

function describeChange(rule: BudgetRule, entry: AuditEntry) {
  const action = actions[entry.action as keyof typeof actions] ?? ('correct' as const)
  const changes = action === 'update' && typeof entry.detail === 'object' && entry.detail !== null ? Object.entries(entry.detail as Change) : []
  return {
    at: entry.at, actor: entry.actor.name, action,
    changes: changes.map(([field, { from, to }]) => ({ field, from: wordOf(rule, field, from), to: wordOf(rule, field, to) })).filter((change) => change.from !== change.to),
  }
}

/** The trail keeps limits in whole 1e-15 units; people read the decimal. */
function wordOf(rule: BudgetRule, field: string, value: unknown): string {
  if (field === 'limit' && typeof value === 'string' && /^\d+$/.test(value)) return quantityText(rule.measure, BigInt(value))
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}
