import { describe, expect, it } from 'vitest'
import { keyPlaceholder, providerFor, snippets, type SnippetWords } from './snippets.ts'

const words = (given: Partial<SnippetWords> = {}): SnippetWords =>
  ({ gatewayUrl: 'http://gw.test:8400', key: 'tg_secret', provider: 'openai', streamed: false, attributed: false, ...given })

describe('snippets', () => {
  it.each(snippets.map((snippet) => [snippet.id, snippet] as const))('%s names the gateway and the key once each, and attribution only when asked', (_id, snippet) => {
    for (const streamed of [false, true]) {
      const plain = snippet.code(words({ streamed }))
      expect(plain.split('http://gw.test:8400')).toHaveLength(2)
      expect(plain.split('tg_secret')).toHaveLength(2)
      expect(plain).not.toContain('x-tollgate-')
      const said = snippet.code(words({ streamed, attributed: true }))
      for (const header of ['x-tollgate-workflow', 'x-tollgate-user', 'x-tollgate-tags']) expect(said).toContain(header)
      expect(said).not.toMatch(/undefined|false|\[object/)
    }
  })

  it('stream where they say they do', () => {
    for (const snippet of snippets) expect(snippet.code(words({ streamed: true })) !== snippet.code(words())).toBe(snippet.streams)
  })

  it('go to /v1 for the provider named openai and to its own path for any other', () => {
    const curl = snippets.find((snippet) => snippet.id === 'curl')!
    expect(curl.code(words())).toContain('http://gw.test:8400/v1/chat/completions')
    expect(curl.code(words({ provider: 'groq' }))).toContain('http://gw.test:8400/groq/v1/chat/completions')
  })

  it('never carry a secret of their own', () => {
    for (const snippet of snippets) expect(snippet.code(words({ key: keyPlaceholder }))).not.toMatch(/sk-|tg_(?!YOUR_KEY)/)
  })
})

describe('provider of a snippet', () => {
  const openai = snippets.find((snippet) => snippet.id === 'openai-node')!
  it('is the one of that name, else the first enabled one of the dialect, else none', () => {
    const groq = { name: 'groq', dialect: 'openai', enabled: true } as const
    expect(providerFor(openai, [groq, { name: 'openai', dialect: 'openai', enabled: true }])).toBe('openai')
    expect(providerFor(openai, [groq, { name: 'openai', dialect: 'openai', enabled: false }])).toBe('groq')
    expect(providerFor(openai, [{ name: 'claude', dialect: 'anthropic', enabled: true }])).toBeNull()
  })
})
