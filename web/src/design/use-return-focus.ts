import { useRef, type RefObject } from 'react'

export interface ReturnFocus {
  readonly onOpenAutoFocus: (event: Event) => void
  readonly onCloseAutoFocus: (event: Event) => void
}

/**
 * Dialogs here are opened by rows and shortcuts, not by a trigger of their own: what had the focus gets it back, so that
 * someone at the keyboard goes on where they were. With `first` given, the focus goes there on opening.
 */
export function useReturnFocus(first?: RefObject<HTMLElement | null>): ReturnFocus {
  const before = useRef<Element | null>(null)
  return {
    onOpenAutoFocus: (event) => {
      before.current = document.activeElement
      if (first?.current == null) return
      event.preventDefault()
      first.current.focus()
    },
    onCloseAutoFocus: (event) => {
      event.preventDefault()
      const opener = before.current
      if (opener instanceof HTMLElement && opener.isConnected && opener !== document.body) opener.focus()
      else document.getElementById('content')?.focus()
    },
  }
}
