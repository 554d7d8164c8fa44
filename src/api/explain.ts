import { amountOf, divideHalfEven, formatAmount, type Amount } from '../base/money.ts'
import { periodAt } from '../base/period.ts'
import { quantityOf } from '../core/entitlement/measure.ts'
import { covers, factsOfRecord, tupleKey, type BudgetRule } from '../core/entitlement/rule.ts'
import type { PriceEntry } from '../core/pricing/price-entry.ts'
import type { CostLine } from '../core/usage/usage-record.ts'
import type { ReadScope, StoredRecord } from '../store/ports.ts'
import { describeWindow, isVisible, quantityText } from './budget-wire.ts'
import type { ApiDeps } from './deps.ts'
import { describeEntry } from './price-wire.ts'
import type { Principal } from './principal.ts'
import { describeLine, describeRecord, summarise } from './record-wire.ts'

/** Opens one figure down to its arithmetic: lines, prices, budgets, the other records of the call. */
export async function explain(deps: ApiDeps, principal: Principal, scope: ReadScope, row: StoredRecord) {
  const ids = [...new Set(row.lines.flatMap((line) => [line.entryId, line.listEntryId]).filter((id): id is string => id !== null))]
  const [entries, siblings, budgets] = await Promise.all([
    ids.length === 0 ? [] : deps.control.listEntries({ orgId: principal.orgId, ids }),
    deps.events.getRecords(scope, { callId: row.callId }),
    explainBudgets(deps, principal, scope, row),
  ])
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const lines = row.lines.map((line) => explainLine(line, byId))
  const sum = row.lines.reduce((total, line) => total + (line.amount ?? 0n), 0n)
  const others = siblings.filter((other) => other.eventId !== row.eventId)
  // What nobody could count is booked at its bound, which has no lines.
  const bookedAtBound = row.quality === 'uncertain' && row.lines.length === 0
  const agrees = bookedAtBound ? row.cost === row.bound : sum === (row.cost ?? 0n)
  return {
    record: describeRecord(row), lines,
    cost: row.cost === null ? null : formatAmount(row.cost), sum: formatAmount(sum), agrees,
    unpriced: row.lines.filter((line) => line.amount === null).map((line) => line.component),
    discount: row.cost === null || row.listCost === null ? null : formatAmount(row.listCost - row.cost),
    budgets, siblings: others.map(summarise),
    sentences: sentencesOf(row, lines.map((line) => line.formula), budgets, others.length),
  }
}

/** quantity × rate ÷ per, quantised once to 1e-15, ties to even: the rule by which cost lines are made. */
function recompute(line: Pick<CostLine, 'quantity' | 'rate' | 'per'>): Amount | null {
  return line.rate === null ? null : divideHalfEven(BigInt(line.quantity) * amountOf(line.rate), BigInt(line.per))
}

function explainLine(line: CostLine, entries: ReadonlyMap<string, PriceEntry>) {
  const entry = line.entryId === null ? undefined : entries.get(line.entryId)
  const listEntry = line.listEntryId === null ? undefined : entries.get(line.listEntryId)
  const again = recompute(line)
  return {
    ...describeLine(line), entry: entry ? describeEntry(entry) : null, listEntry: listEntry ? describeEntry(listEntry) : null,
    formula: line.rate === null || line.amount === null ? `${line.quantity} ${line.component}: no known price` : `${line.quantity} × ${line.rate} ÷ ${line.per} = ${formatAmount(line.amount)}`,
    agrees: line.amount === null ? null : again === line.amount,
  }
}

async function explainBudgets({ control }: ApiDeps, principal: Principal, scope: ReadScope, row: StoredRecord) {
  const facts = factsOfRecord(row)
  const rules = (await control.listRules(principal.orgId)).filter((rule) => covers(rule, facts) && countsCurrency(rule, row) && isVisible(rule, principal, scope))
  if (rules.length === 0) return []
  const [windows, keys] = await Promise.all([Promise.all(rules.map((rule) => control.windows(principal.orgId, { ruleId: rule.id, atMs: row.at }))), control.listKeys(principal.orgId)])
  return rules.flatMap((rule, index) => {
    const tuple = tupleKey(rule, facts)
    const period = periodAt(rule.window.unit, rule.window.zone, row.at)
    const window = windows[index]?.find((candidate) => candidate.tuple === tuple && candidate.startMs === period.startMs)
    if (!window) return []
    return [{
      ...describeWindow(rule, window, { tree: principal.tree, keys }),
      ruleId: rule.id, name: rule.name, measure: rule.measure, currency: rule.measure === 'cost' ? rule.currency : '', hard: rule.hard, counted: quantityText(rule.measure, quantityOf(rule.measure, row)),
    }]
  })
}

const countsCurrency = (rule: BudgetRule, row: StoredRecord): boolean => rule.measure !== 'cost' || row.cost === null || rule.currency === row.currency

const qualityWords: Readonly<Record<StoredRecord['quality'], string>> = {
  final: "The counters are the provider's closing figures.",
  provisional: 'The counters are an interim figure; the closing one never came.',
  estimated: 'The counters were estimated from what was relayed.',
  uncertain: 'Nobody knows what this attempt used, so its upper bound is booked until the truth is known.',
  absent: 'The call reported no usage.',
}

interface CountedBudget { readonly name: string; readonly measure: string; readonly counted: string; readonly currency: string }

function sentencesOf(row: StoredRecord, formulas: readonly string[], budgets: readonly CountedBudget[], others: number): readonly string[] {
  const unpriced = row.lines.filter((line) => line.amount === null).length
  return [
    costSentence(row),
    ...(formulas.length > 1 && row.cost !== null ? [`It is the sum of ${formulas.length} lines.`] : []),
    ...(unpriced > 0 && row.cost !== null ? [`${unpriced} component(s) have no known price and are not in it.`] : []),
    ...(row.kind === 'refusal' ? [] : [qualityWords[row.quality]]),
    ...(row.statedCost === '' ? [] : [`The provider itself stated ${row.statedCost}.`]),
    ...attributionSentences(row.attribution.rule),
    ...(row.kind === 'refusal' ? [] : budgets.map((budget) => budgetSentence(budget, row))),
    ...(others > 0 ? [`The same call has ${others} other record(s).`] : []),
    ...(row.corrects === '' ? [] : [`It corrects record ${row.corrects}.`]),
  ]
}

function costSentence(row: StoredRecord): string {
  const model = row.servedModel === '' ? row.requestedModel : row.servedModel
  if (row.kind === 'refusal') return 'This call was refused before it left, so it cost nothing.'
  if (row.cost === null) return row.pricing === 'none' ? `This ${row.kind} has nothing to price.` : `Nothing of this ${row.kind} could be priced; it counts as unpriced, not as free.`
  return `This ${row.kind} of ${model === '' ? row.provider : model} cost ${formatAmount(row.cost)} ${row.currency}.`
}

function budgetSentence(budget: CountedBudget, row: StoredRecord): string {
  if (budget.measure !== 'cost') return `It added ${budget.counted} ${budget.measure.replace('_', ' ')} to the budget "${budget.name}".`
  if (row.cost === null && row.pricing !== 'none') return `The budget "${budget.name}" covers it, but an unknown cost cannot be counted.`
  return `It added ${budget.counted} ${budget.currency} to the budget "${budget.name}".`
}

/** "user=x-tollgate,workflow=body.metadata" as one sentence per source. */
function attributionSentences(rule: string): readonly string[] {
  const fieldsOf = new Map<string, string[]>()
  for (const part of rule.split(',').filter((text) => text !== '')) {
    const [field = '', source = ''] = part.split('=')
    fieldsOf.set(source, [...(fieldsOf.get(source) ?? []), field.replace('parentRun', 'parent run')])
  }
  return [...fieldsOf].map(([source, fields]) => `${inWords(fields)} came from ${sourceWords[source] ?? `the header ${source}`}.`)
}

const sourceWords: Readonly<Record<string, string>> = {
  pinned: "the key's policy", 'x-tollgate': 'x-tollgate headers', baggage: 'the baggage header', body: 'the request body', compatible: "another gateway's metadata header",
}

function inWords(words: readonly string[]): string {
  const text = words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words.at(-1)}` : (words[0] ?? '')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
