import { useState, type FormEvent, type ReactNode } from 'react'
import type { BodyOf } from '../../../../src/api/contract/contract.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../design/button.tsx'
import { CheckField, FormError, FormFoot, SelectField, TextField } from '../../design/field.tsx'
import { Fold } from './fold.tsx'
import { useWrite, type Provider } from './org-queries.ts'
import { headerValue, kindOf, looksPrivate, providerKinds, type ProviderKind } from './provider-kinds.ts'

type Body = BodyOf<'putProvider'>

/** Adds a provider, or changes one that was added here. A stored secret is never shown; leaving its field empty keeps it. */
export function ProviderForm({ provider, names, onSaved }: { readonly provider: Provider | null; readonly names: readonly string[]; readonly onSaved: (name: string) => void }): ReactNode {
  const [kind, setKind] = useState<ProviderKind>(() => (provider === null ? (providerKinds.find((each) => each.name !== '' && !names.includes(each.name)) ?? providerKinds[3]!) : kindOf(provider)))
  const [address, setAddress] = useState(provider?.baseUrl ?? kind.baseUrl)
  const save = useWrite(({ name, body }: { readonly name: string; readonly body: Body }) => api.put<Provider>(`/api/v1/providers/${encodeURIComponent(name)}`, body), ['providers'])
  const choose = (id: string): void => {
    const next = providerKinds.find((each) => each.id === id) ?? kind
    setKind(next)
    setAddress(next.baseUrl)
  }
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const { name, body } = readForm(new FormData(event.currentTarget), kind, provider)
    save.mutate({ name, body }, { onSuccess: () => onSaved(name) })
  }
  const inner = looksPrivate(address)
  return (
    <form key={kind.id} onSubmit={submit} className="flex flex-col gap-4">
      {provider === null && <SelectField label="Kind" name="kind" value={kind.id} onChange={(event) => choose(event.target.value)} options={providerKinds.map(({ id, label }) => ({ value: id, label }))} hint={kind.hint} />}
      {provider === null && <TextField label="Name" name="name" mono required pattern="[a-z][a-z0-9\-]{0,39}" defaultValue={names.includes(kind.name) ? '' : kind.name} placeholder="groq" autoComplete="off" hint="Its path on the gateway: /name/… Lower-case letters, digits and hyphens." />}
      <TextField label="Address" name="baseUrl" type="url" mono required value={address} onChange={(event) => setAddress(event.target.value)} placeholder="https://api.groq.com/openai" autoComplete="off" hint={kind.dialect === 'http' ? 'The rest of the path is taken from the call.' : 'Without the version: /v1 and the rest of the path are taken from the call.'} />
      <TextField
        label={kind.dialect === 'http' ? 'Secret' : 'API key'} name="secret" type="password" mono autoComplete="off" required={provider === null && kind.dialect !== 'http' && !inner} placeholder={provider?.credentialHeader != null ? 'Stored. Leave empty to keep it.' : kind.example}
        hint="Stored encrypted and never shown again. A new address needs it again, so that it cannot be sent elsewhere."
      />
      {(inner || kind.dialect === 'http' || kind.id === 'compatible') && (
        <CheckField label="Allow a private address" name="allowPrivate" defaultChecked={provider !== null && looksPrivate(provider.baseUrl)} hint="Loopback, private ranges, link-local and metadata addresses are refused unless you tick this: a provider there would let anyone with a key reach into your own network. Tick it for a model that you host, such as Ollama or vLLM." />
      )}
      <Fold title="More" note="header, price, region, retries" open={kind.dialect === 'http'}>
        <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
          <TextField label="Header of the secret" name="header" mono defaultValue={provider?.credentialHeader ?? kind.header} pattern="[A-Za-z0-9\-]{1,64}" required autoComplete="off" />
          {kind.dialect === 'http' && <TextField label="Price of one call, USD" name="callPrice" inputMode="decimal" pattern="\d{1,20}(\.\d{1,15})?" defaultValue={provider?.callPrice ?? ''} placeholder="unpriced" hint="Empty: its calls are unpriced, not free." autoComplete="off" />}
          {kind.dialect !== 'http' && <TextField label="Priced as" name="priceAs" defaultValue={provider?.priceAs ?? ''} maxLength={60} placeholder="as its name says" hint="Provider name in the price book." autoComplete="off" />}
          <TextField label="Region" name="region" defaultValue={provider?.region ?? ''} maxLength={60} placeholder="none" hint="Recorded on every call." autoComplete="off" />
          <TextField label="Retries" name="retries" type="number" min={0} max={5} defaultValue={provider?.retriesMax ?? 1} hint="Before the first byte only." />
        </div>
      </Fold>
      {provider !== null && <CheckField label="Serve it" name="enabled" defaultChecked={provider.enabled} hint="Switched off, its calls are answered provider_unknown." />}
      <FormError error={save.error} />
      <FormFoot><Button type="submit" variant="solid" disabled={save.isPending}>{provider === null ? 'Add provider' : 'Save'}</Button></FormFoot>
    </form>
  )
}

function readForm(form: FormData, kind: ProviderKind, provider: Provider | null): { readonly name: string; readonly body: Body } {
  const text = (field: string): string => String(form.get(field) ?? '').trim()
  const header = text('header') || kind.header
  const secret = text('secret')
  return {
    name: provider?.name ?? text('name'),
    body: {
      dialect: provider?.dialect ?? kind.dialect, baseUrl: text('baseUrl'), allowPrivate: form.has('allowPrivate'), region: text('region'), retriesMax: Number(text('retries') || 1),
      enabled: provider === null || form.has('enabled'), callPrice: text('callPrice') || null,
      ...(provider === null ? {} : { timeoutMs: provider.timeoutMs, currency: provider.currency }),
      ...(text('priceAs') === '' ? {} : { priceAs: text('priceAs') }),
      ...(secret === '' ? {} : { credential: { header, value: headerValue(kind, header, secret) } }),
    },
  }
}
