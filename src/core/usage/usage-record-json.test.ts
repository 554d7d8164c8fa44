import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAmount } from '../../base/money.ts'
import { decodeUsageRecord, encodeCallPart, encodeUsageRecord } from './usage-record-json.ts'
import { pricingStates, qualities, recordKinds, type CostLine, type UsageRecord } from './usage-record.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'Z', '9', '"', '\\', '\n', '\u0000', '\u2028', '/', 'é', '€', '😀'), maxLength: 12 })
const uuid = fc.uuid({ version: 7 })
const count = fc.nat()
const instant = fc.integer({ min: 0, max: 2 ** 42 })
const amount = fc.option(fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }))
const line: fc.Arbitrary<CostLine> = fc.record({
  component: fc.constantFrom('input_text', 'output_text', 'request'), quantity: fc.integer(), unit: fc.constantFrom('token', 'request'), entryId: fc.option(text),
  rate: fc.option(fc.constant('0.15')), per: fc.constantFrom(1, 1_000_000), amount, listAmount: amount, listEntryId: fc.option(text),
})
const usageRecord: fc.Arbitrary<UsageRecord> = fc.record({
  kind: fc.constantFrom(...recordKinds), eventId: uuid, callId: uuid, isCall: fc.boolean(), corrects: fc.oneof(fc.constant(''), uuid),
  at: instant, occurredAt: instant, firstByteAt: instant, endAt: instant,
  caller: fc.record({
    orgId: text, orgName: text, unitId: text, unitName: text, teamId: text, teamName: text, appId: text, appName: text, keyId: text, keyName: text,
    costCentre: text, nodePath: fc.array(text, { maxLength: 4 }),
  }),
  attribution: fc.record({
    user: text, agent: text, workflow: text, run: text, parentRun: text, step: text, session: text, tags: fc.dictionary(text.filter((name) => name !== '__proto__'), text), rule: text,
  }),
  provider: text, route: text, host: text, region: text, requestedModel: text, servedModel: text, endpoint: text, tier: text, stream: fc.boolean(),
  attempt: count, fallbackOf: fc.oneof(fc.constant(''), uuid), upstreamRequestId: text,
  usage: fc.dictionary(fc.constantFrom('input_text', 'output_text', 'cache_read'), fc.integer()), quality: fc.constantFrom(...qualities),
  pricing: fc.constantFrom(...pricingStates), lines: fc.array(line, { maxLength: 3 }), cost: amount, listCost: amount, currency: text, statedCost: text, bound: amount,
  priceVersion: text, status: count, upstreamStatus: count, errorClass: text, errorCode: text, requestBytes: count, responseBytes: count, requestHash: text,
  prefixHash: text, rawUsage: text, unknownUsageKeys: text, notices: fc.array(text, { maxLength: 3 }),
})

test('a record read back is the record that was written', () => {
  fc.assert(fc.property(usageRecord, (value) => {
    expect(decodeUsageRecord(JSON.parse(encodeUsageRecord(value)))).toEqual({ ok: true, value })
  }))
})

test('a call part written once stands in every text of its call', () => {
  fc.assert(fc.property(usageRecord, (value) => {
    expect(encodeUsageRecord(value, encodeCallPart(value))).toBe(encodeUsageRecord(value))
  }))
})

test('what says nothing is not written', () => {
  fc.assert(fc.property(usageRecord, (value) => {
    const written = JSON.parse(encodeUsageRecord(value)) as Record<string, unknown>
    for (const [name, said] of Object.entries(written)) {
      if (name === 'caller') continue
      expect([name, said]).not.toEqual([name, ''])
      expect([name, said]).not.toEqual([name, null])
      expect([name, said]).not.toEqual([name, []])
    }
  }))
})

test('a record with every member written, as an older gateway wrote it, is read as well', () => {
  fc.assert(fc.property(usageRecord, (value) => {
    const decimal = (of: bigint | null): string | null => (of === null ? null : formatAmount(of))
    const whole = {
      ...value, cost: decimal(value.cost), listCost: decimal(value.listCost), bound: decimal(value.bound),
      lines: value.lines.map((each) => ({ ...each, amount: decimal(each.amount), listAmount: decimal(each.listAmount) })),
    }
    expect(decodeUsageRecord(JSON.parse(JSON.stringify(whole)))).toEqual({ ok: true, value })
  }))
})

test('a listCost of true without a cost is nothing', () => {
  const [value] = fc.sample(usageRecord, { numRuns: 1, seed: 1 })
  const written = JSON.parse(encodeUsageRecord({ ...value!, cost: null, listCost: null })) as Record<string, unknown>
  expect(decodeUsageRecord(written)).toMatchObject({ ok: true, value: { cost: null, listCost: null } })
})
