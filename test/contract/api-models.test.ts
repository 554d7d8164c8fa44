import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createPriceBook } from '../../src/core/pricing/create-price-book.ts'
import { call, costing, dayMs, noon, openApi, opsCaller, type Api, type Parsed } from './api-harness.ts'
import { price } from './control-store-samples.ts'

let api: Api
const entries = [price({ id: 'in', amount: '3' })]
beforeEach(async () => {
  const book = createPriceBook({ version: 'v', entries, aliases: [{ provider: 'openai', pattern: '^gpt-x-\\d+$', regex: true, model: 'gpt-x', validFrom: null, validTo: null }], limits: [] })
  api = await openApi({ priceBook: () => book })
  await api.control.seed('feed', entries, [], [], noon - dayMs)
})
afterEach(async () => api.close())

const list = async (person = 'viewer', query = ''): Promise<Parsed> => (await api.call(person, 'GET', `/api/v1/models${query}`)).json

describe('models of the traffic', () => {
  beforeEach(async () => api.events.insertBatch('b', [
    costing('4', { at: noon - 2 * dayMs, servedModel: 'gpt-x-2026' }), costing('2', { servedModel: 'gpt-x' }), costing('1', { requestedModel: 'cheap', servedModel: '' }, opsCaller),
    call({ requestedModel: 'own', servedModel: 'own', pricing: 'unpriced', cost: null, listCost: null, lines: [] }),
    call({ kind: 'refusal', requestedModel: 'refused', servedModel: '', pricing: 'none', cost: null, listCost: null, lines: [], usage: {} }),
    costing('7', { at: noon - 60 * dayMs }),
  ], noon))

  it('are one line per model of the price book, dearest first, unknown and unpriced ones included', async () => {
    const { rows, currency, truncated } = await list()
    expect([currency, truncated]).toEqual(['USD', false])
    expect(rows.map((row: Parsed) => [row.model, row.known, row.calls, row.cost, row.costPerCall, row.unpricedCalls])).toEqual([
      ['gpt-x', true, 2, '6', '3', 0], ['cheap', false, 1, '1', '1', 0], ['own', false, 1, null, null, 1],
    ])
    expect(rows[0]).toMatchObject({ provider: 'openai', names: ['gpt-x', 'gpt-x-2026'], tokens: 2_400, listCost: '6', firstSeenMs: Date.UTC(2026, 10, 16), lastSeenMs: Date.UTC(2026, 10, 18) })
    expect(rows.map((row: Parsed) => row.rates.map((rate: Parsed) => rate.amount))).toEqual([['3'], [], []])
    expect(rows[0].days.map((day: Parsed) => day.calls)).toEqual([1, 1])
  })

  it('say what a plain call pays now: the contract where there is one', async () => {
    await api.call('finance', 'POST', '/api/v1/prices/overrides', { provider: 'openai', model: 'gpt-x', component: 'input_text', amount: '2', reason: 'contract' })
    const [row] = (await list()).rows
    expect([row.overridden, row.rates[0].amount]).toEqual([true, '2'])
    expect((await list('stranger')).rows).toEqual([])
  })

  it('know a model from the moment a price is set, whatever book is in memory', async () => {
    await api.call('finance', 'POST', '/api/v1/prices/overrides', { provider: 'openai', model: 'own', component: 'input_text', amount: '2', reason: 'ours' })
    expect((await list()).rows.find((row: Parsed) => row.model === 'own').known).toBe(true)
    expect((await api.call('viewer', 'GET', '/api/v1/prices/resolve?provider=openai&model=own')).json.model).toBe('own')
  })

  it('stay within the grant and the range', async () => {
    expect((await list('guest')).rows.map((row: Parsed) => row.model)).toEqual(['cheap'])
    expect((await list('stranger')).rows).toEqual([])
    expect((await list('viewer', `?fromMs=${noon - 90 * dayMs}`)).rows[0].cost).toBe('13')
    expect((await api.call('viewer', 'GET', `/api/v1/models?fromMs=${noon}&toMs=${noon - 1}`)).json.errors[0].field).toBe('toMs')
  })

  it('unpriced ones say the name a price is looked up by', async () => {
    await api.events.insertBatch('c', [call({ requestedModel: 'latest', servedModel: 'latest-0718', pricing: 'partial' })], noon)
    const rows = (await api.call('viewer', 'GET', '/api/v1/prices/unpriced')).json.rows
    expect(rows.map((row: Parsed) => [row.model, row.pricedAs, row.pricing])).toEqual([['latest', 'latest-0718', 'partial'], ['own', 'own', 'unpriced']])
  })
})
