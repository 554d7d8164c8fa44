import { Check, Copy, Link2 } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { Tip } from './tip.tsx'

/** Copies text and says so for a moment. */
export function CopyButton({ text, label, className, icon = 'copy' }: { readonly text: string; readonly label: string; readonly className?: string; readonly icon?: 'copy' | 'link' }): ReactNode {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1600)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(() => setCopied(true), () => setCopied(false))
  }
  const Icon = copied ? Check : icon === 'link' ? Link2 : Copy
  return (
    <Tip text={copied ? 'Copied' : label}>
      <button type="button" aria-label={label} onClick={copy} className={classNames('inline-flex size-6 shrink-0 items-center justify-center rounded text-ink-3 transition-colors hover:bg-hover hover:text-ink', copied && 'text-good', className)}>
        <Icon aria-hidden className="size-3.5" />
        <span className="sr-only" aria-live="polite">{copied ? 'Copied' : ''}</span>
      </button>
    </Tip>
  )
}

/** An identifier in mono with its copy button; long ones are shortened in the middle. */
export function CopyId({ id, label }: { readonly id: string; readonly label: string }): ReactNode {
  const short = id.length > 22 ? `${id.slice(0, 8)}…${id.slice(-6)}` : id
  return (
    <span className="inline-flex min-w-0 items-center gap-0.5">
      <span className="truncate font-mono text-xs" title={id}>{short}</span>
      <CopyButton text={id} label={label} />
    </span>
  )
}

/** Code to paste, with a copy button over its corner. */
export function Snippet({ code, label }: { readonly code: string; readonly label: string }): ReactNode {
  return (
    <div className="relative rounded-lg border border-line bg-sunken">
      <pre tabIndex={0} aria-label={label} className="focus-inset max-h-96 overflow-auto rounded-lg p-3.5 pr-10 font-mono text-xs leading-5 whitespace-pre">{code}</pre>
      <CopyButton text={code} label={`Copy: ${label}`} className="absolute top-2 right-2 bg-sunken" />
    </div>
  )
}
