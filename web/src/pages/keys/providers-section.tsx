import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Activity, Plug, Plus } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { api } from '../../api/client.ts'
import { systemQuery } from '../../api/queries.ts'
import { Badge } from '../../design/badge.tsx'
import { Button } from '../../design/button.tsx'
import { CopyButton } from '../../design/copy.tsx'
import { DataTable, type DataColumn } from '../../design/data-table.tsx'
import { Money, Since } from '../../design/figures.tsx'
import { Drawer } from '../../design/overlay.tsx'
import { Panel } from '../../design/panel.tsx'
import { Banner, Empty, ProblemState, Skeleton } from '../../design/state.tsx'
import { useNow } from '../../design/use-now.ts'
import { exactCount, formatShare } from '../../format/quantity.ts'
import { DrawerSection } from '../calls/drawer-section.tsx'
import { Confirm } from './confirm.tsx'
import { FactGrid } from './facts.tsx'
import { linkButton } from './key-drawer.tsx'
import { lastRecordQuery, providerHealthQuery, providersQuery, useWrite, type Provider } from './org-queries.ts'
import { ProviderForm } from './provider-form.tsx'
import { asEnabled, kindOf } from './provider-kinds.ts'

interface Health { readonly calls: number; readonly attempts: number; readonly errors: number; readonly cost: string | null }
const sourceNames: Readonly<Record<Provider['source'], string>> = { env: 'Environment', file: 'tollgate.yaml', api: 'Console' }
const sourceTexts: Readonly<Record<Provider['source'], string>> = {
  env: 'It comes from an environment variable; its secret is not stored. Change it where the program is started.', file: 'It comes from tollgate.yaml. Change it there and start again.', api: 'It was added here.',
}

/** Upstreams that the gateways may call, where they are configured, and how they do. */
export function ProvidersSection({ mayWrite }: { readonly mayWrite: boolean }): ReactNode {
  const providers = useQuery(providersQuery)
  const health = useQuery(providerHealthQuery(useNow(60_000)))
  const [open, setOpen] = useState<'new' | { readonly name: string } | null>(null)
  const byName = new Map((health.data?.rows ?? []).map((row): [string, Health] => [
    row.group.provider?.id ?? '', { calls: Number(row.values.calls ?? 0), attempts: Number(row.values.attempts ?? 0), errors: Number(row.values.errors ?? 0), cost: typeof row.values.cost === 'string' ? row.values.cost : null },
  ]))
  const rows = providers.data?.rows ?? []
  const chosen = open !== null && open !== 'new' ? rows.find((provider) => provider.name === open.name) : undefined
  return (
    <div className="px-4 pb-8 md:px-8">
      {health.error !== null && <div className="mb-3"><Banner tone="warn">{health.error.message} The list is complete; its figures are not.</Banner></div>}
      <Panel title="Providers" note="Calls and errors of the last 24 hours" aside={mayWrite && <Button variant="solid" icon={Plus} onClick={() => setOpen('new')}>Add a provider</Button>} flush>
        {providers.data === undefined ? (providers.error === null ? <div className="flex flex-col gap-3 p-5"><Skeleton className="h-4" /><Skeleton className="h-4" /></div> : <ProblemState error={providers.error} onRetry={() => void providers.refetch()} />) : (
          <DataTable
            label="Providers" columns={columnsOf(byName)} rows={rows} rowId={(provider) => provider.name} onOpen={(provider) => setOpen({ name: provider.name })} selected={chosen?.name} minWidth="58rem"
            narrow={(provider) => <NarrowProvider provider={provider} health={byName.get(provider.name)} />}
            empty={<Empty icon={Plug} title="No provider yet">{mayWrite ? 'Add one here, or start with OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY set.' : 'An admin adds them.'}</Empty>}
          />
        )}
      </Panel>
      <Drawer open={open === 'new' || chosen !== undefined} onOpenChange={(stays) => { if (!stays) setOpen(null) }} title={open === 'new' ? 'Add a provider' : (chosen?.name ?? 'Provider')}>
        {open === 'new' && <div className="p-4"><ProviderForm provider={null} names={rows.map((provider) => provider.name)} onSaved={(name) => setOpen({ name })} /></div>}
        {chosen !== undefined && <ProviderDetails key={chosen.name} provider={chosen} health={byName.get(chosen.name)} mayWrite={mayWrite} onGone={() => setOpen(null)} />}
      </Drawer>
    </div>
  )
}

function columnsOf(health: ReadonlyMap<string, Health>): readonly DataColumn<Provider>[] {
  return [
    { id: 'name', header: 'Name', track: 'minmax(9rem,1fr)', cell: (provider) => <span className="flex items-center gap-2"><span className="truncate font-medium">{provider.name}</span>{!provider.enabled && <Badge>Off</Badge>}</span>, compare: (a, b) => a.name.localeCompare(b.name) },
    { id: 'kind', header: 'Speaks', track: '9rem', cell: (provider) => kindOf(provider).label, compare: (a, b) => a.dialect.localeCompare(b.dialect) },
    { id: 'address', header: 'Address', track: 'minmax(12rem,2fr)', cell: (provider) => <code className="block truncate font-mono text-xs text-ink-2" title={provider.baseUrl}>{provider.baseUrl}</code> },
    { id: 'source', header: 'From', track: '7rem', cell: (provider) => <span className="text-ink-2">{sourceNames[provider.source]}</span> },
    { id: 'calls', header: 'Calls', track: '5rem', align: 'right', cell: (provider) => exactCount(health.get(provider.name)?.calls ?? 0), compare: (a, b) => (health.get(a.name)?.calls ?? 0) - (health.get(b.name)?.calls ?? 0) },
    { id: 'errors', header: 'Errors', track: '5.5rem', align: 'right', cell: (provider) => <ErrorRate health={health.get(provider.name)} /> },
    { id: 'last', header: 'Last call', track: '7rem', align: 'right', cell: (provider) => <LastProviderCall name={provider.name} /> },
  ]
}

/** Failed attempts ÷ attempts; a shape and a word beside the colour where it is high. */
function ErrorRate({ health }: { readonly health: Health | undefined }): ReactNode {
  if (health === undefined || health.attempts === 0) return <span className="text-ink-3">–</span>
  const ratio = health.errors / health.attempts
  const title = `${exactCount(health.errors)} of ${exactCount(health.attempts)} attempts`
  return ratio >= 0.05 ? <Badge tone={ratio >= 0.25 ? 'bad' : 'warn'} title={title}>{formatShare(ratio)}</Badge> : <span title={title}>{formatShare(ratio)}</span>
}

function LastProviderCall({ name }: { readonly name: string }): ReactNode {
  const last = useQuery({ ...lastRecordQuery({ provider: name }), refetchInterval: 15_000 })
  if (last.data === undefined) return last.error === null ? <Skeleton className="ml-auto h-3 w-14" /> : <span className="text-ink-3">–</span>
  return last.data === null ? <span className="text-ink-3" title="None in 30 days">none</span> : <Since ms={last.data.at} />
}

function NarrowProvider({ provider, health }: { readonly provider: Provider; readonly health: Health | undefined }): ReactNode {
  return (
    <div className="min-w-0">
      <p className="flex items-center justify-between gap-3"><span className="truncate font-medium">{provider.name}</span>{provider.enabled ? <ErrorRate health={health} /> : <Badge>Off</Badge>}</p>
      <p className="label-quiet flex justify-between gap-3"><span className="truncate">{kindOf(provider).label} · {sourceNames[provider.source]}</span><LastProviderCall name={provider.name} /></p>
    </div>
  )
}

function ProviderDetails({ provider, health, mayWrite, onGone }: { readonly provider: Provider; readonly health: Health | undefined; readonly mayWrite: boolean; readonly onGone: () => void }): ReactNode {
  const system = useQuery(systemQuery)
  const switchOn = useWrite((enabled: boolean) => api.put<Provider>(`/api/v1/providers/${provider.name}`, asEnabled(provider, enabled)), ['providers'])
  const url = `${system.data?.gatewayUrl ?? ''}/${provider.name}`
  const ours = mayWrite && provider.source === 'api'
  return (
    <div className="flex flex-col gap-3 p-3 sm:p-4">
      <DrawerSection title={kindOf(provider).label} aside={provider.enabled ? <Badge tone="good">Served</Badge> : <Badge>Off</Badge>}>
        <p className="flex min-w-0 items-center gap-1"><code className="truncate font-mono text-xs">{url}</code><CopyButton text={url} label="Copy its address on the gateway" /></p>
        <div className="mt-4"><FactGrid facts={[
          ['Calls, 24 hours', exactCount(health?.calls ?? 0)], ['Errors', <ErrorRate key="e" health={health} />], ['Last call', <LastProviderCall key="l" name={provider.name} />],
          ['Spent, 24 hours', health === undefined || health.calls === 0 ? '–' : <Money key="m" decimal={health.cost} currency={provider.currency} />], ['Secret', provider.credentialHeader === null ? 'none' : `in ${provider.credentialHeader}`], ['Priced as', provider.dialect === 'http' ? (provider.callPrice === null ? 'unpriced' : `${provider.callPrice} ${provider.currency} a call`) : provider.priceAs],
        ]} /></div>
        <div className="mt-4 flex flex-wrap gap-2">
          <Link to="/calls" search={{ provider: provider.name, range: '24h' }} className={linkButton}><Activity aria-hidden className="size-3.5" />Its calls</Link>
          {ours && <Button size="sm" disabled={switchOn.isPending} onClick={() => switchOn.mutate(!provider.enabled)}>{provider.enabled ? 'Switch off' : 'Switch on'}</Button>}
        </div>
        {switchOn.error !== null && <p role="alert" className="mt-2 text-sm text-bad">{switchOn.error.message}</p>}
      </DrawerSection>
      {ours ? <DrawerSection title="Configuration"><ProviderForm key={String(provider.enabled)} provider={provider} names={[]} onSaved={() => undefined} /></DrawerSection>
        : <DrawerSection title="Configuration"><p className="text-sm text-ink-2">{provider.source === 'api' ? 'An admin may change it.' : sourceTexts[provider.source]}</p><code className="mt-2 block font-mono text-xs break-all text-ink-2">{provider.baseUrl}</code></DrawerSection>}
      {ours && <Remove provider={provider} health={health} onGone={onGone} />}
    </div>
  )
}

function Remove({ provider, health, onGone }: { readonly provider: Provider; readonly health: Health | undefined; readonly onGone: () => void }): ReactNode {
  const [asking, setAsking] = useState(false)
  const remove = useWrite(() => api.delete<null>(`/api/v1/providers/${provider.name}`), ['providers'])
  return (
    <DrawerSection title="End it">
      <div className="flex flex-wrap items-center justify-between gap-3"><p className="min-w-0 flex-1 text-sm text-ink-2">Removing forgets its address and secret. Its calls stay in every figure.</p><Button onClick={() => setAsking(true)} className="text-bad!">Remove</Button></div>
      <Confirm open={asking} title={`Remove ${provider.name}?`} verb="Remove provider" busy={remove.isPending} error={remove.error} onCancel={() => setAsking(false)} onConfirm={() => remove.mutate(undefined, { onSuccess: onGone })}>
        <p>Calls to <code className="font-mono text-xs">/{provider.name}/…</code> are refused from now on{health !== undefined && health.calls > 0 ? `: there were ${exactCount(health.calls)} in the last 24 hours` : ''}. Its secret is deleted and cannot be brought back.</p>
      </Confirm>
    </DrawerSection>
  )
}
