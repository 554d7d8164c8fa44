import { useEffect } from 'react'

/** What the shortcuts sheet lists and the key handler does. */
export const shortcuts = [
  { keys: '⌘ K', does: 'Open the command palette' },
  { keys: '/', does: 'Focus the filter of this page' },
  { keys: 'g o', does: 'Go to Overview' },
  { keys: 'g c', does: 'Go to Calls' },
  { keys: 'p', does: 'Pause or resume the live tail' },
  { keys: 'j k', does: 'Move through rows' },
  { keys: '↵', does: 'Open the row' },
  { keys: 'Esc', does: 'Close what is open' },
  { keys: '?', does: 'Show this sheet' },
] as const

export interface ShortcutActions {
  readonly openPalette: () => void
  readonly openSheet: () => void
  readonly goOverview: () => void
  readonly goCalls: () => void
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))

/** Page-wide keys; they are quiet while someone types or a dialog is open. */
export function useShortcuts(actions: ShortcutActions): void {
  useEffect(() => {
    let leaderAt = 0
    const onKey = (event: KeyboardEvent): void => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        actions.openPalette()
        return
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target) || document.querySelector('[role="dialog"]') !== null) return
      const afterLeader = event.timeStamp - leaderAt < 1200
      leaderAt = event.key === 'g' ? event.timeStamp : 0
      if (afterLeader && event.key === 'o') actions.goOverview()
      if (afterLeader && event.key === 'c') actions.goCalls()
      if (event.key === '?') actions.openSheet()
      if (event.key === '/') {
        const filter = document.querySelector<HTMLElement>('[data-filter]')
        if (filter !== null) { event.preventDefault(); filter.focus() }
      }
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [actions])
}
