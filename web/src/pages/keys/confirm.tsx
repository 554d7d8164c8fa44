import type { ReactNode } from 'react'
import { Button } from '../../design/button.tsx'
import { FormError, FormFoot } from '../../design/field.tsx'
import { Modal } from '../../design/overlay.tsx'

/** Asks before something stops; says what stops. */
export function Confirm({ open, title, verb, busy, error, onCancel, onConfirm, children }: {
  readonly open: boolean
  readonly title: string
  /** What the button does: "Revoke key". */
  readonly verb: string
  readonly busy: boolean
  readonly error: Error | null
  readonly onCancel: () => void
  readonly onConfirm: () => void
  readonly children: ReactNode
}): ReactNode {
  return (
    <Modal open={open} onOpenChange={(next) => { if (!next) onCancel() }} title={title}>
      <div className="flex flex-col gap-3 px-5 pb-5">
        <div className="flex flex-col gap-2 text-sm text-ink-2">{children}</div>
        <FormError error={error} />
        <FormFoot>
          <Button onClick={onCancel}>Cancel</Button>
          <Button variant="solid" disabled={busy} onClick={onConfirm} className="bg-bad! text-surface!">{busy ? 'Working…' : verb}</Button>
        </FormFoot>
      </div>
    </Modal>
  )
}
