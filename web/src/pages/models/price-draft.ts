import type { BodyOf } from '../../../../src/api/contract/contract.ts'
import { parseDecimal } from '../../format/decimal.ts'
import type { Component } from './model-queries.ts'
import { displayPer } from './price-table.ts'

/** What the form for contract prices holds: one amount per component as typed. */
export interface PriceDraft {
  readonly amounts: Readonly<Partial<Record<Component, string>>>
  readonly currency: string
  readonly reason: string
  /** Local date and time as the browser's field gives it; '' = now. */
  readonly from: string
  /** '' = open. */
  readonly to: string
}
export const emptyPriceDraft: PriceDraft = { amounts: {}, currency: 'USD', reason: '', from: '', to: '' }

const readAmount = (text: string): string | null => {
  const plain = text.trim().replace(/^[$€£¥₹]\s*/, '').replaceAll(/[,\s_](?=\d{3}(\D|$))/g, '')
  return parseDecimal(plain) !== null && !/^[+-]/.test(plain) ? plain : null
}
const instantOf = (text: string): number => new Date(text).getTime()
const typed = (draft: PriceDraft): readonly (readonly [Component, string])[] =>
  Object.entries(draft.amounts).flatMap(([component, text]) => (text.trim() === '' ? [] : [[component as Component, text] as const]))

/** What can be said before the server is asked. Keys are components and the other fields' names. */
export function priceErrors(draft: PriceDraft, nowMs: number): Readonly<Record<string, string>> {
  const errors: Record<string, string> = {}
  for (const [component, text] of typed(draft)) if (readAmount(text) === null) errors[component] = 'Write a plain figure, such as 2.50. 0 says it is free.'
  if (typed(draft).length === 0) errors['amounts'] = 'Give at least one price.'
  if (!/^[A-Z]{3}$/.test(draft.currency)) errors['currency'] = 'Three letters, such as USD.'
  if (draft.reason.trim() === '') errors['reason'] = 'Say where the figure comes from: a contract, a quote, an invoice.'
  if (draft.from !== '' && instantOf(draft.from) < nowMs - 60_000) errors['validFrom'] = 'Past calls keep their price: choose now or later.'
  if (draft.to !== '' && instantOf(draft.to) <= (draft.from === '' ? nowMs : instantOf(draft.from))) errors['validTo'] = 'It must end after it begins.'
  return errors
}

/** One body per component, as the API takes them. `unitOf` says what a component is counted in. */
export function overridesOf(draft: PriceDraft, id: { readonly provider: string; readonly model: string }, unitOf: (component: Component) => string): readonly BodyOf<'createOverride'>[] {
  return typed(draft).map(([component, text]) => ({
    ...id, component, per: displayPer(unitOf(component)), amount: readAmount(text) ?? '', currency: draft.currency, reason: draft.reason.trim(),
    ...(draft.from === '' ? {} : { validFrom: instantOf(draft.from) }), validTo: draft.to === '' ? null : instantOf(draft.to),
  }))
}
