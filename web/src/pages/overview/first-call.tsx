import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { overviewQuery, systemQuery } from '../../api/queries.ts'
import { Snippet } from '../../design/copy.tsx'
import { Segmented } from '../../design/segmented.tsx'
import { keyPlaceholder, snippets } from '../get-started/snippets.ts'

type Language = 'curl' | 'openai-python' | 'openai-node'
const languages = [{ value: 'curl', label: 'curl' }, { value: 'openai-python', label: 'Python' }, { value: 'openai-node', label: 'Node' }] as const

/** Shown until the first call arrives; the Overview behind it refreshes by itself and takes over. */
export function FirstCall(): ReactNode {
  const [language, setLanguage] = useState<Language>('curl')
  const system = useQuery(systemQuery)
  // Someone who waits for their first call should see it at once.
  useQuery({ ...overviewQuery, refetchInterval: 2_000 })
  const snippet = snippets.find(({ id }) => id === language) ?? snippets[0]!
  const url = system.data?.gatewayUrl ?? 'http://127.0.0.1:8400'
  return (
    <div className="mx-auto w-full max-w-2xl px-4 py-8 md:py-16">
      <h1 className="text-2xl font-semibold tracking-[-0.02em]">Make your first call</h1>
      <p className="mt-2 max-w-prose text-ink-2">Change the base URL and the key in any provider's SDK. The call is priced, attributed and shown here the moment it ends.</p>
      <div className="mt-7 mb-3 flex items-center justify-between gap-3">
        <Segmented label="Language" value={language} options={languages} onChange={setLanguage} />
      </div>
      <Snippet code={snippet.code({ gatewayUrl: url, key: keyPlaceholder, provider: 'openai', streamed: false, attributed: false })} label={`First call in ${languages.find(({ value }) => value === language)?.label ?? language}`} />
      <p className="mt-3 text-sm text-ink-2">
        The first key was printed when Tollgate started and is in the file <code className="font-mono text-xs">first-key</code> of its data directory. A key belongs to an app, and the app decides who pays. <Link to="/get-started" className="font-medium text-accent underline underline-offset-4">Get started</Link> makes another, with programs for every SDK.
      </p>
      <p role="status" className="mt-8 flex items-center gap-3 rounded-lg border border-line bg-surface px-4 py-3 text-sm">
        <span aria-hidden className="animate-beat size-2 rounded-full bg-accent" />Waiting for the first call at <span className="font-mono text-xs">{url}</span>
      </p>
    </div>
  )
}
