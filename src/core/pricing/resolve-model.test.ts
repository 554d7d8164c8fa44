import { describe, expect, it } from 'vitest'
import type { ModelAlias } from './price-entry.ts'
import { indexNames, resolveModel } from './resolve-model.ts'

const alias = (provider: string, pattern: string, model: string, more: Partial<ModelAlias> = {}): ModelAlias =>
  ({ provider, pattern, regex: pattern.startsWith('^'), model, validFrom: null, validTo: null, ...more })
const names = indexNames(
  [
    { provider: 'openai', model: 'gpt-4o' }, { provider: 'openai', model: 'gpt-4o-2024-05-13' }, { provider: 'openai', model: 'ft:gpt-4o' },
    { provider: 'google', model: 'gemini-2.5-flash' }, { provider: 'anthropic', model: 'claude-sonnet-4-5' }, { provider: 'groq', model: 'openai/gpt-oss-20b' },
    { provider: 'groq', model: 'llama-3.3-70b-versatile' }, { provider: 'azure', model: 'gpt-4o' }, { provider: 'azure', model: 'gpt-4o-mini' },
    { provider: 'bedrock', model: 'anthropic.claude-sonnet-4-5-20250929-v1:0' }, { provider: 'openrouter', model: 'anthropic/claude-sonnet-4.5' },
  ],
  [
    alias('openai', 'gpt-4o-2024-08-06', 'gpt-4o'), alias('openai', 'ft:gpt-4o-2024-08-06', 'ft:gpt-4o'),
    alias('anthropic', '^claude-sonnet-4-5-\\d{8}$', 'claude-sonnet-4-5'), alias('openai', '^one$', 'gpt-4o'), alias('openai', '^two|three$', 'gpt-4o'),
    alias('azure', 'gpt-4o', 'gpt-4o-mini', { validFrom: 1000 }),
    alias('bedrock', 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/mine', 'anthropic.claude-sonnet-4-5-20250929-v1:0'),
  ],
)
const resolve = (provider: string, raw: string, at = 0) => resolveModel(names, provider, raw, at)
const sonnet = 'anthropic.claude-sonnet-4-5-20250929-v1:0'

describe('names', () => {
  it.each([
    ['openai', 'gpt-4o', 'gpt-4o'],
    ['openai', ' GPT-4o ', 'gpt-4o'],
    ['openai', 'openai/gpt-4o', 'gpt-4o'],
    ['openai', 'gpt-4o-2024-08-06', 'gpt-4o'],
    ['openai', 'gpt-4o-2024-05-13', 'gpt-4o-2024-05-13'],
    ['openai', 'ft:gpt-4o-2024-08-06:acme:bot:abc', 'ft:gpt-4o'],
    ['google', 'models/gemini-2.5-flash', 'gemini-2.5-flash'],
    ['gemini', 'gemini-2.5-flash', 'gemini-2.5-flash'],
    ['google', 'publishers/google/models/gemini-2.5-flash', 'gemini-2.5-flash'],
    ['anthropic', 'claude-sonnet-4.5', 'claude-sonnet-4-5'],
    ['anthropic', 'claude-sonnet-4-5@20250929', 'claude-sonnet-4-5'],
    ['anthropic', 'claude-sonnet-4-5-20250929', 'claude-sonnet-4-5'],
    ['groq', 'openai/gpt-oss-20b', 'openai/gpt-oss-20b'],
    ['groq', 'groq/llama-3.3-70b-versatile', 'llama-3.3-70b-versatile'],
  ])('%s %s is %s', (provider, raw, model) => {
    expect(resolve(provider, raw)).toEqual({ model, geo: '' })
  })

  it.each([
    ['openai', 'gpt-4o-mini'], ['openai', 'gpt-4o-2027-01-01'], ['openai', 'gpt-4'], ['openai', 'xgpt-4o'], ['openai', 'gpt-4o:free'], ['openai', ''],
    ['openai', 'ft:gpt-4:acme::x'], ['openai', 'anthropic/claude-sonnet-4-5'], ['nobody', 'gpt-4o'], ['anthropic', 'claude-sonnet-4-5-fast'],
    ['groq', 'gpt-oss-20b'], ['openrouter', 'claude-sonnet-4.5'], ['openai', 'gpt-4o'.padEnd(300, 'o')],
  ])('%s %s is nobody, not a sibling', (provider, raw) => {
    expect(resolve(provider, raw)).toBeNull()
  })

  it('patterns hold for whole names, each branch of them', () => {
    expect(resolve('openai', 'three')?.model).toBe('gpt-4o')
    expect(resolve('openai', 'two-more')).toBeNull()
    expect(resolve('openai', 'not-three')).toBeNull()
    expect(resolveModel(indexNames([], [alias('openai', '^(open$', 'gpt-4o')]), 'openai', '(open', 0)).toBeNull()
    expect(() => indexNames([], [alias('openai', '^open', 'gpt-4o')])).toThrow('anchored')
  })

  it('an operator may name a deployment after another model, from a date on', () => {
    expect(resolve('azure', 'gpt-4o', 999)?.model).toBe('gpt-4o')
    expect(resolve('azure', 'gpt-4o', 1000)?.model).toBe('gpt-4o-mini')
  })
})

describe('geo', () => {
  it.each([
    [sonnet, ''], [`us.${sonnet}`, 'us'], [`global.${sonnet}`, 'global'], [`us-gov.${sonnet}`, 'us-gov'], [`bedrock/eu.${sonnet}`, 'eu'],
    [`bedrock/us-west-2/${sonnet}`, 'us-west-2'], [`bedrock/us-gov-west-1/${sonnet}`, 'us-gov'],
    [`arn:aws:bedrock:eu-central-1::foundation-model/${sonnet}`, 'eu-central-1'],
    [`arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.${sonnet}`, 'us'],
    [`arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us-gov.${sonnet}`, 'us-gov'],
  ])('of %s is "%s"', (raw, geo) => {
    expect(resolve('bedrock', raw)).toEqual({ model: sonnet, geo })
  })

  it('an application profile is opaque unless an operator mapped it', () => {
    expect(resolve('bedrock', 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/other')).toBeNull()
    expect(resolve('bedrock', 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/mine')?.model).toBe(sonnet)
  })
})
