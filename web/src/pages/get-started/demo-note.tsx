import { Link } from '@tanstack/react-router'
import { FlaskConical } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { Snippet } from '../../design/copy.tsx'
import { Segmented } from '../../design/segmented.tsx'

const vendors = [
  { value: 'openai', label: 'OpenAI', variable: 'OPENAI_API_KEY', example: 'sk-…' },
  { value: 'anthropic', label: 'Anthropic', variable: 'ANTHROPIC_API_KEY', example: 'sk-ant-…' },
  { value: 'gemini', label: 'Gemini', variable: 'GEMINI_API_KEY', example: 'AIza…' },
] as const
type Vendor = (typeof vendors)[number]['value']

/** What of this is made up, and the one command that leaves it. */
export function DemoNote(): ReactNode {
  const [vendor, setVendor] = useState<Vendor>('openai')
  const { variable, example } = vendors.find((each) => each.value === vendor) ?? vendors[0]
  return (
    <section aria-labelledby="demo-note" className="rounded-xl border border-line bg-warn-soft p-4 md:p-5">
      <h2 id="demo-note" className="flex items-center gap-2 text-base font-semibold"><FlaskConical aria-hidden className="size-4 text-warn" />This is a simulation</h2>
      <p className="mt-1.5 max-w-prose text-sm text-ink-2">
        The company, its history and the provider are made up. The gateway, the prices, the budgets and the arithmetic are the real ones: the calls you make below are answered by a simulated provider and priced exactly as a real one's would be.
      </p>
      <h3 className="mt-4 text-sm font-medium">Connect a real provider</h3>
      <p className="mt-1 mb-2.5 max-w-prose text-sm text-ink-2">Stop the demo with Ctrl C, then start with a provider's key. That opens an installation of its own in <code className="font-mono text-xs">./tollgate-data</code>; the demo stays apart in <code className="font-mono text-xs">./tollgate-data-demo</code>, and the two never mix.</p>
      <div className="mb-2.5"><Segmented label="Provider" value={vendor} options={vendors.map(({ value, label }) => ({ value, label }))} onChange={setVendor} /></div>
      <Snippet code={`${variable}=${example} npm start`} label="Start with a real provider" />
      <p className="mt-2.5 max-w-prose text-sm text-ink-2">More than one works at once; once there, others are added under <Link to="/keys" search={{ view: 'providers' }} className="font-medium text-ink underline underline-offset-4">Providers</Link> or in <code className="font-mono text-xs">tollgate.yaml</code>.</p>
    </section>
  )
}
