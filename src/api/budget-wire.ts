import { amountOf, formatAmount } from '../base/money.ts'
import { periodAt } from '../base/period.ts'
import { paceOf, type Course } from '../core/entitlement/pace.ts'
import type { BudgetRule, Measure, PerDimension } from '../core/entitlement/rule.ts'
import type { ApiKey, ReadScope, WindowState } from '../store/ports.ts'
import type { OrgTree } from './org-tree.ts'
import { isInScope, type Principal } from './principal.ts'
import { invalidField } from './problem.ts'

/** Budgets between the store's whole units and the API's decimals. */

/** Whole units to the decimal of the API: currency units for cost, a whole number otherwise. */
export const quantityText = (measure: Measure, quantity: bigint): string => (measure === 'cost' ? formatAmount(quantity) : quantity.toString())

/** The decimal of the API (already checked to be one) to whole units. */
export function readQuantity(measure: Measure, text: string, field: string): bigint {
  if (measure === 'cost') return amountOf(text)
  if (text.includes('.')) throw invalidField(field, `${measure} are counted whole; send a whole number.`)
  return BigInt(text)
}

/** part ÷ whole for display, to six places; null when there is no whole. */
export function ratioOf(part: bigint, whole: bigint): number | null {
  return whole === 0n ? null : Number((part * 1_000_000n) / whole) / 1_000_000
}

/** Names of nodes and keys, for tuples and scopes. */
export interface Names { readonly tree: OrgTree; readonly keys: readonly Pick<ApiKey, 'id' | 'name'>[] }

const nodeDimensions: ReadonlySet<PerDimension> = new Set(['unit', 'team', 'app'])

function nameOfValue(names: Names, dimension: PerDimension, id: string): string {
  if (id === '') return `no ${dimension.replace('_', ' ')}`
  if (nodeDimensions.has(dimension)) return names.tree.get(id)?.name ?? id
  if (dimension === 'key') return names.keys.find((key) => key.id === id)?.name ?? id
  return id
}

function readTuple(rule: BudgetRule, tuple: string, names: Names) {
  const values = tuple === '' ? [] : (JSON.parse(tuple) as readonly string[])
  return rule.per.map((dimension, index) => {
    const id = values[index] ?? ''
    return { dimension, id, name: nameOfValue(names, dimension, id) }
  })
}

export function describeWindow(rule: BudgetRule, window: WindowState, names: Names) {
  return {
    tuple: readTuple(rule, window.tuple, names),
    startMs: window.startMs, resetsAt: window.endMs,
    limit: quantityText(rule.measure, window.limit),
    committed: quantityText(rule.measure, window.committed),
    leased: quantityText(rule.measure, window.leased),
    remaining: quantityText(rule.measure, window.limit - window.committed - window.leased),
    usedRatio: ratioOf(window.committed, window.limit),
  }
}

/** Windows that are open at `nowMs`. A rule with one shared window has one from its first moment, used or not. */
export function currentWindows(rule: BudgetRule, windows: readonly WindowState[], nowMs: number): readonly WindowState[] {
  const current = windows.filter((window) => window.ruleId === rule.id && window.startMs <= nowMs && nowMs < window.endMs)
  if (current.length > 0 || rule.per.length > 0) return [...current].sort((a, b) => fuller(b, a))
  const period = periodAt(rule.window.unit, rule.window.zone, nowMs)
  return [{ orgId: rule.orgId, ruleId: rule.id, tuple: '', ...period, limit: rule.limit, committed: 0n, leased: 0n }]
}

/** Orders by committed ÷ limit, exactly: a/b against c/d as a·d against c·b. */
function fuller(a: WindowState, b: WindowState): number {
  const difference = a.committed * b.limit - b.committed * a.limit
  return difference > 0n ? 1 : difference < 0n ? -1 : a.tuple < b.tuple ? 1 : -1
}

const windowsShownMax = 50

/** `lastDay`: what the rule counted in the last 24 hours by tuple, where the pace is asked for. */
export function describeRule(rule: BudgetRule, windows: readonly WindowState[], nowMs: number, names: Names, lastDay?: ReadonlyMap<string, bigint>) {
  const current = currentWindows(rule, windows, nowMs)
  return {
    id: rule.id, name: rule.name, selector: rule.selector, scopeName: scopeNameOf(rule, names), per: rule.per, measure: rule.measure,
    currency: rule.currency, window: rule.window, limit: quantityText(rule.measure, rule.limit), hard: rule.hard,
    outputBound: rule.outputBound, outputCapDefault: rule.outputCapDefault, unpriced: rule.unpriced, unbounded: rule.unbounded,
    windows: current.slice(0, windowsShownMax).map((window) => ({
      ...describeWindow(rule, window, names),
      ...(lastDay === undefined ? {} : { pace: describePace(rule, window, lastDay.get(window.tuple) ?? 0n, nowMs) }),
    })),
    windowsCount: current.length,
  }
}

function describePace(rule: BudgetRule, window: WindowState, lastDay: bigint, nowMs: number) {
  const text = (quantity: bigint): string => quantityText(rule.measure, quantity)
  const describe = (course: Course) => ({ landing: text(course.landing), exhaustedAtMs: course.exhaustedAtMs })
  const pace = paceOf(window, lastDay, nowMs)
  return {
    averagePerDay: pace.averagePerDay === null ? null : text(pace.averagePerDay), lastDay: text(pace.lastDay),
    atAverage: pace.atAverage === null ? null : describe(pace.atAverage), atLastDay: describe(pace.atLastDay),
  }
}

export function scopeNameOf(rule: Pick<BudgetRule, 'selector' | 'orgId'>, names: Names): string {
  const { nodeId, keyId, ...words } = rule.selector
  const parts = [nodeId === undefined ? (names.tree.root?.name ?? rule.orgId) : names.tree.nameOf(nodeId)]
  if (keyId !== undefined) parts.push(`key ${nameOfValue(names, 'key', keyId)}`)
  for (const [member, value] of Object.entries(words)) if (value !== undefined) parts.push(`${member} ${value}`)
  return parts.join(' · ')
}

/** Node a rule belongs to: whoever may read there may read the rule. */
export function homeOf(rule: Pick<BudgetRule, 'selector'>, tree: OrgTree): string {
  return rule.selector.nodeId ?? tree.root?.id ?? ''
}

export function isVisible(rule: Pick<BudgetRule, 'selector'>, principal: Principal, scope: ReadScope): boolean {
  return isInScope(scope, principal.tree.pathOf(homeOf(rule, principal.tree)))
}
