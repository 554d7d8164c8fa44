import { Terminal } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import type { CostQueryInput } from '../../api/queries.ts'
import { Button } from '../../design/button.tsx'
import { Snippet } from '../../design/copy.tsx'
import { Modal } from '../../design/overlay.tsx'
import { curlOf } from './curl.ts'

/** The page's own question for a terminal: copied at once, and shown to those whose browser does not let it. */
export function CopyCall({ question }: { readonly question: CostQueryInput }): ReactNode {
  const [open, setOpen] = useState(false)
  const [copied, setCopied] = useState(false)
  const code = curlOf(question, location.origin)
  const show = (): void => {
    setOpen(true)
    setCopied(false)
    // Without a secure context there is no clipboard; the text is there to be copied by hand.
    void (navigator.clipboard as Clipboard | undefined)?.writeText(code).then(() => setCopied(true), () => setCopied(false))
  }
  return (
    <>
      <Button icon={Terminal} onClick={show} aria-label="Copy as API call"><span className="max-sm:sr-only">Copy as API call</span></Button>
      <Modal open={open} onOpenChange={setOpen} title="This page as an API call" wide>
        <div className="flex flex-col gap-3 px-5 pb-5">
          <p role="status" className="text-sm text-ink-2">{copied ? 'Copied. ' : ''}The answer has exactly the figures shown. Set TOLLGATE_TOKEN to an API token of yours, made under Keys &amp; org.</p>
          <Snippet code={code} label="API call" />
        </div>
      </Modal>
    </>
  )
}
