import { expect, test } from 'vitest'
import { encodeUsageRecord } from '../core/usage/usage-record-json.ts'
import type { AttemptEntry, OutcomeEntry } from '../control/sync-protocol.ts'
import { sampleRecord } from '../../test/support/records.ts'
import { attemptText, outcomeText } from './entry-text.ts'

const holds = [{ windowId: 'rule_a|1790000000000|["u\\"1","é"]', amount: 12_345n }, { windowId: 'rule_b|0|', amount: 0n }]
const wire = [{ windowId: holds[0]!.windowId, amount: '12345' }, { windowId: 'rule_b|0|', amount: '0' }]

test('an attempt reads back as its entry', () => {
  const provisional = sampleRecord()
  const entry: AttemptEntry = { t: 'attempt', eventId: provisional.eventId, epoch: 7, provisional: JSON.parse(encodeUsageRecord(provisional)), holds: wire }
  expect(JSON.parse(attemptText(7, provisional, holds))).toEqual(entry)
})

test('an outcome reads back as its entry, with and without settlements', () => {
  const usageRecord = sampleRecord()
  const entry: OutcomeEntry = { t: 'outcome', record: JSON.parse(encodeUsageRecord(usageRecord)), epoch: 7, settlements: wire }
  expect(JSON.parse(outcomeText(7, usageRecord, holds))).toEqual(entry)
  expect(JSON.parse(outcomeText(7, usageRecord, []))).toEqual({ ...entry, settlements: [] })
})
