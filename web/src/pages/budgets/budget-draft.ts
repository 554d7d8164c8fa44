import { parseDecimal } from '../../format/decimal.ts'
import type { BudgetBody, PacedBudget } from './budget-queries.ts'
import { dimensionNames, perText, windowAdverbs } from './budget-words.ts'

/** What the form holds: text as typed, so that a half-written figure is not lost. */
export interface BudgetDraft {
  readonly name: string
  readonly nodeId: string
  readonly narrowed: Readonly<Partial<Record<NarrowName, string>>>
  readonly per: readonly (keyof typeof dimensionNames)[]
  readonly measure: NonNullable<BudgetBody['measure']>
  readonly currency: string
  readonly limit: string
  readonly unit: NonNullable<NonNullable<BudgetBody['window']>['unit']>
  readonly zone: string
  readonly hard: boolean
  readonly outputBound: NonNullable<BudgetBody['outputBound']>
  readonly outputCapDefault: string
  readonly unpriced: NonNullable<BudgetBody['unpriced']>
  readonly unbounded: NonNullable<BudgetBody['unbounded']>
}
export const narrowNames = ['keyId', 'model', 'provider', 'user', 'agent', 'workflow'] as const
export type NarrowName = (typeof narrowNames)[number]
export const perMax = 4

export const emptyDraft = (given: { readonly nodeId: string; readonly zone: string; readonly currency: string }): BudgetDraft => ({
  name: '', nodeId: given.nodeId, narrowed: {}, per: [], measure: 'cost', currency: given.currency, limit: '', unit: 'month', zone: given.zone, hard: true,
  outputBound: 'inject', outputCapDefault: '4096', unpriced: 'refuse', unbounded: 'refuse',
})

export function draftOf(budget: PacedBudget, rootId: string): BudgetDraft {
  const { nodeId, ...narrowed } = budget.selector
  return {
    name: budget.name, nodeId: nodeId ?? rootId, narrowed, per: budget.per, measure: budget.measure, currency: budget.currency || 'USD', limit: budget.limit,
    unit: budget.window.unit, zone: budget.window.zone, hard: budget.hard, outputBound: budget.outputBound, outputCapDefault: String(budget.outputCapDefault),
    unpriced: budget.unpriced, unbounded: budget.unbounded,
  }
}

/** "Checkout, each user, daily": what to call it when nothing else is said. */
export function suggestedName(draft: BudgetDraft, scopeName: string): string {
  const narrowed = narrowNames.filter((name) => name !== 'keyId').flatMap((name) => draft.narrowed[name] ?? [])
  return [scopeName, ...narrowed, ...(draft.per.length > 0 ? [`each ${perText(draft.per)}`] : []), windowAdverbs[draft.unit].toLowerCase()].filter((part) => part !== '').join(', ').slice(0, 120)
}

/** A limit as people type it: "1,500.00", "1 500" and "$1500" are 1500; null where it is no figure. */
export function readLimit(text: string): string | null {
  const plain = text.trim().replace(/^[$€£¥₹]\s*/, '').replaceAll(/[,\s_](?=\d{3}(\D|$))/g, '')
  return parseDecimal(plain) !== null && !/^[+-]/.test(plain) ? plain : null
}

/** False for what the browser cannot cut windows in; formatting in it would fail. */
export function isKnownZone(zone: string): boolean {
  if (zone === '') return false
  try { return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '' } catch { return false }
}

type Errors = Readonly<Record<string, string>>

/** What can be said before the server is asked, by the server's names of the fields. */
export function draftErrors(draft: BudgetDraft): Errors {
  const limit = readLimit(draft.limit)
  const cap = Number(draft.outputCapDefault)
  return {
    ...(draft.limit.trim() === '' ? { limit: 'Say how much may be used.' } : limit === null ? { limit: 'Write a plain figure, such as 250 or 0.50.' } : draft.measure !== 'cost' && limit.includes('.') ? { limit: 'Counted whole: write a whole number.' } : {}),
    ...(/^[A-Z]{3}$/.test(draft.currency) || draft.measure !== 'cost' ? {} : { currency: 'Three letters, such as USD.' }),
    ...(Number.isInteger(cap) && cap >= 1 && cap <= 1_000_000 ? {} : { outputCapDefault: 'A whole number from 1 to 1,000,000.' }),
    ...(!isKnownZone(draft.zone.trim()) ? { 'window.zone': 'Name a time zone, such as Europe/Berlin.' } : {}),
  }
}

/** The budget as the API takes it. `limit` stands in where none is typed yet, for a preview. */
export function bodyOf(draft: BudgetDraft, rootId: string, name: string, limit = readLimit(draft.limit) ?? '0'): BudgetBody {
  const narrowed = Object.fromEntries(Object.entries(draft.narrowed).flatMap(([member, value]) => (value.trim() === '' ? [] : [[member, value.trim()]])))
  return {
    name: name.trim(), selector: { ...(draft.nodeId === rootId || draft.nodeId === '' ? {} : { nodeId: draft.nodeId }), ...narrowed }, per: [...draft.per], measure: draft.measure,
    ...(draft.measure === 'cost' ? { currency: draft.currency } : {}), window: { unit: draft.unit, zone: draft.zone.trim() }, limit, ...policyOf(draft),
  }
}

/** What may change later: everything but what is covered and counted. */
export const changeOf = (draft: BudgetDraft) => ({ name: draft.name.trim(), limit: readLimit(draft.limit) ?? '', ...policyOf(draft) })

const policyOf = (draft: BudgetDraft) => ({ hard: draft.hard, outputBound: draft.outputBound, outputCapDefault: Number(draft.outputCapDefault), unpriced: draft.unpriced, unbounded: draft.unbounded })
