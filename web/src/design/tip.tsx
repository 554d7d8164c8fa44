import { Tooltip } from 'radix-ui'
import type { ReactNode } from 'react'
import { Keys } from './keys.tsx'

/** A short hint on hover and focus; the trigger must be focusable. */
export function Tip({ text, shortcut, children }: { readonly text: ReactNode; readonly shortcut?: string; readonly children: ReactNode }): ReactNode {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content sideOffset={6} collisionPadding={8} className="animate-fade z-50 flex max-w-72 items-center gap-2 rounded-md bg-solid px-2 py-1 text-xs text-on-solid shadow-float">
          {text}
          {shortcut !== undefined && <Keys keys={shortcut} inverse />}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
