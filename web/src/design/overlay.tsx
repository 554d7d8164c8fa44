import { Dialog } from 'radix-ui'
import { X } from 'lucide-react'
import { useRef, type ReactNode } from 'react'
import { IconButton } from './button.tsx'
import { useReturnFocus } from './use-return-focus.ts'

interface OverlayProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly title: string
  readonly children: ReactNode
}

/** A panel from the right over the page; full width on a phone. Escape and the backdrop close it. */
export function Drawer({ open, onOpenChange, title, children, head }: OverlayProps & { readonly head?: ReactNode }): ReactNode {
  // Focus goes to the content, so that arrows scroll it and no button's hint pops up unasked.
  const content = useRef<HTMLDivElement>(null)
  const focus = useReturnFocus(content)
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="animate-fade fixed inset-0 z-40 bg-overlay" />
        <Dialog.Content aria-describedby={undefined} {...focus} className="animate-slide fixed inset-y-0 right-0 z-40 flex w-full max-w-[46rem] flex-col border-l border-line bg-canvas shadow-float focus-visible:outline-none">
          <header className="flex h-14 shrink-0 items-center gap-3 border-b border-line bg-surface px-5">
            <Dialog.Title className="text-base font-semibold">{title}</Dialog.Title>
            <div className="flex min-w-0 flex-1 items-center gap-1">{head}</div>
            <Dialog.Close asChild><IconButton label="Close" shortcut="Esc" icon={X} /></Dialog.Close>
          </header>
          <div ref={content} tabIndex={0} role="region" aria-label={`${title}, content`} className="min-h-0 flex-1 overflow-y-auto overscroll-contain focus-visible:outline-none">{children}</div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** A dialog in the middle of the page; `wide` for two columns. */
export function Modal({ open, onOpenChange, title, children, wide = false }: OverlayProps & { readonly wide?: boolean }): ReactNode {
  const content = useRef<HTMLDivElement>(null)
  const focus = useReturnFocus(content)
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="animate-fade fixed inset-0 z-50 bg-overlay" />
        <Dialog.Content ref={content} aria-describedby={undefined} {...focus} className={`animate-rise fixed left-1/2 z-50 max-h-[80vh] w-[calc(100vw-2rem)] -translate-x-1/2 overflow-y-auto ${wide ? 'top-[10vh] max-w-2xl' : 'top-[16vh] max-w-lg'} rounded-xl border border-line bg-raised shadow-float`}>
          <header className="flex items-center justify-between px-5 pt-4 pb-2">
            <Dialog.Title className="text-base font-semibold">{title}</Dialog.Title>
            <Dialog.Close asChild><IconButton label="Close" icon={X} className="-mr-2" /></Dialog.Close>
          </header>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
