import { useQuery } from '@tanstack/react-query'
import { Link2, UserPlus } from 'lucide-react'
import { useState, type FormEvent, type ReactNode } from 'react'
import type { BodyOf, OrgNode, ResponseOf, User } from '../../../../src/api/contract/contract.ts'
import { api } from '../../api/client.ts'
import type { Session } from '../../api/queries.ts'
import { Badge } from '../../design/badge.tsx'
import { Button } from '../../design/button.tsx'
import { DataTable, type DataColumn } from '../../design/data-table.tsx'
import { CheckField, FormError, FormFoot, TextField } from '../../design/field.tsx'
import { Drawer } from '../../design/overlay.tsx'
import { Panel } from '../../design/panel.tsx'
import { ProblemState, Skeleton } from '../../design/state.tsx'
import { formatDayLong } from '../../format/time.ts'
import { GrantFields, GrantList } from './grant-fields.tsx'
import { usersQuery, useWrite } from './org-queries.ts'
import { SecretOnce } from './secret-once.tsx'

type Invitation = ResponseOf<'inviteUser'>

/** Who may use the console, with which roles at which nodes. */
export function PeopleSection({ session, nodes }: { readonly session: Session; readonly nodes: readonly OrgNode[] }): ReactNode {
  const users = useQuery(usersQuery)
  const [open, setOpen] = useState<'new' | string | null>(null)
  const chosen = users.data?.find((user) => user.id === open)
  const columns: readonly DataColumn<User>[] = [
    { id: 'name', header: 'Name', track: 'minmax(10rem,1fr)', cell: (user) => <span className="flex items-center gap-2"><span className="truncate font-medium">{user.name}</span>{user.id === session.user.id && <Badge>You</Badge>}{user.disabled && <Badge tone="bad">Disabled</Badge>}</span>, compare: (a, b) => a.name.localeCompare(b.name) },
    { id: 'email', header: 'Sign-in address', track: 'minmax(12rem,1fr)', cell: (user) => <span className="block truncate text-ink-2">{user.email}</span>, compare: (a, b) => a.email.localeCompare(b.email) },
    { id: 'roles', header: 'Roles', track: 'minmax(14rem,2fr)', cell: (user) => <GrantList grants={user.grants} nodes={nodes} /> },
  ]
  return (
    <div className="px-4 pb-8 md:px-8">
      <Panel title="People" note="A role holds at its node and everything below it." aside={<Button variant="solid" icon={UserPlus} onClick={() => setOpen('new')}>Add a person</Button>} flush>
        {users.data !== undefined ? (
          <DataTable
            label="People" columns={columns} rows={users.data} rowId={(user) => user.id} onOpen={(user) => setOpen(user.id)} selected={open ?? undefined}
            narrow={(user) => <div className="min-w-0"><p className="truncate font-medium">{user.name}</p><p className="label-quiet truncate">{user.email}</p><p className="label-quiet"><GrantList grants={user.grants} nodes={nodes} /></p></div>}
          />
        ) : users.error !== null ? <ProblemState error={users.error} onRetry={() => void users.refetch()} /> : <div className="flex flex-col gap-3 p-5"><Skeleton className="h-4" /><Skeleton className="h-4" /></div>}
      </Panel>
      <Drawer open={open !== null} onOpenChange={(stays) => { if (!stays) setOpen(null) }} title={open === 'new' ? 'Add a person' : (chosen?.name ?? 'Person')}>
        {open === 'new' && <NewPerson nodes={nodes} onCreated={(user) => setOpen(user.id)} />}
        {chosen !== undefined && <Person key={chosen.id} user={chosen} own={chosen.id === session.user.id} nodes={nodes} />}
      </Drawer>
    </div>
  )
}

function NewPerson({ nodes, onCreated }: { readonly nodes: readonly OrgNode[]; readonly onCreated: (user: User) => void }): ReactNode {
  const [chosen, setChosen] = useState<readonly User['grants'][number][] | null>(null)
  // The organisation may arrive after the form was opened: the role that is offered first follows it.
  const grants = chosen ?? (nodes[0] === undefined ? [] : [{ role: 'viewer', nodeId: nodes[0].id } as const])
  const create = useWrite((body: BodyOf<'createUser'>) => api.post<User>('/api/v1/users', body), ['users'])
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    create.mutate({ name: String(form.get('name')), email: String(form.get('email')), grants: [...grants] }, { onSuccess: onCreated })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4 p-4">
      <TextField label="Name" name="name" required maxLength={120} autoComplete="off" />
      <TextField label="E-mail" name="email" type="email" required maxLength={254} autoComplete="off" hint="What they sign in with. Nothing is sent: you hand over a sign-in link." />
      <GrantFields grants={grants} nodes={nodes} onChange={setChosen} />
      <FormError error={create.error} />
      <FormFoot><Button type="submit" variant="solid" disabled={create.isPending}>Add</Button></FormFoot>
    </form>
  )
}

function Person({ user, own, nodes }: { readonly user: User; readonly own: boolean; readonly nodes: readonly OrgNode[] }): ReactNode {
  const [grants, setGrants] = useState<readonly User['grants'][number][]>(user.grants)
  const save = useWrite((body: BodyOf<'updateUser'>) => api.patch<User>(`/api/v1/users/${encodeURIComponent(user.id)}`, body), ['users', 'session'])
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    save.mutate({ name: String(form.get('name')), grants: [...grants], ...(own ? {} : { disabled: form.has('disabled') }) })
  }
  return (
    <div className="flex flex-col gap-3 p-3 sm:p-4">
      {!user.disabled && <Invite user={user} />}
      <form onSubmit={submit} className="flex flex-col gap-4 rounded-xl border border-line bg-surface p-4">
        <TextField label="Name" name="name" required maxLength={120} defaultValue={user.name} autoComplete="off" hint={user.email} />
        <GrantFields grants={grants} nodes={nodes} onChange={setGrants} />
        {!own && <CheckField label="Disabled" name="disabled" defaultChecked={user.disabled} hint="Sign-in and API tokens are refused at once. What they did stays in the audit trail." />}
        <FormError error={save.error} />
        <FormFoot>{save.isSuccess && <span role="status" className="text-sm text-good">Saved</span>}<Button type="submit" variant="solid" disabled={save.isPending}>Save</Button></FormFoot>
      </form>
    </div>
  )
}

/** A link that signs the person in once; it replaces a password that was forgotten as well. */
function Invite({ user }: { readonly user: User }): ReactNode {
  const invite = useWrite(() => api.post<Invitation>(`/api/v1/users/${encodeURIComponent(user.id)}/invitation`, undefined), [])
  const { data } = invite
  if (data?.secret != null) {
    return <SecretOnce label={`Sign-in link for ${user.name}`} secret={`${location.origin}/?token=${data.secret}`}>Works once, until {formatDayLong(data.expiresAt)}. Send it by a way you trust: whoever opens it is {user.name}.</SecretOnce>
  }
  return (
    <div className="flex flex-col gap-2 rounded-xl border border-line bg-surface p-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 flex-1 text-sm text-ink-2">A sign-in link lets {user.name} in once; inside, they set a password or make a token.</p>
        <Button icon={Link2} disabled={invite.isPending} onClick={() => invite.mutate(undefined)}>Make a sign-in link</Button>
      </div>
      <FormError error={invite.error} />
    </div>
  )
}
