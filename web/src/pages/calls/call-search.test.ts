import { describe, expect, it } from 'vitest'
import type { RecordSummary } from '../../api/queries.ts'
import { covers, filterCount, matchOf, rangeOf, readCallSearch, statusOf } from './call-search.ts'

const row = {
  kind: 'attempt', errorClass: '', quality: 'final', pricing: 'priced', callId: 'c', provider: 'openai', requestedModel: 'gpt', servedModel: 'gpt-5',
  caller: { unitId: 'u', teamId: 't', appId: 'a', keyId: 'k', costCentre: '' }, attribution: { workflow: 'w', run: 'r', user: 'x' },
} as RecordSummary

describe('call search', () => {
  it('keeps what is known and drops what is malformed', () => {
    expect(readCallSearch({ team: 't', status: 'nonsense', range: '7d', run: 42, foo: 'x', app: '' })).toEqual({ team: 't', range: '7d', run: '42' })
    expect([readCallSearch({ order: 'cost' }), readCallSearch({ order: 'at' })]).toEqual([{ order: 'cost' }, {}])
  })
  it('puts filters as the records list names them', () => {
    expect(matchOf({ team: 't', status: 'refused' })).toEqual({ team: 't', kind: 'refusal' })
    expect(matchOf({ status: 'ok' })).toEqual({ error_class: '' })
    expect(matchOf({ status: 'timeout', cost_centre: 'none' })).toEqual({ error_class: 'timeout', cost_centre: '' })
  })
  it('asks from a whole minute', () => expect(rangeOf({ range: '1h' }, 3_600_000 + 61_500)).toEqual({ fromMs: 60_000 }))
  it('takes a range of its own, and the calls that lack a field', () => {
    expect(readCallSearch({ from: 5, to: 9 })).toEqual({ from: 5, to: 9 })
    expect(readCallSearch({ from: 5, to: 3 })).toEqual({ from: 5 })
    expect(readCallSearch({ from: '5', to: 9 })).toEqual({})
    expect(rangeOf({ from: 5, to: 9, range: '1h' }, 100)).toEqual({ fromMs: 5, toMs: 9 })
    expect(matchOf({ workflow: '~', from: 5 })).toEqual({ workflow: '' })
    expect(covers({ workflow: '~' }, row)).toBe(false)
    expect(covers({ from: 5, to: 9 }, { ...row, at: 9 })).toBe(false)
    expect(covers({ from: 5 }, { ...row, at: 9 })).toBe(true)
  })
  it('matches a live row by every filter', () => {
    expect(covers({}, row)).toBe(true)
    expect(covers({ team: 't', model: 'gpt-5', cost_centre: 'none', status: 'ok' }, row)).toBe(true)
    expect(covers({ model: 'gpt' }, row)).toBe(false)
    expect(covers({ status: 'refused' }, row)).toBe(false)
    expect(covers({ status: 'refused' }, { ...row, kind: 'refusal' })).toBe(true)
    expect(covers({ pricing: 'incomplete' }, row)).toBe(false)
    expect(covers({ pricing: 'incomplete' }, { ...row, pricing: 'partial' })).toBe(true)
    expect(covers({ pricing: 'incomplete' }, { ...row, pricing: 'unpriced' })).toBe(true)
  })
  it('reads an unknown error class as the provider\'s', () => expect(statusOf({ kind: 'attempt', errorClass: 'new_word' })).toBe('provider_error'))
  it('counts filters, not the range', () => expect(filterCount({ team: 't', status: 'ok', range: '7d', event: 'e' })).toBe(2))
})
