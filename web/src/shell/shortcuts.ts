import { useEffect } from 'react'
import { destinations, type Destination } from './destinations.ts'

/** What the shortcuts sheet lists and the key handler does. */
export const shortcuts: readonly { readonly keys: string; readonly does: string }[] = [
  { keys: '⌘ K', does: 'Open the command palette' },
  { keys: '/', does: 'Focus the filter of this page' },
  ...destinations.map((place) => ({ keys: `g ${place.letter}`, does: `Go to ${place.label}` })),
  { keys: '↑ ↓', does: 'Move through rows' },
  { keys: '→ ←', does: 'Open or close a group of rows; read a chart' },
  { keys: '↵', does: 'Open the row' },
  { keys: 'p', does: 'Pause or resume the live tail' },
  { keys: 'Esc', does: 'Close what is open' },
  { keys: '?', does: 'Show this sheet' },
]

export interface ShortcutActions {
  readonly openPalette: () => void
  readonly openSheet: () => void
  readonly goTo: (place: Destination) => void
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))

/** A page marks its filter with `data-filter`: a box gets the focus, a button is also pressed. */
function focusFilter(event: KeyboardEvent): void {
  const filter = document.querySelector<HTMLElement>('[data-filter]')
  if (filter === null) return
  event.preventDefault()
  filter.focus()
  if (filter instanceof HTMLButtonElement) filter.click()
}

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
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target) || document.querySelector('[role="dialog"],[role="menu"]') !== null) return
      const place = event.timeStamp - leaderAt < 1200 ? destinations.find(({ letter }) => letter === event.key) : undefined
      leaderAt = event.key === 'g' && place === undefined ? event.timeStamp : 0
      if (place !== undefined) actions.goTo(place)
      if (event.key === '?') actions.openSheet()
      if (event.key === '/') focusFilter(event)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [actions])
}
