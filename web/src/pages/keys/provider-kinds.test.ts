import { describe, expect, it } from 'vitest'
import type { Provider } from '../../../../src/api/contract/contract.ts'
import { dialectDefaults } from '../../../../src/core/usage/provider-dialects.ts'
import { asEnabled, headerValue, kindOf, looksPrivate, providerKinds } from './provider-kinds.ts'

const kind = (id: string) => providerKinds.find((each) => each.id === id)!

describe('kinds of providers', () => {
  it('have the header and the address that the gateway itself takes for their dialect', () => {
    for (const { dialect, header, baseUrl, name } of providerKinds) {
      expect(header).toBe(dialectDefaults[dialect].keyHeader)
      if (name !== '' && dialectDefaults[dialect].baseUrl !== null) expect(baseUrl).toBe(dialectDefaults[dialect].baseUrl)
    }
  })

  it('are recognised by dialect and name', () => {
    expect([kindOf({ dialect: 'openai', name: 'openai' }).id, kindOf({ dialect: 'openai', name: 'groq' }).id, kindOf({ dialect: 'anthropic', name: 'claude' }).id, kindOf({ dialect: 'http', name: 'maps' }).id]).toEqual(['openai', 'compatible', 'anthropic', 'http'])
  })

  it('send a scheme where the header wants one, once', () => {
    expect(headerValue(kind('openai'), 'Authorization', 'sk-1')).toBe('Bearer sk-1')
    expect(headerValue(kind('openai'), 'authorization', 'Bearer sk-1')).toBe('Bearer sk-1')
    expect(headerValue(kind('anthropic'), 'x-api-key', 'sk-ant-1')).toBe('sk-ant-1')
    expect(headerValue(kind('http'), 'authorization', 'token')).toBe('token')
  })

  it('private addresses are seen as such', () => {
    for (const address of ['http://localhost:11434', 'http://127.0.0.1:8000', 'http://10.0.0.4', 'http://172.20.1.1', 'http://[::1]:80', 'http://vllm:8000', 'http://gpu.internal']) expect(looksPrivate(address), address).toBe(true)
    for (const address of ['https://api.openai.com', 'https://172.15.0.1.example.com', 'not an address', 'https://8.8.8.8']) expect(looksPrivate(address), address).toBe(false)
  })

  it('switching one off sends everything but its secret', () => {
    const provider: Provider = { name: 'groq', dialect: 'openai', baseUrl: 'https://api.groq.com/openai', credentialHeader: 'authorization', priceAs: 'groq', region: 'eu', callPrice: null, currency: 'USD', timeoutMs: 5_000, retriesMax: 0, enabled: true, source: 'api' }
    expect(asEnabled(provider, false)).toEqual({ dialect: 'openai', baseUrl: provider.baseUrl, priceAs: 'groq', region: 'eu', callPrice: null, currency: 'USD', timeoutMs: 5_000, retriesMax: 0, enabled: false, allowPrivate: false })
  })
})
