import { divideHalfEven, amountOf, formatAmount, type Amount } from '../../base/money.ts'
import { limits } from '../../config/limits.ts'
import type { CostRow } from '../../core/analytics/cost-query.ts'
import type { PriceEntry } from '../../core/pricing/price-entry.ts'
import { canonicalProvider } from '../../core/pricing/provider-names.ts'
import type { ApiDeps } from '../deps.ts'
import { isCurrent, standardRates } from '../price-wire.ts'
import { invalidField } from '../problem.ts'
import type { Handlers } from '../registrar.ts'

const dayMs = 86_400_000
const rangeDefaultMs = 30 * dayMs
const modelsMax = 500
const namesShownMax = 10

/** Every model of the traffic as one line, whatever names it was called by. */
export function modelHandlers({ events, control, clock, priceBook }: ApiDeps): Pick<Handlers, 'listUsedModels'> {
  return {
    async listUsedModels({ principal, query, scope }) {
      const toMs = query.toMs ?? clock.now()
      const fromMs = query.fromMs ?? toMs - rangeDefaultMs
      if (fromMs >= toMs) throw invalidField('toMs', 'The range must end after it begins.')
      if (toMs - fromMs > limits.queryRangeDaysMax * dayMs) throw invalidField('toMs', `The range is longer than ${limits.queryRangeDaysMax} days.`)
      const answer = await events.costQuery(scope, {
        measures: ['calls', 'cost', 'list_cost', 'tokens', 'unpriced_calls'], groupBy: ['provider', 'model'], granularity: 'day', zone: 'UTC',
        // A refused call reached no model; its cost and its use are nobody's.
        filters: [{ dimension: 'kind', op: 'not_in', values: ['refusal'] }], fromMs, toMs, rowsMax: limits.queryRowsMax,
      })
      const nowMs = clock.now()
      const entries = (await control.listEntries({ orgId: principal.orgId, atMs: nowMs })).filter((entry) => isCurrent(entry, nowMs))
      const exact = exactNames(entries)
      // The book in memory may be a moment older than a price that was just set.
      const resolve = (provider: string, name: string): string | null => priceBook?.().resolve(provider, name, nowMs) ?? exact(provider, name)
      const models = foldNames(answer.rows, resolve).sort((a, b) => byCost(a, b) || b.calls - a.calls || (a.model < b.model ? -1 : 1))
      return {
        range: { fromMs, toMs }, currency: answer.currency, otherCurrencies: answer.otherCurrencies ?? [],
        rows: models.slice(0, modelsMax).map((model) => describe(model, entries.filter((entry) => entry.provider === model.provider && entry.model === model.model))), truncated: answer.truncated || models.length > modelsMax,
      }
    },
  }
}

type Resolve = (provider: string, name: string) => string | null

/** A name stands for itself where it has entries. */
function exactNames(entries: readonly { readonly provider: string; readonly model: string }[]): Resolve {
  const known = new Set(entries.map((entry) => `${entry.provider}\n${entry.model}`))
  return (provider, name) => (known.has(`${provider}\n${name}`) ? name : null)
}

interface UsedModel {
  readonly provider: string
  readonly model: string
  readonly known: boolean
  readonly names: Map<string, number>
  readonly days: Map<number, number>
  calls: number
  tokens: number
  unpricedCalls: number
  cost: Amount | null
  listCost: Amount | null
}

function foldNames(rows: readonly CostRow[], resolve: Resolve): UsedModel[] {
  const models = new Map<string, UsedModel>()
  for (const { group, values, bucketMs } of rows) {
    const provider = canonicalProvider(group.provider?.id ?? '')
    const name = group.model?.id ?? ''
    // Calls over endpoints without a model have nothing to list here.
    if (name === '') continue
    const resolved = resolve(provider, name)
    const model = resolved ?? name
    const key = `${provider}\n${model}`
    let found = models.get(key)
    if (!found) models.set(key, (found = { provider, model, known: resolved !== null, names: new Map(), days: new Map(), calls: 0, tokens: 0, unpricedCalls: 0, cost: null, listCost: null }))
    const calls = Number(values.calls ?? 0)
    found.calls += calls
    found.tokens += Number(values.tokens ?? 0)
    found.unpricedCalls += Number(values.unpriced_calls ?? 0)
    found.cost = added(found.cost, values.cost)
    found.listCost = added(found.listCost, values.list_cost)
    found.names.set(name, (found.names.get(name) ?? 0) + calls)
    if (bucketMs !== null) found.days.set(bucketMs, (found.days.get(bucketMs) ?? 0) + calls)
  }
  return [...models.values()]
}

const added = (sum: Amount | null, value: string | number | null | undefined): Amount | null => (typeof value === 'string' ? (sum ?? 0n) + amountOf(value) : sum)
const textOf = (amount: Amount | null): string | null => (amount === null ? null : formatAmount(amount))

function byCost(a: UsedModel, b: UsedModel): number {
  const difference = (b.cost ?? 0n) - (a.cost ?? 0n)
  return difference > 0n ? 1 : difference < 0n ? -1 : 0
}

function describe(model: UsedModel, entries: readonly PriceEntry[]) {
  const days = [...model.days].sort(([a], [b]) => a - b)
  const pricedCalls = model.calls - model.unpricedCalls
  return {
    provider: model.provider, model: model.model, known: model.known,
    names: [...model.names].sort(([a, callsOfA], [b, callsOfB]) => callsOfB - callsOfA || (a < b ? -1 : 1)).slice(0, namesShownMax).map(([name]) => name),
    calls: model.calls, tokens: model.tokens, cost: textOf(model.cost), listCost: textOf(model.listCost),
    costPerCall: model.cost === null || pricedCalls <= 0 ? null : formatAmount(divideHalfEven(model.cost, BigInt(pricedCalls))),
    unpricedCalls: model.unpricedCalls, firstSeenMs: days[0]?.[0] ?? 0, lastSeenMs: days.at(-1)?.[0] ?? 0,
    rates: standardRates(entries), overridden: entries.some((entry) => entry.orgId !== ''), days: days.map(([dayStart, calls]) => ({ dayMs: dayStart, calls })),
  }
}
