import type { PriceEntry, ResponseOf } from '../api/contract/contract.ts'
import { ConfigError, nearestTo } from '../config/config.ts'
import { withApi, type ApiClient } from './api-client.ts'
import { instantOf, machineZone } from './calendar.ts'
import { UsageError, type Given } from './command-line.ts'
import { readableDay, readableInstant, showProgress, textTable } from './text-table.ts'

type Model = ResponseOf<'listModels'>['rows'][number]

const rateOf = (model: Model, component: string): string => {
  const rate = model.rates.find((each) => each.component === component)
  return rate === undefined ? '' : perMillion(rate)
}
const perMillion = (rate: { readonly amount: string; readonly per: number; readonly unit: string }): string =>
  rate.per === 1_000_000 ? rate.amount : `${rate.amount} / ${rate.per === 1 ? '' : `${rate.per.toLocaleString('en-US')} `}${rate.unit}`

/** `tollgate prices list`: standard rates now. */
export async function listPrices(given: Given): Promise<number> {
  const [search] = given.operands
  const done = showProgress('reading the price book')
  const models = await withApi((api) => api.rows<Model>('/api/v1/prices/models', { search, provider: given.text('provider') })).finally(done)
  if (given.is('json')) console.log(JSON.stringify({ rows: models }, null, 2))
  else if (models.length === 0) {
    console.error(`No model ${search === undefined ? 'has a price' : `matches "${search}"`}.`)
    return 1
  } else {
    console.log(textTable(
      [{ name: 'Model' }, { name: 'Input', right: true }, { name: 'Cache read', right: true }, { name: 'Output', right: true }, { name: 'Currency' }, { name: 'Context', right: true }, { name: 'Yours' }],
      models.map((model) => [
        `${model.provider}/${model.model}`, rateOf(model, 'input_text'), rateOf(model, 'cache_read'), rateOf(model, 'output_text'), model.rates[0]?.currency ?? '',
        model.contextTokens?.toLocaleString('en-US') ?? '', model.overridden ? 'override' : '',
      ]),
    ))
    console.log(`\n${models.length} models, per 1,000,000 tokens unless said otherwise. \`tollgate prices explain MODEL\` has the rest.`)
  }
  return 0
}

/** The provider and model meant by "gpt-4o" or "openai/gpt-4o". */
async function findModel(api: ApiClient, text: string, provider: string | undefined): Promise<{ readonly provider: string; readonly model: string }> {
  const slash = text.indexOf('/')
  if (provider !== undefined) return { provider, model: text }
  const models = await api.rows<Model>('/api/v1/prices/models')
  if (slash > 0 && models.some((each) => each.provider === text.slice(0, slash))) return { provider: text.slice(0, slash), model: text.slice(slash + 1) }
  const owners = [...new Set(models.filter((each) => each.model === text).map((each) => each.provider))]
  if (owners.length === 1) return { provider: owners[0]!, model: text }
  if (owners.length > 1) throw new UsageError(`"${text}" is sold by ${owners.join(', ')}. Say --provider, or ${owners[0]}/${text}.`)
  const nearest = nearestTo(text, models.map((each) => each.model))
  throw new ConfigError(`No provider has a price for "${text}"${nearest === null ? '.' : `; did you mean "${nearest}"?`} Calls to it are unpriced until one is set: \`tollgate prices override\`.`)
}

/** `tollgate prices explain`: which model a name stands for at an instant, and every entry that may price it. */
export async function explainPrice(given: Given): Promise<number> {
  const [text = ''] = given.operands
  const at = given.text('at')
  const atMs = at === undefined ? undefined : instantOf('at', at, machineZone())
  const answer = await withApi(async (api) => api.get<ResponseOf<'resolveModel'>>('/api/v1/prices/resolve', { ...await findModel(api, text, given.text('provider')), atMs }))
  if (given.is('json')) console.log(JSON.stringify(answer, null, 2))
  else if (answer.model !== null) {
    console.log(`${answer.provider}/${answer.name}${answer.model === answer.name ? '' : ` stands for ${answer.model}`}, at ${readableInstant(atMs ?? Date.now())}\n`)
    console.log(textTable(
      [{ name: 'Component' }, { name: 'Rate', right: true }, { name: 'Currency' }, { name: 'Book' }, { name: 'From' }, { name: 'Until' }, { name: 'When' }, { name: 'Entry' }, { name: 'Source' }],
      answer.entries.map((entry) => [
        entry.component, `${entry.amount} / ${entry.per.toLocaleString('en-US')} ${entry.unit}`, entry.currency, entry.override ? 'override' : entry.book,
        readableDay(entry.validFrom) || 'always', readableDay(entry.validTo) || 'open', conditionsOf(entry), entry.id, entry.source,
      ]),
    ))
  } else console.log(`${answer.provider}/${answer.name} has no price: calls to it are recorded and counted as unpriced.`)
  return answer.model === null ? 1 : 0
}

const conditionsOf = (entry: PriceEntry): string => (Object.keys(entry.conditions).length === 0 ? 'standard' : JSON.stringify(entry.conditions))

/** `tollgate prices override`: a contract price of one component, for calls from now or from a day on. */
export async function overridePrice(given: Given): Promise<number> {
  const [text = ''] = given.operands
  const [component, amount, reason] = [given.text('component'), given.text('amount'), given.text('reason')]
  if (component === undefined || amount === undefined || reason === undefined) throw new UsageError('An override needs --component, --amount and --reason: what it prices, how much, and where the figure comes from.')
  const [per, from, until] = [given.text('per'), given.text('from'), given.text('until')]
  if (per !== undefined && !/^\d{1,10}$/.test(per)) throw new UsageError(`--per "${per}" is not a whole number.`)
  const zone = machineZone()
  const slash = text.indexOf('/')
  const provider = given.text('provider') ?? (slash > 0 ? text.slice(0, slash) : undefined)
  if (provider === undefined) throw new UsageError(`Say whose model it is: provider/${text}, or --provider.`)
  const model = given.text('provider') === undefined ? text.slice(slash + 1) : text
  const entry = await withApi((api) => api.send<PriceEntry>('POST', '/api/v1/prices/overrides', {
    provider, model, component, amount, reason, ...(per === undefined ? {} : { per: Number(per) }), ...(given.text('currency') === undefined ? {} : { currency: given.text('currency') }),
    ...(from === undefined ? {} : { validFrom: instantOf('from', from, zone) }), ...(until === undefined ? {} : { validTo: instantOf('until', until, zone) }),
  }))
  if (given.is('json')) console.log(JSON.stringify(entry, null, 2))
  else console.log(`${entry.provider}/${entry.model} ${entry.component}: ${entry.amount} ${entry.currency} per ${entry.per.toLocaleString('en-US')} ${entry.unit}, for calls from ${readableInstant(entry.validFrom ?? Date.now())} on (entry ${entry.id}). History keeps its prices.`)
  return 0
}

/** `tollgate prices end`: the list price applies again. */
export async function endOverride(given: Given): Promise<number> {
  const [id = ''] = given.operands
  const at = given.text('at')
  await withApi((api) => api.send('DELETE', `/api/v1/prices/overrides/${encodeURIComponent(id)}`, undefined, { atMs: at === undefined ? undefined : instantOf('at', at, machineZone()) }))
  if (given.is('json')) console.log(JSON.stringify({ ended: id }))
  else console.log('Ended. The list price applies to calls from then on.')
  return 0
}
