import { TollgateError } from '../../base/errors.ts'
import { shortId } from '../../base/ids.ts'
import { amountOf, formatAmount } from '../../base/money.ts'
import { limits } from '../../config/limits.ts'
import type { CostRow } from '../../core/analytics/cost-query.ts'
import type { ModelLimits, PriceEntry } from '../../core/pricing/price-entry.ts'
import { canonicalProvider } from '../../core/pricing/provider-names.ts'
import { unitOf } from '../../core/usage/usage.ts'
import type { ApiDeps } from '../deps.ts'
import { pageRows } from '../pages.ts'
import { byModel, describeEntry, isCurrent, isPlain, standardRates } from '../price-wire.ts'
import { invalidField } from '../problem.ts'
import type { Handlers } from '../registrar.ts'

type PriceHandlers = Pick<Handlers, 'listPrices' | 'listModels' | 'resolveModel' | 'listUnpriced' | 'createOverride' | 'endOverride'>

/** An entry without a beginning has always applied. */
const beganWithin = ({ validFrom }: PriceEntry, fromMs: number | undefined, toMs: number | undefined): boolean =>
  (fromMs === undefined || (validFrom !== null && validFrom >= fromMs)) && (toMs === undefined || validFrom === null || validFrom < toMs)

const monthMs = 30 * 86_400_000
/** Rank of what an operator enters: above every feed. */
const overrideRank = 100
const unpricedRowsMax = 500

export function priceHandlers(deps: ApiDeps): PriceHandlers {
  const { control, clock, events } = deps
  return {
    async listPrices({ principal, query }) {
      if (query.history && (query.provider === undefined || query.model === undefined)) throw invalidField('history', 'History is given for one provider and model; send both.')
      const atMs = query.atMs ?? query.startedFromMs ?? clock.now()
      const where = { ...(query.provider === undefined ? {} : { provider: canonicalProvider(query.provider) }), ...(query.model === undefined ? {} : { model: query.model }) }
      const entries = await control.listEntries({ orgId: principal.orgId, ...where, ...(query.history ? {} : { atMs }) })
      const wanted = query.history ? entries : entries.filter((entry) => entry.supersededAt === null && (entry.validTo === null || entry.validTo > atMs))
      const started = wanted.filter((entry) => beganWithin(entry, query.startedFromMs, query.startedToMs))
      const page = pageRows([...started].sort(byModel), (entry) => entry.id, query)
      return { rows: page.rows.map(describeEntry), next: page.next }
    },
    async listModels({ principal, query }) {
      const nowMs = clock.now()
      const where = query.provider === undefined ? {} : { provider: canonicalProvider(query.provider) }
      const [entries, modelLimits] = await Promise.all([control.listEntries({ orgId: principal.orgId, atMs: nowMs, ...where }), control.listLimits()])
      const search = query.search?.toLowerCase()
      const models = groupByModel(entries.filter((entry) => isCurrent(entry, nowMs)))
        .filter(([id]) => (query.model === undefined || id.model === query.model) && (search === undefined || `${id.provider}/${id.model}`.toLowerCase().includes(search)))
      const page = pageRows(models, ([id]) => `${id.provider}/${id.model}`, query)
      return { rows: page.rows.map(([id, own]) => describeModel(id, own, modelLimits)), next: page.next }
    },
    async resolveModel({ principal, query }) {
      const provider = canonicalProvider(query.provider)
      const atMs = query.atMs ?? clock.now()
      const exact = async (): Promise<string | null> => ((await control.listEntries({ orgId: principal.orgId, provider, model: query.model })).some((entry) => isCurrent(entry, atMs)) ? query.model : null)
      // The bundled book does not know models that only an override prices.
      const model = deps.priceBook?.().resolve(provider, query.model, atMs) ?? await exact()
      const entries = model === null ? [] : await control.listEntries({ orgId: principal.orgId, provider, model })
      const current = entries.filter((entry) => isCurrent(entry, atMs))
      return { provider, name: query.model, model, entries: [...current].sort(byModel).map(describeEntry) }
    },
    async listUnpriced({ query, scope }) {
      const toMs = query.toMs ?? clock.now()
      const answer = await events.costQuery(scope, {
        measures: ['calls', 'tokens'], groupBy: ['provider', 'requested_model', 'model', 'pricing'], granularity: 'day', zone: 'UTC',
        filters: [{ dimension: 'pricing', op: 'in', values: ['unpriced', 'partial'] }], fromMs: query.fromMs ?? toMs - monthMs, toMs, rowsMax: limits.queryRowsMax,
      })
      return { rows: foldDays(answer.rows).sort((a, b) => b.calls - a.calls || (a.model < b.model ? -1 : 1)).slice(0, unpricedRowsMax) }
    },
    async createOverride({ principal, body }) {
      const nowMs = clock.now()
      const validFrom = body.validFrom ?? nowMs
      if (body.amount.startsWith('-')) throw invalidField('amount', 'Send a price that is not negative.')
      if (body.validTo !== null && body.validTo <= validFrom) throw invalidField('validTo', 'It must end after it begins.')
      const entry: PriceEntry = {
        id: shortId('price'), book: 'contract', rank: overrideRank, provider: canonicalProvider(body.provider), model: body.model, component: body.component,
        unit: unitOf(body.component), per: body.per, amount: formatAmount(amountOf(body.amount)), currency: body.currency, validFrom, validTo: body.validTo,
        recordedAt: nowMs, supersededAt: null, status: 'active', source: `override: ${body.reason}`, conditions: body.conditions, orgId: principal.orgId,
      }
      await control.putOverride(entry, principal.actor)
      return describeEntry(entry)
    },
    async endOverride({ principal, params, query }) {
      if (!(await control.endOverride(principal.orgId, params.id, query.atMs ?? clock.now(), principal.actor))) throw new TollgateError('not_found')
      return null
    },
  }
}

/** One line per model from a line per model and day. */
function foldDays(rows: readonly CostRow[]) {
  const models = new Map<string, { provider: string; model: string; pricedAs: string; calls: number; tokens: number; pricing: 'partial' | 'unpriced'; firstSeenMs: number; lastSeenMs: number }>()
  for (const { group, values, bucketMs } of rows) {
    const provider = canonicalProvider(group.provider?.id ?? '')
    const model = group.requested_model?.id ?? ''
    const pricedAs = group.model?.id ?? model
    const pricing = group.pricing?.id === 'partial' ? ('partial' as const) : ('unpriced' as const)
    const key = JSON.stringify([provider, model, pricedAs, pricing])
    const day = bucketMs ?? 0
    const found = models.get(key) ?? { provider, model, pricedAs, calls: 0, tokens: 0, pricing, firstSeenMs: day, lastSeenMs: day }
    models.set(key, {
      ...found, calls: found.calls + Number(values.calls ?? 0), tokens: found.tokens + Number(values.tokens ?? 0),
      firstSeenMs: Math.min(found.firstSeenMs, day), lastSeenMs: Math.max(found.lastSeenMs, day),
    })
  }
  return [...models.values()]
}

interface ModelId { readonly provider: string; readonly model: string }

function groupByModel(entries: readonly PriceEntry[]): readonly (readonly [ModelId, readonly PriceEntry[]])[] {
  const groups = new Map<string, [ModelId, PriceEntry[]]>()
  for (const entry of [...entries].sort(byModel)) {
    const name = `${entry.provider}/${entry.model}`
    const group = groups.get(name)
    if (group) group[1].push(entry)
    else groups.set(name, [{ provider: entry.provider, model: entry.model }, [entry]])
  }
  return [...groups.values()]
}

function describeModel(id: ModelId, entries: readonly PriceEntry[], modelLimits: readonly ModelLimits[]) {
  const own = modelLimits.find((limit) => limit.provider === id.provider && limit.model === id.model)
  return {
    ...id, contextTokens: own?.contextTokens ?? null, outputTokensMax: own?.outputTokensMax ?? null,
    overridden: entries.some((entry) => entry.orgId !== ''), rates: standardRates(entries),
    conditional: entries.filter((entry) => !isPlain(entry)).length,
  }
}
