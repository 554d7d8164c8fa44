import { describe, expect, it } from 'vitest'
import { describePolicy, readPolicy, writePolicy, type PolicyTyped } from './policy-text.ts'

const typed = (given: Partial<PolicyTyped> = {}): PolicyTyped => ({ models: '', providers: '', required: [], pinned: '', tagRule: 'all', tags: '', ...given })
const open = { models: [], providers: [], required: [], pinned: {}, tags: null }

describe('a key policy as typed', () => {
  it('allows everything when nothing is said', () => {
    expect(readPolicy(typed())).toEqual({ policy: open, errors: {} })
    expect(describePolicy(open)).toEqual([])
  })

  it('reads lists, pinned pairs and tag rules, and writes them back the same', () => {
    const { policy, errors } = readPolicy(typed({ models: 'gpt-4o*, claude-haiku-4-5 gpt-4o*', providers: 'openai', required: ['workflow'], pinned: 'workflow=Checkout flow, tag:env = prod', tagRule: 'only', tags: 'env,region' }))
    expect(errors).toEqual({})
    expect(policy).toEqual({ models: ['gpt-4o*', 'claude-haiku-4-5'], providers: ['openai'], required: ['workflow'], pinned: { workflow: 'Checkout flow', 'tag:env': 'prod' }, tags: ['env', 'region'] })
    expect(readPolicy(writePolicy(policy)).policy).toEqual(policy)
    expect(describePolicy(policy)).toHaveLength(5)
    expect(readPolicy(writePolicy({ ...open, tags: [] })).policy.tags).toEqual([])
  })

  it('says what is wrong, by field', () => {
    expect(readPolicy(typed({ models: '*-mini' })).errors.models).toContain('*-mini')
    expect(readPolicy(typed({ pinned: 'team=search' })).errors.pinned).toContain('team')
    expect(readPolicy(typed({ pinned: 'workflow' })).errors.pinned).toContain('name=value')
    expect(readPolicy(typed({ tagRule: 'only' })).errors.tags).toBeDefined()
  })
})
