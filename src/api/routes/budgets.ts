import { TollgateError } from '../../base/errors.ts'
import { shortId } from '../../base/ids.ts'
import { periodAt } from '../../base/period.ts'
import type { BudgetRule } from '../../core/entitlement/rule.ts'
import type { ReadScope } from '../../store/ports.ts'
import { findRule, requireSelected, ruleFrom } from '../budget-rules.ts'
import { describeRule, describeWindow, homeOf, isVisible, readQuantity } from '../budget-wire.ts'
import type { ApiDeps } from '../deps.ts'
import { LastDayUse } from '../last-day-use.ts'
import { pageRows } from '../pages.ts'
import type { Principal } from '../principal.ts'
import type { Handlers } from '../registrar.ts'

type BudgetHandlers = Pick<Handlers, 'listBudgets' | 'getBudget' | 'createBudget' | 'updateBudget' | 'deleteBudget' | 'listBudgetWindows'>

export function budgetHandlers(deps: ApiDeps): BudgetHandlers {
  const { control, events } = deps
  const lastDayUse = new LastDayUse(events, control)
  const describe = async (principal: Principal, rule: BudgetRule, paced = false) => {
    const nowMs = await control.now()
    const [windows, keys, lastDay] = await Promise.all([
      control.windows(principal.orgId, { ruleId: rule.id, atMs: nowMs }), control.listKeys(principal.orgId), paced ? lastDayUse.of([rule], nowMs) : null,
    ])
    return describeRule(rule, windows, nowMs, { tree: principal.tree, keys }, lastDay?.get(rule.id))
  }
  const find = (principal: Principal, scope: ReadScope, id: string): Promise<BudgetRule> => findRule(control, principal, scope, id)
  return {
    async listBudgets({ principal, query, scope }) {
      const nowMs = await control.now()
      const [rules, windows, keys] = await Promise.all([control.listRules(principal.orgId), control.windows(principal.orgId, { atMs: nowMs }), control.listKeys(principal.orgId)])
      const visible = rules.filter((rule) => isVisible(rule, principal, scope)).sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1))
      const page = pageRows(visible, (rule) => rule.id, query)
      const lastDay = query.pace ? await lastDayUse.of(page.rows, nowMs) : null
      return { rows: page.rows.map((rule) => describeRule(rule, windows, nowMs, { tree: principal.tree, keys }, lastDay?.get(rule.id))), next: page.next }
    },
    async getBudget({ principal, params, query, scope }) {
      return describe(principal, await find(principal, scope, params.id), query.pace)
    },
    async createBudget({ principal, body, requireAt }) {
      await requireSelected(control, principal, body.selector)
      requireAt(homeOf(body, principal.tree))
      const rule = ruleFrom(shortId('rule'), principal, body)
      await createWithBackfill(deps, rule, principal)
      return describe(principal, rule)
    },
    async updateBudget({ principal, params, body, scope, requireAt }) {
      const rule = await find(principal, scope, params.id)
      requireAt(homeOf(rule, principal.tree))
      const { limit, ...words } = body
      const change = limit === undefined ? words : { ...words, limit: readQuantity(rule.measure, limit, 'limit') }
      const changed = await control.updateRule(principal.orgId, rule.id, change, principal.actor)
      if (!changed) throw new TollgateError('not_found')
      return describe(principal, changed)
    },
    async deleteBudget({ principal, params, scope, requireAt }) {
      const rule = await find(principal, scope, params.id)
      requireAt(homeOf(rule, principal.tree))
      if (!(await control.deleteRule(principal.orgId, rule.id, principal.actor))) throw new TollgateError('not_found')
      return null
    },
    async listBudgetWindows({ principal, params, query, scope }) {
      const rule = await find(principal, scope, params.id)
      const [windows, keys] = await Promise.all([control.windows(principal.orgId, { ruleId: rule.id }), control.listKeys(principal.orgId)])
      const newestFirst = [...windows].sort((a, b) => b.startMs - a.startMs || (a.tuple < b.tuple ? -1 : 1))
      const page = pageRows(newestFirst, (window) => `${window.startMs} ${window.tuple}`, query)
      return { rows: page.rows.map((window) => describeWindow(rule, window, { tree: principal.tree, keys })), next: page.next }
    },
  }
}

/** What was used in the current window before the budget existed counts from its first moment, up to the cut of each journal. */
async function createWithBackfill({ control, events }: ApiDeps, rule: BudgetRule, principal: Principal): Promise<void> {
  const period = periodAt(rule.window.unit, rule.window.zone, await control.now())
  await control.createRule(rule, async (cut) => {
    const sums = await events.sumByTuple(rule, { fromMs: period.startMs, toMs: period.endMs }, cut)
    return [...sums].map(([tuple, committed]) => ({ tuple, ...period, committed }))
  }, principal.actor)
}
