import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ToggleGroup } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { systemQuery } from '../../api/queries.ts'
import { CopyButton, Snippet as Code } from '../../design/copy.tsx'
import { Banner } from '../../design/state.tsx'
import { providersQuery } from '../keys/org-queries.ts'
import { exampleProvider, keyPlaceholder, providerFor, snippets, type SnippetId } from './snippets.ts'

const vendors = { openai: 'OpenAI-compatible', anthropic: 'Anthropic', gemini: 'Gemini', http: 'plain HTTP' } as const

/** A first call in the SDK of the reader's choice, with their own gateway and key in it. */
export function SnippetChoice({ secret, sdk, onSdk }: { readonly secret: string | null; readonly sdk: SnippetId; readonly onSdk: (sdk: SnippetId) => void }): ReactNode {
  const [streamed, setStreamed] = useState(false)
  const [attributed, setAttributed] = useState(false)
  const system = useQuery(systemQuery)
  const providers = useQuery(providersQuery)
  const snippet = snippets.find((each) => each.id === sdk) ?? snippets[0]!
  const provider = providerFor(snippet, providers.data?.rows ?? [])
  const gatewayUrl = system.data?.gatewayUrl ?? 'http://127.0.0.1:8400'
  const code = snippet.code({ gatewayUrl, key: secret ?? keyPlaceholder, provider: provider ?? exampleProvider[snippet.dialect], streamed: streamed && snippet.streams, attributed })
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <ToggleGroup.Root type="single" aria-label="SDK" value={sdk} onValueChange={(value) => { if (value !== '') onSdk(value as SnippetId) }} className="flex flex-wrap gap-1.5">
        {snippets.map(({ id, label }) => (
          <ToggleGroup.Item key={id} value={id} className="inline-flex h-7 items-center rounded-md border border-line px-2.5 text-xs font-medium text-ink-2 transition-colors hover:border-line-strong hover:text-ink data-[state=on]:border-transparent data-[state=on]:bg-solid data-[state=on]:text-on-solid">{label}</ToggleGroup.Item>
        ))}
      </ToggleGroup.Root>
      <div className="flex flex-wrap items-center gap-x-5 gap-y-2">
        {snippet.install !== null && <p className="flex flex-1 items-center gap-1 text-xs text-ink-3 max-sm:basis-full"><code className="font-mono whitespace-nowrap text-ink-2">{snippet.install}</code><CopyButton text={snippet.install} label="Copy the install command" /></p>}
        <Toggle label="Attribution" checked={attributed} onChange={setAttributed} />
        {snippet.streams && <Toggle label="Stream" checked={streamed} onChange={setStreamed} />}
      </div>
      {providers.data !== undefined && provider === null && (
        <Banner tone="warn" action={<Link to="/keys" search={{ view: 'providers' }} className="font-medium underline underline-offset-4">Add one</Link>}>No {vendors[snippet.dialect]} provider is configured yet: this call would be refused.</Banner>
      )}
      <Code code={code} label={`First call with ${snippet.label}`} />
      {attributed && <p className="text-sm text-ink-2">The key decides who pays; these headers only say what for. Workflow, run, agent, user and tags become dimensions in Explore, and none of them is sent to the provider.</p>}
      {streamed && snippet.streams && <p className="text-sm text-ink-2">Bytes reach your program as the provider sends them; the cost is known when the stream ends. Send <code className="font-mono text-xs">x-tollgate-stream-facts: 1</code> to get it as a closing comment of the stream.</p>}
    </div>
  )
}

function Toggle({ label, checked, onChange }: { readonly label: string; readonly checked: boolean; readonly onChange: (checked: boolean) => void }): ReactNode {
  return (
    <label className="inline-flex cursor-pointer items-center gap-2 text-xs font-medium text-ink-2">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} className="size-3.5 accent-[var(--accent)]" />{label}
    </label>
  )
}
