import type { BudgetRule } from '../core/entitlement/rule.ts'
import type { ReadScope, WindowState } from '../store/ports.ts'
import { currentWindows, describeWindow, isVisible, ratioOf } from './budget-wire.ts'
import type { ApiDeps } from './deps.ts'
import type { Principal } from './principal.ts'

const riskyRatio = 0.8
const shownMax = 10

/** Windows used beyond 80 %, or on the way past their limit at their average so far; worst first. */
export async function budgetsAtRisk({ control }: ApiDeps, principal: Principal, scope: ReadScope, nowMs: number) {
  const [rules, windows, keys] = await Promise.all([control.listRules(principal.orgId), control.windows(principal.orgId, { atMs: nowMs }), control.listKeys(principal.orgId)])
  const names = { tree: principal.tree, keys }
  return rules
    .filter((rule) => isVisible(rule, principal, scope))
    .flatMap((rule) => currentWindows(rule, windows, nowMs).map((window) => ({ rule, window, projectedRatio: projectedRatio(window, nowMs) })))
    .filter(({ window, projectedRatio: projected }) => (ratioOf(window.committed, window.limit) ?? 0) >= riskyRatio || (projected ?? 0) > 1)
    .sort((a, b) => severity(b) - severity(a))
    .slice(0, shownMax)
    .map(({ rule, window, projectedRatio: projected }) => ({ ...describeWindow(rule, window, names), ...wordsOf(rule), projectedRatio: projected }))
}

function wordsOf(rule: BudgetRule) {
  return { ruleId: rule.id, name: rule.name, measure: rule.measure, currency: rule.currency, hard: rule.hard }
}

/** Used share at the window's end; null in its first twentieth, where one call would look like a landslide. */
function projectedRatio(window: WindowState, nowMs: number): number | null {
  const elapsed = nowMs - window.startMs
  const length = window.endMs - window.startMs
  if (elapsed * 20 < length) return null
  return ratioOf(window.committed * BigInt(length), window.limit * BigInt(elapsed))
}

function severity(risk: { readonly window: WindowState; readonly projectedRatio: number | null }): number {
  return Math.max(ratioOf(risk.window.committed, risk.window.limit) ?? 0, risk.projectedRatio ?? 0)
}
