import { describe, expect, it } from 'vitest'
import { readStartSearch } from '../get-started/start-search.ts'
import { readKeysSearch } from './keys-search.ts'

describe('addresses of Keys & org and Get started', () => {
  it('keep what is known', () => {
    expect(readKeysSearch({ view: 'providers', shown: 'unassigned', node: 'team_1', key: 'key_1' })).toEqual({ view: 'providers', shown: 'unassigned', node: 'team_1', key: 'key_1' })
    expect(readStartSearch({ sdk: 'genai-node', key: 'key_1' })).toEqual({ sdk: 'genai-node', key: 'key_1' })
  })

  it('drop what is not, and what is the default', () => {
    expect(readKeysSearch({ view: 'org', shown: 'all', node: '', key: 7, other: 'x' })).toEqual({})
    expect(readKeysSearch({ view: 'nowhere', shown: 'some' })).toEqual({})
    expect(readStartSearch({ sdk: 'cobol', key: '' })).toEqual({})
  })
})
