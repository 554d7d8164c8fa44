import { useQuery } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { useState, type FormEvent, type ReactNode } from 'react'
import type { BodyOf, OrgNode, ResponseOf } from '../../../../src/api/contract/contract.ts'
import { api } from '../../api/client.ts'
import type { Session } from '../../api/queries.ts'
import { Button, IconButton } from '../../design/button.tsx'
import { FormError, TextField } from '../../design/field.tsx'
import { Since } from '../../design/figures.tsx'
import { Panel } from '../../design/panel.tsx'
import { ProblemState, Skeleton } from '../../design/state.tsx'
import { formatDayLong } from '../../format/time.ts'
import { Confirm } from './confirm.tsx'
import { GrantList } from './grant-fields.tsx'
import { tokensQuery, useWrite, type Token } from './org-queries.ts'
import { SecretOnce } from './secret-once.tsx'

/** What the reader may do, their API tokens and their password. */
export function AccessSection({ session, nodes }: { readonly session: Session; readonly nodes: readonly OrgNode[] }): ReactNode {
  return (
    <div className="grid grid-cols-1 items-start gap-4 px-4 pb-8 md:px-8 lg:grid-cols-12">
      <div className="lg:col-span-8"><Tokens /></div>
      <div className="flex flex-col gap-4 lg:col-span-4">
        <Panel title="You">
          <p className="font-medium">{session.user.name}</p>
          <p className="text-sm text-ink-2">{session.user.email}</p>
          <p className="mt-3 text-sm"><GrantList grants={session.user.grants} nodes={nodes} /></p>
        </Panel>
        {session.kind === 'session' && <Password />}
      </div>
    </div>
  )
}

function Tokens(): ReactNode {
  const tokens = useQuery(tokensQuery)
  const [ending, setEnding] = useState<Token | null>(null)
  const create = useWrite((body: BodyOf<'createToken'>) => api.post<ResponseOf<'createToken'>>('/api/v1/tokens', body), ['tokens'])
  const remove = useWrite((token: Token) => api.delete<null>(`/api/v1/tokens/${encodeURIComponent(token.id)}`), ['tokens'])
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = event.currentTarget
    const days = Number(new FormData(form).get('days') ?? 0)
    create.mutate({ name: String(new FormData(form).get('name')), expiresAt: days > 0 ? Date.now() + days * 86_400_000 : null }, { onSuccess: () => form.reset() })
  }
  return (
    <Panel title="API tokens" note="For scripts and CI, and to sign in with. They carry your own roles; they are not for calling models.">
      <form onSubmit={submit} className="flex flex-wrap items-end gap-3">
        <div className="min-w-48 flex-1"><TextField label="Name" name="name" required maxLength={120} placeholder="nightly report" autoComplete="off" /></div>
        <div className="w-36"><TextField label="Ends after, days" name="days" type="number" min={1} max={3650} placeholder="never" /></div>
        <Button type="submit" disabled={create.isPending} className="h-9">Create token</Button>
      </form>
      <div className="mt-3 flex flex-col gap-3 empty:hidden">
        <FormError error={create.error} />
        {create.data?.secret != null && <SecretOnce label={`Token “${create.data.name}”`} secret={create.data.secret}>Shown this once. Send it as <code className="font-mono text-xs">Authorization: Bearer …</code> to {location.origin}/api/v1.</SecretOnce>}
      </div>
      <div className="mt-4">
        {tokens.data === undefined ? (tokens.error === null ? <Skeleton className="h-16" /> : <ProblemState error={tokens.error} onRetry={() => void tokens.refetch()} />)
          : tokens.data.length === 0 ? <p className="text-sm text-ink-2">You have none.</p> : (
            <ul aria-label="API tokens" className="divide-y divide-line border-t border-line">
              {tokens.data.map((token) => (
                <li key={token.id} className="flex items-center gap-3 py-1.5 text-sm">
                  <span className="min-w-0 flex-1 truncate font-medium">{token.name}</span>
                  <span className="label-quiet">made <Since ms={token.createdAt} />{token.expiresAt !== null && <>, ends {formatDayLong(token.expiresAt)}</>}</span>
                  <IconButton label={`End token ${token.name}`} icon={Trash2} onClick={() => setEnding(token)} />
                </li>
              ))}
            </ul>
          )}
      </div>
      <Confirm open={ending !== null} title={`End ${ending?.name ?? 'token'}?`} verb="End token" busy={remove.isPending} error={remove.error} onCancel={() => setEnding(null)} onConfirm={() => { if (ending !== null) remove.mutate(ending, { onSuccess: () => setEnding(null) }) }}>
        <p>Whatever uses it is refused with 401 from the next request on. Calls to models do not use it and go on.</p>
      </Confirm>
    </Panel>
  )
}

function Password(): ReactNode {
  const save = useWrite((body: BodyOf<'setPassword'>) => api.put<null>('/api/v1/session/password', body), [])
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = event.currentTarget
    const data = new FormData(form)
    const current = String(data.get('current') ?? '')
    save.mutate({ password: String(data.get('password')), ...(current === '' ? {} : { current }) }, { onSuccess: () => form.reset() })
  }
  return (
    <Panel title="Password">
      <form onSubmit={submit} className="flex flex-col gap-3">
        <TextField label="Password so far" name="current" type="password" autoComplete="current-password" hint="Empty if you have none yet." />
        <TextField label="New password" name="password" type="password" autoComplete="new-password" required minLength={12} maxLength={200} hint="At least 12 characters." />
        <FormError error={save.error} />
        <div className="flex items-center justify-end gap-3">{save.isSuccess && <span role="status" className="text-sm text-good">Set</span>}<Button type="submit" disabled={save.isPending}>Set password</Button></div>
      </form>
    </Panel>
  )
}
