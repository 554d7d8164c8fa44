import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigError, loadConfig } from './config.ts'

let directory: string
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'tg-config-')) })
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const load = (yaml: string, env: NodeJS.ProcessEnv = {}) => {
  writeFileSync(join(directory, 'tollgate.yaml'), yaml)
  return loadConfig(env, directory)
}
const failure = (yaml: string, env: NodeJS.ProcessEnv = {}): string => {
  try {
    load(yaml, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

test('an unknown key is refused and names the one that was meant', () => {
  expect(failure('gateway:\n  prot: 1\n')).toContain('gateway.prot: unknown key; did you mean "port"?')
  expect(failure('providrs: {}\n')).toContain('providrs: unknown key; did you mean "providers"?')
  expect(failure('providers:\n  openai:\n    base_url: https://x.example\n    apikey: s\n')).toContain('providers.openai.apikey: unknown key; did you mean "api_key"?')
  expect(failure('zzzzzzzzzzzz: 1\n')).toMatch(/zzzzzzzzzzzz: unknown key$/)
})

test('wrong values say where', () => {
  expect(failure('gateway:\n  port: 70000\n')).toContain('gateway.port')
  expect(failure('providers:\n  openai: { base_url: nonsense }\n')).toContain('providers.openai.base_url')
  expect(failure('- a\n- b\n')).toContain('must be a mapping')
  expect(failure('a: [\n')).toContain('not valid YAML')
})

test('the environment fills the file in, and wins', () => {
  const config = load('gateway: { port: 1 }\nproviders:\n  openai: { base_url: "https://x.example", api_key: "${KEY}", region: "${REGION:-eu}" }\n', { KEY: 's3cret', TOLLGATE_GATEWAY_PORT: '9000' })
  expect(config.gateway.port).toBe(9000)
  expect(config.providers['openai']).toMatchObject({ api_key: 's3cret', region: 'eu' })
  expect(failure('data_dir: ${NOWHERE}\n')).toContain('${NOWHERE}, which is not set')
})

test('OPENAI_BASE_URL may end in /v1, as the SDK writes it', () => {
  expect(load('', { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://127.0.0.1:1/v1/' }).envProviders['openai']?.base_url).toBe('http://127.0.0.1:1')
  expect(load('').envProviders).toEqual({})
})

test('each vendor\'s own variables make its provider, and all of them are served', () => {
  const { envProviders } = load('', { OPENAI_API_KEY: 'o', ANTHROPIC_API_KEY: 'a', GOOGLE_API_KEY: 'g' })
  expect(envProviders).toMatchObject({
    openai: { dialect: 'openai', base_url: 'https://api.openai.com', key_header: 'authorization', api_key: 'o' },
    anthropic: { dialect: 'anthropic', base_url: 'https://api.anthropic.com', key_header: 'x-api-key', api_key: 'a', price_as: 'anthropic' },
    gemini: { dialect: 'gemini', base_url: 'https://generativelanguage.googleapis.com', key_header: 'x-goog-api-key', api_key: 'g', price_as: 'google' },
  })
  const elsewhere = load('', { ANTHROPIC_API_KEY: 'a', ANTHROPIC_BASE_URL: 'http://127.0.0.1:1/', GEMINI_API_KEY: 'g', GOOGLE_API_KEY: 'other', GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:2/v1beta' }).envProviders
  expect(elsewhere).toMatchObject({ anthropic: { base_url: 'http://127.0.0.1:1' }, gemini: { base_url: 'http://127.0.0.1:2', api_key: 'g' } })
  expect(elsewhere['openai']).toBeUndefined()
  expect(failure('', { ANTHROPIC_API_KEY: 'a', ANTHROPIC_BASE_URL: 'nowhere' })).toContain('ANTHROPIC_BASE_URL')
})

test('an entry of the file gets what its dialect says, and keeps what it says itself', () => {
  const { providers } = load('providers:\n  claude: { dialect: anthropic, api_key: k }\n  gem: { dialect: gemini, api_key: k, price_as: google-vertex, key_header: authorization, base_url: "https://g.example" }\n')
  expect(providers['claude']).toMatchObject({ base_url: 'https://api.anthropic.com', key_header: 'x-api-key', price_as: 'anthropic' })
  expect(providers['gem']).toMatchObject({ base_url: 'https://g.example', key_header: 'authorization', price_as: 'google-vertex' })
  expect(failure('providers:\n  groq: { api_key: k }\n')).toContain('providers.groq.base_url')
})
