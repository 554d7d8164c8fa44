import { crc32 } from 'node:zlib'
import { beforeEach, expect, test } from 'vitest'
import { sampleRecord } from '../../test/support/records.ts'
import { amountOf } from '../base/money.ts'
import { encodeUsageRecord } from '../core/usage/usage-record-json.ts'
import { uuidv7 } from '../base/ids.ts'
import type { BudgetRule } from '../core/entitlement/rule.ts'
import { frameBytes, frameKinds, writeFrame, type FrameKind } from '../journal/frame.ts'
import { createMemoryControlStore } from '../store/memory/control-store.ts'
import { createMemoryEventStore } from '../store/memory/event-store.ts'
import type { ControlStore, EventStore } from '../store/ports.ts'
import { Authority } from './authority.ts'
import { Receiver } from './receive.ts'

const nowMs = Date.UTC(2026, 5, 15, 12)
const journalId = '11111111-1111-4111-8111-111111111111'
const monthMs = Date.UTC(2026, 5, 1)
const rule: BudgetRule = {
  id: 'team-month', orgId: 'org_a', name: 'Search', selector: { nodeId: 'team_a' }, per: [], measure: 'cost', currency: 'USD', window: { unit: 'month', zone: 'UTC' },
  limit: amountOf('0.01'), hard: true, outputBound: 'inject', outputCapDefault: 100, unpriced: 'refuse', unbounded: 'refuse',
}
const actor = { id: 'test', name: 'Test' }

let control: ControlStore
let events: EventStore
let receiver: Receiver
let epoch: number

beforeEach(async () => {
  control = createMemoryControlStore({ now: () => nowMs, monotonicMs: () => 0 })
  events = createMemoryEventStore()
  receiver = new Receiver(control, events, () => nowMs, () => {})
  await control.createNode({ orgId: 'org_a', id: 'org_a', parentId: null, kind: 'org', name: 'Acme', costCentre: '', archived: false }, actor)
  await control.putNode({ id: 'n', name: 'gateway', sha256: 'x' })
  epoch = (await control.openEpoch('n', journalId, 0, nowMs)).epoch
})

function block(...frames: readonly (readonly [FrameKind, object | string])[]): Buffer {
  const texts = frames.map(([kind, payload]) => [kind, typeof payload === 'string' ? payload : JSON.stringify(payload)] as const)
  const bytes = Buffer.alloc(texts.reduce((sum, [kind, text]) => sum + frameBytes(kind, Buffer.byteLength(text)), 0))
  let end = 0
  for (const [kind, text] of texts) end = writeFrame(bytes, end, kind, uuidv7(nowMs), text)
  return bytes
}
const outcome = (record = sampleRecord(), settlements: readonly object[] = []): [FrameKind, object] => [frameKinds.close, { t: 'outcome', epoch, record: JSON.parse(encodeUsageRecord(record)), settlements }]
const receive = (number: number, bytes: Buffer): Promise<boolean> => receiver.receive({ journalId, segment: 1, block: number }, bytes, String(crc32(bytes)))
const spent = async (): Promise<bigint | undefined> => (await control.windows('org_a', {}))[0]?.committed
const windowName = `${rule.id}|${monthMs}|`

test('a block counts once, however often it comes', async () => {
  await control.createRule(rule, async () => [], actor)
  const bytes = block(outcome(), outcome())
  expect(await receive(0, bytes)).toBe(true)
  expect(await receive(0, bytes)).toBe(false)
  expect((await events.totals()).raw.rows).toBe(2)
  expect(await spent()).toBe(amountOf('0.009'))
})

test('when the transaction fails after the insert, repeating the block settles it', async () => {
  await control.createRule(rule, async () => [], actor)
  const failing = new Receiver({ ...control, applyBatch: async () => { throw new Error('connection lost') } }, events, () => nowMs, () => {})
  const bytes = block(outcome())
  await expect(failing.receive({ journalId, segment: 1, block: 0 }, bytes, '1')).rejects.toThrow('connection lost')
  expect(await receive(0, bytes)).toBe(true)
  expect((await events.totals()).raw).toMatchObject({ rows: 1, cost: amountOf('0.0045') })
  expect(await spent()).toBe(amountOf('0.0045'))
})

test('a poison entry is kept aside with its reason and stops nothing', async () => {
  const bytes = block(outcome(), [frameKinds.close, '{not json'], [frameKinds.note, { t: 'strange', epoch }], [frameKinds.close, { t: 'outcome', epoch, record: { kind: 'attempt' }, settlements: [] }], outcome())
  expect(await receive(0, bytes)).toBe(true)
  expect((await events.totals()).raw.rows).toBe(2)
  expect((await control.listQuarantine()).map(({ index, reason }) => [index, reason])).toEqual([[1, 'not JSON'], [2, 'entry kind strange is unknown'], [3, 'at is not a whole number']])
})

test('a block that is not whole, or not the next one, is refused and changes nothing', async () => {
  const bytes = block(outcome())
  await expect(receive(0, bytes.subarray(0, bytes.length - 3))).rejects.toMatchObject({ code: 'block_corrupt' })
  await receive(5, block(outcome()))
  await expect(receive(4, block(outcome()))).rejects.toMatchObject({ code: 'block_out_of_order' })
  expect((await control.listBatches(journalId)).length).toBe(1)
})

test('a rule made between reading the rules and the transaction still counts the block', async () => {
  let made = false
  const racing: ControlStore = {
    ...control,
    rulesVersion: async () => {
      const version = await control.rulesVersion()
      if (!made) {
        made = true
        await control.createRule(rule, async () => [], actor)
      }
      return version
    },
  }
  const bytes = block(outcome())
  expect(await new Receiver(racing, events, () => nowMs, () => {}).receive({ journalId, segment: 1, block: 0 }, bytes, '1')).toBe(true)
  expect(await spent()).toBe(amountOf('0.0045'))
})

test('settled holds leave the lease, what was not used comes back with the next epoch', async () => {
  await control.createRule(rule, async () => [], actor)
  const authority = new Authority(control, () => nowMs)
  const ask = (leaseId: string, need: bigint) => authority.grant({ journalId, epoch, slices: [{ leaseId, orgId: 'org_a', ruleId: rule.id, tuple: '', windowStart: monthMs, windowEnd: Date.UTC(2026, 6, 1), need: String(need), want: String(need) }] })
  const first = await ask('a', amountOf('0.008'))
  expect(BigInt(first.slices[0]!.granted)).toBe(amountOf('0.008'))
  expect(await ask('a', amountOf('0.008'))).toEqual(first)
  expect((await ask('b', amountOf('0.003'))).slices[0]).toMatchObject({ granted: '0', leased: String(amountOf('0.008')) })
  await receive(0, block(outcome(sampleRecord(), [{ windowId: windowName, amount: String(amountOf('0.0045')) }])))
  expect((await control.windows('org_a', {}))[0]).toMatchObject({ committed: amountOf('0.0045'), leased: amountOf('0.0035') })
  const next = (await control.openEpoch('n', journalId, epoch, nowMs)).epoch
  await expect(ask('c', 1n)).rejects.toMatchObject({ code: 'epoch_stale' })
  await receive(1, block([frameKinds.note, { t: 'epoch', epoch: next, at: nowMs }]))
  expect((await control.windows('org_a', {}))[0]).toMatchObject({ committed: amountOf('0.0045'), leased: 0n })
})

test('a block received late counts its records; it moves leases only of a journal that nobody writes to', async () => {
  await control.createRule(rule, async () => [], actor)
  const slice = { orgId: 'org_a', ruleId: rule.id, tuple: '', windowStart: monthMs, windowEnd: Date.UTC(2026, 6, 1), need: '8', want: '8', leaseId: 'a' }
  await new Authority(control, () => nowMs).grant({ journalId, epoch, slices: [slice] })
  await receive(5, block(outcome()))
  const settling = (): Buffer => block(outcome(sampleRecord(), [{ windowId: windowName, amount: '3' }]), [frameKinds.note, { t: 'epoch', epoch: 9, at: nowMs }])
  const late = (number: number, leases: boolean): Promise<boolean> => receiver.receive({ journalId, segment: 1, block: number }, settling(), '1', { leases })
  expect(await late(2, false)).toBe(true)
  expect((await control.windows('org_a', {}))[0]).toMatchObject({ committed: amountOf('0.009'), leased: 8n })
  expect(await late(2, false)).toBe(false)
  expect(await late(3, true)).toBe(true)
  expect((await control.windows('org_a', {}))[0]).toMatchObject({ committed: amountOf('0.0135'), leased: 0n })
  expect((await control.lastBatch(journalId))?.block).toBe(5)
})

test('a window that found no room asks others for what they hold idle', async () => {
  await control.createRule({ ...rule, limit: 10n }, async () => [], actor)
  const authority = new Authority(control, () => nowMs)
  const slice = { orgId: 'org_a', ruleId: rule.id, tuple: '', windowStart: monthMs, windowEnd: Date.UTC(2026, 6, 1) }
  await authority.grant({ journalId, epoch, slices: [{ ...slice, leaseId: 'a', need: '10', want: '10' }] })
  const other = '22222222-2222-4222-8222-222222222222'
  const otherEpoch = (await control.openEpoch('n', other, 0, nowMs)).epoch
  await authority.grant({ journalId: other, epoch: otherEpoch, slices: [{ ...slice, leaseId: 'b', need: '5', want: '5' }] })
  expect(authority.recallFor(journalId)).toEqual([windowName])
  expect(authority.recallFor(other)).toEqual([])
})
