import { KeyRound } from 'lucide-react'
import type { ReactNode } from 'react'
import { CopyButton } from '../../design/copy.tsx'

/** A secret that exists only in this answer: large enough to read, one click to copy, and said so. */
export function SecretOnce({ label, secret, children }: { readonly label: string; readonly secret: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="rounded-xl border border-line bg-surface p-4">
      <p className="flex items-center gap-2 text-sm font-medium"><KeyRound aria-hidden className="size-4 text-good" />{label}</p>
      <div className="mt-3 flex items-center gap-2 rounded-lg bg-sunken py-2 pr-2 pl-3">
        <code data-secret className="min-w-0 flex-1 font-mono text-xs break-all select-all">{secret}</code>
        <CopyButton text={secret} label={`Copy: ${label}`} />
      </div>
      <div className="mt-2 text-sm text-ink-2">{children}</div>
    </div>
  )
}
