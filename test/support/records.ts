import { uuidv7 } from '../../src/base/ids.ts'
import { amountOf } from '../../src/base/money.ts'
import type { Attribution, CallerPath, UsageRecord } from '../../src/core/usage/usage-record.ts'

export type RecordOverrides = Partial<Omit<UsageRecord, 'caller' | 'attribution'>> & {
  readonly caller?: Partial<CallerPath>
  readonly attribution?: Partial<Attribution>
}

const sampleAt = Date.UTC(2026, 5, 15, 10, 30)

/** A complete, priced attempt of 1,000 input and 200 output tokens at 2026-06-15T10:30Z that cost 0.0045 USD; override what matters. */
export function sampleRecord(overrides: RecordOverrides = {}): UsageRecord {
  const at = overrides.at ?? sampleAt
  const eventId = overrides.eventId ?? uuidv7(at)
  const { caller, attribution, ...rest } = overrides
  return {
    kind: 'attempt', eventId, callId: eventId, isCall: true, corrects: '',
    at, occurredAt: at, firstByteAt: at + 250, endAt: at + 1_000,
    caller: {
      orgId: 'org_a', orgName: 'Acme', unitId: 'unit_a', unitName: 'Products', teamId: 'team_a', teamName: 'Search',
      appId: 'app_a', appName: 'Assistant', keyId: 'key_a', keyName: 'production', costCentre: 'CC-100',
      nodePath: ['org_a', 'unit_a', 'team_a', 'app_a'], ...caller,
    },
    attribution: { user: '', agent: '', workflow: '', run: '', parentRun: '', step: '', session: '', tags: {}, rule: '', ...attribution },
    provider: 'openai', route: 'openai', host: 'api.openai.com', region: '', requestedModel: 'gpt-4o', servedModel: 'gpt-4o-2024-08-06',
    endpoint: 'chat.completions', tier: 'standard', stream: false, attempt: 1, fallbackOf: '', upstreamRequestId: 'req_1',
    usage: { input_text: 1_000, output_text: 200 }, quality: 'final', pricing: 'priced',
    lines: [
      { component: 'input_text', quantity: 1_000, unit: 'token', entryId: 'price_in', rate: '2.5', per: 1_000_000, amount: amountOf('0.0025'), listAmount: amountOf('0.0025'), listEntryId: 'price_in' },
      { component: 'output_text', quantity: 200, unit: 'token', entryId: 'price_out', rate: '10', per: 1_000_000, amount: amountOf('0.002'), listAmount: amountOf('0.002'), listEntryId: 'price_out' },
    ],
    cost: amountOf('0.0045'), listCost: amountOf('0.0045'), currency: 'USD', statedCost: '', bound: null, priceVersion: 'v1',
    status: 200, upstreamStatus: 200, errorClass: '', errorCode: '', requestBytes: 900, responseBytes: 1_800,
    requestHash: '', prefixHash: '', rawUsage: '{"prompt_tokens":1000,"completion_tokens":200}', unknownUsageKeys: '', notices: [],
    ...rest,
  }
}
