import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import type { OrgNode } from '../../../../src/api/contract/contract.ts'
import type { Session } from '../../api/queries.ts'
import { Drawer } from '../../design/overlay.tsx'
import { SnippetChoice } from '../get-started/snippet-choice.tsx'
import type { SnippetId } from '../get-started/snippets.ts'
import { rememberSecret } from './fresh-secrets.ts'
import { linkButton } from './key-drawer.tsx'
import { NewKeyForm } from './key-form.tsx'
import type { KeyCreated } from './org-queries.ts'
import { mayBuildAt } from './rights.ts'
import { SecretOnce } from './secret-once.tsx'

/** Makes a key, then shows its secret once, in a program that is ready to run. */
export function NewKeyDrawer({ appId, nodes, session, onClose }: { readonly appId: string | null; readonly nodes: readonly OrgNode[]; readonly session: Session; readonly onClose: () => void }): ReactNode {
  const [created, setCreated] = useState<KeyCreated | null>(null)
  const [sdk, setSdk] = useState<SnippetId>('openai-python')
  const archived = new Set(nodes.filter((node) => node.archived).map((node) => node.id))
  const apps = nodes.filter((node) => node.kind === 'app' && !node.path.some((id) => archived.has(id)) && mayBuildAt(session.user.grants, node.path))
  const onCreated = (key: KeyCreated): void => {
    if (key.secret !== null) rememberSecret(key.id, key.secret)
    setCreated(key)
  }
  return (
    <Drawer open onOpenChange={(open) => { if (!open) onClose() }} title={created === null ? 'New key' : created.name}>
      {created === null ? <NewKeyForm appId={appId} apps={apps} nodes={nodes} onCreated={onCreated} /> : (
        <div className="flex flex-col gap-5 p-4">
          <SecretOnce label="Copy the key now" secret={created.secret ?? ''}>
            It is shown this once: Tollgate keeps only a hash. Whoever has it spends for <strong className="text-ink">{created.appName}</strong>.
          </SecretOnce>
          <SnippetChoice secret={created.secret} sdk={sdk} onSdk={setSdk} />
          <div><Link to="/get-started" search={{ key: created.id }} className={linkButton}>Watch for its first call</Link></div>
        </div>
      )}
    </Drawer>
  )
}
