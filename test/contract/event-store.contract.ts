import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { uuidv7 } from '../../src/base/ids.ts'
import { amountOf } from '../../src/base/money.ts'
import type { CostQuery } from '../../src/core/analytics/cost-query.ts'
import type { BudgetRule } from '../../src/core/entitlement/rule.ts'
import type { UsageRecord } from '../../src/core/usage/usage-record.ts'
import { batchIdOf, type EventStore, type ReadScope, type StoredRecord } from '../../src/store/ports.ts'
import { sampleRecord } from '../support/records.ts'

const hour = 3_600_000
const noon = Date.UTC(2026, 5, 15, 12)
const recordedAt = noon + 60_000
const journal = '0198a000-0000-7000-8000-000000000001'
const whole = (orgId: string): ReadScope => ({ orgId, nodeIds: null })
const june = { fromMs: Date.UTC(2026, 5, 1), toMs: Date.UTC(2026, 6, 1) }

export function costQuestion(overrides: Partial<CostQuery> = {}): CostQuery {
  return { measures: ['cost', 'calls', 'tokens'], groupBy: [], filters: [], granularity: 'none', zone: 'UTC', ...june, rowsMax: 1_000, ...overrides }
}

let organisations = 0
/** Each test writes into an organisation of its own, with batches of its own, so that the suite shares one store. */
function place(): { readonly orgId: string; readonly batch: (block: number, segment?: number) => string; readonly row: (overrides?: Parameters<typeof sampleRecord>[0]) => UsageRecord; readonly journalId: string } {
  organisations += 1
  const orgId = `org_${organisations}`
  const journalId = journal.slice(0, -3) + String(organisations).padStart(3, '0')
  return {
    orgId, journalId,
    batch: (block, segment = 1) => batchIdOf({ journalId, segment, block }),
    row: (overrides = {}) => sampleRecord({ at: noon, ...overrides, caller: { orgId, nodePath: [orgId, 'unit_a', 'team_a', 'app_a'], ...overrides.caller } }),
  }
}

/** What every event store does. `open` gives a migrated, empty store. */
export function eventStoreContract(name: string, open: () => Promise<EventStore>): void {
  describe(`event store contract: ${name}`, () => {
    let store: EventStore
    beforeAll(async () => {
      store = await open()
      await store.migrate()
    })
    afterAll(() => store?.close())

    const stored = (row: UsageRecord, batchId: string): StoredRecord => ({ ...row, batchId, recordedAt })

    it('migrates twice without harm', async () => {
      await store.migrate()
      await store.migrate()
    })

    it('never counts a first record without its cost, whenever it is asked', async () => {
      for (let round = 0; round < 10; round += 1) {
        const { orgId, row, batch } = place()
        const inserted = store.insertBatch(batch(1), [row()], recordedAt)
        const asked = [0, 1, 2, 3].map(() => store.costSplit(whole(orgId), { measures: ['cost', 'calls'], parts: [], filters: [], zone: 'UTC', ...june, linesMax: 10 }))
        await inserted
        for (const { totals } of await Promise.all(asked)) expect(totals.cost_rows ?? 0n).toBe(totals.calls ?? 0n)
      }
    })

    it('gives a record back as it was written, to the last member', async () => {
      const { orgId, row, batch } = place()
      const full = row({
        kind: 'adjustment', isCall: false, corrects: uuidv7(noon), callId: uuidv7(noon), fallbackOf: uuidv7(noon), at: noon + 123,
        caller: { orgId, nodePath: [orgId, "o'hara\\", 'tab\there'] }, stream: true, attempt: 3, usage: { input_text: -5, cache_read: 0, output_reasoning: 9_007_199_254_740_991 },
        attribution: { user: 'üser 😀', agent: '"quoted"', workflow: 'a\nb', run: 'r{x:String}', parentRun: 'p', step: 's', session: "';DROP TABLE usage_record;--", tags: { 'k"': "v'\\" }, rule: 'x' },
        cost: amountOf('-12345678901234567890.000000000000001'), listCost: null, bound: 0n, statedCost: '0.1', notices: ['a', 'b,c'], quality: 'uncertain', pricing: 'partial',
      })
      await store.insertBatch(batch(1), [full], recordedAt)
      expect(await store.getRecords(whole(orgId), { eventId: full.eventId })).toEqual([stored(full, batch(1))])
    })

    it('keeps absent counters apart from zero, and unpriced apart from free', async () => {
      const { orgId, row, batch } = place()
      const zero = row({ usage: { input_text: 0 }, cost: 0n, listCost: 0n, at: noon })
      const absent = row({ usage: {}, cost: null, listCost: null, pricing: 'unpriced', at: noon + 1, caller: { appId: 'app_b', orgId } })
      await store.insertBatch(batch(1), [zero, absent], recordedAt)
      const rows = await store.getRecords(whole(orgId), { callId: zero.callId })
      expect(rows.map((r) => [r.usage, r.cost])).toEqual([[{ input_text: 0 }, 0n]])
      const answer = await store.costQuery(whole(orgId), costQuestion({ groupBy: ['app'], measures: ['cost', 'unpriced_calls'] }))
      const byApp = Object.fromEntries(answer.rows.map((r) => [r.group.app!.id, r.values]))
      expect(byApp).toEqual({ app_a: { cost: '0', unpriced_calls: 0 }, app_b: { cost: null, unpriced_calls: 1 } })
    })

    it('changes nothing when a batch is repeated, also across months', async () => {
      const { orgId, row, batch } = place()
      const rows = [row({ at: Date.UTC(2026, 4, 31, 23, 59, 59, 999) }), row({ at: Date.UTC(2026, 5, 1) }), row({ at: Date.UTC(2020, 0, 1) })]
      const question = costQuestion({ fromMs: Date.UTC(2026, 0, 1), granularity: 'day' })
      await store.insertBatch(batch(1), rows, recordedAt)
      const once = [await store.costQuery(whole(orgId), question), await store.totals()]
      await store.insertBatch(batch(1), rows, recordedAt)
      await store.insertBatch(batch(1), rows, recordedAt + 5)
      expect([await store.costQuery(whole(orgId), question), await store.totals()]).toEqual(once)
      expect(once[0]).toMatchObject({ totals: { cost: '0.009', calls: 2, tokens: 2_400 } })
    })

    it('counts two batches whose rollup rows are alike twice', async () => {
      const { orgId, row, batch } = place()
      await store.insertBatch(batch(1), [row()], recordedAt)
      await store.insertBatch(batch(2), [row()], recordedAt)
      expect((await store.costQuery(whole(orgId), costQuestion())).totals).toEqual({ cost: '0.009', calls: 2, tokens: 2_400 })
    })

    it('keeps out an event that another batch has stored, and the twin inside one batch', async () => {
      const { orgId, row, batch } = place()
      const first = row()
      await store.insertBatch(batch(1), [first], recordedAt)
      const other = row({ at: noon + 5 })
      await store.insertBatch(batch(2), [other, first, { ...other, cost: amountOf('1') }], recordedAt)
      const totals = (await store.costQuery(whole(orgId), costQuestion())).totals
      expect(totals).toEqual({ cost: '1.0045', calls: 2, tokens: 2_400 })
      const all = await store.totals()
      expect(all.hourly).toEqual(all.raw)
      expect(all.daily).toEqual(all.raw)
      expect(all.duplicateEventIds).toBe(0)
    })

    it('stores texts no engine likes, and instants out of range, without losing their batch', async () => {
      const { orgId, row, batch } = place()
      const odd = row({ attribution: { user: 'nul\u0000byte', session: 'lone \ud800 surrogate', tags: { 'k\udfff': '\u0000' } }, rawUsage: '{"a":"\\ud800"}' })
      const far = row({ at: 9e15, occurredAt: -5, endAt: 9e15 })
      const good = row({ at: noon + 7 })
      await store.insertBatch(batch(1), [odd, far, good], recordedAt)
      const [read] = await store.getRecords(whole(orgId), { eventId: odd.eventId })
      expect(read?.attribution).toMatchObject({ user: 'nul\u0000byte', session: 'lone \ufffd surrogate', tags: { 'k\ufffd': '\u0000' } })
      expect(read?.rawUsage).toBe('{"a":"\\ud800"}')
      const [clamped] = await store.getRecords(whole(orgId), { eventId: far.eventId })
      expect(clamped).toMatchObject({ at: Date.UTC(2105, 0, 1), occurredAt: 0, notices: ['instant_clamped'] })
      expect(await store.getRecords(whole(orgId), { eventId: good.eventId })).toHaveLength(1)
    })

    it('never shows another organisation or what lies outside the scope', async () => {
      const a = place()
      const b = place()
      const mine = a.row()
      const sibling = a.row({ caller: { orgId: a.orgId, teamId: 'team_b', nodePath: [a.orgId, 'unit_a', 'team_b', 'app_z'] } })
      const theirs = b.row()
      await store.insertBatch(a.batch(1), [mine, sibling], recordedAt)
      await store.insertBatch(b.batch(1), [theirs], recordedAt)
      const team = (nodeIds: readonly string[]): ReadScope => ({ orgId: a.orgId, nodeIds })
      const calls = async (scope: ReadScope, overrides: Partial<CostQuery> = {}): Promise<unknown> => (await store.costQuery(scope, costQuestion({ measures: ['calls'], ...overrides }))).totals.calls
      expect(await calls(whole(a.orgId))).toBe(2)
      expect(await calls(team(['team_b']))).toBe(1)
      expect(await calls(team(['team_a', 'team_b']))).toBe(2)
      expect(await calls(team([]))).toBe(0)
      expect(await calls(team(['team_b']), { groupBy: ['session'] })).toBe(1)
      expect((await store.listRecords(team(['team_a']), { range: june, match: {} }, null, 10)).rows.map((r) => r.eventId)).toEqual([mine.eventId])
      expect(await store.getRecords(team(['team_a']), { eventId: sibling.eventId })).toEqual([])
      expect(await store.getRecords(whole(a.orgId), { eventId: theirs.eventId })).toEqual([])
      expect(await store.getRecords(whole(a.orgId), {})).toEqual([])
      expect(await store.getRecords(whole(a.orgId), { eventId: "' OR 1=1" })).toEqual([])
    })

    it('pages through records newest first, none twice, none left out', async () => {
      const { orgId, row, batch } = place()
      const rows = Array.from({ length: 25 }, (_, index) => row({ at: noon - Math.floor(index / 2) * hour * (index > 15 ? 30 : 1), attribution: { session: index % 5 === 0 ? 's' : '' } }))
      await store.insertBatch(batch(1), rows, recordedAt)
      const expected = [...rows].sort((a, b) => b.at - a.at || (a.eventId < b.eventId ? 1 : -1)).map((r) => r.eventId)
      const seen: string[] = []
      let cursor: string | null = null
      do {
        const page = await store.listRecords(whole(orgId), { range: { fromMs: 0, toMs: noon + 1 }, match: {} }, cursor, 7)
        seen.push(...page.rows.map((r) => r.eventId))
        expect(page.rows.length).toBeLessThanOrEqual(7)
        cursor = page.next
      } while (cursor !== null)
      expect(seen).toEqual(expected)
      const bySession = await store.listRecords(whole(orgId), { range: { fromMs: 0, toMs: noon + 1 }, match: { session: 's', model: 'gpt-4o-2024-08-06' } }, null, 100)
      expect(bySession.rows).toHaveLength(5)
      expect(bySession.next).toBeNull()
      await expect(store.listRecords(whole(orgId), { range: june, match: {} }, "x' OR '", 5)).rejects.toMatchObject({ code: 'invalid' })
    })

    it('pages through records dearest first, unknown costs last, and takes no cursor of another order', async () => {
      const { orgId, row, batch } = place()
      const costs = [0n, 5n, null, 10n ** 17n, -3n, 5n, null, 1n, 10n ** 15n, 5n]
      const rows = costs.map((cost, index) => row({ cost, at: noon - (index % 4) * 40 * hour }))
      await store.insertBatch(batch(1), rows, recordedAt)
      const worth = (cost: bigint | null): bigint => cost ?? -(10n ** 30n)
      const expected = [...rows].sort((a, b) => Number(worth(b.cost) - worth(a.cost)) || b.at - a.at || (a.eventId < b.eventId ? 1 : -1)).map((r) => r.eventId)
      const filter = { range: { fromMs: 0, toMs: noon + 1 }, match: {}, order: 'cost' } as const
      for (const rowsMax of [1, 3, 10]) {
        const seen: string[] = []
        let cursor: string | null = null
        do {
          const page = await store.listRecords(whole(orgId), filter, cursor, rowsMax)
          seen.push(...page.rows.map((r) => r.eventId))
          cursor = page.next
        } while (cursor !== null)
        expect(seen).toEqual(expected)
      }
      expect((await store.listRecords(whole(orgId), { ...filter, match: { session: 'nobody' } }, null, 5)).rows).toEqual([])
      const { next } = await store.listRecords(whole(orgId), filter, null, 3)
      await expect(store.listRecords(whole(orgId), { ...filter, order: 'at' }, next, 3)).rejects.toMatchObject({ code: 'invalid' })
    })

    it('finds records that are unpriced or partly priced under one word', async () => {
      const { orgId, row, batch } = place()
      const loose = [row({ cost: null, listCost: null, pricing: 'unpriced' }), row({ pricing: 'partial', at: noon - 1 })]
      await store.insertBatch(batch(1), [...loose, row({ pricing: 'priced' }), row({ pricing: 'none', cost: null, listCost: null })], recordedAt)
      const found = await store.listRecords(whole(orgId), { range: { fromMs: 0, toMs: noon + 1 }, match: { pricing: 'incomplete' } }, null, 10)
      expect(found.rows.map((r) => r.eventId)).toEqual(loose.map((r) => r.eventId))
    })

    it('groups by id, names by the latest name, and buckets in the zone asked for', async () => {
      const { orgId, row, batch } = place()
      const early = row({ at: Date.UTC(2026, 5, 14, 21, 30), caller: { orgId, teamName: 'Old name' } })
      const late = row({ at: Date.UTC(2026, 5, 14, 22, 30), caller: { orgId, teamName: 'New name' } })
      await store.insertBatch(batch(1), [late, early], recordedAt)
      const answer = await store.costQuery(whole(orgId), costQuestion({ groupBy: ['team'], granularity: 'day', zone: 'Europe/Berlin', measures: ['calls'] }))
      expect(answer.rows).toEqual([
        { bucketMs: Date.UTC(2026, 5, 13, 22), group: { team: { id: 'team_a', name: 'New name' } }, values: { calls: 1 } },
        { bucketMs: Date.UTC(2026, 5, 14, 22), group: { team: { id: 'team_a', name: 'New name' } }, values: { calls: 1 } },
      ])
    })

    it('keeps currencies apart and says so', async () => {
      const { orgId, row, batch } = place()
      await store.insertBatch(batch(1), [row(), row({ currency: 'EUR', cost: amountOf('7') })], recordedAt)
      expect(await store.costQuery(whole(orgId), costQuestion())).toMatchObject({ currency: 'USD', otherCurrencies: ['EUR'], totals: { cost: '0.0045', calls: 2 } })
      expect(await store.costQuery(whole(orgId), costQuestion({ currency: 'EUR', groupBy: ['team'] }))).toMatchObject({ currency: 'EUR', rows: [{ values: { cost: '7', calls: 2 } }] })
    })

    it('cuts rows at the bound but not the totals, and refuses malformed questions', async () => {
      const { orgId, row, batch } = place()
      await store.insertBatch(batch(1), ['x', 'y', 'z'].map((workflow) => row({ attribution: { workflow } })), recordedAt)
      const answer = await store.costQuery(whole(orgId), costQuestion({ groupBy: ['workflow'], rowsMax: 2, measures: ['calls'] }))
      expect(answer).toMatchObject({ truncated: true, totals: { calls: 3 } })
      expect(answer.rows.map((r) => r.group.workflow!.id)).toEqual(['x', 'y'])
      const empty = await store.costQuery(whole('org_nobody'), costQuestion())
      expect(empty).toEqual({ rows: [{ bucketMs: null, group: {}, values: { cost: null, calls: 0, tokens: 0 } }], totals: { cost: null, calls: 0, tokens: 0 }, truncated: false, currency: '' })
    })

    it('knows when each key last called, in its own organisation only', async () => {
      const { orgId, batch, row } = place()
      await store.insertBatch(batch(1), [row({ at: noon }), row({ at: noon - hour }), row({ at: noon + 7, kind: 'refusal', caller: { keyId: 'key_b' } })], recordedAt)
      await store.insertBatch(batch(2), [row({ at: noon - 40 * 24 * hour, caller: { keyId: 'key_old' } }), row({ at: noon + 3, caller: { keyId: '' } })], recordedAt)
      expect([...(await store.lastCalls(orgId))].sort()).toEqual([['key_a', noon], ['key_b', noon + 7], ['key_old', noon - 40 * 24 * hour]])
      expect(await store.lastCalls('org_nobody')).toEqual(new Map())
    })

    it('sums a rule per tuple, counting only batches at or before the cut', async () => {
      const { orgId, row, batch, journalId } = place()
      const rule: BudgetRule = {
        id: 'r', orgId, name: 'r', selector: { nodeId: 'unit_a', model: 'gpt-4o' }, per: ['user', 'team'], measure: 'cost', currency: 'USD',
        window: { unit: 'month', zone: 'UTC' }, limit: 1n, hard: true, outputBound: 'inject', outputCapDefault: 1, unpriced: 'refuse', unbounded: 'refuse',
      }
      const by = (user: string, cost: string, overrides: Parameters<typeof row>[0] = {}): UsageRecord => row({ cost: amountOf(cost), attribution: { user }, ...overrides })
      await store.insertBatch(batch(9, 1), [by('u"1', '1'), by('u"1', '0.000000000000001'), by('', '2'), by('x', '5', { requestedModel: 'other' })], recordedAt)
      await store.insertBatch(batch(1, 2), [by('u"1', '10'), by('r', '3', { kind: 'refusal' }), by('n', '1', { cost: null })], recordedAt)
      await store.insertBatch(batch(2, 2), [by('u"1', '100')], recordedAt)
      const sums = async (cut: Parameters<EventStore['sumByTuple']>[2], measure = rule.measure, per = rule.per): Promise<unknown> => Object.fromEntries(await store.sumByTuple({ ...rule, measure, per }, june, cut))
      expect(await sums([])).toEqual({})
      expect(await sums([{ journalId: 'other', segment: 9, block: 9 }])).toEqual({})
      expect(await sums([{ journalId, segment: 1, block: 10 }])).toEqual({ '["u\\"1","team_a"]': amountOf('1.000000000000001'), '["","team_a"]': amountOf('2') })
      const second = [{ journalId: 'other', segment: 9, block: 9 }, { journalId, segment: 2, block: 1 }]
      expect(await sums(second)).toEqual({ '["u\\"1","team_a"]': amountOf('11.000000000000001'), '["","team_a"]': amountOf('2'), '["r","team_a"]': 0n, '["n","team_a"]': 0n })
      expect(await sums(second, 'requests', [])).toEqual({ '': 5n })
      expect(await sums(second, 'tokens', ['model'])).toEqual({ '["gpt-4o"]': 6_000n })
      expect(Object.fromEntries(await store.sumByTuple(rule, { fromMs: noon + 1, toMs: june.toMs }, second))).toEqual({})
    })

    it('restores only the rows that are gone, and finds rollups equal afterwards', async () => {
      const { orgId, row, batch, journalId } = place()
      const [first, second, elsewhere] = [row(), row({ at: noon + hour }), row()]
      await store.insertBatch(batch(1), [first], recordedAt)
      await store.insertBatch(batch(2), [elsewhere], recordedAt)
      expect(await store.restoreRows(batch(1), [first, second, elsewhere], recordedAt)).toBe(1)
      expect(await store.restoreRows(batch(1), [first, second, elsewhere], recordedAt)).toBe(0)
      expect(await store.restoreRows(batch(3), [], recordedAt)).toBe(0)
      expect(await store.getRecords(whole(orgId), { eventId: second.eventId })).toEqual([stored(second, batch(1))])
      expect((await store.batchTotals(journalId)).map((total) => total.rows)).toEqual([2, 1])
      expect(await store.rebuildRollups()).toEqual([])
    })

    it('totals the batches of one journal in their order', async () => {
      const { row, batch, journalId } = place()
      await store.insertBatch(batch(10, 1), [row({ cost: amountOf('0.3') }), row({ cost: null })], recordedAt)
      await store.insertBatch(batch(2, 1), [row({ cost: amountOf('-0.1') })], recordedAt)
      await store.insertBatch(batch(1, 2), [], recordedAt)
      expect(await store.batchTotals(journalId)).toEqual([
        { batchId: batch(2, 1), rows: 1, cost: amountOf('-0.1') },
        { batchId: batch(10, 1), rows: 2, cost: amountOf('0.3') },
      ])
      expect(await store.batchTotals('nobody')).toEqual([])
    })
  })
}
