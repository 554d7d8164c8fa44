import { expect, test } from 'vitest'
import { TollgateError, type ErrorCode } from '../base/errors.ts'
import type { LeaseGrant } from '../store/ports.ts'
import { Authority } from './authority.ts'
import type { SliceRequest } from './sync-protocol.ts'

const slice = (ruleId: string): SliceRequest => ({ leaseId: `lease_${ruleId}`, ruleId, orgId: 'o', tuple: '', windowStart: 0, windowEnd: 1, need: '1', want: '2' })

function authority(failing: Readonly<Record<string, ErrorCode>>): Authority {
  return new Authority({
    grantLease: async (request): Promise<LeaseGrant> => {
      const code = failing[request.ruleId]
      if (code !== undefined) throw new TollgateError(code)
      return { leaseId: request.leaseId, granted: 2n, window: { orgId: 'o', ruleId: request.ruleId, tuple: '', startMs: 0, endMs: 1, limit: 10n, committed: 0n, leased: 2n } }
    },
  }, () => 0)
}

test('a slice that makes no sense keeps no other from its answer', async () => {
  const { slices } = await authority({ bad: 'invalid' }).grant({ journalId: 'j', epoch: 1, slices: [slice('a'), slice('bad'), slice('b')] })
  expect(slices.map(({ leaseId, granted, gone }) => [leaseId, granted, gone])).toEqual([['lease_a', '2', false], ['lease_bad', '0', true], ['lease_b', '2', false]])
})

test('an epoch that is over or an engine that is away refuses the whole request', async () => {
  for (const code of ['epoch_stale', 'engine_unavailable'] as const) {
    await expect(authority({ bad: code }).grant({ journalId: 'j', epoch: 1, slices: [slice('a'), slice('bad')] })).rejects.toMatchObject({ code })
  }
})
