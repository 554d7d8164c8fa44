import { useSyncExternalStore } from 'react'

export type ThemeChoice = 'system' | 'light' | 'dark'
const storageName = 'tollgate.theme'
const systemDark = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

function readChoice(): ThemeChoice {
  try {
    const stored = localStorage.getItem(storageName)
    return stored === 'light' || stored === 'dark' ? stored : 'system'
  } catch { return 'system' }
}
let choice = readChoice()

function apply(): void {
  const dark = choice === 'dark' || (choice === 'system' && systemDark.matches)
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light'
  for (const listener of listeners) listener()
}
systemDark.addEventListener('change', apply)

export function setTheme(next: ThemeChoice): void {
  choice = next
  try { localStorage.setItem(storageName, next) } catch { /* the choice then lasts as long as the page */ }
  apply()
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => { listeners.delete(listener) }
}
export const useThemeChoice = (): ThemeChoice => useSyncExternalStore(subscribe, () => choice)
