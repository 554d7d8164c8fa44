import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { KeyRound } from 'lucide-react'
import { useState, type FormEvent, type ReactNode } from 'react'
import type { BodyOf } from '../../../../src/api/contract/contract.ts'
import { api } from '../../api/client.ts'
import type { Session } from '../../api/queries.ts'
import { Button } from '../../design/button.tsx'
import { FormError, SelectField } from '../../design/field.tsx'
import { Picker } from '../../design/picker.tsx'
import { ProblemState, Skeleton } from '../../design/state.tsx'
import { freshSecret, rememberSecret } from '../keys/fresh-secrets.ts'
import { pathName } from '../keys/node-form.tsx'
import { allNodesQuery, keysQuery, useWrite, type ApiKey, type KeyCreated } from '../keys/org-queries.ts'
import { mayBuildAt } from '../keys/rights.ts'
import { SecretOnce } from '../keys/secret-once.tsx'

/** Makes a key on the spot, or takes one that exists; the secret of an existing key is not known here. */
export function KeyStep({ session, chosen, onChoose }: { readonly session: Session; readonly chosen: ApiKey | undefined; readonly onChoose: (keyId: string | undefined) => void }): ReactNode {
  const keys = useQuery(keysQuery)
  const nodes = useQuery(allNodesQuery)
  if (keys.data === undefined || nodes.data === undefined) {
    const error = keys.error ?? nodes.error
    return error === null ? <Skeleton className="h-20" /> : <ProblemState error={error} onRetry={() => { void keys.refetch(); void nodes.refetch() }} />
  }
  const all = nodes.data.rows
  const archived = new Set(all.filter((node) => node.archived).map((node) => node.id))
  const apps = all.filter((node) => node.kind === 'app' && !node.path.some((id) => archived.has(id)) && mayBuildAt(session.user.grants, node.path))
  const options = keys.data.filter((key) => key.state === 'active').map((key) => ({ value: key.id, label: `${key.appName} · ${key.name}`, note: `…${key.hint}` }))
  const secret = freshSecret(chosen?.id)
  return (
    <div className="flex flex-col gap-3">
      {chosen !== undefined && secret !== null && (
        <SecretOnce label={`Key “${chosen.name}” of ${chosen.appName}`} secret={secret}>Copy it now: it is shown until you reload this page, and nowhere after that. It stands in the program below.</SecretOnce>
      )}
      {chosen !== undefined && secret === null && (
        <p className="rounded-lg border border-line bg-surface px-4 py-3 text-sm text-ink-2">
          <strong className="font-medium text-ink">{chosen.appName} · {chosen.name}</strong>, ending in <code className="font-mono text-xs">{chosen.hint}</code>. Its secret was shown when it was made and is kept nowhere: put it in place of <code className="font-mono text-xs">tg_YOUR_KEY</code>, or make another.
        </p>
      )}
      {(chosen === undefined || secret === null) && apps.length > 0 && <QuickKey apps={apps.map((app) => ({ value: app.id, label: pathName(all, app) }))} preferred={chosen?.appId} onCreated={onChoose} />}
      <div className="flex flex-wrap items-center gap-2 text-sm text-ink-2">
        {options.length > 0 && <><span>{chosen === undefined ? 'Or wait for a key you have:' : 'Another key:'}</span><Picker label="Key" value={chosen?.id} options={options} onChange={onChoose} /></>}
        {apps.length === 0 && options.length === 0 && <span>There is no app you may make a key for. {session.user.grants.some((grant) => grant.role === 'admin') ? <Link to="/keys" className="font-medium text-accent underline underline-offset-4">Add one under Keys & org.</Link> : 'An admin or the owner of your team can.'}</span>}
      </div>
    </div>
  )
}

function QuickKey({ apps, preferred, onCreated }: { readonly apps: readonly { readonly value: string; readonly label: string }[]; readonly preferred: string | undefined; readonly onCreated: (keyId: string) => void }): ReactNode {
  const [app, setApp] = useState(preferred ?? apps[0]?.value ?? '')
  const create = useWrite((body: BodyOf<'createKey'>) => api.post<KeyCreated>('/api/v1/keys', body), ['keys', 'activity'])
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    create.mutate({ appId: app, name: 'First call' }, {
      onSuccess: (key) => {
        if (key.secret !== null) rememberSecret(key.id, key.secret)
        onCreated(key.id)
      },
    })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <div className="flex flex-wrap items-end gap-3">
        <div className="min-w-52 flex-1"><SelectField label="App that pays" value={app} onChange={(event) => setApp(event.target.value)} options={apps} /></div>
        <Button type="submit" variant="solid" icon={KeyRound} disabled={create.isPending} className="h-9">{create.isPending ? 'Creating…' : 'Create a key'}</Button>
      </div>
      <FormError error={create.error} />
    </form>
  )
}
