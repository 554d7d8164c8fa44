import { TollgateError } from '../base/errors.ts'
import type { BudgetRule, RuleSelector } from '../core/entitlement/rule.ts'
import type { ControlStore, ReadScope } from '../store/ports.ts'
import { isVisible, readQuantity } from './budget-wire.ts'
import type { InputOf } from './contract/contract.ts'
import type { Principal } from './principal.ts'
import { invalidField } from './problem.ts'

/** The rule a body of createBudget or previewBudget describes. */
export function ruleFrom(id: string, principal: Principal, body: InputOf<'createBudget'>['body']): BudgetRule {
  return {
    id, orgId: principal.orgId, name: body.name, selector: body.selector, per: [...new Set(body.per)], measure: body.measure,
    currency: body.measure === 'cost' ? body.currency : '', window: body.window, limit: readQuantity(body.measure, body.limit, 'limit'), hard: body.hard,
    outputBound: body.outputBound, outputCapDefault: body.outputCapDefault, unpriced: body.unpriced, unbounded: body.unbounded,
  }
}

/** The rule of an id, if the scope may read it; `not_found` otherwise. */
export async function findRule(control: ControlStore, principal: Principal, scope: ReadScope, id: string): Promise<BudgetRule> {
  const rule = await control.getRule(principal.orgId, id)
  if (!rule || !isVisible(rule, principal, scope)) throw new TollgateError('not_found')
  return rule
}

/** A selector that names something that does not exist would be a budget that never holds; it is refused instead. */
export async function requireSelected(control: ControlStore, principal: Principal, selector: RuleSelector): Promise<void> {
  const { nodeId, keyId } = selector
  if (nodeId !== undefined && !principal.tree.get(nodeId)) throw invalidField('selector.nodeId', `There is no node "${nodeId}".`)
  if (keyId === undefined) return
  const key = (await control.listKeys(principal.orgId)).find((candidate) => candidate.id === keyId)
  if (!key) throw invalidField('selector.keyId', `There is no key "${keyId}".`)
  if (nodeId !== undefined && !principal.tree.isWithin(key.appId, nodeId)) throw invalidField('selector.keyId', 'This key does not belong to the selected node.')
}
