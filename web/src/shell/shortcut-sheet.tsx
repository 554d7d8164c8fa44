import type { ReactNode } from 'react'
import { Keys } from '../design/keys.tsx'
import { Modal } from '../design/overlay.tsx'
import { shortcuts } from './shortcuts.ts'

export function ShortcutSheet({ open, onOpenChange }: { readonly open: boolean; readonly onOpenChange: (open: boolean) => void }): ReactNode {
  return (
    <Modal open={open} onOpenChange={onOpenChange} title="Keyboard shortcuts" wide>
      <dl className="grid grid-cols-1 gap-x-10 px-5 pb-5 sm:grid-cols-2">
        {shortcuts.map((shortcut) => (
          <div key={shortcut.keys} className="flex items-center justify-between border-b border-line py-2 text-sm">
            <dt className="text-ink-2">{shortcut.does}</dt>
            <dd><Keys keys={shortcut.keys} /></dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
